// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/carry.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"
#include "slurm/hosts.h"
#include "slurm/line.h"
#include "slurm/look.h"
#include "slurm/node_line.h"
#include "slurm/pin.h"
#include "slurm/tasks.h"
#include "slurm/underway.h"

// A refusal in the making; code NULL: there is none.
struct answer {
    const char *code;
    int errnum;
    char text[508];
};

static void refuse(struct answer *answer, const char *code, const char *format, ...)
    WF_PRINTF(3, 4);

static void refuse(struct answer *answer, const char *code, const char *format, ...)
{
    va_list arguments;

    if (answer->code != NULL) {
        return;
    }
    answer->code = code;
    va_start(arguments, format);
    vsnprintf(answer->text, sizeof(answer->text), format, arguments);
    va_end(arguments);
}

static void answer_with(struct wf_adapter *adapter, int64_t number, const struct answer *answer)
{
    if (answer->code == NULL) {
        wf_adapter_tell(adapter, wf_line_done(number));
    } else {
        wf_adapter_tell(adapter,
                        wf_line_refused(number, answer->code, answer->errnum, answer->text));
    }
}

// Slurm's own refusal, for what is none of ours.
static void refuse_as_slurm(struct wf_adapter *adapter, struct answer *answer, int errnum,
                            const char *what, const char *name)
{
    const char *const sentence = slurm_strerror(errnum);

    if (errnum == 0) {
        return;
    }
    answer->errnum = errnum;
    if (errnum == ESLURM_ACCESS_DENIED || errnum == ESLURM_USER_ID_MISSING) {
        refuse(answer, "rights", "our account may not %s %s: %s", what, name, sentence);
        wf_adapter_trouble(adapter, WF_TROUBLE_RIGHTS, answer->text);
    } else if (errnum == SLURMCTLD_COMMUNICATIONS_CONNECTION_ERROR) {
        refuse(answer, "away", "slurmctld cannot be reached: %s", sentence);
    } else if (wf_is_away(errnum)) {
        refuse(answer, "timeout", "slurmctld did not answer to %s %s: %s", what, name, sentence);
    } else if (errnum == ESLURM_INVALID_JOB_ID) {
        refuse(answer, "unknown-job", "Slurm has no job %s any more", name);
    } else {
        refuse(answer, "slurm", "Slurm refuses to %s %s: %s", what, name, sentence);
    }
    if (wf_is_away(errnum)) {
        adapter->next_ms[WF_LOOK_JOBS] = 0;
    }
}

static bool is_ours_to_write(const struct wf_adapter *adapter, const struct wf_facts *facts)
{
    size_t i;
    const json_t *name;
    bool found = false;

    if (adapter->partitions == NULL) {
        return true;
    }
    for (i = 0; (name = json_array_get(adapter->partitions, i)) != NULL; i++) {
        const char *const partition = json_string_value(name);
        const size_t length = strlen(partition);
        for (const char *at = facts->partition; *at != '\0' && !found;
             at += strcspn(at, ","), at += *at == ',') {
            found =
                strncmp(at, partition, length) == 0 && (at[length] == '\0' || at[length] == ',');
        }
    }
    return found;
}

// The job of a request, as of the last look; asked for where it was not in it.
static struct wf_facts *find_job(struct wf_adapter *adapter, const struct wf_request *request,
                                 struct answer *answer)
{
    struct wf_facts *facts = wf_jobs_find(&adapter->jobs, request->job);
    char name[16];

    snprintf(name, sizeof(name), "%" PRIu32, request->job);
    if (facts == NULL) {
        const int errnum = wf_look_job(adapter, request->job, &facts);
        refuse_as_slurm(adapter, answer, errnum, "tell of job", name);
    }
    if (facts == NULL) {
        refuse(answer, "unknown-job", "Slurm has no job %s", name);
    } else if (!is_ours_to_write(adapter, facts) &&
               !(request->what == WF_DO_LEAVE && facts->mark.ours)) {
        // What carries our mark may always be given back: somebody has moved it away.
        refuse(answer, "not-ours", "job %s is in partition %s, which is not ours", name,
               facts->partition);
    }
    return facts;
}

static void need_pending(const struct wf_facts *facts, struct answer *answer)
{
    if (!wf_facts_is_pending(facts)) {
        refuse(answer, "not-pending", "job %" PRIu32 " %s", facts->id,
               wf_facts_is_running(facts)             ? "runs already"
               : (facts->state & JOB_COMPLETING) != 0 ? "is just ending"
                                                      : "is over");
    }
}

static void need_running(const struct wf_facts *facts, struct answer *answer)
{
    if (!wf_facts_is_running(facts)) {
        refuse(answer, "not-running", "job %" PRIu32 " %s", facts->id,
               wf_facts_is_pending(facts) ? "waits" : "is over or just ending");
    }
}

