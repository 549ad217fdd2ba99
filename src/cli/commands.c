// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"

#include <string.h>

#include "base/nearest.h"

const struct wf_command *const wf_commands[] = {
    &wf_command_serve,        &wf_command_run,         &wf_command_submit,
    &wf_command_ps,           &wf_command_logs,        &wf_command_cancel,
    &wf_command_hold,         &wf_command_release,     &wf_command_explain,
    &wf_command_offers,       &wf_command_prices,      &wf_command_top,
    &wf_command_nodes,        &wf_command_drain,       &wf_command_undrain,
    &wf_command_queues,       &wf_command_cost,        &wf_command_events,
    &wf_command_token,        &wf_command_replay,      &wf_command_simulate,
    &wf_command_journal,      &wf_command_forecast,    &wf_command_doctor,
    &wf_command_disable_hags, &wf_command_enable_hags, &wf_command_hags,
    &wf_command_chaos,        &wf_command_help,        &wf_command_version,
    &wf_command_supervise,    &wf_command_self_test,   NULL,
};

// A verb of two words may be written with either line: disable_hags, disable-hags.
static bool is_called(const struct wf_command *command, const char *name)
{
    const char *own = command->name;
    while (*own && (*own == *name || (strchr("-_", *own) && (*name == '-' || *name == '_')))) {
        own++;
        name++;
    }
    return *own == *name;
}

const struct wf_command *wf_command_find(const char *name, struct wf_error *err)
{
    const char *names[WF_COUNT_OF(wf_commands)];
    uint32_t count = 0;
    for (uint32_t i = 0; wf_commands[i]; i++) {
        if (is_called(wf_commands[i], name)) {
            return wf_commands[i];
        }
        if (!wf_commands[i]->hidden) {
            names[count++] = wf_commands[i]->name;
        }
    }
    uint32_t near = wf_nearest_name(name, names, count);
    char meant[64] = "`whaleflux help` lists the verbs";
    if (near != UINT32_MAX) {
        snprintf(meant, sizeof meant, "did you mean '%s'?", names[near]);
    }
    (void)!wf_fail(err, WF_NOTFOUND, "there is no verb '%.60s' (%s)", name, meant);
    return NULL;
}

static int wanted = -1;

void wf_exit_set(int status)
{
    wanted = status;
}

int wf_exit_wanted(void)
{
    return wanted;
}
