// SPDX-License-Identifier: Apache-2.0
// The verb offers: what a job would cost and where it would run, before it is submitted.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/nearest.h"
#include "cli/clean.h"
#include "cli/commands.h"
#include "cli/offers/offers.h"
#include "cli/offers/offers_market.h"
#include "cli/progress.h"
#include "cli/replay/explain_replay.h"
#include "sim/history/text.h"
#include "sim/rerun/replayer.h"

static const struct wf_option options[] = {
    {"gpu", "MODEL[:N]", "GPUs of each task (H100:8, 4, A100:0.5); again: another model will do"},
    {"any-of", "M[,M...]", "further GPU models that will do"},
    {"tasks", "N", "tasks that start together (1)"},
    {"cpus", "N", "cores of each task"},
    {"memory", "GIB", "memory of each task"},
    {"labels", "L[&L...]", "what its nodes must carry"},
    {"limit", "TIME", "its time limit: 12h, 1d6h, or 1-06:00:00 as Slurm has it"},
    {"hours", "H", "so long it runs, where you know better than the history"},
    {"deadline", "TIME", "when it should be done: a time, or so long from now (2d)"},
    {"queue", "Q", "its queue"},
    {"user", "U", "whose job it is: run times are learned by user and name"},
    {"name", "NAME", "what the job is called"},
    {"cluster", "FILE", "the machines, as for replay; without it: what is for sale"},
    {"prices", "FILE", "the store of prices; with a cluster also a file of prices by model"},
    {"history", "FILE", "what ran before, as for replay: learns how long such jobs run"},
    {"at", "TIME", "prices of then; with a history: the machines as busy as it has them then"},
    {"provider", "P", "for sale: by this cloud alone"},
    {"region", "R", "for sale: in this region alone (us-east-1, europe-*)"},
    {"max-age", "TIME", "for sale: older prices are stale (90d, spot 7d)"},
    {"rows", "N", "for sale: so many offers at most (40; 0: all)"},
    {"policy", "P", "who schedules (foresight)"},
    {"json", NULL, "prints JSON instead of a table"},
    {NULL, NULL, NULL},
};

enum {
    MODELS_BYTES = 1024,
    ROWS_SHOWN = 40,
    SHOWN_GLYPHS = 160,
    SHOWN_BYTES = 644,           // four for a glyph
    HOURS_MAX_MILLI = 100000000, // eleven years
    MEMORY_MAX_MILLI = 1000000000,
};

enum text {
    LABELS,
    DEADLINE,
    QUEUE,
    USER,
    NAME,
    CLUSTER,
    PRICES,
    HISTORY,
    AT,
    POLICY,
    PROVIDER,
    REGION,
    MAX_AGE,
    TEXTS
};
static const char *const text_names[TEXTS] = {
    [LABELS] = "labels",   [DEADLINE] = "deadline", [QUEUE] = "queue",       [USER] = "user",
    [NAME] = "name",       [CLUSTER] = "cluster",   [PRICES] = "prices",     [HISTORY] = "history",
    [AT] = "at",           [POLICY] = "policy",     [PROVIDER] = "provider", [REGION] = "region",
    [MAX_AGE] = "max-age",
};

struct offers {
    const char *texts[TEXTS];
    char models[MODELS_BYTES]; // with '|' between
    uint32_t gpu_thousandths;  // of one task; 0: not told
    struct wf_offer_question question;
    bool counted;             // --gpu says how many, it is not taken for one
    bool for_sale;            // no cluster is named: what outsiders sell
    uint64_t rows;            // of what is for sale
    const char *of_a_cluster; // an option that only makes sense with one, or NULL
    bool json;

    struct wf_progress reading;
    struct wf_history *file;
    struct wf_rerun_jobs jobs;
    struct wf_site site;
    struct wf_replayer who;
    bool has_relative_times;
};

// Adds models from a list with commas.
static enum wf_status add_models(struct offers *offers, const char *list, size_t length,
                                 struct wf_error *err)
{
    size_t known = strlen(offers->models);
    int added = snprintf(offers->models + known, MODELS_BYTES - known, "%s%.*s",
                         known > 0 ? "|" : "", (int)length, list);
    if (length == 0 || added < 0 || (size_t)added >= MODELS_BYTES - known) {
        return wf_fail(err, WF_INVALID, "'%.40s' is no list of GPU models", list);
    }
    for (char *at = offers->models + known; *at; at++) {
        if (*at == ',') {
            *at = '|';
        }
    }
    return WF_OK;
}

