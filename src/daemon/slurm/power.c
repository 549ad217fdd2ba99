// SPDX-License-Identifier: Apache-2.0
// Power of cloud nodes: up before a kept start needs it, down when idling has cost as much as a
// restart. Nodes that are no cloud nodes are nobody's business here, and so are those that Slurm
// drains or calls down.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/policy/policy.h"
#include "core/schedule/schedule.h"
#include "daemon/desk/book.h"
#include "daemon/slurm/follow_parts.h"

enum { ASK_MS = 60000 }; // what was asked of Slurm is not asked again before

// What was seen of a node.
struct wf_power_node {
    char name[WF_SLURM_NAME_BYTES];
    enum wf_slurm_power power;
    int64_t since_ms; // of that power
    int64_t idle_ms;  // since when nothing runs there; 0: something does
    int64_t asked_ms;
    UT_hash_handle hh;
};

struct powering {
    struct wf_follow *follow;
    int64_t now_ms;
};

int64_t wf_power_idle_max_ms(int64_t boot_ms, int64_t price_nanousd, int64_t mean_nanousd)
{
    if (price_nanousd <= 0) {
        return INT64_MAX;
    }
    double restart = (double)boot_ms * (double)(price_nanousd + mean_nanousd);
    double idle_ms = restart / (double)price_nanousd;
    return idle_ms < 1e15 ? (int64_t)idle_ms : INT64_MAX;
}

void wf_follow_forget_power(struct wf_follow *follow)
{
    struct wf_power_node *seen, *next;
    HASH_ITER(hh, follow->powers, seen, next)
    {
        HASH_DEL(follow->powers, seen); // NOLINT(clang-analyzer-unix.Malloc): uthash's own
        free(seen);
    }
}

static struct wf_power_node *find(struct wf_follow *follow, const struct wf_slurm_node *node,
                                  int64_t now_ms)
{
    struct wf_power_node *seen = NULL;
    HASH_FIND_STR(follow->powers, node->name, seen);
    if (seen || strlen(node->name) >= sizeof seen->name) {
        return seen;
    }
    seen = calloc(1, sizeof *seen);
    if (seen) {
        snprintf(seen->name, sizeof seen->name, "%s", node->name);
        seen->power = node->power;
        seen->since_ms = now_ms;
        HASH_ADD_STR(follow->powers, name, seen);
    }
    return seen;
}

static int64_t boot_ms(const struct wf_follow *follow)
{
    int64_t told_ms = follow->config.slurm->boot_ms;
    int64_t usual_ms = follow->boot_ms > 0 ? 0 : WF_SLURM_BOOT_MS;
    told_ms = told_ms > 0 ? told_ms : usual_ms;
    return told_ms > follow->boot_ms ? told_ms : follow->boot_ms;
}

static void note_power(struct powering *powering, const struct wf_slurm_node *node,
                       struct wf_power_node *seen)
{
    struct wf_follow *follow = powering->follow;
    static const char *const words[] = {
#define POWER_WORD(name, text) [WF_SLURM_POWER_##name] = "power is " text,
        WF_SLURM_POWERS(POWER_WORD)
#undef POWER_WORD
    };
    if (node->power == seen->power) {
        return;
    }
    int64_t took_ms = powering->now_ms - seen->since_ms;
    if (seen->power == WF_SLURM_POWER_COMING && node->power == WF_SLURM_POWER_UP &&
        took_ms > follow->boot_ms) {
        follow->boot_ms = took_ms;
    }
    wf_desk_foreign_node(follow->desk, node->name, "node-power", words[node->power]);
    seen->power = node->power;
    seen->since_ms = powering->now_ms;
    seen->asked_ms = 0;
}

static void ask(struct powering *powering, struct wf_power_node *seen, bool up, const char *why)
{
    struct wf_follow *follow = powering->follow;
    if (seen->asked_ms > 0 && powering->now_ms - seen->asked_ms < ASK_MS) {
        return;
    }
    seen->asked_ms = powering->now_ms;
    if (wf_slurm_power(follow->config.engine, seen->name, up, NULL) == WF_OK) {
        wf_desk_foreign_node(follow->desk, seen->name, up ? "node-power-up" : "node-power-down",
                             why);
    }
}

static bool is_on(const struct wf_future *future, uint32_t reservation, uint32_t node)
{
    uint32_t task = wf_future_first_task(future, reservation);
    bool here = false;
    while (task != WF_NONE && !here) {
        struct wf_future_task planned = wf_future_task(future, task);
        here = planned.node == node;
        task = planned.next;
    }
    return here;
}

