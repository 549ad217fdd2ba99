// SPDX-License-Identifier: Apache-2.0
// What reading and writing a journal share. Internal to the store.
#pragma once

#include "store/journal.h"

#define WF_JOURNAL_BUFFER_BYTES ((size_t)4 * WF_JOURNAL_LINE_BYTES)

struct wf_journal_reader {
    int file;
    struct wf_journal_rows *rows; // of a database, instead of the file
    bool for_writing;
    bool ended;    // nothing more comes from it
    bool finished; // and all of it was handed out
    char *path;
    char *buffer;      // of WF_JOURNAL_BUFFER_BYTES and a zero
    size_t start, end; // what is read but not used yet
    char *text;        // the line that was read last, without its checksum
    uint64_t line;     // its number
    uint64_t good;     // bytes of the file up to the end of the last whole line
    uint64_t torn;     // bytes behind it
    struct wf_journal_parser parser;
};

// Says what the system says about the file.
enum wf_status wf_journal_fail(const char *path, const char *what, struct wf_error *err);
