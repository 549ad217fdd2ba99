// SPDX-License-Identifier: Apache-2.0
// How readers of inventories tell what they found, each format in a file of its own.
#pragma once

#include "hags/inventory.h"
#include "text/source.h"

struct wf_inventory_place { // where a sentence stands
    const struct wf_source *source;
    uint64_t line; // 0: none
};

// Copies a text into the inventory's care; NULL without memory.
const char *wf_inventory_text(struct wf_inventory *inventory, const char *text, size_t length);
// The same of any bytes; a zero stands behind them.
void *wf_inventory_bytes(struct wf_inventory *inventory, const void *bytes, size_t length);

// Each gives the number of a machine or a group, a new one if it is not known. Names that could not
// stand in ssh's configuration are refused. Errors: WF_INVALID, WF_LIMIT, WF_NOMEM.
enum wf_status wf_inventory_add_host(struct wf_inventory *inventory, const char *name,
                                     uint32_t *host_out, struct wf_error *err) WF_MUST_USE;
enum wf_status wf_inventory_add_group(struct wf_inventory *inventory, const char *name,
                                      uint32_t *group_out, struct wf_error *err) WF_MUST_USE;

// UINT32_MAX: there is none.
uint32_t wf_inventory_find_host(const struct wf_inventory *inventory, const char *name);
uint32_t wf_inventory_find_group(const struct wf_inventory *inventory, const char *name);

// A group has machines, and other groups below it. Errors: WF_NOMEM.
enum wf_status wf_inventory_join(struct wf_inventory *inventory, uint32_t group, uint32_t host,
                                 struct wf_error *err) WF_MUST_USE;
enum wf_status wf_inventory_nest(struct wf_inventory *inventory, uint32_t group, uint32_t below,
                                 struct wf_error *err) WF_MUST_USE;

// To be filled by the reader; a machine's own go before those of its groups, and those of a group
// before those of the groups above it.
struct wf_host_ways *wf_inventory_host_ways(struct wf_inventory *inventory, uint32_t host);
struct wf_host_ways *wf_inventory_group_ways(struct wf_inventory *inventory, uint32_t group);
void wf_inventory_set_kubernetes(struct wf_inventory *inventory, uint32_t host);

// Takes one variable of Ansible's. What means nothing here is left out; passwords are counted.
// Errors: WF_INVALID, WF_NOMEM.
enum wf_status wf_inventory_ansible(struct wf_inventory *inventory, struct wf_host_ways *ways,
                                    const char *key, const char *value,
                                    struct wf_error *err) WF_MUST_USE;

// Calls visit for each name of a pattern like "ws-[01:10].example", in order; a plain name is one.
// Errors: WF_INVALID, WF_LIMIT, what visit returns.
enum wf_status wf_inventory_range(const char *pattern,
                                  enum wf_status (*visit)(void *context, const char *name,
                                                          struct wf_error *err),
                                  void *context, struct wf_error *err) WF_MUST_USE;

// The readers.
enum wf_status wf_inventory_read_json(const struct wf_source *source,
                                      struct wf_inventory *inventory,
                                      struct wf_error *err) WF_MUST_USE;
enum wf_status wf_inventory_read_ini(const struct wf_source *source, struct wf_inventory *inventory,
                                     struct wf_error *err) WF_MUST_USE;
enum wf_status wf_inventory_read_yaml(const struct wf_source *source,
                                      struct wf_inventory *inventory,
                                      struct wf_error *err) WF_MUST_USE;
