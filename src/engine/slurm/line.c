// SPDX-License-Identifier: Apache-2.0
#include "engine/slurm/line.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "engine/slurm/field.h"
#include "engine/slurm/picture.h"

static const char *const state_words[] = {
#define STATE_WORD(name, text) text,
    WF_SLURM_STATES(STATE_WORD)
#undef STATE_WORD
        NULL};
static const char *const power_words[] = {
#define POWER_WORD(name, text) text,
    WF_SLURM_POWERS(POWER_WORD)
#undef POWER_WORD
        NULL};
static const char *const held_words[] = {"no", "user", "admin", NULL};

const char *wf_slurm_state_text(enum wf_slurm_state state)
{
    return state_words[state];
}

// Reads one number of a range. Returns what follows it, or NULL.
static const char *read_one(const char *text, uint32_t *number_out)
{
    uint32_t number = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        number = number * 10 + (uint32_t)(*at - '0');
        if (number > WF_SLURM_ARRAY_MAX) {
            return NULL;
        }
    }
    *number_out = number;
    return at > text ? at : NULL;
}

bool wf_slurm_has_task(const char *text, uint32_t task)
{
    uint32_t first, last;
    while (text && *text) {
        text = read_one(text, &first);
        last = first;
        if (text && *text == '-') {
            text = read_one(text + 1, &last);
        }
        if (text && task >= first && task <= last) {
            return true;
        }
        text = text && *text == ',' ? text + 1 : NULL;
    }
    return false;
}

bool wf_slurm_read_tasks(const char *text, bool (*visit)(void *context, uint32_t task),
                         void *context)
{
    uint32_t first, last, before = 0;
    bool begun = false;
    while (*text) {
        text = read_one(text, &first);
        last = first;
        if (text && *text == '-') {
            text = read_one(text + 1, &last);
        }
        if (!text || last < first || (begun && first <= before) || (*text && *text != ',') ||
            (*text == ',' && !text[1])) {
            return false;
        }
        for (uint32_t task = first; task <= last; task++) {
            if (!visit(context, task)) {
                return false;
            }
        }
        begun = true;
        before = last;
        text += *text == ',';
    }
    return begun;
}

static bool add_bit(void *context, uint32_t number)
{
    uint32_t *set = context;
    if (number >= 32) {
        return false;
    }
    *set |= UINT32_C(1) << number;
    return true;
}

bool wf_slurm_read_set(const char *text, uint32_t *set_out)
{
    *set_out = 0;
    return text[0] == '\0' || wf_slurm_read_tasks(text, add_bit, set_out);
}

static void read_parts(struct wf_slurm_fields *fields, struct wf_slurm_job *job)
{
    const json_t *list = wf_slurm_objects(fields, "allocated", &job->part_count);
    if (job->part_count == 0 || fields->status != WF_OK) {
        job->part_count = 0;
        return;
    }
    struct wf_slurm_part *parts =
        wf_slurm_take(fields, job->part_count * sizeof *parts, alignof(struct wf_slurm_part));
    const json_t *whole = fields->object;
    for (uint32_t i = 0; i < job->part_count; i++) {
        fields->object = json_array_get(list, i);
        parts[i] = (struct wf_slurm_part){
            .node = wf_slurm_name(fields, "node"),
            .gpus = wf_slurm_text(fields, "gpus"),
            .gpu_type = wf_slurm_text(fields, "gpu_type"),
            .cpus = wf_slurm_count(fields, "cpus"),
            .memory_mib = wf_slurm_count(fields, "memory_mib"),
            .gpu_count = wf_slurm_count(fields, "gpu_count"),
            .shards = wf_slurm_count(fields, "shards"),
        };
    }
    fields->object = whole;
    job->parts = parts;
}

// The object of that name, so that its members can be read.
static bool enter(struct wf_slurm_fields *fields, const char *name)
{
    const json_t *inner = json_object_get(fields->object, name);
    if (!inner || json_is_null(inner) || fields->status != WF_OK) {
        return false;
    }
    if (!json_is_object(inner)) {
        wf_slurm_wrong(fields, name, "is no object");
        return false;
    }
    fields->object = inner;
    return true;
}

