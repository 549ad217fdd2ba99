// SPDX-License-Identifier: Apache-2.0
#include "bed.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "engine/local/cgroup.h"
#include "engine/local/process.h"
#include "engine/local/state.h"

#define WAIT_MS 20000

static const char *program;

static void skip_all(const char *why)
{
    printf("1..0 # SKIP %s\n", why);
    exit(0);
}

void bed_require(void)
{
    program = getenv("WHALEFLUX_PROGRAM");
    if (!program) {
        skip_all("WHALEFLUX_PROGRAM names no program");
    }
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    const char *wish = getenv("WHALEFLUX_TEST_CGROUP");
    if (wish && strcmp(wish, "none") == 0) {
        return;
    }
    char path[WF_CGROUP_BYTES];
    char reason[256];
    if (!wf_cgroup_find_parent(wish, "whaleflux-probe", path, reason)) {
        skip_all(reason);
    }
    (void)rmdir(path);
}

void bed_sleep_ms(int64_t ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    (void)nanosleep(&time, NULL);
}

int64_t bed_clock_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void bed_make(struct bed *bed)
{
    *bed = (struct bed){.cgroup = getenv("WHALEFLUX_TEST_CGROUP")};
    snprintf(bed->data, sizeof bed->data, "/tmp/whaleflux-bed-XXXXXX");
    assert_non_null(mkdtemp(bed->data));
    bed_open(bed);
}

