// SPDX-License-Identifier: Apache-2.0
// Takes the file that somebody has: an #SBATCH script, a SkyPilot task, a Kubernetes Job or Pod, or
// a job document in JSON or YAML. What it is, its content tells. Every part that has no meaning
// here is named in a note; a part that would make another job of it is refused (docs/jobs.md has
// the tables).
#pragma once

#include "jobfile/document.h"

// X(NAME, text)
#define WF_JOB_FORMATS(X)                                                                          \
    X(DOCUMENT, "a job document")                                                                  \
    X(SCRIPT, "a script")                                                                          \
    X(SBATCH, "an #SBATCH script")                                                                 \
    X(SKYPILOT, "a SkyPilot task")                                                                 \
    X(KUBERNETES, "a Kubernetes Job or Pod")

enum wf_job_format {
#define WF_JOB_FORMAT_ENUM(name, text) WF_JOB_FORMAT_##name,
    WF_JOB_FORMATS(WF_JOB_FORMAT_ENUM)
#undef WF_JOB_FORMAT_ENUM
};

// Where the file is from. All is borrowed for the call; all may be NULL but shown and folder.
struct wf_job_import_config {
    const char *shown;        // the file's name, for sentences
    const char *folder;       // absolute: where the job runs and relative paths begin
    const char *home;         // what "~" means
    wf_job_texts arguments;   // of a script, NULL ends
    wf_job_texts environment; // of the submitter, NULL ends: what --export=ALL takes; NULL: nothing
    wf_job_texts queues;      // that there are, NULL ends; a file's queue that is not among them is
                              // named in a note; NULL: not known, it is taken
    int64_t now_ms;           // for times such as "now+1hour"
};

struct wf_job_import {
    enum wf_job_format format;
    struct wf_job_document document;
    struct wf_job_memory *memory; // holds the notes
    const char **notes;           // one sentence each, with the place it is about in front
    uint32_t note_count;
};

// Reads the length bytes of a file. The caller finishes *import_out, also after a failure. Errors:
// WF_INVALID, WF_LIMIT, WF_NOMEM; the sentence names the file and the place in it.
enum wf_status wf_job_import(const char *text, size_t length,
                             const struct wf_job_import_config *config,
                             struct wf_job_import *import_out, struct wf_error *err) WF_MUST_USE;
void wf_job_import_finish(struct wf_job_import *import);

const char *wf_job_format_text(enum wf_job_format format);