// "H100:8", "H100", "8", "A100:0.5"
static enum wf_status take_gpu(struct offers *offers, const char *text, struct wf_error *err)
{
    const char *colon = strrchr(text, ':');
    bool only_count = text[0] != '\0' && strspn(text, "0123456789.") == strlen(text);
    const char *count = only_count ? text : colon ? colon + 1 : "1";
    uint32_t thousandths;
    enum wf_status status =
        wf_option_thousandths("--gpu", count, WF_NODE_GPUS_MAX * WF_GPU_MILLI, &thousandths, err);
    if (status != WF_OK) {
        return status;
    }
    if (thousandths > WF_GPU_MILLI && thousandths % WF_GPU_MILLI != 0) {
        return wf_fail(err, WF_INVALID,
                       "--gpu '%.40s': a task has whole GPUs, or a part of one GPU", text);
    }
    if (offers->gpu_thousandths > 0 && offers->gpu_thousandths != thousandths) {
        return wf_fail(err, WF_INVALID, "--gpu '%.40s': every --gpu must name as many GPUs", text);
    }
    offers->gpu_thousandths = thousandths;
    offers->counted |= only_count || colon;
    return only_count
               ? WF_OK
               : add_models(offers, text, colon ? (size_t)(colon - text) : strlen(text), err);
}

static enum wf_status take_limit(const char *text, int64_t *ms_out, struct wf_error *err)
{
    bool slurm = strpbrk(text, ":-") && wf_text_duration(text, ms_out);
    if ((!slurm && !wf_explain_read_span(text, ms_out)) || *ms_out == 0) {
        return wf_fail(err, WF_INVALID, "--limit '%.40s' is no time like 12h, 1d6h or 1-06:00:00",
                       text);
    }
    return WF_OK;
}

static enum wf_status take_amount(struct offers *offers, const char *name, const char *value,
                                  struct wf_error *err)
{
    struct wf_job_spec *job = &offers->question.job;
    uint32_t thousandths = 0;
    uint64_t number = 0;
    enum wf_status status;
    if (strcmp(name, "cpus") == 0) {
        return wf_option_thousandths("--cpus", value, WF_CPU_MILLI_MAX, &job->request.cpu_milli,
                                     err);
    }
    if (strcmp(name, "memory") == 0) {
        status = wf_option_thousandths("--memory", value, MEMORY_MAX_MILLI, &thousandths, err);
        job->request.memory_mib = (uint32_t)((uint64_t)thousandths * 1024 / 1000);
        return status;
    }
    if (strcmp(name, "hours") == 0) {
        status = wf_option_thousandths("--hours", value, HOURS_MAX_MILLI, &thousandths, err);
        offers->question.run_ms = (int64_t)thousandths * 3600;
        return status;
    }
    status = wf_option_number("--tasks", value, 1, WF_JOB_TASKS_MAX, &number, err);
    job->tasks = (uint32_t)number;
    return status;
}

static enum wf_status take(void *context, const char *name, const char *value, struct wf_error *err)
{
    struct offers *offers = context;
    for (uint32_t i = 0; i < TEXTS; i++) {
        if (strcmp(name, text_names[i]) == 0) {
            offers->texts[i] = value;
            return WF_OK;
        }
    }
    if (strcmp(name, "json") == 0) {
        offers->json = true;
        return WF_OK;
    }
    if (strcmp(name, "gpu") == 0) {
        return take_gpu(offers, value, err);
    }
    if (strcmp(name, "any-of") == 0) {
        return add_models(offers, value, strlen(value), err);
    }
    if (strcmp(name, "rows") == 0) {
        return wf_option_number("--rows", value, 0, UINT32_MAX, &offers->rows, err);
    }
    offers->of_a_cluster = name;
    return strcmp(name, "limit") == 0 ? take_limit(value, &offers->question.job.wait.limit_ms, err)
                                      : take_amount(offers, name, value, err);
}

