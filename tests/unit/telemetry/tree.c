// SPDX-License-Identifier: Apache-2.0
#include "tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char folder[64];
static char path[512];

static void stop(const char *what)
{
    perror(what);
    exit(99);
}

static void run(const char *program, const char *first, const char *second)
{
    pid_t child = fork();
    if (child == 0) {
        execlp(program, program, first, second, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        stop(program);
    }
}

static const char *place(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

void tree_remove(void)
{
    if (folder[0]) {
        run("rm", "-rf", folder);
        folder[0] = '\0';
    }
}

const char *tree_make(const char *kind)
{
    const char *script = getenv("WHALEFLUX_FAKE_MACHINE");
    tree_remove();
    snprintf(folder, sizeof folder, "/tmp/whaleflux-test-XXXXXX");
    if (!script || !mkdtemp(folder) || chmod(folder, 0755) != 0) {
        stop("WHALEFLUX_FAKE_MACHINE");
    }
    run(script, kind, folder);
    return folder;
}

void tree_write_bytes(const char *name, const void *bytes, unsigned long length)
{
    char above[sizeof path];
    memcpy(above, place(name), sizeof above);
    *strrchr(above, '/') = '\0';
    run("mkdir", "-p", above);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) {
        stop(path);
    }
}

void tree_write(const char *name, const char *text)
{
    tree_write_bytes(name, text, strlen(text));
}

void tree_delete(const char *name)
{
    if (access(place(name), F_OK) != 0) {
        stop(path);
    }
    run("rm", "-rf", path);
}

void tree_mode(const char *name, unsigned mode)
{
    if (chmod(place(name), mode) != 0) {
        stop(path);
    }
}

// A thread that a test left behind in the stub reads the environment, which must not change then.
static void wait_for_threads(void)
{
    const struct timespec pause = {0, 5000000};
    for (int i = 0; i < TREE_PATIENCE_MS / 5; i++) {
        struct stat status;
        // One folder in there is one link more than the two that a folder has by itself.
        if (stat("/proc/self/task", &status) == 0 && status.st_nlink <= 3) {
            return;
        }
        nanosleep(&pause, NULL);
    }
    stop("a thread stays behind");
}

void tree_release(void)
{
    tree_write("released", "");
    wait_for_threads();
    tree_delete("released");
}

struct wf_telemetry *tree_open(const char *stub, bool old, unsigned timeout_ms)
{
    struct wf_telemetry *telemetry = NULL;
    struct wf_error err = {0};
    const struct wf_telemetry_config config = {
        .sysroot = folder,
        .nvml_path = !stub ? NULL : getenv(old ? "WHALEFLUX_STUB_OLD" : "WHALEFLUX_STUB"),
        .user = "65534",
        .data_folder = "/data",
        .timeout_ms = timeout_ms,
    };
    wait_for_threads();
    setenv("WHALEFLUX_STUB_NVML", stub ? stub : "", 1);
    setenv("WHALEFLUX_STUB_RELEASE", place("released"), 1);
    if (wf_telemetry_open(&config, &telemetry, &err) != WF_OK) {
        fprintf(stderr, "%s\n", err.text);
        exit(99);
    }
    return telemetry;
}
