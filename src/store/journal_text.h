// SPDX-License-Identifier: Apache-2.0
// The lines of a journal. Each ends with " #" and a checksum of its number and its text, so that a
// line that was cut short, changed, left out or moved is noticed.
//
//     whaleflux journal 1 #9d1c2a60
//     made program=0.1.0 policy=best-fit discipline=easy seed=0 plain=no ... #...
//     limits models=3 pools=4 nodes=48 ... #...
//     driver replay of a history ... #...
//     name model 0 H100 #...
//     submit time=86400000 job=17 tasks=1 gpus=1 gpu_milli=500 #...
//     hash 0123456789abcdef events=1024 #...
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/core.h"
#include "core/event_text.h"

#define WF_JOURNAL_VERSION 1
#define WF_JOURNAL_LINE_BYTES (WF_EVENT_TEXT_BYTES + 16) // the longest, without its end
#define WF_JOURNAL_WORD_BYTES 64
#define WF_JOURNAL_DRIVER_BYTES 2048
#define WF_JOURNAL_NAME_BYTES 1024

// What made a journal: the core that took the events, and who drove it. All a reader needs to make
// an equal core.
struct wf_journal_maker {
    char program[WF_JOURNAL_WORD_BYTES];    // its version
    char policy[WF_JOURNAL_WORD_BYTES];     // by name
    char discipline[WF_JOURNAL_WORD_BYTES]; // by name; "": a core without queues
    struct wf_core_config core;             // its limits and numbers; policy and discipline NULL
    char driver[WF_JOURNAL_DRIVER_BYTES];   // in its own words, one line
};

// Things that have a number in events and a name outside. X(code, word)
#define WF_JOURNAL_NAMED(X)                                                                        \
    X(MODEL, "model")                                                                              \
    X(LABEL, "label")                                                                              \
    X(GROUP, "group")                                                                              \
    X(ZONE, "zone")                                                                                \
    X(POOL, "pool")                                                                                \
    X(NODE, "node")                                                                                \
    X(QUEUE, "queue")                                                                              \
    X(USER, "user")                                                                                \
    X(JOB, "job")

enum wf_journal_named {
#define WF_JOURNAL_NAMED_ENUM(code, word) WF_JOURNAL_##code,
    WF_JOURNAL_NAMED(WF_JOURNAL_NAMED_ENUM)
#undef WF_JOURNAL_NAMED_ENUM
};

enum wf_journal_kind {
    WF_JOURNAL_HEAD,  // one of the lines about the maker: nothing to do
    WF_JOURNAL_NAME,  // what something is called
    WF_JOURNAL_EVENT, // the core took it
    WF_JOURNAL_HASH,  // of all decisions so far
};

struct wf_journal_record {
    enum wf_journal_kind kind;
    uint64_t line; // where it stands, from 1
    union {
        struct {
            enum wf_journal_named what;
            uint64_t number;
            const char *text; // borrowed until the next line
        } name;
        struct wf_event event; // its lists are borrowed until the next line
        struct {
            uint64_t hash;
            uint64_t events; // taken so far
        } hash;
    };
};

// Understands lines one after the other. All zero at the beginning.
struct wf_journal_parser {
    struct wf_journal_maker maker; // whole once has_maker
    uint32_t heads;                // lines of the head so far
    bool has_maker;
    struct wf_event_lists lists;
};

// Whether a file that begins with this line is, or was to become, a journal.
bool wf_journal_recognise(const char *line);

// Takes the checksum off the line with that number, which stands without its end, and puts a zero
// there. Returns false when it has none, or that of another line or text.
bool wf_journal_unseal(char *line, size_t *length, uint64_t number) WF_MUST_USE;

// Understands such a line. Errors: WF_INVALID, WF_NOTFOUND, WF_EXISTS, WF_LIMIT, with a sentence
// that does not say where the line stands.
enum wf_status wf_journal_parse(struct wf_journal_parser *parser, const char *line, size_t length,
                                uint64_t number, struct wf_journal_record *record_out,
                                struct wf_error *err) WF_MUST_USE;

// Writes the lines of the head, each with its checksum and end, numbered from 1. text takes
// WF_JOURNAL_HEAD_BYTES. Errors: WF_INVALID (a word or line that could not be read again).
#define WF_JOURNAL_HEAD_LINES 4
#define WF_JOURNAL_HEAD_BYTES 4096
enum wf_status wf_journal_write_head(const struct wf_journal_maker *maker,
                                     char text[WF_JOURNAL_HEAD_BYTES], size_t *length_out,
                                     struct wf_error *err) WF_MUST_USE;

// Puts the checksum of the line with that number and its end behind it; there must be room for 12
// bytes more. Returns the new length.
size_t wf_journal_seal(char *line, size_t length, uint64_t number);

// Where a line goes: its number and room for WF_JOURNAL_LINE_BYTES are given. It gets its checksum,
// its end and a zero; length is without the zero.
struct wf_journal_line {
    uint64_t number;
    char *text;
    size_t length;
};

// Write one line. Errors: WF_INVALID, WF_LIMIT (what no core takes, or no line can hold).
enum wf_status wf_journal_write_event(const struct wf_event *event, struct wf_journal_line *line,
                                      struct wf_error *err) WF_MUST_USE;
void wf_journal_write_hash(uint64_t hash, uint64_t events, struct wf_journal_line *line);
enum wf_status wf_journal_write_name(enum wf_journal_named what, uint64_t number, const char *name,
                                     struct wf_journal_line *line,
                                     struct wf_error *err) WF_MUST_USE;

// Fills the maker for a core that is made so. program and driver are cut to fit; in the driver's
// words what would end a line becomes a space.
void wf_journal_maker_init(struct wf_journal_maker *maker, const struct wf_core_config *core,
                           const char *program, const char *driver);

// The other way round: finds policy and discipline. Errors: WF_NOTFOUND.
enum wf_status wf_journal_core_config(const struct wf_journal_maker *maker,
                                      struct wf_core_config *config_out,
                                      struct wf_error *err) WF_MUST_USE;

// Returns the word for such things: "model", "pool".
const char *wf_journal_named_word(enum wf_journal_named what);