// Each use has options that say nothing to the other.
static enum wf_status check_use(const struct offers *offers, struct wf_error *err)
{
    static const enum text of_cluster[] = {LABELS, DEADLINE, QUEUE, USER, NAME, POLICY};
    static const enum text of_sale[] = {PROVIDER, REGION, MAX_AGE};
    const char *wrong = offers->for_sale ? offers->of_a_cluster : NULL;
    for (uint32_t i = 0; i < WF_COUNT_OF(of_cluster) && offers->for_sale; i++) {
        wrong = offers->texts[of_cluster[i]] ? text_names[of_cluster[i]] : wrong;
    }
    if (wrong) {
        return wf_fail(err, WF_INVALID,
                       "--%s is about one's own machines: --cluster FILE is missing, or what is "
                       "for sale is asked without it",
                       wrong);
    }
    for (uint32_t i = 0; i < WF_COUNT_OF(of_sale) && !offers->for_sale; i++) {
        wrong = offers->texts[of_sale[i]] ? text_names[of_sale[i]] : wrong;
    }
    return wrong ? wf_fail(err, WF_INVALID,
                           "--%s is about what is for sale, and a cluster or a history is named",
                           wrong)
                 : WF_OK;
}

static enum wf_status read_options(struct offers *offers, int argc, char **argv,
                                   struct wf_error *err)
{
    const struct wf_option_reader reader = {options, take, offers};
    const char *const *texts = offers->texts;
    int words;
    enum wf_status status = wf_options_parse(&reader, argc, argv, &words, err);
    if (status != WF_OK) {
        return status;
    }
    if (words != argc) {
        return wf_fail(err, WF_INVALID, "'%.60s' is no option: a job is told as --gpu H100:8",
                       argv[words]);
    }
    if (offers->models[0] != '\0' && offers->gpu_thousandths == 0) {
        return wf_fail(err, WF_INVALID, "--any-of names models, and no --gpu says how many GPUs");
    }
    offers->for_sale = !texts[CLUSTER] && !texts[HISTORY];
    return check_use(offers, err);
}

static enum wf_status check_job(struct offers *offers, struct wf_error *err)
{
    const char *const *texts = offers->texts;
    const struct wf_request *request = &offers->question.job.request;
    if (offers->gpu_thousandths == 0 && request->cpu_milli == 0 && request->memory_mib == 0) {
        return wf_fail(err, WF_INVALID, "what does the job need? --gpu H100:8, for one");
    }
    if (texts[AT] && !texts[HISTORY]) {
        return wf_fail(err, WF_INVALID, "--at is a time of a history: --history FILE is missing");
    }
    return wf_replayer_parse(texts[POLICY] ? texts[POLICY] : "foresight", &offers->who, err);
}

static enum wf_status read_history(struct offers *offers, struct wf_error *err)
{
    const struct wf_history_config config = {
        .path = offers->texts[HISTORY],
        .processors_are_gpus = true,
        .progress = wf_progress_count,
        .context = &offers->reading,
    };
    wf_progress_init(&offers->reading, 1);
    enum wf_status status = wf_history_open(&config, &offers->file, err);
    if (status == WF_OK && !offers->texts[CLUSTER] &&
        wf_history_summary(offers->file)->kind == WF_HISTORY_JOURNAL) {
        offers->texts[CLUSTER] = offers->texts[HISTORY];
    }
    return status;
}

static enum wf_status read_site(struct offers *offers, struct wf_error *err)
{
    if (!offers->texts[CLUSTER]) {
        return wf_fail(err, WF_INVALID, "--cluster FILE is missing: what machines there are");
    }
    const struct wf_site_config config = {.path = offers->texts[CLUSTER],
                                          .prices_path = offers->texts[PRICES]};
    return wf_site_read(&config, &offers->site, err);
}

static enum wf_status read_jobs(struct offers *offers, struct wf_error *err)
{
    const struct wf_rerun_jobs_config wanted = {
        .from_ms = WF_TIME_UNKNOWN,
        .to_ms = WF_TIME_UNKNOWN,
        .keep_places = strcmp(offers->texts[CLUSTER], offers->texts[HISTORY]) == 0,
    };
    wf_progress_begin(&offers->reading, "reading %.60s", offers->texts[HISTORY]);
    enum wf_status status =
        wf_rerun_jobs_read(offers->file, &offers->site, &wanted, &offers->jobs, err);
    wf_progress_finish(&offers->reading);
    if (status == WF_OK && offers->jobs.count == 0) {
        return wf_fail(err, WF_INVALID, "%s has no job that ran to its end",
                       offers->texts[HISTORY]);
    }
    return status;
}

// Reads what there is: the history first, as a journal of ours tells its machines, too.
static enum wf_status read_inputs(struct offers *offers, struct wf_error *err)
{
    enum wf_status status = offers->texts[HISTORY] ? read_history(offers, err) : WF_OK;
    status = status == WF_OK ? read_site(offers, err) : status;
    if (status == WF_OK && offers->file) {
        status = read_jobs(offers, err);
    }
    if (status == WF_OK && offers->file) {
        offers->has_relative_times =
            wf_history_has_relative_times(wf_history_summary(offers->file));
    }
    return status;
}