void bed_open(struct bed *bed)
{
    struct wf_error err = {0};
    struct wf_engine_config config = {.data = bed->data, .program = program, .cgroup = bed->cgroup};
    bed->count = 0;
    if (wf_engine_local.open(&config, &bed->engine, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
}

void bed_close(struct bed *bed)
{
    wf_engine_local.close(bed->engine);
    bed->engine = NULL;
}

static void note(struct bed *bed, const struct wf_run *run)
{
    uint32_t i = 0;
    while (i < bed->count && strcmp(bed->seen[i].id, run->id) != 0) {
        i++;
    }
    assert_true(i < BED_RUNS_MAX);
    if (i == bed->count) {
        bed->count++;
        bed->ends[i] = 0;
    }
    bed->seen[i] = *run;
    bed->ends[i] += run->phase == WF_RUN_ENDED;
    assert_true(bed->ends[i] <= 1);
}

static const struct wf_run *find(const struct bed *bed, const char *id)
{
    for (uint32_t i = 0; i < bed->count; i++) {
        if (strcmp(bed->seen[i].id, id) == 0) {
            return &bed->seen[i];
        }
    }
    return NULL;
}

void bed_listen(struct bed *bed)
{
    struct wf_run run;
    while (wf_engine_local.next(bed->engine, &run)) {
        note(bed, &run);
    }
}

const struct wf_run *bed_await(struct bed *bed, const char *id, enum wf_run_phase phase)
{
    int64_t until = bed_clock_us() + (int64_t)WAIT_MS * 1000;
    while (bed_clock_us() < until) {
        bed_listen(bed);
        const struct wf_run *seen = find(bed, id);
        if (seen && seen->phase >= phase) {
            return seen;
        }
        struct pollfd polled = {.fd = wf_engine_local.descriptor(bed->engine), .events = POLLIN};
        (void)poll(&polled, 1, 1000);
    }
    fail_msg("run %s was not %s in time", id, wf_run_phase_text(phase));
    return NULL;
}

struct wf_run_spec *bed_script(const char *id, const char *script)
{
    static const char *arguments[4] = {"sh", "-c"};
    static const char *const environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin", NULL};
    static struct wf_run_spec spec;
    arguments[2] = script;
    spec = (struct wf_run_spec){.id = id,
                                .tasks = 1,
                                .arguments = arguments,
                                .environment = environment,
                                .folder = "/",
                                .file_mask = 022,
                                .log_bytes = 1 << 20,
                                .log_files = 2,
                                .stop_ms = 300};
    return &spec;
}

void bed_start(struct bed *bed, const struct wf_run_spec *spec)
{
    struct wf_error err = {0};
    if (wf_engine_local.start(bed->engine, spec, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
}

const struct wf_run *bed_run(struct bed *bed, const struct wf_run_spec *spec)
{
    bed_start(bed, spec);
    return bed_await(bed, spec->id, WF_RUN_ENDED);
}

const char *bed_log(struct bed *bed, const char *id, uint32_t task, size_t *length_out)
{
    static char text[1 << 21];
    size_t length = 0;
    struct wf_log_piece piece = {.task = task};
    do {
        struct wf_error err = {0};
        piece.offset += piece.length;
        piece.bytes = text + length;
        piece.bytes_max = (uint32_t)(sizeof text - 1 - length);
        if (wf_engine_local.log_read(bed->engine, id, &piece, &err) != WF_OK) {
            fail_msg("%s", err.text);
        }
        length += piece.length;
    } while (piece.length > 0 && length < sizeof text - 1);
    text[length] = '\0';
    if (length_out) {
        *length_out = length;
    }
    return text;
}

long bed_number(const char *path)
{
    for (int waited = 0; waited < WAIT_MS; waited += 5) {
        FILE *file = fopen(path, "r");
        long number = 0;
        char end = 0;
        bool found = file && fscanf(file, "%ld%c", &number, &end) == 2;
        if (file) {
            fclose(file);
        }
        if (found) {
            return number;
        }
        bed_sleep_ms(5);
    }
    fail_msg("no number in %s", path);
    return 0;
}

static int open_run(const struct bed *bed, const char *id)
{
    char path[128];
    snprintf(path, sizeof path, "%s/jobs/%s", bed->data, id);
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

long bed_supervisor(const struct bed *bed, const char *id)
{
    struct wf_run_state state = {0};
    int folder = open_run(bed, id);
    enum wf_status status = wf_state_read(folder, &state, NULL);
    close(folder);
    return status == WF_OK ? (long)state.supervisor.pid : 0;
}

bool bed_kill_supervisor(const struct bed *bed, const char *id)
{
    struct wf_run_state state = {0};
    int folder = open_run(bed, id);
    bool known = folder >= 0 && wf_state_read(folder, &state, NULL) == WF_OK;
    if (folder >= 0) {
        close(folder);
    }
    int descriptor = known ? wf_process_open(&state.supervisor) : -1;
    bool killed = descriptor >= 0 && pidfd_send_signal(descriptor, SIGKILL, NULL, 0) == 0;
    if (descriptor >= 0) {
        close(descriptor);
    }
    return killed;
}

void bed_pretend_other_boot(const struct bed *bed, const char *id)
{
    struct wf_run_state state = {0};
    struct wf_error err = {0};
    int folder = open_run(bed, id);
    assert_int_equal(wf_state_read(folder, &state, &err), WF_OK);
    state.boot[0] = state.boot[0] == 'a' ? 'b' : 'a';
    assert_int_equal(wf_state_write(folder, &state, WF_KEEP_LATER, &err), WF_OK);
    close(folder);
}

bool bed_is_alive(long pid)
{
    struct wf_process process;
    if (!wf_process_find((pid_t)pid, &process)) {
        return false;
    }
    int descriptor = wf_process_open(&process);
    if (descriptor >= 0) {
        close(descriptor);
    }
    return descriptor >= 0;
}

static void check_processes(void)
{
    // Orphans came to us, as to process 1; zombies among them were other people's to wait for.
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

void bed_clear(struct bed *bed)
{
    struct wf_error err = {0};
    if (!bed->engine) {
        bed_open(bed);
    }
    bed_listen(bed);
    for (uint32_t i = 0; i < bed->count; i++) {
        if (wf_engine_local.forget(bed->engine, bed->seen[i].id, &err) != WF_OK) {
            fail_msg("%s", err.text);
        }
    }
    bed_close(bed);
    check_processes();
    char command[256];
    snprintf(command, sizeof command, "%s/jobs/.lock", bed->data);
    (void)unlink(command);
    snprintf(command, sizeof command, "%s/jobs", bed->data);
    assert_int_equal(rmdir(command), 0);
    snprintf(command, sizeof command, "rm -rf '%s'", bed->data);
    (void)!system(command); // NOLINT(bugprone-command-processor): a folder of our own
}
