// SPDX-License-Identifier: Apache-2.0
// Kubernetes pods, one object in each line, or as kubectl prints them. An object that comes again
// tells later news of the same pod. Pods of one gang are one job.
#include <stdlib.h>
#include <string.h>

#include "sim/history/index.h"
#include "sim/history/pod_object.h"

enum {
    PARTS_MAX = 256,            // kinds of pods, and runs, of one gang
    DOCUMENT_BYTES = 268435456, // of objects over several lines
};

// A pod of a gang.
struct member {
    uint32_t group; // name of the gang
    uint32_t id;    // name of the pod
    uint32_t job;   // its index
    int64_t submit_ms;
};

struct state {
    struct wf_index index; // jobs by their pod's name, the last one of it
    struct member *members;
    uint32_t member_count, member_capacity;
    bool begun;
    char *document; // text of a file whose objects go over several lines
    size_t length, capacity;
    uint64_t document_line; // where it begins; 0: there is none
};

static bool recognise(const char *line)
{
    return line[strspn(line, " \t")] == '{';
}

static enum wf_status create(struct wf_history *history, void **state_out, struct wf_error *err)
{
    (void)history;
    *state_out = calloc(1, sizeof(struct state));
    return *state_out ? WF_OK : wf_fail(err, WF_NOMEM, "no memory to read pods");
}

static void destroy(void *any)
{
    struct state *state = any;
    if (state) {
        wf_index_finish(&state->index);
        free(state->members);
        free(state->document);
        free(state);
    }
}

static enum wf_status add_member(struct state *state, struct member member, struct wf_error *err)
{
    if (state->member_count == state->member_capacity) {
        size_t capacity = (size_t)state->member_capacity * 2 + 64;
        struct member *grown = realloc(state->members, capacity * sizeof *grown);
        if (!grown) {
            return wf_fail(err, WF_NOMEM, "no memory for gangs");
        }
        state->members = grown;
        state->member_capacity = (uint32_t)capacity;
    }
    state->members[state->member_count++] = member;
    return WF_OK;
}

// Takes later news of a pod, unless they are old.
static void renew(struct wf_history_job *known, const struct wf_history_job *job)
{
    if (known->end == WF_ENDED_NOT_YET || job->end != WF_ENDED_NOT_YET) {
        uint64_t line = known->line;
        uint32_t id = known->id;
        *known = *job;
        known->line = line;
        known->id = id;
    }
}

static enum wf_status put(struct wf_history *history, struct state *state, const struct wf_pod *pod,
                          struct wf_history_job *job, struct wf_error *err)
{
    struct member member = {0};
    enum wf_status status = wf_history_name(history, pod->id, &job->id, err);
    status = status == WF_OK ? wf_history_name(history, pod->group, &member.group, err) : status;
    if (status != WF_OK) {
        return status;
    }
    uint32_t known = wf_index_find(&state->index, job->id);
    if (known != UINT32_MAX && history->shelf.jobs[known].submit_ms == job->submit_ms) {
        history->summary.skipped++;
        renew(&history->shelf.jobs[known], job);
        return WF_OK;
    }
    if (known != UINT32_MAX && member.group == 0) {
        history->summary.repeated++; // the name was free again
    }
    member.id = job->id;
    member.submit_ms = job->submit_ms;
    status = wf_history_put(history, job, &member.job, err);
    status = status == WF_OK ? wf_index_set(&state->index, job->id, member.job, err) : status;
    return status == WF_OK && member.group != 0 ? add_member(state, member, err) : status;
}

static enum wf_status take_object(struct wf_history *history, struct state *state,
                                  const json_t *object, struct wf_error *err)
{
    struct wf_pod pod;
    struct wf_history_job job;
    const json_t *watched = wf_pod_member(object, "object", NULL); // {"type": ..., "object": ...}
    enum wf_status status = wf_pod_read(history, watched ? watched : object, &pod, &job, err);
    if (status == WF_OK && !pod.own_work) {
        history->summary.skipped++;
        return WF_OK;
    }
    return status == WF_OK ? put(history, state, &pod, &job, err) : status;
}

// The objects of a list are told apart by their place in it.
static enum wf_status take_items(struct wf_history *history, struct state *state,
                                 const json_t *items, struct wf_error *err)
{
    size_t i;
    json_t *object;
    json_array_foreach(items, i, object)
    {
        enum wf_status status = take_object(history, state, object, err);
        if (status == WF_INVALID && !history->config.strict) {
            history->summary.damaged++;
            wf_history_complain(history, history->line, "item %zu: %s", i, err->text);
        } else if (status != WF_OK) {
            return wf_error_prefix(err, status, "item %zu: ", i);
        }
    }
    return WF_OK;
}

