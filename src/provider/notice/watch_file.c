// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provider/notice/probe.h"

struct wf_answer wf_answer_of_file(const char *path, char *body)
{
    struct wf_answer answer = {.body = body, .etag = ""};
    struct stat facts;
    body[0] = '\0';
    // Whoever put a pipe there must not hold the loop.
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) {
        answer.status = errno == ENOENT || errno == ENOTDIR ? 404 : 0;
        return answer;
    }
    if (fstat(file, &facts) == 0 && S_ISREG(facts.st_mode)) {
        ssize_t length = read(file, body, WF_PROBE_BODY_BYTES);
        answer.status = length >= 0 ? 200 : 0;
        answer.length = length > 0 ? (size_t)length : 0;
        body[answer.length] = '\0';
        answer.changed_ms = (int64_t)facts.st_mtim.tv_sec * 1000 + facts.st_mtim.tv_nsec / 1000000;
    }
    (void)close(file);
    return answer;
}
