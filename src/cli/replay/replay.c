// SPDX-License-Identifier: Apache-2.0
// The verb replay: what a past month would have been like under another policy.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/replay/replay_again.h"
#include "cli/replay/replay_html.h"
#include "cli/replay/replay_journal.h"
#include "cli/replay/replay_json.h"
#include "cli/replay/replay_table.h"
#include "cli/simulate/last_run.h"
#include "sim/history/text.h"
#include "sim/rerun/journal_check.h"
#include "sim/rerun/replayer.h"
#include "sim/rerun/rerun.h"
#include "sim/rerun/start_delay.h"

static const struct wf_option options[] = {
    {"cluster", "FILE", "the machines: YAML, scontrol show node, kubectl get nodes -o json"},
    {"policy", "P[,P...]", "who schedules instead: easy, cost-first, easy/fgd, ...; all"},
    {"own", "P", "the policy that the history was made with (easy for Slurm and SWF); none"},
    {"from", "TIME", "only jobs submitted from then on (2026-05-01, 2026-05-01T08:00:00; UTC)"},
    {"to", "TIME", "only jobs submitted before"},
    {"prices", "FILE", "prices of GPUs by the hour that the cluster file does not tell"},
    {"format", "NAME", "of the history: sacct, swf, pods, openb, journal (guessed)"},
    {"limits", "SEED", "makes up a time limit for jobs that asked for none"},
    {"processors", "WHAT", "what the processors of an SWF history are: gpus, cores (gpus)"},
    {"start-delay", "WHAT", "from a decision to a job's run: learned, or seconds (0)"},
    {"outages", "FILE", "when nodes were away: what sacctmgr show event prints"},
    {"shards-per-gpu", "N", "how many of Slurm's shards are one GPU"},
    {"preempt", NULL, "jobs may be stopped, and run again from the beginning"},
    {"moves", NULL, "with --preempt: small work moves together so that large work starts"},
    {"strict", NULL, "stops at the first damaged line of the history"},
    {"plain", NULL, "without the caches: looks at every node for every task"},
    {"json", NULL, "prints JSON instead of a table"},
    {"html", "FILE", "also writes it as a page with plots, one file"},
    {"journal", "FILE", "keeps the run in a journal, and resumes it where the journal stops"},
    {NULL, NULL, NULL},
};

enum {
    SHARDS_MAX = 1000,
    ASSUMPTIONS_MAX = 12,
    ASSUMPTION_BYTES = 320,
    START_DELAY_MAX_MS = 3600000,
    MACHINES_LEEWAY = 20, // by such a part a history may hold more GPUs than there are
};

struct replay {
    struct wf_history_config history;
    struct wf_site_config site;
    struct wf_rerun_jobs_config wanted;
    const char *policies, *own, *html, *journal_path;
    const char *from, *to, *start_delay, *outages_path;
    bool json, plain, preempt, moves;

    struct wf_progress reading;
    struct wf_history *file;
    struct wf_rerun_journal *journal; // of the one policy asked for; NULL: none is kept
    struct wf_site machines;
    struct wf_rerun_jobs jobs;
    struct wf_outages outages;
    int64_t start_delay_ms;
    struct wf_replayers replayers; // the history's own first, where there is one
    bool has_own;
    struct wf_outcome_run runs[WF_REPLAYERS_MAX + 1];
    uint32_t run_count;
    uint32_t happened, baseline;
    char assumptions[ASSUMPTIONS_MAX][ASSUMPTION_BYTES];
    const char *assumption_list[ASSUMPTIONS_MAX];
    uint32_t assumption_count;
};

