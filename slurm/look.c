// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/look.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "slurm/job_line.h"
#include "slurm/line.h"
#include "slurm/look_site.h"
#include "slurm/node_line.h"
#include "slurm/underway.h"

#define SHOWN ((uint16_t)(SHOW_ALL | SHOW_DETAIL | SHOW_LOCAL))

static const int64_t pace_ms[WF_LOOKS] = {
    [WF_LOOK_SITE] = 60000,     [WF_LOOK_PARTITIONS] = 1000,    [WF_LOOK_NODES] = 1000,
    [WF_LOOK_LICENSES] = 10000, [WF_LOOK_RESERVATIONS] = 10000, [WF_LOOK_ACCOUNTS] = 60000,
    [WF_LOOK_HEALTH] = 20000,   [WF_LOOK_JOBS] = 1000,
};

// Where we decide: somebody may tell by nodes that a machine is taken away, and room that came free
// by a job's end is paid for until we hear of it.
#define NODES_MS 250
// While something is on its way. Looks take at most one part in WF_SLURM_LOOK_SHARE of the time;
// but one slow answer is no reason to be blind for long, so they may take a fifth before they rest
// longer than REST_MS.
#define HASTE_MS 100
#define REST_MS 5000
#define LEAST_RESTS 4
// What is due so soon is looked at in the same round.
#define TOGETHER_MS 250
// While something waits for slurmdbd, which may only be busy.
#define SUSPICION_MS 5000

static void tell_gone(void *context, const char *group, const char *key)
{
    char is[40];

    snprintf(is, sizeof(is), "%s_gone", group);
    json_t *line = wf_line_create(is);
    if (strcmp(group, "qos") == 0 || strcmp(group, "association") == 0) {
        wf_line_number(line, "id", strtoll(key, NULL, 10));
    } else {
        wf_line_text(line, "name", key);
    }
    wf_adapter_tell(context, line);
}

void wf_look_tell(struct wf_adapter *adapter, const char *group, const char *key, json_t *line)
{
    if (wf_told_is_news(adapter->told, group, key, line)) {
        wf_adapter_tell(adapter, line);
    } else {
        json_decref(line);
    }
}

void wf_look_ended(struct wf_adapter *adapter, const char *group)
{
    wf_told_end(adapter->told, group, tell_gone, adapter);
}

static int look_partitions(struct wf_adapter *adapter)
{
    partition_info_msg_t *found = NULL;

    wf_call_begin(adapter);
    const int errnum = wf_call_end(
        adapter, slurm_load_partitions(adapter->updated[WF_LOOK_PARTITIONS], &found, SHOW_ALL));
    if (errnum != 0) {
        return errnum;
    }
    if (adapter->partition_table != NULL) {
        slurm_free_partition_info_msg(adapter->partition_table);
    }
    adapter->partition_table = found;
    adapter->updated[WF_LOOK_PARTITIONS] = found->last_update;
    adapter->updated[WF_LOOK_NODES] = 0; // a node's line names its partitions
    wf_told_begin(adapter->told, "partition");
    for (uint32_t i = 0; i < found->record_count; i++) {
        const partition_info_t *const partition = &found->partition_array[i];
        if (partition->name != NULL) {
            wf_look_tell(adapter, "partition", partition->name, wf_partition_line(partition));
        }
    }
    wf_look_ended(adapter, "partition");
    return 0;
}

static int look_nodes(struct wf_adapter *adapter)
{
    node_info_msg_t *found = NULL;

    wf_call_begin(adapter);
    const int errnum = wf_call_end(
        adapter, slurm_load_node(adapter->updated[WF_LOOK_NODES], &found,
                                 (uint16_t)(SHOW_ALL | SHOW_DETAIL | SHOW_MIXED | SHOW_LOCAL)));
    if (errnum != 0) {
        return errnum;
    }
    adapter->updated[WF_LOOK_NODES] = found->last_update;
    wf_told_begin(adapter->told, "node");
    for (uint32_t i = 0; i < found->record_count; i++) {
        const node_info_t *const node = &found->node_array[i];
        // Slots of nodes that are gone, or hidden, have no name.
        if (node->name != NULL && node->name[0] != '\0') {
            wf_look_tell(adapter, "node", node->name,
                         wf_node_line(node, (int32_t)i, adapter->partition_table));
        }
    }
    wf_look_ended(adapter, "node");
    slurm_free_node_info_msg(found);
    return 0;
}

