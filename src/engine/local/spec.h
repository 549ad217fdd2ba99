// SPDX-License-Identifier: Apache-2.0
// A spec as it is written into a run's folder, and read again by its supervisor.
#pragma once

#include "base/error.h"
#include "engine/local/sheet.h"
#include "engine/run.h"

#define WF_SPEC_FILE "spec"

// Says what is wrong with a spec, with the field's name: WF_INVALID or WF_LIMIT.
enum wf_status wf_spec_check(const struct wf_run_spec *spec, struct wf_error *err) WF_MUST_USE;

// Whether text may be the id of a run: such a text is also a safe name for a folder.
bool wf_run_id_is_good(const char *text);

// Writes a spec down; same specs give same bytes. sheet is initialised here and finished by the
// caller, also after an error.
enum wf_status wf_spec_write(const struct wf_run_spec *spec, struct wf_sheet *sheet,
                             struct wf_error *err) WF_MUST_USE;

// A spec that was read, with what it points to.
struct wf_spec_store {
    struct wf_run_spec spec;
    char *text;
    const char **words; // of the command, NULL, of the environment, NULL
    struct wf_run_variable *variables;
    struct wf_device_rule *devices;
    struct wf_gpu_memory *gpu_memory;
    uint32_t *groups;
};

// Takes text over: it is freed by wf_spec_finish or, on an error, here. What is read is checked.
enum wf_status wf_spec_read(struct wf_spec_store *store, char *text, size_t length,
                            struct wf_error *err) WF_MUST_USE;
void wf_spec_finish(struct wf_spec_store *store);
