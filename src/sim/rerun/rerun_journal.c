// SPDX-License-Identifier: Apache-2.0
#include "sim/rerun/rerun_journal.h"

#include <stdlib.h>
#include <string.h>

#include "store/store.h"

enum { WORD_SHOWN = 60 };

struct wf_rerun_journal {
    const char *path;
    char program[WF_JOURNAL_WORD_BYTES];
    char driver[WF_JOURNAL_DRIVER_BYTES];
    struct wf_journal_reader *reader; // while the run still gives what was there before
    struct wf_journal *journal;       // from then on
    struct wf_journal_maker maker;
    struct wf_rerun_journal_told told;
    uint64_t hashed; // events up to the last hash
    char line[WF_EVENT_TEXT_BYTES];
};

enum wf_status wf_rerun_journal_open(const struct wf_rerun_journal_config *config,
                                     struct wf_rerun_journal **journal_out, struct wf_error *err)
{
    struct wf_rerun_journal *journal = calloc(1, sizeof *journal);
    if (!journal) {
        return wf_fail(err, WF_NOMEM, "no memory to keep a journal");
    }
    journal->path = config->path;
    snprintf(journal->program, sizeof journal->program, "%s", config->program);
    snprintf(journal->driver, sizeof journal->driver, "%s", config->driver);
    enum wf_status status = wf_journal_open(config->path, true, &journal->reader, err);
    if (status != WF_OK) {
        free(journal);
        return status;
    }
    *journal_out = journal;
    return WF_OK;
}

void wf_rerun_journal_close(struct wf_rerun_journal *journal)
{
    if (journal) {
        wf_journal_reader_close(journal->reader);
        // Who got here without an end has said already what went wrong.
        (void)!wf_journal_close(journal->journal, NULL);
        free(journal);
    }
}

struct wf_rerun_journal_told wf_rerun_journal_told(const struct wf_rerun_journal *journal)
{
    return journal->told;
}

// Finds the first word in which two texts differ.
static void find_difference(const char **a, const char **b)
{
    const char *word_a = *a, *word_b = *b;
    for (; **a && **a == **b; (*a)++, (*b)++) {
        if (**a == ' ' || **a == '\n') {
            word_a = *a + 1;
            word_b = *b + 1;
        }
    }
    *a = word_a;
    *b = word_b;
}

static int word_length(const char *word)
{
    size_t length = strcspn(word, " \n");
    return (int)(length < WORD_SHOWN ? length : WORD_SHOWN);
}

// Whether the journal was made as this run would make it.
static enum wf_status compare_makers(const struct wf_rerun_journal *journal,
                                     const struct wf_journal_maker *was, struct wf_error *err)
{
    char old_head[WF_JOURNAL_HEAD_BYTES], new_head[WF_JOURNAL_HEAD_BYTES];
    size_t length;
    enum wf_status status = wf_journal_write_head(was, old_head, &length, err);
    status =
        status == WF_OK ? wf_journal_write_head(&journal->maker, new_head, &length, err) : status;
    if (status != WF_OK || strcmp(old_head, new_head) == 0) {
        return status;
    }
    const char *a = old_head, *b = new_head;
    find_difference(&a, &b);
    return wf_fail(err, WF_INVALID,
                   "%.160s is the journal of another run: it has %.*s where this one has %.*s (a "
                   "run is resumed with the same command on the same files)",
                   journal->path, word_length(a), a, word_length(b), b);
}

static enum wf_status refuse_line(const struct wf_rerun_journal *journal, const char *now,
                                  struct wf_error *err)
{
    return wf_fail(err, WF_INVALID,
                   "%.160s, line %llu: the run now gives '%.80s' where the journal has '%.80s': "
                   "the program has changed, or its inputs have",
                   journal->path, (unsigned long long)wf_journal_reader_line(journal->reader), now,
                   wf_journal_reader_text(journal->reader));
}

// Holds what comes next against the journal, as long as it has more; sets *written_out when it was
// there already. Else the journal is ready for it to be added.
static enum wf_status meet(struct wf_rerun_journal *journal, const char *now, bool *written_out,
                           struct wf_error *err)
{
    struct wf_journal_record record;
    *written_out = false;
    if (!journal->reader) {
        return WF_OK;
    }
    enum wf_status status = wf_journal_next(journal->reader, &record, written_out, err);
    if (status != WF_OK) {
        return status;
    }
    if (*written_out) {
        return strcmp(wf_journal_reader_text(journal->reader), now) == 0
                   ? WF_OK
                   : refuse_line(journal, now, err);
    }
    struct wf_journal_reader *reader = journal->reader;
    journal->told.torn_bytes = wf_journal_torn_bytes(reader);
    journal->reader = NULL;
    return wf_journal_append(reader, &journal->maker, &journal->journal, err);
}

