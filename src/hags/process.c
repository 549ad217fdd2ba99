// SPDX-License-Identifier: Apache-2.0
#include "hags/process.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

// A program that stayed behind may hold the pipes open; so long after the end of the one that was
// started they are closed from here. In several steps, so that what is in the pipes is read between
// them also when the loop itself was held up.
enum { LINGER_MS = 250, LINGER_STEPS = 3, CHUNK = 16384 };

struct stream {
    uv_pipe_t pipe;
    char *text;
    size_t length;
    bool open;
};

struct wf_process {
    uv_process_t process;
    uv_timer_t timer;
    struct stream streams[2];
    uint32_t handles;  // that are not closed yet
    uint32_t lingered; // steps since it ended
    bool exited, timed_out, stopped;
    uint32_t grace_ms;
    int64_t status;
    void (*end)(void *context, const struct wf_process_result *result);
    void *context;
};

static void handle_closed(uv_handle_t *handle)
{
    struct wf_process *process = handle->data;
    if (--process->handles > 0) {
        return;
    }
    const struct wf_process_result result = {
        .timed_out = process->timed_out,
        .status = process->status,
        .output = process->streams[0].text,
        .complaint = process->streams[1].text,
    };
    if (process->end) {
        process->end(process->context, &result);
    }
    free(process->streams[0].text);
    free(process->streams[1].text);
    free(process);
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle)) {
        uv_close(handle, handle_closed);
    }
}

static void close_all(struct wf_process *process)
{
    close_handle((uv_handle_t *)&process->process);
    close_handle((uv_handle_t *)&process->timer);
    for (uint32_t i = 0; i < 2; i++) {
        close_handle((uv_handle_t *)&process->streams[i].pipe);
    }
}

static void close_if_done(struct wf_process *process)
{
    if (process->exited && !process->streams[0].open && !process->streams[1].open) {
        close_all(process);
    }
}

void wf_process_kill(struct wf_process *process)
{
    if (!process->exited) {
        // Its group: it leads one of its own.
        (void)kill(-process->process.pid, SIGKILL);
    }
}

static void time_over(uv_timer_t *timer);

void wf_process_stop(struct wf_process *process, uint32_t grace_ms)
{
    if (!process->exited && !process->stopped) {
        process->stopped = true;
        (void)kill(-process->process.pid, SIGTERM);
        uv_timer_start(&process->timer, time_over, grace_ms, 0);
    }
}

static void time_over(uv_timer_t *timer)
{
    struct wf_process *process = timer->data;
    if (process->exited) {
        if (++process->lingered == LINGER_STEPS) {
            close_all(process);
        }
        return;
    }
    if (process->stopped) {
        wf_process_kill(process);
        return;
    }
    process->timed_out = true;
    if (process->grace_ms > 0) {
        wf_process_stop(process, process->grace_ms);
    } else {
        wf_process_kill(process);
    }
}

static void exited(uv_process_t *handle, int64_t status, int signal)
{
    struct wf_process *process = handle->data;
    process->exited = true;
    process->status = signal ? -1 : status;
    uv_timer_start(&process->timer, time_over, LINGER_MS, LINGER_MS);
    close_if_done(process);
}

static void give_room(uv_handle_t *handle, size_t wished, uv_buf_t *room)
{
    static char chunk[CHUNK]; // one thread, and read at once
    (void)handle;
    (void)wished;
    *room = uv_buf_init(chunk, sizeof chunk);
}

static void have_read(uv_stream_t *pipe, ssize_t length, const uv_buf_t *room)
{
    struct wf_process *process = pipe->data;
    struct stream *stream = &process->streams[pipe == (uv_stream_t *)&process->streams[1].pipe];
    if (length < 0) {
        stream->open = false;
        uv_read_stop(pipe);
        close_if_done(process);
        return;
    }
    size_t kept = WF_PROCESS_OUTPUT_BYTES - stream->length;
    kept = (size_t)length < kept ? (size_t)length : kept;
    memcpy(stream->text + stream->length, room->base, kept);
    stream->length += kept;
}

static struct wf_process *create(uv_loop_t *loop)
{
    struct wf_process *process = calloc(1, sizeof *process);
    if (!process) {
        return NULL;
    }
    for (uint32_t i = 0; i < 2; i++) {
        // Zeroed memory that is not touched costs nothing.
        process->streams[i].text = calloc(1, WF_PROCESS_OUTPUT_BYTES + 1);
        process->streams[i].open = true;
    }
    if (!process->streams[0].text || !process->streams[1].text) {
        free(process->streams[0].text);
        free(process->streams[1].text);
        free(process);
        return NULL;
    }
    uv_timer_init(loop, &process->timer);
    uv_pipe_init(loop, &process->streams[0].pipe, 0);
    uv_pipe_init(loop, &process->streams[1].pipe, 0);
    process->timer.data = process;
    process->process.data = process;
    process->streams[0].pipe.data = process->streams[1].pipe.data = process;
    process->handles = 4;
    return process;
}

enum wf_status wf_process_start(uv_loop_t *loop, const struct wf_process_call *call,
                                struct wf_process **process_out, struct wf_error *err)
{
    struct wf_process *process = create(loop);
    if (!process) {
        return wf_fail(err, WF_NOMEM, "there is no memory to start %s", call->argv[0]);
    }
    // Flags of an enum that names each alone.
    uv_stdio_flags pipe_flags = UV_CREATE_PIPE;
    pipe_flags |= UV_WRITABLE_PIPE;
    uv_stdio_container_t streams[3] = {{.flags = UV_IGNORE}};
    for (uint32_t i = 0; i < 2; i++) {
        streams[i + 1].flags = pipe_flags;
        streams[i + 1].data.stream = (uv_stream_t *)&process->streams[i].pipe;
    }
    if (call->output > 0) {
        streams[1].flags = UV_INHERIT_FD;
        streams[1].data.fd = call->output;
        process->streams[0].open = false;
    }
    const uv_process_options_t options = {
        .file = call->argv[0],
        .args = (char **)call->argv,
        .stdio = streams,
        .stdio_count = 3,
        .exit_cb = exited,
        .flags = UV_PROCESS_DETACHED,
    };
    int failed = uv_spawn(loop, &process->process, &options);
    if (failed != 0) {
        close_all(process);
        return wf_fail(err, WF_UNFIT, "%s cannot be started: %s", call->argv[0],
                       uv_strerror(failed));
    }
    process->end = call->end;
    process->context = call->context;
    process->grace_ms = call->grace_ms;
    uv_timer_start(&process->timer, time_over, call->timeout_ms, 0);
    for (uint32_t i = call->output > 0 ? 1 : 0; i < 2; i++) {
        int refused = uv_read_start((uv_stream_t *)&process->streams[i].pipe, give_room, have_read);
        WF_ASSERT(refused == 0);
    }
    *process_out = process;
    return WF_OK;
}