static void read_array(struct wf_slurm_fields *fields, struct wf_slurm_job *job)
{
    const json_t *whole = fields->object;
    job->array_tasks = "";
    job->array_task = WF_NONE;
    if (enter(fields, "array")) {
        job->array = (uint32_t)wf_slurm_number(fields, "id", 1, WF_SLURM_JOB_ID_MAX, 0);
        int64_t task = wf_slurm_number(fields, "task", -1, WF_SLURM_ARRAY_MAX, -1);
        job->array_task = task >= 0 ? (uint32_t)task : WF_NONE;
        job->array_tasks = wf_slurm_text(fields, "tasks");
        job->array_at_most = wf_slurm_count(fields, "at_most");
        fields->object = whole;
    }
    if (enter(fields, "het")) {
        job->het = (uint32_t)wf_slurm_number(fields, "id", 1, WF_SLURM_JOB_ID_MAX, 0);
        fields->object = whole;
    }
    if (enter(fields, "exit")) {
        job->exit_code = (int32_t)wf_slurm_number(fields, "code", INT32_MIN, INT32_MAX, 0);
        job->exit_signal = (int32_t)wf_slurm_number(fields, "signal", 0, 255, 0);
        fields->object = whole;
    }
    if (job->array > 0 && job->array_task != WF_NONE) {
        snprintf(job->key, sizeof job->key, "%u_%u", job->array, job->array_task);
    } else {
        snprintf(job->key, sizeof job->key, "%u", job->id);
    }
}

// Who and what it is, and how it stands.
static void read_standing(struct wf_slurm_fields *fields, struct wf_slurm_job *job)
{
    job->id = (uint32_t)wf_slurm_number(fields, "id", 0, WF_SLURM_JOB_ID_MAX, 0);
    if (job->id == 0) {
        wf_slurm_wrong(fields, "id", "is missing");
    }
    read_array(fields, job);
    job->name = wf_slurm_text(fields, "name");
    job->user = wf_slurm_text(fields, "user");
    job->account = wf_slurm_text(fields, "account");
    job->qos = wf_slurm_text(fields, "qos");
    job->partition = wf_slurm_text(fields, "partition");
    job->reason = wf_slurm_text(fields, "reason");
    job->decision = wf_slurm_text(fields, "decision");
    job->folder = wf_slurm_text(fields, "folder");
    job->comment = wf_slurm_text(fields, "comment");
    job->output = wf_slurm_text(fields, "output");
    job->uid = (uint32_t)wf_slurm_number(fields, "uid", 0, UINT32_MAX, UINT32_MAX);
    job->state = (enum wf_slurm_state)wf_slurm_word(fields, "state", state_words, WF_SLURM_PENDING);
    job->base = (enum wf_slurm_state)wf_slurm_word(fields, "base", state_words, (int)job->state);
    job->held = (enum wf_slurm_held)wf_slurm_word(fields, "held", held_words, WF_SLURM_NOT_HELD);
    job->configuring = wf_slurm_flag(fields, "configuring");
    job->ours = wf_slurm_flag(fields, "ours");
    job->edited = wf_slurm_flag(fields, "edited");
    job->pinned = wf_slurm_flag(fields, "pinned");
    job->unstartable = wf_slurm_text(fields, "unstartable");
    job->requeue = wf_slurm_flag(fields, "requeue");
    job->batch = wf_slurm_flag(fields, "batch");
    job->exclusive = wf_slurm_flag(fields, "exclusive");
    job->priority = wf_slurm_count(fields, "priority");
    job->restarts = wf_slurm_count(fields, "restarts");
    job->begin_ms = wf_slurm_time(fields, "begin_ms");
    job->deadline_ms = wf_slurm_time(fields, "deadline_ms");
    job->limit_ms = wf_slurm_time(fields, "limit_ms");
    job->submit_ms = wf_slurm_time(fields, "submit_ms");
    job->eligible_ms = wf_slurm_time(fields, "eligible_ms");
    job->start_ms = wf_slurm_time(fields, "start_ms");
    job->end_ms = wf_slurm_time(fields, "end_ms");
}

static uint32_t read_tasks(struct wf_slurm_fields *fields, const char *name)
{
    return (uint32_t)wf_slurm_number(fields, name, 0, WF_SLURM_TASKS_MAX, 0);
}

