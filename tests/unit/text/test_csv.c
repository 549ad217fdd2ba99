// SPDX-License-Identifier: Apache-2.0
#include "text/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unit/scratch.h"

static const struct wf_csv_column columns[] = {{"name", false}, {"count", false}, {"note", true}};
static const struct wf_csv_range to_hundred = {100, "HUNDRED"};

static struct wf_csv *open_good(const char *path)
{
    struct wf_csv *csv = NULL;
    struct wf_error err = {0};
    enum wf_status status = wf_csv_open(path, columns, 3, &csv, &err);
    if (status != WF_OK) {
        fail_msg("%s", err.text);
    }
    return csv;
}

static void next_row(struct wf_csv *csv, const char *name, const char *count, const char *note)
{
    bool row;
    struct wf_error err = {0};
    assert_int_equal(wf_csv_next(csv, &row, &err), WF_OK);
    assert_true(row);
    assert_string_equal(wf_csv_text(csv, 0), name);
    assert_string_equal(wf_csv_text(csv, 1), count);
    assert_string_equal(wf_csv_text(csv, 2), note);
}

static void no_more(struct wf_csv *csv)
{
    bool row;
    struct wf_error err = {0};
    assert_int_equal(wf_csv_next(csv, &row, &err), WF_OK);
    assert_false(row);
    wf_csv_close(csv);
}

// Reads to the end or the first error; the sentence must have the file's name and these words.
static void refused(const char *path, enum wf_status status, const char *words)
{
    struct wf_csv *csv = NULL;
    struct wf_error err = {0};
    enum wf_status got = wf_csv_open(path, columns, 3, &csv, &err);
    for (bool row = true; got == WF_OK && row;) {
        got = wf_csv_next(csv, &row, &err);
        int64_t number;
        if (got == WF_OK && row) {
            got = wf_csv_number(csv, 1, to_hundred, &number, &err);
        }
    }
    wf_csv_close(csv);
    assert_int_equal(got, status);
    assert_int_equal(err.status, status);
    if (!strstr(err.text, words) || !strstr(err.text, path)) {
        fail_msg("'%s' lacks '%s'", err.text, words);
    }
    assert_null(strchr(err.text, '\n'));
    assert_int_not_equal(err.text[strlen(err.text) - 1], '.');
}

static void columns_come_in_any_order_and_unknown_ones_are_skipped(void **state)
{
    (void)state;
    struct wf_csv *csv = open_good(scratch_write_text("a", "x,count,note,name\n1,2,3,4\n5,6,7,8"));
    next_row(csv, "4", "2", "3");
    assert_int_equal(wf_csv_line(csv), 2);
    next_row(csv, "8", "6", "7");
    no_more(csv);
}

static void line_ends_marks_empty_lines_and_quotes_are_understood(void **state)
{
    (void)state;
    struct wf_csv *csv = open_good(
        scratch_write_text("a", "\xef\xbb\xbfname,count\r\n\r\n\"a,\"\"b\"\"\",5\r\n\n\"\",6\r\n"));
    next_row(csv, "a,\"b\"", "5", "");
    assert_int_equal(wf_csv_line(csv), 3);
    next_row(csv, "", "6", "");
    assert_int_equal(wf_csv_line(csv), 5);
    no_more(csv);
}

static void gzipped_files_read_like_plain_ones(void **state)
{
    (void)state;
    struct wf_csv *csv = open_good(scratch_write_gzip("a.gz", "name,count\na,1\n", 1));
    next_row(csv, "a", "1", "");
    no_more(csv);
}

static void a_line_may_be_as_long_as_the_limit_and_not_longer(void **state)
{
    (void)state;
    static char text[WF_CSV_LINE_BYTES_MAX + 64] = "name,count\n";
    size_t start = strlen(text);
    memset(text + start, 'x', WF_CSV_LINE_BYTES_MAX);
    snprintf(text + start + WF_CSV_LINE_BYTES_MAX - 2, 5, ",7\r\n");
    struct wf_csv *csv = open_good(scratch_write_text("a", text));
    bool row;
    assert_int_equal(wf_csv_next(csv, &row, NULL), WF_OK);
    assert_string_equal(wf_csv_text(csv, 1), "7");
    no_more(csv);
    snprintf(text + start + WF_CSV_LINE_BYTES_MAX - 1, 4, ",7\n");
    refused(scratch_write_text("a", text), WF_LIMIT,
            "line 2, column 3: the line is longer than 65536 bytes");
}

