// SPDX-License-Identifier: Apache-2.0
#include "sim/history/sacct.h"

#include <string.h>

#include "sim/history/text.h"

static const char *const columns[WF_SACCT_COLUMNS] = {
    [WF_SACCT_ID] = "JobID",
    [WF_SACCT_RAW_ID] = "JobIDRaw",
    [WF_SACCT_JOB_NAME] = "JobName",
    [WF_SACCT_USER] = "User",
    [WF_SACCT_ACCOUNT] = "Account",
    [WF_SACCT_PARTITION] = "Partition",
    [WF_SACCT_SUBMIT] = "Submit",
    [WF_SACCT_ELIGIBLE] = "Eligible",
    [WF_SACCT_START] = "Start",
    [WF_SACCT_END] = "End",
    [WF_SACCT_ELAPSED] = "Elapsed",
    [WF_SACCT_ELAPSED_RAW] = "ElapsedRaw",
    [WF_SACCT_LIMIT] = "Timelimit",
    [WF_SACCT_LIMIT_RAW] = "TimelimitRaw",
    [WF_SACCT_DEADLINE] = "Deadline",
    [WF_SACCT_STATE] = "State",
    [WF_SACCT_EXIT_CODE] = "ExitCode",
    [WF_SACCT_ASKED_TRES] = "ReqTRES",
    [WF_SACCT_GIVEN_TRES] = "AllocTRES",
    [WF_SACCT_ASKED_GRES] = "ReqGRES",
    [WF_SACCT_GIVEN_GRES] = "AllocGRES",
    [WF_SACCT_ASKED_CPUS] = "ReqCPUS",
    [WF_SACCT_GIVEN_CPUS] = "AllocCPUS",
    [WF_SACCT_CPUS] = "NCPUS",
    [WF_SACCT_ASKED_MEMORY] = "ReqMem",
    [WF_SACCT_NODES] = "NNodes",
    [WF_SACCT_GIVEN_NODES] = "AllocNodes",
    [WF_SACCT_ASKED_NODES] = "ReqNodes",
    [WF_SACCT_NODE_LIST] = "NodeList",
    [WF_SACCT_CONSTRAINTS] = "Constraints",
    [WF_SACCT_PRIORITY] = "Priority",
    [WF_SACCT_RESTARTS] = "Restarts",
    [WF_SACCT_AFTER] = "Dependency", // not of sacct itself, but of those who add it
};

static const int64_t count_max = INT64_C(1000000000000);
static const int64_t seconds_max = INT64_C(10000000000);

void wf_sacct_table_init(struct wf_table *table_out)
{
    *table_out = (struct wf_table){.columns = columns, .column_count = WF_SACCT_COLUMNS};
}

// Whether a field says nothing.
static bool is_none(const char *text)
{
    static const char *const nothing[] = {"Unknown",         "None",          "N/A",    "(null)",
                                          "Partition_Limit", "None assigned", "INVALID"};
    if (text[0] >= '0' && text[0] <= '9') {
        return false;
    }
    for (uint32_t i = 0; i < WF_COUNT_OF(nothing); i++) {
        if (wf_text_same(text, nothing[i])) {
            return true;
        }
    }
    return text[0] == '\0';
}

static enum wf_status take_time(const struct wf_table *table, enum wf_sacct_column column,
                                int64_t *ms_out, struct wf_error *err)
{
    const char *text = wf_table_text(table, column);
    *ms_out = WF_TIME_UNKNOWN;
    if (is_none(text) || wf_text_time(text, ms_out)) {
        return WF_OK;
    }
    return wf_table_fail(table, column, "no time", err);
}

// A span of time from the column with the bare number, in raw_ms, or else from the one for people.
struct span {
    enum wf_sacct_column text, raw;
    int64_t raw_ms;
};

static enum wf_status take_span(const struct wf_table *table, struct span span, int64_t *ms_out,
                                struct wf_error *err)
{
    const char *raw = wf_table_text(table, span.raw);
    const char *text = wf_table_text(table, span.text);
    int64_t number = 0;
    *ms_out = WF_TIME_UNKNOWN;
    if (wf_text_same(text, "UNLIMITED") || wf_text_same(raw, "UNLIMITED")) {
        return WF_OK;
    }
    if (!is_none(raw)) {
        enum wf_status status =
            wf_table_whole(table, span.raw, seconds_max * 1000 / span.raw_ms, &number, err);
        *ms_out = number * span.raw_ms;
        return status;
    }
    if (is_none(text) || wf_text_duration(text, ms_out)) {
        return WF_OK;
    }
    return wf_table_fail(table, span.text, "no span of time", err);
}