static enum wf_status take_format(const char *value, enum wf_history_format *format_out,
                                  struct wf_error *err)
{
    static const char *const names[] = {"sacct", "swf", "pods", "openb", "journal"};
    static const enum wf_history_format formats[] = {
        WF_HISTORY_SACCT, WF_HISTORY_SWF, WF_HISTORY_PODS, WF_HISTORY_OPENB, WF_HISTORY_JOURNAL};
    for (uint32_t i = 0; i < WF_COUNT_OF(names); i++) {
        if (strcmp(value, names[i]) == 0) {
            *format_out = formats[i];
            return WF_OK;
        }
    }
    return wf_fail(err, WF_INVALID,
                   "--format '%.40s' is none of sacct, swf, pods, openb and journal", value);
}

static enum wf_status take_value(struct replay *replay, const char *name, const char *value,
                                 struct wf_error *err)
{
    uint64_t number;
    if (strcmp(name, "format") == 0) {
        return take_format(value, &replay->history.format, err);
    }
    if (strcmp(name, "processors") == 0) {
        replay->history.processors_are_gpus = strcmp(value, "gpus") == 0;
        if (!replay->history.processors_are_gpus && strcmp(value, "cores") != 0) {
            return wf_fail(err, WF_INVALID, "--processors '%.40s' is neither gpus nor cores",
                           value);
        }
        return WF_OK;
    }
    if (strcmp(name, "shards-per-gpu") == 0) {
        enum wf_status status =
            wf_option_number("--shards-per-gpu", value, 1, SHARDS_MAX, &number, err);
        replay->history.shards_per_gpu = status == WF_OK ? (uint32_t)number : 0;
        return status;
    }
    replay->wanted.make_up_limits = true;
    return wf_option_number("--limits", value, 0, UINT64_MAX, &replay->wanted.limit_seed, err);
}

static enum wf_status take(void *context, const char *name, const char *value, struct wf_error *err)
{
    struct replay *replay = context;
    const struct {
        const char *name;
        const char **place;
    } texts[] = {
        {"cluster", &replay->site.path},
        {"policy", &replay->policies},
        {"own", &replay->own},
        {"from", &replay->from},
        {"to", &replay->to},
        {"prices", &replay->site.prices_path},
        {"html", &replay->html},
        {"journal", &replay->journal_path},
        {"start-delay", &replay->start_delay},
        {"outages", &replay->outages_path},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(texts); i++) {
        if (strcmp(name, texts[i].name) == 0) {
            *texts[i].place = value;
            return WF_OK;
        }
    }
    if (value) {
        return take_value(replay, name, value, err);
    }
    replay->preempt = replay->preempt || strcmp(name, "preempt") == 0;
    replay->moves = replay->moves || strcmp(name, "moves") == 0;
    replay->history.strict = replay->history.strict || strcmp(name, "strict") == 0;
    replay->plain = replay->plain || strcmp(name, "plain") == 0;
    replay->json = replay->json || strcmp(name, "json") == 0;
    return WF_OK;
}

static enum wf_status read_time(const char *option, const char *text, int64_t *ms_out,
                                struct wf_error *err)
{
    if (text && !wf_text_time_or_date(text, ms_out)) {
        return wf_fail(
            err, WF_INVALID,
            "%s '%.40s' is no time like 2026-05-01, 2026-05-01T08:00:00 or seconds since 1970",
            option, text);
    }
    return WF_OK;
}

static enum wf_status read_options(struct replay *replay, int argc, char **argv,
                                   struct wf_error *err)
{
    struct wf_option_reader reader = {.options = options, .take = take, .context = replay};
    int words;
    enum wf_status status = wf_options_parse(&reader, argc, argv, &words, err);
    if (status != WF_OK) {
        return status;
    }
    if (words != argc - 1) {
        return wf_fail(err, WF_INVALID,
                       words == argc ? "the file with the history is missing"
                                     : "one history at a time can be replayed");
    }
    replay->history.path = argv[words];
    if (replay->moves && !replay->preempt) {
        return wf_fail(err, WF_INVALID,
                       "--moves needs --preempt: whoever is moved is stopped, and runs again");
    }
    if (!replay->policies) {
        return wf_fail(err, WF_INVALID, "--policy NAME is missing: who is to schedule instead");
    }
    status = wf_replayers_parse(replay->policies, &replay->replayers, err);
    if (status == WF_OK && replay->journal_path && replay->replayers.count > 1) {
        status =
            wf_fail(err, WF_INVALID, "--journal keeps the run of one policy, and --policy names %u",
                    replay->replayers.count);
    }
    if (status != WF_OK) {
        return status;
    }
    status = read_time("--from", replay->from, &replay->wanted.from_ms, err);
    return status == WF_OK ? read_time("--to", replay->to, &replay->wanted.to_ms, err) : status;
}

