// SPDX-License-Identifier: Apache-2.0
// A document as the core sees it: names become numbers, and what can never start here is refused.
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "core/schedule/schedule.h"
#include "daemon/desk/foreign_parts.h"
#include "daemon/desk/spot_parts.h"

enum {
    CPU_USUAL_MILLI = 1000, // of a task that says nothing: a core, or one for each GPU
    SHOWN_BYTES = 200,
};

static bool is_leaf(const struct wf_desk *desk, uint32_t queue)
{
    struct wf_queue_view view;
    const struct wf_queues *queues = wf_core_schedule(desk->world.core)->queues;
    return wf_queues_view(queues, (wf_queue_id){queue}, &view) && view.children == 0;
}

static enum wf_status find_queue(const struct wf_desk *desk, const struct wf_job_document *document,
                                 wf_queue_id *queue_out, struct wf_error *err)
{
    const struct wf_directory *names = &desk->world.directory;
    const char *name = document->queue ? document->queue : "default";
    uint32_t number = wf_directory_find(names, WF_JOURNAL_QUEUE, name);
    if (number == WF_NONE && !document->queue) {
        // A site without a queue of that name: its first that takes jobs.
        uint32_t end = names->lists[WF_JOURNAL_QUEUE].end;
        for (number = 0; number < end && !is_leaf(desk, number);) {
            number++;
        }
        number = number < end ? number : WF_NONE;
    }
    if (number == WF_NONE) {
        return wf_fail(err, WF_INVALID, "queue: there is no queue '%s'", name);
    }
    if (!is_leaf(desk, number)) {
        return wf_fail(err, WF_INVALID,
                       "queue: '%s' has queues below it; jobs go into one of those", name);
    }
    queue_out->index = number;
    return WF_OK;
}

// The kinds of GPU that are here. Returns how many; models gets their numbers.
static uint32_t list_kinds(const struct wf_desk *desk, struct wf_gpu_kind kinds[WF_MODELS_MAX],
                           uint8_t models[WF_MODELS_MAX])
{
    const struct wf_cluster *cluster = wf_core_cluster(desk->world.core);
    uint64_t seen = 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < cluster->limits.pools; i++) {
        const struct wf_pool_spec *spec = &cluster->pools[i].spec;
        const char *name = wf_directory_name(&desk->world.directory, WF_JOURNAL_MODEL, spec->model);
        bool here = cluster->pools[i].nodes > 0 && cluster->pools[i].node_gpus_max > 0;
        if (here && name && !(seen & WF_MODEL_BIT(spec->model))) {
            seen |= WF_MODEL_BIT(spec->model);
            models[count] = spec->model;
            kinds[count++] = (struct wf_gpu_kind){name, (enum wf_vendor)spec->vendor,
                                                  desk->model_memory_mib[spec->model]};
        }
    }
    return count;
}

static enum wf_status find_models(const struct wf_desk *desk, const struct wf_gpu_ask *ask,
                                  uint64_t *models_out, struct wf_error *err)
{
    struct wf_gpu_kind kinds[WF_MODELS_MAX];
    uint8_t models[WF_MODELS_MAX];
    uint32_t count = ask->gpus > 0 ? list_kinds(desk, kinds, models) : 0;
    uint64_t good = count > 0 ? wf_gpu_ask_kinds(ask, kinds, count) : 0;
    *models_out = 0;
    for (uint32_t i = 0; i < count; i++) {
        *models_out |= good >> i & 1 ? WF_MODEL_BIT(models[i]) : 0;
    }
    if (ask->gpus > 0 && *models_out == 0) {
        char here[SHOWN_BYTES] = "";
        for (uint32_t i = 0, used = 0; i < count && used < sizeof here; i++) {
            used += (uint32_t)snprintf(here + used, sizeof here - used, "%s%s", i > 0 ? ", " : "",
                                       kinds[i].model);
        }
        return count == 0 ? wf_fail(err, WF_INVALID, "gpus: there are no GPUs here")
                          : wf_fail(err, WF_INVALID,
                                    "gpus: no GPU here is of that kind; there are: %s", here);
    }
    return WF_OK;
}

