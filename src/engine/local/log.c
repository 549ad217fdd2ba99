// SPDX-License-Identifier: Apache-2.0
#include "engine/local/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

void wf_log_name(uint32_t task, uint32_t age, char name[WF_LOG_NAME_BYTES])
{
    int length = snprintf(name, WF_LOG_NAME_BYTES, "task%u.log", task);
    if (age > 0) {
        snprintf(name + length, WF_LOG_NAME_BYTES - (size_t)length, ".%u", age);
    }
}

static void open_current(struct wf_log *log)
{
    char name[WF_LOG_NAME_BYTES];
    wf_log_name(log->task, 0, name);
    log->file =
        openat(log->folder, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct stat about;
    log->bytes = log->file >= 0 && fstat(log->file, &about) == 0 ? (uint64_t)about.st_size : 0;
}

void wf_log_open(struct wf_log *log, int folder, uint32_t task, uint64_t bytes_max,
                 uint32_t files_max)
{
    *log = (struct wf_log){
        .folder = folder, .task = task, .bytes_max = bytes_max, .files_max = files_max};
    open_current(log);
}

void wf_log_close(struct wf_log *log)
{
    if (log->file >= 0) {
        close(log->file);
        log->file = -1;
    }
}

// Each file gets the next older name; what would be one too many is gone.
static void rotate(struct wf_log *log)
{
    char from[WF_LOG_NAME_BYTES];
    char to[WF_LOG_NAME_BYTES];
    wf_log_close(log);
    wf_log_name(log->task, log->files_max - 1, from);
    (void)unlinkat(log->folder, from, 0);
    for (uint32_t age = log->files_max - 1; age > 0; age--) {
        wf_log_name(log->task, age - 1, from);
        wf_log_name(log->task, age, to);
        (void)renameat(log->folder, from, log->folder, to);
    }
    open_current(log);
}

static void write_or_drop(struct wf_log *log, const char *bytes, size_t length)
{
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
            uint64_t room = log->bytes < log->bytes_max ? log->bytes_max - log->bytes : piece;
            piece = room < piece ? (size_t)room : piece;
        }
        write_or_drop(log, bytes, piece);
        bytes += piece;
        length -= piece;
    }
}
