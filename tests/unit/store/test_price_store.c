// SPDX-License-Identifier: Apache-2.0
#include "store/price_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "unit/scratch.h"

#define DAY INT64_C(86400000)
#define USD INT64_C(1000000000)

static char path[512];
static struct wf_price_store *store;
static struct wf_error err;
static char seen[4096];

static int set_up(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "%s", scratch_write_text("prices", ""));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(wf_price_store_open(path, true, &store, &err), WF_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    wf_price_store_close(store);
    store = NULL;
    return 0;
}

static struct wf_price_row row_of(enum wf_price_kind kind, int64_t usd, int64_t day)
{
    return (struct wf_price_row){
        .provider = "aws",
        .region = "us-east-1",
        .zone = "",
        .instance = "p5.48xlarge",
        .model = "H100",
        .gpu_milli = 8000,
        .kind = kind,
        .nanousd_per_hour = usd * USD,
        .from_ms = day * DAY,
        .seen_ms = day * DAY,
        .source = "list",
    };
}

// Returns whether the store did not know the row.
static bool add(struct wf_price_row row)
{
    bool added = false;
    assert_int_equal(wf_price_store_begin(store, &err), WF_OK);
    if (wf_price_store_add(store, &row, 100 * DAY, &added, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(wf_price_store_commit(store, &err), WF_OK);
    return added;
}

static bool see(void *context, const struct wf_price_row *row)
{
    (void)context;
    size_t length = strlen(seen);
    snprintf(seen + length, sizeof seen - length, "%s%s %lld from %lld by %s", length ? "; " : "",
             wf_price_kind_word(row->kind), (long long)(row->nanousd_per_hour / USD),
             (long long)(row->from_ms / DAY), row->source);
    return true;
}

static const char *at(int64_t day)
{
    seen[0] = '\0';
    assert_int_equal(wf_price_store_at(store, day * DAY, see, NULL, &err), WF_OK);
    return seen;
}

static void what_held_then_can_be_asked_later(void **state)
{
    (void)state;
    assert_true(add(row_of(WF_PRICE_ON_DEMAND, 98, 10)));
    assert_true(add(row_of(WF_PRICE_ON_DEMAND, 55, 20)));
    assert_true(add(row_of(WF_PRICE_SPOT, 20, 15)));
    assert_string_equal(at(9), "");
    assert_string_equal(at(10), "on-demand 98 from 10 by list");
    assert_string_equal(at(19), "on-demand 98 from 10 by list; spot 20 from 15 by list");
    assert_string_equal(at(20), "on-demand 55 from 20 by list; spot 20 from 15 by list");
}

static void a_row_that_is_known_is_not_added_again(void **state)
{
    (void)state;
    assert_true(add(row_of(WF_PRICE_SPOT, 20, 10)));
    assert_false(add(row_of(WF_PRICE_SPOT, 20, 10)));
    // Seen again later is news; put right and put back, too.
    struct wf_price_row again = row_of(WF_PRICE_SPOT, 20, 10);
    again.seen_ms = 12 * DAY;
    assert_true(add(again));
    assert_false(add(row_of(WF_PRICE_SPOT, 20, 10)));
    again.nanousd_per_hour = 21 * USD;
    assert_true(add(again));
    assert_string_equal(at(30), "spot 21 from 10 by list");
    again.nanousd_per_hour = 20 * USD;
    assert_true(add(again));
    assert_string_equal(at(30), "spot 20 from 10 by list");
}

static void ones_own_wins_while_it_holds(void **state)
{
    (void)state;
    struct wf_price_row own = row_of(WF_PRICE_ON_DEMAND, 40, 12);
    own.own = true;
    own.source = "contract";
    own.until_ms = 20 * DAY;
    assert_true(add(own));
    assert_true(add(row_of(WF_PRICE_ON_DEMAND, 98, 10)));
    assert_true(add(row_of(WF_PRICE_ON_DEMAND, 97, 15)));
    assert_string_equal(at(11), "on-demand 98 from 10 by list");
    assert_string_equal(at(16), "on-demand 40 from 12 by contract");
    assert_string_equal(at(20), "on-demand 97 from 15 by list");
}

static void what_is_not_committed_is_not_there(void **state)
{
    (void)state;
    bool added;
    struct wf_price_row row = row_of(WF_PRICE_SPOT, 20, 10);
    assert_int_equal(wf_price_store_begin(store, &err), WF_OK);
    assert_int_equal(wf_price_store_add(store, &row, 0, &added, &err), WF_OK);
    wf_price_store_undo(store);
    assert_string_equal(at(30), "");
}

static void rows_can_be_neither_changed_nor_removed(void **state)
{
    (void)state;
    assert_true(add(row_of(WF_PRICE_SPOT, 20, 10)));
    sqlite3 *other;
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    static const char *const statements[] = {
        "UPDATE prices SET nanousd_per_hour = 1",
        "DELETE FROM prices",
        "INSERT INTO prices SELECT NULL, offer, kind, source, 0, 0, 0, 0, 0 FROM prices",
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(statements); i++) {
        assert_int_equal(sqlite3_exec(other, statements[i], NULL, NULL, NULL), SQLITE_CONSTRAINT);
    }
    sqlite3_close(other);
    assert_string_equal(at(30), "spot 20 from 10 by list");
}

static bool see_risk(void *context, const struct wf_risk_row *row)
{
    (void)context;
    size_t length = strlen(seen);
    snprintf(seen + length, sizeof seen - length, "%s %u-%u;", row->instance, row->low_permille,
             row->high_permille);
    return true;
}

static void the_newest_risk_is_told(void **state)
{
    (void)state;
    struct wf_risk_row row = {.provider = "aws",
                              .region = "r",
                              .instance = "p5",
                              .low_permille = 0,
                              .high_permille = 50,
                              .from_ms = DAY,
                              .source = "advisor"};
    bool added;
    assert_int_equal(wf_price_store_add_risk(store, &row, &added, &err), WF_OK);
    assert_true(added);
    assert_int_equal(wf_price_store_add_risk(store, &row, &added, &err), WF_OK);
    assert_false(added);
    row.low_permille = 200;
    row.high_permille = 1000;
    row.from_ms = 5 * DAY;
    assert_int_equal(wf_price_store_add_risk(store, &row, &added, &err), WF_OK);
    seen[0] = '\0';
    assert_int_equal(wf_price_store_risks(store, 4 * DAY, see_risk, NULL, &err), WF_OK);
    assert_int_equal(wf_price_store_risks(store, 5 * DAY, see_risk, NULL, &err), WF_OK);
    assert_string_equal(seen, "p5 0-50;p5 200-1000;");
}

static bool see_source(void *context, const struct wf_price_source *source)
{
    (void)context;
    size_t length = strlen(seen);
    snprintf(seen + length, sizeof seen - length, "%s %d %llu+%llu %lld-%lld seen %lld;",
             source->source, source->own, (unsigned long long)source->rows[WF_PRICE_ON_DEMAND],
             (unsigned long long)source->rows[WF_PRICE_SPOT], (long long)(source->first_ms / DAY),
             (long long)(source->last_ms / DAY), (long long)(source->seen_ms / DAY));
    return true;
}

static void each_source_is_summed_up(void **state)
{
    (void)state;
    assert_true(add(row_of(WF_PRICE_SPOT, 20, 10)));
    assert_true(add(row_of(WF_PRICE_SPOT, 22, 14)));
    assert_true(add(row_of(WF_PRICE_ON_DEMAND, 98, 9)));
    seen[0] = '\0';
    assert_int_equal(wf_price_store_sources(store, see_source, NULL, &err), WF_OK);
    assert_string_equal(seen, "list 0 1+2 9-14 seen 14;");
    seen[0] = '\0';
    assert_int_equal(wf_price_store_all(store, see, NULL, &err), WF_OK);
    assert_string_equal(seen, "on-demand 98 from 9 by list; spot 20 from 10 by list; "
                              "spot 22 from 14 by list");
}

static void a_store_is_private_and_told_from_other_files(void **state)
{
    (void)state;
    struct stat about;
    struct wf_price_store *other;
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_true(wf_price_store_is(path));
    const char *text = scratch_write_text("text", "gpu_model,ondemand_usd_h\n");
    assert_false(wf_price_store_is(text));
    assert_int_equal(wf_price_store_open(text, false, &other, &err), WF_INVALID);
    assert_int_equal(wf_price_store_open("/nowhere/prices", false, &other, &err), WF_NOTFOUND);
    sqlite3 *foreign;
    const char *database = scratch_write_text("foreign", "");
    assert_int_equal(sqlite3_open(database, &foreign), SQLITE_OK);
    assert_int_equal(sqlite3_exec(foreign, "CREATE TABLE t (a)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(foreign);
    assert_int_equal(wf_price_store_open(database, true, &other, &err), WF_INVALID);
    assert_non_null(strstr(err.text, "no store of prices"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_held_then_can_be_asked_later, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_row_that_is_known_is_not_added_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ones_own_wins_while_it_holds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_committed_is_not_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_can_be_neither_changed_nor_removed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_newest_risk_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_source_is_summed_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_store_is_private_and_told_from_other_files, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
