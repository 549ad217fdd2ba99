// SPDX-License-Identifier: Apache-2.0
#include "daemon/saver.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct wf_saver {
    struct wf_saver_config config;
    int64_t last_ms; // when the last one was begun
    uv_poll_t poll;  // of the pipe that the copy holds until it ends
    int pipe;
    pid_t child;    // 0: none
    uint64_t lines; // of the journal that its snapshot has
    bool durable;   // and they are on the disk
    bool whole;     // the copy has written it
    bool closes;
};

enum wf_status wf_saver_open(const struct wf_saver_config *config, struct wf_saver **saver_out,
                             struct wf_error *err)
{
    struct wf_saver *saver = calloc(1, sizeof *saver);
    if (!saver) {
        return wf_fail(err, WF_NOMEM, "no memory for snapshots");
    }
    saver->config = *config;
    saver->config.lines = config->lines > 0 ? config->lines : WF_SAVER_LINES;
    saver->last_ms = config->now_ms(config->context);
    saver->pipe = -1;
    *saver_out = saver;
    return WF_OK;
}

static void complain(const struct wf_saver *saver, struct wf_error *err)
{
    (void)wf_error_prefix(err, err->status, "no snapshot of the core was made: ");
    saver->config.say(saver->config.context, err->text);
}

static void keep(struct wf_saver *saver, uint64_t lines)
{
    struct wf_error err;
    if (wf_desk_keep_snapshot(saver->config.desk, lines, &err) != WF_OK) {
        complain(saver, &err);
    }
}

static void on_closed(uv_handle_t *handle)
{
    struct wf_saver *saver = handle->data;
    close(saver->pipe);
    saver->pipe = -1;
    if (saver->closes) {
        free(saver);
    }
}

// Returns whether it ended well.
static bool end_child(struct wf_saver *saver)
{
    int status = 0;
    pid_t ended;
    do {
        ended = waitpid(saver->child, &status, 0);
    } while (ended < 0 && errno == EINTR);
    uv_close((uv_handle_t *)&saver->poll, on_closed);
    saver->child = 0;
    return ended > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void keep_when_both(struct wf_saver *saver)
{
    if (saver->whole && saver->durable) {
        saver->whole = false;
        keep(saver, saver->lines);
    }
}

// What the copy has to say is why it failed; it says nothing else before it ends.
static void on_readable(uv_poll_t *poll, int failed, int events)
{
    struct wf_saver *saver = poll->data;
    struct wf_error err = {.status = WF_IO};
    (void)failed;
    (void)events;
    ssize_t length = read(saver->pipe, err.text, sizeof err.text - 1);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    bool good = end_child(saver);
    saver->whole = good && length == 0;
    if (!good && length > 0) {
        complain(saver, &err);
    }
    keep_when_both(saver);
}

// The copy holds nothing of the daemon's but the pipe: a lock that lived on in it would keep the
// next daemon out. It dies with the daemon.
WF_NORETURN static void be_the_copy(const struct wf_desk *desk, pid_t parent, int out)
{
    struct wf_error err;
    (void)dup2(out, STDERR_FILENO);
    close_range(STDERR_FILENO + 1, ~0U, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(1);
    }
    enum wf_status status = wf_desk_save(desk, &err);
    if (status != WF_OK) {
        (void)!write(STDERR_FILENO, err.text, strlen(err.text));
    }
    _exit(status == WF_OK ? 0 : 1);
}

static void begin(struct wf_saver *saver)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        return; // later, then
    }
    pid_t parent = getpid();
    saver->child = fork();
    if (saver->child == 0) {
        be_the_copy(saver->config.desk, parent, ends[1]);
    }
    close(ends[1]);
    if (saver->child < 0 || uv_poll_init(saver->config.loop, &saver->poll, ends[0]) != 0) {
        close(ends[0]);
        if (saver->child > 0) {
            kill(saver->child, SIGKILL);
            (void)waitpid(saver->child, NULL, 0);
        }
        saver->child = 0;
        return;
    }
    saver->pipe = ends[0];
    saver->poll.data = saver;
    saver->lines = wf_desk_lines(saver->config.desk);
    saver->durable = saver->whole = false;
    (void)uv_poll_start(&saver->poll, UV_READABLE, on_readable);
}

void wf_saver_handed(struct wf_saver *saver)
{
    uint64_t unsaved = wf_desk_unsaved(saver->config.desk);
    int64_t now_ms = saver->config.now_ms(saver->config.context);
    bool late = now_ms - saver->last_ms >= WF_SAVER_MS && unsaved >= WF_SAVER_LINES_MIN;
    if (saver->pipe < 0 && (late || unsaved >= saver->config.lines)) {
        saver->last_ms = now_ms;
        begin(saver);
    }
}

void wf_saver_written(struct wf_saver *saver, bool good)
{
    if (!good) {
        // The core goes back to what it was before: what the copy has never happened.
        if (saver->child > 0) {
            kill(saver->child, SIGKILL);
        }
        saver->lines = 0;
        saver->whole = false;
        return;
    }
    saver->durable = saver->lines > 0;
    keep_when_both(saver);
}

void wf_saver_close(struct wf_saver *saver, bool clean)
{
    struct wf_error err;
    if (!saver) {
        return;
    }
    saver->closes = true;
    bool polls = saver->pipe >= 0;
    if (saver->child > 0) {
        kill(saver->child, SIGKILL);
        (void)end_child(saver);
    }
    if (clean && wf_desk_unsaved(saver->config.desk) > 0) {
        uint64_t lines = wf_desk_lines(saver->config.desk);
        if (wf_desk_save(saver->config.desk, &err) == WF_OK) {
            keep(saver, lines);
        } else {
            complain(saver, &err);
        }
    }
    if (!polls) {
        free(saver);
    }
}
