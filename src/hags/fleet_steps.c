// SPDX-License-Identifier: Apache-2.0
// What each step says to a machine. Commands hold no path with blanks and no quotes but the outer
// pair, so that cmd.exe, PowerShell and a Unix shell all hand them on as they are; files lie in the
// user's home, where ssh begins, so that no name of a user is in them.
#include <string.h>

#include "hags/fleet_parts.h"

enum { CLOSE_MS = 5000, DRAIN_SLACK_MS = 30000 };

static const char *helper_name(const struct wf_fleet_place *place)
{
    return place->row.entry->helper[0] ? place->row.entry->helper : place->fleet->helper_name;
}

// Whether nothing is to be done to the machine after a look.
static bool only_looks(const struct wf_fleet *fleet)
{
    return fleet->config.goal == WF_HAGS_LOOK || fleet->config.dry_run;
}

static void put_removal(const struct wf_fleet_place *place, char *text, size_t size)
{
    const char *name = helper_name(place);
    snprintf(text, size, " & del /q .\\%s & if exist .\\%s echo whaleflux-left", name, name);
}

static void put_look(struct wf_fleet_place *place)
{
    char get[80];
    char removal[160] = "";
    snprintf(get, sizeof get, ".\\%s get", helper_name(place));
    if (only_looks(place->fleet) && place->row.step == WF_FLEET_LOOK) {
        put_removal(place, removal, sizeof removal);
    }
    snprintf(place->command, sizeof place->command, "cmd.exe /d /s /c \"%s%s\"", get, removal);
}

// Sets, then looks once more with a program of its own: what was said to be done is not believed.
static void put_write(struct wf_fleet_place *place)
{
    const char *name = helper_name(place);
    snprintf(place->command, sizeof place->command,
             "cmd.exe /d /s /c \".\\%s set %s %s & .\\%s get\"", name,
             wf_hags_value_name(place->row.entry->past.wish),
             wf_hags_value_name(place->row.report->configured), name);
}

// The inventory's command, or whaleflux itself, whose daemon may know the machine.
static const char *const *drain_words(struct wf_fleet_place *place, bool drain)
{
    const struct wf_host *host = place->row.host;
    const char *const *told = drain ? host->ways.drain : host->ways.undrain;
    const char *const own_drain[] = {place->fleet->config.self, "drain",  "--wait",
                                     place->drain_limit,        "{host}", NULL};
    const char *const own_undrain[] = {place->fleet->config.self, "undrain", "{host}", NULL};
    const char *const *own = drain ? own_drain : own_undrain;
    uint32_t count = 0;
    snprintf(place->drain_limit, sizeof place->drain_limit, "%u",
             place->fleet->config.drain_timeout_s);
    for (const char *const *word = told ? told : own; *word; word++) {
        place->drain[count++] = strcmp(*word, "{host}") == 0 ? host->name : *word;
    }
    place->drain[count] = NULL;
    return place->drain;
}

static const char *command_of(struct wf_fleet_place *place)
{
    char removal[160];
    switch (place->row.step) {
    case WF_FLEET_ASK_OS:
        return "cmd.exe /d /c ver";
    case WF_FLEET_ASK_UNIX:
        return "uname -s";
    case WF_FLEET_CHECK:
        // The machine reckons the checksum of what lies there. It is compared here: findstr's exit
        // status would be the only word of a comparison there.
        snprintf(place->command, sizeof place->command,
                 "cmd.exe /d /c certutil -hashfile .\\%s SHA256", helper_name(place));
        return place->command;
    case WF_FLEET_RESTART:
        return "cmd.exe /d /c shutdown /r /t 5 /d p:4:2";
    case WF_FLEET_WRITE:
        put_write(place);
        return place->command;
    case WF_FLEET_REMOVE:
        put_removal(place, removal, sizeof removal);
        snprintf(place->command, sizeof place->command, "cmd.exe /d /s /c \"%s\"",
                 removal + strlen(" & "));
        return place->command;
    case WF_FLEET_LOOK:
    case WF_FLEET_AWAIT:
    case WF_FLEET_COPY:
    case WF_FLEET_DRAIN:
    case WF_FLEET_UNDRAIN:
    case WF_FLEET_CLOSE:
    case WF_FLEET_DONE:
        break;
    }
    put_look(place);
    return place->command;
}

const char *const *wf_fleet_step_words(struct wf_fleet_place *place,
                                       const char *argv[WF_SSH_ARGUMENTS_MAX],
                                       uint32_t *timeout_ms_out)
{
    struct wf_fleet *fleet = place->fleet;
    enum wf_fleet_step step = place->row.step;
    *timeout_ms_out = fleet->config.step_timeout_s * 1000;
    if (step == WF_FLEET_DRAIN || step == WF_FLEET_UNDRAIN) {
        // Ours says by itself that the time is over.
        *timeout_ms_out = fleet->config.drain_timeout_s * 1000 +
                          (place->row.host->ways.drain ? 0 : DRAIN_SLACK_MS);
        return drain_words(place, step == WF_FLEET_DRAIN);
    }
    if (step == WF_FLEET_CLOSE) {
        *timeout_ms_out = CLOSE_MS;
        wf_ssh_end(&fleet->ssh, place->index, argv);
    } else if (step == WF_FLEET_COPY) {
        wf_ssh_copy(&fleet->ssh, place->index, fleet->helper_path, helper_name(place),
                    place->target, argv);
    } else {
        // The old connection of a machine that restarts is dead, or soon will be.
        bool alone = step == WF_FLEET_AWAIT || place->wait_until_ms > 0;
        wf_ssh_run(&fleet->ssh, place->index, command_of(place), alone, argv);
    }
    return argv;
}

enum wf_status wf_fleet_step_record(struct wf_fleet_place *place, struct wf_error *err)
{
    struct wf_fleet *fleet = place->fleet;
    struct wf_hags_entry *entry = place->row.entry;
    enum wf_fleet_step step = place->row.step;
    if (step == WF_FLEET_COPY) {
        place->copied = true;
        if (entry->helper[0]) {
            return WF_OK; // an earlier run's, whose name is used again
        }
        memcpy(entry->helper, fleet->helper_name, sizeof entry->helper);
    } else if (step == WF_FLEET_RESTART) {
        entry->reboot_boot_ms = place->row.report->boot_ms;
    } else if (step == WF_FLEET_DRAIN) {
        entry->drained = true;
    } else if (step != WF_FLEET_WRITE) {
        return WF_OK;
    }
    // Where a helper lies may be forgotten when the machine here dies; what a host was set from
    // never.
    return wf_hags_record_keep(fleet->config.record, entry, step != WF_FLEET_COPY, err);
}
