// SPDX-License-Identifier: Apache-2.0
// Answers that take a while, or that try things out: worked out in a copy of the daemon, since the
// loop has others to serve meanwhile, and the core may be changed there. The copy writes its answer
// into a pipe.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"
#include "daemon/api/parts.h"

enum {
    AT_ONCE_MAX = 8,
    SECONDS_MAX = 10, // of processor time
    ANSWER_BYTES_MAX = 1024 * 1024,
};

// One answer on its way.
struct wf_api_story {
    struct wf_api *api;
    struct wf_http_request *request;
    struct wf_api_story *next;
    struct wf_api_story **link;
    uv_poll_t poll;
    pid_t child;
    int pipe;
    char *text;
    size_t length, room;
};

WF_NORETURN static void be_the_copy(char *(*make)(void *context), void *context, int out)
{
    struct rlimit limit = {SECONDS_MAX, SECONDS_MAX};
    signal(SIGPIPE, SIG_DFL);
    setrlimit(RLIMIT_CPU, &limit);
    char *answer = make(context);
    for (size_t at = 0, length = answer ? strlen(answer) : 0; at < length;) {
        ssize_t written = write(out, answer + at, length - at);
        if (written <= 0) {
            break;
        }
        at += (size_t)written;
    }
    _exit(0);
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct wf_api_story *story = handle->data;
    close(story->pipe);
    free(story->text);
    free(story);
}

static void end_story(struct wf_api_story *story)
{
    int status;
    *story->link = story->next;
    if (story->next) {
        story->next->link = story->link;
    }
    story->api->story_count--;
    kill(story->child, SIGKILL);
    while (waitpid(story->child, &status, 0) < 0 && errno == EINTR) {
    }
    uv_close((uv_handle_t *)&story->poll, on_poll_closed);
}

static void on_readable(uv_poll_t *poll, int failed, int events)
{
    struct wf_api_story *story = poll->data;
    (void)failed;
    (void)events;
    if (story->length == story->room) {
        size_t room = story->room > 0 ? story->room * 2 : 4096;
        char *text = room <= ANSWER_BYTES_MAX ? realloc(story->text, room) : NULL;
        if (!text) {
            wf_http_fail(story->request, 503, NULL, "the answer is too long");
            end_story(story);
            return;
        }
        story->text = text;
        story->room = room;
    }
    ssize_t got = read(story->pipe, story->text + story->length, story->room - story->length);
    if (got > 0) {
        story->length += (size_t)got;
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        if (story->length > 0 && story->text[story->length - 1] == '}') {
            wf_http_reply(story->request, 200, "application/json", story->text, story->length,
                          NULL);
            story->text = NULL;
        } else {
            wf_http_fail(story->request, 503, NULL, "the answer could not be worked out");
        }
        end_story(story);
    }
}

void wf_api_end_stories(struct wf_api *api)
{
    while (api->stories) {
        wf_http_fail(api->stories->request, 503, NULL, "the daemon stops");
        end_story(api->stories);
    }
}

void wf_api_in_copy(struct wf_api *api, struct wf_http_request *request,
                    char *(*make)(void *context), void *context)
{
    int ends[2];
    if (api->story_count == AT_ONCE_MAX || pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        wf_http_fail(request, 503, NULL, "%d answers are being worked out; try again in a moment",
                     AT_ONCE_MAX);
        return;
    }
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        fcntl(ends[1], F_SETFL, 0);
        be_the_copy(make, context, ends[1]);
    }
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        wf_http_fail(request, 503, NULL, "there is no process to work it out: %s", strerror(errno));
        return;
    }
    struct wf_api_story *story = calloc(1, sizeof *story);
    WF_ASSERT(story);
    *story = (struct wf_api_story){.api = api,
                                   .request = request,
                                   .next = api->stories,
                                   .link = &api->stories,
                                   .child = child,
                                   .pipe = ends[0]};
    if (story->next) {
        story->next->link = &story->next;
    }
    api->stories = story;
    api->story_count++;
    WF_ASSERT(uv_poll_init(api->parts.loop, &story->poll, ends[0]) == 0);
    story->poll.data = story;
    WF_ASSERT(uv_poll_start(&story->poll, UV_READABLE, on_readable) == 0);
}