// When the first start that is kept on the node begins; INT64_MAX: none is.
static int64_t needed_ms(const struct wf_follow *follow, uint32_t node, uint64_t *job_out)
{
    const struct wf_core *core = wf_desk_core(follow->desk);
    const struct wf_future *future = wf_core_schedule(core)->future;
    int64_t first_ms = INT64_MAX;
    for (uint32_t kept = wf_future_first(future); kept != WF_NONE;
         kept = wf_future_next(future, kept)) {
        int64_t start_ms = wf_future_start_ms(future, kept);
        if (start_ms < first_ms && is_on(future, kept, node)) {
            first_ms = start_ms;
            *job_out = wf_core_cluster(core)->jobs[wf_future_job(future, kept)].id.number;
        }
    }
    return first_ms;
}

static void power_up(struct powering *powering, struct wf_power_node *seen, int64_t start_ms,
                     uint64_t job)
{
    char why[200], when[16] = "?";
    const char *key = wf_desk_foreign_key(powering->follow->desk, job);
    int64_t takes_ms = boot_ms(powering->follow);
    time_t seconds = (time_t)(start_ms / 1000);
    struct tm parts;
    if (start_ms > powering->now_ms + takes_ms) {
        return;
    }
    (void)gmtime_r(&seconds, &parts);
    (void)strftime(when, sizeof when, "%H:%M:%S", &parts);
    snprintf(why, sizeof why, "a start is kept on it for job %.40s at %s UTC, and it takes %.0f s",
             key ? key : "?", when, (double)takes_ms / 1000);
    ask(powering, seen, true, why);
}

static void power_down(struct powering *powering, struct wf_power_node *seen, int64_t start_ms,
                       const struct wf_pool *pool, uint32_t gpus)
{
    struct wf_follow *follow = powering->follow;
    int64_t mean = wf_core_outlook(wf_desk_core(follow->desk)).fleet_price_nanousd;
    int64_t price = pool->spec.price_nanousd_per_gpu_hour;
    int64_t most_ms = gpus > 0 ? wf_power_idle_max_ms(boot_ms(follow), price, mean) : INT64_MAX;
    int64_t idled_ms = powering->now_ms - seen->idle_ms;
    char why[200];
    if (idled_ms < most_ms || (start_ms != INT64_MAX && start_ms - powering->now_ms < most_ms)) {
        return;
    }
    double rent = (double)price * (double)gpus / 1e9;
    snprintf(why, sizeof why,
             "idle for %.0f s at $%.2f an hour: to start it again, which takes %.0f s, costs as "
             "much as %.0f s of that",
             (double)idled_ms / 1000, rent, (double)boot_ms(follow) / 1000, (double)most_ms / 1000);
    ask(powering, seen, false, why);
}

// Whether power is ours to decide about.
static bool decides(const struct wf_follow *follow)
{
    const struct wf_slurm_config *config = follow->config.slurm;
    return config->mode == WF_SLURM_DECIDE && !config->leaves_power &&
           !wf_desk_foreign_wants_all(follow->desk);
}

static void note_idling(const struct powering *powering, const struct wf_slurm_node *node,
                        const struct wf_node *known, struct wf_power_node *seen)
{
    bool idle = node->power == WF_SLURM_POWER_UP && strcmp(node->state, "idle") == 0 &&
                known->first_placement == WF_NONE;
    int64_t since_ms = seen->idle_ms > 0 ? seen->idle_ms : powering->now_ms;
    seen->idle_ms = idle ? since_ms : 0;
}

static void look_at(void *context, const struct wf_slurm_node *node)
{
    struct powering *powering = context;
    struct wf_follow *follow = powering->follow;
    const struct wf_cluster *cluster = wf_core_cluster(wf_desk_core(follow->desk));
    struct wf_power_node *seen = node->cloud ? find(follow, node, powering->now_ms) : NULL;
    uint32_t number = wf_desk_number(follow->desk, WF_JOURNAL_NODE, node->name);
    uint64_t job = 0;
    if (!seen || number >= cluster->nodes_end || !cluster->nodes[number].up) {
        return;
    }
    note_power(powering, node, seen);
    const struct wf_node *known = &cluster->nodes[number];
    note_idling(powering, node, known, seen);
    if (!decides(follow) || node->down || node->drain) {
        return;
    }
    int64_t start_ms = needed_ms(follow, number, &job);
    if (node->power == WF_SLURM_POWER_DOWN && start_ms != INT64_MAX) {
        power_up(powering, seen, start_ms, job);
    } else if (seen->idle_ms > 0) {
        power_down(powering, seen, start_ms, &cluster->pools[known->pool.index], known->spec.gpus);
    }
}

void wf_follow_power(struct wf_follow *follow)
{
    struct powering powering = {follow, follow->config.now_ms(follow->config.context)};
    wf_slurm_picture_nodes(wf_slurm_picture_of(follow->config.engine), look_at, &powering);
}