static enum wf_status name(struct wf_rerun_journal *journal, enum wf_journal_named what,
                           uint32_t number, const char *text, struct wf_error *err)
{
    bool written;
    snprintf(journal->line, sizeof journal->line, "name %s %u %s", wf_journal_named_word(what),
             number, text);
    enum wf_status status = meet(journal, journal->line, &written, err);
    if (status == WF_OK && !written) {
        status = wf_journal_name(journal->journal, what, number, text, err);
    }
    return status;
}

static enum wf_status name_lists(struct wf_rerun_journal *journal, const struct wf_site *site,
                                 struct wf_error *err)
{
    const struct {
        enum wf_journal_named what;
        char *const *texts;
        uint32_t count;
    } lists[] = {
        {WF_JOURNAL_MODEL, site->models, site->model_count},
        {WF_JOURNAL_GROUP, site->groups, site->group_count},
        {WF_JOURNAL_ZONE, site->zones, site->zone_count},
    };
    enum wf_status status = WF_OK;
    for (uint32_t i = 0; i < WF_COUNT_OF(lists); i++) {
        for (uint32_t k = 0; k < lists[i].count && status == WF_OK; k++) {
            status = name(journal, lists[i].what, k, lists[i].texts[k], err);
        }
    }
    return status;
}

static enum wf_status name_site(struct wf_rerun_journal *journal, const struct wf_site *site,
                                struct wf_error *err)
{
    enum wf_status status = name_lists(journal, site, err);
    for (uint32_t i = 0; i < site->label_count && status == WF_OK; i++) {
        status = name(journal, WF_JOURNAL_LABEL, site->labels[i].number, site->labels[i].name, err);
    }
    for (uint32_t i = 0; i < site->pool_count && status == WF_OK; i++) {
        status = name(journal, WF_JOURNAL_POOL, i, site->pools[i].name, err);
    }
    for (uint32_t i = 0; i < site->node_count && status == WF_OK; i++) {
        status = name(journal, WF_JOURNAL_NODE, i, site->nodes[i].name, err);
    }
    for (uint32_t i = 0; i < site->queue_count && status == WF_OK; i++) {
        status = name(journal, WF_JOURNAL_QUEUE, i, site->queues[i].name, err);
    }
    return status;
}

enum wf_status wf_rerun_journal_begin(struct wf_rerun_journal *journal,
                                      const struct wf_core_config *core, const struct wf_site *site,
                                      struct wf_error *err)
{
    const struct wf_journal_maker *was = wf_journal_reader_maker(journal->reader);
    wf_journal_maker_init(&journal->maker, core, journal->program, journal->driver);
    enum wf_status status = was ? compare_makers(journal, was, err) : WF_OK;
    return status == WF_OK ? name_site(journal, site, err) : status;
}

static enum wf_status take_hash(struct wf_rerun_journal *journal, uint64_t hash,
                                struct wf_error *err)
{
    bool written;
    snprintf(journal->line, sizeof journal->line, "hash %016llx events=%llu",
             (unsigned long long)hash, (unsigned long long)journal->told.events);
    enum wf_status status = meet(journal, journal->line, &written, err);
    if (status == WF_OK && !written) {
        status = wf_journal_hash(journal->journal, hash, journal->told.events, err);
        status = status == WF_OK ? wf_journal_flush(journal->journal, err) : status;
    }
    journal->hashed = journal->told.events;
    return status;
}

enum wf_status wf_rerun_journal_take(struct wf_rerun_journal *journal, const struct wf_event *event,
                                     uint64_t hash, struct wf_error *err)
{
    bool written = false;
    enum wf_status status = WF_OK;
    if (journal->reader) {
        status = wf_event_write(event, journal->line, NULL, err);
        status = status == WF_OK ? meet(journal, journal->line, &written, err) : status;
    }
    if (status == WF_OK && !written) {
        status = wf_journal_event(journal->journal, event, err);
    }
    journal->told.events++;
    journal->told.found += written;
    if (status == WF_OK && journal->told.events % WF_RERUN_JOURNAL_HASH_EVERY == 0) {
        status = take_hash(journal, hash, err);
    }
    return status;
}

enum wf_status wf_rerun_journal_end(struct wf_rerun_journal *journal, uint64_t hash,
                                    struct wf_error *err)
{
    enum wf_status status =
        journal->hashed < journal->told.events ? take_hash(journal, hash, err) : WF_OK;
    bool more = false;
    if (status == WF_OK && journal->reader) {
        struct wf_journal_record record;
        status = wf_journal_next(journal->reader, &record, &more, err);
        journal->told.torn_bytes = wf_journal_torn_bytes(journal->reader);
    }
    if (status == WF_OK && more) {
        return refuse_line(journal, "nothing more", err);
    }
    return status == WF_OK && journal->journal ? wf_journal_sync(journal->journal, err) : status;
}
