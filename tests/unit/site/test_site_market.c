// SPDX-License-Identifier: Apache-2.0
// Pools that are priced by the store of prices.
#include "site/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "market/import.h"
#include "unit/scratch.h"

#define USD INT64_C(1000000000)

static char store[512];
static struct wf_error err;
static struct wf_site site;

static void ignore(void *context, const char *sentence)
{
    (void)context;
    (void)sentence;
}

static int set_up(void **state)
{
    (void)state;
    char file[512];
    struct wf_market_imported imported;
    snprintf(store, sizeof store, "%s", scratch_write_text("store", ""));
    assert_int_equal(unlink(store), 0);
    snprintf(file, sizeof file, "%s",
             scratch_write_text(
                 "file", "cloud,region,instance_type,gpu_model,gpu_count,ondemand_usd_h,spot_usd_h,"
                         "date\n"
                         "aws,us-east-1,p5,H100,8,80,16,2026-05-20\n"
                         "aws,us-east-2,p5,H100,8,72,24,2026-05-20\n"
                         "gcp,us-central1,a3,H100,8,24,,2026-05-20\n"
                         "aws,us-east-1,p5,H100,8,800,,2026-06-20\n"));
    const struct wf_market_import import = {.store = store,
                                            .file = file,
                                            .as_of_ms = -1,
                                            .now_ms = INT64_C(1790000000000),
                                            .leave_out = ignore};
    assert_int_equal(wf_market_import(&import, &imported, &err), WF_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    wf_site_finish(&site);
    return 0;
}

static enum wf_status read_pool(const char *from, const char *pool)
{
    char text[1024];
    snprintf(text, sizeof text, "%s%s%s\npools:\n  - {gpu: H100, nodes: 1, gpus_per_node: 8%s}\n",
             from ? "prices_from: {store: '" : "", from ? store : "", from ? from : "", pool);
    const struct wf_site_config config = {.path = scratch_write_text("site.yaml", text)};
    wf_site_finish(&site);
    return wf_site_read(&config, &site, &err);
}

static void costs(int64_t usd, const char *words)
{
    assert_true(site.pools[0].spec.price_nanousd_per_gpu_hour == usd * USD);
    if (!strstr(site.pools[0].price_source, words)) {
        fail_msg("'%s' does not say '%s'", site.pools[0].price_source, words);
    }
}

static void refused(const char *words)
{
    if (!strstr(err.text, words)) {
        fail_msg("'%s' does not say '%s'", err.text, words);
    }
}

static void a_model_costs_what_clouds_list_then(void **state)
{
    (void)state;
    // The median of aws (9.5) and gcp (3), each by the GPU.
    assert_int_equal(read_pool("', at: 2026-05-25}", ""), WF_OK);
    assert_true(site.pools[0].spec.price_nanousd_per_gpu_hour == INT64_C(6250000000));
    assert_non_null(
        strstr(site.pools[0].price_source, "median of 2 clouds on demand, as of 2026-05-20"));
}

static void a_pool_costs_what_its_offer_costs(void **state)
{
    (void)state;
    assert_int_equal(
        read_pool("', at: 2026-05-25}", ", offer: {provider: aws, region: us-east-1, kind: spot}"),
        WF_OK);
    costs(2, "as of 2026-05-20, spot");
    assert_int_equal(read_pool("', at: 2026-05-25}", ", offer: {provider: aws, instance: p5}"),
                     WF_OK);
    costs(9, "on-demand"); // the cheaper region
    assert_int_equal(read_pool("', at: 2026-06-25}", ", offer: {provider: aws, region: us-east-1}"),
                     WF_OK);
    costs(100, "as of 2026-06-20");
}

static void a_stale_price_is_not_used_silently(void **state)
{
    (void)state;
    static const char offer[] = ", offer: {provider: gcp}";
    assert_int_equal(read_pool("', at: 2026-10-25}", offer), WF_NOTFOUND);
    refused("line 3: the on-demand price of H100 of this offer");
    refused("is stale on 2026-10-25");
    assert_int_equal(read_pool("', at: 2026-10-25, max_age_days: 365}", offer), WF_OK);
    costs(3, "as of 2026-05-20");
    // A model without a price that is fresh enough falls back on the program's table, and says so.
    assert_int_equal(read_pool("', at: 2026-10-25}", ""), WF_OK);
    assert_null(strstr(site.pools[0].price_source, "median"));
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    assert_int_equal(read_pool("', at: 2026-05-25}", ", offer: {provider: oci}"), WF_NOTFOUND);
    refused("there is no on-demand price of H100 of such an offer");
    assert_int_equal(read_pool("', at: soon}", ""), WF_INVALID);
    refused("'at' must be a date");
    assert_int_equal(read_pool("x'}", ""), WF_NOTFOUND);
    refused("line 1: there is no store of prices");
    assert_int_equal(read_pool(NULL, ", offer: {provider: aws}"), WF_INVALID);
    refused("none is named");
    assert_int_equal(read_pool("'}", ", usd_per_gpu_hour: 1, offer: {provider: aws}"), WF_INVALID);
    refused("so it names no 'offer'");
    assert_int_equal(read_pool("'}", ", offer: {region: x}"), WF_INVALID);
    refused("must tell its 'provider'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_model_costs_what_clouds_list_then, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pool_costs_what_its_offer_costs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stale_price_is_not_used_silently, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_makes_no_sense_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
