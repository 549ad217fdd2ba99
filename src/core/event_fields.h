// SPDX-License-Identifier: Apache-2.0
// What the fields of events are called in text, and where they stand in memory. A field that is
// added to an event has its line in event_fields.c. Internal to the core.
#pragma once

#include <stdbool.h>

#include "core/event.h"

enum wf_field_type {
    WF_FIELD_NUMBER, // without a sign
    WF_FIELD_SIGNED,
    WF_FIELD_YES,   // yes or no
    WF_FIELD_SET,   // of small numbers: bits
    WF_FIELD_WORD,  // an enum or a number that has names
    WF_FIELD_RUN,   // struct wf_run_time
    WF_FIELD_AFTER, // the job's list of dependencies
    WF_FIELD_CLASS, // the mix's list of classes, one field for each
};

struct wf_field {
    const char *name;
    uint16_t at;              // from the start of the event, or of the class
    uint8_t size;             // in bytes
    uint8_t type;             // enum wf_field_type
    bool always;              // written whatever its value, and must be there
    uint64_t usual;           // left out when it has this value
    const char *const *words; // of WF_FIELD_WORD, by value; ends with NULL
};

// The fields of one thing.
struct wf_form {
    const char *name; // what its line begins with
    const struct wf_field *fields;
    uint32_t count; // at most 64
};

// By enum wf_event_kind; the fields time and more are none of them.
extern const struct wf_form wf_event_forms[];
extern const uint32_t wf_event_form_count;

extern const struct wf_field wf_event_time;
extern const struct wf_field wf_event_more;
extern const struct wf_form wf_event_class; // one class of a mix
extern const char *const wf_event_after_words[];
