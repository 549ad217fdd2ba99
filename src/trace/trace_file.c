// SPDX-License-Identifier: Apache-2.0
#include "trace/trace_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "text/csv.h"

enum { QUOTE_SHOWN = 64 };

enum node_column { NODE_NAME, NODE_CPU, NODE_MEMORY, NODE_GPUS, NODE_MODEL };
static const struct wf_csv_column node_columns[] = {
    {"sn", false}, {"cpu_milli", false}, {"memory_mib", false}, {"gpu", false}, {"model", false},
};

enum pod_column {
    POD_NAME,
    POD_CPU,
    POD_MEMORY,
    POD_GPUS,
    POD_GPU_MILLI,
    POD_MODELS,
    POD_SUBMIT,
    POD_START,
    POD_END,
};
static const struct wf_csv_column pod_columns[] = {
    {"name", false},         {"cpu_milli", false},     {"memory_mib", false},
    {"num_gpu", false},      {"gpu_milli", false},     {"gpu_spec", true},
    {"creation_time", true}, {"scheduled_time", true}, {"deletion_time", true},
};

static const struct wf_csv_range cpu_range = {WF_CPU_MILLI_MAX, "WF_CPU_MILLI_MAX"};
static const struct wf_csv_range memory_range = {WF_MEMORY_MIB_MAX, "WF_MEMORY_MIB_MAX"};
static const struct wf_csv_range gpus_range = {WF_NODE_GPUS_MAX, "WF_NODE_GPUS_MAX"};
static const struct wf_csv_range milli_range = {WF_GPU_MILLI, "WF_GPU_MILLI"};
static const struct wf_csv_range time_range = {INT64_C(1000000000000), NULL};

// One table while it is read.
struct reader {
    struct wf_csv *csv;
    struct wf_trace *trace;
    uint64_t *lines;   // line of each row, for what is only known at the end
    uint32_t capacity; // rows there is room for
};

static char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

static enum wf_status fail_memory(const struct reader *reader, struct wf_error *err)
{
    return wf_csv_fail(reader->csv, 0, err, WF_NOMEM, "no memory to read further");
}

// Makes room for one more row in a list and in the list of lines.
static enum wf_status make_room(struct reader *reader, void **rows, size_t row_size, uint32_t count,
                                struct wf_error *err)
{
    if (count < reader->capacity) {
        return WF_OK;
    }
    uint32_t capacity = reader->capacity ? reader->capacity * 2 : 1024;
    void *grown = realloc(*rows, capacity * row_size);
    if (!grown) {
        return fail_memory(reader, err);
    }
    *rows = grown;
    uint64_t *lines = realloc(reader->lines, capacity * sizeof *lines);
    if (!lines) {
        return fail_memory(reader, err);
    }
    reader->lines = lines;
    reader->capacity = capacity;
    return WF_OK;
}

static enum wf_status take_name(const struct reader *reader, uint32_t column, const char *text,
                                char **name_out, struct wf_error *err)
{
    if (text[0] == '\0') {
        return wf_csv_fail(reader->csv, column, err, WF_INVALID, "the name is missing");
    }
    if (strlen(text) > WF_TRACE_NAME_BYTES_MAX) {
        return wf_csv_fail(reader->csv, column, err, WF_LIMIT, "the name is longer than %d bytes",
                           WF_TRACE_NAME_BYTES_MAX);
    }
    *name_out = copy_text(text);
    return *name_out ? WF_OK : fail_memory(reader, err);
}

static uint32_t find_model(const struct wf_trace *trace, const char *name)
{
    uint32_t model = 0;
    while (model < trace->model_count && strcmp(trace->models[model], name) != 0) {
        model++;
    }
    return model;
}

static enum wf_status take_model(const struct reader *reader, const char *name, uint8_t *model_out,
                                 struct wf_error *err)
{
    struct wf_trace *trace = reader->trace;
    uint32_t model = find_model(trace, name);
    if (model == trace->model_count) {
        if (model == WF_MODELS_MAX) {
            char quoted[QUOTE_SHOWN];
            wf_csv_quote(name, quoted, sizeof quoted);
            return wf_csv_fail(reader->csv, NODE_MODEL, err, WF_LIMIT,
                               "'%s' is one model more than %d, the limit WF_MODELS_MAX", quoted,
                               WF_MODELS_MAX);
        }
        enum wf_status status =
            take_name(reader, NODE_MODEL, name, &trace->models[trace->model_count], err);
        if (status != WF_OK) {
            return status;
        }
        trace->model_count++;
    }
    *model_out = (uint8_t)model;
    return WF_OK;
}

