// SPDX-License-Identifier: Apache-2.0
#include "explain/trial.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"

static enum wf_status fail(const char *what, struct wf_error *err)
{
    return wf_fail(err, WF_IO, "%s to try a change: %s", what, strerror(errno));
}

// Waits for the copy, whatever signals come in between.
static bool ended_well(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

enum wf_status wf_trial(wf_trial_function *function, void *context, void *answer_out,
                        size_t answer_bytes, struct wf_error *err)
{
    WF_ASSERT(answer_bytes > 0 && answer_bytes <= WF_TRIAL_BYTES_MAX);
    void *shared =
        mmap(NULL, answer_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        return fail("no memory", err);
    }
    pid_t child = fork();
    if (child == 0) {
        function(context, shared);
        _exit(0); // nothing of the parent's is flushed, closed or freed here
    }
    enum wf_status status = WF_OK;
    if (child < 0) {
        status = fail("the process cannot be copied", err);
    } else if (!ended_well(child)) {
        status = wf_fail(err, WF_IO, "the copy of the process that tries a change stopped early");
    } else {
        memcpy(answer_out, shared, answer_bytes);
    }
    munmap(shared, answer_bytes);
    return status;
}
