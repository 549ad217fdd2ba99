// SPDX-License-Identifier: Apache-2.0
#include "engine/local/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum wf_status fail(const char *name, const char *what, struct wf_error *err)
{
    return wf_fail(err, errno == ENOENT ? WF_NOTFOUND : WF_IO, "%s cannot be %s: %s", name, what,
                   strerror(errno));
}

bool wf_write_all(int descriptor, const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length > 0) {
        ssize_t written = write(descriptor, at, length);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        at += written;
        length -= (size_t)written;
    }
    return true;
}

enum wf_status wf_small_file_sync(int folder, const char *name, struct wf_error *err)
{
    int file = openat(folder, name, O_RDONLY | O_CLOEXEC);
    bool good = file >= 0 && fsync(file) == 0;
    enum wf_status status = good ? WF_OK : fail(name, "made durable", err);
    if (file >= 0) {
        close(file);
    }
    return status;
}

enum wf_status wf_small_file_write(int folder, const char *name, const char *text, size_t length,
                                   enum wf_keep keep, struct wf_error *err)
{
    char written[NAME_MAX + 1];
    bool direct = keep == WF_KEEP_FIRST;
    if (direct) {
        snprintf(written, sizeof written, "%s", name);
    } else {
        snprintf(written, sizeof written, ".%s.%ld", name, (long)getpid());
    }
    int file = openat(folder, written, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) {
        return fail(name, "written", err);
    }
    bool good = wf_write_all(file, text, length) && (keep == WF_KEEP_LATER || fsync(file) == 0);
    int why = errno;
    good = close(file) == 0 && good;
    if (good && !direct && renameat(folder, written, folder, name) != 0) {
        why = errno;
        good = false;
    }
    if (!good) {
        (void)unlinkat(folder, written, 0);
        errno = why;
        return fail(name, "written", err);
    }
    return keep == WF_KEEP_LATER ? WF_OK : wf_small_file_sync(folder, ".", err);
}

enum wf_status wf_small_file_read(int folder, const char *name, size_t max, char **text_out,
                                  size_t *length_out, struct wf_error *err)
{
    int file = openat(folder, name, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return fail(name, "opened", err);
    }
    struct stat about;
    if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode) || (size_t)about.st_size > max) {
        close(file);
        return wf_fail(err, WF_INVALID, "%s is no file of at most %zu bytes", name, max);
    }
    size_t size = (size_t)about.st_size;
    char *text = malloc(size + 1);
    if (!text) {
        close(file);
        return wf_fail(err, WF_NOMEM, "no memory for %s", name);
    }
    size_t length = 0;
    ssize_t got = 1;
    while (got > 0 && length < size) {
        got = read(file, text + length, size - length);
        length += got > 0 ? (size_t)got : 0;
    }
    enum wf_status status = got < 0 ? fail(name, "read", err) : WF_OK;
    close(file);
    if (got < 0) {
        free(text);
        return status;
    }
    text[length] = '\0';
    *text_out = text;
    *length_out = length;
    return WF_OK;
}

int wf_line_read(int folder, const char *name, char *text, size_t bytes)
{
    text[0] = '\0';
    int file = openat(folder, name, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return -1;
    }
    size_t length = 0;
    ssize_t got = 0;
    do {
        got = read(file, text + length, bytes - 1 - length);
        length += got > 0 ? (size_t)got : 0;
    } while (got > 0 && length < bytes - 1);
    int why = errno;
    close(file);
    errno = why;
    text[length] = '\0';
    return got < 0 ? -1 : (int)length;
}

bool wf_line_write(int folder, const char *name, const char *text)
{
    int file = openat(folder, name, O_WRONLY | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    bool good = wf_write_all(file, text, strlen(text));
    int why = errno;
    close(file);
    errno = why;
    return good;
}