struct number_field {
    uint32_t column;
    struct wf_csv_range range;
    int64_t value;
};

static enum wf_status take_numbers(const struct reader *reader, struct number_field *fields,
                                   uint32_t count, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    for (uint32_t i = 0; i < count && status == WF_OK; i++) {
        status =
            wf_csv_number(reader->csv, fields[i].column, fields[i].range, &fields[i].value, err);
    }
    return status;
}

static enum wf_status take_node(struct reader *reader, struct wf_error *err)
{
    struct wf_trace *trace = reader->trace;
    if (trace->node_count == WF_NODES_MAX) {
        return wf_csv_fail(reader->csv, NODE_NAME, err, WF_LIMIT,
                           "there are more than %d nodes, the limit WF_NODES_MAX", WF_NODES_MAX);
    }
    struct number_field numbers[] = {
        {NODE_CPU, cpu_range, 0}, {NODE_MEMORY, memory_range, 0}, {NODE_GPUS, gpus_range, 0}};
    enum wf_status status = take_numbers(reader, numbers, WF_COUNT_OF(numbers), err);
    if (status != WF_OK) {
        return status;
    }
    struct wf_trace_node node = {
        .cpu_milli = (uint32_t)numbers[0].value,
        .memory_mib = (uint32_t)numbers[1].value,
        .gpus = (uint8_t)numbers[2].value,
    };
    if (node.gpus > 0) {
        status = take_model(reader, wf_csv_text(reader->csv, NODE_MODEL), &node.model, err);
        if (status != WF_OK) {
            return status;
        }
    }
    void *rows = trace->nodes;
    status = make_room(reader, &rows, sizeof node, trace->node_count, err);
    trace->nodes = rows;
    if (status == WF_OK) {
        status = take_name(reader, NODE_NAME, wf_csv_text(reader->csv, NODE_NAME), &node.name, err);
    }
    if (status == WF_OK) {
        reader->lines[trace->node_count] = wf_csv_line(reader->csv);
        trace->nodes[trace->node_count++] = node;
    }
    return status;
}

static enum wf_status fail_model(const struct reader *reader, const char *name,
                                 struct wf_error *err)
{
    const struct wf_trace *trace = reader->trace;
    char quoted[QUOTE_SHOWN];
    wf_csv_quote(name, quoted, sizeof quoted);
    uint32_t near = wf_nearest_name(name, (const char *const *)trace->models, trace->model_count);
    if (near != UINT32_MAX) {
        char meant[QUOTE_SHOWN];
        wf_csv_quote(trace->models[near], meant, sizeof meant);
        return wf_csv_fail(reader->csv, POD_MODELS, err, WF_NOTFOUND,
                           "no node has a GPU of the model '%s' (did you mean '%s'?)", quoted,
                           meant);
    }
    char known[200] = "";
    size_t length = 0;
    for (uint32_t i = 0; i < trace->model_count && length < sizeof known - QUOTE_SHOWN; i++) {
        char model[QUOTE_SHOWN - 8];
        wf_csv_quote(trace->models[i], model, sizeof model);
        length +=
            (size_t)snprintf(known + length, sizeof known - length, "%s%s", i ? ", " : "", model);
    }
    return wf_csv_fail(reader->csv, POD_MODELS, err, WF_NOTFOUND,
                       "no node has a GPU of the model '%s' (known: %s)", quoted,
                       trace->model_count > 0 ? known : "none");
}

