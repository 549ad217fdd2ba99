// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/local/launch.h"

// What chooses GPUs, or renumbers them. A value that the submitter's shell had would cut or double
// what was granted: indices of one list applied to another.
static const char *const choosers[] = {
    "CUDA_VISIBLE_DEVICES",
    "CUDA_DEVICE_ORDER",
    "NVIDIA_VISIBLE_DEVICES",
    "NVIDIA_DRIVER_CAPABILITIES",
    "ROCR_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES",
    "GPU_DEVICE_ORDINAL",
    "CUDA_MPS_PIPE_DIRECTORY",
    "CUDA_MPS_LOG_DIRECTORY",
    "CUDA_MPS_PINNED_DEVICE_MEM_LIMIT",
    "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE",
};

static size_t name_length(const char *variable)
{
    return strcspn(variable, "=");
}

static bool same_name(const char *a, const char *b)
{
    size_t length = name_length(a);
    return length == name_length(b) && strncmp(a, b, length) == 0;
}

static bool chooses_gpus(const char *variable)
{
    for (size_t i = 0; i < WF_COUNT_OF(choosers); i++) {
        if (same_name(variable, choosers[i])) {
            return true;
        }
    }
    return false;
}

// Where there is one of that name it is replaced. Takes text over, which may be NULL: no memory.
static bool put(char **environment, size_t *count, char *text)
{
    if (!text) {
        return false;
    }
    for (size_t i = 0; i < *count; i++) {
        if (same_name(environment[i], text)) {
            free(environment[i]);
            environment[i] = text;
            return true;
        }
    }
    environment[(*count)++] = text;
    return true;
}

WF_PRINTF(1, 2) static char *print(const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return strdup(text);
}

char **wf_environment_make(const struct wf_launch *launch, uint32_t task)
{
    const struct wf_run_spec *spec = launch->spec;
    size_t most = 5 + spec->variable_count;
    for (const char *const *at = spec->environment; *at; at++) {
        most++;
    }
    char **environment = calloc(most + 1, sizeof *environment);
    size_t count = 0;
    bool good = environment != NULL;
    good = good && put(environment, &count, print("WHALEFLUX_RUN_TOKEN=%s", launch->token));
    for (const char *const *at = spec->environment; good && *at; at++) {
        if (!chooses_gpus(*at)) {
            good = put(environment, &count, strdup(*at));
        }
    }
    // Ours come after the submitter's: nobody hides under another token.
    good = good && put(environment, &count, print("WHALEFLUX_RUN_TOKEN=%s", launch->token)) &&
           put(environment, &count, print("WHALEFLUX_RUN=%s", spec->id)) &&
           put(environment, &count, print("WHALEFLUX_TASK=%u", task)) &&
           put(environment, &count, print("WHALEFLUX_TASKS=%u", spec->tasks));
    for (uint32_t i = 0; good && i < spec->variable_count; i++) {
        if (spec->variables[i].task == WF_EVERY_TASK || spec->variables[i].task == task) {
            good = put(environment, &count, strdup(spec->variables[i].text));
        }
    }
    if (!good) {
        wf_environment_free(environment);
        return NULL;
    }
    return environment;
}

void wf_environment_free(char **environment)
{
    for (char **at = environment; at && *at; at++) {
        free(*at);
    }
    free((void *)environment);
}