static void need_task(const struct wf_facts *facts, const struct wf_request *request,
                      struct answer *answer)
{
    if (request->task == WF_NO_TASK) {
        if (facts->tasks_count > 1) {
            refuse(answer, "unfit", "job %" PRIu32 " is an array: which task is to start",
                   facts->id);
        }
    } else if (facts->tasks == NULL || !wf_tasks_have(facts->tasks, request->task)) {
        refuse(answer, "unknown-job", "job %" PRIu32 " has no waiting task %" PRIu32, facts->id,
               request->task);
    }
}

static void need_whole(const struct wf_request *request, struct answer *answer)
{
    const char *const why = WF_SLURM_TASKS_WHY;

    if (request->task != WF_NO_TASK && why != NULL) {
        refuse(answer, "unfit", "job %" PRIu32 ", task %" PRIu32 ": %s", request->job,
               request->task, why);
    }
}

// Whether somebody else than us has a say in the job's start.
static void need_free_hand(const struct wf_facts *facts, bool anyway, struct answer *answer)
{
    if (facts->het) {
        refuse(answer, "unfit", "job %" PRIu32 " is a part of a heterogeneous job", facts->id);
    }
    if (!facts->mark.ours && wf_facts_is_held(facts) && !anyway) {
        refuse(answer, "not-ours", "job %" PRIu32 " is held by %s, not by us", facts->id,
               facts->reason == WAIT_HELD_USER ? "its owner" : "the administrator");
    }
    if (anyway || !wf_facts_is_edited(facts)) {
        return;
    }
    if (facts->mark.decision[0] == '\0') {
        refuse(answer, "edited", "job %" PRIu32 " was held for us and somebody has released it",
               facts->id);
    } else if (wf_facts_is_held(facts)) {
        refuse(answer, "edited", "job %" PRIu32 " was released by us and somebody has held it",
               facts->id);
    } else {
        refuse(answer, "edited",
               "job %" PRIu32 " was pinned by us to %s and somebody has made it %s", facts->id,
               facts->mark.pin, facts->required[0] != '\0' ? facts->required : "no node");
    }
}

static void need_fit(const struct wf_facts *facts, const char *nodes, uint32_t count,
                     struct answer *answer)
{
    const uint32_t least = wf_facts_nodes_min(facts), most = wf_facts_nodes_max(facts);

    if (count < least || (most != 0 && most != NO_VAL && count > most)) {
        refuse(answer, "unfit",
               "job %" PRIu32 " wants from %" PRIu32 " to %" PRIu32 " nodes, not %" PRIu32,
               facts->id, least, most != 0 && most != NO_VAL ? most : least, count);
    }
    if (wf_facts_wanted(facts)[0] != '\0' && !wf_hosts_have_all(nodes, wf_facts_wanted(facts))) {
        refuse(answer, "unfit", "job %" PRIu32 " must have %s, which %s leaves out", facts->id,
               wf_facts_wanted(facts), nodes);
    }
    if (facts->excluded[0] != '\0' && wf_hosts_have_any(nodes, facts->excluded)) {
        refuse(answer, "unfit", "job %" PRIu32 " must not have %s", facts->id, facts->excluded);
    }
}

// Slurm has one sentence for several causes ("invalid node name" for a job that runs already): a
// look at the job tells them apart.
static void tell_apart(struct wf_adapter *adapter, uint32_t id, int errnum, const char *nodes,
                       struct answer *answer)
{
    struct wf_facts *facts;
    char name[16];

    if (errnum == 0 || answer->code != NULL) {
        return;
    }
    snprintf(name, sizeof(name), "%" PRIu32, id);
    if (!wf_is_away(errnum) && wf_look_job(adapter, id, &facts) == 0) {
        answer->errnum = errnum;
        if (facts == NULL) {
            refuse(answer, "unknown-job", "Slurm has no job %s any more", name);
        } else {
            need_pending(facts, answer);
        }
        if (errnum == ESLURM_INVALID_NODE_NAME) {
            refuse(answer, "unknown-node", "Slurm has no node of this name (%.300s)", nodes);
        }
    }
    refuse_as_slurm(adapter, answer, errnum, "change job", name);
}

static void carry_start(struct wf_adapter *adapter, const struct wf_request *request,
                        struct wf_facts *facts, struct answer *answer)
{
    char *const nodes = wf_hosts_pack(request->nodes);
    const uint32_t id = facts->id;