// What the history's own scheduler was like, where the user does not say.
static const char *usual_policy(enum wf_history_format format)
{
    return format == WF_HISTORY_PODS || format == WF_HISTORY_OPENB ? "kubernetes-like" : "easy";
}

// Puts the history's own policy before those that were asked for; one that is among them runs once.
static enum wf_status choose_own(struct replay *replay, struct wf_error *err)
{
    if (replay->own && strcmp(replay->own, "none") == 0) {
        return WF_OK;
    }
    const struct wf_history_summary *summary = wf_history_summary(replay->file);
    const char *told = summary->policy[0] ? summary->policy : usual_policy(summary->kind);
    struct wf_replayers *all = &replay->replayers;
    struct wf_replayer own;
    enum wf_status status = wf_replayer_parse(replay->own ? replay->own : told, &own, err);
    if (status != WF_OK) {
        return status;
    }
    uint32_t at = 0;
    while (at < all->count && (all->list[at].discipline != own.discipline ||
                               all->list[at].placement != own.placement)) {
        at++;
    }
    if (at == WF_REPLAYERS_MAX) {
        return wf_fail(err, WF_LIMIT, "more than %d policies are named", WF_REPLAYERS_MAX - 1);
    }
    all->count += at == all->count;
    memmove(&all->list[1], &all->list[0], at * sizeof all->list[0]);
    all->list[0] = own;
    replay->has_own = true;
    return WF_OK;
}

static void assume(struct replay *replay, const char *format, ...) WF_PRINTF(2, 3);

static void assume(struct replay *replay, const char *format, ...)
{
    if (replay->assumption_count < ASSUMPTIONS_MAX) {
        char *text = replay->assumptions[replay->assumption_count];
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(text, ASSUMPTION_BYTES, format, arguments);
        va_end(arguments);
        replay->assumption_list[replay->assumption_count++] = text;
    }
}

static uint64_t count_without_limit(const struct wf_rerun_jobs *jobs)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < jobs->count; i++) {
        count += jobs->list[i].limit_ms == 0;
    }
    return count;
}

// Says what the history did not tell, and what was made of it.
static void list_assumptions(struct replay *replay)
{
    const struct wf_rerun_jobs *jobs = &replay->jobs;
    char text[WF_NUMBER_BYTES];
    if (jobs->impossible > 0) {
        assume(replay, "%s jobs ask for what this cluster does not have, the first: %.180s.",
               wf_number_count(text, (int64_t)jobs->impossible), jobs->first_impossible);
    }
    if (jobs->limits_made_up > 0) {
        assume(replay,
               "%s jobs asked for no time limit and got a made-up one: 1 to 10 times their run, "
               "rounded up as people do (--limits).",
               wf_number_count(text, (int64_t)jobs->limits_made_up));
    }
    uint64_t without_limit = count_without_limit(jobs);
    if (without_limit > 0) {
        assume(replay,
               "%s jobs asked for no time limit: plans that go by limits (easy, conservative) take "
               "them to run for ever. --limits makes some up.",
               wf_number_count(text, (int64_t)without_limit));
    }
    if (jobs->without_queue > 0) {
        assume(replay, "%s jobs are of no queue in the cluster file and share one.",
               wf_number_count(text, (int64_t)jobs->without_queue));
    }
    if (jobs->outside > 0) {
        assume(replay,
               "%s jobs submitted before or after the time asked for are left out, and none of "
               "them runs when it begins.",
               wf_number_count(text, (int64_t)jobs->outside));
    }
    if (replay->outages.strange > 0) {
        assume(replay, "%s outages are of nodes that this cluster does not have.",
               wf_number_count(text, (int64_t)replay->outages.strange));
    }
    if (replay->start_delay) {
        assume(replay, "From a decision to a job's run it takes %.2f s%s.",
               (double)replay->start_delay_ms / 1000,
               strcmp(replay->start_delay, "learned") == 0 ? ", as the history's jobs did" : "");
    }
    if (replay->has_own && !replay->own && !wf_history_summary(replay->file)->policy[0]) {
        assume(replay, "Own: the history is taken to have been made with %s (--own).",
               replay->replayers.list[0].name);
    }
}

