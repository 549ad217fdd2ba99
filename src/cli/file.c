// SPDX-License-Identifier: Apache-2.0
#include "cli/file.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"

static enum wf_status fail(const char *what, const char *path, struct wf_error *err)
{
    return wf_fail(err, WF_IO, "%s cannot be %s: %s", path, what, strerror(errno));
}

enum wf_status wf_file_write(const char *path, const char *text, struct wf_error *err)
{
    char temporary[PATH_MAX];
    int length = snprintf(temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid());
    if (length < 0 || (size_t)length >= sizeof temporary) {
        return wf_fail(err, WF_IO, "%s cannot be written: the name is too long", path);
    }
    FILE *file = fopen(temporary, "wx");
    if (!file) {
        return fail("written", path, err);
    }
    bool good = fputs(text, file) >= 0 && fflush(file) == 0 && fsync(fileno(file)) == 0;
    good = fclose(file) == 0 && good;
    if (!good || rename(temporary, path) != 0) {
        enum wf_status status = fail("written", path, err);
        (void)unlink(temporary);
        return status;
    }
    return WF_OK;
}

enum wf_status wf_file_make_folder(const char *path, struct wf_error *err)
{
    char partial[PATH_MAX];
    size_t length = strlen(path);
    if (length >= sizeof partial) {
        return wf_fail(err, WF_IO, "%s cannot be made: the name is too long", path);
    }
    memcpy(partial, path, length + 1);
    for (size_t i = 1; i <= length; i++) {
        if (path[i] == '/' || path[i] == '\0') {
            partial[i] = '\0';
            if (mkdir(partial, 0700) != 0 && errno != EEXIST) {
                return fail("made", partial, err);
            }
            partial[i] = path[i];
        }
    }
    return WF_OK;
}

enum wf_status wf_file_digest(const char *path, uint64_t *digest_out, struct wf_error *err)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        return fail("opened", path, err);
    }
    unsigned char buffer[8192];
    uint64_t digest = 0;
    while (!feof(file) && !ferror(file)) {
        size_t length = fread(buffer, 1, sizeof buffer, file);
        for (size_t i = 0; i < length; i += 8) {
            uint64_t word = 0;
            for (size_t j = i; j < i + 8 && j < length; j++) {
                word = word << 8 | buffer[j];
            }
            digest = wf_hash_add(digest, word);
        }
        digest = wf_hash_add(digest, length);
    }
    enum wf_status status = ferror(file) ? fail("read", path, err) : WF_OK;
    fclose(file);
    *digest_out = digest;
    return status;
}