static bool has_children(const struct wf_site *site, uint32_t queue)
{
    for (uint32_t i = 0; i < site->queue_count; i++) {
        if (site->queues[i].spec.parent.index == queue) {
            return true;
        }
    }
    return false;
}

static enum wf_status fail_queue(const struct wf_site *site, const char *name, struct wf_error *err)
{
    const char *names[64];
    uint32_t count = 0;
    for (uint32_t i = 0; i < site->queue_count && count < WF_COUNT_OF(names); i++) {
        if (!has_children(site, i)) {
            names[count++] = site->queues[i].name;
        }
    }
    uint32_t near = wf_nearest_name(name, names, count);
    if (near != UINT32_MAX) {
        return wf_fail(err, WF_NOTFOUND, "there is no queue '%.60s' (did you mean '%.60s'?)", name,
                       names[near]);
    }
    return wf_fail(err, WF_NOTFOUND, "there is no queue '%.60s'%s%.60s%s", name,
                   count > 0 ? " (the first is '" : ": the cluster file tells none",
                   count > 0 ? names[0] : "", count > 0 ? "')" : "");
}

static enum wf_status find_queue(const struct wf_site *site, const char *name,
                                 wf_queue_id *queue_out, struct wf_error *err)
{
    uint32_t queue = 0;
    queue_out->index = site->queue_count;
    if (!name) {
        return WF_OK;
    }
    while (queue < site->queue_count && strcmp(site->queues[queue].name, name) != 0) {
        queue++;
    }
    if (queue == site->queue_count) {
        return fail_queue(site, name, err);
    }
    queue_out->index = queue;
    return !has_children(site, queue)
               ? WF_OK
               : wf_fail(err, WF_INVALID,
                         "queue '%.60s' has others below it, and jobs are in those", name);
}

static enum wf_status fill_request(struct offers *offers, struct wf_error *err)
{
    struct wf_request *request = &offers->question.job.request;
    const struct wf_site *site = &offers->site;
    uint32_t milli = offers->gpu_thousandths;
    request->gpus = (uint8_t)(milli < WF_GPU_MILLI ? milli > 0 : milli / WF_GPU_MILLI);
    request->gpu_milli = (uint16_t)(milli < WF_GPU_MILLI ? milli : WF_GPU_MILLI);
    request->place = (struct wf_place){WF_ANYWHERE, WF_ANYWHERE, WF_ANYWHERE};
    enum wf_status status = wf_site_models(site, offers->models, &request->models, err);
    if (status == WF_OK && offers->texts[LABELS]) {
        status = wf_site_labels(site, offers->texts[LABELS], &request->labels, err);
    }
    return status;
}

static enum wf_status fill_times(struct offers *offers, struct wf_error *err)
{
    struct wf_offer_question *question = &offers->question;
    const char *at = offers->texts[AT], *deadline = offers->texts[DEADLINE];
    question->now_ms = (int64_t)time(NULL) * 1000;
    question->at_ms = WF_TIME_UNKNOWN;
    enum wf_status status = WF_OK;
    if (at) {
        int64_t begin_ms = offers->has_relative_times ? 0 : offers->jobs.told[0].submit_ms;
        status = wf_explain_read_at(at, begin_ms, &question->at_ms, err);
    }
    if (status != WF_OK || !deadline) {
        return status;
    }
    int64_t now_ms = at ? question->at_ms : question->now_ms;
    int64_t span_ms;
    int64_t *deadline_ms = &question->job.wait.deadline_ms;
    if (wf_explain_read_span(deadline, &span_ms)) {
        *deadline_ms = now_ms + span_ms;
    } else if (!wf_text_time_or_date(deadline, deadline_ms)) {
        return wf_fail(err, WF_INVALID,
                       "--deadline '%.40s' is neither a time like 2026-05-01T08:00:00 nor one like "
                       "2d from now",
                       deadline);
    }
    return *deadline_ms > now_ms
               ? WF_OK
               : wf_fail(err, WF_INVALID, "--deadline '%.40s' has passed already", deadline);
}

