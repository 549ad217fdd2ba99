// SPDX-License-Identifier: Apache-2.0
// A batch of rows with what is to be done once it is on the disk: answers, starts and stops of
// runs, rows of the feed to be told. Internal to the desk.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/desk/ask.h"
#include "store/store.h"

enum wf_deed_kind {
    WF_DEED_ANSWER,
    WF_DEED_START, // the job's run of that attempt, if it is still wanted
    WF_DEED_STOP,  // likewise
    WF_DEED_END,   // work that others asked for, for good
    WF_DEED_KEEP,  // the run has ended: its logs are kept as long as there is room
    WF_DEED_FEED,
};

struct wf_deed {
    enum wf_deed_kind kind;
    union {
        struct {
            void (*done)(void *context, const struct wf_desk_answer *answer);
            void *context;
            struct wf_desk_answer answer;
        } answer;
        struct {
            uint64_t job;
            uint32_t attempt;
        } run;
        struct {
            uint64_t seq;
            int64_t time_ms;
            uint64_t job;
            const char *kind; // a constant
            char *data;       // owned
        } feed;
    };
};

struct wf_deeds {
    struct wf_batch *rows;
    struct wf_deed *list;
    uint32_t count, capacity;
    uint64_t lines; // the journal has so many with this batch; 0: it adds none
};

enum wf_status wf_deeds_init(struct wf_deeds *deeds, struct wf_error *err) WF_MUST_USE;
void wf_deeds_finish(struct wf_deeds *deeds);

// Never NULL: without memory for what was promised to be done the program ends.
struct wf_deed *wf_deeds_add(struct wf_deeds *deeds, enum wf_deed_kind kind);

// Forgets rows and deeds; answers are not told.
void wf_deeds_clear(struct wf_deeds *deeds);