static void a_line_without_an_end_is_refused_before_it_is_read(void **state)
{
    (void)state;
    refused(scratch_write_repeated("a", "name,count\n", "xxxxxxxxxxxxxxxx", 1000000), WF_LIMIT,
            "line 2, column 1: the line is longer than 65536 bytes");
}

static void a_truncated_or_damaged_gzip_file_is_refused(void **state)
{
    (void)state;
    static char text[400000];
    size_t length = (size_t)snprintf(text, sizeof text, "name,count\n");
    for (unsigned i = 0; length < sizeof text - 32; i++) {
        length += (size_t)snprintf(text + length, sizeof text - length, "row-%u,%u\n",
                                   i * 2654435761U, i % 100);
    }
    refused(scratch_write_gzip("a.gz", text, 0.7), WF_INVALID, "the file is truncated");
    refused(scratch_write_gzip("a.gz", text, 0.01), WF_INVALID, "the file is truncated");
    const unsigned char damaged[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff, 0xff, 0xff};
    refused(scratch_write("a.gz", damaged, sizeof damaged), WF_INVALID,
            "line 1, column 1: the gzip data is damaged");
}

static void what_is_no_table_is_refused(void **state)
{
    (void)state;
    refused(scratch_write_text("a", ""), WF_INVALID, "line 1, column 1: the file is empty");
    refused(scratch_write_text("a", "name,size\n"), WF_INVALID,
            "line 1, column 'count': the column is missing");
    refused(scratch_write_text("a", "name,count,count\n"), WF_INVALID,
            "line 1, column 'count': the column is there twice");
    refused(scratch_write_text("a", "name,count\na\n"), WF_INVALID,
            "line 2, column 2: the line has 1 fields, the header has 2");
    refused(scratch_write_text("a", "name,count\na,1,2\n"), WF_INVALID,
            "line 2, column 3: the line has 3 fields, the header has 2");
    refused(scratch_write_text("a", "name,count\n\"a,1\n"), WF_INVALID,
            "line 2, column 1: the quoted field does not end on its line");
    refused(scratch_write_text("a", "name,count\n\"a\"b,1\n"), WF_INVALID,
            "line 2, column 1: something follows the closing quote");
    refused(scratch_write("a", "name,count\na,1\0,2\n", 18), WF_INVALID,
            "line 2, column 2: the field holds a zero byte");
    refused("/nonexistent/file.csv", WF_IO, "cannot be opened: No such file");
    refused("/tmp", WF_IO, "Is a directory");
}

static void too_many_fields_are_refused(void **state)
{
    (void)state;
    refused(scratch_write_repeated("a", "name,count", ",x", WF_CSV_FIELDS_MAX - 1), WF_LIMIT,
            "line 1, column 257: the line has more than 256 fields");
}

static void numbers_are_whole_and_within_their_range(void **state)
{
    (void)state;
    const struct {
        const char *number;
        enum wf_status status;
        const char *words;
    } cases[] = {
        {"", WF_INVALID, "the number is missing"},
        {"-4", WF_INVALID, "-4 is negative"},
        {"+4", WF_INVALID, "'+4' is not a whole number"},
        {"4.0", WF_INVALID, "'4.0' is not a whole number"},
        {" 4", WF_INVALID, "' 4' is not a whole number"},
        {"0x4", WF_INVALID, "'0x4' is not a whole number"},
        {"-", WF_INVALID, "'-' is not a whole number"},
        {"\x1b[2J", WF_INVALID, "'?[2J' is not a whole number"},
        {"101", WF_LIMIT, "101 is more than 100, the limit HUNDRED"},
        {"99999999999999999999", WF_LIMIT, "99999999999999999999 is more than 100"},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char text[128];
        char words[160];
        snprintf(text, sizeof text, "count,name\n100,a\n%s,b\n", cases[i].number);
        snprintf(words, sizeof words, ", line 3, column 'count': %s", cases[i].words);
        refused(scratch_write_text("a", text), cases[i].status, words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_come_in_any_order_and_unknown_ones_are_skipped),
        cmocka_unit_test(line_ends_marks_empty_lines_and_quotes_are_understood),
        cmocka_unit_test(gzipped_files_read_like_plain_ones),
        cmocka_unit_test(a_line_may_be_as_long_as_the_limit_and_not_longer),
        cmocka_unit_test(a_line_without_an_end_is_refused_before_it_is_read),
        cmocka_unit_test(a_truncated_or_damaged_gzip_file_is_refused),
        cmocka_unit_test(what_is_no_table_is_refused),
        cmocka_unit_test(too_many_fields_are_refused),
        cmocka_unit_test(numbers_are_whole_and_within_their_range),
    };
    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
