// SPDX-License-Identifier: Apache-2.0
// docs/reasons.md has one row for each entry of the tables in core/explain/reason.h,
// core/explain/change.h, core/schedule/wait_reason.h and core/quote/quote.h, with its words, in
// their order, and no other rows. WHALEFLUX_SOURCE is the folder of the project.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/explain/change.h"
#include "core/explain/reason.h"
#include "core/quote/quote.h"
#include "core/schedule/wait_reason.h"

static void every_row_is_in_the_page(void **state)
{
    (void)state;
    static const char *const rows[] = {
#define REASON_ROW(code, name, text) "| `" #code "` | " name " | " text " |",
        WF_REASONS(REASON_ROW) WF_WAIT_REASONS(REASON_ROW) WF_AHEAD_RULES(REASON_ROW)
#undef REASON_ROW
#define CHANGE_ROW(code, name, text) "| `" #code "` | " name " | " text " |",
            WF_CHANGE_KINDS(CHANGE_ROW) WF_WAIT_CHANGES(CHANGE_ROW) WF_QUOTE_WHYS(CHANGE_ROW)
#undef CHANGE_ROW
    };
    const char *source = getenv("WHALEFLUX_SOURCE");
    char path[1024];
    snprintf(path, sizeof path, "%s/docs/reasons.md", source ? source : ".");
    FILE *page = fopen(path, "r");
    if (!page) {
        fail_msg("%s cannot be opened", path);
        return;
    }
    char line[1024];
    size_t row = 0;
    while (fgets(line, sizeof line, page)) {
        if (strncmp(line, "| `", 3) == 0) {
            assert_true(row < WF_COUNT_OF(rows));
            if (strncmp(line, rows[row], strlen(rows[row])) != 0) {
                print_error("the page says\n%sthe source says\n%s\n", line, rows[row]);
                fail();
            }
            row++;
        }
    }
    fclose(page);
    assert_int_equal(row, WF_COUNT_OF(rows));
}

static void names_and_texts_come_from_the_tables(void **state)
{
    (void)state;
    assert_string_equal(wf_reason_name(WF_REASON_CPU_FREE), "cpu-free");
    assert_string_equal(wf_reason_text(WF_REASON_CLOSED), "takes no new work");
    assert_string_equal(wf_change_name(WF_CHANGE_GPUS), "gpus");
    assert_string_equal(wf_change_text(WF_CHANGE_TASKS), "has fewer tasks");
    assert_string_equal(wf_wait_reason_name(WF_WAIT_QUEUE_LIMIT), "queue-limit");
    assert_string_equal(wf_wait_reason_text(WF_WAIT_HELD), "is held until somebody releases it");
    assert_string_equal(wf_ahead_rule_name(WF_AHEAD_SHARE), "share");
    assert_string_equal(wf_ahead_rule_text(WF_AHEAD_ARRIVAL), "came first");
    assert_string_equal(wf_wait_change_name(WF_WAIT_CHANGE_LIMIT), "time-limit");
    assert_string_equal(wf_wait_change_text(WF_WAIT_CHANGE_RELEASE), "is released");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_in_the_page),
        cmocka_unit_test(names_and_texts_come_from_the_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