// What it asks for.
static void read_wish(struct wf_slurm_fields *fields, struct wf_slurm_job *job)
{
    struct wf_slurm_gpus socket;
    job->nodes_min = read_tasks(fields, "nodes_min");
    job->nodes_max = wf_slurm_count(fields, "nodes_max");
    job->tasks = read_tasks(fields, "tasks");
    job->tasks_per_node = read_tasks(fields, "tasks_per_node");
    job->cpus_min = wf_slurm_count(fields, "cpus_min");
    job->cpus_per_task = read_tasks(fields, "cpus_per_task");
    job->cpus_per_node_min = read_tasks(fields, "cpus_per_node_min");
    job->memory_mib_per_node = wf_slurm_count(fields, "memory_mib_per_node");
    job->memory_mib_per_cpu = wf_slurm_count(fields, "memory_mib_per_cpu");
    bool plain = wf_slurm_gpu_count(fields, "gpus_per_node", &job->gpus_per_node);
    plain = wf_slurm_gpu_count(fields, "gpus_per_task", &job->gpus_per_task) && plain;
    plain = wf_slurm_gpu_count(fields, "gpus_total", &job->gpus_total) && plain;
    plain = wf_slurm_gpu_count(fields, "gpus_per_socket", &socket) && plain;
    job->shards_per_node = wf_slurm_count(fields, "shards_per_node");
    job->mixed_gpus = !plain || socket.count > 0 || wf_slurm_count(fields, "shards_total") > 0 ||
                      wf_slurm_count(fields, "shards_per_task") > 0;
    job->gres_other = wf_slurm_text(fields, "gres_other");
    job->features = wf_slurm_text(fields, "features");
    job->licenses = wf_slurm_text(fields, "licenses");
    job->reservation = wf_slurm_text(fields, "reservation");
    job->dependency = wf_slurm_text(fields, "dependency");
    job->nodes = wf_slurm_list(fields, "nodes", &job->node_count);
    job->required_nodes = wf_slurm_list(fields, "required_nodes", &job->required_count);
    job->excluded_nodes = wf_slurm_list(fields, "excluded_nodes", &job->excluded_count);
    job->wanted_nodes = wf_slurm_list(fields, "wanted_nodes", &job->wanted_count);
}

static void read_job(struct wf_slurm_fields *fields, struct wf_slurm_line *line)
{
    line->job = wf_slurm_front(fields);
    read_standing(fields, line->job);
    read_wish(fields, line->job);
    read_parts(fields, line->job);
}

static void read_node(struct wf_slurm_fields *fields, struct wf_slurm_line *line)
{
    struct wf_slurm_node *node = line->node = wf_slurm_front(fields);
    node->name = wf_slurm_name(fields, "name");
    node->state = wf_slurm_text(fields, "state");
    node->reason = wf_slurm_text(fields, "reason");
    node->down = wf_slurm_flag(fields, "down");
    node->drain = wf_slurm_flag(fields, "drain");
    node->cloud = wf_slurm_flag(fields, "cloud");
    node->power =
        (enum wf_slurm_power)wf_slurm_word(fields, "power", power_words, WF_SLURM_POWER_UP);
    node->cpus = wf_slurm_count(fields, "cpus");
    node->memory_mib = wf_slurm_count(fields, "memory_mib");
    node->features = wf_slurm_list(fields, "features", &node->feature_count);
    node->partitions = wf_slurm_list(fields, "partitions", &node->partition_count);
    node->shards = wf_slurm_count(fields, "shards");
    node->weight = wf_slurm_count(fields, "weight");
    node->boot_ms = wf_slurm_time(fields, "boot_ms");
    node->reason_ms = wf_slurm_time(fields, "reason_ms");
    const json_t *list = wf_slurm_objects(fields, "gpus", &node->gpus_count);
    if (node->gpus_count == 0 || fields->status != WF_OK) {
        node->gpus_count = 0;
        return;
    }
    struct wf_slurm_gpus *gpus =
        wf_slurm_take(fields, node->gpus_count * sizeof *gpus, alignof(struct wf_slurm_gpus));
    const json_t *whole = fields->object;
    for (uint32_t i = 0; i < node->gpus_count; i++) {
        fields->object = json_array_get(list, i);
        gpus[i].type = wf_slurm_text(fields, "type");
        gpus[i].count = wf_slurm_count(fields, "count");
    }
    fields->object = whole;
    node->gpus = gpus;
}

