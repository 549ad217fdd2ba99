// SPDX-License-Identifier: Apache-2.0
#include "jobfile/document_check.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

// What holds where a document tells nothing.
enum {
    REQUEUE_AT_MOST = 3,
    CHECKPOINT_MS = 30000,
    STOP_MS = 30000,
    LOG_FILES = 4,
    FILE_MASK = 022,
};
#define LOG_BYTES (UINT64_C(64) << 20)

enum wf_status wf_job_document_begin(struct wf_job_document *document, struct wf_error *err)
{
    static const char *const none[] = {NULL};
    *document = (struct wf_job_document){
        .command = none,
        .arguments = none,
        .environment = none,
        .labels = none,
        .variants = {{.command = none, .environment = none},
                     {.command = none, .environment = none}},
        .tasks = 1,
        .requeue_lost = true,
        .requeue_at_most = REQUEUE_AT_MOST,
        .checkpoint_ms = CHECKPOINT_MS,
        .stop_ms = STOP_MS,
        .log_bytes = LOG_BYTES,
        .log_files = LOG_FILES,
        .file_mask = FILE_MASK,
    };
    return wf_job_memory_create(&document->memory, err);
}

static enum wf_status fail_at(struct wf_job_reader *reader, const char *field, const char *text)
{
    wf_job_reader_enter(reader, field);
    return wf_job_reader_fail(reader, WF_INVALID, "%s", text);
}

static enum wf_status check_command(struct wf_job_reader *reader)
{
    const struct wf_job_document *document = reader->document;
    bool variants = document->variants[WF_VENDOR_NVIDIA].command_count > 0 &&
                    document->variants[WF_VENDOR_AMD].command_count > 0;
    if (document->script && document->command_count > 0) {
        return fail_at(reader, "script", "there is a 'command', too: a job has one of them");
    }
    if (!document->script && document->command_count == 0 && !variants) {
        return fail_at(reader, "command",
                       "is missing: a job needs a 'command' or a 'script', or a command for each "
                       "vendor in 'variants'");
    }
    if (document->argument_count > 0 && !document->script) {
        return fail_at(reader, "arguments", "are those of a script, and there is none");
    }
    if (document->command_count > 0 && document->command[0][0] == '\0') {
        return fail_at(reader, "command[0]", "is empty: it names the program");
    }
    return WF_OK;
}

static enum wf_status check_variants(struct wf_job_reader *reader)
{
    static const char *const names[] = {"variants.nvidia", "variants.amd"};
    const struct wf_job_document *document = reader->document;
    for (int i = 0; i < 2; i++) {
        const struct wf_job_variant *variant = &document->variants[i];
        if (variant->told && !wf_gpu_ask_vendor(&document->gpus, (enum wf_vendor)i)) {
            return fail_at(reader, names[i], "the job asks for no GPU of that vendor");
        }
        if (variant->command_count > 0 && variant->command[0][0] == '\0') {
            wf_job_reader_enter(reader, names[i]);
            return fail_at(reader, "command[0]", "is empty: it names the program");
        }
    }
    return WF_OK;
}

static enum wf_status check_times(struct wf_job_reader *reader)
{
    const struct wf_job_document *document = reader->document;
    if (document->deadline_ms > 0 && document->deadline_ms <= document->begin_ms) {
        return fail_at(reader, "deadline", "is not after 'begin'");
    }
    if (document->array_at_most > 0 && document->index_count == 0) {
        return fail_at(reader, "array", "needs 'indices', such as '0-9'");
    }
    for (uint32_t i = 0; i < document->label_count; i++) {
        if (document->labels[i][0] == '\0') {
            return fail_at(reader, "labels", "has an empty label");
        }
    }
    return WF_OK;
}

static enum wf_status check_checkpoint(struct wf_job_reader *reader)
{
    struct wf_job_document *document = reader->document;
    if (!reader->prompt_told) {
        document->checkpoint_prompt = document->checkpoint_auto;
    }
    if (!document->checkpoint_prompt) {
        return WF_OK;
    }
    if (document->checkpoint_signal == 0) {
        return fail_at(reader, "checkpoint.signal",
                       "is missing: it says when it is time, unless 'prompt' is false");
    }
    return document->checkpoint_auto || document->checkpoint_every_ms > 0
               ? WF_OK
               : fail_at(reader, "checkpoint.prompt",
                         "needs 'every': auto, or a time such as '30m'");
}

// A name from the program's: "train.py" of "/data/train.py".
static enum wf_status make_name(struct wf_job_reader *reader)
{
    struct wf_job_document *document = reader->document;
    char name[WF_JOB_NAME_BYTES_MAX + 1];
    size_t length = 0;
    const char *program = document->script ? "script" : "";
    program = document->command_count > 0 ? document->command[0] : program;
    const char *slash = strrchr(program, '/');
    for (const char *at = slash ? slash + 1 : program; *at && length + 1 < sizeof name; at++) {
        if (isalnum((unsigned char)*at) || strchr("_-.", *at)) {
            name[length++] = *at;
        }
    }
    name[length] = '\0';
    bool usable = (isalnum((unsigned char)name[0]) || name[0] == '_') &&
                  name[strspn(name, "0123456789")] != '\0';
    document->name = wf_job_memory_print(document->memory, "%s", usable ? name : "job");
    return document->name ? WF_OK : wf_job_reader_no_memory(reader);
}

enum wf_status wf_job_document_check(struct wf_job_reader *reader)
{
    struct wf_job_document *document = reader->document;
    struct wf_error err = {.status = WF_OK};
    enum wf_status status = WF_OK;
    if (reader->vendor_told) {
        status = wf_gpu_ask_restrict(&document->gpus, reader->vendor, document->memory, &err);
    }
    if (status != WF_OK) {
        wf_job_reader_enter(reader, "vendor");
        return wf_job_reader_fail(reader, status, "%s", err.text);
    }
    status = check_command(reader);
    if (status == WF_OK) {
        status = check_variants(reader);
    }
    if (status == WF_OK) {
        status = check_times(reader);
    }
    if (status == WF_OK) {
        status = check_checkpoint(reader);
    }
    return status == WF_OK && !document->name ? make_name(reader) : status;
}

wf_job_texts wf_job_document_command(const struct wf_job_document *document, enum wf_vendor vendor)
{
    const struct wf_job_variant *variant = &document->variants[vendor];
    return variant->command_count > 0 ? variant->command : document->command;
}
