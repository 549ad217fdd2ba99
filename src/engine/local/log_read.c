// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/local/log.h"

// The oldest part may go between the look at the folder and its opening.
#define ATTEMPTS_MAX 10

// Where parts of a log begin; each ends where the next one begins.
struct parts {
    bool any;
    uint64_t first;
    uint64_t last;
    uint64_t here; // the one to read in
};

// False: the file is something else.
static bool parse_name(const char *name, uint32_t task, uint64_t *start_out)
{
    char again[WF_LOG_NAME_BYTES];
    const char *dot = strchr(name, '.');
    *start_out = dot ? strtoull(dot + 1, NULL, 10) : 0;
    wf_log_name(task, *start_out, again);
    return strcmp(name, again) == 0;
}

static bool find_parts(int folder, uint32_t task, uint64_t offset, struct parts *parts)
{
    *parts = (struct parts){0};
    int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = again >= 0 ? fdopendir(again) : NULL;
    if (!listing) {
        if (again >= 0) {
            close(again);
        }
        return false;
    }
    for (struct dirent *file; (file = readdir(listing));) {
        uint64_t start = 0;
        if (!parse_name(file->d_name, task, &start)) {
            continue;
        }
        parts->first = !parts->any || start < parts->first ? start : parts->first;
        parts->last = !parts->any || start > parts->last ? start : parts->last;
        parts->here = start <= offset && start > parts->here ? start : parts->here;
        parts->any = true;
    }
    closedir(listing);
    parts->here = parts->here < parts->first ? parts->first : parts->here;
    return true;
}

static uint64_t size_of(int folder, uint32_t task, uint64_t start)
{
    char name[WF_LOG_NAME_BYTES];
    struct stat about;
    wf_log_name(task, start, name);
    return fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW) == 0 ? (uint64_t)about.st_size : 0;
}

// Returns how many bytes were read, or -1 with errno.
static ssize_t read_part(int folder, uint64_t start, const struct wf_log_piece *piece)
{
    char name[WF_LOG_NAME_BYTES];
    wf_log_name(piece->task, start, name);
    int file = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) {
        return -1;
    }
    ssize_t got = pread(file, piece->bytes, piece->bytes_max, (off_t)(piece->offset - start));
    int why = errno;
    close(file);
    errno = why;
    return got;
}

enum wf_status wf_log_read(int folder, struct wf_log_piece *piece, struct wf_error *err)
{
    struct parts parts;
    piece->length = 0;
    if (piece->offset > INT64_MAX) {
        return wf_fail(err, WF_INVALID, "no log is as long as the offset says");
    }
    for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        if (!find_parts(folder, piece->task, piece->offset, &parts)) {
            return wf_fail(err, WF_IO, "the log cannot be found: %s", strerror(errno));
        }
        piece->first = parts.first;
        piece->end = parts.any ? parts.last + size_of(folder, piece->task, parts.last) : 0;
        piece->offset = piece->offset < parts.first ? parts.first : piece->offset;
        ssize_t got = parts.any && piece->bytes_max > 0 ? read_part(folder, parts.here, piece) : 0;
        if (got >= 0) {
            piece->length = (uint32_t)got;
            return WF_OK;
        }
        if (errno != ENOENT) {
            break;
        }
    }
    return wf_fail(err, WF_IO, "the log cannot be read: %s", strerror(errno));
}
