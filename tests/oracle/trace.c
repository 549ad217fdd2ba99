// SPDX-License-Identifier: Apache-2.0
#include "trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/assert.h"

#define PATH_SIZE 1024
#define LINE_SIZE 512

struct trace_table {
    gzFile file;
    char line[LINE_SIZE];
};

const char *trace_folder(char *text_out, uint32_t text_size)
{
    const char *data = getenv("WHALEFLUX_DATA");
    if (data == NULL || data[0] == '\0') {
        data = "../shared/data";
    }
    char path[PATH_SIZE];
    snprintf(path, sizeof(path), "%s/frag", data);
    if (access(path, R_OK | X_OK) != 0) {
        snprintf(text_out, text_size, "no folder %s; set WHALEFLUX_DATA", path);
        return NULL;
    }
    snprintf(text_out, text_size, "%s", path);
    return text_out;
}

enum wf_status trace_table_open(const char *folder, const char *name,
                                struct trace_table **table_out, struct wf_error *err)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    gzFile file = gzopen(path, "rb");
    if (file == NULL) {
        return wf_fail(err, WF_IO, "cannot open %s", path);
    }
    struct trace_table *table = calloc(1, sizeof(*table));
    WF_ASSERT(table != NULL);
    table->file = file;
    if (gzgets(file, table->line, LINE_SIZE) == NULL) {
        trace_table_close(table);
        return wf_fail(err, WF_INVALID, "%s: no heading row", path);
    }
    *table_out = table;
    return WF_OK;
}

uint32_t trace_table_next(struct trace_table *table, const char *fields[TRACE_FIELDS_MAX])
{
    if (gzgets(table->file, table->line, LINE_SIZE) == NULL) {
        return 0;
    }
    size_t length = strcspn(table->line, "\r\n");
    WF_ASSERT(table->line[length] != '\0' || gzeof(table->file)); // else the row is too long
    table->line[length] = '\0';

    uint32_t count = 0;
    char *rest = table->line;
    while (rest != NULL) {
        WF_ASSERT(count < TRACE_FIELDS_MAX);
        fields[count++] = strsep(&rest, ",");
    }
    for (uint32_t i = count; i < TRACE_FIELDS_MAX; i++) {
        fields[i] = "";
    }
    return count;
}

void trace_table_close(struct trace_table *table)
{
    if (table == NULL) {
        return;
    }
    gzclose(table->file);
    free(table);
}

int64_t trace_integer(const char *field)
{
    char *end;
    int64_t value = strtoll(field, &end, 10);
    WF_ASSERT(end != field && *end == '\0');
    return value;
}

double trace_decimal(const char *field)
{
    char *end;
    double value = strtod(field, &end);
    WF_ASSERT(end != field && *end == '\0');
    return value;
}

// Returns the number of the text, or texts->count when it is not there.
static uint32_t find_text(const struct trace_texts *texts, const char *wanted)
{
    uint32_t i = 0;
    while (i < texts->count && strcmp(texts->text[i], wanted) != 0) {
        i++;
    }
    return i;
}

static uint32_t add_text(struct trace_texts *texts, const char *wanted)
{
    uint32_t i = find_text(texts, wanted);
    if (i == texts->count) {
        WF_ASSERT(texts->count < TRACE_TEXTS_MAX && strlen(wanted) < TRACE_TEXT_SIZE);
        snprintf(texts->text[texts->count++], TRACE_TEXT_SIZE, "%s", wanted);
    }
    return i;
}

// Makes room for one more element, doubling; returns the new place of the array.
static void *grow(void *list, uint32_t count, size_t size)
{
    if ((count & (count - 1)) != 0) {
        return list;
    }
    void *grown = realloc(list, (count == 0 ? 1 : 2 * (size_t)count) * size);
    WF_ASSERT(grown != NULL);
    return grown;
}