static enum wf_status find_labels(const struct wf_desk *desk,
                                  const struct wf_job_document *document, uint64_t *labels_out,
                                  struct wf_error *err)
{
    *labels_out = 0;
    for (uint32_t i = 0; i < document->label_count; i++) {
        uint32_t number =
            wf_directory_find(&desk->world.directory, WF_JOURNAL_LABEL, document->labels[i]);
        if (number == WF_NONE) {
            return wf_fail(err, WF_INVALID, "labels: no node carries '%s'", document->labels[i]);
        }
        *labels_out |= UINT64_C(1) << number;
    }
    return WF_OK;
}

// How many such tasks the node would hold if nothing else ran there.
static uint64_t slots_of(const struct wf_cluster *cluster, const struct wf_node *node,
                         const struct wf_request *request)
{
    const struct wf_pool *pool = &cluster->pools[node->pool.index];
    struct wf_request served = wf_pool_request(pool, request);
    if (!node->up || !wf_pool_admits(pool, request) ||
        (node->spec.labels & request->labels) != request->labels) {
        return 0;
    }
    uint64_t slots = UINT64_MAX;
    if (served.cpu_milli > 0) {
        slots = node->spec.cpu_milli / served.cpu_milli;
    }
    if (served.memory_mib > 0 && node->spec.memory_mib / served.memory_mib < slots) {
        slots = node->spec.memory_mib / served.memory_mib;
    }
    if (served.gpus > 0) {
        uint64_t by_gpu = wf_request_is_share(&served)
                              ? (uint64_t)node->spec.gpus * (WF_GPU_MILLI / served.gpu_milli)
                              : node->spec.gpus / served.gpus;
        slots = by_gpu < slots ? by_gpu : slots;
    }
    return slots;
}

// Which field asks for more than any node has.
static enum wf_status check_fits(const struct wf_desk *desk, const struct wf_job_spec *spec,
                                 struct wf_error *err)
{
    const struct wf_cluster *cluster = wf_core_cluster(desk->world.core);
    const struct {
        const char *field;
        uint32_t cpu_milli, memory_mib;
        uint8_t gpus;
    } tries[] = {{"gpus", 0, 0, 1}, {"cpus", 1, 0, 0}, {"memory", 0, 1, 0}, {"tasks", 1, 1, 1}};
    for (uint32_t i = 0; i < WF_COUNT_OF(tries); i++) {
        struct wf_request request = spec->request;
        request.cpu_milli *= tries[i].cpu_milli;
        request.memory_mib *= tries[i].memory_mib;
        request.gpus = (uint8_t)(request.gpus * tries[i].gpus);
        request.gpu_milli = request.gpus > 0 ? request.gpu_milli : 0;
        uint64_t most = 0;
        for (uint32_t node = 0; node < cluster->nodes_end; node++) {
            uint64_t slots = slots_of(cluster, &cluster->nodes[node], &request);
            most = slots > most ? slots : most;
        }
        if (most < spec->tasks) {
            return wf_fail(err, WF_INVALID,
                           "%s: no node here could ever hold that; the best holds %llu such tasks "
                           "of %u",
                           tries[i].field, (unsigned long long)most, spec->tasks);
        }
    }
    return WF_OK;
}

static enum wf_status read_request(const struct wf_desk *desk,
                                   const struct wf_job_document *document,
                                   struct wf_request *request, struct wf_error *err)
{
    const struct wf_gpu_ask *gpus = &document->gpus;
    uint32_t whole = gpus->gpu_milli == WF_GPU_MILLI ? gpus->gpus : 1;
    if (gpus->gpus > WF_NODE_GPUS_MAX) {
        return wf_fail(err, WF_LIMIT, "gpus: %u in one task, past the limit of %d", gpus->gpus,
                       WF_NODE_GPUS_MAX);
    }
    *request = (struct wf_request){
        .cpu_milli = document->cpu_milli > 0 ? document->cpu_milli : CPU_USUAL_MILLI * whole,
        .memory_mib = document->memory_mib,
        .gpus = (uint8_t)gpus->gpus,
        .gpu_milli = (uint16_t)gpus->gpu_milli,
        .place = {WF_ANYWHERE, WF_ANYWHERE, WF_ANYWHERE},
    };
    enum wf_status status = find_models(desk, gpus, &request->models, err);
    return status == WF_OK ? find_labels(desk, document, &request->labels, err) : status;
}

