// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/adapter.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "slurm/carry.h"
#include "slurm/free.h"
#include "slurm/line.h"
#include "slurm/look.h"
#include "slurm/look_site.h"
#include "slurm/underway.h"

static const char *const trouble_words[WF_TROUBLES] = {
    [WF_TROUBLE_SLURMCTLD] = "slurmctld", [WF_TROUBLE_SLURMDBD] = "slurmdbd",
    [WF_TROUBLE_CLOCK] = "clock",         [WF_TROUBLE_TABLE] = "table",
    [WF_TROUBLE_HELD] = "held",           [WF_TROUBLE_RIGHTS] = "rights",
};

void wf_adapter_init(struct wf_adapter *adapter, struct wf_post *post)
{
    *adapter = (struct wf_adapter){.post = post, .told = wf_told_create()};
}

void wf_adapter_finish(struct wf_adapter *adapter)
{
    wf_told_destroy(adapter->told);
    wf_jobs_clear(&adapter->jobs);
    json_decref(adapter->partitions);
    if (adapter->partition_table != NULL) {
        slurm_free_partition_info_msg(adapter->partition_table);
    }
}

static int64_t clock_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

time_t wf_adapter_slurm_now(const struct wf_adapter *adapter)
{
    return time(NULL) + adapter->clock_off_s;
}

void wf_call_begin(struct wf_adapter *adapter)
{
    if (adapter->post != NULL) {
        wf_post_call(adapter->post, true);
    }
    adapter->call_began_us = clock_us();
    errno = 0;
}

int wf_call_end(struct wf_adapter *adapter, int rc)
{
    const int errnum = errno;

    adapter->call_us += clock_us() - adapter->call_began_us;
    if (adapter->post != NULL) {
        wf_post_call(adapter->post, false);
    }
    if (rc == 0) {
        return 0;
    }
    // Some calls return the number itself.
    return rc > 0 ? rc : errnum != 0 ? errnum : SLURM_ERROR;
}

bool wf_is_away(int errnum)
{
    switch (errnum) {
    case SLURM_UNEXPECTED_MSG_ERROR:
    case SLURM_COMMUNICATIONS_CONNECTION_ERROR:
    case SLURM_COMMUNICATIONS_SEND_ERROR:
    case SLURM_COMMUNICATIONS_RECEIVE_ERROR:
    case SLURM_COMMUNICATIONS_SHUTDOWN_ERROR:
    case SLURM_PROTOCOL_VERSION_ERROR:
    case SLURM_PROTOCOL_AUTHENTICATION_ERROR:
    case SLURMCTLD_COMMUNICATIONS_CONNECTION_ERROR:
    case SLURMCTLD_COMMUNICATIONS_SEND_ERROR:
    case SLURMCTLD_COMMUNICATIONS_RECEIVE_ERROR:
    case SLURMCTLD_COMMUNICATIONS_SHUTDOWN_ERROR:
    case SLURM_PROTOCOL_SOCKET_IMPL_TIMEOUT:
    case SLURM_PROTOCOL_SOCKET_ZERO_BYTES_SENT:
    case ESLURM_IN_STANDBY_MODE:
    case ECONNREFUSED:
    case ECONNRESET:
    case ETIMEDOUT:
    case EPIPE:
        return true;
    default:
        return false;
    }
}

void wf_adapter_tell(struct wf_adapter *adapter, json_t *line)
{
    if (adapter->post != NULL) {
        wf_post_tell(adapter->post, adapter->connection, line);
    } else {
        json_decref(line);
    }
}

void wf_adapter_trouble(struct wf_adapter *adapter, enum wf_trouble what, const char *text)
{
    if (adapter->troubled[what]) {
        return;
    }
    adapter->troubled[what] = true;
    fprintf(stderr, "whaleflux-slurm: %s\n", text);
    json_t *line = wf_line_create("trouble");
    wf_line_text(line, "what", trouble_words[what]);
    wf_line_text(line, "text", text);
    wf_adapter_tell(adapter, line);
}

void wf_adapter_well(struct wf_adapter *adapter, enum wf_trouble what)
{
    if (!adapter->troubled[what]) {
        return;
    }
    adapter->troubled[what] = false;
    fprintf(stderr, "whaleflux-slurm: well again: %s\n", trouble_words[what]);
    json_t *line = wf_line_create("well");
    wf_line_text(line, "what", trouble_words[what]);
    wf_adapter_tell(adapter, line);
}

static void connect_daemon(struct wf_adapter *adapter, uint64_t connection)
{
    adapter->connection = connection;
    adapter->mode = WF_OBSERVE;
    json_decref(adapter->partitions);
    adapter->partitions = NULL;
    adapter->synced = 0;
    // Requeues of the old daemon are brought to their end, without an answer.
    wf_look_restart(adapter);
    wf_adapter_tell(adapter, wf_hello_line(adapter));
}

static void take_mode(struct wf_adapter *adapter, const struct wf_request *request)
{
    adapter->mode = request->mode;
    json_decref(adapter->partitions);
    adapter->partitions = request->partitions != NULL && json_array_size(request->partitions) > 0
                              ? json_deep_copy(request->partitions)
                              : NULL;
    adapter->next_ms[WF_LOOK_JOBS] = 0; // held jobs are judged by the mode
}

static void do_request(struct wf_adapter *adapter, struct wf_request *request)
{
    if (request->what == WF_DO_MODE) {
        take_mode(adapter, request);
    } else {
        wf_carry(adapter, request);
    }
    wf_request_destroy(request);
}

// While the daemon is silent, whatever waits under our mark is given back, at each look.
static void keep_watch(struct wf_adapter *adapter)
{
    const bool silent = wf_post_drop(adapter->post);
    // What it decided before counts no more: it has to say its mode again.
    adapter->mode = WF_OBSERVE;
    if (!silent) {
        return;
    }
    const uint32_t freed = wf_free_all(adapter);
    if (freed == 0) {
        return;
    }
    adapter->freed += freed;
    fprintf(stderr,
            "whaleflux-slurm: the daemon is silent: gave %" PRIu32 " waiting job%s back to Slurm\n",
            freed, freed == 1 ? "" : "s");
    json_t *line = wf_line_create("freed");
    wf_line_number(line, "jobs", freed);
    wf_adapter_tell(adapter, line);
}

void wf_adapter_run(struct wf_adapter *adapter)
{
    struct wf_turn turn = {0};
    int64_t next_ms = 0;

    while (!turn.stop) {
        wf_post_wait(adapter->post, next_ms, &turn);
        if (turn.connection != adapter->connection) {
            connect_daemon(adapter, turn.connection);
            next_ms = 0;
        }
        if (turn.request != NULL) {
            do_request(adapter, turn.request);
        }
        const int64_t now_ms = wf_monotonic_ms();
        // The next look is nearer once something is on its way, and at once when the mode changes.
        next_ms = wf_look_next(adapter);
        // While there is much to do, what is on its way is not looked at more often than the rest.
        if (turn.more && next_ms < adapter->looked_ms + 1000) {
            next_ms = adapter->looked_ms + 1000;
        }
        if (turn.full && !turn.silent && next_ms <= now_ms) {
            next_ms = now_ms + 100;
        } else if (now_ms >= next_ms && !turn.stop) {
            next_ms = wf_look_round(adapter, now_ms);
            adapter->looked_ms = wf_monotonic_ms();
        }
        if (turn.silent && adapter->told_all) {
            keep_watch(adapter);
        }
    }
}
