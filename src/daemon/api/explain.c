// SPDX-License-Identifier: Apache-2.0
// Why a job waits, when it may start, and what would help: worked out in a copy of the daemon,
// because looking for changes that help tries many.
#include "daemon/api/explain.h"

#include "base/assert.h"
#include "base/number.h"
#include "core/core.h"
#include "core/future/timeline.h"
#include "core/schedule/schedule.h"

static const char *name_of(void *context, enum wf_journal_named what, uint32_t number)
{
    return wf_desk_name(((struct wf_api_teller *)context)->api->desk, what, number);
}

static const char *node_name(void *context, uint32_t number)
{
    return name_of(context, WF_JOURNAL_NODE, number);
}

static const char *pool_name(void *context, uint32_t number)
{
    return name_of(context, WF_JOURNAL_POOL, number);
}

static const char *model_name(void *context, uint32_t number)
{
    return name_of(context, WF_JOURNAL_MODEL, number);
}

static const char *label_name(void *context, uint32_t number)
{
    return name_of(context, WF_JOURNAL_LABEL, number);
}

static const char *queue_name(void *context, wf_queue_id queue)
{
    const char *name = name_of(context, WF_JOURNAL_QUEUE, queue.index);
    return name ? name : "(no queue)";
}

static const char *job_name(void *context, wf_job_id job, char *text)
{
    (void)context;
    snprintf(text, WF_WAIT_JOB_BYTES, "%llu", (unsigned long long)job.number);
    return text;
}

const char *wf_api_time_text(char *text, int64_t ms)
{
    time_t clock = (time_t)(ms / 1000);
    struct tm at;
    if (!gmtime_r(&clock, &at) || strftime(text, WF_NUMBER_BYTES, "%Y-%m-%d %H:%M:%S", &at) == 0) {
        snprintf(text, WF_NUMBER_BYTES, "%lld", (long long)ms);
    }
    return text;
}

static const char *time_text(void *context, char *text, int64_t ms)
{
    (void)context;
    return wf_api_time_text(text, ms);
}

struct wf_wait_names wf_api_names(struct wf_api_teller *teller, char *job)
{
    snprintf(job, WF_WAIT_JOB_BYTES, "Job %llu", (unsigned long long)teller->job);
    return (struct wf_wait_names){
        .words = {.job = job,
                  .node = node_name,
                  .pool = pool_name,
                  .model = model_name,
                  .label = label_name,
                  .context = teller},
        .job = job_name,
        .queue = queue_name,
        .time = time_text,
        .context = teller,
    };
}

// The copy's core takes an event and says whether the job started with it.
static enum wf_status step(void *context, const struct wf_event *event, struct wf_error *err)
{
    struct wf_api_teller *teller = context;
    struct wf_decisions decisions;
    enum wf_status status = wf_core_step(teller->core, event, &decisions, err);
    for (uint32_t i = 0; status == WF_OK && i < decisions.count; i++) {
        const struct wf_decision *decision = &decisions.list[i];
        teller->started = teller->started || (decision->kind == WF_DECISION_PLACE &&
                                              decision->job.number == teller->job);
    }
    return status;
}

static enum wf_status advance(void *context, int64_t time_ms, struct wf_error *err)
{
    struct wf_event event = {.time_ms = time_ms, .kind = WF_EVENT_TIME};
    return step(context, &event, err);
}

static bool has_started(void *context, wf_job_id job, int64_t since_ms)
{
    (void)job;
    (void)since_ms;
    return ((struct wf_api_teller *)context)->started;
}

static json_t *list_blockers(const struct wf_wait_explanation *wait)
{
    json_t *list = wf_api_list();
    for (uint32_t reason = 0; reason < WF_WAIT_REASON_COUNT; reason++) {
        if (wait->blockers & (UINT32_C(1) << reason)) {
            json_t *root = wf_api_object();
            wf_api_set(root, "code", wf_api_text(wf_wait_reason_name((enum wf_wait_reason)reason)));
            wf_api_set(root, "text", wf_api_text(wf_wait_reason_text((enum wf_wait_reason)reason)));
            wf_api_add(list, root);
        }
    }
    return list;
}

static json_t *tell_ahead(uint32_t jobs, int64_t gpu_milli)
{
    json_t *root = wf_api_object();
    wf_api_set(root, "jobs", wf_api_number(jobs));
    wf_api_set(root, "gpu_milli", wf_api_number(gpu_milli));
    return root;
}

static void print_start(struct wf_api_teller *teller, const struct wf_wait_names *names, FILE *out)
{
    struct wf_job_start start;
    if (wf_desk_expected_start(teller->api->desk, teller->job, &start)) {
        wf_wait_print_start(out,
                            &(struct wf_wait_start){.asked_ms = teller->now_ms,
                                                    .low_ms = start.low_ms,
                                                    .middle_ms = start.middle_ms,
                                                    .high_ms = start.high_ms},
                            names);
    } else {
        fputs("When it starts cannot be estimated: that is up to others.\n", out);
    }
}

// 10, 50 and 90 of 100 such jobs start before; null where nobody can know.
static json_t *tell_start(const struct wf_api_teller *teller)
{
    struct wf_job_start start;
    if (!wf_desk_expected_start(teller->api->desk, teller->job, &start)) {
        return NULL;
    }
    json_t *root = wf_api_object();
    wf_api_set(root, "p10", wf_api_number(start.low_ms));
    wf_api_set(root, "p50", wf_api_number(start.middle_ms));
    wf_api_set(root, "p90", wf_api_number(start.high_ms));
    return root;
}

