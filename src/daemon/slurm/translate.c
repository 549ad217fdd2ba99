// SPDX-License-Identifier: Apache-2.0
#include "daemon/slurm/translate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemon/slurm/dependency.h"
#include "daemon/slurm/licenses.h"

enum { TIER_PRIORITY = WF_JOB_PRIORITY_MAX / WF_SLURM_PARTITIONS_MAX };

// What it asks for on each of its nodes.
struct share {
    uint32_t nodes, gpus, cpus;
    uint64_t memory_mib;
};

struct translation {
    const struct wf_slurm_cluster *cluster;
    const struct wf_slurm_view *view;
    const struct wf_slurm_job *job;
    struct wf_slurm_words *words;
    struct share share;
    const struct wf_slurm_type *type; // NULL: any, or no GPUs
    uint32_t gpu_milli;
    json_t *tree;
};

// The first reason counts.
static void WF_PRINTF(2, 3) leave(struct translation *translation, const char *format, ...)
{
    struct wf_slurm_words *words = translation->words;
    va_list values;
    if (words->left) {
        return;
    }
    words->left = true;
    va_start(values, format);
    (void)vsnprintf(words->why, sizeof words->why, format, values);
    va_end(values);
}

// What we have no word for.
static void leave_strange(struct translation *translation)
{
    const struct wf_slurm_job *job = translation->job;
    if (job->het > 0) {
        leave(translation, "it is a part of a heterogeneous job");
    }
    if (strchr(job->partition, ',')) {
        leave(translation, "it names several partitions: %.150s", job->partition);
    }
    if (job->gres_other[0]) {
        leave(translation, "it asks for something that is neither a GPU nor a share of one: %.120s",
              job->gres_other);
    }
    if (job->mixed_gpus) {
        leave(translation, "it asks for several kinds of GPU, for GPUs by socket, or for shares "
                           "otherwise than by node");
    }
    char why[WF_SLURM_WHY_BYTES] = "";
    if (job->licenses[0]) {
        wf_licenses_judge(translation->view->picture, job, why, sizeof why);
    }
    if (why[0]) {
        leave(translation, "%s", why);
    }
    if (strchr(job->reservation, ',')) {
        leave(translation, "it names several reservations: %.150s", job->reservation);
    }
    if (job->unstartable[0]) {
        leave(translation, "%.200s", job->unstartable);
    }
    if (job->edited) {
        leave(translation, "somebody has changed by hand what WhaleFlux decided about it");
    }
}

static uint32_t most_gpus(const struct translation *translation)
{
    uint32_t most = translation->type ? translation->type->node_gpus_max : 0;
    for (uint32_t i = 0; i < translation->cluster->type_count && !translation->type; i++) {
        const struct wf_slurm_type *type = &translation->cluster->types[i];
        most = type->node_gpus_max > most ? type->node_gpus_max : most;
    }
    return most;
}

// So many GPUs in all, on as few nodes as will do where their number is open.
static void spread(struct translation *translation, uint64_t gpus)
{
    struct share *share = &translation->share;
    uint32_t most = most_gpus(translation);
    if (share->nodes == 1 && gpus > most && most > 0 && translation->job->nodes_max != 1) {
        share->nodes =
            gpus % most == 0 && gpus / most <= WF_JOB_TASKS_MAX ? (uint32_t)(gpus / most) : 1;
    }
    if (gpus % share->nodes != 0 || gpus / share->nodes > WF_NODE_GPUS_MAX) {
        leave(translation, "it asks for %llu GPUs on %u nodes, which is no even number on each",
              (unsigned long long)gpus, share->nodes);
        return;
    }
    share->gpus = (uint32_t)(gpus / share->nodes);
}

static void find_type(struct translation *translation, const struct wf_slurm_gpus *gpus)
{
    const char *name = gpus->type;
    if (name[0] == '\0') {
        return;
    }
    translation->type = wf_slurm_find_type(translation->cluster, name);
    if (!translation->type) {
        leave(translation, "it asks for GPUs of a type that no node has: %.100s", name);
    } else if (translation->type->twin) {
        leave(translation, "its GPU type %.100s is one of several that are the same to us", name);
    }
}

static void count_gpus(struct translation *translation)
{
    const struct wf_slurm_job *job = translation->job;
    struct share *share = &translation->share;
    if (job->gpus_per_node.count > 0) {
        find_type(translation, &job->gpus_per_node);
        share->gpus = job->gpus_per_node.count;
        if (share->gpus > WF_NODE_GPUS_MAX) {
            leave(translation, "it asks for %u GPUs of one node", share->gpus);
        }
    } else if (job->gpus_total.count > 0) {
        find_type(translation, &job->gpus_total);
        spread(translation, job->gpus_total.count);
    } else if (job->gpus_per_task.count > 0) {
        uint32_t tasks = job->tasks > 0 ? job->tasks : 1;
        find_type(translation, &job->gpus_per_task);
        spread(translation, (uint64_t)tasks * job->gpus_per_task.count);
    }
}

