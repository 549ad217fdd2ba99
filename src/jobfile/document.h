// SPDX-License-Identifier: Apache-2.0
// A job as its owner writes it down: one document, in JSON or YAML (docs/jobs.md has every field),
// and what it comes to in integers. Spellings ("8GiB", "h100:8", "1h30m") are gone once it is read;
// written again, a document has one form for one meaning.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/error.h"
#include "core/queue_spec.h"
#include "jobfile/gpu_ask.h"
#include "jobfile/job_limits.h"

// X(NAME, text): whose variables a job gets beside our own when it runs (jobfile/variables.h).
#define WF_JOB_DIALECTS(X)                                                                         \
    X(OWN, "own")                                                                                  \
    X(SLURM, "slurm")                                                                              \
    X(SKYPILOT, "skypilot")                                                                        \
    X(KUBERNETES, "kubernetes")

enum wf_job_dialect {
#define WF_JOB_DIALECT_ENUM(name, text) WF_DIALECT_##name,
    WF_JOB_DIALECTS(WF_JOB_DIALECT_ENUM)
#undef WF_JOB_DIALECT_ENUM
};

// Texts and lists of texts; a list ends with NULL and is never NULL itself.
typedef const char *const *wf_job_texts;

// What is run instead where the GPUs are of one vendor. A part that is not told is the job's own.
struct wf_job_variant {
    bool told;
    wf_job_texts command; // empty: the job's own command or script
    uint32_t command_count;
    wf_job_texts environment; // NAME=value: set after, and instead of, the job's
    uint32_t environment_count;
    const char *image; // of a container; NULL: none
};

// Another job, by number or, where number is 0, by name.
struct wf_job_after {
    uint64_t number;
    const char *name;
    enum wf_after when;
};

struct wf_job_document {
    struct wf_job_memory *memory; // holds all that the pointers below lead to

    const char *name;
    wf_job_texts command; // empty where there is a script, or each vendor has a command of its own
    uint32_t command_count;
    const char *script; // the text of a file that is executed; NULL: none
    wf_job_texts arguments;
    uint32_t argument_count;
    const char *folder;       // absolute; NULL: the home of whoever submits
    wf_job_texts environment; // NAME=value, by name
    uint32_t environment_count;
    enum wf_job_dialect dialect;
    struct wf_job_variant variants[2]; // by enum wf_vendor

    uint32_t tasks; // all start together; the following is for each of them
    struct wf_gpu_ask gpus;
    uint32_t cpu_milli;  // 0: not told
    uint32_t memory_mib; // 0: not told
    wf_job_texts labels; // of the node, all of them
    uint32_t label_count;
    enum wf_within within;

    const char *queue; // NULL: not told
    int32_t priority;
    bool apart; // each task on a node of its own
    bool hold;
    bool preemptible;
    bool replaceable; // of a gang: when a machine goes, only its tasks there are started elsewhere
    int64_t limit_ms; // 0: none, and in the next three
    int64_t begin_ms; // since 1970
    int64_t deadline_ms; // likewise
    int64_t expect_ms;   // how long its owner thinks it runs

    const uint32_t *indices; // of an array, ascending, each once: one job for each
    uint32_t index_count;    // 0: no array
    uint32_t array_at_most;  // of which so many may run at once; 0: all
    const struct wf_job_after *after;
    uint32_t after_count;

    bool requeue_lost;        // after a machine or supervisor failed under it
    bool requeue_failed;      // after it failed itself
    uint32_t requeue_at_most; // attempts after the first; being preempted does not count

    uint32_t checkpoint_signal;  // told to it before it is stopped; 0: none
    uint32_t checkpoint_ms;      // how long it may take over that
    int64_t checkpoint_every_ms; // saves its work so often; 0: never, or when it is said to be time
    bool checkpoint_auto;        // it is said to be time as often as pays
    bool checkpoint_prompt;      // the signal says it is time; else it saves by itself
    uint32_t stop_ms;            // from SIGTERM to SIGKILL
    uint64_t log_bytes;          // a log that reaches this is put aside
    uint32_t log_files;          // how many of one task are kept, the current one included
    int32_t nice;                // 0 to 19
    uint32_t file_mask;          // umask
};

// Reads a document from the length bytes of JSON, or from a tree of it (borrowed). The sentence in
// err begins with the field's path: "variants.amd.command: ...". The caller finishes *document_out,
// also after a failure. Errors: WF_INVALID, WF_LIMIT, WF_NOMEM.
enum wf_status wf_job_document_parse(const char *text, size_t length,
                                     struct wf_job_document *document_out,
                                     struct wf_error *err) WF_MUST_USE;
enum wf_status wf_job_document_read(const json_t *tree, struct wf_job_document *document_out,
                                    struct wf_error *err) WF_MUST_USE;
void wf_job_document_finish(struct wf_job_document *document);

// The field at which the last sentence of a reader begins ("gpus", "variants.amd.command"), for
// answers that name it; "" where it is about the document as a whole. field_out is cut to size.
void wf_job_document_field(const struct wf_error *err, char *field_out, size_t size);

// Writes the document in its one form: fields in the order of docs/jobs.md, those that say what
// holds anyway left out. The caller frees *text_out, and tree_out's with json_decref. Errors:
// WF_NOMEM; of write also WF_LIMIT (the text would be too long to be read again).
enum wf_status wf_job_document_tree(const struct wf_job_document *document, json_t **tree_out,
                                    struct wf_error *err) WF_MUST_USE;
enum wf_status wf_job_document_write(const struct wf_job_document *document, char **text_out,
                                     struct wf_error *err) WF_MUST_USE;

// What a task runs and sees beside the job's variables, on GPUs of this vendor: the variant's where
// it tells one.
wf_job_texts wf_job_document_command(const struct wf_job_document *document, enum wf_vendor vendor);
