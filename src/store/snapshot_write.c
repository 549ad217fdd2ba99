// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/region.h"
#include "store/snapshot_file.h"

#define BUFFER_BYTES ((size_t)256 * 1024)
_Static_assert(BUFFER_BYTES % WF_SNAPSHOT_BLOCK_BYTES == 0, "a run of blocks fits whole");

struct writer {
    const char *path;
    int file;
    char *buffer; // blocks of one run
    size_t used;
    uint64_t first; // the number of the first of them
    uint64_t check;
};

static enum wf_status put(const struct writer *writer, const void *bytes, size_t size,
                          struct wf_error *err)
{
    for (size_t done = 0; done < size;) {
        ssize_t wrote = write(writer->file, (const char *)bytes + done, size - done);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote <= 0) {
            return wf_snapshot_fail(writer->path, "written", err);
        }
        done += (size_t)wrote;
    }
    return WF_OK;
}

static enum wf_status put_checked(struct writer *writer, const void *bytes, size_t size,
                                  struct wf_error *err)
{
    writer->check = wf_snapshot_check_add(writer->check, bytes, size);
    return put(writer, bytes, size, err);
}

static enum wf_status put_head(struct writer *writer, const struct wf_snapshot *snapshot,
                               struct wf_error *err)
{
    const struct wf_region *region = wf_core_region(snapshot->core);
    struct wf_snapshot_head head = {
        .bytes = sizeof head,
        .config = wf_snapshot_config_of(wf_core_config(snapshot->core)),
        .address = (uintptr_t)region,
        .used = wf_region_used(region),
        .mark = snapshot->mark,
        .notes_bytes = snapshot->notes_bytes,
    };
    memcpy(head.magic, WF_SNAPSHOT_MAGIC, sizeof head.magic);
    wf_snapshot_build(head.build, &head.build_bytes);
    if (head.build_bytes == 0) {
        return wf_fail(err, WF_UNFIT,
                       "this program was linked without a build id, so that no "
                       "snapshot could tell whose it is");
    }
    head.check = wf_snapshot_head_check(&head);
    return put(writer, &head, sizeof head, err);
}

static enum wf_status put_notes(struct writer *writer, const struct wf_snapshot *snapshot,
                                struct wf_error *err)
{
    size_t whole = snapshot->notes_bytes / 8 * 8, rest = snapshot->notes_bytes - whole;
    char last[8] = {0};
    if (whole > 0) {
        enum wf_status status = put_checked(writer, snapshot->notes, whole, err);
        if (status != WF_OK) {
            return status;
        }
    }
    if (rest > 0) {
        memcpy(last, snapshot->notes + whole, rest);
    }
    return rest > 0 ? put_checked(writer, last, sizeof last, err) : WF_OK;
}

static enum wf_status put_run(struct writer *writer, struct wf_error *err)
{
    if (writer->used == 0) {
        return WF_OK;
    }
    struct wf_snapshot_run run = {writer->first, writer->used / WF_SNAPSHOT_BLOCK_BYTES};
    enum wf_status status = put_checked(writer, &run, sizeof run, err);
    if (status == WF_OK) {
        status = put_checked(writer, writer->buffer, writer->used, err);
    }
    writer->used = 0;
    return status;
}

static bool is_zero(const char *bytes, size_t size)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0;
}

static enum wf_status put_region(struct writer *writer, const struct wf_region *region,
                                 struct wf_error *err)
{
    enum wf_status status = WF_OK;
    struct wf_region_bytes bytes = wf_region_bytes(region);
    uint64_t number = 0;
    for (uint64_t at = 0; at < bytes.size && status == WF_OK; number++) {
        uint64_t left = bytes.size - at;
        size_t size = left < WF_SNAPSHOT_BLOCK_BYTES ? (size_t)left : WF_SNAPSHOT_BLOCK_BYTES;
        if (is_zero(bytes.first + at, size)) {
            status = put_run(writer, err);
        } else {
            writer->first = writer->used == 0 ? number : writer->first;
            memset(writer->buffer + writer->used, 0, WF_SNAPSHOT_BLOCK_BYTES);
            memcpy(writer->buffer + writer->used, bytes.first + at, size);
            writer->used += WF_SNAPSHOT_BLOCK_BYTES;
            status = writer->used == BUFFER_BYTES ? put_run(writer, err) : WF_OK;
        }
        at += size;
    }
    status = status == WF_OK ? put_run(writer, err) : status;
    struct wf_snapshot_run end = {writer->check, 0};
    return status == WF_OK ? put(writer, &end, sizeof end, err) : status;
}

static enum wf_status put_all(struct writer *writer, const struct wf_snapshot *snapshot,
                              struct wf_error *err)
{
    enum wf_status status = put_head(writer, snapshot, err);
    status = status == WF_OK ? put_notes(writer, snapshot, err) : status;
    status = status == WF_OK ? put_region(writer, wf_core_region(snapshot->core), err) : status;
    if (status == WF_OK && fdatasync(writer->file) != 0) {
        status = wf_snapshot_fail(writer->path, "written", err);
    }
    return status;
}

enum wf_status wf_snapshot_write(const char *path, const struct wf_snapshot *snapshot,
                                 struct wf_error *err)
{
    char new_path[WF_SNAPSHOT_PATH_BYTES];
    struct writer writer = {.path = new_path};
    if (snapshot->notes_bytes > WF_SNAPSHOT_NOTES_MAX) {
        return wf_fail(err, WF_LIMIT, "there is too much to note in a snapshot");
    }
    enum wf_status status = wf_snapshot_new_path(path, new_path, err);
    if (status != WF_OK) {
        return status;
    }
    writer.buffer = malloc(BUFFER_BYTES);
    if (!writer.buffer) {
        return wf_fail(err, WF_NOMEM, "no memory to write a snapshot");
    }
    writer.file = open(new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    status =
        writer.file < 0 ? wf_snapshot_fail(new_path, "made", err) : put_all(&writer, snapshot, err);
    if (writer.file >= 0 && close(writer.file) != 0 && status == WF_OK) {
        status = wf_snapshot_fail(new_path, "written", err);
    }
    free(writer.buffer);
    return status;
}

// A rename is on the disk when its folder is.
static enum wf_status sync_folder(const char *path, struct wf_error *err)
{
    char folder[WF_SNAPSHOT_PATH_BYTES];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    snprintf(slash ? slash + (slash == folder) : folder, 2, "%s", slash ? "" : ".");
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum wf_status status =
        file < 0 || fsync(file) != 0 ? wf_snapshot_fail(folder, "written", err) : WF_OK;
    if (file >= 0) {
        (void)close(file);
    }
    return status;
}

enum wf_status wf_snapshot_keep(const char *path, struct wf_error *err)
{
    char new_path[WF_SNAPSHOT_PATH_BYTES];
    enum wf_status status = wf_snapshot_new_path(path, new_path, err);
    if (status == WF_OK && rename(new_path, path) != 0) {
        status = wf_snapshot_fail(new_path, "renamed", err);
    }
    return status == WF_OK ? sync_folder(path, err) : status;
}
