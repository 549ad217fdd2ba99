// SPDX-License-Identifier: Apache-2.0
#include "served.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>

#include "base/hash.h"
#include "daemon/daemon.h"
#include "daemon/desk/desk.h"
#include "engine/engine.h"

enum { LINE_BYTES = 65536, PIDS_MAX = 512 };

// In the daemon: a listener, and at most one client at a time that is listened to.
struct front {
    const struct wf_daemon_parts *parts;
    struct wf_desk *desk;
    uv_pipe_t server;
    uv_pipe_t client;
    bool has_client;
    char line[LINE_BYTES];
    size_t used;
};

static struct front front;

static void send_line(const char *text)
{
    uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)text, (unsigned)strlen(text));
    if (front.has_client) {
        (void)uv_try_write((uv_stream_t *)&front.client, &buffer, 1);
    }
}

static void done(void *context, const struct wf_desk_answer *answer)
{
    char text[600];
    (void)context;
    if (answer->status == WF_OK) {
        snprintf(text, sizeof text, "%llu\n", (unsigned long long)answer->id);
    } else {
        snprintf(text, sizeof text, "failed %s\n", answer->why);
    }
    send_line(text);
}

static void take_line(const char *line)
{
    struct wf_error err = {.text = ""};
    struct wf_job_document document;
    struct wf_asker actor = {.name = "test",
                             .role = "admin",
                             .over = "socket",
                             .user = "root",
                             .uid = (uint32_t)getuid(),
                             .all = true};
    struct wf_desk_ask ask = {.actor = &actor, .done = done};
    enum wf_status status = wf_job_document_parse(line, strlen(line), &document, &err);
    status = status == WF_OK ? wf_desk_submit(front.desk, &document, &ask, &err) : status;
    wf_job_document_finish(&document);
    if (status != WF_OK) {
        char text[600];
        snprintf(text, sizeof text, "refused %s\n", err.text);
        send_line(text);
    }
}

static void give_buffer(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
    (void)handle;
    (void)size;
    *buffer = uv_buf_init(front.line + front.used, (unsigned)(LINE_BYTES - 1 - front.used));
}

static void client_gone(uv_handle_t *handle)
{
    (void)handle;
    front.has_client = false;
}

static void read_lines(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
    (void)buffer;
    if (length < 0) {
        uv_close((uv_handle_t *)stream, client_gone);
        return;
    }
    front.used += (size_t)length;
    char *at = front.line, *end;
    while ((end = memchr(at, '\n', front.used - (size_t)(at - front.line)))) {
        *end = '\0';
        take_line(at);
        at = end + 1;
    }
    front.used -= (size_t)(at - front.line);
    memmove(front.line, at, front.used);
}

static void meet(uv_stream_t *server, int error)
{
    if (error == 0 && !front.has_client) {
        assert_int_equal(uv_pipe_init(server->loop, &front.client, 0), 0);
        assert_int_equal(uv_accept(server, (uv_stream_t *)&front.client), 0);
        front.has_client = true;
        front.used = 0;
        (void)uv_read_start((uv_stream_t *)&front.client, give_buffer, read_lines);
    }
}

static enum wf_status open_front(const struct wf_daemon_parts *parts, void **front_out,
                                 struct wf_error *err)
{
    char path[128];
    snprintf(path, sizeof path, "%s/lines", parts->data);
    (void)unlink(path);
    front = (struct front){.desk = parts->desk};
    *front_out = &front;
    int error = uv_pipe_init(parts->loop, &front.server, 0);
    error = error ? error : uv_pipe_bind(&front.server, path);
    error = error ? error : uv_listen((uv_stream_t *)&front.server, 8, meet);
    return error ? wf_fail(err, WF_IO, "%s: %s", path, uv_strerror(error)) : WF_OK;
}

static void greet(void *unused, FILE *out)
{
    (void)unused;
    (void)out;
}