// Takes the object that a text is, or, where more may follow, begins with, and tells its length.
static enum wf_status take_text(struct wf_history *history, struct state *state, const char *text,
                                size_t *length, struct wf_error *err)
{
    size_t flags = state->document_line > 0 ? JSON_DISABLE_EOF_CHECK : 0;
    json_error_t why;
    json_t *object = json_loadb(text, *length, flags, &why);
    if (!object && json_error_code(&why) == json_error_out_of_memory) {
        return wf_fail(err, WF_NOMEM, "no memory to read JSON");
    }
    if (!object) {
        char quoted[120];
        wf_lines_quote(why.text, quoted, sizeof quoted);
        return wf_fail(err, WF_INVALID, "this is not JSON: %s", quoted);
    }
    *length = (size_t)why.position;
    const json_t *items = wf_pod_member(object, "items", NULL);
    enum wf_status status = json_is_array(items) ? take_items(history, state, items, err)
                                                 : take_object(history, state, object, err);
    json_decref(object);
    return status;
}

// Keeps a line of a file whose objects go over several.
static enum wf_status keep_text(struct state *state, const char *line, struct wf_error *err)
{
    size_t length = strlen(line);
    if (state->length + length + 1 > DOCUMENT_BYTES) {
        return wf_fail(err, WF_LIMIT,
                       "the list is longer than %d bytes: write one pod in each line, with jq -c "
                       "'.items[]'",
                       DOCUMENT_BYTES);
    }
    if (state->length + length + 1 > state->capacity) {
        size_t capacity = 2 * (state->length + length + 1);
        char *grown = realloc(state->document, capacity);
        if (!grown) {
            return wf_fail(err, WF_NOMEM, "no memory to read a list of pods");
        }
        state->document = grown;
        state->capacity = capacity;
    }
    memcpy(state->document + state->length, line, length);
    state->length += length;
    state->document[state->length++] = '\n';
    return WF_OK;
}

static enum wf_status take(struct wf_history *history, void *any, char *line, struct wf_error *err)
{
    struct state *state = any;
    if (!state->begun) {
        state->begun = true;
        state->document_line = strcmp(line + strspn(line, " \t"), "{") == 0 ? history->line : 0;
    }
    if (state->document_line > 0) {
        return keep_text(state, line, err);
    }
    size_t length = strlen(line);
    return take_text(history, state, line, &length, err);
}

static enum wf_status take_document(struct wf_history *history, struct state *state,
                                    struct wf_error *err)
{
    enum wf_status status = WF_OK;
    size_t at = 0;
    history->line = state->document_line;
    while (status == WF_OK) {
        at += strspn(state->document + at, " \t\n");
        size_t length = state->length - at;
        if (length == 0) {
            break;
        }
        status = take_text(history, state, state->document + at, &length, err);
        at += length;
    }
    return status;
}

