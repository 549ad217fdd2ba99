// SPDX-License-Identifier: Apache-2.0
// The verb explain: why a job of a daemon waits, or runs where it does; why a task of the last
// simulation went where it did, or nowhere; why a job of the last replay waited, or ran where it
// did, at some time.
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/live/explain_live.h"
#include "cli/replay/explain_replay.h"
#include "cli/simulate/explain_json.h"
#include "sim/placement/explanation.h"

static const struct wf_option options[] = {
    {"policy", "P", "under this policy (the last one that the run named)"},
    {"seed", "S", "of a simulation: in the run of this seed (the first one)"},
    {"at", "TIME", "of a replay: at this time, or so long (3d4h) after the first submission"},
    {"json", NULL, "prints JSON instead of sentences"},
    WF_LIVE_OPTIONS,
    {NULL, NULL, NULL},
};

// Asked of a daemon, or of the last run.
struct asking {
    struct wf_explain_question question;
    struct wf_live live;
};

static enum wf_status take(void *context, const char *name, const char *value, struct wf_error *err)
{
    struct asking *asking = context;
    struct wf_explain_question *question = &asking->question;
    (void)err;
    if (wf_live_take(&asking->live, name, value)) {
        question->json = asking->live.json;
        return WF_OK;
    }
    if (strcmp(name, "policy") == 0) {
        question->policy = value;
    } else if (strcmp(name, "at") == 0) {
        question->time = value;
    } else {
        question->seed = value;
    }
    return WF_OK;
}

static enum wf_status answer(const struct wf_scenario *scenario,
                             const struct wf_contender *contender, uint64_t seed,
                             const struct wf_explain_question *question, struct wf_error *err)
{
    struct wf_workload workload;
    struct wf_replay *replay = NULL;
    struct wf_explained explained;
    uint32_t position = 0;
    enum wf_status status = wf_scenario_workload(scenario, seed, &workload, err);
    if (status != WF_OK) {
        return status;
    }
    status = wf_explanation_find(&scenario->trace, &workload, question->task, &position, err);
    if (status == WF_OK) {
        struct wf_replay_config config = wf_scenario_replay(scenario, &workload, contender, seed);
        status = wf_replay_create(&config, &replay, err);
    }
    if (status == WF_OK) {
        status = wf_explanation_make(replay, position, &explained, err);
    }
    if (status == WF_OK && question->json) {
        status = wf_explain_print_json(&explained, contender->name, seed, err);
    } else if (status == WF_OK) {
        char run[WF_CONTENDER_NAME_BYTES + 32];
        snprintf(run, sizeof run, "%s, seed %llu", contender->name, (unsigned long long)seed);
        wf_explanation_print(&explained, run, stdout);
    }
    wf_replay_destroy(replay);
    wf_workload_finish(&workload);
    return status;
}

static enum wf_status explain(const struct wf_explain_question *question,
                              const struct wf_simulation_options *last, struct wf_error *err)
{
    struct wf_contenders contenders;
    uint64_t seed = last->seed_first;
    enum wf_status status =
        wf_contenders_parse(question->policy ? question->policy : last->policies, &contenders, err);
    if (status == WF_OK && question->policy && contenders.count != 1) {
        status = wf_fail(err, WF_INVALID, "--policy is '%.60s', it must be one policy",
                         question->policy);
    }
    if (status == WF_OK && question->seed) {
        status = wf_option_number("--seed", question->seed, 0, INT64_MAX, &seed, err);
    }
    struct wf_scenario scenario;
    if (status == WF_OK) {
        status = wf_scenario_open(&last->scenario, &scenario, err);
    }
    if (status != WF_OK) {
        return status;
    }
    status = answer(&scenario, &contenders.list[contenders.count - 1], seed, question, err);
    wf_scenario_close(&scenario);
    return status;
}

static enum wf_status explain_last_run(const struct wf_explain_question *question,
                                       struct wf_error *err)
{
    struct wf_last_run last;
    enum wf_status status = wf_last_run_recall(&last, err);
    if (status != WF_OK) {
        return status;
    }
    if (last.is_replay) {
        status = wf_explain_replay(question, &last, err);
    } else if (question->time) {
        status = wf_fail(err, WF_INVALID,
                         "--at is for a replay; the last run was a simulation, which has no times");
    } else {
        status = explain(question, &last.options, err);
    }
    wf_last_run_forget(&last);
    return status;
}

// Who names a daemon means it; who asks about a policy, a seed or a time means the last run; else
// it is the daemon's if there is one that knows the job.
static enum wf_status run(int argc, char **argv, struct wf_error *err)
{
    struct asking asking = {.question = {.task = NULL}};
    struct wf_explain_question *question = &asking.question;
    const struct wf_option_reader reader = {options, take, &asking};
    int words = 0;
    enum wf_status status = wf_options_parse(&reader, argc, argv, &words, err);
    if (status != WF_OK) {
        return status;
    }
    if (argc - words != 1) {
        return wf_fail(err, WF_INVALID,
                       argc == words ? "explain which task or job?"
                                     : "explain is about one task or job");
    }
    question->task = argv[words];
    bool names_daemon = asking.live.url || asking.live.data_folder;
    bool names_run = question->policy || question->seed || question->time;
    if (names_daemon && names_run) {
        return wf_fail(err, WF_INVALID,
                       "a daemon's job has no --policy, --seed or --at: leave those out, or "
                       "--data-dir and --url");
    }
    if (names_daemon || (!names_run && wf_explain_live_knows(&asking.live, question->task))) {
        status = wf_explain_live(&asking.live, question->task, err);
        wf_live_close(&asking.live);
        return status;
    }
    return explain_last_run(question, err);
}

const struct wf_command wf_command_explain = {
    .name = "explain",
    .usage = "JOB | TASK[#N] | JOB [--at TIME] [--policy P] [--seed S]   [--json]",
    .summary = "tells why a job of the daemon, or of the last replay or simulation, runs or waits",
    .options = options,
    .more =
        "Without --policy, --seed and --at the daemon is asked, if there is one that knows the job:\n"
        "why it waits, who is before it, and the smallest change that would start it now. Otherwise\n"
        "it is about the last simulation or replay. A task that arrives several times has its first\n"
        "arrival explained; openb-pod-0042#2 is its second. A job of a replay is explained as of the\n"
        "time it was submitted.\n"
        "Example: whaleflux explain train\n",
    .run = run,
};