static int look_licenses(struct wf_adapter *adapter)
{
    license_info_msg_t *found = NULL;

    wf_call_begin(adapter);
    const int errnum = wf_call_end(
        adapter, slurm_load_licenses(adapter->updated[WF_LOOK_LICENSES], &found, SHOW_ALL));
    if (errnum != 0) {
        return errnum;
    }
    adapter->updated[WF_LOOK_LICENSES] = found->last_update;
    wf_told_begin(adapter->told, "license");
    for (uint32_t i = 0; i < found->num_lic; i++) {
        if (found->lic_array[i].name != NULL) {
            wf_look_tell(adapter, "license", found->lic_array[i].name,
                         wf_license_line(&found->lic_array[i]));
        }
    }
    wf_look_ended(adapter, "license");
    slurm_free_license_info_msg(found);
    return 0;
}

static int look_reservations(struct wf_adapter *adapter)
{
    reserve_info_msg_t *found = NULL;

    wf_call_begin(adapter);
    const int errnum = wf_call_end(
        adapter, slurm_load_reservations(adapter->updated[WF_LOOK_RESERVATIONS], &found));
    if (errnum != 0) {
        return errnum;
    }
    adapter->updated[WF_LOOK_RESERVATIONS] = found->last_update;
    wf_told_begin(adapter->told, "reservation");
    for (uint32_t i = 0; i < found->record_count; i++) {
        const reserve_info_t *const reservation = &found->reservation_array[i];
        if (reservation->name != NULL) {
            wf_look_tell(adapter, "reservation", reservation->name,
                         wf_reservation_line(reservation));
        }
    }
    wf_look_ended(adapter, "reservation");
    slurm_free_reservation_info_msg(found);
    return 0;
}

static void take_job(struct wf_adapter *adapter, const slurm_job_info_t *job, time_t now)
{
    const uint64_t digest = wf_job_digest(job);
    struct wf_facts *facts = wf_jobs_find(&adapter->jobs, wf_slurm_job_id(job));

    if (facts != NULL && facts->digest == digest) {
        facts->round = adapter->jobs.round;
        return;
    }
    facts = wf_jobs_take(&adapter->jobs, job, digest);
    json_t *line = wf_job_line(job, facts, now);
    wf_job_line_guess(line, job);
    wf_adapter_tell(adapter, line);
}

static void tell_job_gone(void *context, uint32_t id)
{
    json_t *line = wf_line_create("job_gone");

    wf_line_number(line, "id", id);
    wf_adapter_tell(context, line);
}

static void judge_jobs(struct wf_adapter *adapter, uint32_t count)
{
    char text[200];

    if (adapter->jobs_max > 0 && count >= adapter->jobs_max - adapter->jobs_max / 10) {
        snprintf(text, sizeof(text),
                 "slurmctld has %" PRIu32 " jobs and takes %" PRIu32
                 " at most (MaxJobCount): it will refuse new ones",
                 count, adapter->jobs_max);
        wf_adapter_trouble(adapter, WF_TROUBLE_TABLE, text);
    } else {
        wf_adapter_well(adapter, WF_TROUBLE_TABLE);
    }
    const uint32_t held = adapter->jobs.held_count;
    if (held > 0 && adapter->mode != WF_DECIDE && adapter->connection > 0) {
        snprintf(text, sizeof(text),
                 "%" PRIu32 " waiting job%s carr%s our mark while nobody decides: "
                 "`whaleflux-slurm release` gives them back to plain Slurm",
                 held, held == 1 ? "" : "s", held == 1 ? "ies" : "y");
        wf_adapter_trouble(adapter, WF_TROUBLE_HELD, text);
    } else {
        wf_adapter_well(adapter, WF_TROUBLE_HELD);
    }
}

