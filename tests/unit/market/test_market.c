// SPDX-License-Identifier: Apache-2.0
#include "market/market.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "market/import.h"
#include "unit/scratch.h"

#define NOW INT64_C(1779840000000) // 2026-05-27
#define USD INT64_C(1000000000)

static char store[512];
static struct wf_error err;
static struct wf_market market;

static void ignore(void *context, const char *sentence)
{
    (void)context;
    (void)sentence;
}

static void import(const char *text)
{
    char file[512];
    struct wf_market_imported imported;
    snprintf(file, sizeof file, "%s", scratch_write_text("file", text));
    const struct wf_market_import import = {
        .store = store, .file = file, .as_of_ms = -1, .now_ms = NOW, .leave_out = ignore};
    if (wf_market_import(&import, &imported, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
}

static int set_up(void **state)
{
    (void)state;
    snprintf(store, sizeof store, "%s", scratch_write_text("store", ""));
    assert_int_equal(unlink(store), 0);
    import("cloud,region,zone,instance_type,gpu_model,gpu_count,ondemand_usd_h,spot_usd_h,date\n"
           "aws,us-east-1,,p5,H100,8,80,,2026-05-20\n"
           "aws,us-east-1,us-east-1a,p5,H100,8,,16,2026-05-25\n"
           "aws,us-east-1,us-east-1b,p5,H100,8,,24,2026-05-01\n"
           "aws,eu-west-1,,p5,H100,8,88,,2025-01-01\n"
           "gcp,us-central1,,a3,H100,8,72,,2026-05-20\n"
           "gcp,us-central1,,a3,H100,1,10,,2026-05-20\n"
           "azure,eastus,,nd96,A100-80GB,8,32,,2026-05-20\n");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    wf_market_finish(&market);
    return 0;
}

// "provider place GPUS od spot": '!' stale, '*' own.
static const char *ask_with(struct wf_market_question question, const char *model)
{
    static char text[2048];
    struct wf_gpu_name gpu;
    question.store = store;
    question.at_ms = question.at_ms ? question.at_ms : NOW;
    if (model) {
        assert_true(wf_gpu_name_read(model, &gpu));
        question.models = &gpu;
        question.model_count = 1;
    }
    wf_market_finish(&market);
    if (wf_market_read(&question, &market, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    text[0] = '\0';
    for (uint32_t i = 0; i < market.count; i++) {
        const struct wf_market_offer *offer = &market.offers[i];
        size_t length = strlen(text);
        length +=
            (size_t)snprintf(text + length, sizeof text - length, "%s %s %u",
                             wf_market_name(&market, offer->provider),
                             wf_market_name(&market, offer->zone ? offer->zone : offer->region),
                             offer->gpu_milli / 1000);
        for (uint32_t kind = 0; kind < WF_PRICE_KIND_COUNT; kind++) {
            const struct wf_market_price *price = &offer->prices[kind];
            length += (size_t)snprintf(
                text + length, sizeof text - length, " %lld%s%s",
                (long long)(wf_market_per_gpu(offer, (enum wf_price_kind)kind) / USD),
                price->stale ? "!" : "", price->own ? "*" : "");
        }
        snprintf(text + length, sizeof text - length, "; ");
    }
    return text;
}

static void zones_have_the_price_of_their_region(void **state)
{
    (void)state;
    // Spot of 05-01 is stale, on demand of 2025 too; what has nothing else comes last.
    assert_string_equal(ask_with((struct wf_market_question){.gpu_milli = 8000}, "H100"),
                        "aws us-east-1a 8 10 2; gcp us-central1 8 9 0; aws us-east-1b 8 10 3!; "
                        "aws eu-west-1 8 11! 0; ");
}

static void what_is_asked_narrows_the_list(void **state)
{
    (void)state;
    assert_string_equal(ask_with((struct wf_market_question){.provider = "gcp"}, "H100"),
                        "gcp us-central1 8 9 0; gcp us-central1 1 10 0; ");
    assert_string_equal(ask_with((struct wf_market_question){.region = "east*"}, NULL),
                        "azure eastus 8 4 0; ");
    assert_string_equal(ask_with((struct wf_market_question){.gpu_milli = 8000}, "A100"),
                        "azure eastus 8 4 0; ");
    assert_string_equal(ask_with((struct wf_market_question){0}, "MI300X"), "");
}

static void ages_are_counted_from_the_time_that_is_asked_about(void **state)
{
    (void)state;
    struct wf_market_question question = {.provider = "aws", .region = "eu-west-1"};
    question.at_ms = INT64_C(1735948800000); // 2025-01-04
    assert_string_equal(ask_with(question, NULL), "aws eu-west-1 8 11 0; ");
    assert_true(market.offers[0].prices[0].age_ms == 3 * WF_MARKET_DAY_MS);
    question.at_ms = 0;
    question.age_ms_max = 1000 * WF_MARKET_DAY_MS;
    assert_string_equal(ask_with(question, NULL), "aws eu-west-1 8 11 0; ");
    question.age_ms_max = 10 * WF_MARKET_DAY_MS;
    assert_string_equal(ask_with(question, NULL), "aws eu-west-1 8 11! 0; ");
}

static void contracts_stand_in_for_what_they_are_about(void **state)
{
    (void)state;
    import("contracts:\n"
           "  - {provider: aws, gpu: H100, usd_per_gpu_hour: 5, from: 2026-01-01}\n"
           "  - {provider: aws, region: us-east-1, gpu: H100, usd_per_gpu_hour: 4, from: "
           "2026-01-01}\n"
           "owned:\n  - {name: hall, gpu: H100, gpus: 8, usd_per_gpu_hour: 1, from: 2026-01-01}\n");
    assert_string_equal(ask_with((struct wf_market_question){.gpu_milli = 8000}, "H100"),
                        "hall  8 1* 0; aws us-east-1a 8 4* 2; aws us-east-1b 8 4* 3!; "
                        "aws eu-west-1 8 5* 0; gcp us-central1 8 9 0; ");
    struct wf_market_question before = {.gpu_milli = 8000, .provider = "aws", .region = "us-*"};
    before.at_ms = INT64_C(1779321600000); // 2026-05-21, when no spot price of zone a is known
    assert_string_equal(ask_with(before, "H100"), "aws us-east-1b 8 4* 3!; ");
}

static void a_contract_for_a_machine_in_a_region_is_about_its_zones(void **state)
{
    (void)state;
    import("contracts:\n"
           "  - {provider: aws, region: us-east-1, instance: p5, gpu: H100, gpus: 8, "
           "usd_per_hour: 48, from: 2026-01-01}\n");
    assert_string_equal(
        ask_with((struct wf_market_question){.gpu_milli = 8000, .region = "us-east-1"}, "H100"),
        "aws us-east-1a 8 6* 2; aws us-east-1b 8 6* 3!; ");
}

static void published_risk_is_told_and_nothing_else(void **state)
{
    (void)state;
    char file[512];
    struct wf_market_imported imported;
    snprintf(file, sizeof file, "%s",
             scratch_write_text("file", "region,instance_type,interruption_bucket\n"
                                        "us-east-1,p5.48xlarge,3\n"));
    const struct wf_market_import risks = {
        .store = store, .file = file, .as_of_ms = NOW - 1, .now_ms = NOW, .leave_out = ignore};
    assert_int_equal(wf_market_import(&risks, &imported, &err), WF_OK);
    import("cloud,region,zone,instance_type,gpu_model,gpu_count,ondemand_usd_h,spot_usd_h,date\n"
           "aws,us-east-1,us-east-1c,p5.48xlarge,H100,8,80,8,2026-05-26\n");
    (void)ask_with((struct wf_market_question){.gpu_milli = 8000}, "H100");
    assert_true(market.offers[0].risk_known);
    assert_int_equal(market.offers[0].risk_low_permille, 150);
    assert_int_equal(market.offers[0].risk_high_permille, 200);
    for (uint32_t i = 1; i < market.count; i++) {
        assert_false(market.offers[i].risk_known);
    }
}

static void a_file_without_a_good_price_leaves_no_store(void **state)
{
    (void)state;
    char file[512];
    struct wf_market_imported imported;
    assert_int_equal(unlink(store), 0);
    snprintf(file, sizeof file, "%s",
             scratch_write_text("file", "cloud,gpu_model,gpu_count,ondemand_usd_h,date\n"
                                        "a,T4,1,0,2026-05-20\n"));
    struct wf_market_import bad = {
        .store = store, .file = file, .as_of_ms = -1, .now_ms = NOW, .leave_out = ignore};
    assert_int_equal(wf_market_import(&bad, &imported, &err), WF_INVALID);
    assert_non_null(strstr(err.text, "a price of nothing is never used"));
    assert_int_equal(access(store, F_OK), -1);
    bad.as_of_ms = NOW + 2 * WF_MARKET_DAY_MS;
    assert_int_equal(wf_market_import(&bad, &imported, &err), WF_INVALID);
    assert_non_null(strstr(err.text, "time to come"));
}

static void a_store_with_a_broken_file_keeps_what_it_had(void **state)
{
    (void)state;
    char file[512];
    struct wf_market_imported imported;
    snprintf(file, sizeof file, "%s",
             scratch_write_text("file", "cloud,gpu_model,gpu_count,ondemand_usd_h,date\n"
                                        "new,T4,1,1,2026-05-20\n\"new,T4,1,1,2026-05-20\n"));
    const struct wf_market_import broken = {
        .store = store, .file = file, .as_of_ms = -1, .now_ms = NOW, .leave_out = ignore};
    assert_int_equal(wf_market_import(&broken, &imported, &err), WF_INVALID);
    assert_string_equal(ask_with((struct wf_market_question){.provider = "new"}, NULL), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(zones_have_the_price_of_their_region, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_asked_narrows_the_list, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ages_are_counted_from_the_time_that_is_asked_about, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(contracts_stand_in_for_what_they_are_about, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_contract_for_a_machine_in_a_region_is_about_its_zones,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(published_risk_is_told_and_nothing_else, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_without_a_good_price_leaves_no_store, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_store_with_a_broken_file_keeps_what_it_had, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