static enum wf_status take_end(const struct wf_table *table, struct wf_history_job *job,
                               struct wf_error *err)
{
    const char *state = wf_table_text(table, WF_SACCT_STATE);
    if (state[0] != '\0') {
        return wf_slurm_state(state, &job->end)
                   ? WF_OK
                   : wf_table_fail(table, WF_SACCT_STATE, "no state of a job", err);
    }
    const char *code = wf_table_text(table, WF_SACCT_EXIT_CODE);
    job->end = WF_ENDED_WELL;
    if (job->end_ms == WF_TIME_UNKNOWN) {
        job->end = WF_ENDED_NOT_YET;
    } else if (code[0] != '\0' && strcmp(code, "0:0") != 0) {
        job->end = WF_ENDED_FAILED;
    }
    return WF_OK;
}

// What was cancelled while it waited has, by version, no start or one that is its end.
static bool never_started(const struct wf_table *table, const struct wf_history_job *job)
{
    if (wf_text_same(wf_table_text(table, WF_SACCT_NODE_LIST), "None assigned")) {
        return true;
    }
    return job->end == WF_ENDED_CANCELLED && job->start_ms == job->end_ms &&
           wf_table_has(table, WF_SACCT_GIVEN_TRES) &&
           wf_table_text(table, WF_SACCT_GIVEN_TRES)[0] == '\0';
}

// Reckons the end or the start from the time that the job ran, where one is not told.
static void complete_times(const struct wf_table *table, int64_t ran, struct wf_history_job *job)
{
    job->limit_ms = job->limit_ms == WF_TIME_UNKNOWN ? 0 : job->limit_ms;
    job->deadline_ms = job->deadline_ms == WF_TIME_UNKNOWN ? 0 : job->deadline_ms;
    if (job->end == WF_ENDED_NOT_YET) {
        job->end_ms = WF_TIME_UNKNOWN;
    } else if (job->end_ms == WF_TIME_UNKNOWN && job->start_ms != WF_TIME_UNKNOWN && ran >= 0) {
        job->end_ms = job->start_ms + ran;
    } else if (job->start_ms == WF_TIME_UNKNOWN && ran > 0 && ran <= job->end_ms) {
        job->start_ms = job->end_ms - ran;
    }
    if (never_started(table, job)) {
        job->start_ms = WF_TIME_UNKNOWN;
    }
}

static enum wf_status take_times(const struct wf_table *table, struct wf_history_job *job,
                                 struct wf_error *err)
{
    const struct {
        enum wf_sacct_column column;
        int64_t *ms_out;
    } times[] = {
        {WF_SACCT_SUBMIT, &job->submit_ms},     {WF_SACCT_ELIGIBLE, &job->eligible_ms},
        {WF_SACCT_START, &job->start_ms},       {WF_SACCT_END, &job->end_ms},
        {WF_SACCT_DEADLINE, &job->deadline_ms},
    };
    int64_t ran = WF_TIME_UNKNOWN;
    enum wf_status status = WF_OK;
    for (uint32_t i = 0; i < WF_COUNT_OF(times) && status == WF_OK; i++) {
        status = take_time(table, times[i].column, times[i].ms_out, err);
    }
    if (status == WF_OK && job->submit_ms == WF_TIME_UNKNOWN) {
        return wf_table_fail(table, WF_SACCT_SUBMIT, "no time", err);
    }
    const struct span elapsed = {WF_SACCT_ELAPSED, WF_SACCT_ELAPSED_RAW, 1000};
    const struct span limit = {WF_SACCT_LIMIT, WF_SACCT_LIMIT_RAW, 60000};
    status = status == WF_OK ? take_span(table, elapsed, &ran, err) : status;
    status = status == WF_OK ? take_span(table, limit, &job->limit_ms, err) : status;
    status = status == WF_OK ? take_end(table, job, err) : status;
    if (status == WF_OK) {
        complete_times(table, ran, job);
    }
    return status;
}

static void prefer(int64_t *known, int64_t other)
{
    *known = *known > 0 ? *known : other;
}

// A count in a column of its own; what is no number is as good as nothing ("2-4" nodes are 2).
static int64_t take_count(const struct wf_table *table, enum wf_sacct_column column)
{
    const char *text = wf_table_text(table, column);
    int64_t count;
    return wf_text_digits(&text, count_max, &count) ? count : -1;
}