static enum wf_status run_policy(struct replay *replay, uint32_t i, struct wf_progress *progress,
                                 struct wf_error *err)
{
    const struct wf_replayer *who = &replay->replayers.list[i];
    struct wf_rerun_config config = {
        .jobs = &replay->jobs,
        .site = &replay->machines,
        .discipline = who->discipline,
        .placement = who->placement,
        .name = who->name,
        .start_delay_ms = replay->start_delay_ms,
        .outages = replay->outages_path ? &replay->outages : NULL,
        .preemptible = replay->preempt,
        .moves = replay->moves,
        .plain = replay->plain,
        .journal = i + 1 == replay->replayers.count ? replay->journal : NULL,
        .progress = wf_progress_tell,
        .context = progress,
    };
    wf_progress_begin(progress, "%s", who->name);
    return wf_rerun(&config, &replay->runs[replay->run_count], err);
}

static bool is_openb(const struct replay *replay)
{
    return wf_history_summary(replay->file)->kind == WF_HISTORY_OPENB;
}

// Whether what happened can have happened on these machines; says why not.
static bool is_of_these_machines(struct replay *replay, const struct wf_outcome_cluster *happened)
{
    char text[2][WF_NUMBER_BYTES];
    int64_t capacity_milli;
    (void)wf_rerun_usd_per_hour(&replay->machines, &capacity_milli);
    if (is_openb(replay)) {
        assume(replay, "What happened is left out: the openb trace is a sample of the tasks of "
                       "6,212 GPUs, and its waits are of those machines.");
        return false;
    }
    if (happened->peak_gpu_milli > capacity_milli + capacity_milli / MACHINES_LEEWAY) {
        assume(replay,
               "What happened is left out: its jobs held up to %s GPUs at once, and this cluster "
               "has %s.",
               wf_number_count(text[0], happened->peak_gpu_milli / WF_GPU_MILLI),
               wf_number_count(text[1], capacity_milli / WF_GPU_MILLI));
        return false;
    }
    return true;
}

// A journal has every event of what happened: stepped again, they give the hash of all decisions
// that were made then.
static uint64_t step_again(struct replay *replay)
{
    struct wf_journal_check check;
    struct wf_error why;
    if (wf_history_summary(replay->file)->kind != WF_HISTORY_JOURNAL) {
        return 0;
    }
    if (wf_journal_check(replay->history.path, &check, &why) != WF_OK) {
        assume(replay, "What happened has no hash: %.150s.", why.text);
        return 0;
    }
    return check.hash;
}

static enum wf_status take_happened(struct replay *replay, struct wf_error *err)
{
    struct wf_outcome_run *run = &replay->runs[replay->run_count];
    enum wf_status status = wf_rerun_happened(&replay->jobs, &replay->machines, run, err);
    if (status == WF_OK && is_of_these_machines(replay, &run->cluster)) {
        replay->happened = replay->run_count++;
        run->cluster.hash = step_again(replay);
    } else if (status == WF_OK) {
        free(run->jobs);
        run->jobs = NULL;
    }
    return status;
}

