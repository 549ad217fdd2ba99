// SPDX-License-Identifier: Apache-2.0
#include "store/batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "store/losses.h"
#include "store/writes.h"

enum { BUFFER_BYTES_KEPT = 1 << 20 }; // of a batch that is cleared

struct wf_batch *wf_batch_create(void)
{
    return calloc(1, sizeof(struct wf_batch));
}

void wf_batch_destroy(struct wf_batch *batch)
{
    if (batch) {
        free(batch->buffer);
        free(batch);
    }
}

void wf_batch_clear(struct wf_batch *batch)
{
    if (batch->capacity > BUFFER_BYTES_KEPT) {
        free(batch->buffer);
        batch->buffer = NULL;
        batch->capacity = 0;
    }
    batch->length = 0;
    batch->failed = WF_OK;
}

bool wf_batch_is_empty(const struct wf_batch *batch)
{
    return batch->length == 0 && batch->failed == WF_OK;
}

bool wf_batch_is_full(const struct wf_batch *batch)
{
    return batch->length >= WF_BATCH_BYTES_FULL;
}

// Makes room for so many bytes behind what is there. Returns NULL when there is none, and the batch
// then holds nothing any more: half a batch must never be written.
static char *reserve(struct wf_batch *batch, size_t bytes)
{
    if (batch->failed == WF_OK && bytes > WF_BATCH_BYTES_MAX - batch->length) {
        batch->failed = WF_LIMIT;
    }
    if (batch->failed == WF_OK && bytes > batch->capacity - batch->length) {
        size_t capacity = batch->length + bytes + batch->capacity / 2;
        capacity = capacity > WF_BATCH_BYTES_MAX ? WF_BATCH_BYTES_MAX : capacity;
        char *buffer = realloc(batch->buffer, capacity);
        if (buffer) {
            batch->buffer = buffer;
            batch->capacity = capacity;
        } else {
            batch->failed = WF_NOMEM;
        }
    }
    if (batch->failed != WF_OK) {
        batch->length = 0;
        return NULL;
    }
    return batch->buffer + batch->length;
}

static void add(struct wf_batch *batch, char letter, const void *content, size_t bytes)
{
    char *to = reserve(batch, bytes + 1);
    if (to) {
        to[0] = letter;
        memcpy(to + 1, content, bytes);
        batch->length += bytes + 1;
    }
}

static void add_bytes(struct wf_batch *batch, const void *content, uint32_t bytes)
{
    add(batch, 't', &bytes, sizeof bytes);
    char *to = reserve(batch, bytes);
    if (to) {
        memcpy(to, content, bytes);
        batch->length += bytes;
    }
}

static void begin(struct wf_batch *batch, enum wf_write write)
{
    add(batch, (char)write, "", 0);
}

static void add_number(struct wf_batch *batch, int64_t number)
{
    add(batch, 'i', &number, sizeof number);
}

// What is given out or measured never comes near the half of its range that SQLite has not got.
static void add_count(struct wf_batch *batch, uint64_t number)
{
    WF_ASSERT(number <= INT64_MAX);
    add_number(batch, (int64_t)number);
}

// A text that is too long for 32 bits is too long for a batch, too, at which it then fails.
static void add_text(struct wf_batch *batch, const char *text)
{
    size_t length = text ? strlen(text) : 0;
    add_bytes(batch, text ? text : "", length < UINT32_MAX ? (uint32_t)length : UINT32_MAX);
}

void wf_batch_job(struct wf_batch *batch, const struct wf_job_row *row)
{
    if (row->document) {
        begin(batch, WF_WRITE_DOCUMENT);
        add_count(batch, row->array ? row->array : row->id);
        add_text(batch, row->document);
    }
    begin(batch, WF_WRITE_JOB);
    add_count(batch, row->id);
    add_count(batch, row->array);
    add_text(batch, row->name);
    add_text(batch, row->user);
    add_text(batch, row->queue);
    add_number(batch, row->uid);
    add_number(batch, row->gid);
    add_number(batch, row->submitted_ms);
    add_text(batch, wf_job_state_word(row->state));
    add_text(batch, row->reason_code);
    add_text(batch, row->reason);
    add_number(batch, row->started_ms);
    add_number(batch, row->ended_ms);
    add_number(batch, row->attempts);
    add_number(batch, row->requeues);
    add_number(batch, row->cost_nanousd);
    add_count(batch, row->gpu_ms);
    add_count(batch, row->cpu_ms);
    add_count(batch, row->memory_peak_bytes);
    add_text(batch, row->warnings);
}

void wf_batch_run(struct wf_batch *batch, const struct wf_run_row *row)
{
    begin(batch, WF_WRITE_RUN);
    add_count(batch, row->job);
    add_number(batch, row->attempt);
    add_number(batch, row->granted_ms);
    add_number(batch, row->started_ms);
    add_number(batch, row->ended_ms);
    add_text(batch, row->node);
    add_number(batch, (int64_t)row->gpu_set); // bits, the highest one too
    add_number(batch, row->gpu_milli);
    add_text(batch, row->end);
    add_number(batch, row->exit_code);
    add_number(batch, row->signal);
    add_text(batch, row->detail);
    add_text(batch, row->warnings);
    add_count(batch, row->cpu_ms);
    add_count(batch, row->memory_peak_bytes);
    add_count(batch, row->gpu_ms);
    add_number(batch, row->cost_nanousd);
}