static void read_partition(struct wf_slurm_fields *fields, struct wf_slurm_line *line)
{
    struct wf_slurm_partition *partition = line->partition = wf_slurm_front(fields);
    partition->name = wf_slurm_name(fields, "name");
    partition->state = wf_slurm_text(fields, "state");
    partition->nodes = wf_slurm_list(fields, "nodes", &partition->node_count);
    partition->is_default = wf_slurm_flag(fields, "default");
    partition->limit_ms = wf_slurm_time(fields, "limit_ms");
    partition->priority = wf_slurm_count(fields, "priority");
}

// "cpu=8,gres/gpu=4": the 4; 0: no limit of GPUs is in it.
static uint32_t read_gpu_limit(const char *tres)
{
    static const char word[] = "gres/gpu=";
    for (const char *at = tres; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, word, sizeof word - 1) == 0) {
            uint32_t number = 0;
            return read_one(at + sizeof word - 1, &number) ? number : 0;
        }
    }
    return 0;
}

static void read_account(struct wf_slurm_fields *fields, struct wf_slurm_line *line)
{
    struct wf_slurm_account *account = line->account = wf_slurm_front(fields);
    if (wf_slurm_text(fields, "user")[0] != '\0') {
        line->kind = WF_SLURM_LINE_OTHER;
        return;
    }
    account->id = wf_slurm_count(fields, "id");
    account->name = wf_slurm_name(fields, "account");
    account->parent = wf_slurm_text(fields, "parent");
    account->shares = (uint32_t)wf_slurm_number(fields, "shares", -1, INT32_MAX, 1);
    account->gpus_max = read_gpu_limit(wf_slurm_text(fields, "group_tres"));
}

static void read_qos(struct wf_slurm_fields *fields, struct wf_slurm_line *line)
{
    line->qos = wf_slurm_front(fields);
    line->qos->id = wf_slurm_count(fields, "id");
    line->qos->name = wf_slurm_name(fields, "name");
    line->qos->priority = wf_slurm_count(fields, "priority");
}

static void read_reservation(struct wf_slurm_fields *fields, struct wf_slurm_line *line)
{
    struct wf_slurm_reservation *reservation = line->reservation = wf_slurm_front(fields);
    reservation->name = wf_slurm_name(fields, "name");
    reservation->nodes = wf_slurm_list(fields, "nodes", &reservation->node_count);
    reservation->start_ms = wf_slurm_time(fields, "start_ms");
    reservation->end_ms = wf_slurm_time(fields, "end_ms");
}

static void read_license(struct wf_slurm_fields *fields, struct wf_slurm_line *line)
{
    struct wf_slurm_license *license = line->license = wf_slurm_front(fields);
    license->name = wf_slurm_name(fields, "name");
    license->total = wf_slurm_count(fields, "total");
    license->used = wf_slurm_count(fields, "used");
    license->reserved = wf_slurm_count(fields, "reserved");
}

static void read_message(struct wf_slurm_fields *fields, struct wf_slurm_line *line)
{
    struct wf_slurm_message *message = line->message = wf_slurm_front(fields);
    message->protocol = wf_slurm_number(fields, "protocol", 0, INT32_MAX, 0);
    message->slurm = wf_slurm_text(fields, "slurm");
    message->cluster = wf_slurm_text(fields, "cluster");
    message->user = wf_slurm_text(fields, "user");
    message->is_operator = wf_slurm_flag(fields, "operator");
    message->name = wf_slurm_text(fields, "name");
    message->id = wf_slurm_count(fields, "id");
    message->request = (uint64_t)wf_slurm_number(fields, "request", 0, INT64_MAX, 0);
    message->code = wf_slurm_text(fields, "code");
    message->what = wf_slurm_text(fields, "what");
    message->text = wf_slurm_text(fields, "text");
    message->took_ms = wf_slurm_number(fields, "took_ms", 0, INT64_MAX, 0);
    message->behind_ms = wf_slurm_number(fields, "behind_ms", 0, INT64_MAX, 0);
    message->jobs = (uint64_t)wf_slurm_number(fields, "jobs", 0, INT64_MAX, 0);
}

