// SPDX-License-Identifier: Apache-2.0
// What a job of Slurm wrote: the file of its script's output, where this machine has it. Users name
// that file themselves and we may be root, so nothing is read but a plain file that is theirs.
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
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

struct name {
    char *text;
    size_t size, length; // length size: it is too long
};

static void WF_PRINTF(2, 3) add(struct name *name, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    int length = vsnprintf(name->text + name->length, name->size - name->length, format, values);
    va_end(values);
    name->length += length > 0 ? (size_t)length : 0;
    name->length = name->length < name->size ? name->length : name->size;
}

// What a letter after '%' stands for. The first node is known by its name here, which Slurm takes
// from the machine itself.
static bool add_meaning(struct name *name, const struct wf_slurm_job *job, char letter, int width)
{
    bool split = job->array_task != WF_NONE;
    switch (letter) {
    case 'j':
    case 'J':
        add(name, "%0*u", width, job->id);
        return true;
    case 'A':
        add(name, "%0*u", width, job->array > 0 ? job->array : job->id);
        return true;
    case 'a':
        add(name, "%0*u", width, split ? job->array_task : UINT32_MAX - 1);
        return true;
    case 'n':
    case 't':
        add(name, "%0*u", width, 0U);
        return true;
    case 's':
        add(name, "batch");
        return true;
    case 'u':
        add(name, "%s", job->user);
        return true;
    case 'x':
        add(name, "%s", job->name);
        return true;
    case 'N':
        add(name, "%s", job->node_count > 0 ? job->nodes[0] : "");
        return job->node_count > 0;
    case '%':
        add(name, "%%");
        return true;
    default:
        return false;
    }
}

// As sbatch has it in its manual. What no letter stands for stays as it is.
static void fill_in(struct name *name, const struct wf_slurm_job *job)
{
    bool plain = strchr(job->output, '\\') != NULL;
    for (const char *at = job->output; *at && name->length < name->size; at++) {
        int width = 0;
        const char *letter = at + 1;
        for (; *at == '%' && *letter >= '0' && *letter <= '9'; letter++) {
            width = width * 10 + (*letter - '0');
            width = width < 10 ? width : 10; // places at most
        }
        if (*at == '%' && !plain && add_meaning(name, job, *letter, width)) {
            at = letter;
        } else if (*at != '\\') {
            add(name, "%c", *at);
        }
    }
}

// Slurm's usual name, or what it is told to be.
static bool name_file(const struct wf_slurm_job *job, char *path, size_t size)
{
    int length;
    struct name name = {.text = path, .size = size};
    if (job->output[0]) {
        if (job->output[0] != '/') {
            add(&name, "%s/", job->folder);
        }
        fill_in(&name, job);
        return path[0] == '/' && name.length < size;
    }
    if (job->array_task != WF_NONE) {
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
