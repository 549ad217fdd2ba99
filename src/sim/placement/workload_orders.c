// SPDX-License-Identifier: Apache-2.0
// The exact orders that a file names (sim/placement/workload.h).
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sim/placement/workload.h"
#include "text/csv.h"

enum column { VARIANT, SEED, KIND, POSITION, INDEX };
static const struct wf_csv_column columns[] = {
    {"variant", false}, {"seed", false}, {"kind", false}, {"position", false}, {"index", false},
};

// One of the two orders while it is read.
struct order {
    uint32_t *list; // by position; WF_NONE: not read yet
    uint32_t room;
    uint32_t end; // one past the highest position read
    uint32_t read;
};

struct reader {
    struct wf_csv *csv;
    const struct wf_trace *trace;
    const char *pods_path;
    uint64_t seed;
    struct order pods, nodes;
    bool variant_met;
};

// Whether the name of the file of pods, without its endings, ends with the variant.
static bool is_variant_of(const char *variant, const char *pods_path)
{
    size_t length = strlen(pods_path);
    const char *const endings[] = {".gz", ".csv"};
    for (uint32_t i = 0; i < WF_COUNT_OF(endings); i++) {
        size_t ending = strlen(endings[i]);
        if (length > ending && memcmp(pods_path + length - ending, endings[i], ending) == 0) {
            length -= ending;
        }
    }
    size_t wanted = strlen(variant);
    if (wanted == 0) {
        return true;
    }
    return length >= wanted && memcmp(pods_path + length - wanted, variant, wanted) == 0 &&
           (length == wanted || !isalnum((unsigned char)pods_path[length - wanted - 1]));
}

static enum wf_status make_room(struct reader *reader, struct order *order, uint32_t position,
                                struct wf_error *err)
{
    if (position < order->room) {
        return WF_OK;
    }
    uint32_t room = position + position / 2 + 1024;
    uint32_t *grown = realloc(order->list, room * sizeof *grown);
    if (!grown) {
        return wf_csv_fail(reader->csv, POSITION, err, WF_NOMEM, "no memory for %u positions",
                           room);
    }
    for (uint32_t i = order->room; i < room; i++) {
        grown[i] = WF_NONE;
    }
    order->list = grown;
    order->room = room;
    return WF_OK;
}

static enum wf_status take_row(struct reader *reader, struct wf_error *err)
{
    const char *kind = wf_csv_text(reader->csv, KIND);
    bool pod = strcmp(kind, "pod") == 0;
    if (!pod && strcmp(kind, "node") != 0) {
        char quoted[48];
        wf_csv_quote(kind, quoted, sizeof quoted);
        return wf_csv_fail(reader->csv, KIND, err, WF_INVALID,
                           "'%s' is no kind, it must be pod or node", quoted);
    }
    struct order *order = pod ? &reader->pods : &reader->nodes;
    struct wf_csv_range places = {pod ? WF_TRACE_TASKS_MAX - 1 : reader->trace->node_count - 1,
                                  pod ? "WF_TRACE_TASKS_MAX - 1" : "that the number of nodes sets"};
    struct wf_csv_range indexes = {pod ? reader->trace->task_count - 1
                                       : reader->trace->node_count - 1,
                                   "that the length of the list sets"};
    int64_t position;
    int64_t index;
    enum wf_status status = wf_csv_number(reader->csv, POSITION, places, &position, err);
    if (status == WF_OK) {
        status = wf_csv_number(reader->csv, INDEX, indexes, &index, err);
    }
    if (status == WF_OK) {
        status = make_room(reader, order, (uint32_t)position, err);
    }
    if (status != WF_OK) {
        return status;
    }
    if (order->list[position] != WF_NONE) {
        return wf_csv_fail(reader->csv, POSITION, err, WF_EXISTS,
                           "position %lld of a %s is there already", (long long)position, kind);
    }
    order->list[position] = (uint32_t)index;
    order->read++;
    order->end = order->end > position ? order->end : (uint32_t)position + 1;
    return WF_OK;
}

