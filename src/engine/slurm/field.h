// SPDX-License-Identifier: Apache-2.0
// Reads the members of one JSON object into memory of their own: one block for all texts and lists
// of a thing. The first member that is wrong is kept as the error; what is read after it counts
// for nothing. Internal to the engine.
#pragma once

#include <jansson.h>

#include "base/error.h"
#include "engine/slurm/record.h"

struct wf_slurm_fields {
    const json_t *object;
    const char *what; // for the sentence: "job"
    char *block;      // the caller's, with free(), once it is taken; all that is read lies in it
    size_t used, size;
    enum wf_status status;
    struct wf_error *err;
};

// front: bytes at the block's front for the caller's struct. The block is cleared.
void wf_slurm_fields_init(struct wf_slurm_fields *fields, const json_t *object, const char *what,
                          size_t front, struct wf_error *err);
void *wf_slurm_front(const struct wf_slurm_fields *fields); // for the caller's struct
void *wf_slurm_take(struct wf_slurm_fields *fields, size_t bytes, size_t align);
void wf_slurm_wrong(struct wf_slurm_fields *fields, const char *name, const char *why);

// A member that is missing or null is "", missing, false, no list. Control characters in a text
// become spaces, so that no name can write to a terminal.
const char *wf_slurm_text(struct wf_slurm_fields *fields, const char *name);
const char *wf_slurm_name(struct wf_slurm_fields *fields, const char *name); // must not be ""
int64_t wf_slurm_number(struct wf_slurm_fields *fields, const char *name, int64_t min, int64_t max,
                        int64_t missing);
uint32_t wf_slurm_count(struct wf_slurm_fields *fields, const char *name); // 0 to 4,294,967,295
int64_t wf_slurm_time(struct wf_slurm_fields *fields, const char *name);
bool wf_slurm_flag(struct wf_slurm_fields *fields, const char *name);
wf_slurm_texts wf_slurm_list(struct wf_slurm_fields *fields, const char *name, uint32_t *count_out);
// Which of the words it is; the last one is NULL.
int wf_slurm_word(struct wf_slurm_fields *fields, const char *name, const char *const *words,
                  int missing);
// An object with a type and a count. False: it is a list of several.
bool wf_slurm_gpu_count(struct wf_slurm_fields *fields, const char *name,
                        struct wf_slurm_gpus *gpus_out);
const json_t *wf_slurm_objects(struct wf_slurm_fields *fields, const char *name,
                               uint32_t *count_out);
