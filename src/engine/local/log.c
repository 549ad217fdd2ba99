// SPDX-License-Identifier: Apache-2.0
#include "engine/local/log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

// As wide as a terabyte needs, so that `cat task0.*.log` has them in their order.
void wf_log_name(uint32_t task, uint64_t start, char name[WF_LOG_NAME_BYTES])
{
    snprintf(name, WF_LOG_NAME_BYTES, "task%" PRIu32 ".%012" PRIu64 ".log", task, start);
}

static void open_part(struct wf_log *log)
{
    char name[WF_LOG_NAME_BYTES];
    wf_log_name(log->task, log->start, name);
    log->file =
        openat(log->folder, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
}

void wf_log_open(struct wf_log *log, int folder, uint32_t task, uint64_t bytes_max,
                 uint32_t files_max)
{
    *log = (struct wf_log){
        .folder = folder, .task = task, .bytes_max = bytes_max, .files_max = files_max};
    open_part(log);
}

void wf_log_close(struct wf_log *log)
{
    if (log->file >= 0) {
        close(log->file);
        log->file = -1;
    }
}

// Goes on in a new part. All parts before are full, so the one that is now too many is known.
static void rotate(struct wf_log *log)
{
    wf_log_close(log);
    log->start += log->bytes;
    log->bytes = 0;
    if (log->start / log->bytes_max >= log->files_max) {
        char name[WF_LOG_NAME_BYTES];
        wf_log_name(log->task, log->start - log->bytes_max * log->files_max, name);
        (void)unlinkat(log->folder, name, 0);
    }
}

static void write_or_drop(struct wf_log *log, const char *bytes, size_t length)
{
    if (log->file < 0) {
        open_part(log); // a disk that was full may have room again
    }
    while (length > 0) {
        ssize_t written = log->file >= 0 ? write(log->file, bytes, length) : -1;
        if (written <= 0) {
            log->dropped_bytes += length;
            return;
        }
        log->bytes += (uint64_t)written;
        bytes += written;
        length -= (size_t)written;
    }
}

void wf_log_write(struct wf_log *log, const char *bytes, size_t length)
{
    while (length > 0) {
        size_t piece = length;
        if (log->bytes_max > 0) {
            if (log->bytes >= log->bytes_max) {
                rotate(log);
            }
            uint64_t room = log->bytes_max - log->bytes;
            piece = room < piece ? (size_t)room : piece;
        }
        write_or_drop(log, bytes, piece);
        bytes += piece;
        length -= piece;
    }
}