static enum wf_status read_rows(struct reader *reader, struct wf_error *err)
{
    static const struct wf_csv_range seeds = {INT64_MAX, NULL};
    for (;;) {
        bool row;
        int64_t seed = 0;
        enum wf_status status = wf_csv_next(reader->csv, &row, err);
        if (status != WF_OK || !row) {
            return status;
        }
        status = wf_csv_number(reader->csv, SEED, seeds, &seed, err);
        if (status == WF_OK &&
            is_variant_of(wf_csv_text(reader->csv, VARIANT), reader->pods_path)) {
            reader->variant_met = true;
            if ((uint64_t)seed == reader->seed) {
                status = take_row(reader, err);
            }
        }
        if (status != WF_OK) {
            return status;
        }
    }
}

// Every position and every node once; the sentence is about the end of the file.
static enum wf_status check_orders(const struct reader *reader, struct wf_error *err)
{
    unsigned long long seed = reader->seed;
    const struct order *nodes = &reader->nodes;
    if (!reader->variant_met) {
        return wf_csv_fail(reader->csv, VARIANT, err, WF_NOTFOUND,
                           "no variant of the file is that of %s", reader->pods_path);
    }
    if (reader->pods.read == 0) {
        return wf_csv_fail(reader->csv, SEED, err, WF_NOTFOUND, "there is no order for seed %llu",
                           seed);
    }
    if (reader->pods.read != reader->pods.end || nodes->read != reader->trace->node_count) {
        return wf_csv_fail(reader->csv, POSITION, err, WF_INVALID,
                           "the order for seed %llu has %u of %u pods and %u of %u nodes", seed,
                           reader->pods.read, reader->pods.end, nodes->read,
                           reader->trace->node_count);
    }
    bool *met = calloc(nodes->end, sizeof *met);
    if (!met) {
        return wf_fail(err, WF_NOMEM, "no memory for %u nodes", nodes->end);
    }
    uint32_t rank = 0;
    while (rank < nodes->end && !met[nodes->list[rank]]) {
        met[nodes->list[rank++]] = true;
    }
    free(met);
    return rank == nodes->end
               ? WF_OK
               : wf_csv_fail(reader->csv, INDEX, err, WF_EXISTS,
                             "the order for seed %llu has node %u twice", seed, nodes->list[rank]);
}

static void hand_over(struct reader *reader, struct wf_workload *workload)
{
    *workload = (struct wf_workload){
        .arrivals = reader->pods.list,
        .arrival_count = reader->pods.end,
        .nodes = reader->nodes.list,
        .node_count = reader->nodes.end,
    };
    reader->pods.list = NULL;
    reader->nodes.list = NULL;
    for (uint32_t i = 0; i < workload->node_count; i++) {
        workload->capacity_gpu_milli += (int64_t)reader->trace->nodes[i].gpus * WF_GPU_MILLI;
    }
    for (uint32_t i = 0; i < workload->arrival_count; i++) {
        const struct wf_trace_task *task = &reader->trace->tasks[workload->arrivals[i]];
        workload->offered_gpu_milli += (int64_t)task->gpus * task->gpu_milli;
    }
}

enum wf_status wf_workload_read(const struct wf_trace *trace, const char *orders_path,
                                const char *pods_path, uint64_t seed,
                                struct wf_workload *workload_out, struct wf_error *err)
{
    *workload_out = (struct wf_workload){0};
    struct reader reader = {.trace = trace, .pods_path = pods_path, .seed = seed};
    enum wf_status status =
        wf_csv_open(orders_path, columns, WF_COUNT_OF(columns), &reader.csv, err);
    if (status != WF_OK) {
        return status;
    }
    status = read_rows(&reader, err);
    if (status == WF_OK) {
        status = check_orders(&reader, err);
    }
    if (status == WF_OK) {
        hand_over(&reader, workload_out);
    }
    wf_csv_close(reader.csv);
    free(reader.pods.list);
    free(reader.nodes.list);
    if (status == WF_OK && workload_out->capacity_gpu_milli == 0) {
        wf_workload_finish(workload_out);
        return wf_fail(err, WF_INVALID, "no node of the trace has a GPU");
    }
    return status;
}
