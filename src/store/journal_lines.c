// SPDX-License-Identifier: Apache-2.0
// The lines of a journal as they are written, whether into a file or into a database.
#include <string.h>

#include "store/journal_text.h"

enum wf_status wf_journal_write_event(const struct wf_event *event, struct wf_journal_line *line,
                                      struct wf_error *err)
{
    enum wf_status status = wf_event_write(event, line->text, &line->length, err);
    if (status == WF_OK) {
        line->length = wf_journal_seal(line->text, line->length, line->number);
    }
    return status;
}

void wf_journal_write_hash(uint64_t hash, uint64_t events, struct wf_journal_line *line)
{
    int length = snprintf(line->text, WF_JOURNAL_LINE_BYTES, "hash %016llx events=%llu",
                          (unsigned long long)hash, (unsigned long long)events);
    line->length = wf_journal_seal(line->text, (size_t)length, line->number);
}

enum wf_status wf_journal_write_name(enum wf_journal_named what, uint64_t number, const char *name,
                                     struct wf_journal_line *line, struct wf_error *err)
{
    bool printable = true;
    for (const char *at = name; *at; at++) {
        printable = printable && (unsigned char)*at >= ' ';
    }
    if (!printable || strlen(name) >= WF_JOURNAL_NAME_BYTES) {
        return wf_fail(err, WF_INVALID, "the name of %s %llu is too long for a journal, or no text",
                       wf_journal_named_word(what), (unsigned long long)number);
    }
    int length = snprintf(line->text, WF_JOURNAL_LINE_BYTES, "name %s %llu %s",
                          wf_journal_named_word(what), (unsigned long long)number, name);
    line->length = wf_journal_seal(line->text, (size_t)length, line->number);
    return WF_OK;
}