// In the copy: prints the story of a job that waits.
static void print_waiting(struct wf_api_teller *teller, struct wf_wait_explanation *wait, FILE *out)
{
    struct wf_wait_remedy remedy;
    struct wf_wait_driver driver = {teller->core, step, advance, has_started, teller};
    const struct wf_schedule *schedule = wf_core_schedule(teller->core);
    char job[WF_WAIT_JOB_BYTES];
    struct wf_error err;
    struct wf_wait_names names = wf_api_names(teller, job);
    if (teller->live.told) {
        fprintf(out, "%s: %s.\n",
                teller->live.state == WF_JOB_STATE_HELD ? "What holds it"
                                                        : "Its last start came to nothing",
                teller->live.told);
    }
    wf_wait_print_blockers(out, &wait->ticket->spec, wait, &names);
    wf_wait_print_ahead(out, wait, &names);
    wf_wait_print_kept(out, wait, &names);
    print_start(teller, &names, out);
    if (wf_wait_remedy_find(&driver, wait, schedule->discipline, &remedy, &err) == WF_OK) {
        wf_wait_print_remedy(out, &remedy, &names);
    } else {
        fprintf(out, "What would help could not be worked out: %s.\n", err.text);
    }
    wf_api_print_steps(teller, out);
}

json_t *wf_api_tell_story(struct wf_api_teller *teller, const char *state, const char *text)
{
    json_t *root = wf_api_object();
    wf_api_set(root, "id", wf_api_number((int64_t)teller->job));
    wf_api_set(root, "state", wf_api_text(state));
    wf_api_set(root, "asked_ms", wf_api_number(teller->now_ms));
    wf_api_set(root, "blockers", wf_api_list());
    wf_api_set(root, "ahead", tell_ahead(0, 0));
    wf_api_set(root, "kept_start_ms", NULL);
    wf_api_set(root, "expected_start_ms", NULL);
    wf_api_set(root, "candidates", wf_api_list());
    wf_api_set(root, "history", wf_api_list_steps(teller));
    wf_api_set(root, "text", wf_api_text(text));
    return root;
}

// In the copy: everything, as the text of the answer.
static char *make_answer(void *context)
{
    struct wf_api_teller *teller = context;
    struct wf_wait_explanation wait;
    struct wf_error err;
    char *text = NULL;
    size_t size = 0;
    if (wf_wait_explain(teller->core, (wf_job_id){teller->job}, &wait, &err) != WF_OK) {
        return NULL;
    }
    FILE *out = open_memstream(&text, &size);
    WF_ASSERT(out);
    wait.now_ms = wait.now_ms > teller->now_ms ? wait.now_ms : teller->now_ms;
    print_waiting(teller, &wait, out);
    WF_ASSERT(fclose(out) == 0);
    json_t *root = wf_api_tell_story(teller, teller->state, text);
    wf_api_set(root, "blockers", list_blockers(&wait));
    wf_api_set(root, "ahead", tell_ahead(wait.ahead.jobs_all, wait.ahead.gpu_milli_all));
    wf_api_set(root, "kept_start_ms",
               wait.kept_start_ms != WF_NEVER ? wf_api_number(wait.kept_start_ms) : NULL);
    wf_api_set(root, "expected_start_ms", tell_start(teller));
    return json_dumps(root, JSON_COMPACT);
}

// One that ends, or is over, needs no working out.
static bool take_row(void *context, const struct wf_job_row *row)
{
    struct wf_api_teller *teller = context;
    struct wf_job_live live;
    char text[1024];
    char at[WF_NUMBER_BYTES];
    bool is_live = wf_desk_live(teller->api->desk, row->id, &live);
    if (is_live) {
        snprintf(text, sizeof text, "Its run%s%s is being ended.\n", live.node ? " on " : "",
                 live.node ? live.node : "");
    } else {
        snprintf(text, sizeof text, "It is over since %s: %s.\n",
                 time_text(NULL, at, row->ended_ms),
                 *row->reason ? row->reason : wf_job_state_word(row->state));
    }
    teller->told =
        wf_api_tell_story(teller, wf_job_state_word(is_live ? live.state : row->state), text);
    return false;
}

typedef char *make_function(void *context);

// What is worked out in a copy, by the state of the job; NULL: nothing is.
static make_function *maker_of(const struct wf_api *api, const struct wf_api_teller *teller)
{
    enum wf_job_state state = teller->live.state;
    const struct wf_cluster *cluster = wf_core_cluster(wf_desk_core(api->desk));
    bool in_core = wf_cluster_find_job(cluster, (wf_job_id){teller->job}) != WF_NONE;
    if (state == WF_JOB_STATE_RUNNING && in_core) {
        return wf_api_explain_run;
    }
    return state == WF_JOB_STATE_WAITING || state == WF_JOB_STATE_HELD ? make_answer : NULL;
}

void wf_api_jobs_explain(void *context, struct wf_http_request *request)
{
    struct wf_api *api = context;
    struct wf_api_teller teller = {.api = api, .now_ms = wf_api_now_ms(api)};
    if (!wf_api_find_job(api, request, &teller.job)) {
        return;
    }
    make_function *make =
        wf_desk_live(api->desk, teller.job, &teller.live) ? maker_of(api, &teller) : NULL;
    if (make) {
        // Only the copy changes it.
        teller.core = (struct wf_core *)(uintptr_t)wf_desk_core(api->desk);
        teller.state = wf_job_state_word(teller.live.state);
        wf_api_in_copy(api, request, make, &teller);
        return;
    }
    if (!wf_api_read_job(api, request, teller.job, take_row, &teller)) {
        return;
    }
    if (!teller.told) {
        wf_http_fail(request, 404, "job", "there is no job %llu", (unsigned long long)teller.job);
        return;
    }
    wf_api_send(request, 200, teller.told, NULL);
}
