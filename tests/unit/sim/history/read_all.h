// SPDX-License-Identifier: Apache-2.0
// Reads a whole history out of a text, for tests of its readers.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sim/history/history.h"
#include "unit/scratch.h"

#define DAY_MS INT64_C(86400000)
#define MAY_2026_MS INT64_C(1777593600000) // 2026-05-01T00:00:00Z

enum { JOBS_MAX = 64 };

struct all {
    struct wf_history *history;
    struct wf_history_job jobs[JOBS_MAX];
    uint32_t count;
};

// Reads a file to its end; at most JOBS_MAX jobs are kept, all are counted.
static inline enum wf_status read_path(const struct wf_history_config *config, struct all *all,
                                       struct wf_error *err)
{
    *all = (struct all){0};
    enum wf_status status = wf_history_open(config, &all->history, err);
    bool more = status == WF_OK;
    int64_t last = INT64_MIN;
    while (more) {
        struct wf_history_job job;
        status = wf_history_next(all->history, &job, &more, err);
        if (status != WF_OK || !more) {
            break;
        }
        assert_true(job.submit_ms >= last);
        last = job.submit_ms;
        if (all->count < JOBS_MAX) {
            all->jobs[all->count] = job;
        }
        all->count++;
    }
    return status;
}

static inline enum wf_status try_text(struct wf_history_config config, const char *text,
                                      struct all *all, struct wf_error *err)
{
    config.path = scratch_write_text("history", text);
    return read_path(&config, all, err);
}

static inline struct all read_with(struct wf_history_config config, const char *text)
{
    struct all all;
    struct wf_error err = {0};
    if (try_text(config, text, &all, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(wf_history_summary(all.history)->jobs, all.count);
    return all;
}

static inline struct all read_text(const char *text)
{
    return read_with((struct wf_history_config){.format = WF_HISTORY_GUESS}, text);
}

// The text is refused with these words.
static inline void refused(struct wf_history_config config, const char *text, enum wf_status status,
                           const char *words)
{
    struct all all;
    struct wf_error err = {0};
    assert_int_equal(try_text(config, text, &all, &err), status);
    if (!strstr(err.text, words) || !strstr(err.text, config.path ? config.path : "history")) {
        fail_msg("'%s' lacks '%s'", err.text, words);
    }
    assert_int_not_equal(err.text[strlen(err.text) - 1], '.');
    wf_history_close(all.history);
}

static inline const char *name_of(const struct all *all, uint32_t number)
{
    return wf_names_text(wf_history_names(all->history), number);
}

static inline const struct wf_history_job *job_of(const struct all *all, const char *id)
{
    uint32_t number = wf_history_id_find(all->history, id);
    for (uint32_t i = 0; i < all->count && i < JOBS_MAX; i++) {
        if (all->jobs[i].id == number) {
            char text[WF_HISTORY_ID_BYTES];
            assert_string_equal(wf_history_id_text(all->history, number, text), id);
            return &all->jobs[i];
        }
    }
    fail_msg("no job %s", id);
    return NULL;
}

// Some complaint has these words.
static inline void complains(const struct all *all, const char *words)
{
    const struct wf_history_summary *summary = wf_history_summary(all->history);
    for (uint32_t i = 0; i < summary->complaint_count; i++) {
        if (strstr(summary->complaints[i], words)) {
            return;
        }
    }
    fail_msg("%u complaints, none of them '%s'; the first is '%s'", summary->complaint_count, words,
             summary->complaints[0]);
}