// Into how many equal parts GPUs are shared, which must be as many everywhere. 0: none are.
static bool find_parts(const struct wf_slurm_cluster *cluster, uint32_t *parts_out)
{
    bool even = true;
    *parts_out = 0;
    for (uint32_t i = 0; i < cluster->type_count; i++) {
        const struct wf_slurm_type *type = &cluster->types[i];
        uint32_t parts = type->shards_per_gpu;
        even = even && !type->uneven && (parts == 0 || !type->twin) &&
               (parts == 0 || *parts_out == 0 || parts == *parts_out);
        *parts_out = parts > 0 ? parts : *parts_out;
    }
    return even;
}

// Those must be of one GPU.
static void count_shards(struct translation *translation)
{
    uint32_t per_gpu, shards = translation->job->shards_per_node;
    if (shards == 0) {
        return;
    }
    bool even = find_parts(translation->cluster, &per_gpu);
    if (per_gpu == 0 || !even) {
        leave(translation, per_gpu == 0
                               ? "it asks for shares of a GPU, and no node has any"
                               : "it asks for shares of a GPU, which are not the same everywhere");
    } else if (shards > per_gpu || translation->share.gpus > 0) {
        leave(translation, "it asks for more shares (%u) than one GPU has (%u)", shards, per_gpu);
    } else {
        translation->share.gpus = 1;
        translation->gpu_milli = shards * WF_GPU_MILLI / per_gpu;
        translation->gpu_milli = translation->gpu_milli > 0 ? translation->gpu_milli : 1;
    }
}

