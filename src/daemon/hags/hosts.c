// SPDX-License-Identifier: Apache-2.0
#include "daemon/hags/hosts.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/hags/hosts_json.h"

enum { WINDOW_DAYS = 30 };
#define WINDOW_MS (INT64_C(24) * 3600 * 1000 * WINDOW_DAYS)

struct wf_hags_hosts *wf_hags_hosts_create(void)
{
    return calloc(1, sizeof(struct wf_hags_hosts));
}

void wf_hags_hosts_destroy(struct wf_hags_hosts *hosts)
{
    if (!hosts) {
        return;
    }
    for (uint32_t i = 0; i < hosts->count; i++) {
        free(hosts->hosts[i].name);
        free(hosts->hosts[i].address);
        free(hosts->hosts[i].reason);
    }
    free(hosts->hosts);
    free(hosts);
}

int64_t wf_hags_host_timeouts_before(const struct wf_hags_host *host)
{
    return host->timeouts_recorded >= 0 ? host->timeouts_recorded : host->timeouts_noted;
}

bool wf_hags_host_is_comparable(const struct wf_hags_host *host)
{
    bool set = host->state == WF_HAGS_OFF_VERIFIED || host->state == WF_HAGS_ON_VERIFIED;
    // Set by others: what was counted before is the watch's own.
    bool found = (host->state == WF_HAGS_ALREADY_OFF || host->state == WF_HAGS_ALREADY_ON) &&
                 host->timeouts_recorded < 0 && host->timeouts_noted >= 0;
    return (set || found) && wf_hags_host_timeouts_before(host) >= 0 &&
           host->timeouts_in_30_days >= 0 && host->effect_since_ms > 0 &&
           host->effect_since_ms + WINDOW_MS <= host->seen_ms;
}

static int by_name(const void *left, const void *right)
{
    const struct wf_hags_host *one = *(const struct wf_hags_host *const *)left;
    const struct wf_hags_host *other = *(const struct wf_hags_host *const *)right;
    int names = strcmp(one->name, other->name);
    return names ? names : strcmp(one->address, other->address);
}

static int by_id(const void *left, const void *right)
{
    const struct wf_hags_host *one = left;
    const struct wf_hags_host *other = right;
    return one->id < other->id ? -1 : one->id > other->id;
}

// What it told before, where it does not answer now.
static void keep_facts(struct wf_hags_host *host, const struct wf_hags_host *before)
{
    struct wf_hags_host kept = *before;
    kept.name = host->name;
    kept.address = host->address;
    kept.reason = host->reason;
    kept.state = host->state;
    kept.timeouts_recorded = host->timeouts_recorded;
    kept.prior = host->prior;
    kept.written_ms = host->written_ms;
    *host = kept;
}

static bool is_at_work(enum wf_hags_effect effect)
{
    return effect == WF_HAGS_EFFECT_OFF || effect == WF_HAGS_EFFECT_ON;
}

// What is at work changes only when the machine starts: so it began then.
static void note_effect(struct wf_hags_host *host, const struct wf_hags_host *before,
                        int64_t now_ms)
{
    bool known = before && before->seen_ms > 0;
    bool same = known && before->effect == host->effect;
    int64_t began_ms = host->boot_ms > 0 && host->boot_ms < now_ms ? host->boot_ms : now_ms;
    host->timeouts_noted = known ? before->timeouts_noted : -1;
    host->effect_since_ms = same ? before->effect_since_ms : began_ms;
    if (known && !same && is_at_work(before->effect) && is_at_work(host->effect)) {
        host->timeouts_noted = before->timeouts_in_30_days;
    }
}

static void note_state(struct wf_hags_host *host, const struct wf_hags_host *before, int64_t now_ms)
{
    bool same = before && before->state == host->state;
    host->since_ms = same ? before->since_ms : now_ms;
    host->previous = same ? before->previous : before ? before->state : WF_HAGS_UNKNOWN;
}

static void join(struct wf_hags_host *host, const struct wf_hags_host *before, int64_t now_ms)
{
    bool answered = host->seen_ms > 0;
    if (answered) {
        host->seen_ms = now_ms;
        note_effect(host, before, now_ms);
    } else if (before) {
        keep_facts(host, before);
    }
    note_state(host, before, now_ms);
}

// As an inventory has it: one host for one name and address.
static bool are_different(const struct wf_hags_hosts *hosts, const struct wf_hags_host **sorted)
{
    for (uint32_t i = 0; i < hosts->count; i++) {
        sorted[i] = &hosts->hosts[i];
    }
    qsort(sorted, hosts->count, sizeof *sorted, by_name);
    for (uint32_t i = 1; i < hosts->count; i++) {
        if (by_name(&sorted[i - 1], &sorted[i]) == 0) {
            return false;
        }
    }
    return true;
}

static enum wf_status join_all(struct wf_hags_hosts *hosts, const struct wf_hags_hosts *before,
                               int64_t now_ms, struct wf_error *err)
{
    uint32_t count = before ? before->count : 0;
    size_t room = (count > hosts->count ? count : hosts->count) + 1U;
    const struct wf_hags_host **sorted = calloc(room, sizeof *sorted);
    if (!sorted) {
        return wf_fail(err, WF_NOMEM, "there is no memory for the hosts");
    }
    if (!are_different(hosts, sorted)) {
        free(sorted);
        return wf_fail(err, WF_INVALID, "this is no list of Windows hosts: it has one twice");
    }
    for (uint32_t i = 0; i < count; i++) {
        sorted[i] = &before->hosts[i];
    }
    qsort(sorted, count, sizeof *sorted, by_name);
    hosts->last_id = before ? before->last_id : 0;
    for (uint32_t i = 0; i < hosts->count; i++) {
        struct wf_hags_host *host = &hosts->hosts[i];
        const struct wf_hags_host *key = host;
        const struct wf_hags_host **found = bsearch(&key, sorted, count, sizeof *sorted, by_name);
        join(host, found ? *found : NULL, now_ms);
        host->id = found ? (*found)->id : ++hosts->last_id;
    }
    free(sorted);
    qsort(hosts->hosts, hosts->count, sizeof *hosts->hosts, by_id);
    return WF_OK;
}

enum wf_status wf_hags_hosts_take(const char *text, size_t length,
                                  const struct wf_hags_hosts *before, int64_t now_ms,
                                  struct wf_hags_hosts **hosts_out, struct wf_error *err)
{
    enum wf_status status = wf_hags_hosts_parse(text, length, false, hosts_out, err);
    if (status == WF_OK) {
        (*hosts_out)->looked_ms = now_ms;
        status = join_all(*hosts_out, before, now_ms, err);
    }
    if (status != WF_OK) {
        wf_hags_hosts_destroy(*hosts_out);
        *hosts_out = NULL;
    }
    return status;
}