static bool alike(const struct wf_history_job *job, const struct wf_history_job *other)
{
    const struct wf_request *a = &job->request;
    const struct wf_request *b = &other->request;
    return a->cpu_milli == b->cpu_milli && a->memory_mib == b->memory_mib && a->gpus == b->gpus &&
           a->gpu_milli == b->gpu_milli && job->models == other->models &&
           job->labels == other->labels && job->vendors == other->vendors;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

// Whether one was over before the other was made: then they are of two runs of a gang.
static bool apart(const struct wf_history_job *job, const struct wf_history_job *other)
{
    return (job->end_ms != WF_TIME_UNKNOWN && job->end_ms < other->submit_ms) ||
           (other->end_ms != WF_TIME_UNKNOWN && other->end_ms < job->submit_ms);
}

// Joins a further task with a gang: submitted with the first, started with the last, and at an end
// when all are.
static void join(struct wf_history_job *gang, struct wf_history_job *job)
{
    bool started = gang->start_ms != WF_TIME_UNKNOWN && job->start_ms != WF_TIME_UNKNOWN;
    bool ended = gang->end != WF_ENDED_NOT_YET && job->end != WF_ENDED_NOT_YET;
    gang->submit_ms = gang->submit_ms < job->submit_ms ? gang->submit_ms : job->submit_ms;
    gang->eligible_ms = gang->submit_ms;
    gang->start_ms = started ? later(gang->start_ms, job->start_ms) : WF_TIME_UNKNOWN;
    gang->end_ms = ended ? later(gang->end_ms, job->end_ms) : WF_TIME_UNKNOWN;
    if (!ended) {
        gang->end = WF_ENDED_NOT_YET;
    } else if (gang->end == WF_ENDED_WELL) {
        gang->end = job->end; // one that failed tells more
    }
    gang->nodes = gang->nodes == job->nodes ? gang->nodes : 0; // several are not one name
    gang->restarts = gang->restarts > job->restarts ? gang->restarts : job->restarts;
    gang->line = gang->line < job->line ? gang->line : job->line;
    gang->tasks++;
    job->tasks = 0;
}

// Puts one pod into the first part of its gang that it is like, or makes it a part of its own:
// "ns/group", and "ns/group+1" and so on.
static enum wf_status place(struct wf_history *history, struct member member, uint32_t *parts,
                            uint32_t *part_count, struct wf_error *err)
{
    struct wf_history_job *jobs = history->shelf.jobs;
    struct wf_history_job *job = &jobs[member.job];
    bool unlike = false;
    for (uint32_t i = 0; i < *part_count; i++) {
        struct wf_history_job *gang = &jobs[parts[i]];
        unlike = unlike || !alike(gang, job);
        if (alike(gang, job) && !apart(gang, job) && gang->tasks < WF_JOB_TASKS_MAX) {
            join(gang, job);
            return WF_OK;
        }
    }
    if (*part_count == PARTS_MAX) {
        return WF_OK; // stays a job of its own
    }
    history->summary.heterogeneous += unlike + (unlike && *part_count == 1);
    char id[WF_POD_NAME_BYTES + 16];
    const char *group = wf_names_text(history->names, member.group);
    if (*part_count > 0) {
        snprintf(id, sizeof id, "%s+%u", group, *part_count);
        group = id;
    }
    parts[(*part_count)++] = member.job;
    return wf_history_name(history, group, &job->id, err);
}

// By gang, then by pod, then by time.
static int compare_members(const void *left, const void *right)
{
    const struct member *a = left;
    const struct member *b = right;
    if (a->group != b->group) {
        return a->group < b->group ? -1 : 1;
    }
    if (a->id != b->id) {
        return a->id < b->id ? -1 : 1;
    }
    if (a->submit_ms != b->submit_ms) {
        return a->submit_ms < b->submit_ms ? -1 : 1;
    }
    return (a->job > b->job) - (a->job < b->job);
}

// A pod of a gang that was made anew is a restart of the first.
static void take_over(struct wf_history_job *jobs, struct member before, struct member after)
{
    struct wf_history_job *earlier = &jobs[before.job];
    struct wf_history_job *job = &jobs[after.job];
    job->restarts = earlier->restarts + 1;
    job->submit_ms = earlier->submit_ms;
    job->eligible_ms = earlier->eligible_ms;
    earlier->tasks = 0;
}

static enum wf_status unite(struct wf_history *history, struct state *state, struct wf_error *err)
{
    struct member *members = state->members;
    uint32_t parts[PARTS_MAX];
    uint32_t part_count = 0;
    if (state->member_count > 0) {
        qsort(members, state->member_count, sizeof *members, compare_members);
    }
    for (uint32_t i = 0; i < state->member_count; i++) {
        bool more = i + 1 < state->member_count && members[i + 1].group == members[i].group;
        if (more && members[i + 1].id == members[i].id) {
            take_over(history->shelf.jobs, members[i], members[i + 1]);
            continue;
        }
        enum wf_status status = place(history, members[i], parts, &part_count, err);
        if (status != WF_OK) {
            return status;
        }
        part_count = more ? part_count : 0;
    }
    return WF_OK;
}

static enum wf_status end(struct wf_history *history, void *any, struct wf_error *err)
{
    struct state *state = any;
    struct wf_error damage = {.text = ""};
    enum wf_status status = WF_OK;
    if (state->document_line > 0) {
        status = take_document(history, state, &damage);
    }
    if (status == WF_OK || (status == WF_INVALID && !history->config.strict)) {
        enum wf_status united = unite(history, state, err);
        if (united != WF_OK) {
            return united;
        }
    }
    if (status != WF_OK) {
        *err = damage;
    }
    return status;
}

const struct wf_history_reader wf_history_reader_pods = {
    .name = "Kubernetes pods",
    .format = WF_HISTORY_PODS,
    .recognise = recognise,
    .create = create,
    .destroy = destroy,
    .take = take,
    .end = end,
};
