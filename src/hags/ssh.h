// SPDX-License-Identifier: Apache-2.0
// How the system's ssh is told of machines: a configuration file in a folder that only we may read.
// Command lines then hold a name, and no user, address, key or quoting trap. Host keys are checked,
// whatever else is configured; the user's own ~/.ssh/config is heard for all that is not said here.
#pragma once

#include "hags/inventory.h"

#define WF_SSH_ARGUMENTS_MAX 16

struct wf_ssh_settings {
    uint32_t connect_timeout_s;
    bool accept_new; // keys of hosts never met are taken on; changed ones are refused all the same
};

struct wf_ssh {
    char folder[64], config[80];
    uint32_t count;
    char (*aliases)[80];
};

// Makes the folder with the configuration. hosts is borrowed for the call. The caller closes
// *ssh_out. Errors: WF_INVALID, WF_IO, WF_NOMEM.
enum wf_status wf_ssh_open(const struct wf_host *const *hosts, uint32_t count,
                           const struct wf_ssh_settings *settings, struct wf_ssh *ssh_out,
                           struct wf_error *err) WF_MUST_USE;
// Removes the folder and what is in it.
void wf_ssh_close(struct wf_ssh *ssh);

// Fills argv, which points into ssh and command: run a command there, alone or over the connection
// that is kept open; end that connection; copy a file to name in the user's home.
void wf_ssh_run(const struct wf_ssh *ssh, uint32_t host, const char *command, bool alone,
                const char *argv[WF_SSH_ARGUMENTS_MAX]);
void wf_ssh_end(const struct wf_ssh *ssh, uint32_t host, const char *argv[WF_SSH_ARGUMENTS_MAX]);
void wf_ssh_copy(const struct wf_ssh *ssh, uint32_t host, const char *from, const char *name,
                 char target[160], const char *argv[WF_SSH_ARGUMENTS_MAX]);

// Whether ssh itself failed in a way that another try may mend, from what it said; and that in a
// few words for people.
bool wf_ssh_may_mend(const char *complaint);
const char *wf_ssh_words(const char *complaint, char *words, size_t size);