static uint32_t name_in_history(const struct offers *offers, const char *name, size_t length)
{
    char text[256];
    if (!name || !offers->file || length >= sizeof text) {
        return UINT32_MAX;
    }
    snprintf(text, sizeof text, "%.*s", (int)length, name);
    return wf_names_find(wf_history_names(offers->file), text);
}

static enum wf_status fill_question(struct offers *offers, struct wf_error *err)
{
    struct wf_offer_question *question = &offers->question;
    const char *user = offers->texts[USER], *name = offers->texts[NAME];
    question->site = &offers->site;
    question->discipline = offers->who.discipline;
    question->placement = offers->who.placement;
    question->jobs = offers->file ? &offers->jobs : NULL;
    question->user = name_in_history(offers, user, user ? strlen(user) : 0);
    question->name = name_in_history(offers, name, name ? wf_text_stem(name) : 0);
    question->job.gang = true;
    enum wf_status status = fill_request(offers, err);
    if (status == WF_OK) {
        status = find_queue(&offers->site, offers->texts[QUEUE], &question->job.wait.queue, err);
    }
    return status == WF_OK ? fill_times(offers, err) : status;
}

static const char *clean(char *text, const char *from)
{
    return from ? wf_clean_text(text, SHOWN_BYTES, from, SHOWN_GLYPHS) : NULL;
}

static enum wf_status offer(struct offers *offers, struct wf_error *err)
{
    struct wf_offer made;
    enum wf_status status = wf_offer_make(&offers->question, &made, err);
    if (status != WF_OK) {
        return status;
    }
    char history[SHOWN_BYTES], user[SHOWN_BYTES], name[SHOWN_BYTES];
    char stem[SHOWN_BYTES]; // as it is learned by
    snprintf(stem, sizeof stem, "%.*s",
             offers->texts[NAME] ? (int)wf_text_stem(offers->texts[NAME]) : 0,
             offers->texts[NAME] ? offers->texts[NAME] : "");
    const struct wf_offers_report report = {
        .site = &offers->site,
        .offer = &made,
        .policy = offers->who.name,
        .history = clean(history, offers->texts[HISTORY]),
        .user = clean(user, offers->texts[USER]),
        .name = offers->texts[NAME] ? clean(name, stem) : NULL,
        .has_relative_times = offers->has_relative_times,
    };
    if (offers->json) {
        status = wf_offers_print_json(&report, err);
    } else {
        wf_offers_print(stdout, &report);
    }
    wf_offer_finish(&made);
    return status;
}

static enum wf_status list_for_sale(const struct offers *offers, struct wf_error *err)
{
    uint32_t usual = offers->json ? 0 : ROWS_SHOWN;
    const struct wf_offers_market wanted = {
        .store = offers->texts[PRICES],
        .models = offers->models,
        .gpu_milli = offers->counted ? offers->gpu_thousandths : 0,
        .provider = offers->texts[PROVIDER],
        .region = offers->texts[REGION],
        .at = offers->texts[AT],
        .age_max = offers->texts[MAX_AGE],
        .limit = offers->rows == UINT64_MAX ? usual : (uint32_t)offers->rows,
        .json = offers->json,
    };
    return wf_offers_market(&wanted, err);
}

static enum wf_status run(int argc, char **argv, struct wf_error *err)
{
    struct offers offers = {.question = {.job = {.tasks = 1}}, .rows = UINT64_MAX};
    enum wf_status status = read_options(&offers, argc, argv, err);
    if (status == WF_OK && offers.for_sale) {
        return list_for_sale(&offers, err);
    }
    status = status == WF_OK ? check_job(&offers, err) : status;
    status = status == WF_OK ? read_inputs(&offers, err) : status;
    status = status == WF_OK ? fill_question(&offers, err) : status;
    status = status == WF_OK ? offer(&offers, err) : status;
    wf_rerun_jobs_finish(&offers.jobs);
    wf_site_finish(&offers.site);
    wf_history_close(offers.file);
    return status;
}

const struct wf_command wf_command_offers = {
    .name = "offers",
    .usage = "--gpu MODEL:N [--region R] | --gpu MODEL:N --cluster FILE [--history FILE]",
    .summary = "what such GPUs cost where, or what a job would cost on one's own machines",
    .options = options,
    .more =
        "Without a cluster: what is for sale, from the store that `whaleflux prices import` fills."
        "\nWith one: what a job would cost and where it would run, before it is submitted.\n"
        "Example: whaleflux offers --gpu H100:8 --any-of H200,MI300X --region 'us-*'\n",
    .run = run,
};