static enum wf_status run_all(struct replay *replay, struct wf_error *err)
{
    replay->happened = WF_NONE;
    replay->baseline = WF_NONE;
    enum wf_status status = replay->has_own ? take_happened(replay, err) : WF_OK;
    struct wf_progress progress;
    wf_progress_init(&progress, replay->replayers.count);
    for (uint32_t i = 0; i < replay->replayers.count && status == WF_OK; i++) {
        if (replay->has_own && i == 0) {
            replay->baseline = replay->run_count;
        }
        status = run_policy(replay, i, &progress, err);
        replay->run_count += status == WF_OK;
    }
    wf_progress_finish(&progress);
    return status;
}

static enum wf_status print_report(struct replay *replay, const struct wf_report *report,
                                   struct wf_error *err)
{
    enum wf_status status = replay->html ? wf_replay_write_html(report, replay->html, err) : WF_OK;
    if (status == WF_OK && replay->json) {
        status = wf_replay_print_json(report, err);
    } else if (status == WF_OK) {
        wf_replay_print_table(stdout, report);
    }
    return status;
}

static enum wf_status hand_over(struct replay *replay, struct wf_error *err)
{
    char history[512];
    const struct wf_history_summary *summary = wf_history_summary(replay->file);
    snprintf(history, sizeof history, "%.400s (%s)", replay->history.path, summary->format);
    struct wf_report_config config = {
        .history = history,
        .cluster = replay->machines.origin,
        .names = wf_history_names(replay->file),
        .summary = summary,
        .site = &replay->machines,
        .assumptions = replay->assumption_list,
        .assumption_count = replay->assumption_count,
        .relative_times = wf_history_has_relative_times(summary),
        .jobs = replay->jobs.told,
        .job_count = replay->jobs.count,
        .runs = replay->runs,
        .run_count = replay->run_count,
        .happened = replay->happened,
        .baseline = replay->baseline,
    };
    struct wf_report report;
    enum wf_status status = wf_report_init(&report, &config, err);
    if (status == WF_OK) {
        status = print_report(replay, &report, err);
        wf_report_finish(&report);
    }
    return status;
}

static void tell_complaints(const struct wf_history_summary *summary, const char *path)
{
    enum { SHOWN = 5 };
    for (uint32_t i = 0; i < summary->complaint_count && i < SHOWN; i++) {
        fprintf(stderr, "whaleflux: %s: %s\n", path, summary->complaints[i]);
    }
    if (summary->damaged > SHOWN) {
        fprintf(stderr, "whaleflux: %s: %llu damaged lines in all, left out\n", path,
                (unsigned long long)summary->damaged);
    }
}

static enum wf_status read_jobs(struct replay *replay, struct wf_error *err)
{
    wf_progress_begin(&replay->reading, "reading %.60s", replay->history.path);
    enum wf_status status =
        wf_rerun_jobs_read(replay->file, &replay->machines, &replay->wanted, &replay->jobs, err);
    wf_progress_finish(&replay->reading);
    if (status == WF_OK && replay->jobs.count == 0) {
        status = wf_fail(err, WF_INVALID,
                         "%s has no job to replay: %llu never started, %llu have no end, %llu were "
                         "submitted outside of the time asked for",
                         replay->history.path, (unsigned long long)replay->jobs.never_started,
                         (unsigned long long)replay->jobs.never_ended,
                         (unsigned long long)replay->jobs.outside);
    }
    return status;
}