static void prefer_gpus(struct wf_slurm_amount *known, const struct wf_slurm_amount *other)
{
    prefer(&known->gpus, other->gpus);
    prefer(&known->shards, other->shards);
    prefer(&known->mps_milli, other->mps_milli);
}

// What the whole job was given, or else what it asked for. Models are those that it asked for: it
// may have got any.
static enum wf_status take_amount(const struct wf_table *table, int64_t nodes,
                                  struct wf_slurm_amount *amount, struct wf_error *err)
{
    struct wf_slurm_amount asked;
    struct wf_slurm_amount gres;
    if (!wf_slurm_tres(wf_table_text(table, WF_SACCT_GIVEN_TRES), amount)) {
        return wf_table_fail(table, WF_SACCT_GIVEN_TRES, "no list of TRES", err);
    }
    if (!wf_slurm_tres(wf_table_text(table, WF_SACCT_ASKED_TRES), &asked)) {
        return wf_table_fail(table, WF_SACCT_ASKED_TRES, "no list of TRES", err);
    }
    prefer(&amount->nodes, take_count(table, WF_SACCT_GIVEN_NODES));
    prefer(&amount->nodes, take_count(table, WF_SACCT_NODES));
    prefer(&amount->nodes, asked.nodes);
    prefer(&amount->nodes, take_count(table, WF_SACCT_ASKED_NODES));
    prefer(&amount->nodes, nodes);
    prefer(&amount->cpus, take_count(table, WF_SACCT_GIVEN_CPUS));
    prefer(&amount->cpus, take_count(table, WF_SACCT_CPUS));
    prefer(&amount->cpus, asked.cpus);
    prefer(&amount->cpus, take_count(table, WF_SACCT_ASKED_CPUS));
    prefer(&amount->memory_mib, asked.memory_mib);
    const char *memory = wf_table_text(table, WF_SACCT_ASKED_MEMORY);
    int64_t mib = -1;
    if (!is_none(memory) && !wf_slurm_memory(memory, amount->cpus, amount->nodes, &mib)) {
        return wf_table_fail(table, WF_SACCT_ASKED_MEMORY, "no amount of memory", err);
    }
    prefer(&amount->memory_mib, mib);

    if (!wf_slurm_gres(wf_table_text(table, WF_SACCT_GIVEN_GRES), amount->nodes, &gres)) {
        return wf_table_fail(table, WF_SACCT_GIVEN_GRES, "no list of GRES", err);
    }
    prefer_gpus(amount, &gres);
    const char *models = amount->models[0] ? amount->models : gres.models;
    struct wf_slurm_amount asked_gres;
    if (!wf_slurm_gres(wf_table_text(table, WF_SACCT_ASKED_GRES), amount->nodes, &asked_gres)) {
        return wf_table_fail(table, WF_SACCT_ASKED_GRES, "no list of GRES", err);
    }
    prefer_gpus(amount, &asked);
    prefer_gpus(amount, &asked_gres);
    if (asked.gpus > 0 || asked_gres.gpus > 0) {
        models = asked.models[0] ? asked.models : asked_gres.models;
    }
    memmove(amount->models, models, strlen(models) + 1);
    return WF_OK;
}

static int64_t share_up(int64_t total, int64_t parts)
{
    return (total + parts - 1) / parts;
}

// GPU share of one node in thousandths, of a job that has no whole GPUs. 0: none.
static int64_t find_share(struct wf_history *history, const struct wf_slurm_amount *amount)
{
    int64_t shards_per_gpu = history->config.shards_per_gpu;
    if (amount->shards > 0 && shards_per_gpu == 0) {
        history->summary.assumed++;
        wf_history_complain(history, history->line,
                            "the job asks for shards, and it is not told how many make a GPU: "
                            "taken as one whole GPU for each node");
        return WF_GPU_MILLI;
    }
    if (amount->shards > 0) {
        return share_up(share_up(amount->shards, amount->nodes) * 1000, shards_per_gpu);
    }
    return amount->mps_milli > 0 ? share_up(amount->mps_milli, amount->nodes) : 0;
}

