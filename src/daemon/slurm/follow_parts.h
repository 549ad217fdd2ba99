// SPDX-License-Identifier: Apache-2.0
// The follower from within. Internal to the daemon.
#pragma once

#include "daemon/desk/book.h"
#include "daemon/slurm/follow.h"
#include "daemon/slurm/licenses.h"
#include "daemon/slurm/translate.h"

#define WF_FOLLOW_ASK_MS 60000      // a hold or leave that came to nothing is asked for again
#define WF_FOLLOW_AGAIN_MS 200      // when the desk had no room for more
#define WF_FOLLOW_PASSING_MS 600000 // after which nobody passes a job that waits for licences
#define WF_FOLLOW_POWER_MS 1000     // between looks at what has power
#define WF_FOLLOW_ADVICE_MS 5000    // between looks for advice,
#define WF_FOLLOW_ADVICE_MAX 50     // and what is written at once

struct wf_advice;     // advise.c
struct wf_power_node; // power.c

// What is kept of a job from one look to the next.
struct wf_follow_record {
    uint32_t id;
    char *tasks;    // of an array's record: those that waited when it was last told; NULL: none
    int64_t ask_ms; // a hold or leave is not asked for again before
    char waits[WF_SLURM_KEY_BYTES]; // its key while it waits for other jobs, which end without a
                                    // word about it; else ""
    uint32_t granted;               // how many tasks of it have their licences
    bool regranted;                 // another number than it was told with
    UT_hash_handle hh;
};

struct wf_follow {
    struct wf_follow_config config;
    struct wf_desk *desk;
    struct wf_list_prices prices;
    struct wf_slurm_cluster cluster;
    struct wf_slurm_sets sets;
    struct wf_license_rests licenses; // for one look
    bool has_cluster;
    bool is_blind;
    bool tells_all;   // the next look is of all jobs
    bool is_full;     // the desk took no more in this look
    uint32_t changes; // in this look
    char *accounts[WF_SLURM_ACCOUNTS_MAX + 1];
    uint32_t account_count;
    bool accounts_grew;
    struct wf_follow_record *records;
    struct wf_advice *advice;
    struct wf_power_node *powers;
    int64_t boot_ms; // the longest time that a cloud node was seen to take to come up
    int64_t again_ms, advice_ms, power_ms;
    struct wf_desk_granter granter;
    char said[600];
};

struct wf_slurm_view wf_follow_view(struct wf_follow *follow);
void wf_follow_say(struct wf_follow *follow, const char *format, ...) WF_PRINTF(2, 3);

// grant.c: says which jobs have their licences, and has those that got or lost them told again.
void wf_follow_grant(struct wf_follow *follow);

// follow_job.c: what is kept of a job; make: NULL only where there is no memory.
struct wf_follow_record *wf_follow_record_of(struct wf_follow *follow, uint32_t id, bool make);
// One job to the desk. gone: Slurm does not know it any more.
void wf_follow_tell(struct wf_follow *follow, const struct wf_slurm_job *job, bool gone);
void wf_follow_tell_waiting(struct wf_follow *follow); // those that wait for other jobs
void wf_follow_forget_records(struct wf_follow *follow);

// power.c: cloud nodes are powered up before they are needed, and down when they idle for so long
// that a restart would have cost less.
void wf_follow_power(struct wf_follow *follow);
void wf_follow_forget_power(struct wf_follow *follow);
// A restart costs the node's rent while it comes up, and that others wait as long for its GPUs,
// which are worth what GPUs cost in the mean. Returns after how long idling has cost as much;
// INT64_MAX: never, as its price is not known.
int64_t wf_power_idle_max_ms(int64_t boot_ms, int64_t price_nanousd, int64_t mean_nanousd);

// advise.c: what is expected of waiting jobs into their comments.
void wf_follow_advise(struct wf_follow *follow);
void wf_follow_forget_advice(struct wf_follow *follow);
