// SPDX-License-Identifier: Apache-2.0
// A YAML document as a tree of maps, lists and texts, read with libyaml. Every sentence about what
// is wrong names the file and the line.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <yaml.h>

#include "text/source.h"

struct wf_yaml {
    yaml_document_t document;
    const struct wf_source *source;
};

// The caller finishes *yaml_out. The file must hold one document, and that be a map. Errors:
// WF_INVALID, WF_NOMEM.
enum wf_status wf_yaml_read(const struct wf_source *source, struct wf_yaml *yaml_out,
                            struct wf_error *err) WF_MUST_USE;
void wf_yaml_finish(struct wf_yaml *yaml);

yaml_node_t *wf_yaml_root(struct wf_yaml *yaml);
uint64_t wf_yaml_line(const yaml_node_t *node);

// Puts the file and the line of the node before the printed words.
enum wf_status wf_yaml_fail(const struct wf_yaml *yaml, const yaml_node_t *node,
                            struct wf_error *err, enum wf_status status, const char *format, ...)
    WF_PRINTF(5, 6);

// Refuses what is no map, a key that is not in the list of keys, which ends with NULL, and a key
// that is there twice. what: "a pool".
enum wf_status wf_yaml_check_map(struct wf_yaml *yaml, const yaml_node_t *node, const char *what,
                                 const char *const *keys, struct wf_error *err) WF_MUST_USE;

// The value of a key of a checked map, or NULL.
yaml_node_t *wf_yaml_get(struct wf_yaml *yaml, const yaml_node_t *map, const char *key);

// A value that is a list, as its items: *at runs from 0. Returns NULL at the end.
enum wf_status wf_yaml_check_list(const struct wf_yaml *yaml, const yaml_node_t *node,
                                  const char *key, struct wf_error *err) WF_MUST_USE;
yaml_node_t *wf_yaml_item(struct wf_yaml *yaml, const yaml_node_t *list, uint32_t *at);

// A pair of a map: the key's text, NULL at the end, and its value.
const char *wf_yaml_pair(struct wf_yaml *yaml, const yaml_node_t *map, uint32_t *at,
                         yaml_node_t **value_out);

// The text of a node; NULL where it is a list or a map.
const char *wf_yaml_scalar(const yaml_node_t *node);

// The values of keys. What is not there leaves *out as it was. Texts are borrowed while the
// document lives; an empty one is refused.
enum wf_status wf_yaml_text(struct wf_yaml *yaml, const yaml_node_t *map, const char *key,
                            const char **out, struct wf_error *err) WF_MUST_USE;
enum wf_status wf_yaml_bool(struct wf_yaml *yaml, const yaml_node_t *map, const char *key,
                            bool *out, struct wf_error *err) WF_MUST_USE;

// What a number may be, in units of a tenth to the power of places.
struct wf_yaml_range {
    unsigned places;
    int64_t min, max;
    const char *limit; // the rule that sets max, or NULL
};

enum wf_status wf_yaml_number(struct wf_yaml *yaml, const yaml_node_t *map, const char *key,
                              struct wf_yaml_range range, int64_t *out,
                              struct wf_error *err) WF_MUST_USE;