static int look_jobs(struct wf_adapter *adapter)
{
    job_info_msg_t *found = NULL;
    const time_t now = wf_adapter_slurm_now(adapter);

    wf_call_begin(adapter);
    const int errnum =
        wf_call_end(adapter, slurm_load_jobs(adapter->updated[WF_LOOK_JOBS], &found, SHOWN));
    if (errnum != 0) {
        return errnum;
    }
    adapter->updated[WF_LOOK_JOBS] = found->last_update;
    wf_jobs_begin(&adapter->jobs);
    for (uint32_t i = 0; i < found->record_count; i++) {
        take_job(adapter, &found->job_array[i], now);
    }
    wf_jobs_end(&adapter->jobs, tell_job_gone, adapter);
    judge_jobs(adapter, found->record_count);
    wf_slurm_free_jobs(found);
    return 0;
}

int wf_look_job(struct wf_adapter *adapter, uint32_t id, struct wf_facts **facts_out)
{
    job_info_msg_t *found = NULL;

    *facts_out = NULL;
    wf_call_begin(adapter);
    const int errnum = wf_call_end(adapter, wf_slurm_load_job(&found, id, SHOWN));
    if (errnum == 0) {
        // An array's id brings all of its tasks.
        for (uint32_t i = 0; i < found->record_count; i++) {
            take_job(adapter, &found->job_array[i], wf_adapter_slurm_now(adapter));
        }
        wf_slurm_free_jobs(found);
        *facts_out = wf_jobs_find(&adapter->jobs, id);
        return 0;
    }
    if (errnum != ESLURM_INVALID_JOB_ID) {
        return errnum;
    }
    struct wf_facts *const gone = wf_jobs_find(&adapter->jobs, id);
    if (gone != NULL) {
        wf_jobs_remove(&adapter->jobs, gone);
        tell_job_gone(adapter, id);
    }
    return 0;
}

static int (*const looks[WF_LOOKS])(struct wf_adapter *) = {
    [WF_LOOK_SITE] = wf_look_site,
    [WF_LOOK_PARTITIONS] = look_partitions,
    [WF_LOOK_NODES] = look_nodes,
    [WF_LOOK_LICENSES] = look_licenses,
    [WF_LOOK_RESERVATIONS] = look_reservations,
    [WF_LOOK_ACCOUNTS] = wf_look_accounts,
    [WF_LOOK_HEALTH] = wf_look_health,
    [WF_LOOK_JOBS] = look_jobs,
};

void wf_look_restart(struct wf_adapter *adapter)
{
    wf_told_forget(adapter->told);
    wf_jobs_untell(&adapter->jobs);
    memset(adapter->updated, 0, sizeof(adapter->updated));
    memset(adapter->next_ms, 0, sizeof(adapter->next_ms));
    memset(adapter->troubled, 0, sizeof(adapter->troubled));
    adapter->round_next_ms = 0;
    adapter->told_all = false;
}

int64_t wf_look_next(const struct wf_adapter *adapter)
{
    int64_t next = INT64_MAX;

    for (int look = 0; look < WF_LOOKS; look++) {
        if (adapter->next_ms[look] < next) {
            next = adapter->next_ms[look];
        }
    }
    if (next < adapter->round_next_ms) {
        next = adapter->round_next_ms;
    }
    if (adapter->underway_count > 0 && adapter->underway_next_ms < next) {
        next = adapter->underway_next_ms;
    }
    return next;
}

static int64_t pace_of(const struct wf_adapter *adapter, enum wf_look look)
{
    if (look == WF_LOOK_HEALTH && adapter->dbd_queue > 0) {
        return SUSPICION_MS;
    }
    if (adapter->mode == WF_DECIDE && look == WF_LOOK_NODES) {
        return NODES_MS;
    }
    return adapter->mode == WF_DECIDE && look == WF_LOOK_JOBS ? WF_SLURM_JOBS_MS : pace_ms[look];
}