static void close_front(void *unused)
{
    (void)unused;
    uv_close((uv_handle_t *)&front.server, NULL);
    if (front.has_client) {
        uv_close((uv_handle_t *)&front.client, client_gone);
    }
}

static void destroy_front(void *unused)
{
    (void)unused;
}

static const struct wf_daemon_front lines_front = {open_front, greet, NULL, close_front,
                                                   destroy_front};

void served_supervise(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "supervise") == 0) {
        exit(wf_engine_supervise(argc - 2, argv + 2));
    }
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

void served_make(struct served *served)
{
    *served = (struct served){.socket = -1};
    snprintf(served->data, sizeof served->data, "/tmp/served-XXXXXX");
    assert_non_null(mkdtemp(served->data));
}

static int64_t clock_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

WF_NORETURN static void become_daemon(const struct served *served, int ready)
{
    struct wf_error err = {.text = ""};
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); // a test that fails leaves no daemon behind
    struct wf_daemon_config config = {
        .data = served->data,
        .version = "test",
        .supervisor = getenv("WHALEFLUX_SUPERVISOR"),
        .cgroup = getenv("WHALEFLUX_TEST_CGROUP"),
        .snapshot_lines = 200, // so that they are made in the midst of everything
        .front = &lines_front,
        .out = stderr,
        .ready = ready,
    };
    enum wf_status status = wf_daemon_serve(&config, &err);
    if (status != WF_OK) {
        fprintf(stderr, "daemon: %s\n", err.text);
    }
    _exit(status == WF_OK ? 0 : 1);
}

static void connect_to(struct served *served)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/lines", served->data);
    served->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(served->socket >= 0);
    assert_int_equal(connect(served->socket, (struct sockaddr *)&address, sizeof address), 0);
}

int64_t served_start(struct served *served)
{
    int ready[2];
    char byte;
    int64_t began_ms = clock_ms();
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    served->daemon = fork();
    assert_true(served->daemon >= 0);
    if (served->daemon == 0) {
        close(ready[0]);
        become_daemon(served, ready[1]);
    }
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1) {
        fail_msg("the daemon does not come up");
    }
    close(ready[0]);
    connect_to(served);
    return clock_ms() - began_ms;
}

static void part(struct served *served)
{
    if (served->socket >= 0) {
        close(served->socket);
        served->socket = -1;
    }
}

static void reap_strays(void)
{
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
}

void served_kill(struct served *served)
{
    if (served->daemon > 0) {
        (void)kill(served->daemon, SIGKILL);
        (void)waitpid(served->daemon, NULL, 0);
        served->daemon = 0;
    }
    part(served);
    reap_strays();
}

void served_terminate(struct served *served)
{
    int status = -1;
    (void)kill(served->daemon, SIGTERM);
    assert_int_equal(waitpid(served->daemon, &status, 0), served->daemon);
    served->daemon = 0;
    part(served);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

bool served_send(struct served *served, const char *json)
{
    char line[LINE_BYTES];
    int length = snprintf(line, sizeof line, "%s\n", json);
    return served->socket >= 0 &&
           send(served->socket, line, (size_t)length, MSG_NOSIGNAL) == (ssize_t)length;
}

uint64_t served_answer(struct served *served)
{
    char line[600];
    size_t used = 0;
    while (used < sizeof line - 1) {
        if (served->socket < 0 || recv(served->socket, line + used, 1, 0) != 1) {
            return 0;
        }
        if (line[used] == '\n') {
            break;
        }
        used++;
    }
    line[used] = '\0';
    if (!isdigit((unsigned char)line[0])) {
        fail_msg("%s", line);
    }
    return strtoull(line, NULL, 10);
}

uint64_t served_submit(struct served *served, const char *json)
{
    return served_send(served, json) ? served_answer(served) : 0;
}

// Whether the file of a process holds the text; its zeros do not end it.
static bool holds(long pid, const char *name, const char *text)
{
    char path[64], content[LINE_BYTES];
    snprintf(path, sizeof path, "/proc/%ld/%s", pid, name);
    FILE *file = fopen(path, "re");
    size_t length = file ? fread(content, 1, sizeof content, file) : 0;
    if (file) {
        fclose(file);
    }
    return memmem(content, length, text, strlen(text)) != NULL;
}

static bool is_zombie(long pid)
{
    return holds(pid, "stat", ") Z ");
}

// Until a job's process has called exec, it looks like the supervisor that it came from.
static bool comes_of_supervisor(long pid)
{
    char path[64];
    long parent = 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "re");
    bool known = file && fscanf(file, "%*d %*s %*c %ld", &parent) == 1;
    if (file) {
        fclose(file);
    }
    return known && holds(parent, "cmdline", "supervise");
}