// Cuts a job into tasks that are alike. Whole GPUs are never rounded: where they cannot be divided
// by the nodes, there are more, smaller tasks, of as many GPUs as divide them.
static bool shape(const struct wf_slurm_amount *amount, int64_t share_milli,
                  struct wf_history_job *job)
{
    int64_t tasks = amount->nodes;
    int64_t gpus = share_up(share_milli, WF_GPU_MILLI);
    int64_t gpu_milli = share_milli < WF_GPU_MILLI ? share_milli : WF_GPU_MILLI;
    if (amount->gpus > 0) {
        gpus = amount->gpus > tasks ? amount->gpus / tasks : 1;
        if (gpus > UINT8_MAX) {
            return false;
        }
        while (amount->gpus % gpus != 0) {
            gpus--;
        }
        tasks = amount->gpus / gpus;
        gpu_milli = WF_GPU_MILLI;
    }
    int64_t cpus = amount->cpus > 0 ? share_up(amount->cpus, tasks) : 0;
    int64_t memory = amount->memory_mib > 0 ? share_up(amount->memory_mib, tasks) : 0;
    if (tasks > WF_JOB_TASKS_MAX || gpus > UINT8_MAX || cpus > WF_CPU_MILLI_MAX / 1000 ||
        memory > WF_MEMORY_MIB_MAX) {
        return false;
    }
    job->tasks = (uint32_t)tasks;
    job->request = (struct wf_request){
        .cpu_milli = (uint32_t)cpus * 1000,
        .memory_mib = (uint32_t)memory,
        .gpus = (uint8_t)gpus,
        .gpu_milli = (uint16_t)gpu_milli,
    };
    return true;
}

enum wf_status wf_sacct_request(struct wf_history *history, const struct wf_table *table,
                                int64_t nodes, struct wf_history_job *job, struct wf_error *err)
{
    struct wf_slurm_amount amount;
    enum wf_status status = take_amount(table, nodes, &amount, err);
    if (status != WF_OK) {
        return status;
    }
    int64_t share_milli = amount.gpus > 0 ? 0 : find_share(history, &amount);
    if (!shape(&amount, share_milli, job)) {
        return wf_fail(err, WF_INVALID,
                       "%lld GPUs, %lld CPUs and %lld MiB on %lld nodes are past what a job can "
                       "have",
                       (long long)(amount.gpus > 0 ? amount.gpus : 0),
                       (long long)(amount.cpus > 0 ? amount.cpus : 0),
                       (long long)(amount.memory_mib > 0 ? amount.memory_mib : 0),
                       (long long)amount.nodes);
    }
    return job->request.gpus > 0 ? wf_history_name(history, amount.models, &job->models, err)
                                 : WF_OK;
}

// Features that must all be there become labels; a choice between features cannot be told.
static enum wf_status take_labels(struct wf_history *history, const struct wf_table *table,
                                  struct wf_history_job *job, struct wf_error *err)
{
    const char *text = wf_table_text(table, WF_SACCT_CONSTRAINTS);
    if (is_none(text)) {
        return WF_OK;
    }
    if (strpbrk(text, "|[](){}*,")) {
        history->summary.assumed++;
        return WF_OK;
    }
    return wf_history_name(history, text, &job->labels, err);
}

static enum wf_status take_names(struct wf_history *history, const struct wf_table *table,
                                 struct wf_history_job *job, struct wf_error *err)
{
    const char *account = wf_table_text(table, WF_SACCT_ACCOUNT);
    const char *partition = wf_table_text(table, WF_SACCT_PARTITION);
    const char *nodes = wf_table_text(table, WF_SACCT_NODE_LIST);
    enum wf_status status =
        wf_history_name(history, wf_table_text(table, WF_SACCT_USER), &job->user, err);
    if (status == WF_OK) {
        status = wf_history_stem(history, wf_table_text(table, WF_SACCT_JOB_NAME), &job->name, err);
    }
    if (status == WF_OK) {
        status = wf_history_name(history, account[0] ? account : partition, &job->queue, err);
    }
    if (status == WF_OK && !is_none(nodes)) {
        status = wf_history_name(history, nodes, &job->nodes, err);
    }
    return status;
}

enum wf_status wf_sacct_job(struct wf_history *history, const struct wf_table *table,
                            struct wf_history_job *job_out, struct wf_error *err)
{
    *job_out = (struct wf_history_job){.line = history->line};
    enum wf_status status = take_times(table, job_out, err);
    status = status == WF_OK ? wf_sacct_request(history, table, 1, job_out, err) : status;
    status = status == WF_OK ? take_names(history, table, job_out, err) : status;
    status = status == WF_OK ? take_labels(history, table, job_out, err) : status;
    int64_t priority = take_count(table, WF_SACCT_PRIORITY);
    int64_t restarts = take_count(table, WF_SACCT_RESTARTS);
    job_out->priority = (int32_t)(priority < 0 ? 0 : priority < INT32_MAX ? priority : INT32_MAX);
    job_out->restarts = (uint32_t)(restarts < 0 ? 0 : restarts < INT32_MAX ? restarts : INT32_MAX);
    return status;
}