// Reads "A|B|C" into a set.
static enum wf_status take_model_set(const struct reader *reader, const char *list,
                                     uint64_t *models_out, struct wf_error *err)
{
    *models_out = 0;
    for (const char *at = list; at;) {
        const char *end = strchr(at, '|');
        size_t length = end ? (size_t)(end - at) : strlen(at);
        char name[WF_TRACE_NAME_BYTES_MAX + 1];
        if (length == 0 || length >= sizeof name) {
            return wf_csv_fail(reader->csv, POD_MODELS, err, WF_INVALID,
                               "the list of models has a name of %zu bytes", length);
        }
        memcpy(name, at, length);
        name[length] = '\0';
        uint32_t model = find_model(reader->trace, name);
        if (model == reader->trace->model_count) {
            return fail_model(reader, name, err);
        }
        *models_out |= WF_MODEL_BIT(model);
        at = end ? end + 1 : NULL;
    }
    return WF_OK;
}

// Keeps each distinct list once; there are few.
static enum wf_status keep_model_list(const struct reader *reader, const char *list,
                                      uint16_t *index_out, struct wf_error *err)
{
    struct wf_trace *trace = reader->trace;
    uint32_t index = 0;
    while (index < trace->model_list_count && strcmp(trace->model_lists[index], list) != 0) {
        index++;
    }
    if (index == trace->model_list_count) {
        if (index == WF_TRACE_MODEL_LISTS_MAX) {
            return wf_csv_fail(reader->csv, POD_MODELS, err, WF_LIMIT,
                               "there are more than %d different lists of models, the limit "
                               "WF_TRACE_MODEL_LISTS_MAX",
                               WF_TRACE_MODEL_LISTS_MAX);
        }
        char **grown = realloc(trace->model_lists, (index + 1) * sizeof *grown);
        if (!grown) {
            return fail_memory(reader, err);
        }
        trace->model_lists = grown;
        grown[index] = copy_text(list);
        if (!grown[index]) {
            return fail_memory(reader, err);
        }
        trace->model_list_count++;
    }
    *index_out = (uint16_t)index;
    return WF_OK;
}

static enum wf_status take_models(const struct reader *reader, struct wf_trace_task *task,
                                  struct wf_error *err)
{
    const char *list = wf_csv_text(reader->csv, POD_MODELS);
    task->models = WF_ANY_MODEL;
    task->model_list = 0;
    if (list[0] == '\0') {
        return WF_OK;
    }
    enum wf_status status = take_model_set(reader, list, &task->models, err);
    return status == WF_OK ? keep_model_list(reader, list, &task->model_list, err) : status;
}

static enum wf_status take_time(const struct reader *reader, uint32_t column, int64_t *time_s_out,
                                struct wf_error *err)
{
    *time_s_out = -1;
    if (wf_csv_text(reader->csv, column)[0] == '\0') {
        return WF_OK;
    }
    return wf_csv_number(reader->csv, column, time_range, time_s_out, err);
}

static enum wf_status check_share(const struct reader *reader, const struct wf_trace_task *task,
                                  struct wf_error *err)
{
    const char *wrong = NULL;
    if (task->gpus == 0 && task->gpu_milli != 0) {
        wrong = "is a share of no GPU, it must be 0";
    } else if (task->gpus == 1 && task->gpu_milli == 0) {
        wrong = "is no share, of one GPU it must be 1 to 1000";
    } else if (task->gpus > 1 && task->gpu_milli != WF_GPU_MILLI) {
        wrong = "is a share of several GPUs, it must be 1000";
    }
    return wrong ? wf_csv_fail(reader->csv, POD_GPU_MILLI, err, WF_INVALID, "%u %s",
                               task->gpu_milli, wrong)
                 : WF_OK;
}

static enum wf_status take_task_fields(struct reader *reader, struct wf_trace_task *task,
                                       struct wf_error *err)
{
    struct number_field numbers[] = {{POD_CPU, cpu_range, 0},
                                     {POD_MEMORY, memory_range, 0},
                                     {POD_GPUS, gpus_range, 0},
                                     {POD_GPU_MILLI, milli_range, 0}};
    enum wf_status status = take_numbers(reader, numbers, WF_COUNT_OF(numbers), err);
    if (status != WF_OK) {
        return status;
    }
    task->cpu_milli = (uint32_t)numbers[0].value;
    task->memory_mib = (uint32_t)numbers[1].value;
    task->gpus = (uint8_t)numbers[2].value;
    task->gpu_milli = (uint16_t)numbers[3].value;
    status = check_share(reader, task, err);
    if (status == WF_OK) {
        status = take_models(reader, task, err);
    }
    if (status == WF_OK) {
        status = take_time(reader, POD_SUBMIT, &task->submit_s, err);
    }
    if (status == WF_OK) {
        status = take_time(reader, POD_START, &task->start_s, err);
    }
    return status == WF_OK ? take_time(reader, POD_END, &task->end_s, err) : status;
}

