// SPDX-License-Identifier: Apache-2.0
// What a reader of one format is, and what it may use of the history that it fills. Only the files
// of this folder include this.
#pragma once

#include <stdbool.h>

#include "sim/history/history.h"
#include "sim/history/shelf.h"
#include "text/lines.h"

// An id with this bit stands for the number below it and needs no name.
#define WF_HISTORY_ID_NUMBER UINT32_C(0x80000000)

// No time of a history is later: the end of the year 9999.
#define WF_HISTORY_MS_MAX INT64_C(253402300799000)

struct wf_history_reader {
    const char *name;
    enum wf_history_format format;
    bool numbers; // ids stand for themselves, see WF_HISTORY_ID_NUMBER
    bool streams; // lines come in the order of submission but for little; jobs are then handed out
                  // while reading and cannot be changed any more

    // Whether a file of this format may begin with this line.
    bool (*recognise)(const char *line);

    // Makes what the reader keeps from line to line; NULL with destroy where it keeps nothing.
    enum wf_status (*create)(struct wf_history *history, void **state_out, struct wf_error *err);
    void (*destroy)(void *state);

    // Takes one line, which it may write to. WF_INVALID means that the line is damaged and err
    // tells why, without file and line; every other error ends the reading.
    enum wf_status (*take)(struct wf_history *history, void *state, char *line,
                           struct wf_error *err);

    // Is called once after the last line; may be NULL. The line is then that of WF_INVALID.
    enum wf_status (*end)(struct wf_history *history, void *state, struct wf_error *err);
};

struct wf_history {
    struct wf_history_config config;
    const struct wf_history_reader *reader;
    void *state;
    struct wf_lines *lines;
    struct wf_names *names;
    struct wf_history_summary summary;
    struct wf_shelf shelf; // a reader that does not stream may change the jobs on it until the file
                           // ends; one without tasks is then dropped
    uint64_t line;         // that is being read
    int64_t passed_ms;     // submission of the job handed out last
    uint64_t passed_line;  // where it stands
    bool read_to_the_end;
};

// Adds a job. index_out may be NULL, and is not set in a stream. Errors: WF_LIMIT, WF_NOMEM.
enum wf_status wf_history_put(struct wf_history *history, const struct wf_history_job *job,
                              uint32_t *index_out, struct wf_error *err) WF_MUST_USE;

// Says what is odd about a line that is not left out.
void wf_history_complain(struct wf_history *history, uint64_t line, const char *format, ...)
    WF_PRINTF(3, 4);

// Gives the number of a name; text ends with a zero.
enum wf_status wf_history_name(struct wf_history *history, const char *text, uint32_t *number_out,
                               struct wf_error *err) WF_MUST_USE;

// The same of a job's name, without what tells repeated runs apart: numbers at its end that stand
// behind '-', '_', '.' or ':' ("train-20260501_3" is "train").
enum wf_status wf_history_stem(struct wf_history *history, const char *text, uint32_t *number_out,
                               struct wf_error *err) WF_MUST_USE;

// Every reader there is, in the order in which they are asked what a file is (readers.c).
extern const struct wf_history_reader *const wf_history_readers[];
extern const uint32_t wf_history_reader_count;
extern const struct wf_history_reader wf_history_reader_sacct;
extern const struct wf_history_reader wf_history_reader_swf;
extern const struct wf_history_reader wf_history_reader_pods;
extern const struct wf_history_reader wf_history_reader_openb;
extern const struct wf_history_reader wf_history_reader_journal;
