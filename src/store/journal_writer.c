// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"
#include "store/journal_file.h"

struct wf_journal {
    int file;
    bool failed; // a line may be cut short in the file: nothing may follow it
    char *path;
    char *buffer; // of WF_JOURNAL_BUFFER_BYTES, whole lines only
    size_t length;
    uint64_t lines; // written or buffered
};

static enum wf_status fail_write(struct wf_journal *journal, struct wf_error *err)
{
    journal->failed = true;
    return wf_journal_fail(journal->path, "written", err);
}

enum wf_status wf_journal_flush(struct wf_journal *journal, struct wf_error *err)
{
    size_t done = 0;
    if (journal->failed) {
        return wf_fail(err, WF_IO, "%s could not be written before", journal->path);
    }
    while (done < journal->length) {
        ssize_t length = write(journal->file, journal->buffer + done, journal->length - done);
        if (length < 0 && errno != EINTR) {
            return fail_write(journal, err);
        }
        done += length > 0 ? (size_t)length : 0;
    }
    journal->length = 0;
    return WF_OK;
}

enum wf_status wf_journal_sync(struct wf_journal *journal, struct wf_error *err)
{
    enum wf_status status = wf_journal_flush(journal, err);
    if (status == WF_OK && fdatasync(journal->file) != 0) {
        status = fail_write(journal, err);
    }
    return status;
}

// A file is only found again after a power cut when its folder is on the disk, too.
static enum wf_status sync_folder(struct wf_journal *journal, struct wf_error *err)
{
    char *slash = strrchr(journal->path, '/');
    if (slash) {
        *slash = '\0';
    }
    const char *folder = slash ? (slash > journal->path ? journal->path : "/") : ".";
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (slash) {
        *slash = '/';
    }
    // Some file systems know no such thing: then it is not needed or not to be had.
    bool good = file >= 0 && (fsync(file) == 0 || errno == EINVAL);
    if (file >= 0) {
        close(file);
    }
    return good ? WF_OK : fail_write(journal, err);
}

// Makes room for the longest line.
static enum wf_status begin_line(struct wf_journal *journal, struct wf_journal_line *line,
                                 struct wf_error *err)
{
    enum wf_status status = WF_OK;
    if (journal->failed || WF_JOURNAL_BUFFER_BYTES - journal->length < WF_JOURNAL_LINE_BYTES) {
        status = wf_journal_flush(journal, err);
    }
    line->number = journal->lines + 1;
    line->text = journal->buffer + journal->length;
    return status;
}

static void end_line(struct wf_journal *journal, const struct wf_journal_line *line)
{
    journal->length += line->length;
    journal->lines++;
}

enum wf_status wf_journal_event(struct wf_journal *journal, const struct wf_event *event,
                                struct wf_error *err)
{
    struct wf_journal_line line;
    enum wf_status status = begin_line(journal, &line, err);
    status = status == WF_OK ? wf_journal_write_event(event, &line, err) : status;
    if (status == WF_OK) {
        end_line(journal, &line);
    }
    return status;
}

enum wf_status wf_journal_hash(struct wf_journal *journal, uint64_t hash, uint64_t events,
                               struct wf_error *err)
{
    struct wf_journal_line line;
    enum wf_status status = begin_line(journal, &line, err);
    if (status == WF_OK) {
        wf_journal_write_hash(hash, events, &line);
        end_line(journal, &line);
    }
    return status;
}

enum wf_status wf_journal_name(struct wf_journal *journal, enum wf_journal_named what,
                               uint64_t number, const char *name, struct wf_error *err)
{
    struct wf_journal_line line;
    enum wf_status status = begin_line(journal, &line, err);
    status = status == WF_OK ? wf_journal_write_name(what, number, name, &line, err) : status;
    if (status == WF_OK) {
        end_line(journal, &line);
    }
    return status;
}

// Cuts off what is torn, or begins anew where there is no whole head.
static enum wf_status prepare(struct wf_journal *journal, const struct wf_journal_reader *reader,
                              const struct wf_journal_maker *maker, struct wf_error *err)
{
    bool begun = reader->parser.has_maker;
    off_t end = begun ? (off_t)reader->good : 0;
    if (ftruncate(journal->file, end) != 0 || lseek(journal->file, end, SEEK_SET) != end) {
        return fail_write(journal, err);
    }
    if (begun) {
        journal->lines = reader->line - (reader->torn > 0);
        return WF_OK;
    }
    enum wf_status status = wf_journal_write_head(maker, journal->buffer, &journal->length, err);
    journal->lines = WF_JOURNAL_HEAD_LINES;
    status = status == WF_OK ? wf_journal_sync(journal, err) : status;
    return status == WF_OK ? sync_folder(journal, err) : status;
}

static void destroy(struct wf_journal *journal)
{
    if (journal->file >= 0) {
        close(journal->file);
    }
    free(journal->path);
    free(journal->buffer);
    free(journal);
}

enum wf_status wf_journal_append(struct wf_journal_reader *reader,
                                 const struct wf_journal_maker *maker,
                                 struct wf_journal **journal_out, struct wf_error *err)
{
    WF_ASSERT(reader->for_writing && reader->finished);
    struct wf_journal *journal = calloc(1, sizeof *journal);
    if (!journal) {
        wf_journal_reader_close(reader);
        return wf_fail(err, WF_NOMEM, "no memory to write a journal");
    }
    journal->file = reader->file;
    journal->path = reader->path;
    journal->buffer = reader->buffer;
    reader->file = -1;
    reader->path = NULL;
    reader->buffer = NULL;
    enum wf_status status = prepare(journal, reader, maker, err);
    wf_journal_reader_close(reader);
    if (status != WF_OK) {
        destroy(journal);
        return status;
    }
    *journal_out = journal;
    return WF_OK;
}

enum wf_status wf_journal_close(struct wf_journal *journal, struct wf_error *err)
{
    if (!journal) {
        return WF_OK;
    }
    enum wf_status status = wf_journal_sync(journal, err);
    destroy(journal);
    return status;
}