// What a run depends on besides its files, for its journal.
static enum wf_status open_journal(struct replay *replay, struct wf_error *err)
{
    char rest[400];
    const struct wf_history_config *history = &replay->history;
    const struct wf_rerun_jobs_config *wanted = &replay->wanted;
    snprintf(rest, sizeof rest,
             " from=%.40s to=%.40s limits=%s:%llu format=%d processors=%s shards=%u preempt=%s%s",
             replay->from ? replay->from : "any", replay->to ? replay->to : "any",
             wanted->make_up_limits ? "made-up" : "asked", (unsigned long long)wanted->limit_seed,
             (int)history->format, history->processors_are_gpus ? "gpus" : "cores",
             history->shards_per_gpu, replay->preempt ? "yes" : "no",
             replay->moves ? " moves=yes" : "");
    const struct wf_replay_inputs inputs = {
        .history = history->path,
        .cluster = replay->site.path,
        .prices = replay->site.prices_path,
        .options = rest,
    };
    if (replay->start_delay || replay->outages_path) {
        size_t used = strlen(rest);
        snprintf(rest + used, sizeof rest - used, " delay=%lld outages=%.100s",
                 (long long)replay->start_delay_ms,
                 replay->outages_path ? replay->outages_path : "none");
    }
    return wf_replay_journal_open(replay->journal_path, &inputs, &replay->journal, err);
}

static enum wf_status find_start_delay(struct replay *replay, struct wf_error *err)
{
    const char *text = replay->start_delay;
    if (!text) {
        return WF_OK;
    }
    if (strcmp(text, "learned") != 0) {
        const char *at = text;
        bool good = wf_text_decimal(&at, &replay->start_delay_ms) && *at == '\0' &&
                    replay->start_delay_ms <= START_DELAY_MAX_MS;
        return good ? WF_OK
                    : wf_fail(err, WF_INVALID,
                              "--start-delay '%.40s' is neither 'learned' nor seconds, up to %d",
                              text, START_DELAY_MAX_MS / 1000);
    }
    bool known;
    enum wf_status status = wf_start_delay_learn(replay->file, &replay->machines, &replay->jobs,
                                                 &replay->start_delay_ms, &known, err);
    if (status == WF_OK && !known) {
        return wf_fail(err, WF_NOTFOUND,
                       "--start-delay learned: the history does not tell on which nodes jobs ran");
    }
    return status;
}

// Reads the history and the machines. A journal tells its own.
static enum wf_status read_inputs(struct replay *replay, struct wf_error *err)
{
    wf_progress_init(&replay->reading, 1);
    replay->history.progress = wf_progress_count;
    replay->history.context = &replay->reading;
    enum wf_status status = wf_history_open(&replay->history, &replay->file, err);
    if (status == WF_OK && !replay->site.path &&
        wf_history_summary(replay->file)->kind == WF_HISTORY_JOURNAL) {
        replay->site.path = replay->history.path;
    }
    if (status == WF_OK && !replay->site.path) {
        status = wf_fail(err, WF_INVALID, "--cluster FILE is missing: what machines there are");
    }
    replay->wanted.keep_places =
        replay->site.path && strcmp(replay->site.path, replay->history.path) == 0;
    status = status == WF_OK ? wf_site_read(&replay->site, &replay->machines, err) : status;
    status = status == WF_OK ? read_jobs(replay, err) : status;
    if (status == WF_OK && replay->outages_path) {
        status = wf_outages_read(replay->outages_path, &replay->machines, &replay->outages, err);
    }
    return status == WF_OK ? find_start_delay(replay, err) : status;
}

// Keeps the arguments for explain. That they could not be kept is no reason to fail.
static void keep(const struct replay *replay)
{
    char limits[32], shards[32];
    static const char *const formats[] = {[WF_HISTORY_SACCT] = "sacct",
                                          [WF_HISTORY_SWF] = "swf",
                                          [WF_HISTORY_PODS] = "pods",
                                          [WF_HISTORY_JOURNAL] = "journal",
                                          [WF_HISTORY_OPENB] = "openb"};
    snprintf(limits, sizeof limits, "%llu", (unsigned long long)replay->wanted.limit_seed);
    snprintf(shards, sizeof shards, "%u", replay->history.shards_per_gpu);
    const struct wf_last_run_word words[] = {
        {NULL, replay->history.path, true},
        {"--cluster", replay->site.path, true},
        {"--prices", replay->site.prices_path, true},
        {"--policy", replay->policies, false},
        {"--own", replay->own, false},
        {"--from", replay->from, false},
        {"--start-delay", replay->start_delay, false},
        {"--outages", replay->outages_path, true},
        {"--to", replay->to, false},
        {"--format", formats[replay->history.format], false},
        {"--limits", replay->wanted.make_up_limits ? limits : NULL, false},
        {"--processors", replay->history.processors_are_gpus ? NULL : "cores", false},
        {"--shards-per-gpu", replay->history.shards_per_gpu > 0 ? shards : NULL, false},
        {NULL, replay->preempt ? "--preempt" : NULL, false},
        {NULL, replay->moves ? "--moves" : NULL, false},
        {NULL, replay->history.strict ? "--strict" : NULL, false},
        {NULL, replay->plain ? "--plain" : NULL, false},
    };
    struct wf_error err;
    if (wf_last_run_keep_replay(words, WF_COUNT_OF(words), &err) != WF_OK) {
        fprintf(stderr, "whaleflux: explain will not know of this run: %s\n", err.text);
    }
}

