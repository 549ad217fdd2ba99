// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor_slurm.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/json.h"
#include "engine/engine.h"

enum { ANSWER_BYTES_MAX = 1 << 20 };

// Runs the adapter; its answer is of malloc.
static enum wf_status ask(const char *program, const char *option, const char *value,
                          char **answer_out, struct wf_error *err)
{
    const char *const arguments[] = {program, "check", "--json", value ? option : NULL,
                                     value,   NULL};
    posix_spawn_file_actions_t files;
    int pipes[2], status = 0;
    pid_t child;
    char *answer = calloc(1, ANSWER_BYTES_MAX + 1);
    if (!answer || pipe(pipes) != 0) {
        free(answer);
        return wf_fail(err, WF_IO, "no pipe to the Slurm adapter: %s", strerror(errno));
    }
    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawn_file_actions_adddup2(&files, pipes[1], STDOUT_FILENO);
    (void)posix_spawn_file_actions_addclose(&files, pipes[0]);
    (void)posix_spawn_file_actions_addclose(&files, pipes[1]);
    int error = posix_spawn(&child, program, &files, NULL, (char *const *)arguments, environ);
    (void)posix_spawn_file_actions_destroy(&files);
    (void)close(pipes[1]);
    size_t used = 0;
    for (ssize_t length = 1; !error && length > 0 && used < ANSWER_BYTES_MAX;) {
        length = read(pipes[0], answer + used, ANSWER_BYTES_MAX - used);
        used += length > 0 ? (size_t)length : 0;
    }
    (void)close(pipes[0]);
    if (error) {
        free(answer);
        return wf_fail(err, WF_IO, "%s cannot be started: %s", program, strerror(error));
    }
    (void)waitpid(child, &status, 0);
    *answer_out = answer;
    return WF_OK;
}

static const char *text_of(const json_t *finding, const char *name)
{
    const char *text = json_string_value(json_object_get(finding, name));
    return text ? text : "";
}

// 0: a note, 1: a warning, 2: it must be changed.
static unsigned level_of(const json_t *finding)
{
    const char *level = text_of(finding, "level");
    return strcmp(level, "must") == 0 ? 2 : strcmp(level, "should") == 0;
}

static void print_text(const json_t *root, const unsigned counts[3])
{
    static const char *const marks[] = {"note ", "WARN ", "STOP "};
    const json_t *site = json_object_get(root, "site"), *finding;
    size_t index;
    if (text_of(site, "slurm")[0]) {
        printf("  ok  Slurm %s, cluster %s [slurm]\n", text_of(site, "slurm"),
               text_of(site, "cluster"));
    }
    json_array_foreach(json_object_get(root, "findings"), index, finding)
    {
        printf("%s %s [%s]\n", marks[level_of(finding)], text_of(finding, "found"),
               text_of(finding, "code"));
        printf("        -> %s: %s\n", text_of(finding, "change"), text_of(finding, "why"));
    }
    printf("\n%u notes, %u warnings, %u that stop work\n", counts[0], counts[1], counts[2]);
}

static enum wf_status tell(json_t *root, bool json, struct wf_error *err)
{
    const json_t *finding;
    unsigned counts[3] = {0};
    size_t index;
    enum wf_status status = WF_OK;
    json_array_foreach(json_object_get(root, "findings"), index, finding)
    {
        counts[level_of(finding)]++;
    }
    if (json) {
        struct wf_json whole = {0};
        wf_json_set(&whole, root, "fit", json_boolean(counts[2] == 0));
        status = wf_json_print(&whole, json_incref(root), err);
    } else {
        print_text(root, counts);
    }
    if (status == WF_OK && counts[2] > 0) {
        status = wf_fail(err, WF_UNFIT, "%u finding%s that stop%s work", counts[2],
                         counts[2] == 1 ? "" : "s", counts[2] == 1 ? "s" : "");
    }
    return status;
}

enum wf_status wf_doctor_slurm(const char *conf, const char *rest, bool json, struct wf_error *err)
{
    char program[4096];
    char *answer = NULL;
    if (!wf_slurm_find_adapter(NULL, rest != NULL, program, sizeof program)) {
        return wf_fail(err, WF_NOTFOUND,
                       "%.300s is not there: whaleflux-slurm is built where libslurm is, "
                       "whaleflux-slurm-rest everywhere",
                       program);
    }
    enum wf_status status =
        ask(program, rest ? "--rest" : "--conf", rest ? rest : conf, &answer, err);
    if (status != WF_OK) {
        return status;
    }
    json_t *root = json_loads(answer, 0, NULL);
    free(answer);
    if (!json_is_array(json_object_get(root, "findings"))) {
        json_decref(root);
        return wf_fail(err, WF_INVALID, "whaleflux-slurm did not say what it found");
    }
    status = tell(root, json, err);
    json_decref(root);
    return status;
}
