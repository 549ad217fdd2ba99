// SPDX-License-Identifier: Apache-2.0
// The `whaleflux` command: finds the verb, runs it, and turns a failure into one sentence on stderr
// and an exit status.
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

static enum wf_status run(int argc, char **argv, struct wf_error *err)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        wf_help_print_all();
        return WF_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        return wf_command_version.run(argc - 1, argv + 1, err);
    }
    if (argv[1][0] == '-') {
        return wf_fail(err, WF_INVALID, "a verb comes before the option '%.60s'", argv[1]);
    }
    const struct wf_command *command = wf_command_find(argv[1], err);
    if (!command) {
        return WF_NOTFOUND;
    }
    if (asks_for_help(argc - 1, argv + 1)) {
        wf_help_print(command);
        return WF_OK;
    }
    return command->run(argc - 1, argv + 1, err);
}

int main(int argc, char **argv)
{
    struct wf_error err = {0};
    enum wf_status status = run(argc, argv, &err);
    if (status == WF_OK && fflush(stdout) != 0) {
        status = wf_fail(&err, WF_NOMEM, "the output cannot be written");
    }
    int wanted = wf_exit_wanted();
    if (status == WF_OK) {
        return wanted >= 0 ? wanted : WF_EXIT_DONE;
    }
    fprintf(stderr, "whaleflux: %s\n", err.text);
    if (wanted >= 0) {
        return wanted;
    }
    return status == WF_NOMEM || status == WF_UNFIT ? WF_EXIT_FAILED : WF_EXIT_BAD_INPUT;
}
