// SPDX-License-Identifier: Apache-2.0
// Any bytes as a job: a document as the daemon takes it, and a file as the command takes it, in
// whichever format it is recognised as. No crash, no leak; an error has its sentence; what is read
// keeps its limits, and reads as the same once it is written. The first byte chooses.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "jobfile/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_texts(wf_job_texts texts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        WF_ASSERT(texts[i]);
    }
    WF_ASSERT(texts[count] == NULL);
}

static void check_document(const struct wf_job_document *document)
{
    WF_ASSERT(document->name[0] != '\0' && !strchr(document->name, '/'));
    check_texts(document->command, document->command_count);
    check_texts(document->arguments, document->argument_count);
    check_texts(document->environment, document->environment_count);
    check_texts(document->labels, document->label_count);
    for (uint32_t i = 0; i < document->environment_count; i++) {
        WF_ASSERT(strchr(document->environment[i], '='));
    }
    WF_ASSERT(document->tasks >= 1 && document->tasks <= WF_JOB_TASKS_MAX);
    WF_ASSERT(document->gpus.gpus <= WF_NODE_GPUS_MAX);
    WF_ASSERT(document->gpus.gpu_milli <= WF_GPU_MILLI);
    WF_ASSERT(document->gpus.gpus == 1 || document->gpus.gpu_milli % WF_GPU_MILLI == 0);
    WF_ASSERT(document->cpu_milli <= WF_CPU_MILLI_MAX);
    WF_ASSERT(document->memory_mib <= WF_MEMORY_MIB_MAX);
    WF_ASSERT(document->after_count <= WF_JOB_AFTER_MAX);
    WF_ASSERT(document->limit_ms >= 0 && document->limit_ms <= WF_JOB_SPAN_MS_MAX);
    for (uint32_t i = 1; i < document->index_count; i++) {
        WF_ASSERT(document->indices[i - 1] < document->indices[i]);
    }
    WF_ASSERT(!document->folder || document->folder[0] == '/');
}

static void check_again(const struct wf_job_document *document)
{
    struct wf_job_document again;
    struct wf_error err = {.status = WF_OK};
    char *first = NULL;
    char *second = NULL;
    check_document(document);
    enum wf_status status = wf_job_document_write(document, &first, &err);
    WF_ASSERT(status == WF_OK || status == WF_LIMIT);
    if (status != WF_OK) {
        return;
    }
    WF_ASSERT(wf_job_document_parse(first, strlen(first), &again, &err) == WF_OK);
    WF_ASSERT(wf_job_document_write(&again, &second, &err) == WF_OK);
    WF_ASSERT(strcmp(first, second) == 0);
    wf_job_document_finish(&again);
    free(first);
    free(second);
}

static void check_error(enum wf_status status, const struct wf_error *err)
{
    char field[64];
    WF_ASSERT(status == WF_OK || (err->status == status && err->text[0] != '\0'));
    wf_job_document_field(err, field, sizeof field);
}

static void import(const char *text, size_t size)
{
    static const char *const environment[] = {"PATH=/bin", "TOKEN=x", NULL};
    static const char *const queues[] = {"gpu", NULL};
    const struct wf_job_import_config config = {
        .shown = "tasks/train.sh",
        .folder = "/work",
        .home = "/home/ada",
        .environment = environment,
        .queues = queues,
        .now_ms = 1787479200000,
    };
    struct wf_job_import import;
    struct wf_error err = {.status = WF_OK};
    enum wf_status status = wf_job_import(text, size, &config, &import, &err);
    if (status == WF_OK) {
        check_again(&import.document);
    }
    for (uint32_t i = 0; i < import.note_count; i++) {
        WF_ASSERT(import.notes[i][0] != '\0');
    }
    check_error(status, &err);
    wf_job_import_finish(&import);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wf_job_document document;
    struct wf_error err = {.status = WF_OK};
    if (size == 0) {
        return 0;
    }
    const char *text = (const char *)data + 1;
    if (data[0] != 'd') {
        import(text, size - 1);
        return 0;
    }
    enum wf_status status = wf_job_document_parse(text, size - 1, &document, &err);
    if (status == WF_OK) {
        check_again(&document);
    }
    check_error(status, &err);
    wf_job_document_finish(&document);
    return 0;
}
