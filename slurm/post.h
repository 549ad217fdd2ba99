// SPDX-License-Identifier: GPL-3.0-or-later
// Between the two threads: one talks with the daemon and never waits for Slurm, the other does
// nothing but call Slurm. What the daemon asks goes one way, lines for it the other.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "slurm/request.h"

struct wf_post;

struct wf_post *wf_post_create(void); // NULL: no event descriptor could be had
void wf_post_destroy(struct wf_post *post);

int64_t wf_monotonic_ms(void); // monotonic
int64_t wf_wall_ms(void);      // since 1970

// For the thread that talks.

// A new daemon: what waited, both ways, was for the old one.
void wf_post_connect(struct wf_post *post);
// Takes the request over; false (and not taken) when too many wait.
bool wf_post_request(struct wf_post *post, struct wf_request *request);
int wf_post_descriptor(const struct wf_post *post); // readable when there are lines
// All lines that wait, to be freed by the caller; NULL where there are none.
char *wf_post_lines(struct wf_post *post, size_t *length_out);
// How much the daemon has not yet taken: looks pause while that is too much.
void wf_post_unsent(struct wf_post *post, size_t bytes);
void wf_post_silence(struct wf_post *post, bool silent);
void wf_post_stop(struct wf_post *post);
// Since when the present call of Slurm lasts (wf_monotonic_ms), 0 when there is none.
int64_t wf_post_call_since(struct wf_post *post);

// For the thread that calls Slurm.

struct wf_turn {
    struct wf_request *request; // the caller's; NULL: none
    uint64_t connection;        // 0 while there was none; another number for each
    bool silent, stop;
    bool more; // further requests wait
    bool full; // the daemon does not take what it is told
};

// Waits for the next request, a new connection, silence or the end, at most until that time.
void wf_post_wait(struct wf_post *post, int64_t until_ms, struct wf_turn *turn);
// While the daemon is silent: drops all requests that wait. Returns whether it is; else it was
// heard again, and what it asks for is to be answered.
bool wf_post_drop(struct wf_post *post);
// Takes the line over. Dropped where the connection is another one by now.
void wf_post_tell(struct wf_post *post, uint64_t connection, json_t *line);
void wf_post_call(struct wf_post *post, bool begins);
