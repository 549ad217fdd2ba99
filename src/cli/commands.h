// SPDX-License-Identifier: Apache-2.0
// The verbs of the `whaleflux` command. A verb is one file that ends in one of these, and a line in
// commands.c; help and the checks of what is written come from the same tables.
#pragma once

#include "base/error.h"
#include "cli/options.h"

enum wf_exit {
    WF_EXIT_DONE = 0,
    WF_EXIT_FAILED = 1, // not the user's fault: no memory, a full disk, an unfit machine
    WF_EXIT_BAD_INPUT = 2,
    // Of the verbs that ask a daemon alone; the others say 2.
    WF_EXIT_NOT_FOUND = 3,
    WF_EXIT_REFUSED = 4,     // the caller may not, or the job's state forbids it
    WF_EXIT_UNREACHABLE = 5, // no daemon answers
};

// What the program exits with instead of what its status comes to; -1: nothing else, as at first.
void wf_exit_set(int status);
int wf_exit_wanted(void);

struct wf_command {
    const char *name;
    const char *usage;               // what follows the name
    const char *summary;             // one line for the list
    const struct wf_option *options; // ends with an option without a name; NULL: none
    const char *more;                // last lines of the help page, or ""
    bool hidden;                     // for the program's own use: in no list
    // Gets what follows the verb. Prints what it has to say to stdout only once nothing can go
    // wrong any more. On an error nothing is printed; the caller prints the sentence. WF_UNFIT
    // alone comes after what was printed: the answer is there, and it is a bad one.
    enum wf_status (*run)(int argc, char **argv, struct wf_error *err);
};

extern const struct wf_command *const wf_commands[]; // ends with NULL

extern const struct wf_command wf_command_offers;
extern const struct wf_command wf_command_prices;
extern const struct wf_command wf_command_replay;
extern const struct wf_command wf_command_simulate;
extern const struct wf_command wf_command_forecast;
extern const struct wf_command wf_command_explain;
extern const struct wf_command wf_command_journal;
extern const struct wf_command wf_command_doctor;
extern const struct wf_command wf_command_chaos;
extern const struct wf_command wf_command_cancel;
extern const struct wf_command wf_command_cost;
extern const struct wf_command wf_command_drain;
extern const struct wf_command wf_command_events;
extern const struct wf_command wf_command_hold;
extern const struct wf_command wf_command_logs;
extern const struct wf_command wf_command_nodes;
extern const struct wf_command wf_command_ps;
extern const struct wf_command wf_command_queues;
extern const struct wf_command wf_command_release;
extern const struct wf_command wf_command_run;
extern const struct wf_command wf_command_submit;
extern const struct wf_command wf_command_token;
extern const struct wf_command wf_command_top;
extern const struct wf_command wf_command_undrain;
extern const struct wf_command wf_command_disable_hags;
extern const struct wf_command wf_command_enable_hags;
extern const struct wf_command wf_command_hags;
extern const struct wf_command wf_command_help;
extern const struct wf_command wf_command_version;
extern const struct wf_command wf_command_serve;
extern const struct wf_command wf_command_supervise;
extern const struct wf_command wf_command_self_test;

// Returns the verb of that name, or NULL with a sentence that suggests one.
const struct wf_command *wf_command_find(const char *name, struct wf_error *err);

// Prints the list of verbs, or the page of one.
void wf_help_print_all(void);
void wf_help_print(const struct wf_command *command);
