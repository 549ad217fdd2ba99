// SPDX-License-Identifier: Apache-2.0
// What a job of Slurm wrote: the file of its script's output, where this machine has it. Users name
// that file themselves and we may be root, so nothing is read but a plain file that is theirs.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/slurm/engine.h"

struct search {
    const char *run;
    const struct wf_slurm_job *job;
};

static void match(void *context, const struct wf_slurm_job *job)
{
    struct search *search = context;
    if (strcmp(job->decision, search->run) == 0) {
        search->job = job;
    }
}

// Slurm's usual name, or what it is told to be.
static bool name_file(const struct wf_slurm_job *job, char *path, size_t size)
{
    int length;
    if (job->output[0] == '/') {
        length = snprintf(path, size, "%s", job->output);
    } else if (job->output[0]) {
        length = snprintf(path, size, "%s/%s", job->folder, job->output);
    } else if (job->array_task != WF_NONE) {
        length =
            snprintf(path, size, "%s/slurm-%u_%u.out", job->folder, job->array, job->array_task);
    } else {
        length = snprintf(path, size, "%s/slurm-%u.out", job->folder, job->id);
    }
    return path[0] == '/' && length > 0 && (size_t)length < size;
}

static enum wf_status open_file(const struct wf_slurm_job *job, const char *path, int *file_out,
                                uint64_t *size_out, struct wf_error *err)
{
    struct stat facts;
    *file_out = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (*file_out < 0) {
        return wf_fail(err, WF_NOTFOUND,
                       "the output of job %s is in a file that cannot be read here: %.300s: %s",
                       job->key, path, strerror(errno));
    }
    if (fstat(*file_out, &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_uid != job->uid) {
        (void)close(*file_out);
        *file_out = -1;
        return wf_fail(err, WF_NOTFOUND,
                       "the output of job %s is not shown: %.300s is no file of %s", job->key, path,
                       job->user);
    }
    *size_out = (uint64_t)facts.st_size;
    return WF_OK;
}

enum wf_status wf_slurm_read_output(struct wf_engine *engine, const char *id,
                                    struct wf_log_piece *piece, struct wf_error *err)
{
    uint32_t task;
    struct search search = {.run = id, .job = wf_slurm_find_key(engine, id, &task)};
    char path[4200] = "";
    int file = -1;
    uint64_t size = 0;
    if (!search.job) {
        wf_slurm_picture_jobs(engine->picture, match, &search);
    }
    const struct wf_slurm_job *job = search.job;
    if (!job || !name_file(job, path, sizeof path)) {
        return wf_fail(err, WF_NOTFOUND, "Slurm does not say where the output of %s is", id);
    }
    if (piece->task > 0) {
        return wf_fail(err, WF_NOTFOUND,
                       "Slurm writes the output of all tasks of a job into one "
                       "file, which is that of task 0");
    }
    enum wf_status status = open_file(job, path, &file, &size, err);
    if (status != WF_OK) {
        return status;
    }
    ssize_t length = 0;
    if (piece->bytes_max > 0 && piece->offset < size) {
        length = pread(file, piece->bytes, piece->bytes_max, (off_t)piece->offset);
    }
    if (length < 0) {
        status = wf_fail(err, WF_IO, "%.300s cannot be read: %s", path, strerror(errno));
    }
    (void)close(file);
    piece->length = length > 0 ? (uint32_t)length : 0;
    piece->first = 0;
    piece->end = size;
    piece->complete = wf_slurm_is_over(job->state) && piece->offset + piece->length >= size;
    return status;
}