    need_pending(facts, answer);
    need_task(facts, request, answer);
    need_whole(request, answer);
    need_free_hand(facts, request->anyway, answer);
    if (!request->anyway) {
        need_fit(facts, nodes, wf_hosts_count(nodes), answer);
    }
    if (answer->code == NULL) {
        const int errnum = wf_pin_start(adapter, facts, request->task, nodes, wf_hosts_count(nodes),
                                        request->decision);
        tell_apart(adapter, id, errnum, nodes, answer);
        if (errnum == 0 && request->task == WF_NO_TASK) {
            wf_underway_add(adapter, id, 0);
        }
    }
    free(nodes);
}

static void carry_change(struct wf_adapter *adapter, const struct wf_request *request,
                         struct wf_facts *facts, struct answer *answer)
{
    const uint32_t id = facts->id;
    int errnum;

    need_pending(facts, answer);
    if (request->task != WF_NO_TASK) {
        need_task(facts, request, answer);
        need_whole(request, answer);
    }
    if (request->what == WF_DO_LEAVE && !facts->mark.ours && wf_facts_is_held(facts)) {
        refuse(answer, "not-ours", "job %" PRIu32 " is held, but not by us", id);
    }
    if (answer->code != NULL) {
        return;
    }
    errnum = request->what == WF_DO_LEAVE ? wf_pin_leave(adapter, facts, request->task)
                                          : wf_pin_hold(adapter, facts, request->task);
    tell_apart(adapter, id, errnum, "", answer);
}

static void carry_advise(struct wf_adapter *adapter, const struct wf_request *request,
                         struct wf_facts *facts, struct answer *answer)
{
    static const char prefix[] = "whaleflux: ";
    char name[16], *comment = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&comment, &length);
    const char *const old = strstr(facts->comment, prefix);
    int own = (int)(old != NULL ? old - facts->comment : (ptrdiff_t)strlen(facts->comment));

    WF_ASSERT(out != NULL);
    while (own > 0 && facts->comment[own - 1] == ' ') {
        own--;
    }
    fprintf(out, "%.*s", own, facts->comment);
    if (request->text[0] != '\0') {
        fprintf(out, "%s%s%s", own > 0 ? " " : "", prefix, request->text);
    }
    WF_ASSERT(fclose(out) == 0);
    snprintf(name, sizeof(name), "%" PRIu32, facts->id);
    if (strcmp(comment, facts->comment) != 0) {
        refuse_as_slurm(adapter, answer, wf_pin_comment(adapter, facts, comment),
                        "write advice into job", name);
    }
    free(comment);
}

static void carry_kill(struct wf_adapter *adapter, const struct wf_request *request,
                       struct wf_facts *facts, struct answer *answer)
{
    const bool cancels = request->what == WF_DO_CANCEL;
    char *const name = wf_pin_name(facts, request->task);
    uint16_t flags = 0;

    if (!cancels) {
        need_running(facts, answer);
        flags = request->to_batch ? KILL_JOB_BATCH : request->to_steps ? 0 : KILL_FULL_JOB;
    } else if (!wf_facts_is_pending(facts) && !wf_facts_is_running(facts)) {
        refuse(answer, "not-running", "job %" PRIu32 " is over or just ending", facts->id);
    }
    if (answer->code == NULL) {
        wf_call_begin(adapter);
        const int errnum = wf_call_end(
            adapter,
            slurm_kill_job2(name, (uint16_t)(cancels ? SIGKILL : request->signal), flags, NULL));
        refuse_as_slurm(adapter, answer, errnum, cancels ? "cancel job" : "signal job", name);
        adapter->next_ms[WF_LOOK_JOBS] = 0;
        if (errnum == 0 && !cancels) {
            wf_underway_signalled(adapter, facts->id);
        }
        if (request->task != WF_NO_TASK) {
            adapter->updated[WF_LOOK_JOBS] = 0; // 26.05 does not count this as a change
        }
    }
    free(name);
}

// The mark first: were we killed in between, a job that Slurm holds would else be nobody's.
static void carry_requeue(struct wf_adapter *adapter, const struct wf_request *request,
                          struct wf_facts *facts, struct answer *answer)
{
    char *const name = wf_pin_name(facts, WF_NO_TASK);
    job_array_resp_msg_t *answers = NULL;

    need_running(facts, answer);
    if (!facts->requeue) {
        refuse(answer, "unfit", "job %" PRIu32 " must not be requeued, its owner says", facts->id);
    }
    if (wf_underway_requeues(adapter, facts->id)) {
        refuse(answer, "unfit", "job %" PRIu32 " is being requeued already", facts->id);
    }
    if (answer->code == NULL) {
        refuse_as_slurm(adapter, answer, wf_pin_mark_held(adapter, facts), "mark job", name);
    }
    if (answer->code == NULL) {
        wf_call_begin(adapter);
        int errnum = wf_call_end(adapter, slurm_requeue2(name, JOB_REQUEUE_HOLD, &answers));
        for (uint32_t i = 0; answers != NULL && i < answers->job_array_count && errnum == 0; i++) {
            errnum = (int)answers->error_code[i];
        }
        if (answers != NULL) {
            slurm_free_job_array_resp(answers);
        }
        refuse_as_slurm(adapter, answer, errnum, "requeue job", name);
    }
    if (answer->code == NULL) {
        wf_underway_add(adapter, facts->id, request->number);
    }
    free(name);
}