static const struct {
    const char *word;
    enum wf_slurm_line_kind kind;
    void (*read)(struct wf_slurm_fields *fields, struct wf_slurm_line *line);
    size_t front;
} kinds[] = {
    {"hello", WF_SLURM_LINE_HELLO, read_message, sizeof(struct wf_slurm_message)},
    {"node", WF_SLURM_LINE_NODE, read_node, sizeof(struct wf_slurm_node)},
    {"node_gone", WF_SLURM_LINE_NODE_GONE, read_message, sizeof(struct wf_slurm_message)},
    {"partition", WF_SLURM_LINE_PARTITION, read_partition, sizeof(struct wf_slurm_partition)},
    {"partition_gone", WF_SLURM_LINE_PARTITION_GONE, read_message, sizeof(struct wf_slurm_message)},
    {"job", WF_SLURM_LINE_JOB, read_job, sizeof(struct wf_slurm_job)},
    {"job_gone", WF_SLURM_LINE_JOB_GONE, read_message, sizeof(struct wf_slurm_message)},
    {"association", WF_SLURM_LINE_ACCOUNT, read_account, sizeof(struct wf_slurm_account)},
    {"association_gone", WF_SLURM_LINE_ACCOUNT_GONE, read_message, sizeof(struct wf_slurm_message)},
    {"qos", WF_SLURM_LINE_QOS, read_qos, sizeof(struct wf_slurm_qos)},
    {"qos_gone", WF_SLURM_LINE_QOS_GONE, read_message, sizeof(struct wf_slurm_message)},
    {"reservation", WF_SLURM_LINE_RESERVATION, read_reservation,
     sizeof(struct wf_slurm_reservation)},
    {"reservation_gone", WF_SLURM_LINE_RESERVATION_GONE, read_message,
     sizeof(struct wf_slurm_message)},
    {"license", WF_SLURM_LINE_LICENSE, read_license, sizeof(struct wf_slurm_license)},
    {"license_gone", WF_SLURM_LINE_LICENSE_GONE, read_message, sizeof(struct wf_slurm_message)},
    {"synced", WF_SLURM_LINE_SYNCED, read_message, sizeof(struct wf_slurm_message)},
    {"done", WF_SLURM_LINE_DONE, read_message, sizeof(struct wf_slurm_message)},
    {"refused", WF_SLURM_LINE_REFUSED, read_message, sizeof(struct wf_slurm_message)},
    {"trouble", WF_SLURM_LINE_TROUBLE, read_message, sizeof(struct wf_slurm_message)},
    {"well", WF_SLURM_LINE_WELL, read_message, sizeof(struct wf_slurm_message)},
    {"freed", WF_SLURM_LINE_FREED, read_message, sizeof(struct wf_slurm_message)},
};

static enum wf_status read_tree(const json_t *tree, struct wf_slurm_line *line,
                                struct wf_error *err)
{
    const char *word = json_string_value(json_object_get(tree, "is"));
    struct wf_slurm_fields fields = {.status = WF_OK};
    if (!word) {
        return wf_fail(err, WF_INVALID, "a line of the Slurm adapter does not say what it is");
    }
    for (size_t i = 0; i < WF_COUNT_OF(kinds); i++) {
        if (strcmp(word, kinds[i].word) == 0) {
            wf_slurm_fields_init(&fields, tree, kinds[i].word, kinds[i].front, err);
            line->kind = kinds[i].kind;
            if (fields.status == WF_OK) {
                kinds[i].read(&fields, line);
            }
            break;
        }
    }
    line->block = fields.block;
    return fields.status;
}

enum wf_status wf_slurm_line_read(const char *text, size_t length, struct wf_slurm_line *line_out,
                                  struct wf_error *err)
{
    json_error_t why;
    *line_out = (struct wf_slurm_line){.kind = WF_SLURM_LINE_OTHER};
    json_t *tree = json_loadb(text, length, JSON_REJECT_DUPLICATES, &why);
    enum wf_status status = WF_OK;
    if (!json_is_object(tree)) {
        status = wf_fail(err, WF_INVALID, "a line of the Slurm adapter is no JSON object: %s",
                         tree ? "it is something else" : why.text);
    } else {
        status = read_tree(tree, line_out, err);
    }
    json_decref(tree);
    if (status != WF_OK) {
        free(line_out->block);
        *line_out = (struct wf_slurm_line){.kind = WF_SLURM_LINE_OTHER};
    }
    return status;
}
