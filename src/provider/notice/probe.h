// SPDX-License-Identifier: Apache-2.0
// A provider as two functions, which touch no network: what to ask next, and what an answer means.
// So recorded answers test them, and whoever carries questions (watch.c) knows nothing of clouds.
// Internal to the provider.
#pragma once

#include <stddef.h>

#include "provider/provider.h"

enum {
    WF_PROBE_TEXT_BYTES = 1024,
    WF_PROBE_HEADERS = 2,
    WF_PROBE_BODY_BYTES = 65536, // of an answer; more is no answer
};

// A question. Without a method it is a file's path.
struct wf_question {
    const char *method;
    char path[WF_PROBE_TEXT_BYTES];
    char headers[WF_PROBE_HEADERS][WF_PROBE_TEXT_BYTES];
    uint32_t header_count;
    uint32_t timeout_ms;
};

struct wf_answer {
    int32_t status;   // of HTTP; 0: there was none. Of a file: 200, or 404
    const char *body; // length bytes, and a zero behind
    size_t length;
    const char *etag;   // "" where there is none
    int64_t changed_ms; // of a file
};

enum wf_heard {
    WF_HEARD_MORE,   // ask on at once
    WF_HEARD_NOTICE, // *notice_out is how it stands
    WF_HEARD_NOTHING // no good answer: how it stands is not known, so nothing changed
};

// What a provider keeps from question to question. All zero in the beginning.
struct wf_probe {
    int64_t now_ms; // set before each call
    uint32_t step;  // the provider's own
    char token[WF_PROBE_TEXT_BYTES / 2];
    int64_t token_until_ms;
    bool token_renewed; // in this round already
    char etag[128];
    bool at_once; // the last answer took its time: the next question need not wait
    char self[WF_NOTICE_WORD_BYTES * 2]; // the machine's own name
    struct wf_notice noted;
    const char *file; // path, for those that look at one
};

struct wf_provider {
    const char *name;
    const char *address; // NULL: looks at a file
    uint32_t period_ms;
    void (*ask)(struct wf_probe *probe, struct wf_question *question_out);
    enum wf_heard (*hear)(struct wf_probe *probe, const struct wf_answer *answer,
                          struct wf_notice *notice_out);
};

// watch_file.c: the answer to a question for a file; body has room for WF_PROBE_BODY_BYTES + 1.
struct wf_answer wf_answer_of_file(const char *path, char *body);

// A GOING notice of that word. text is cut to what there is room for.
struct wf_notice wf_notice_going(const struct wf_probe *probe, int64_t gone_ms, const char *what);
