// SPDX-License-Identifier: Apache-2.0
// A document in its one form. A field is written where its value is not what holds anyway, so the
// defaults are taken from where a reader takes them.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "jobfile/document_check.h"
#include "jobfile/spelling.h"

// The tree being written; once memory ends, nothing more is added.
struct writer {
    json_t *tree;
    bool failed;
};

static void add(struct writer *writer, const char *name, json_t *value)
{
    writer->failed = json_object_set_new(writer->tree, name, value) != 0 || writer->failed;
}

static void add_text(struct writer *writer, const char *name, const char *text)
{
    if (text) {
        add(writer, name, json_string(text));
    }
}

static void add_number(struct writer *writer, const char *name, int64_t number, int64_t implied)
{
    if (number != implied) {
        add(writer, name, json_integer(number));
    }
}

static void add_flag(struct writer *writer, const char *name, bool flag, bool implied)
{
    if (flag != implied) {
        add(writer, name, json_boolean(flag));
    }
}

static void add_list(struct writer *writer, const char *name, wf_job_texts list, uint32_t count)
{
    if (count == 0) {
        return;
    }
    json_t *array = json_array();
    for (uint32_t i = 0; i < count; i++) {
        writer->failed = json_array_append_new(array, json_string(list[i])) != 0 || writer->failed;
    }
    add(writer, name, array);
}

static void add_environment(struct writer *writer, wf_job_texts list, uint32_t count)
{
    struct writer map = {.tree = json_object()};
    if (count == 0) {
        json_decref(map.tree);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        const char *equals = strchr(list[i], '=');
        char *name = strndup(list[i], (size_t)(equals - list[i]));
        map.failed = map.failed || !name;
        if (name) {
            add(&map, name, json_string(equals + 1));
        }
        free(name);
    }
    writer->failed = writer->failed || map.failed;
    add(writer, "environment", map.tree);
}

// A map that is left out where it stays empty.
static void add_map(struct writer *writer, const char *name, struct writer *map)
{
    writer->failed = writer->failed || map->failed || !map->tree;
    if (json_object_size(map->tree) > 0) {
        add(writer, name, map->tree);
    } else {
        json_decref(map->tree);
    }
}

static void add_size(struct writer *writer, const char *name, uint64_t bytes, uint64_t implied)
{
    const uint64_t mib = 1048576;
    char text[32];
    if (bytes != implied) {
        bool whole = bytes % mib == 0;
        snprintf(text, sizeof text, "%llu%s", (unsigned long long)(whole ? bytes / mib : bytes),
                 whole ? "MiB" : "");
        add(writer, name, json_string(text));
    }
}

static void add_cpus(struct writer *writer, uint32_t milli)
{
    if (milli > 0) {
        add(writer, "cpus",
            milli % 1000 == 0 ? json_integer(milli / 1000) : json_real(milli / 1000.0));
    }
}

static void add_variants(struct writer *writer, const struct wf_job_document *document)
{
    static const char *const names[] = {"nvidia", "amd"}; // by enum wf_vendor
    struct writer map = {.tree = json_object()};
    for (int i = 0; i < 2; i++) {
        const struct wf_job_variant *variant = &document->variants[i];
        struct writer inner = {.tree = json_object()};
        add_list(&inner, "command", variant->command, variant->command_count);
        add_environment(&inner, variant->environment, variant->environment_count);
        add_text(&inner, "image", variant->image);
        add_map(&map, names[i], &inner);
    }
    add_map(writer, "variants", &map);
}

static void add_array(struct writer *writer, const struct wf_job_document *document)
{
    struct writer map = {.tree = json_object()};
    if (document->index_count > 0) {
        char *indices = wf_job_indices_write(document->indices, document->index_count);
        writer->failed = writer->failed || !indices;
        add_text(&map, "indices", indices);
        add_number(&map, "at_most", document->array_at_most, 0);
        free(indices);
    }
    add_map(writer, "array", &map);
}

static void add_after(struct writer *writer, const struct wf_job_document *document)
{
    static const char *const words[] = {"end", "success", "failure", "start"}; // by enum wf_after
    if (document->after_count == 0) {
        return;
    }
    json_t *list = json_array();
    for (uint32_t i = 0; i < document->after_count; i++) {
        const struct wf_job_after *after = &document->after[i];
        struct writer map = {.tree = json_object()};
        add_number(&map, "job", (int64_t)after->number, 0);
        add_text(&map, "job", after->name);
        add_text(&map, "when", words[after->when]);
        writer->failed = json_array_append_new(list, map.tree) != 0 || map.failed || writer->failed;
    }
    add(writer, "after", list);
}

static void add_what_runs(struct writer *writer, const struct wf_job_document *document,
                          const struct wf_job_document *implied)
{
#define WF_JOB_DIALECT_TEXT(name, text) text,
    static const char *const dialects[] = {WF_JOB_DIALECTS(WF_JOB_DIALECT_TEXT)};
#undef WF_JOB_DIALECT_TEXT
    add_text(writer, "name", document->name);
    add_list(writer, "command", document->command, document->command_count);
    add_text(writer, "script", document->script);
    add_list(writer, "arguments", document->arguments, document->argument_count);
    add_text(writer, "folder", document->folder);
    add_environment(writer, document->environment, document->environment_count);
    if (document->dialect != implied->dialect) {
        add_text(writer, "dialect", dialects[document->dialect]);
    }
    add_variants(writer, document);
}

