// SPDX-License-Identifier: Apache-2.0
#include "site/slurm.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "gpu/gpu_parts.h"
#include "text/csv.h"

enum { KINDS_MAX = 8, QUOTE_SHOWN = 64, NUMBER_MAX = 1000000 };

// GPUs of one model in a node.
struct kind {
    struct wf_gpu_name gpu;
    struct wf_gpu_parts parts;
};

struct kinds {
    struct kind kind[KINDS_MAX];
    uint32_t count;
};

static bool read_count(const char *text, size_t length, int64_t *count_out)
{
    int64_t count = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || count > NUMBER_MAX) {
            return false;
        }
        count = count * 10 + text[i] - '0';
    }
    *count_out = count;
    return length > 0 && count <= NUMBER_MAX;
}

static struct kind *find_kind(struct kinds *kinds, const struct wf_gpu_name *gpu)
{
    for (uint32_t i = 0; i < kinds->count; i++) {
        if (strcmp(kinds->kind[i].gpu.text, gpu->text) == 0) {
            return &kinds->kind[i];
        }
    }
    if (kinds->count == KINDS_MAX) {
        return NULL;
    }
    struct kind *kind = &kinds->kind[kinds->count++];
    *kind = (struct kind){.gpu = *gpu};
    return kind;
}

// A node's GPUs without a type are of the model that one of its features names.
static void name_untyped(const char *features, struct wf_gpu_name *gpu_out)
{
    char word[WF_GPU_NAME_BYTES];
    for (const char *at = features; *at; at += *at == ',') {
        size_t length = strcspn(at, ",");
        snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : 0), at);
        if (wf_gpu_name_read(word, gpu_out) && wf_gpu_name_known(gpu_out)) {
            return;
        }
        at += length;
    }
    bool read = wf_gpu_name_read("GPU", gpu_out);
    WF_ASSERT(read);
}

// One item of a node's gres, taken apart: "gpu:h100:8(S:0-1)", "gpu:8", "gpu:a100_1g.5gb:14".
// Returns false for what is no GPU of its own: shards, mps, licences.
static bool split_gres(const char *item, size_t length, char *type_out, size_t size,
                       int64_t *count_out)
{
    const char *bracket = memchr(item, '(', length);
    const char *end = bracket ? bracket : item + length;
    type_out[0] = '\0';
    *count_out = 1;
    if (end - item < 3 || strncmp(item, "gpu", 3) != 0 || (end - item > 3 && item[3] != ':')) {
        return false;
    }
    for (const char *at = item + 3; at < end;) {
        at++; // the colon
        const char *colon = memchr(at, ':', (size_t)(end - at));
        size_t word = (size_t)((colon ? colon : end) - at);
        bool flag = word == 10 && strncmp(at, "no_consume", word) == 0;
        if (!flag && !read_count(at, word, count_out)) {
            snprintf(type_out, size, "%.*s", (int)(word < size ? word : size), at);
        }
        at += word;
    }
    return true;
}

static enum wf_status take_gres(const struct wf_site_builder *builder, const char *item,
                                size_t length, const char *features, struct kinds *kinds,
                                struct wf_error *err)
{
    char type[WF_GPU_NAME_BYTES + 1];
    int64_t count;
    struct wf_gpu_name gpu;
    if (!split_gres(item, length, type, sizeof type, &count) || count == 0) {
        return WF_OK;
    }
    if (type[0] == '\0') {
        name_untyped(features, &gpu);
    } else if (!wf_gpu_name_read(type, &gpu)) {
        char quoted[QUOTE_SHOWN];
        wf_csv_quote(type, quoted, sizeof quoted);
        return wf_site_fail(builder, err, WF_INVALID,
                            "'%s' of the node's Gres is no name of a GPU model", quoted);
    }
    struct kind *kind = find_kind(kinds, &gpu);
    if (!kind) {
        return wf_site_fail(builder, err, WF_LIMIT, "the node has GPUs of more than %d models",
                            KINDS_MAX);
    }
    if (gpu.part_units > 0) {
        wf_gpu_parts_add(&kind->parts, &gpu, count);
    } else {
        kind->parts.whole += count;
    }
    return WF_OK;
}

static enum wf_status take_all_gres(const struct wf_site_builder *builder,
                                    const struct wf_slurm_node *node, struct kinds *kinds,
                                    struct wf_error *err)
{
    enum wf_status status = WF_OK;
    kinds->count = 0;
    for (const char *at = node->gres; *at && status == WF_OK;) {
        size_t length = 0;
        for (int depth = 0; at[length] && (depth > 0 || at[length] != ','); length++) {
            depth += (at[length] == '(') - (at[length] == ')');
        }
        status = take_gres(builder, at, length, node->features, kinds, err);
        at += length + (at[length] == ',');
    }
    return status;
}

static enum wf_status add_labels(struct wf_site_builder *builder, const char *prefix,
                                 const char *list, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    char label[WF_SITE_NAME_BYTES_MAX + 1];
    for (const char *at = list; *at && status == WF_OK;) {
        size_t length = strcspn(at, ",");
        size_t size = (size_t)snprintf(label, sizeof label, "%s%.*s", prefix,
                                       (int)(length < sizeof label ? length : 0), at);
        if (length > 0 && length < sizeof label && size < sizeof label &&
            strncmp(at, "(null)", 6) != 0) {
            status = wf_site_add_label(builder, label, size, err);
        }
        at += length + (at[length] == ',');
    }
    return status;
}

static enum wf_status add_part(struct wf_site_builder *builder, const struct wf_slurm_node *node,
                               const struct wf_site_machine *machine, struct wf_error *err)
{
    enum wf_status status = wf_site_add_machine(builder, machine, err);
    if (status == WF_OK) {
        status = add_labels(builder, "", node->features, err);
    }
    return status == WF_OK ? add_labels(builder, "partition=", node->partitions, err) : status;
}

enum wf_status wf_slurm_add_node(struct wf_site_builder *builder, const struct wf_slurm_node *node,
                                 uint32_t *split, struct wf_error *err)
{
    struct kinds kinds;
    int64_t gpus = 0;
    char name[WF_SITE_NAME_BYTES_MAX + WF_GPU_NAME_BYTES + 2];
    enum wf_status status = take_all_gres(builder, node, &kinds, err);
    if (status != WF_OK) {
        return status;
    }
    struct wf_site_machine machines[KINDS_MAX] = {{0}};
    for (uint32_t i = 0; i < kinds.count; i++) {
        machines[i].gpu = kinds.kind[i].gpu;
        wf_gpu_parts_sum(&kinds.kind[i].parts, &machines[i].gpu, &machines[i].gpus,
                         &machines[i].slices);
        gpus += machines[i].gpus;
    }
    *split += kinds.count > 1;
    for (uint32_t i = 0; i < (kinds.count ? kinds.count : 1) && status == WF_OK; i++) {
        struct wf_site_machine *machine = &machines[i];
        snprintf(name, sizeof name, "%s%s%s", node->name, i ? ":" : "", i ? machine->gpu.text : "");
        machine->name = name;
        machine->rent_by_use = node->cloud;
        machine->cpu_milli = node->cpus * 1000;
        machine->memory_mib = node->memory_mib;
        if (gpus > 0) {
            machine->cpu_milli = node->cpus * 1000 * machine->gpus / gpus;
            machine->memory_mib = node->memory_mib * machine->gpus / gpus;
        }
        status = add_part(builder, node, machine, err);
    }
    return status;
}
