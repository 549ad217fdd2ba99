// SPDX-License-Identifier: Apache-2.0
// A daemon's database that is damaged, or none: no crash, no leak, no endless loop; an error has
// its sentence; what is read has all its texts and states that there are. The first byte chooses:
// 0, the rest is the whole file; 1, it is patches of a good one; 2, likewise, and its end is
// missing.
//   patch: 3 bytes of an offset, a byte that says how many follow, those bytes
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"
#include "core/discipline/discipline.h"
#include "core/policy/policy.h"
#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

enum { FILE_BYTES_MAX = 1 << 20 };

// In memory where it can be: each input is written and synchronised.
static char folder[64] = "/dev/shm/whaleflux-fuzz-XXXXXX";
static char path[80];
static uint8_t good[FILE_BYTES_MAX], damaged[FILE_BYTES_MAX];
static size_t good_length;

static void remove_files(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    char name[96];
    for (size_t i = 0; i < WF_COUNT_OF(ends); i++) {
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        (void)unlink(name);
    }
}

static void clean_up(void)
{
    remove_files();
    (void)rmdir(folder);
}

static void add_rows(struct wf_batch *batch)
{
    struct wf_error err;
    uint64_t lines = 0;
    struct wf_journal_maker maker;
    struct wf_core_config core = {.limits = {.pools = 1, .nodes = 1, .jobs = 4, .placements = 4},
                                  .policy = wf_policy_find("best-fit")};
    wf_journal_maker_init(&maker, &core, "fuzz", "a database to be damaged");
    WF_ASSERT(wf_batch_head(batch, &lines, &maker, &err) == WF_OK);
    WF_ASSERT(wf_batch_name(batch, &lines, WF_JOURNAL_NODE, 0, "here", &err) == WF_OK);
    struct wf_event event = {.kind = WF_EVENT_TIME};
    WF_ASSERT(wf_batch_event(batch, &lines, &event, &err) == WF_OK);
    wf_batch_hash(batch, &lines, 0, 1);
    for (uint64_t id = 1; id < 20; id++) {
        wf_batch_job(batch, &(struct wf_job_row){.id = id,
                                                 .name = "train",
                                                 .user = "ada",
                                                 .queue = "default",
                                                 .document = "{\"command\":[\"x\"]}",
                                                 .state = (enum wf_job_state)(id % 8),
                                                 .reason_code = "room",
                                                 .reason = "finds no room",
                                                 .submitted_ms = 1,
                                                 .attempts = 1,
                                                 .warnings = "[]"});
        wf_batch_run(batch, &(struct wf_run_row){.job = id,
                                                 .attempt = 1,
                                                 .node = "here",
                                                 .end = "exit",
                                                 .detail = "",
                                                 .warnings = ""});
        wf_batch_ledger(batch, &(struct wf_ledger_row){.job = id,
                                                       .attempt = 1,
                                                       .from_ms = 1,
                                                       .to_ms = 2,
                                                       .user = "ada",
                                                       .queue = "default",
                                                       .pool = "H100",
                                                       .price_source = "a test"});
        wf_batch_feed(batch,
                      &(struct wf_feed_row){.seq = id, .job = id, .kind = "ended", .data = "{}"});
    }
    wf_batch_audit(batch, &(struct wf_audit_row){.actor = "ada",
                                                 .role = "admin",
                                                 .over = "socket",
                                                 .action = "submit",
                                                 .object = "job 1",
                                                 .outcome = "ok",
                                                 .detail = ""});
    wf_batch_token(batch,
                   &(struct wf_token_row){
                       .id = 1, .name = "first", .role = "admin", .user = "ada", .hash = "0"});
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct wf_database *db = NULL;
    struct wf_error err;
    (void)argc;
    (void)argv;
    if (!mkdtemp(folder)) {
        snprintf(folder, sizeof folder, "/tmp/whaleflux-fuzz-XXXXXX");
        WF_ASSERT(mkdtemp(folder));
    }
    snprintf(path, sizeof path, "%s/db", folder);
    WF_ASSERT(atexit(clean_up) == 0);
    struct wf_batch *batch = wf_batch_create();
    WF_ASSERT(batch && wf_database_open(path, &db, &err) == WF_OK);
    add_rows(batch);
    WF_ASSERT(wf_database_write(db, batch, &err) == WF_OK);
    wf_batch_destroy(batch);
    wf_database_close(db);
    FILE *file = fopen(path, "re");
    WF_ASSERT(file);
    good_length = fread(good, 1, sizeof good, file);
    fclose(file);
    WF_ASSERT(good_length > 0 && good_length < sizeof good);
    return 0;
}

