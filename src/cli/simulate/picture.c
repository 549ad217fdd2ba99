// SPDX-License-Identifier: Apache-2.0
#include "cli/simulate/picture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/simulate/picture_draw.h"

static enum wf_status check(const struct wf_picture *picture, struct wf_error *err)
{
    if (picture->panel_count == 0 || picture->panel_count > WF_PICTURE_PANELS_MAX) {
        return wf_fail(err, WF_INVALID, "a picture has one or two panels, not %u",
                       picture->panel_count);
    }
    if (picture->pool_count > WF_PICTURE_POOLS_MAX) {
        return wf_fail(err, WF_LIMIT, "a picture has at most %u pools, not %u",
                       WF_PICTURE_POOLS_MAX, picture->pool_count);
    }
    for (uint32_t panel = 0; panel < picture->panel_count; panel++) {
        const struct wf_picture_panel *of = &picture->panels[panel];
        if (of->gpu_count > WF_PICTURE_GPUS_MAX) {
            return wf_fail(err, WF_LIMIT, "a picture has at most %u GPUs, not %u",
                           WF_PICTURE_GPUS_MAX, of->gpu_count);
        }
        for (uint32_t i = 0; i < of->gpu_count; i++) {
            const struct wf_picture_gpu *gpu = &of->gpus[i];
            if (gpu->pool >= picture->pool_count || gpu->free_milli > 1000 ||
                gpu->stranded_milli > gpu->free_milli) {
                return wf_fail(err, WF_INVALID,
                               "GPU %u of panel %u: pool %u, %u milli free, %u of them stranded: "
                               "that cannot be",
                               i, panel, gpu->pool, gpu->free_milli, gpu->stranded_milli);
            }
        }
    }
    return WF_OK;
}

// Fullest cells first, so that a pool reads like a line of text: used, then slivers, then free.
static int compare_cells(const void *left, const void *right)
{
    const struct wf_picture_gpu *a = left, *b = right;
    if (a->pool != b->pool) {
        return a->pool < b->pool ? -1 : 1;
    }
    if (a->free_milli != b->free_milli) {
        return a->free_milli < b->free_milli ? -1 : 1;
    }
    return (a->stranded_milli > b->stranded_milli) - (a->stranded_milli < b->stranded_milli);
}

// Returns the cells of all panels as they are drawn, in one piece that the caller frees; sorted
// gets where each panel begins in it. NULL: no memory.
static struct wf_picture_gpu *sort_cells(const struct wf_picture *picture,
                                         struct wf_picture_gpu *sorted[])
{
    size_t total = 0;
    for (uint32_t panel = 0; panel < picture->panel_count; panel++) {
        total += picture->panels[panel].gpu_count;
    }
    // One more than there are, so that no cells at all are not taken for a lack of memory.
    struct wf_picture_gpu *cells = calloc(total + 1, sizeof *cells);
    if (!cells) {
        return NULL;
    }
    struct wf_picture_gpu *at = cells;
    for (uint32_t panel = 0; panel < picture->panel_count; panel++) {
        uint32_t count = picture->panels[panel].gpu_count;
        sorted[panel] = at;
        if (count > 0) {
            memcpy(at, picture->panels[panel].gpus, count * sizeof *at);
            qsort(at, count, sizeof *at, compare_cells);
        }
        at += count;
    }
    return cells;
}

static enum wf_status fail_with_errno(const char *doing, const char *path, struct wf_error *err)
{
    return wf_fail(err, WF_IO, "cannot %s %s: %s", doing, path, strerror(errno));
}

// Draws into a new file beside path, whose name the caller then changes to path.
static enum wf_status draw_into(const struct wf_picture *picture,
                                struct wf_picture_gpu *const sorted[], char *name,
                                struct wf_error *err)
{
    int descriptor = mkstemp(name);
    if (descriptor < 0) {
        return fail_with_errno("create", name, err);
    }
    FILE *out = fdopen(descriptor, "w");
    if (!out) {
        enum wf_status status = fail_with_errno("write", name, err);
        close(descriptor);
        unlink(name);
        return status;
    }
    wf_picture_draw(out, picture, sorted);
    bool written = fflush(out) == 0 && !ferror(out) && fchmod(descriptor, 0644) == 0;
    enum wf_status status = written ? WF_OK : fail_with_errno("write", name, err);
    if (fclose(out) != 0 && status == WF_OK) {
        status = fail_with_errno("write", name, err);
    }
    if (status != WF_OK) {
        unlink(name);
    }
    return status;
}

static enum wf_status draw_and_rename(const struct wf_picture *picture,
                                      struct wf_picture_gpu *const sorted[], const char *path,
                                      struct wf_error *err)
{
    size_t size = strlen(path) + sizeof ".XXXXXX";
    char *name = malloc(size);
    if (!name) {
        return wf_fail(err, WF_NOMEM, "no memory for the picture %s", path);
    }
    snprintf(name, size, "%s.XXXXXX", path);
    enum wf_status status = draw_into(picture, sorted, name, err);
    if (status == WF_OK && rename(name, path) != 0) {
        status = fail_with_errno("write", path, err);
        unlink(name);
    }
    free(name);
    return status;
}

enum wf_status wf_picture_write(const struct wf_picture *picture, const char *path,
                                struct wf_error *err)
{
    enum wf_status status = check(picture, err);
    if (status != WF_OK) {
        return status;
    }
    struct wf_picture_gpu *sorted[WF_PICTURE_PANELS_MAX] = {NULL};
    struct wf_picture_gpu *cells = sort_cells(picture, sorted);
    if (!cells) {
        return wf_fail(err, WF_NOMEM, "no memory for the picture %s", path);
    }
    status = draw_and_rename(picture, sorted, path, err);
    free(cells);
    return status;
}
