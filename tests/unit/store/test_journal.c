// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/discipline/discipline.h"
#include "core/policy/policy.h"
#include "store/store.h"
#include "unit/scratch.h"

enum { FILE_BYTES = 65536 };

static struct wf_journal_maker maker;
static char path[512];
static bool hash_was_last; // of what was read to the end

static void set_maker(void)
{
    struct wf_core_config config = {
        .limits = {3, 4, 5, 6, 7, 8, false, 9, 10, 11},
        .policy = wf_policy_find("best-fit"),
        .discipline = wf_discipline_find("easy"),
        .seed = UINT64_MAX,
        .plain = true,
        .fair_share_half_life_ms = 60000,
        .preempt_after_ms = 1,
    };
    wf_journal_maker_init(&maker, &config, "0.1.0", "a test,\n two lines");
}

// Removes the file that the test before left.
static int set_up(void **state)
{
    (void)state;
    set_maker();
    snprintf(path, sizeof path, "%s", scratch_write_text("journal", ""));
    return unlink(path);
}

static struct wf_journal_reader *open_journal(bool for_writing)
{
    struct wf_error err = {.text = ""};
    struct wf_journal_reader *reader = NULL;
    if (wf_journal_open(path, for_writing, &reader, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    return reader;
}

// Reads to the end; returns the events.
static uint64_t read_rest(struct wf_journal_reader *reader)
{
    struct wf_error err = {.text = ""};
    uint64_t events = 0;
    bool more = true;
    hash_was_last = false;
    while (more) {
        struct wf_journal_record record;
        if (wf_journal_next(reader, &record, &more, &err) != WF_OK) {
            fail_msg("%s", err.text);
        }
        hash_was_last = more ? record.kind == WF_JOURNAL_HASH : hash_was_last;
        if (more && record.kind == WF_JOURNAL_EVENT) {
            assert_int_equal(record.event.time_ms, events);
            events++;
        }
    }
    return events;
}

static struct wf_journal *begin(uint64_t *events_out)
{
    struct wf_journal_reader *reader = open_journal(true);
    struct wf_error err = {.text = ""};
    struct wf_journal *journal = NULL;
    *events_out = read_rest(reader);
    if (wf_journal_append(reader, &maker, &journal, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    return journal;
}

// Writes events with the times up to events_max; a hash after every fourth.
static void write_up_to(uint64_t events_max)
{
    uint64_t events;
    struct wf_journal *journal = begin(&events);
    for (; events < events_max; events++) {
        struct wf_event event = {.time_ms = (int64_t)events, .kind = WF_EVENT_JOB_END};
        if (events % 4 == 0 && !hash_was_last) {
            assert_int_equal(wf_journal_hash(journal, events * 77, events, NULL), WF_OK);
        }
        assert_int_equal(wf_journal_event(journal, &event, NULL), WF_OK);
        hash_was_last = false;
    }
    assert_int_equal(wf_journal_close(journal, NULL), WF_OK);
}

static size_t slurp(char *content)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        fail_msg("%s cannot be opened", path);
        return 0;
    }
    size_t length = fread(content, 1, FILE_BYTES - 1, file);
    content[length] = '\0';
    fclose(file);
    return length;
}

static void refuses(const char *sentence)
{
    struct wf_error err = {.text = ""};
    struct wf_journal_reader *reader = NULL;
    enum wf_status status = wf_journal_open(path, false, &reader, &err);
    bool more = true;
    while (status == WF_OK && more) {
        struct wf_journal_record record;
        status = wf_journal_next(reader, &record, &more, &err);
    }
    wf_journal_reader_close(reader);
    assert_int_not_equal(status, WF_OK);
    if (!strstr(err.text, sentence)) {
        fail_msg("'%s' does not say '%s'", err.text, sentence);
    }
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    uint64_t events;
    struct wf_error err;
    struct wf_journal *journal = begin(&events);
    struct wf_event event = {
        .time_ms = 5, .kind = WF_EVENT_JOB_END, .job_end = {.id = {17}, .failed = true}};
    assert_int_equal(wf_journal_name(journal, WF_JOURNAL_POOL, 3, "the old hall", &err), WF_OK);
    assert_int_equal(wf_journal_event(journal, &event, &err), WF_OK);
    assert_int_equal(wf_journal_hash(journal, UINT64_MAX - 1, 1, &err), WF_OK);
    assert_int_equal(wf_journal_close(journal, &err), WF_OK);

    struct wf_journal_reader *reader = open_journal(false);
    const struct wf_journal_maker *made = wf_journal_reader_maker(reader);
    struct wf_core_config config;
    assert_int_equal(wf_journal_core_config(made, &config, &err), WF_OK);
    assert_ptr_equal(config.policy, wf_policy_find("best-fit"));
    assert_ptr_equal(config.discipline, wf_discipline_find("easy"));
    const struct wf_limits *limits = &config.limits, *wanted = &maker.core.limits;
    assert_int_equal(limits->models, wanted->models);
    assert_int_equal(limits->pools, wanted->pools);
    assert_int_equal(limits->nodes, wanted->nodes);
    assert_int_equal(limits->jobs, wanted->jobs);
    assert_int_equal(limits->placements, wanted->placements);
    assert_int_equal(limits->classes, wanted->classes);
    assert_int_equal(limits->moves, wanted->moves);
    assert_int_equal(limits->queues, wanted->queues);
    assert_int_equal(limits->lanes, wanted->lanes);
    assert_int_equal(limits->reservations, wanted->reservations);
    assert_true(config.seed == UINT64_MAX && config.plain);
    assert_int_equal(config.fair_share_half_life_ms, 60000);
    assert_int_equal(config.preempt_after_ms, 1);
    assert_string_equal(made->program, "0.1.0");
    assert_string_equal(made->driver, "a test,  two lines");
    struct wf_journal_record record;
    bool more;
    assert_int_equal(wf_journal_next(reader, &record, &more, &err), WF_OK);
    assert_int_equal(record.kind, WF_JOURNAL_NAME);
    assert_int_equal(record.name.what, WF_JOURNAL_POOL);
    assert_int_equal(record.name.number, 3);
    assert_string_equal(record.name.text, "the old hall");
    assert_int_equal(wf_journal_next(reader, &record, &more, &err), WF_OK);
    assert_int_equal(record.kind, WF_JOURNAL_EVENT);
    assert_int_equal(record.line, 6);
    assert_int_equal(record.event.job_end.id.number, 17);
    assert_string_equal(wf_journal_reader_text(reader), "end time=5 job=17 failed=yes");
    assert_int_equal(wf_journal_next(reader, &record, &more, &err), WF_OK);
    assert_int_equal(record.kind, WF_JOURNAL_HASH);
    assert_true(record.hash.hash == UINT64_MAX - 1 && record.hash.events == 1);
    assert_int_equal(wf_journal_next(reader, &record, &more, &err), WF_OK);
    assert_false(more);
    wf_journal_reader_close(reader);
}

static void a_journal_cut_anywhere_goes_on_as_if_nothing_was(void **state)
{
    (void)state;
    static char whole[FILE_BYTES], again[FILE_BYTES];
    write_up_to(9);
    size_t length = slurp(whole);
    for (size_t cut = 0; cut <= length; cut++) {
        scratch_write("journal", whole, cut);
        write_up_to(9);
        assert_int_equal(slurp(again), length);
        assert_string_equal(again, whole);
    }
}

static void a_torn_line_is_noticed_and_left_out(void **state)
{
    (void)state;
    static char whole[FILE_BYTES];
    write_up_to(3);
    size_t length = slurp(whole);
    for (size_t cut = 1; cut < 30; cut++) {
        scratch_write("journal", whole, length - cut);
        struct wf_journal_reader *reader = open_journal(false);
        assert_int_equal(read_rest(reader), cut <= 27 ? 2 : 1);
        size_t rest = (size_t)(strrchr(whole, '#') + 10 - whole) - cut;
        while (rest > 0 && whole[rest - 1] != '\n') {
            rest--;
        }
        assert_int_equal(wf_journal_torn_bytes(reader), length - cut - rest);
        wf_journal_reader_close(reader);
    }
}

static void a_changed_letter_is_noticed(void **state)
{
    (void)state;
    static char whole[FILE_BYTES];
    write_up_to(9);
    size_t length = slurp(whole);
    uint64_t line = 1, lines = 0;
    for (size_t i = 0; i < length; i++) {
        lines += whole[i] == '\n';
    }
    for (size_t i = 0; i < length && line < lines; i++) {
        char was = whole[i], sentence[40];
        snprintf(sentence, sizeof sentence, ", line %llu: ", (unsigned long long)line);
        if (was == '\n' && line == lines - 1) {
            break; // with the last line it would be one, cut short
        }
        whole[i] = (char)(was ^ 1);
        scratch_write("journal", whole, length);
        refuses(i < 18 ? "is no journal" : sentence);
        whole[i] = was;
        line += was == '\n';
    }
}

static void a_line_that_is_missing_or_moved_is_noticed(void **state)
{
    (void)state;
    static char whole[FILE_BYTES], changed[FILE_BYTES];
    write_up_to(9);
    slurp(whole);
    char *fifth = strstr(whole, "end time=1 "), *sixth = strstr(whole, "end time=2 "),
         *seventh = strstr(whole, "end time=3 ");
    snprintf(changed, sizeof changed, "%.*s%s", (int)(fifth - whole), whole, sixth);
    scratch_write_text("journal", changed);
    refuses("line 7: the line is damaged, its checksum is not that of its text");
    snprintf(changed, sizeof changed, "%.*s%.*s%.*s%s", (int)(fifth - whole), whole,
             (int)(seventh - sixth), sixth, (int)(sixth - fifth), fifth, seventh);
    scratch_write_text("journal", changed);
    refuses("line 7: the line is damaged");
}

static void a_whole_line_that_is_not_understood_is_no_torn_line(void **state)
{
    (void)state;
    static char whole[FILE_BYTES];
    const struct {
        const char *line, *sentence;
    } cases[] = {
        {"end time=1 job=1 exit=3", "line 7: end has no field 'exit'"},
        {"launch time=1", "line 7: there is no event 'launch'"},
        {"hash 1 events=1", "line 7: '1 events=1' is no hash of decisions"},
        {"hash 0123456789abcdeg events=1", "is no hash of decisions"},
        {"hash 0123456789abcdef events=1 ", "is no hash of decisions"},
        {"name pool x y", "line 7: 'pool x y' names nothing that is known"},
        {"name planet 1 mars", "line 7: 'planet 1 mars' names nothing that is known"},
        {"", "line 7: there is no event ''"},
    };
    write_up_to(1);
    size_t length = slurp(whole);
    for (uint32_t i = 0; i < WF_COUNT_OF(cases); i++) {
        size_t added = strlen(cases[i].line);
        snprintf(whole + length, sizeof whole - length, "%s", cases[i].line);
        added = wf_journal_seal(whole + length, added, 7);
        scratch_write("journal", whole, length + added);
        refuses(cases[i].sentence);
    }
}

static void a_head_that_does_not_tell_is_refused(void **state)
{
    (void)state;
    const struct {
        uint64_t line;
        const char *text, *sentence;
    } cases[] = {
        {1, "whaleflux journal 2", "line 1: this is a journal of version 2, only version 1 is"},
        {2, "made program=1", "line 2: the journal does not say what made it: 'made program=1'"},
        {2, "made program=1 policy=best-fit discipline=easy seed=-1", "line 2: the journal does"},
        {3, "limits models=4294967296", "line 3: the journal does not say what made it"},
        {4, "drivers", "line 4: the journal does not say what made it"},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(cases); i++) {
        static char head[WF_JOURNAL_HEAD_BYTES], text[FILE_BYTES];
        size_t length, at = 0;
        assert_int_equal(wf_journal_write_head(&maker, head, &length, NULL), WF_OK);
        const char *line = head;
        for (uint64_t k = 1; k <= WF_JOURNAL_HEAD_LINES; k++) {
            const char *next = strchr(line, '\n') + 1;
            const char *from = k == cases[i].line ? cases[i].text : line;
            size_t bytes = k == cases[i].line ? strlen(from) : (size_t)(next - line);
            snprintf(text + at, sizeof text - at, "%.*s", (int)bytes, from);
            at += k == cases[i].line ? wf_journal_seal(text + at, bytes, k) : bytes;
            line = next;
        }
        scratch_write("journal", text, at);
        refuses(cases[i].sentence);
    }
}

static void another_file_is_left_alone(void **state)
{
    (void)state;
    struct wf_journal_reader *reader;
    struct wf_error err;
    char content[FILE_BYTES];
    scratch_write_text("journal", "name,gpus\n");
    assert_int_equal(wf_journal_open(path, true, &reader, &err), WF_INVALID);
    assert_non_null(strstr(err.text, "is no journal: it does not begin with 'whaleflux journal '"));
    slurp(content);
    assert_string_equal(content, "name,gpus\n");
    scratch_write_text("journal", "");
    refuses("is empty: nobody began to write this journal");
    assert_int_equal(wf_journal_open("/nowhere/journal", true, &reader, &err), WF_IO);
    assert_string_equal(err.text, "/nowhere/journal cannot be opened: No such file or directory");
}

static void one_writer_at_a_time(void **state)
{
    (void)state;
    uint64_t events;
    struct wf_journal *journal = begin(&events);
    struct wf_journal_reader *reader;
    struct wf_error err;
    assert_int_equal(wf_journal_open(path, true, &reader, &err), WF_EXISTS);
    assert_non_null(strstr(err.text, "another program writes to "));
    assert_int_equal(wf_journal_open(path, false, &reader, &err), WF_OK);
    wf_journal_reader_close(reader);
    assert_int_equal(wf_journal_close(journal, NULL), WF_OK);
    journal = begin(&events);
    assert_int_equal(wf_journal_close(journal, NULL), WF_OK);
}

static void what_no_journal_can_hold_is_refused_and_leaves_no_trace(void **state)
{
    (void)state;
    uint64_t events;
    struct wf_error err;
    struct wf_journal *journal = begin(&events);
    struct wf_event wrong = {.kind = WF_EVENT_POOL, .pool = {.spec = {.vendor = 9}}};
    assert_int_equal(wf_journal_event(journal, &wrong, &err), WF_INVALID);
    assert_int_equal(wf_journal_name(journal, WF_JOURNAL_NODE, 1, "two\nlines", &err), WF_INVALID);
    assert_string_equal(err.text, "the name of node 1 is too long for a journal, or no text");
    assert_int_equal(wf_journal_close(journal, &err), WF_OK);
    write_up_to(2);
    struct wf_journal_reader *reader = open_journal(false);
    assert_int_equal(read_rest(reader), 2);
    wf_journal_reader_close(reader);
    maker.policy[0] = '\0';
    char head[WF_JOURNAL_HEAD_BYTES];
    size_t length;
    assert_int_equal(wf_journal_write_head(&maker, head, &length, &err), WF_INVALID);
}

// The disk is full after so many bytes.
static void a_full_disk_is_told_and_final(void **state)
{
    (void)state;
    struct rlimit before, tight;
    struct wf_error err;
    uint64_t events;
    struct wf_journal *journal = begin(&events);
    struct wf_event event = {.kind = WF_EVENT_TIME};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    tight = before;
    tight.rlim_cur = 700;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    for (; event.time_ms < 100; event.time_ms++) {
        assert_int_equal(wf_journal_event(journal, &event, &err), WF_OK);
    }
    enum wf_status status = wf_journal_flush(journal, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, WF_IO);
    assert_non_null(strstr(err.text, "journal cannot be written: File too large"));
    assert_int_equal(wf_journal_event(journal, &event, &err), WF_IO);
    assert_int_equal(wf_journal_close(journal, &err), WF_IO);
    struct wf_journal_reader *reader =
        open_journal(true); // what is there is a journal all the same
    assert_true(read_rest(reader) > 0);
    wf_journal_reader_close(reader);
}

static void many_lines_are_read_through_a_small_buffer(void **state)
{
    (void)state;
    write_up_to(40000);
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_true(about.st_size > 1000000);
    struct wf_journal_reader *reader = open_journal(false);
    assert_int_equal(read_rest(reader), 40000);
    assert_int_equal(wf_journal_torn_bytes(reader), 0);
    wf_journal_reader_close(reader);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_written_is_read_again),
        TEST(a_journal_cut_anywhere_goes_on_as_if_nothing_was),
        TEST(a_torn_line_is_noticed_and_left_out),
        TEST(a_changed_letter_is_noticed),
        TEST(a_line_that_is_missing_or_moved_is_noticed),
        TEST(a_whole_line_that_is_not_understood_is_no_torn_line),
        TEST(a_head_that_does_not_tell_is_refused),
        TEST(another_file_is_left_alone),
        TEST(one_writer_at_a_time),
        TEST(what_no_journal_can_hold_is_refused_and_leaves_no_trace),
        TEST(a_full_disk_is_told_and_final),
        TEST(many_lines_are_read_through_a_small_buffer),
    };
    scratch_init();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_finish();
    return failed;
}