void wf_batch_ledger(struct wf_batch *batch, const struct wf_ledger_row *row)
{
    begin(batch, WF_WRITE_LEDGER);
    add_count(batch, row->job);
    add_number(batch, row->attempt);
    add_number(batch, row->from_ms);
    add_number(batch, row->to_ms);
    add_text(batch, row->user);
    add_text(batch, row->queue);
    add_text(batch, row->pool);
    add_count(batch, row->gpu_ms);
    add_count(batch, row->core_ms);
    add_number(batch, row->cost_nanousd);
    add_text(batch, row->price_source);
}

void wf_batch_loss(struct wf_batch *batch, const struct wf_loss_row *row)
{
    begin(batch, WF_WRITE_LOSS);
    add_count(batch, row->job);
    add_number(batch, row->attempt);
    add_number(batch, row->from_ms);
    add_number(batch, row->to_ms);
    add_text(batch, row->user);
    add_text(batch, row->queue);
    add_text(batch, row->why);
    add_count(batch, row->gpu_ms);
    add_number(batch, row->cost_nanousd);
}

void wf_batch_move(struct wf_batch *batch, uint64_t job, const char *name, const char *queue)
{
    begin(batch, WF_WRITE_MOVE);
    add_text(batch, name);
    add_text(batch, queue);
    add_count(batch, job);
}

void wf_batch_work(struct wf_batch *batch, uint64_t job, const char *engine, const char *key)
{
    begin(batch, WF_WRITE_WORK);
    add_count(batch, job);
    add_text(batch, engine);
    add_text(batch, key);
}

void wf_batch_life(struct wf_batch *batch, const struct wf_life_row *row)
{
    begin(batch, WF_WRITE_LIFE);
    add_text(batch, row->boot);
    add_text(batch, row->pool);
    add_number(batch, row->booted_ms);
    add_number(batch, row->from_ms);
    add_number(batch, row->seen_ms);
    add_number(batch, row->gone_ms);
    add_number(batch, row->left);
}

void wf_batch_audit(struct wf_batch *batch, const struct wf_audit_row *row)
{
    begin(batch, WF_WRITE_AUDIT);
    add_number(batch, row->time_ms);
    add_text(batch, row->actor);
    add_text(batch, row->role);
    add_text(batch, row->over);
    add_text(batch, row->action);
    add_text(batch, row->object);
    add_text(batch, row->outcome);
    add_text(batch, row->detail);
}

void wf_batch_feed(struct wf_batch *batch, const struct wf_feed_row *row)
{
    begin(batch, WF_WRITE_FEED);
    add_count(batch, row->seq);
    add_number(batch, row->time_ms);
    add_count(batch, row->job);
    add_text(batch, row->kind);
    add_text(batch, row->data);
}

void wf_batch_forget_feed(struct wf_batch *batch, uint64_t up_to_seq)
{
    begin(batch, WF_WRITE_FORGET_FEED);
    add_count(batch, up_to_seq);
}

void wf_batch_token(struct wf_batch *batch, const struct wf_token_row *row)
{
    begin(batch, WF_WRITE_TOKEN);
    add_count(batch, row->id);
    add_text(batch, row->name);
    add_text(batch, row->role);
    add_text(batch, row->user);
    add_text(batch, row->hash);
    add_number(batch, row->created_ms);
    add_number(batch, row->expires_ms);
    add_number(batch, row->revoked_ms);
}

void wf_batch_meta(struct wf_batch *batch, const char *key, const char *value)
{
    begin(batch, WF_WRITE_META);
    add_text(batch, key);
    add_text(batch, value);
}

// Adds a line that was written, without its end.
static void add_line(struct wf_batch *batch, uint64_t *lines, const char *text, size_t length)
{
    begin(batch, WF_WRITE_JOURNAL);
    add_count(batch, ++*lines);
    add_bytes(batch, text, (uint32_t)length - 1);
}

enum wf_status wf_batch_head(struct wf_batch *batch, uint64_t *lines,
                             const struct wf_journal_maker *maker, struct wf_error *err)
{
    WF_ASSERT(*lines == 0);
    char text[WF_JOURNAL_HEAD_BYTES];
    size_t length;
    enum wf_status status = wf_journal_write_head(maker, text, &length, err);
    for (const char *line = text; status == WF_OK && line < text + length;) {
        size_t bytes = strcspn(line, "\n") + 1;
        add_line(batch, lines, line, bytes);
        line += bytes;
    }
    return status;
}

enum wf_status wf_batch_event(struct wf_batch *batch, uint64_t *lines, const struct wf_event *event,
                              struct wf_error *err)
{
    char text[WF_JOURNAL_LINE_BYTES];
    struct wf_journal_line line = {.number = *lines + 1, .text = text};
    enum wf_status status = wf_journal_write_event(event, &line, err);
    if (status == WF_OK) {
        add_line(batch, lines, text, line.length);
    }
    return status;
}

void wf_batch_hash(struct wf_batch *batch, uint64_t *lines, uint64_t hash, uint64_t events)
{
    char text[WF_JOURNAL_LINE_BYTES];
    struct wf_journal_line line = {.number = *lines + 1, .text = text};
    wf_journal_write_hash(hash, events, &line);
    add_line(batch, lines, text, line.length);
}

enum wf_status wf_batch_name(struct wf_batch *batch, uint64_t *lines, enum wf_journal_named what,
                             uint64_t number, const char *name, struct wf_error *err)
{
    char text[WF_JOURNAL_LINE_BYTES];
    struct wf_journal_line line = {.number = *lines + 1, .text = text};
    enum wf_status status = wf_journal_write_name(what, number, name, &line, err);
    if (status == WF_OK) {
        add_line(batch, lines, text, line.length);
    }
    return status;
}