void wf_carry_requeued(struct wf_adapter *adapter, int64_t request, uint32_t job,
                       struct wf_facts *facts)
{
    struct answer answer = {0};
    char name[16];

    snprintf(name, sizeof(name), "%" PRIu32, job);
    if (facts == NULL) {
        refuse(&answer, "unknown-job", "Slurm has no job %s any more", name);
    } else {
        need_pending(facts, &answer);
    }
    if (answer.code == NULL) {
        refuse_as_slurm(adapter, &answer, wf_pin_requeued(adapter, facts), "make ready job", name);
    }
    answer_with(adapter, request, &answer);
    adapter->next_ms[WF_LOOK_JOBS] = 0;
}

static bool has_power(struct wf_adapter *adapter, const char *name)
{
    node_info_msg_t *table = NULL;

    wf_call_begin(adapter);
    const int errnum = wf_call_end(adapter, slurm_load_node_single(&table, (char *)name, SHOW_ALL));
    const bool has = errnum == 0 && table != NULL && table->record_count == 1 &&
                     wf_node_has_power(table->node_array[0].node_state);
    if (table != NULL) {
        slurm_free_node_info_msg(table);
    }
    return has;
}

static void carry_node(struct wf_adapter *adapter, const struct wf_request *request,
                       struct answer *answer)
{
    static const uint32_t states[] = {
        [WF_DO_DRAIN] = NODE_STATE_DRAIN,
        [WF_DO_RESUME] = NODE_RESUME,
        [WF_DO_POWER_UP] = NODE_STATE_POWER_UP,
        [WF_DO_POWER_DOWN] = NODE_STATE_POWER_DOWN | NODE_STATE_POWER_DRAIN,
    };
    update_node_msg_t change;

    if (request->what == WF_DO_POWER_UP && has_power(adapter, request->node)) {
        return;
    }
    slurm_init_update_node_msg(&change);
    change.node_names = (char *)request->node;
    change.node_state = states[request->what];
    if (request->what == WF_DO_DRAIN) {
        change.reason = (char *)(request->text != NULL ? request->text : "whaleflux");
#ifndef WF_SLURM_HAS_STEP_IDS // later ones take it from the message's sender
        change.reason_uid = geteuid();
#endif
    }
    wf_call_begin(adapter);
    const int errnum = wf_call_end(adapter, slurm_update_node(&change));
    if (errnum == ESLURM_INVALID_NODE_NAME) {
        answer->errnum = errnum;
        refuse(answer, "unknown-node", "Slurm has no node %s", request->node);
    }
    refuse_as_slurm(adapter, answer, errnum, "change node", request->node);
    adapter->next_ms[WF_LOOK_NODES] = 0;
}

static void carry_job(struct wf_adapter *adapter, const struct wf_request *request,
                      struct answer *answer)
{
    struct wf_facts *const facts = find_job(adapter, request, answer);

    if (answer->code != NULL) {
        return;
    }
    if (request->what == WF_DO_START) {
        carry_start(adapter, request, facts, answer);
    } else if (request->what == WF_DO_LEAVE || request->what == WF_DO_HOLD) {
        carry_change(adapter, request, facts, answer);
    } else if (request->what == WF_DO_ADVISE) {
        carry_advise(adapter, request, facts, answer);
    } else if (request->what == WF_DO_REQUEUE) {
        carry_requeue(adapter, request, facts, answer);
    } else {
        carry_kill(adapter, request, facts, answer);
    }
}

void wf_carry(struct wf_adapter *adapter, const struct wf_request *request)
{
    static const char *const modes[] = {"observe", "advise", "decide"};
    struct answer answer = {0};

    if (adapter->mode < wf_request_mode(request->what)) {
        refuse(&answer, "mode", "%s is not done in mode %s", wf_request_word(request->what),
               modes[adapter->mode]);
    } else if (adapter->troubled[WF_TROUBLE_SLURMCTLD]) {
        refuse(&answer, "away", "slurmctld does not answer at present: nothing was done");
    } else if (request->node != NULL) {
        carry_node(adapter, request, &answer);
    } else {
        carry_job(adapter, request, &answer);
    }
    // A requeue that has begun is answered when it is over.
    if (request->what != WF_DO_REQUEUE || answer.code != NULL) {
        answer_with(adapter, request->number, &answer);
    }
}
