// SPDX-License-Identifier: Apache-2.0
// Which machines there are and how each is reached: our own YAML, an Ansible inventory (INI or
// YAML), or what `kubectl get nodes -o json` prints. Passwords in inventories are never read.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define WF_INVENTORY_HOSTS_MAX 100000
#define WF_INVENTORY_GROUPS_MAX 20000
#define WF_INVENTORY_TEXT_BYTES_MAX 1024 // of one name, address or path

// How machines are reached; NULL or 0: not told.
struct wf_host_ways {
    const char *address, *user;
    const char *key;         // a file with a private key; not told: the agent, or ssh's own choice
    const char *jump;        // as ssh's ProxyJump takes it
    const char *known_hosts; // a file of host keys; not told: ssh's own
    const char *os;          // as the inventory tells it: never believed, only shown
    uint32_t port;
    const char *const *drain, *const *undrain; // commands, word by word; "{host}" is its name
};

struct wf_host {
    const char *name;
    struct wf_host_ways ways;
    bool kubernetes; // a node of that name
};

struct wf_inventory;

// Reads a file in whichever of the forms it is. The caller owns *inventory_out. Errors: WF_IO,
// WF_INVALID, WF_LIMIT, WF_NOMEM; sentences name the file and, where there is one, the line.
enum wf_status wf_inventory_read(const char *path, struct wf_inventory **inventory_out,
                                 struct wf_error *err) WF_MUST_USE;
void wf_inventory_destroy(struct wf_inventory *inventory);

uint32_t wf_inventory_count(const struct wf_inventory *inventory);
const struct wf_host *wf_inventory_host(const struct wf_inventory *inventory, uint32_t index);

// Something that was left out, as a sentence ("the passwords of 3 hosts were not read"), or "".
const char *wf_inventory_note(const struct wf_inventory *inventory);

// Marks the machines of a cluster or group; "all" is all of them. chosen_out has room for each.
// Errors: WF_NOTFOUND, with what might have been meant.
enum wf_status wf_inventory_choose(const struct wf_inventory *inventory, const char *group,
                                   bool *chosen_out, struct wf_error *err) WF_MUST_USE;