int64_t wf_desk_core_limit_ms(const struct wf_job_document *document)
{
    int64_t save_ms = document->checkpoint_signal > 0 ? document->checkpoint_ms : 0;
    return document->limit_ms > 0
               ? document->limit_ms + save_ms + document->stop_ms + WF_DESK_LIMIT_SLACK_MS
               : 0;
}

enum wf_status wf_desk_read_document(struct wf_desk *desk, const struct wf_job_document *document,
                                     struct wf_desk_ask *ask, struct wf_job_spec *spec_out,
                                     struct wf_error *err)
{
    struct wf_error own = {.text = ""};
    err = err ? err : &own;
    *spec_out = (struct wf_job_spec){
        .tasks = document->tasks,
        .gang = true,
        .wait = {.priority = document->priority,
                 .held = document->hold,
                 .preemptible = document->preemptible,
                 .replaceable = document->replaceable,
                 // All tasks run in one place: each node of this machine is a group of its own.
                 .within = document->tasks > 1 ? WF_WITHIN_GROUP : WF_WITHIN_ANY,
                 .begin_ms = document->begin_ms,
                 .deadline_ms = document->deadline_ms,
                 .limit_ms = wf_desk_core_limit_ms(document),
                 .checkpoint_ms = wf_desk_saves_every_ms(desk, document)},
    };
    enum wf_status status = WF_OK;
    if (document->apart && document->tasks > 1) {
        status = wf_fail(err, WF_INVALID, "apart: all tasks of a job run on this one machine");
    } else if (document->tasks > WF_RUN_TASKS_MAX) {
        status = wf_fail(err, WF_LIMIT, "tasks: %u, past the limit of %d on one machine",
                         document->tasks, WF_RUN_TASKS_MAX);
    }
    status = status == WF_OK ? find_queue(desk, document, &spec_out->wait.queue, err) : status;
    status = status == WF_OK ? read_request(desk, document, &spec_out->request, err) : status;
    status = status == WF_OK ? check_fits(desk, spec_out, err) : status;
    if (status != WF_OK && ask) {
        wf_job_document_field(err, ask->field, sizeof ask->field);
    }
    return status;
}

static wf_queue_id first_leaf(const struct wf_desk *desk)
{
    uint32_t end = desk->world.directory.lists[WF_JOURNAL_QUEUE].end;
    uint32_t queue = 0;
    while (queue + 1 < end && !is_leaf(desk, queue)) {
        queue++;
    }
    return (wf_queue_id){queue};
}

// What is asked for without what nobody here knows.
static void read_known(const struct wf_desk *desk, const struct wf_job_document *document,
                       struct wf_job_spec *spec)
{
    struct wf_request *request = &spec->request;
    uint32_t gpus = document->gpus.gpus < WF_NODE_GPUS_MAX ? document->gpus.gpus : WF_NODE_GPUS_MAX;
    request->gpus = (uint8_t)gpus;
    request->gpu_milli = gpus > 0 ? (uint16_t)document->gpus.gpu_milli : 0;
    request->cpu_milli = document->cpu_milli > 0 ? document->cpu_milli : CPU_USUAL_MILLI;
    request->memory_mib = document->memory_mib;
    request->models = WF_ANY_MODEL;
    request->labels = 0;
    request->place = (struct wf_place){WF_ANYWHERE, WF_ANYWHERE, WF_ANYWHERE};
    if (find_queue(desk, document, &spec->wait.queue, NULL) != WF_OK) {
        spec->wait.queue = first_leaf(desk);
    }
}