static void add_what_it_needs(struct writer *writer, const struct wf_job_document *document,
                              const struct wf_job_document *implied)
{
    static const char *const within[] = {"any", "zone", "pool", "group"}; // by enum wf_within
    add_number(writer, "tasks", document->tasks, implied->tasks);
    if (document->gpus.gpus > 0) {
        add(writer, "gpus", wf_gpu_ask_write(&document->gpus));
    }
    add_cpus(writer, document->cpu_milli);
    add_size(writer, "memory", (uint64_t)document->memory_mib << 20, 0);
    add_list(writer, "labels", document->labels, document->label_count);
    if (document->within != implied->within) {
        add_text(writer, "within", within[document->within]);
    }
    add_flag(writer, "apart", document->apart, false);
}

static void add_when(struct writer *writer, const struct wf_job_document *document)
{
    add_text(writer, "queue", document->queue);
    add_number(writer, "priority", document->priority, 0);
    add_flag(writer, "hold", document->hold, false);
    add_flag(writer, "preemptible", document->preemptible, false);
    add_flag(writer, "replaceable", document->replaceable, false);
    add_number(writer, "limit", document->limit_ms, 0);
    add_number(writer, "expect", document->expect_ms, 0);
    add_number(writer, "begin", document->begin_ms, 0);
    add_number(writer, "deadline", document->deadline_ms, 0);
    add_array(writer, document);
    add_after(writer, document);
}

static void add_how(struct writer *writer, const struct wf_job_document *document,
                    const struct wf_job_document *implied)
{
    struct writer requeue = {.tree = json_object()};
    struct writer checkpoint = {.tree = json_object()};
    struct writer logs = {.tree = json_object()};
    char mask[16];
    add_flag(&requeue, "lost", document->requeue_lost, implied->requeue_lost);
    add_flag(&requeue, "failed", document->requeue_failed, implied->requeue_failed);
    add_number(&requeue, "at_most", document->requeue_at_most, implied->requeue_at_most);
    add_map(writer, "requeue", &requeue);
    if (document->checkpoint_signal > 0) {
        add_text(&checkpoint, "signal", wf_job_signal_name(document->checkpoint_signal));
    }
    add_number(&checkpoint, "time", document->checkpoint_ms, implied->checkpoint_ms);
    if (document->checkpoint_auto) {
        add_text(&checkpoint, "every", "auto");
    } else {
        add_number(&checkpoint, "every", document->checkpoint_every_ms, 0);
    }
    add_flag(&checkpoint, "prompt", document->checkpoint_prompt, document->checkpoint_auto);
    add_map(writer, "checkpoint", &checkpoint);
    add_number(writer, "stop", document->stop_ms, implied->stop_ms);
    add_size(&logs, "size", document->log_bytes, implied->log_bytes);
    add_number(&logs, "files", document->log_files, implied->log_files);
    add_map(writer, "logs", &logs);
    add_number(writer, "nice", document->nice, implied->nice);
    if (document->file_mask != implied->file_mask) {
        snprintf(mask, sizeof mask, "%03o", document->file_mask);
        add_text(writer, "umask", mask);
    }
}

enum wf_status wf_job_document_tree(const struct wf_job_document *document, json_t **tree_out,
                                    struct wf_error *err)
{
    struct writer writer = {.tree = json_object()};
    struct wf_job_document implied;
    enum wf_status status = wf_job_document_begin(&implied, err);
    *tree_out = NULL;
    if (status == WF_OK) {
        add_what_runs(&writer, document, &implied);
        add_what_it_needs(&writer, document, &implied);
        add_when(&writer, document);
        add_how(&writer, document, &implied);
        wf_job_document_finish(&implied);
    }
    if (status != WF_OK || writer.failed || !writer.tree) {
        json_decref(writer.tree);
        return wf_job_memory_fail(err);
    }
    *tree_out = writer.tree;
    return WF_OK;
}

enum wf_status wf_job_document_write(const struct wf_job_document *document, char **text_out,
                                     struct wf_error *err)
{
    json_t *tree;
    enum wf_status status = wf_job_document_tree(document, &tree, err);
    *text_out = NULL;
    if (status != WF_OK) {
        return status;
    }
    *text_out = json_dumps(tree, JSON_COMPACT | JSON_REAL_PRECISION(10));
    json_decref(tree);
    if (*text_out && strlen(*text_out) > WF_JOB_TEXT_BYTES_MAX) {
        free(*text_out);
        *text_out = NULL;
        return wf_fail(err, WF_LIMIT,
                       "the document comes to more than %d bytes, the limit WF_JOB_TEXT_BYTES_MAX",
                       WF_JOB_TEXT_BYTES_MAX);
    }
    return *text_out ? WF_OK : wf_job_memory_fail(err);
}