static size_t damage(const uint8_t *data, size_t size, bool cut)
{
    memcpy(damaged, good, good_length);
    size_t length = good_length;
    while (size >= 4) {
        size_t offset = ((size_t)data[0] << 16 | (size_t)data[1] << 8 | data[2]) % good_length;
        size_t count = data[3] < size - 4 ? data[3] : size - 4;
        count = count < good_length - offset ? count : good_length - offset;
        memcpy(damaged + offset, data + 4, count);
        length = cut ? offset + count : length;
        data += 4 + count;
        size -= 4 + count;
    }
    return length;
}

static void check_text(const char *text)
{
    WF_ASSERT(text);
    WF_ASSERT(strlen(text) < FILE_BYTES_MAX * 2);
}

static bool see_job(void *context, const struct wf_job_row *row)
{
    uint32_t *rows = context;
    check_text(row->name);
    check_text(row->user);
    check_text(row->queue);
    check_text(row->reason_code);
    check_text(row->warnings);
    WF_ASSERT((uint32_t)row->state < WF_JOB_STATE_COUNT);
    return ++*rows < 100000;
}

static bool see_run(void *context, const struct wf_run_row *row)
{
    uint32_t *rows = context;
    check_text(row->node);
    check_text(row->end);
    check_text(row->warnings);
    return ++*rows < 100000;
}

static bool see_sum(void *context, const struct wf_ledger_sum *sum)
{
    uint32_t *rows = context;
    check_text(sum->key);
    return ++*rows < 100000;
}

static bool see_change(void *context, const struct wf_audit_row *row)
{
    uint32_t *rows = context;
    check_text(row->actor);
    check_text(row->detail);
    return ++*rows < 100000;
}

static bool see_feed(void *context, const struct wf_feed_row *row)
{
    uint32_t *rows = context;
    check_text(row->kind);
    check_text(row->data);
    return ++*rows < 100000;
}

static bool see_token(void *context, const struct wf_token_row *row)
{
    uint32_t *rows = context;
    check_text(row->hash);
    check_text(row->role);
    return ++*rows < 100000;
}

static void check(enum wf_status status, struct wf_error *err)
{
    WF_ASSERT(status == WF_OK || (err->status == status && err->text[0] != '\0'));
    *err = (struct wf_error){.text = ""};
}

static void read_all(struct wf_database *db)
{
    struct wf_error err = {.text = ""};
    struct wf_database_last last;
    uint32_t rows = 0;
    const struct wf_job_query jobs = {.limit = 1000};
    const struct wf_job_query named = {.name = "train", .newest_first = true, .limit = 10};
    const struct wf_ledger_query ledger = {.by = WF_LEDGER_BY_USER};
    const struct wf_feed_query feed = {.after = 0, .limit = 1000};
    check(wf_database_last(db, &last, &err), &err);
    check(wf_database_jobs(db, &jobs, see_job, &rows, &err), &err);
    check(wf_database_jobs(db, &named, see_job, &rows, &err), &err);
    check(wf_database_runs(db, 1, see_run, &rows, &err), &err);
    check(wf_database_ledger(db, &ledger, see_sum, &rows, &err), &err);
    check(wf_database_audit(db, 0, 1000, see_change, &rows, &err), &err);
    check(wf_database_feed(db, &feed, see_feed, &rows, &err), &err);
    check(wf_database_tokens(db, see_token, &rows, &err), &err);
}

static void read_journal(void)
{
    struct wf_error err = {.text = ""};
    struct wf_journal_reader *reader = NULL;
    struct wf_journal_record record;
    enum wf_status status = wf_journal_open(path, false, &reader, &err);
    for (bool more = status == WF_OK; more && status == WF_OK;) {
        status = wf_journal_next(reader, &record, &more, &err);
    }
    check(status, &err);
    wf_journal_reader_close(reader);
}

static void write_one(struct wf_database *db)
{
    struct wf_error err = {.text = ""};
    struct wf_batch *batch = wf_batch_create();
    WF_ASSERT(batch);
    wf_batch_meta(batch, "probe", "1");
    check(wf_database_write(db, batch, &err), &err);
    wf_batch_destroy(batch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > FILE_BYTES_MAX) {
        return 0;
    }
    const uint8_t *content = data + 1;
    size_t length = size - 1;
    if (data[0] % 3 != 0) {
        length = damage(data + 1, size - 1, data[0] % 3 == 2);
        content = damaged;
    }
    remove_files();
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    WF_ASSERT(file >= 0 && write(file, content, length) == (ssize_t)length && close(file) == 0);
    read_journal();
    struct wf_database *db = NULL;
    struct wf_error err = {.text = ""};
    enum wf_status status = wf_database_open(path, &db, &err);
    check(status, &err);
    if (status == WF_OK) {
        read_all(db);
        write_one(db);
    }
    wf_database_close(db);
    return 0;
}