static enum wf_status take_task(struct reader *reader, struct wf_error *err)
{
    struct wf_trace *trace = reader->trace;
    if (trace->task_count == WF_TRACE_TASKS_MAX) {
        return wf_csv_fail(reader->csv, POD_NAME, err, WF_LIMIT,
                           "there are more than %d tasks, the limit WF_TRACE_TASKS_MAX",
                           WF_TRACE_TASKS_MAX);
    }
    struct wf_trace_task task = {0};
    enum wf_status status = take_task_fields(reader, &task, err);
    if (status != WF_OK) {
        return status;
    }
    void *rows = trace->tasks;
    status = make_room(reader, &rows, sizeof task, trace->task_count, err);
    trace->tasks = rows;
    if (status == WF_OK) {
        status = take_name(reader, POD_NAME, wf_csv_text(reader->csv, POD_NAME), &task.name, err);
    }
    if (status == WF_OK) {
        reader->lines[trace->task_count] = wf_csv_line(reader->csv);
        trace->tasks[trace->task_count++] = task;
    }
    return status;
}

struct named_line {
    const char *name;
    uint64_t line;
};

static int compare_named_lines(const void *left, const void *right)
{
    const struct named_line *a = left;
    const struct named_line *b = right;
    int order = strcmp(a->name, b->name);
    return order ? order : (a->line > b->line) - (a->line < b->line);
}

// Refuses a name that is there twice; names the first line that repeats one.
static enum wf_status check_names(const struct reader *reader, struct named_line *rows,
                                  uint32_t count, struct wf_error *err)
{
    const struct named_line *repeat = NULL;
    qsort(rows, count, sizeof *rows, compare_named_lines);
    for (uint32_t i = 1; i < count; i++) {
        if (strcmp(rows[i - 1].name, rows[i].name) == 0 &&
            (!repeat || rows[i].line < repeat->line)) {
            repeat = &rows[i];
        }
    }
    if (!repeat) {
        return WF_OK;
    }
    uint64_t first = repeat->line;
    for (const struct named_line *row = repeat; row >= rows && strcmp(row->name, repeat->name) == 0;
         row--) {
        first = row->line;
    }
    char quoted[QUOTE_SHOWN];
    char text[160];
    wf_csv_quote(repeat->name, quoted, sizeof quoted);
    snprintf(text, sizeof text, "the name '%s' is there already, in line %llu", quoted,
             (unsigned long long)first);
    wf_csv_fail_at(reader->csv, repeat->line, 0, err, text);
    if (err) {
        err->status = WF_EXISTS;
    }
    return WF_EXISTS;
}

static enum wf_status check_node_names(const struct reader *reader, struct wf_error *err)
{
    const struct wf_trace *trace = reader->trace;
    struct named_line *rows = calloc(trace->node_count, sizeof *rows);
    if (!rows) {
        return fail_memory(reader, err);
    }
    for (uint32_t i = 0; i < trace->node_count; i++) {
        rows[i] = (struct named_line){trace->nodes[i].name, reader->lines[i]};
    }
    enum wf_status status = check_names(reader, rows, trace->node_count, err);
    free(rows);
    return status;
}