static enum wf_status replay_history(struct replay *replay, struct wf_error *err)
{
    enum wf_status status = read_inputs(replay, err);
    status = status == WF_OK ? choose_own(replay, err) : status;
    if (status == WF_OK && replay->journal_path) {
        status = open_journal(replay, err);
    }
    if (status != WF_OK) {
        return status;
    }
    tell_complaints(wf_history_summary(replay->file), replay->history.path);
    list_assumptions(replay);
    status = run_all(replay, err);
    if (status == WF_OK && replay->journal) {
        wf_replay_journal_tell(replay->journal_path, replay->journal);
    }
    status = status == WF_OK ? hand_over(replay, err) : status;
    if (status == WF_OK) {
        keep(replay);
    }
    return status;
}

static const struct replay new_replay = {
    .history = {.processors_are_gpus = true},
    .wanted = {.from_ms = WF_TIME_UNKNOWN, .to_ms = WF_TIME_UNKNOWN},
};

enum wf_status wf_replay_again_read(int argc, char **argv, struct wf_replay_again *again_out,
                                    struct wf_error *err)
{
    struct replay replay = new_replay;
    enum wf_status status = read_options(&replay, argc, argv, err);
    status = status == WF_OK ? read_inputs(&replay, err) : status;
    *again_out = (struct wf_replay_again){
        .history = replay.file,
        .site = replay.machines,
        .jobs = replay.jobs,
        .replayers = replay.replayers,
        .outages = replay.outages,
        .has_outages = replay.outages_path != NULL,
        .start_delay_ms = replay.start_delay_ms,
        .preempt = replay.preempt,
        .moves = replay.moves,
        .plain = replay.plain,
        .has_relative_times =
            status == WF_OK && wf_history_has_relative_times(wf_history_summary(replay.file)),
    };
    return status;
}

void wf_replay_again_finish(struct wf_replay_again *again)
{
    wf_outages_finish(&again->outages);
    wf_rerun_jobs_finish(&again->jobs);
    wf_site_finish(&again->site);
    wf_history_close(again->history);
    *again = (struct wf_replay_again){.history = NULL};
}

static enum wf_status run(int argc, char **argv, struct wf_error *err)
{
    struct replay replay = new_replay;
    enum wf_status status = read_options(&replay, argc, argv, err);
    status = status == WF_OK ? replay_history(&replay, err) : status;
    for (uint32_t i = 0; i < replay.run_count; i++) {
        free(replay.runs[i].jobs);
    }
    wf_rerun_journal_close(replay.journal);
    wf_outages_finish(&replay.outages);
    wf_rerun_jobs_finish(&replay.jobs);
    wf_site_finish(&replay.machines);
    wf_history_close(replay.file);
    return status;
}

const struct wf_command wf_command_replay = {
    .name = "replay",
    .usage = "HISTORY --cluster FILE --policy P[,P...]",
    .summary = "what a past month would have cost under another policy",
    .options = options,
    .more = "",
    .run = run,
};