// Nothing new is no failure. Returns false when slurmctld cannot be asked any more now.
static bool look_at(struct wf_adapter *adapter, enum wf_look look, int64_t now_ms)
{
    const int errnum = looks[look](adapter);
    char text[300];

    adapter->next_ms[look] = now_ms + pace_of(adapter, look);
    if (errnum == 0 || errnum == SLURM_NO_CHANGE_IN_DATA) {
        wf_adapter_well(adapter, WF_TROUBLE_SLURMCTLD);
        return true;
    }
    adapter->next_ms[look] = now_ms + pace_ms[WF_LOOK_JOBS];
    if (!wf_is_away(errnum)) {
        // Hidden from us (PrivateData), or an old message that this slurmctld refuses: go on.
        snprintf(text, sizeof(text), "slurmctld refuses what we ask it: %s",
                 slurm_strerror(errnum));
        wf_adapter_trouble(adapter, WF_TROUBLE_RIGHTS, text);
        adapter->next_ms[look] = now_ms + pace_ms[WF_LOOK_SITE];
        return true;
    }
    snprintf(text, sizeof(text), "slurmctld does not answer: %s", slurm_strerror(errnum));
    wf_adapter_trouble(adapter, WF_TROUBLE_SLURMCTLD, text);
    return false;
}

static void tell_synced(struct wf_adapter *adapter, int64_t behind_ms)
{
    json_t *line = wf_line_create("synced");

    wf_line_number(line, "round", (int64_t)++adapter->synced);
    json_object_set_new(line, "took_ms", json_integer(adapter->call_us / 1000));
    json_object_set_new(line, "behind_ms", json_integer(behind_ms > 0 ? behind_ms : 0));
    wf_adapter_tell(adapter, line);
}

// How long to let slurmctld alone after calls that took so long.
static int64_t rest_after(int64_t took_us)
{
    const int64_t rest_ms = took_us * (WF_SLURM_LOOK_SHARE - 1) / 1000;
    const int64_t most_ms =
        took_us * LEAST_RESTS / 1000 > REST_MS ? took_us * LEAST_RESTS / 1000 : REST_MS;

    return rest_ms < most_ms ? rest_ms : most_ms;
}

static void plan_next(struct wf_adapter *adapter, bool whole, bool answers)
{
    const int64_t now_ms = wf_monotonic_ms(), soon_ms = now_ms + HASTE_MS;
    const int64_t rested_ms = now_ms + rest_after(adapter->call_us);

    if (whole) {
        adapter->round_next_ms = answers ? rested_ms : soon_ms;
    }
    adapter->underway_next_ms = !whole && rested_ms > soon_ms ? rested_ms : soon_ms;
    if (adapter->underway_count > 0 && adapter->next_ms[WF_LOOK_JOBS] > soon_ms) {
        adapter->next_ms[WF_LOOK_JOBS] = soon_ms;
    }
}

int64_t wf_look_round(struct wf_adapter *adapter, int64_t now_ms)
{
    const bool whole = now_ms >= adapter->round_next_ms;
    const int64_t wished_ms = adapter->next_ms[WF_LOOK_JOBS];
    bool answers = true;

    adapter->call_us = 0;
    for (int look = 0; whole && look < WF_LOOKS && answers; look++) {
        if (adapter->next_ms[look] <= now_ms + TOGETHER_MS) {
            answers = look_at(adapter, (enum wf_look)look, now_ms);
        }
    }
    if (answers) {
        wf_underway_look(adapter, !whole);
    }
    if (answers && (whole || adapter->told_all)) {
        tell_synced(adapter, wished_ms > 0 ? now_ms - wished_ms : 0);
        adapter->told_all = true;
    }
    plan_next(adapter, whole, answers);
    return wf_look_next(adapter);
}