static uint64_t higher(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void count_rest(struct translation *translation)
{
    const struct wf_slurm_job *job = translation->job;
    struct share *share = &translation->share;
    uint64_t cpus = higher(job->cpus_min, (uint64_t)job->tasks * job->cpus_per_task);
    cpus = (cpus + share->nodes - 1) / share->nodes;
    cpus = higher(higher(cpus, job->cpus_per_node_min), 1);
    const struct wf_slurm_room *room = wf_slurm_find_room(translation->cluster, job->partition);
    if (job->exclusive && room) {
        if (room->cpus_min != room->cpus_max) {
            leave(translation, "it wants nodes for itself, and those of %.80s are not alike",
                  room->name);
        }
        cpus = higher(cpus, room->cpus_min);
    }
    if (cpus > WF_CPU_MILLI_MAX / 1000) {
        leave(translation, "it asks for more CPUs of a node (%llu) than we can count",
              (unsigned long long)cpus);
        cpus = WF_CPU_MILLI_MAX / 1000;
    }
    share->cpus = (uint32_t)cpus;
    share->memory_mib =
        job->memory_mib_per_node > 0 ? job->memory_mib_per_node : job->memory_mib_per_cpu * cpus;
    if (share->memory_mib > WF_MEMORY_MIB_MAX) {
        leave(translation, "it asks for more memory of a node than we can count");
        share->memory_mib = WF_MEMORY_MIB_MAX;
    }
}

// Nodes that its submitter named: all of them, and no others, are what we have a word for.
static void count_names(struct translation *translation)
{
    const struct wf_slurm_job *job = translation->job;
    struct share *share = &translation->share;
    bool pinned = job->decision[0] || job->pinned;
    wf_slurm_texts names = pinned ? job->wanted_nodes : job->required_nodes;
    uint32_t count = pinned ? job->wanted_count : job->required_count;
    if (count > 0 && share->nodes > count) {
        leave(translation, "it names %u nodes and asks for %u", count, share->nodes);
    }
    share->nodes = count > share->nodes ? count : share->nodes;
    for (uint32_t i = 0; i < count; i++) {
        const struct wf_slurm_node *node =
            wf_slurm_picture_node(translation->view->picture, names[i]);
        if (!wf_slurm_find_node(translation->cluster, names[i]) && !(node && node->down)) {
            leave(translation, "it names a node that we do not decide about: %.100s", names[i]);
        }
    }
}

static void count_nodes(struct translation *translation)
{
    const struct wf_slurm_job *job = translation->job;
    struct share *share = &translation->share;
    share->nodes = job->nodes_min > 0 ? job->nodes_min : 1;
    count_names(translation);
    if (job->tasks_per_node > 0 && job->tasks > job->tasks_per_node) {
        uint32_t nodes = (job->tasks + job->tasks_per_node - 1) / job->tasks_per_node;
        share->nodes = nodes > share->nodes ? nodes : share->nodes;
    }
    if (share->nodes > WF_JOB_TASKS_MAX) {
        leave(translation, "it asks for more nodes (%u) than we can count", share->nodes);
        share->nodes = WF_JOB_TASKS_MAX;
    }
}

// "a&b" as labels; whatever else Slurm knows of features is its own.
static void add_labels(struct translation *translation, json_t *labels)
{
    const char *at = translation->job->features;
    char name[WF_SLURM_NAME_BYTES];
    const struct wf_slurm_room *room =
        wf_slurm_find_room(translation->cluster, translation->job->partition);
    if (strcspn(at, "|[]()*!,:") != strlen(at)) {
        if (!wf_slurm_is_choice(translation->job)) {
            leave(translation, "it wants features that are more than a list: %.150s", at);
        }
        at = "";
    }
    while (*at) {
        size_t length = strcspn(at, "&");
        snprintf(name, sizeof name, "%.*s",
                 length < sizeof name ? (int)length : (int)sizeof name - 1, at);
        if (!wf_slurm_has_label(translation->cluster, name)) {
            leave(translation, "it wants a feature that no node is known to have: %.100s", name);
        } else {
            (void)json_array_append_new(labels, json_string(name));
        }
        at += length + (at[length] == '&');
    }
    if (room && room->labelled) {
        wf_slurm_room_label(room->name, name, sizeof name);
        if (wf_slurm_has_label(translation->cluster, name)) {
            (void)json_array_append_new(labels, json_string(name));
        } else {
            leave(translation, "its partition has no node");
        }
    }
}

// Takes the rule over.
static void add_set(struct translation *translation, json_t *labels, json_t *rule)
{
    const struct wf_slurm_sets *sets = translation->view->sets;
    uint32_t set = rule ? wf_slurm_sets_find(sets, rule) : WF_NONE;
    char label[WF_SLURM_NAME_BYTES] = "";
    if (set != WF_NONE) {
        wf_slurm_set_label(set, label, sizeof label);
    }
    if (label[0] && wf_slurm_has_label(translation->cluster, label)) {
        (void)json_array_append_new(labels, json_string(label));
    } else if (rule) {
        leave(translation, "there are too many lists of nodes at a time that jobs may start on");
    }
    json_decref(rule);
}

// A share is had only of GPUs that Slurm shares; all shares of a GPU are all of it.
static json_t *list_shared(const struct translation *translation)
{
    const struct wf_slurm_cluster *cluster = translation->cluster;
    json_t *choices = json_array();
    for (uint32_t i = 0; i < cluster->type_count; i++) {
        const struct wf_slurm_type *type = &cluster->types[i];
        const char *model = cluster->site.models[type->model];
        if (type->shards_per_gpu > 0 && translation->gpu_milli < WF_GPU_MILLI) {
            (void)json_array_append_new(choices,
                                        json_sprintf("%s:0.%03u", model, translation->gpu_milli));
        } else if (type->shards_per_gpu > 0) {
            (void)json_array_append_new(choices, json_sprintf("%s:1", model));
        }
    }
    return choices;
}

static void set_gpus(struct translation *translation)
{
    const struct share *share = &translation->share;
    uint32_t gpus = share->gpus < WF_NODE_GPUS_MAX ? share->gpus : WF_NODE_GPUS_MAX;
    const char *model =
        translation->type ? translation->cluster->site.models[translation->type->model] : "any";
    if (gpus > 0) {
        json_t *value = translation->gpu_milli > 0 ? list_shared(translation)
                                                   : json_sprintf("%s:%u", model, gpus);
        (void)json_object_set_new(translation->tree, "gpus", value);
    }
}

static void set_number(struct translation *translation, const char *name, int64_t value)
{
    if (value > 0) {
        (void)json_object_set_new(translation->tree, name, json_integer(value));
    }
}

// Slurm takes the jobs of a higher tier first, whatever else they have, and so does the core with a
// higher priority; then that of the QOS counts.
static int64_t priority_of(const struct translation *translation)
{
    const struct wf_slurm_cluster *cluster = translation->cluster;
    const struct wf_slurm_room *room = wf_slurm_find_room(cluster, translation->job->partition);
    int64_t qos = wf_slurm_picture_qos_priority(translation->view->picture, translation->job->qos);
    int64_t above = room && !cluster->described_queues ? room->above : 0;
    return above * TIER_PRIORITY + (qos < TIER_PRIORITY ? qos : TIER_PRIORITY - 1);
}

static void set_who(struct translation *translation)
{
    char number[16];
    const struct wf_slurm_job *job = translation->job;
    json_t *tree = translation->tree;
    char name[WF_SLURM_NAME_BYTES];
    snprintf(number, sizeof number, "%u", job->array > 0 ? job->array : job->id);
    wf_slurm_plain_name(job->name, name, sizeof name);
    if (name[strspn(name, "0123456789")] == '\0') {
        snprintf(name, sizeof name, "job");
    }
    (void)json_object_set_new(tree, "name", json_string(name));
    (void)json_object_set_new(tree, "command", json_pack("[ss]", "slurm", number));
    if (job->folder[0] == '/' && strlen(job->folder) <= WF_JOB_PATH_BYTES_MAX) {
        (void)json_object_set_new(tree, "folder", json_string(job->folder));
    }
    wf_slurm_queue_of(translation->cluster, job, name, sizeof name);
    if (name[0] != '\0') {
        (void)json_object_set_new(tree, "queue", json_string(name));
    }
    set_number(translation, "priority", priority_of(translation));
}

static void set_wish(struct translation *translation)
{
    const struct wf_slurm_job *job = translation->job;
    json_t *tree = translation->tree, *labels = json_array();
    const struct wf_slurm_reservation *reservation =
        wf_slurm_picture_reservation(translation->view->picture, job->reservation);
    int64_t begin_ms = job->begin_ms;
    if (reservation && reservation->start_ms > begin_ms) {
        begin_ms = reservation->start_ms;
    }
    add_labels(translation, labels);
    if (job->state == WF_SLURM_PENDING && translation->view->sets) {
        add_set(translation, labels, wf_slurm_rule_of(job));
        add_set(translation, labels,
                wf_slurm_window_rule(translation->view->sets, translation->view, job));
    }
    set_number(translation, "tasks", translation->share.nodes);
    set_gpus(translation);
    (void)json_object_set_new(tree, "apart", json_boolean(translation->share.nodes > 1));
    set_number(translation, "cpus", translation->share.cpus);
    set_number(translation, "memory", (int64_t)translation->share.memory_mib << 20);
    (void)json_object_set_new(tree, "labels", labels);
    set_number(translation, "limit",
               job->limit_ms < WF_JOB_SPAN_MS_MAX ? job->limit_ms : WF_JOB_SPAN_MS_MAX);
    set_number(translation, "begin", begin_ms);
    set_number(translation, "deadline", job->deadline_ms);
    (void)json_object_set_new(tree, "preemptible", json_boolean(job->requeue && job->batch));
    (void)json_object_set_new(tree, "requeue", json_pack("{sb}", "lost", (int)job->requeue));
}

// A reservation that is not there may come yet: Slurm says what becomes of the job.
static void set_dependency(struct translation *translation)
{
    const struct wf_slurm_job *job = translation->job;
    struct wf_slurm_words *words = translation->words;
    if (job->reservation[0] && !words->left &&
        !wf_slurm_picture_reservation(translation->view->picture, job->reservation)) {
        words->waits = true;
        snprintf(words->why, sizeof words->why, "its reservation is not there: %.150s",
                 job->reservation);
    }
    const struct wf_slurm_room *room = wf_slurm_find_room(translation->cluster, job->partition);
    if (room && room->closed && !words->left) {
        words->waits = true;
        snprintf(words->why, sizeof words->why, "its partition is closed in Slurm: %.150s",
                 job->partition);
    }
    switch (wf_slurm_depends(translation->view->picture, job->dependency)) {
    case WF_SLURM_DEPENDS_MET:
        break;
    case WF_SLURM_DEPENDS_WAITS:
        words->waits = !words->left;
        if (words->waits) {
            snprintf(words->why, sizeof words->why, "it waits for other jobs in Slurm: %.150s",
                     job->dependency);
        }
        break;
    case WF_SLURM_DEPENDS_NEVER: // Slurm says so, or cancels it: what its owner wishes
        leave(translation, "what it waits for has ended otherwise than it asks for: %.120s",
              job->dependency);
        break;
    case WF_SLURM_DEPENDS_STRANGE:
        leave(translation, "what it waits for is more than other jobs' end: %.120s",
              job->dependency);
        break;
    }
}

enum wf_status wf_slurm_translate(const struct wf_slurm_cluster *cluster,
                                  const struct wf_slurm_view *view, const struct wf_slurm_job *job,
                                  struct wf_slurm_words *words_out, struct wf_error *err)
{
    struct translation translation = {
        .cluster = cluster, .view = view, .job = job, .words = words_out, .tree = json_object()};
    *words_out = (struct wf_slurm_words){0};
    if (!translation.tree) {
        return wf_fail(err, WF_NOMEM, "no memory for a job of Slurm");
    }
    leave_strange(&translation);
    count_nodes(&translation);
    count_gpus(&translation);
    count_shards(&translation);
    count_rest(&translation);
    set_who(&translation);
    set_wish(&translation);
    set_dependency(&translation);
    enum wf_status status = wf_job_document_read(translation.tree, &words_out->document, err);
    json_decref(translation.tree);
    return status;
}
