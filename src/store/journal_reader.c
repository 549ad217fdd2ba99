// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/journal_file.h"

enum wf_status wf_journal_fail(const char *path, const char *what, struct wf_error *err)
{
    return wf_fail(err, WF_IO, "%s cannot be %s: %s", path, what, strerror(errno));
}

static enum wf_status read_some(struct wf_journal_reader *reader, size_t *length_out,
                                struct wf_error *err)
{
    char *to = reader->buffer + reader->end;
    size_t size = WF_JOURNAL_BUFFER_BYTES - reader->end;
    if (reader->rows) {
        return wf_journal_rows_read(reader->rows, to, size, length_out, err);
    }
    ssize_t length;
    do {
        length = read(reader->file, to, size);
    } while (length < 0 && errno == EINTR);
    *length_out = length > 0 ? (size_t)length : 0;
    return length < 0 ? wf_journal_fail(reader->path, "read", err) : WF_OK;
}

// Moves what is not used yet to the front and reads until the buffer is full or the file ends.
static enum wf_status fill(struct wf_journal_reader *reader, struct wf_error *err)
{
    memmove(reader->buffer, reader->buffer + reader->start, reader->end - reader->start);
    reader->end -= reader->start;
    reader->start = 0;
    enum wf_status status = WF_OK;
    while (status == WF_OK && !reader->ended && reader->end < WF_JOURNAL_BUFFER_BYTES) {
        size_t length = 0;
        status = read_some(reader, &length, err);
        reader->ended = status == WF_OK && length == 0;
        reader->end += length;
    }
    return status;
}

// Finds the end of the line at start. *newline_out is NULL where no line ends in the buffer.
static enum wf_status find_line(struct wf_journal_reader *reader, char **newline_out,
                                struct wf_error *err)
{
    enum wf_status status = WF_OK;
    *newline_out = memchr(reader->buffer + reader->start, '\n', reader->end - reader->start);
    if (!*newline_out && !reader->ended) {
        status = fill(reader, err);
        *newline_out = memchr(reader->buffer, '\n', reader->end);
    }
    return status;
}

// Goes to the end of the file. Tells whether anything stands behind the line at start.
static enum wf_status skip_rest(struct wf_journal_reader *reader, bool *more_out,
                                struct wf_error *err)
{
    enum wf_status status = WF_OK;
    bool line_ended = false;
    *more_out = false;
    while (status == WF_OK && reader->start < reader->end) {
        *more_out |= line_ended;
        const char *from = reader->buffer + reader->start;
        const char *newline = memchr(from, '\n', reader->end - reader->start);
        line_ended |= newline != NULL;
        reader->start = newline ? (size_t)(newline + 1 - reader->buffer) : reader->end;
        if (reader->start == reader->end) {
            status = fill(reader, err);
        }
    }
    return status;
}

static enum wf_status fail_line(const struct wf_journal_reader *reader, enum wf_status status,
                                struct wf_error *err)
{
    return wf_error_prefix(err, status, "%s, line %llu: ", reader->path,
                           (unsigned long long)reader->line);
}

// The line at start is not whole: the last one was cut short, any other is damaged.
static enum wf_status give_up(struct wf_journal_reader *reader, struct wf_error *err)
{
    bool more = false;
    enum wf_status status = skip_rest(reader, &more, err);
    if (status == WF_OK && (more || reader->rows)) { // rows are whole or not there
        status =
            wf_fail(err, WF_INVALID, "the line is damaged, its checksum is not that of its text");
        return fail_line(reader, status, err);
    }
    struct stat about;
    if (status == WF_OK && fstat(reader->file, &about) != 0) {
        return wf_journal_fail(reader->path, "read", err);
    }
    reader->torn = status == WF_OK ? (uint64_t)about.st_size - reader->good : 0;
    reader->finished = status == WF_OK;
    return status;
}

enum wf_status wf_journal_next(struct wf_journal_reader *reader,
                               struct wf_journal_record *record_out, bool *more_out,
                               struct wf_error *err)
{
    char *newline;
    *more_out = false;
    enum wf_status status = find_line(reader, &newline, err);
    if (status != WF_OK || reader->start == reader->end) {
        reader->finished = status == WF_OK;
        return status;
    }
    reader->line++;
    reader->text = reader->buffer + reader->start;
    size_t bytes = newline ? (size_t)(newline + 1 - reader->text) : 0;
    size_t length = bytes - 1;
    if (!newline || !wf_journal_unseal(reader->text, &length, reader->line)) {
        return give_up(reader, err);
    }
    status = wf_journal_parse(&reader->parser, reader->text, length, reader->line, record_out, err);
    if (status != WF_OK) {
        return fail_line(reader, status, err);
    }
    reader->start += bytes;
    reader->good += bytes;
    *more_out = true;
    return WF_OK;
}