bool wf_desk_read_foreign(struct wf_desk *desk, const struct wf_job_document *document,
                          struct wf_job_spec *spec_out, struct wf_error *why)
{
    uint32_t tasks = document->tasks < WF_JOB_TASKS_MAX ? document->tasks : WF_JOB_TASKS_MAX;
    *spec_out = (struct wf_job_spec){
        .tasks = tasks,
        .gang = true,
        .wait = {.priority = document->priority,
                 .preemptible = document->preemptible,
                 .overruns = true, // whoever runs it keeps its limit
                 .within = document->within,
                 .begin_ms = document->begin_ms,
                 .deadline_ms = document->deadline_ms,
                 .limit_ms = document->limit_ms,
                 .checkpoint_ms = document->checkpoint_every_ms},
    };
    enum wf_status status = find_queue(desk, document, &spec_out->wait.queue, why);
    status = status == WF_OK ? read_request(desk, document, &spec_out->request, why) : status;
    if (status == WF_OK && tasks < document->tasks) {
        status = wf_fail(why, WF_LIMIT, "tasks: %u, past the limit of %d", document->tasks,
                         WF_JOB_TASKS_MAX);
    }
    if (status != WF_OK) {
        read_known(desk, document, spec_out);
    }
    spec_out->request.apart = document->apart && tasks > 1;
    return status == WF_OK;
}

uint64_t wf_desk_shape(const struct wf_request *request, uint32_t tasks)
{
    uint64_t hash = wf_hash_add(0, (uint64_t)request->gpus << 32 | request->gpu_milli);
    hash = wf_hash_add(hash, (uint64_t)request->cpu_milli << 32 | request->memory_mib);
    return wf_hash_add(wf_hash_add(hash, request->models), tasks);
}

struct wf_run_time_key wf_desk_run_key(const struct wf_book_job *job)
{
    return (struct wf_run_time_key){
        .user = job->user + 1, .name = job->name, .queue = job->queue + 1, .shape = job->shape};
}

// What its owner says, or what jobs like it took.
void wf_desk_predict(const struct wf_desk *desk, const struct wf_job_document *document,
                     struct wf_job_spec *spec)
{
    struct wf_run_time_points points = {.mean_ms = document->expect_ms};
    uint32_t name = document->name ? wf_names_find(desk->world.names, document->name) : 0;
    struct wf_run_time_key key = {.user = spec->wait.user + 1,
                                  .name = name == UINT32_MAX ? 0 : name,
                                  .queue = spec->wait.queue.index + 1,
                                  .shape = wf_desk_shape(&spec->request, spec->tasks)};
    wf_run_time_predict(desk->world.run_times, &key, document->limit_ms, &points);
    for (uint32_t i = 0; i < WF_RUN_TIME_POINTS; i++) {
        spec->wait.run.ms[i] = document->expect_ms > 0 ? document->expect_ms : points.ms[i];
    }
    int64_t minutes = (document->expect_ms > 0 ? document->expect_ms : points.ms[2]) / 60000;
    spec->run_minutes = (uint32_t)(minutes > 0 ? minutes : 1);
}

void wf_desk_fill_job(struct wf_book_job *job, const struct wf_job_document *document,
                      const struct wf_job_spec *spec)
{
    job->user = spec->wait.user;
    job->queue = spec->wait.queue.index;
    job->requeue_lost = document->requeue_lost;
    job->requeue_failed = document->requeue_failed;
    job->requeue_at_most = document->requeue_at_most;
    job->tasks = spec->tasks;
    job->request = spec->request;
    job->shape = wf_desk_shape(&spec->request, spec->tasks);
    job->stop_ms = document->stop_ms;
    job->limit_ms = document->limit_ms;
    job->checkpoint_signal = document->checkpoint_signal;
    job->checkpoint_every_ms = document->checkpoint_every_ms;
    job->checkpoint_ms = document->checkpoint_ms;
    job->prompts = document->checkpoint_prompt;
    job->saves = document->checkpoint_signal > 0 || document->checkpoint_every_ms > 0 ||
                 document->checkpoint_auto;
    job->saves_when_it_pays = document->checkpoint_auto;
}

enum wf_status wf_desk_spec(struct wf_desk *desk, const struct wf_job_document *document,
                            struct wf_desk_ask *ask, struct wf_job_spec *spec_out,
                            struct wf_error *err)
{
    enum wf_status status = wf_desk_read_document(desk, document, ask, spec_out, err);
    if (status == WF_OK) {
        wf_desk_predict(desk, document, spec_out);
    }
    return status;
}
