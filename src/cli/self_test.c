// SPDX-License-Identifier: Apache-2.0
// The verb that a job's command is started by: compares the GPUs that the command will see with
// those that were granted, then becomes the command. People do not use it.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "telemetry/telemetry.h"

extern char **environ; // POSIX wants it declared by who uses it

// As `env` and `timeout` have them, so that a job's own exit status can be told apart.
enum {
    EXIT_TEST_FAILED = 125,
    EXIT_NOT_EXECUTABLE = 126,
    EXIT_NO_COMMAND = 127,
};

static const struct wf_option options[] = {
    {"expect", "NAMES",
     "what was granted: names of GPUs with commas between, or none; not given: "
     "the variable WHALEFLUX_GRANT says it"},
    {"filtered", NULL, "device files of other GPUs must not open"},
    {"sysroot", "DIR", "looks at sys, proc and dev below this folder"},
    {"nvml", "FILE", "takes this file for NVIDIA's library"},
    {"timeout", "SECONDS", "how long a driver may take to answer (10)"},
    {NULL, NULL, NULL},
};

struct self_test {
    struct wf_telemetry_config config;
    const char *names;
    bool filtered;
};

static enum wf_status take(void *context, const char *name, const char *value, struct wf_error *err)
{
    struct self_test *test = context;
    if (strcmp(name, "timeout") == 0) {
        uint64_t seconds;
        enum wf_status status = wf_option_number("--timeout", value, 1, 600, &seconds, err);
        test->config.timeout_ms = status == WF_OK ? (uint32_t)seconds * 1000 : 0;
        return status;
    }
    if (strcmp(name, "expect") == 0) {
        test->names = value;
    } else if (strcmp(name, "sysroot") == 0) {
        test->config.sysroot = value;
    } else if (strcmp(name, "nvml") == 0) {
        test->config.nvml_path = value;
    } else {
        test->filtered = true;
    }
    return WF_OK;
}

static enum wf_status look(const struct self_test *test, struct wf_error *err)
{
    struct wf_telemetry *telemetry;
    enum wf_status status = wf_telemetry_open(&test->config, &telemetry, err);
    if (status == WF_OK) {
        status = wf_telemetry_self_test(wf_telemetry_machine(telemetry),
                                        (const char *const *)(uintptr_t)environ, test->names,
                                        test->filtered, err);
    }
    wf_telemetry_close(telemetry);
    return status;
}

WF_NORETURN static void become(char **command)
{
    (void)execvp(command[0], command);
    int why = errno;
    fprintf(stderr, "whaleflux: '%.100s' cannot be executed: %s\n", command[0], strerror(why));
    exit(why == ENOENT ? EXIT_NO_COMMAND : EXIT_NOT_EXECUTABLE);
}

static enum wf_status run(int argc, char **argv, struct wf_error *err)
{
    struct self_test test = {0};
    const struct wf_option_reader reader = {options, take, &test};
    int words = 0;
    enum wf_status status = wf_options_parse(&reader, argc, argv, &words, err);
    test.names = test.names ? test.names : getenv("WHALEFLUX_GRANT");
    if (status == WF_OK && !test.names) {
        status = wf_fail(err, WF_INVALID, "--expect is missing: what was granted");
    }
    if (status != WF_OK) {
        return status;
    }
    status = look(&test, err);
    if (words >= argc) {
        return status;
    }
    if (status != WF_OK) {
        fprintf(stderr, "whaleflux: %s\n", err->text);
        exit(EXIT_TEST_FAILED);
    }
    become(argv + words);
}

const struct wf_command wf_command_self_test = {
    .name = "self-test",
    .usage = "--expect NAMES [--filtered] [-- COMMAND...]",
    .summary = "compares the GPUs that a command will see with those that were granted",
    .options = options,
    .more = "Exit status 125: they are different, and COMMAND was not started; 127: there is no "
            "such COMMAND.\n"
            "Example: whaleflux self-test --expect none -- nvidia-smi -L\n",
    .hidden = true,
    .run = run,
};
