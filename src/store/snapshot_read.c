// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/region.h"
#include "store/snapshot_file.h"

struct reader {
    const char *path;
    int file;
    uint64_t check;
};

static enum wf_status refuse(const struct reader *reader, const char *why, struct wf_error *err)
{
    return wf_fail(err, WF_INVALID, "%s %s", reader->path, why);
}

static enum wf_status get(const struct reader *reader, void *bytes, size_t size,
                          struct wf_error *err)
{
    for (size_t done = 0; done < size;) {
        ssize_t got = read(reader->file, (char *)bytes + done, size - done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return wf_snapshot_fail(reader->path, "read", err);
        }
        if (got == 0) {
            return refuse(reader, "is cut short", err);
        }
        done += (size_t)got;
    }
    return WF_OK;
}

static enum wf_status get_checked(struct reader *reader, void *bytes, size_t size,
                                  struct wf_error *err)
{
    enum wf_status status = get(reader, bytes, size, err);
    if (status == WF_OK) {
        reader->check = wf_snapshot_check_add(reader->check, bytes, size);
    }
    return status;
}

static enum wf_status get_head(const struct reader *reader, const struct wf_core_config *config,
                               struct wf_snapshot_head *head, struct wf_error *err)
{
    uint8_t build[WF_SNAPSHOT_BUILD_BYTES];
    uint64_t build_bytes;
    enum wf_status status = get(reader, head, sizeof *head, err);
    if (status != WF_OK) {
        return status;
    }
    if (memcmp(head->magic, WF_SNAPSHOT_MAGIC, sizeof head->magic) != 0 ||
        head->bytes != sizeof *head) {
        return refuse(reader, "is no snapshot that this program knows", err);
    }
    if (head->check != wf_snapshot_head_check(head)) {
        return refuse(reader, "is damaged", err);
    }
    wf_snapshot_build(build, &build_bytes);
    if (build_bytes == 0 || head->build_bytes != build_bytes ||
        memcmp(head->build, build, sizeof build) != 0) {
        return refuse(reader, "was written by another build of the program", err);
    }
    struct wf_snapshot_config wanted = wf_snapshot_config_of(config);
    if (memcmp(&wanted, &head->config, sizeof wanted) != 0) {
        return refuse(reader, "is of a core with other limits or another policy", err);
    }
    if (head->notes_bytes > WF_SNAPSHOT_NOTES_MAX) {
        return refuse(reader, "has too many notes", err);
    }
    return WF_OK;
}

static enum wf_status get_notes(struct reader *reader, struct wf_snapshot *snapshot, uint64_t bytes,
                                struct wf_error *err)
{
    size_t whole = ((size_t)bytes + 7) / 8 * 8;
    snapshot->notes = malloc(whole + 1);
    if (!snapshot->notes) {
        return wf_fail(err, WF_NOMEM, "no memory to read a snapshot");
    }
    snapshot->notes_bytes = (size_t)bytes;
    snapshot->notes[whole] = '\0';
    return get_checked(reader, snapshot->notes, whole, err);
}

// One run of blocks, the last of which may reach beyond the region: the rest of it is zeros.
static enum wf_status get_run(struct reader *reader, const struct wf_snapshot_run *run,
                              struct wf_region_bytes to, struct wf_error *err)
{
    uint64_t at = run->first * WF_SNAPSHOT_BLOCK_BYTES, size = run->count * WF_SNAPSHOT_BLOCK_BYTES;
    uint64_t inside = size < to.size - at ? size : to.size - at;
    uint64_t whole = inside / WF_SNAPSHOT_BLOCK_BYTES * WF_SNAPSHOT_BLOCK_BYTES;
    enum wf_status status = get_checked(reader, to.first + at, whole, err);
    if (status == WF_OK && whole < size) {
        char block[WF_SNAPSHOT_BLOCK_BYTES];
        status = get_checked(reader, block, sizeof block, err);
        memcpy(to.first + at + whole, block, status == WF_OK ? inside - whole : 0);
    }
    return status;
}

static enum wf_status get_region(struct reader *reader, struct wf_region *region,
                                 struct wf_error *err)
{
    struct wf_region_bytes to = wf_region_bytes(region);
    uint64_t blocks = (to.size + WF_SNAPSHOT_BLOCK_BYTES - 1) / WF_SNAPSHOT_BLOCK_BYTES;
    uint64_t next = 0;
    for (;;) {
        struct wf_snapshot_run run;
        enum wf_status status = get(reader, &run, sizeof run, err);
        if (status != WF_OK) {
            return status;
        }
        if (run.count == 0) {
            return run.first == reader->check ? WF_OK : refuse(reader, "is damaged", err);
        }
        if (run.first < next || run.first >= blocks || run.count > blocks - run.first) {
            return refuse(reader, "is damaged", err);
        }
        next = run.first + run.count;
        reader->check = wf_snapshot_check_add(reader->check, &run, sizeof run);
        status = get_run(reader, &run, to, err);
        if (status != WF_OK) {
            return status;
        }
    }
}

static enum wf_status get_all(struct reader *reader, const struct wf_core_config *config,
                              struct wf_snapshot *snapshot, struct wf_error *err)
{
    struct wf_snapshot_head head;
    struct wf_region *region = NULL;
    enum wf_status status = get_head(reader, config, &head, err);
    if (status == WF_OK) {
        snapshot->mark = head.mark;
        status = get_notes(reader, snapshot, head.notes_bytes, err);
    }
    if (status == WF_OK) {
        status = wf_region_create_at(head.address, head.used, &region, err);
        status = status == WF_OK ? get_region(reader, region, err)
                                 : wf_error_prefix(err, status, "%s: ", reader->path);
    }
    if (status == WF_OK) {
        snapshot->core = wf_core_adopt(region, config);
        status = snapshot->core ? WF_OK : refuse(reader, "is of a core that lay elsewhere", err);
    }
    if (status != WF_OK) {
        wf_region_destroy(region);
    }
    return status;
}

enum wf_status wf_snapshot_read(const char *path, const struct wf_core_config *config,
                                struct wf_snapshot *snapshot_out, struct wf_error *err)
{
    struct reader reader = {.path = path};
    struct wf_snapshot snapshot = {.core = NULL};
    reader.file = open(path, O_RDONLY | O_CLOEXEC);
    if (reader.file < 0) {
        return errno == ENOENT ? wf_fail(err, WF_NOTFOUND, "there is no snapshot %s", path)
                               : wf_snapshot_fail(path, "opened", err);
    }
    enum wf_status status = get_all(&reader, config, &snapshot, err);
    (void)close(reader.file);
    if (status != WF_OK) {
        free(snapshot.notes);
        return status;
    }
    *snapshot_out = snapshot;
    return WF_OK;
}