static enum wf_status check_task_names(const struct reader *reader, struct wf_error *err)
{
    const struct wf_trace *trace = reader->trace;
    struct named_line *rows = calloc(trace->task_count, sizeof *rows);
    if (!rows) {
        return fail_memory(reader, err);
    }
    for (uint32_t i = 0; i < trace->task_count; i++) {
        rows[i] = (struct named_line){trace->tasks[i].name, reader->lines[i]};
    }
    enum wf_status status = check_names(reader, rows, trace->task_count, err);
    free(rows);
    return status;
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

// Numbers the models by name, so that the order of the nodes does not matter.
static void sort_models(struct wf_trace *trace)
{
    char *before[WF_MODELS_MAX];
    uint8_t number[WF_MODELS_MAX];
    memcpy(before, trace->models, sizeof before);
    qsort(trace->models, trace->model_count, sizeof *trace->models, compare_names);
    for (uint32_t i = 0; i < trace->model_count; i++) {
        number[i] = (uint8_t)find_model(trace, before[i]);
    }
    for (uint32_t i = 0; i < trace->node_count; i++) {
        if (trace->nodes[i].gpus > 0) {
            trace->nodes[i].model = number[trace->nodes[i].model];
        }
    }
}

static enum wf_status read_rows(struct reader *reader,
                                enum wf_status (*take)(struct reader *, struct wf_error *),
                                struct wf_error *err)
{
    for (;;) {
        bool row;
        enum wf_status status = wf_csv_next(reader->csv, &row, err);
        if (status != WF_OK || !row) {
            return status;
        }
        status = take(reader, err);
        if (status != WF_OK) {
            return status;
        }
    }
}

static enum wf_status read_nodes(const char *path, struct wf_trace *trace, struct wf_error *err)
{
    struct reader reader = {.trace = trace};
    enum wf_status status =
        wf_csv_open(path, node_columns, WF_COUNT_OF(node_columns), &reader.csv, err);
    if (status != WF_OK) {
        return status;
    }
    status = read_rows(&reader, take_node, err);
    if (status == WF_OK && trace->node_count == 0) {
        status = wf_csv_fail(reader.csv, NODE_NAME, err, WF_INVALID, "there is no node");
    }
    if (status == WF_OK) {
        status = check_node_names(&reader, err);
    }
    if (status == WF_OK) {
        sort_models(trace);
    }
    wf_csv_close(reader.csv);
    free(reader.lines);
    return status;
}

static enum wf_status read_pods(const char *path, struct wf_trace *trace, struct wf_error *err)
{
    struct reader reader = {.trace = trace};
    enum wf_status status =
        wf_csv_open(path, pod_columns, WF_COUNT_OF(pod_columns), &reader.csv, err);
    if (status != WF_OK) {
        return status;
    }
    uint16_t none;
    status = keep_model_list(&reader, "", &none, err);
    if (status == WF_OK) {
        status = read_rows(&reader, take_task, err);
    }
    if (status == WF_OK && trace->task_count == 0) {
        status = wf_csv_fail(reader.csv, POD_NAME, err, WF_INVALID, "there is no task");
    }
    if (status == WF_OK) {
        status = check_task_names(&reader, err);
    }
    wf_csv_close(reader.csv);
    free(reader.lines);
    return status;
}

enum wf_status wf_trace_read(const char *nodes_path, const char *pods_path,
                             struct wf_trace *trace_out, struct wf_error *err)
{
    *trace_out = (struct wf_trace){0};
    enum wf_status status = read_nodes(nodes_path, trace_out, err);
    if (status == WF_OK) {
        status = read_pods(pods_path, trace_out, err);
    }
    if (status == WF_OK) {
        size_t size = strlen(nodes_path) + strlen(pods_path) + 32;
        trace_out->origin = malloc(size);
        if (trace_out->origin) {
            snprintf(trace_out->origin, size, "%s offered to %s", pods_path, nodes_path);
        } else {
            status = wf_fail(err, WF_NOMEM, "no memory to read %s", pods_path);
        }
    }
    if (status != WF_OK) {
        wf_trace_finish(trace_out);
    }
    return status;
}

enum wf_status wf_trace_read_nodes(const char *nodes_path, struct wf_trace *trace_out,
                                   struct wf_error *err)
{
    *trace_out = (struct wf_trace){0};
    enum wf_status status = read_nodes(nodes_path, trace_out, err);
    if (status == WF_OK) {
        trace_out->origin = copy_text(nodes_path);
        if (!trace_out->origin) {
            status = wf_fail(err, WF_NOMEM, "no memory to read %s", nodes_path);
        }
    }
    if (status != WF_OK) {
        wf_trace_finish(trace_out);
    }
    return status;
}
