// SPDX-License-Identifier: Apache-2.0
// Any bytes as a history of jobs, in the format that the first byte chooses: no crash, no leak,
// jobs in order and within their bounds, and an error has its sentence.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/assert.h"
#include "sim/history/history.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// The longest list of an array that waits has 100,000 elements.
enum { JOBS_MAX = 250000 };

static void check_names(const struct wf_names *names, const struct wf_history_job *job)
{
    WF_ASSERT(wf_names_text(names, job->user) && wf_names_text(names, job->name) &&
              wf_names_text(names, job->queue) && wf_names_text(names, job->array) &&
              wf_names_text(names, job->models) && wf_names_text(names, job->labels) &&
              wf_names_text(names, job->nodes) && wf_names_text(names, job->after));
    WF_ASSERT(job->within <= WF_WITHIN_GROUP && (job->array_max == 0 || job->array > 0));
}

static void check(const struct wf_history *history, const struct wf_history_job *job)
{
    char text[WF_HISTORY_ID_BYTES];
    const struct wf_names *names = wf_history_names(history);
    const struct wf_request *request = &job->request;
    WF_ASSERT(job->tasks >= 1 && job->tasks <= WF_JOB_TASKS_MAX);
    WF_ASSERT(request->cpu_milli <= WF_CPU_MILLI_MAX);
    WF_ASSERT(request->memory_mib <= WF_MEMORY_MIB_MAX);
    WF_ASSERT((request->gpus == 0) == (request->gpu_milli == 0));
    WF_ASSERT(request->gpus <= 1 ? request->gpu_milli <= WF_GPU_MILLI
                                 : request->gpu_milli == WF_GPU_MILLI);
    WF_ASSERT(job->submit_ms >= 0 && job->eligible_ms >= job->submit_ms);
    WF_ASSERT(job->start_ms == WF_TIME_UNKNOWN || job->start_ms >= job->eligible_ms);
    WF_ASSERT(job->end_ms == WF_TIME_UNKNOWN || job->end_ms >= job->eligible_ms);
    WF_ASSERT(job->start_ms == WF_TIME_UNKNOWN || job->end_ms == WF_TIME_UNKNOWN ||
              job->end_ms >= job->start_ms);
    WF_ASSERT(job->limit_ms >= 0);
    WF_ASSERT(wf_history_id_text(history, job->id, text)[0] != '\0');
    check_names(names, job);
}

static enum wf_status read_all(struct wf_history *history, struct wf_error *err)
{
    int64_t last_ms = 0;
    uint64_t count = 0;
    for (;;) {
        struct wf_history_job job;
        bool more;
        enum wf_status status = wf_history_next(history, &job, &more, err);
        if (status != WF_OK || !more) {
            WF_ASSERT(wf_history_summary(history)->jobs == count);
            return status;
        }
        count++;
        check(history, &job);
        WF_ASSERT(job.submit_ms >= last_ms);
        last_ms = job.submit_ms;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    int descriptor = (int)syscall(SYS_memfd_create, "history", 0);
    WF_ASSERT(descriptor >= 0);
    WF_ASSERT(write(descriptor, data + 1, size - 1) == (ssize_t)(size - 1));
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    struct wf_history_config config = {
        .path = path,
        .format = (enum wf_history_format)(data[0] % 5),
        .strict = (data[0] & 0x80) != 0,
        .processors_are_gpus = (data[0] & 0x40) != 0,
        .cores_per_gpu = 8,
        .shards_per_gpu = 16,
        .jobs_max = JOBS_MAX,
    };
    struct wf_history *history = NULL;
    struct wf_error err = {.text = ""};
    enum wf_status status = wf_history_open(&config, &history, &err);
    if (status == WF_OK) {
        status = read_all(history, &err);
    }
    WF_ASSERT(status == WF_OK || (err.status == status && err.text[0] != '\0'));
    wf_history_close(history);
    close(descriptor);
    return 0;
}