enum wf_status trace_nodes_read(const char *folder, struct trace_nodes *nodes, struct wf_error *err)
{
    memset(nodes, 0, sizeof(*nodes));
    struct trace_table *table = NULL;
    enum wf_status status =
        trace_table_open(folder, "openb_node_list_gpu_node.csv.gz", &table, err);
    if (status != WF_OK) {
        return status;
    }
    WF_ASSERT(table != NULL);
    const char *field[TRACE_FIELDS_MAX];
    while (trace_table_next(table, field) > 0) {
        struct oracle_node node = {
            .cpu_milli = (uint32_t)trace_integer(field[1]),
            .memory_mib = (uint32_t)trace_integer(field[2]),
            .gpus = (uint8_t)trace_integer(field[3]),
            .model = (uint8_t)add_text(&nodes->models, field[4]),
        };
        WF_ASSERT(node.gpus <= ORACLE_NODE_GPUS_MAX);
        for (int i = 0; i < node.gpus; i++) {
            node.gpu_milli[i] = ORACLE_GPU_MILLI;
        }
        nodes->list = grow(nodes->list, nodes->count, sizeof(*nodes->list));
        nodes->list[nodes->count++] = node;
    }
    trace_table_close(table);
    return WF_OK;
}

void trace_nodes_finish(struct trace_nodes *nodes)
{
    free(nodes->list);
    nodes->list = NULL;
}

static uint64_t model_set(const struct trace_texts *models, const char *text)
{
    if (text[0] == '\0') {
        return ORACLE_ANY_MODEL;
    }
    char copy[TRACE_TEXT_SIZE];
    snprintf(copy, sizeof(copy), "%s", text);
    uint64_t set = 0;
    for (char *rest = copy, *name = strsep(&rest, "|"); name != NULL; name = strsep(&rest, "|")) {
        uint32_t model = find_text(models, name);
        WF_ASSERT(model < models->count);
        set |= UINT64_C(1) << model;
    }
    return set;
}

// Turns the numbers given in order of appearance into places in byte order.
static void sort_spellings(const struct trace_texts *spellings, struct trace_pods *pods)
{
    for (uint32_t i = 0; i < pods->count; i++) {
        uint32_t place = 0;
        for (uint32_t other = 0; other < spellings->count; other++) {
            place += strcmp(spellings->text[other], spellings->text[pods->list[i].spelling]) < 0;
        }
        pods->list[i].spelling = place;
    }
}

enum wf_status trace_pods_read(const char *folder, const char *variant,
                               const struct trace_texts *models, struct trace_pods *pods,
                               struct wf_error *err)
{
    memset(pods, 0, sizeof(*pods));
    char name[PATH_SIZE];
    snprintf(name, sizeof(name), "openb_pod_list_%s.csv.gz", variant);
    struct trace_table *table = NULL;
    enum wf_status status = trace_table_open(folder, name, &table, err);
    if (status != WF_OK) {
        return status;
    }
    struct trace_texts spellings = {.count = 0};
    WF_ASSERT(table != NULL);
    const char *field[TRACE_FIELDS_MAX];
    while (trace_table_next(table, field) > 0) {
        // Names sort as their numbers do, so the row number is the place in the sorted list.
        WF_ASSERT(trace_integer(field[0] + strlen("openb-pod-")) == (int64_t)pods->count);
        pods->list = grow(pods->list, pods->count, sizeof(*pods->list));
        pods->list[pods->count++] = (struct oracle_pod){
            .cpu_milli = (uint32_t)trace_integer(field[1]),
            .memory_mib = (uint32_t)trace_integer(field[2]),
            .gpus = (uint8_t)trace_integer(field[3]),
            .gpu_milli = (uint16_t)trace_integer(field[4]),
            .models = model_set(models, field[5]),
            .spelling = add_text(&spellings, field[5]),
        };
    }
    trace_table_close(table);
    sort_spellings(&spellings, pods);
    return WF_OK;
}

void trace_pods_finish(struct trace_pods *pods)
{
    free(pods->list);
    pods->list = NULL;
}
