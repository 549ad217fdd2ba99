// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/post.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/assert.h"

#define REQUESTS_MAX 100000
#define UNSENT_MAX ((size_t)8 << 20)

struct wf_post {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int descriptor;
    struct wf_request *first, **last;
    uint32_t waiting;
    char *lines;
    size_t length, room, unsent;
    uint64_t connection;
    int64_t call_since;
    bool silent, stop;
    bool woken; // something beside requests has changed
};

static int64_t clock_ms(clockid_t which)
{
    struct timespec now;

    clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t wf_monotonic_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

int64_t wf_wall_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

struct wf_post *wf_post_create(void)
{
    struct wf_post *post = calloc(1, sizeof(*post));
    pthread_condattr_t monotonic;

    WF_ASSERT(post != NULL);
    post->descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (post->descriptor < 0) {
        free(post);
        return NULL;
    }
    post->last = &post->first;
    pthread_mutex_init(&post->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&post->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return post;
}

static void drop_requests(struct wf_post *post)
{
    while (post->first != NULL) {
        struct wf_request *const request = post->first;
        post->first = request->next;
        wf_request_destroy(request);
    }
    post->last = &post->first;
    post->waiting = 0;
}

void wf_post_destroy(struct wf_post *post)
{
    if (post == NULL) {
        return;
    }
    drop_requests(post);
    free(post->lines);
    close(post->descriptor);
    pthread_cond_destroy(&post->changed);
    pthread_mutex_destroy(&post->lock);
    free(post);
}

static void wake(struct wf_post *post)
{
    post->woken = true;
    pthread_cond_signal(&post->changed);
}

void wf_post_connect(struct wf_post *post)
{
    pthread_mutex_lock(&post->lock);
    drop_requests(post);
    post->length = 0;
    post->unsent = 0;
    post->connection++;
    wake(post);
    pthread_mutex_unlock(&post->lock);
}

bool wf_post_request(struct wf_post *post, struct wf_request *request)
{
    pthread_mutex_lock(&post->lock);
    const bool taken = post->waiting < REQUESTS_MAX;
    if (taken) {
        request->next = NULL;
        *post->last = request;
        post->last = &request->next;
        post->waiting++;
        pthread_cond_signal(&post->changed);
    }
    pthread_mutex_unlock(&post->lock);
    return taken;
}

int wf_post_descriptor(const struct wf_post *post)
{
    return post->descriptor;
}

char *wf_post_lines(struct wf_post *post, size_t *length_out)
{
    uint64_t count;
    char *lines = NULL;

    pthread_mutex_lock(&post->lock);
    if (read(post->descriptor, &count, sizeof(count)) < 0) {
        count = 0; // nothing was told since
    }
    *length_out = post->length;
    if (post->length > 0) {
        lines = post->lines;
        post->lines = NULL;
        post->length = 0;
        post->room = 0;
    }
    pthread_mutex_unlock(&post->lock);
    return lines;
}

void wf_post_unsent(struct wf_post *post, size_t bytes)
{
    pthread_mutex_lock(&post->lock);
    if (post->unsent > UNSENT_MAX && bytes <= UNSENT_MAX) {
        wake(post);
    }
    post->unsent = bytes;
    pthread_mutex_unlock(&post->lock);
}

void wf_post_silence(struct wf_post *post, bool silent)
{
    pthread_mutex_lock(&post->lock);
    if (post->silent != silent) {
        wake(post);
    }
    post->silent = silent;
    pthread_mutex_unlock(&post->lock);
}

void wf_post_stop(struct wf_post *post)
{
    pthread_mutex_lock(&post->lock);
    post->stop = true;
    wake(post);
    pthread_mutex_unlock(&post->lock);
}

int64_t wf_post_call_since(struct wf_post *post)
{
    pthread_mutex_lock(&post->lock);
    const int64_t since = post->call_since;
    pthread_mutex_unlock(&post->lock);
    return since;
}

void wf_post_wait(struct wf_post *post, int64_t until_ms, struct wf_turn *turn)
{
    const struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};

    pthread_mutex_lock(&post->lock);
    while (post->first == NULL && !post->woken && wf_monotonic_ms() < until_ms) {
        pthread_cond_timedwait(&post->changed, &post->lock, &until);
    }
    post->woken = false;
    *turn = (struct wf_turn){.request = post->first,
                             .connection = post->connection,
                             .silent = post->silent,
                             .stop = post->stop,
                             .full = post->unsent + post->length > UNSENT_MAX};
    if (post->first != NULL) {
        post->first = post->first->next;
        if (post->first == NULL) {
            post->last = &post->first;
        }
        post->waiting--;
        turn->request->next = NULL;
        turn->more = post->first != NULL;
    }
    pthread_mutex_unlock(&post->lock);
}

bool wf_post_drop(struct wf_post *post)
{
    pthread_mutex_lock(&post->lock);
    const bool silent = post->silent;
    if (silent) {
        drop_requests(post);
    }
    pthread_mutex_unlock(&post->lock);
    return silent;
}

// A line longer than a line may be loses what makes it long.
static char *print(json_t *line)
{
    char *text = json_dumps(line, JSON_COMPACT);

    WF_ASSERT(text != NULL);
    if (strlen(text) < WF_LINE_MAX) {
        return text;
    }
    free(text);
    json_object_del(line, "allocated");
    json_object_del(line, "required_nodes");
    json_object_set_new(line, "cut", json_true());
    text = json_dumps(line, JSON_COMPACT);
    WF_ASSERT(text != NULL);
    return text;
}

void wf_post_tell(struct wf_post *post, uint64_t connection, json_t *line)
{
    char *text = print(line);
    const size_t length = strlen(text);
    const uint64_t one = 1;

    json_decref(line);
    text[length] = '\n';
    pthread_mutex_lock(&post->lock);
    if (connection == post->connection && connection > 0) {
        if (post->room - post->length < length + 1) {
            post->room = (post->length + length + 1) * 2;
            post->lines = realloc(post->lines, post->room);
            WF_ASSERT(post->lines != NULL);
        }
        memcpy(post->lines + post->length, text, length + 1);
        // The counter is read before it could overflow.
        if (post->length == 0) {
            WF_ASSERT(write(post->descriptor, &one, sizeof(one)) == (ssize_t)sizeof(one));
        }
        post->length += length + 1;
    }
    pthread_mutex_unlock(&post->lock);
    free(text);
}

void wf_post_call(struct wf_post *post, bool begins)
{
    pthread_mutex_lock(&post->lock);
    post->call_since = begins ? wf_monotonic_ms() : 0;
    pthread_mutex_unlock(&post->lock);
}
