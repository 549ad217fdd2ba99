// SPDX-License-Identifier: Apache-2.0
// Where a job runs, and why there: in a copy of the daemon its tasks are taken off, and the core is
// asked what there is to choose from. The nodes are as they are now, which may be otherwise than
// when it was placed; where that changes the choice it is said.
#include <string.h>

#include "base/assert.h"
#include "base/number.h"
#include "core/explain/explain.h"
#include "core/schedule/schedule.h"
#include "daemon/api/explain.h"
#include "daemon/api/outlook.h"

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

// That the machine is taken within the next hour, where somebody may.
static void print_risk(const struct wf_api_teller *teller, FILE *out)
{
    const struct wf_desk *desk = teller->api->desk;
    const struct wf_cluster *cluster = wf_core_cluster(teller->core);
    uint32_t node =
        teller->live.node ? wf_desk_number(desk, WF_JOURNAL_NODE, teller->live.node) : WF_NONE;
    long before = ftell(out);
    if (node < cluster->nodes_end) {
        wf_api_print_spot_risk(teller->api, cluster->nodes[node].pool.index, WF_API_RISK_MS, out);
    }
    if (ftell(out) > before) {
        fputc('\n', out);
    }
}

static void print_place(const struct wf_api_teller *teller, FILE *out)
{
    const struct wf_job_live *live = &teller->live;
    char text[WF_NUMBER_BYTES];
    fprintf(out, "It runs on %s", live->node ? live->node : "no node yet");
    uint32_t shown = 0;
    for (uint32_t gpu = 0; gpu < WF_NODE_GPUS_MAX; gpu++) {
        if (live->gpu_set & (UINT32_C(1) << gpu)) {
            fprintf(out, "%s%u", shown++ == 0 ? ", GPU " : ", ", gpu);
        }
    }
    if (shown > 0 && live->gpu_milli < WF_GPU_MILLI) {
        fprintf(out, " (%u thousandths of it)", live->gpu_milli);
    }
    if (live->started_ms > 0) {
        fprintf(out, ", since %s", wf_api_time_text(text, live->started_ms));
    }
    fputs(".\n", out);
    print_risk(teller, out);
    if (live->reason[0] != '\0') {
        fprintf(out, "It %s.\n", live->reason);
    }
}

static void print_end(const struct wf_api_teller *teller, const struct wf_ticket *ticket, FILE *out)
{
    const struct wf_wait_spec *wait = &ticket->spec.wait;
    char text[2][WF_NUMBER_BYTES];
    if (wait->run.ms[WF_RUN_TIME_POINTS - 1] > 0) {
        int64_t low_ms = ticket->start_ms + wait->run.ms[0];
        int64_t high_ms = ticket->start_ms + wait->run.ms[WF_RUN_TIME_POINTS - 1];
        fprintf(out, "8 of 10 jobs like it end between %s and %s.\n",
                wf_api_time_text(text[0], later(low_ms, teller->now_ms)),
                wf_api_time_text(text[1], later(high_ms, teller->now_ms)));
    }
    if (wait->limit_ms > 0) {
        fprintf(out, "Its time limit ends it at %s at the latest.\n",
                wf_api_time_text(text[0], ticket->start_ms + wait->limit_ms));
    }
}

static void take_off(const struct wf_core *core, uint32_t slot)
{
    const struct wf_schedule *schedule = wf_core_schedule(core);
    const struct wf_cluster *cluster = wf_core_cluster(core);
    while (cluster->jobs[slot].first_placement != WF_NONE) {
        uint32_t placement = cluster->jobs[slot].first_placement;
        wf_future_remove(schedule->future, placement);
        wf_placer_unplace(schedule->placer, placement);
    }
    wf_future_settle(schedule->future);
}

static json_t *list_terms(const struct wf_candidate *candidate)
{
    json_t *list = wf_api_list();
    for (uint32_t i = 0; i < candidate->terms.count; i++) {
        const struct wf_term_value *value = &candidate->terms.list[i];
        bool points = value->term == WF_TERM_SCORE;
        json_t *term = wf_api_object();
        wf_api_set(term, "name", wf_api_text(wf_term_name(value->term)));
        // In a score more is better, in a price less.
        wf_api_set(term, "points", points ? wf_api_number(value->value) : NULL);
        wf_api_set(term, "nanousd_per_hour", points ? NULL : wf_api_number(-value->value));
        wf_api_add(list, term);
    }
    return list;
}

static json_t *list_candidates(const struct wf_api_teller *teller,
                               const struct wf_explanation *explanation)
{
    json_t *list = wf_api_list();
    for (uint32_t i = 0; i < explanation->candidate_count; i++) {
        const struct wf_candidate *candidate = &explanation->candidates[i];
        const char *node = wf_desk_name(teller->api->desk, WF_JOURNAL_NODE, candidate->node.index);
        json_t *root = wf_api_object();
        wf_api_set(root, "node", wf_api_text(node));
        wf_api_set(
            root, "pool",
            wf_api_text(wf_desk_name(teller->api->desk, WF_JOURNAL_POOL, candidate->pool.index)));
        wf_api_set(root, "runs_here",
                   json_boolean(node && teller->live.node && strcmp(node, teller->live.node) == 0));
        wf_api_set(root, "terms", list_terms(candidate));
        wf_api_add(list, root);
    }
    return list;
}

static void print_choice(struct wf_api_teller *teller, const struct wf_explanation *explanation,
                         FILE *out)
{
    char job[WF_WAIT_JOB_BYTES];
    struct wf_wait_names names = wf_api_names(teller, job);
    fputs("\nWhat there is to choose from now, its own tasks taken off:\n", out);
    if (explanation->candidate_count == 0) {
        fputs("None: its node takes no new work any more.\n", out);
        return;
    }
    wf_explain_print_table(out, explanation, &names.words);
    const char *first =
        wf_desk_name(teller->api->desk, WF_JOURNAL_NODE, explanation->candidates[0].node.index);
    if (!explanation->at_random && first && teller->live.node &&
        strcmp(first, teller->live.node) != 0) {
        fprintf(out,
                "Now it would go to %s: what ended or started since has changed what is "
                "free.\n",
                first);
    }
}

char *wf_api_explain_run(void *context)
{
    struct wf_api_teller *teller = context;
    uint32_t slot = wf_cluster_find_job(wf_core_cluster(teller->core), (wf_job_id){teller->job});
    const struct wf_ticket *ticket = &wf_core_schedule(teller->core)->backlog.tickets[slot];
    struct wf_explanation explanation;
    struct wf_error err;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    WF_ASSERT(out);
    print_place(teller, out);
    print_end(teller, ticket, out);
    take_off(teller->core, slot);
    if (wf_explain(teller->core, &ticket->spec, &explanation, &err) != WF_OK) {
        return NULL;
    }
    print_choice(teller, &explanation, out);
    wf_api_print_steps(teller, out);
    WF_ASSERT(fclose(out) == 0);
    json_t *root = wf_api_tell_story(teller, teller->state, text);
    wf_api_set(root, "candidates", list_candidates(teller, &explanation));
    return json_dumps(root, JSON_COMPACT);
}
