// SPDX-License-Identifier: Apache-2.0
// One event as one line of text and back, exactly: what a journal is made of, so that people can
// read it and any later version can step it again.
//
//     submit time=86400000 job=17 tasks=2 gang=yes cpu_milli=4000 gpus=8 gpu_milli=1000 labels=0+3
//
// The kind of the event, then its fields, each behind a space. time is in milliseconds, and always
// there like the ids, and any event may say more=yes; a field that has its usual value (0, no, any
// model, any place) is left out. A set is its members with '+' between. The order of fields does
// not matter to the reader; what it does not know it refuses, because a fact that is half
// understood is worse than none.
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "core/event.h"

#define WF_EVENT_TEXT_VERSION 1     // of these lines: another number is another language
#define WF_EVENT_TEXT_BYTES 69632   // the longest line and its zero: a mix with all its classes
#define WF_EVENT_QUOTE_BYTES_MAX 60 // of a line in a sentence about it

// What the lists of an event that was read point to.
struct wf_event_lists {
    struct wf_mix_class classes[WF_MIX_CLASSES_MAX];
    struct wf_dependency after[WF_JOB_AFTER_MAX];
};

// Writes the line, without its end but with a zero. length_out may be NULL. Errors: WF_INVALID (a
// kind or a word without a name, which no core would take), WF_LIMIT (a list too long to be taken).
enum wf_status wf_event_write(const struct wf_event *event, char text[WF_EVENT_TEXT_BYTES],
                              size_t *length_out, struct wf_error *err) WF_MUST_USE;

// Reads a line of so many bytes. The event borrows its lists from *lists. Whether its numbers make
// sense is the core's to say. Errors: WF_INVALID, WF_NOTFOUND (a kind or field that is not known),
// WF_EXISTS (a field is there twice), WF_LIMIT.
enum wf_status wf_event_read(const char *text, size_t length, struct wf_event_lists *lists,
                             struct wf_event *event_out, struct wf_error *err) WF_MUST_USE;

// Returns the word that lines of this kind begin with; NULL for what is no kind.
const char *wf_event_kind_name(enum wf_event_kind kind);
