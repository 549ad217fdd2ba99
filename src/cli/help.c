// SPDX-License-Identifier: Apache-2.0
// The verbs help and version, and what help looks like.
#include <stdio.h>

#include "cli/commands.h"

void wf_help_print_all(void)
{
    printf("WhaleFlux decides where and when GPU work runs, and says why.\n\n"
           "usage: whaleflux VERB ...\n\n");
    for (uint32_t i = 0; wf_commands[i]; i++) {
        if (!wf_commands[i]->hidden) {
            printf("  %-12s %s\n", wf_commands[i]->name, wf_commands[i]->summary);
        }
    }
    printf("\n`whaleflux help VERB` tells more about one, `man whaleflux` about all.\n");
}

void wf_help_print(const struct wf_command *command)
{
    printf("usage: whaleflux %s%s%s\n\n%s\n", command->name, command->usage[0] ? " " : "",
           command->usage, command->summary);
    for (uint32_t i = 0; command->options && command->options[i].name; i++) {
        const struct wf_option *option = &command->options[i];
        char written[40];
        snprintf(written, sizeof written, "--%s%s%s", option->name, option->argument ? " " : "",
                 option->argument ? option->argument : "");
        printf("%s  %-22s %s\n", i == 0 ? "\n" : "", written, option->help);
    }
    printf("%s%s", command->more[0] ? "\n" : "", command->more);
}

static enum wf_status help(int argc, char **argv, struct wf_error *err)
{
    if (argc < 2) {
        wf_help_print_all();
        return WF_OK;
    }
    if (argc > 2) {
        return wf_fail(err, WF_INVALID, "help is about one verb, '%.60s' is one word too many",
                       argv[2]);
    }
    const struct wf_command *command = wf_command_find(argv[1], err);
    if (!command) {
        return WF_NOTFOUND;
    }
    wf_help_print(command);
    return WF_OK;
}

const struct wf_command wf_command_help = {
    .name = "help",
    .usage = "[VERB]",
    .summary = "tells what the verbs do, or more about one of them",
    .more = "",
    .run = help,
};

static enum wf_status version(int argc, char **argv, struct wf_error *err)
{
    if (argc > 1) {
        return wf_fail(err, WF_INVALID, "version takes nothing, '%.60s' is one word too many",
                       argv[1]);
    }
    printf("whaleflux %s\n", WF_VERSION);
    return WF_OK;
}

const struct wf_command wf_command_version = {
    .name = "version",
    .usage = "",
    .summary = "tells which version this is",
    .more = "",
    .run = version,
};
