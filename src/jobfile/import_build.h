// SPDX-License-Identifier: Apache-2.0
// What an importer builds: a document's tree and the notes. Running out of memory is kept and told
// at the end, so that an importer can build without asking after each step.
#pragma once

#include "jobfile/import.h"
#include "jobfile/job_memory.h"

struct wf_import {
    const struct wf_job_import_config *config;
    struct wf_job_import *out;
    struct wf_error *err;
    json_t *tree;        // of the document
    json_t *environment; // of the document, put into tree at the end
    uint32_t notes_max;  // for so many there is room
    bool no_memory;
};

// An importer. text is the file's, zero at its end; root the first document of a file in YAML or
// JSON.
enum wf_status wf_import_script(struct wf_import *import, const char *text) WF_MUST_USE;
enum wf_status wf_import_skypilot(struct wf_import *import, const json_t *root) WF_MUST_USE;
// all: a list of all documents of the file.
enum wf_status wf_import_kubernetes(struct wf_import *import, const json_t *all) WF_MUST_USE;

// A note about a place: "--mail-type: no mail is sent".
void wf_import_note(struct wf_import *import, const char *format, ...) WF_PRINTF(2, 3);

enum wf_status wf_import_fail(struct wf_import *import, const char *format, ...) WF_PRINTF(2, 3);

// Sets a field of the document; value's reference is taken, NULL is "no memory".
void wf_import_set(struct wf_import *import, const char *field, json_t *value);
void wf_import_set_text(struct wf_import *import, const char *field, const char *text);
void wf_import_variable(struct wf_import *import, const char *name, const char *value);
void wf_import_variable_number(struct wf_import *import, const char *name, int64_t number);

// A name as a document may have it: what it may not have becomes '-', which a note tells. Nothing
// is set where nothing is left.
void wf_import_name(struct wf_import *import, const char *where, const char *name);

// The queue that a file names, if there is one of that name.
void wf_import_queue(struct wf_import *import, const char *where, const char *queue);

// A path from where the file is; "~" is the home. NULL where there is no home, or no memory.
const char *wf_import_path(struct wf_import *import, const char *path) WF_MUST_USE;

// What a key of a map says here.
struct wf_import_key {
    const char *name;
    enum { WF_KEY_USED, WF_KEY_NAMED, WF_KEY_REFUSED } what;
    const char *why;
};

// Names what has no meaning here; refuses what cannot be kept, and what is not known to the format,
// because it may be a slip. where ends with a point, or is "". Up to 64 keys.
enum wf_status wf_import_check_keys(struct wf_import *import, const char *where, const json_t *map,
                                    const struct wf_import_key *keys, uint32_t count) WF_MUST_USE;

// A value of a tree as text: numbers as their digits; NULL where it is a map, a list, null or
// nothing. size of buffer is at least 32.
const char *wf_tree_text(const json_t *value, char *buffer, size_t size);
// Whether it says yes: true, "true", "yes", "on".
bool wf_tree_flag(const json_t *value);
