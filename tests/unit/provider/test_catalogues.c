// SPDX-License-Identifier: Apache-2.0
// The real catalogues of WHALEFLUX_DATA through the store: counts, dates, a price that is known,
// and the time that an import takes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "market/import.h"
#include "market/market.h"
#include "unit/scratch.h"

#define NOW INT64_C(1790000000000) // in September 2026

static char folder[400], store[512];
static struct wf_error err;
static unsigned said;

static void count(void *context, const char *sentence)
{
    (void)context;
    said += sentence[0] != '\0';
}

static struct wf_market_imported import(const char *name, int64_t as_of_ms)
{
    char path[512];
    struct wf_market_imported imported;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    const struct wf_market_import wanted = {
        .store = store, .file = path, .as_of_ms = as_of_ms, .now_ms = NOW, .leave_out = count};
    said = 0;
    if (wf_market_import(&wanted, &imported, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    return imported;
}

static int set_up(void **state)
{
    (void)scratch_begin(state);
    snprintf(store, sizeof store, "%s", scratch_write_text("store", ""));
    return unlink(store);
}

static void the_newest_catalogue_is_read_within_a_second(void **state)
{
    (void)state;
    struct timespec begin, end;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    struct wf_market_imported imported = import("gpu_offers.csv", -1);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    assert_int_equal(imported.added, 6001);
    assert_int_equal(imported.known, 0);
    // 46 rows have no date; all else that has a GPU and a price is taken.
    assert_int_equal(imported.left_out, 46);
    assert_int_equal(said, 46);
    assert_true(end.tv_sec - begin.tv_sec <= 1);
    assert_int_equal(import("gpu_offers.csv", -1).added, 0);
}

static void what_held_in_each_year_can_be_asked(void **state)
{
    (void)state;
    struct wf_gpu_name gpu;
    static const struct {
        int64_t at_ms, nanousd; // of p4d.24xlarge in use2-az2 on the spot market
    } days[] = {{INT64_C(1670198400000), INT64_C(9831800000)},
                {INT64_C(1714694400000), INT64_C(5365800000)}};
    assert_int_equal(import("gpu_offers_history.csv.gz", -1).added, 21160);
    assert_true(wf_gpu_name_read("A100", &gpu));
    uint32_t met = 0;
    for (uint32_t i = 0; i < WF_COUNT_OF(days); i++) {
        struct wf_market market;
        const struct wf_market_question question = {.store = store,
                                                    .at_ms = days[i].at_ms,
                                                    .models = &gpu,
                                                    .model_count = 1,
                                                    .gpu_milli = 8000,
                                                    .provider = "aws",
                                                    .region = "us-east-2"};
        assert_int_equal(wf_market_read(&question, &market, &err), WF_OK);
        for (uint32_t k = 0; k < market.count; k++) {
            const struct wf_market_offer *offer = &market.offers[k];
            if (strcmp(wf_market_name(&market, offer->zone), "use2-az2") == 0) {
                assert_true(offer->prices[WF_PRICE_ON_DEMAND].nanousd_per_hour ==
                            INT64_C(32772600000));
                assert_true(offer->prices[WF_PRICE_SPOT].nanousd_per_hour == days[i].nanousd);
                met++;
            }
        }
        wf_market_finish(&market);
    }
    assert_int_equal(met, WF_COUNT_OF(days));
}

static void the_advisor_knows_most_of_aws(void **state)
{
    (void)state;
    struct wf_market market;
    assert_int_equal(import("aws_spot_advisor_2025-07-28.csv", INT64_C(1753660800000)).added, 682);
    const struct wf_market_question question = {.store = store, .at_ms = NOW, .provider = "aws"};
    assert_int_equal(wf_market_read(&question, &market, &err), WF_OK);
    uint32_t known = 0, spot = 0;
    for (uint32_t i = 0; i < market.count; i++) {
        bool has_spot = market.offers[i].zone == 0 &&
                        market.offers[i].prices[WF_PRICE_SPOT].nanousd_per_hour > 0;
        spot += has_spot;
        known += has_spot && market.offers[i].risk_known;
    }
    wf_market_finish(&market);
    assert_true(spot > 0 && known == spot);
}

int main(void)
{
    const char *data = getenv("WHALEFLUX_DATA");
    snprintf(folder, sizeof folder, "%s/prices", data ? data : "../shared/data");
    if (access(folder, R_OK) != 0) {
        puts("1..0 # SKIP WHALEFLUX_DATA has no folder 'prices'");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_catalogue_is_read_within_a_second),
        cmocka_unit_test(what_held_in_each_year_can_be_asked),
        cmocka_unit_test(the_advisor_knows_most_of_aws),
    };
    return cmocka_run_group_tests(tests, set_up, scratch_end);
}
