// SPDX-License-Identifier: GPL-3.0-or-later
// The side that calls Slurm: one call after the other, never two at once.
#pragma once

#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/error.h"
#include "slurm/compat.h"
#include "slurm/facts.h"
#include "slurm/post.h"
#include "slurm/told.h"

// What is looked at, each at its own pace.
enum wf_look {
    WF_LOOK_SITE,
    WF_LOOK_PARTITIONS,
    WF_LOOK_NODES,
    WF_LOOK_LICENSES,
    WF_LOOK_RESERVATIONS,
    WF_LOOK_ACCOUNTS,
    WF_LOOK_HEALTH,
    WF_LOOK_JOBS,
    WF_LOOKS,
};

// The troubles that the daemon may be told of.
enum wf_trouble {
    WF_TROUBLE_SLURMCTLD,
    WF_TROUBLE_SLURMDBD,
    WF_TROUBLE_CLOCK,
    WF_TROUBLE_TABLE,
    WF_TROUBLE_HELD,
    WF_TROUBLE_RIGHTS,
    WF_TROUBLES,
};

// A job that is on its way: a start that does not run yet, a requeue that is not over.
struct wf_underway {
    uint32_t job;
    int64_t request; // of a requeue, still to be answered; 0 for a start, and for
    bool ends;       // one that was told a signal, and may end by it
    int64_t until_ms;
};
#define WF_UNDERWAY_MAX 1024

struct wf_adapter {
    struct wf_post *post;
    struct wf_told *told;
    struct wf_jobs jobs;
    uint64_t connection; // that the daemon's picture is for
    bool told_all;
    uint64_t synced;

    enum wf_slurm_mode mode;
    json_t *partitions; // of the mode; NULL: all
    bool silent;

    // The site, as of the last look at it.
    bool site_known;
    char version[32], cluster[128];
    bool is_operator;
    uint32_t jobs_max;
    bool has_accounting;
    partition_info_msg_t *partition_table;

    int64_t clock_off_s;      // slurmctld's clock minus ours, as of the last look at its health
    time_t updated[WF_LOOKS]; // as slurmctld counts it, for 1900 (nothing new)
    int64_t next_ms[WF_LOOKS];
    int64_t round_next_ms; // no look before this, so that slurmctld has time for others
    int64_t underway_next_ms;
    int64_t looked_ms; // when the last round ended
    int64_t call_us;   // in Slurm's calls since the round began
    int64_t call_began_us;

    struct wf_underway underway[WF_UNDERWAY_MAX];
    uint32_t underway_count, underway_turn;
    bool troubled[WF_TROUBLES];
    uint32_t dbd_queue;
    uint64_t freed;
};

void wf_adapter_init(struct wf_adapter *adapter, struct wf_post *post);
void wf_adapter_finish(struct wf_adapter *adapter);
// Until wf_post_stop.
void wf_adapter_run(struct wf_adapter *adapter);

// Now, by the clock that set the times of slurmctld's jobs.
time_t wf_adapter_slurm_now(const struct wf_adapter *adapter);

// Around each call of Slurm; wf_call_end gives its error number, 0 for none.
void wf_call_begin(struct wf_adapter *adapter);
int wf_call_end(struct wf_adapter *adapter, int rc);

void wf_adapter_tell(struct wf_adapter *adapter, json_t *line);
void wf_adapter_trouble(struct wf_adapter *adapter, enum wf_trouble what, const char *text);
void wf_adapter_well(struct wf_adapter *adapter, enum wf_trouble what);

// Whether slurmctld was not reached at all, whether it did not answer.
bool wf_is_away(int errnum);
