// SPDX-License-Identifier: Apache-2.0
// The lines of a journal as they are written, whether into a file or into a database.
#include <string.h>

#include "store/journal_text.h"

enum wf_status wf_journal_write_event(const struct wf_event *event, uint64_t number,
                                      char text[WF_JOURNAL_LINE_BYTES], size_t *length_out,
                                      struct wf_error *err)
{
    size_t length;
    enum wf_status status = wf_event_write(event, text, &length, err);
    if (status == WF_OK) {
        *length_out = wf_journal_seal(text, length, number);
    }
    return status;
}

size_t wf_journal_write_hash(uint64_t hash, uint64_t events, uint64_t number,
                             char text[WF_JOURNAL_LINE_BYTES])
{
    int length = snprintf(text, WF_JOURNAL_LINE_BYTES, "hash %016llx events=%llu",
                          (unsigned long long)hash, (unsigned long long)events);
    return wf_journal_seal(text, (size_t)length, number);
}

enum wf_status wf_journal_write_name(enum wf_journal_named what, uint64_t named, const char *name,
                                     uint64_t number, char text[WF_JOURNAL_LINE_BYTES],
                                     size_t *length_out, struct wf_error *err)
{
    bool printable = true;
    for (const char *at = name; *at; at++) {
        printable = printable && (unsigned char)*at >= ' ';
    }
    if (!printable || strlen(name) >= WF_JOURNAL_NAME_BYTES) {
        return wf_fail(err, WF_INVALID, "the name of %s %llu is too long for a journal, or no text",
                       wf_journal_named_word(what), (unsigned long long)named);
    }
    int length = snprintf(text, WF_JOURNAL_LINE_BYTES, "name %s %llu %s",
                          wf_journal_named_word(what), (unsigned long long)named, name);
    *length_out = wf_journal_seal(text, (size_t)length, number);
    return WF_OK;
}
