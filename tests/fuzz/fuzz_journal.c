// SPDX-License-Identifier: Apache-2.0
// Any bytes as a journal. Checksums stop nearly all of them, so lines are sealed here first, unless
// the first byte says otherwise: no crash, no leak, an error has its sentence, and what was read is
// what a writer goes on from.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/assert.h"
#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BYTES_MAX = 1 << 20 };

static char content[BYTES_MAX];

// Copies the lines, each with its checksum.
static size_t seal_lines(const char *text, size_t size)
{
    size_t length = 0;
    const char *end = text + size;
    for (uint64_t line = 1; text < end && length < BYTES_MAX / 2; line++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t bytes = (size_t)((newline ? newline : end) - text);
        bytes = bytes < BYTES_MAX / 4 ? bytes : BYTES_MAX / 4;
        memcpy(content + length, text, bytes);
        length += wf_journal_seal(content + length, bytes, line);
        text = newline ? newline + 1 : end;
    }
    return length;
}

static void use(const char *path, bool for_writing)
{
    struct wf_journal_reader *reader = NULL;
    struct wf_journal_record record;
    struct wf_error err = {0};
    bool more = true;
    enum wf_status status = wf_journal_open(path, for_writing, &reader, &err);
    if (status != WF_OK) {
        WF_ASSERT(err.status == status && err.text[0] != '\0');
        return;
    }
    while (status == WF_OK && more) {
        status = wf_journal_next(reader, &record, &more, &err);
    }
    WF_ASSERT(status == WF_OK || (err.status == status && err.text[0] != '\0'));
    if (status != WF_OK || !for_writing || !wf_journal_reader_maker(reader)) {
        wf_journal_reader_close(reader);
        return;
    }
    struct wf_journal *journal = NULL;
    WF_ASSERT(wf_journal_append(reader, NULL, &journal, &err) == WF_OK);
    WF_ASSERT(wf_journal_hash(journal, 1, 2, &err) == WF_OK);
    WF_ASSERT(wf_journal_close(journal, &err) == WF_OK);
    WF_ASSERT(wf_journal_open(path, false, &reader, &err) == WF_OK);
    bool last = false;
    for (more = true; more;) {
        last = record.kind == WF_JOURNAL_HASH && record.hash.hash == 1;
        WF_ASSERT(wf_journal_next(reader, &record, &more, &err) == WF_OK);
    }
    WF_ASSERT(last && wf_journal_torn_bytes(reader) == 0);
    wf_journal_reader_close(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > BYTES_MAX / 4) {
        return 0;
    }
    size_t length = size - 1;
    if (data[0] % 2 == 0) {
        length = seal_lines((const char *)data + 1, size - 1);
    } else {
        memcpy(content, data + 1, length);
    }
    int file = (int)syscall(SYS_memfd_create, "journal", 0);
    WF_ASSERT(file >= 0 && write(file, content, length) == (ssize_t)length);
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    use(path, (data[0] & 2) != 0);
    close(file);
    return 0;
}