static uint32_t list_processes(const struct served *served, bool supervisors, long *pids)
{
    DIR *listing = opendir("/proc");
    uint32_t count = 0;
    assert_non_null(listing);
    for (struct dirent *entry; (entry = readdir(listing));) {
        long pid = strtol(entry->d_name, NULL, 10);
        bool ours = pid > 0 && pid != getpid() && pid != served->daemon &&
                    (holds(pid, "cmdline", served->data) ||
                     (!supervisors && holds(pid, "environ", served->data)));
        bool counts =
            !supervisors || (holds(pid, "cmdline", "supervise") && !comes_of_supervisor(pid));
        if (ours && counts && !is_zombie(pid) && count < PIDS_MAX) {
            pids[count++] = pid;
        }
    }
    closedir(listing);
    return count;
}

bool served_kill_supervisor(const struct served *served, uint64_t chance)
{
    long pids[PIDS_MAX];
    uint32_t count = list_processes(served, true, pids);
    return count > 0 && kill((pid_t)pids[chance % count], SIGKILL) == 0;
}

uint32_t served_processes(const struct served *served)
{
    long pids[PIDS_MAX];
    return list_processes(served, false, pids);
}

void served_kill_work(const struct served *served)
{
    long pids[PIDS_MAX];
    uint32_t count = list_processes(served, false, pids);
    for (uint32_t i = 0; i < count; i++) {
        if (!holds(pids[i], "cmdline", "supervise")) {
            (void)kill((pid_t)pids[i], SIGKILL);
        }
    }
    for (uint32_t i = 0; served_processes(served) > 0 && i < 100; i++) {
        (void)usleep(50000);
        reap_strays();
    }
    assert_int_equal(served_processes(served), 0);
}

long served_memory_kib(const struct served *served)
{
    char path[64], line[256];
    long kib = -1;
    snprintf(path, sizeof path, "/proc/%ld/status", (long)served->daemon);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        (void)sscanf(line, "VmRSS: %ld", &kib);
    }
    if (file) {
        fclose(file);
    }
    return kib;
}

// The engine's cgroup is named after its folder.
static void check_cgroups(const struct served *served)
{
    char command[128], path[128], line[256];
    uint64_t hash = 0;
    snprintf(path, sizeof path, "%s/jobs", served->data);
    for (const char *at = path; *at; at++) {
        hash = wf_hash_add(hash, (unsigned char)*at);
    }
    snprintf(command, sizeof command, "find /sys/fs/cgroup -name 'whaleflux-%016llx' 2>/dev/null",
             (unsigned long long)hash);
    FILE *found = popen(command, "re"); // NOLINT(cert-env33-c): a name of our own
    assert_non_null(found);
    if (fgets(line, sizeof line, found)) {
        line[strcspn(line, "\n")] = '\0';
        if (rmdir(line) != 0) { // empty it may be there, where a run ended after its daemon
            fail_msg("a cgroup is left in %s: %s", line, strerror(errno));
        }
    }
    (void)pclose(found);
}

void served_clear(struct served *served)
{
    char command[128];
    served_kill(served);
    check_cgroups(served);
    snprintf(command, sizeof command, "rm -rf '%s'", served->data);
    (void)!system(command); // NOLINT(bugprone-command-processor): a folder of our own
}