enum wf_status wf_journal_go_to(struct wf_journal_reader *reader, uint64_t line,
                                struct wf_error *err)
{
    if (!reader->rows || line <= WF_JOURNAL_HEAD_LINES) {
        return wf_fail(err, WF_INVALID, "%s cannot be read from line %llu on", reader->path,
                       (unsigned long long)line);
    }
    enum wf_status status = wf_journal_rows_go_to(reader->rows, line, err);
    if (status == WF_OK) {
        reader->start = reader->end = 0;
        reader->ended = reader->finished = false;
        reader->line = line - 1;
    }
    return status;
}

// Whether the file begins as a journal does, as far as it goes.
static enum wf_status check_beginning(struct wf_journal_reader *reader, struct wf_error *err)
{
    enum wf_status status = fill(reader, err);
    static const char words[] = "whaleflux journal ";
    size_t length = reader->end < sizeof words - 1 ? reader->end : sizeof words - 1;
    if (status == WF_OK && memcmp(reader->buffer, words, length) != 0) {
        status = wf_fail(err, WF_INVALID, "%s is no journal: it does not begin with '%s'",
                         reader->path, words);
    }
    return status;
}

static enum wf_status read_head(struct wf_journal_reader *reader, struct wf_error *err)
{
    struct wf_journal_record record;
    bool more = true;
    enum wf_status status = check_beginning(reader, err);
    while (status == WF_OK && more && !reader->parser.has_maker) {
        status = wf_journal_next(reader, &record, &more, err);
    }
    if (status == WF_OK && !more && !reader->for_writing) {
        status = wf_fail(err, WF_INVALID, "%s is empty: nobody began to write this journal",
                         reader->path);
    }
    return status;
}

static enum wf_status open_rows(struct wf_journal_reader *reader, struct wf_error *err)
{
    if (reader->for_writing) {
        return wf_fail(err, WF_INVALID,
                       "%s is a database, whose journal only the daemon it belongs to may write",
                       reader->path);
    }
    enum wf_status status = wf_journal_rows_open(reader->path, &reader->rows, err);
    return status == WF_OK ? read_head(reader, err) : status;
}

static enum wf_status open_file(struct wf_journal_reader *reader, struct wf_error *err)
{
    if (wf_journal_is_database(reader->path)) {
        return open_rows(reader, err);
    }
    int how = reader->for_writing ? O_RDWR | O_CREAT : O_RDONLY;
    reader->file = open(reader->path, how | O_CLOEXEC, 0644);
    if (reader->file < 0) {
        return wf_journal_fail(reader->path, "opened", err);
    }
    if (reader->for_writing && flock(reader->file, LOCK_EX | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK
                   ? wf_fail(err, WF_EXISTS, "another program writes to %s", reader->path)
                   : wf_journal_fail(reader->path, "locked", err);
    }
    return read_head(reader, err);
}

enum wf_status wf_journal_open(const char *path, bool for_writing,
                               struct wf_journal_reader **reader_out, struct wf_error *err)
{
    struct wf_journal_reader *reader = calloc(1, sizeof *reader);
    if (!reader) {
        return wf_fail(err, WF_NOMEM, "no memory to read %s", path);
    }
    reader->file = -1;
    reader->for_writing = for_writing;
    reader->path = strdup(path);
    reader->buffer = malloc(WF_JOURNAL_BUFFER_BYTES + 1);
    enum wf_status status = reader->path && reader->buffer
                                ? open_file(reader, err)
                                : wf_fail(err, WF_NOMEM, "no memory to read %s", path);
    if (status != WF_OK) {
        wf_journal_reader_close(reader);
        return status;
    }
    *reader_out = reader;
    return WF_OK;
}

void wf_journal_reader_close(struct wf_journal_reader *reader)
{
    if (reader) {
        if (reader->file >= 0) {
            close(reader->file);
        }
        wf_journal_rows_close(reader->rows);
        free(reader->path);
        free(reader->buffer);
        free(reader);
    }
}

const struct wf_journal_maker *wf_journal_reader_maker(const struct wf_journal_reader *reader)
{
    return reader->parser.has_maker ? &reader->parser.maker : NULL;
}

const char *wf_journal_reader_text(const struct wf_journal_reader *reader)
{
    return reader->text;
}

uint64_t wf_journal_torn_bytes(const struct wf_journal_reader *reader)
{
    return reader->torn;
}

uint64_t wf_journal_reader_line(const struct wf_journal_reader *reader)
{
    return reader->line;
}
