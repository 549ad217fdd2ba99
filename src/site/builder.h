// SPDX-License-Identifier: Apache-2.0
// Makes a site from what a format tells: gives out the numbers, forms pools of machines that are
// alike, and says in which line of which file something is wrong.
#pragma once

#include "base/names.h"
#include "gpu/gpu_name.h"
#include "site/price.h"
#include "site/price_market.h"
#include "site/site.h"
#include "site/source.h"

#define WF_SITE_LABEL_MARKS_MAX 16777216 // labels of all nodes, each node's counted
#define WF_SITE_NAME_BYTES_MAX 255       // of a pool, node, queue, label, group, site, region, zone

struct wf_site_pool_kind {
    uint32_t gpus, cpu_milli, memory_mib; // of each of its nodes
    bool priced;                          // the description tells its price
    bool made;                            // of machines that are alike, not told as a pool
};

// One label while its nodes are counted.
struct wf_site_label_use {
    uint64_t nodes_hash; // equal for labels of the same nodes
    uint32_t nodes, last_node;
};

struct wf_site_label_mark {
    uint32_t node, label;
};

struct wf_site_builder {
    struct wf_site *site;
    const struct wf_source *source;
    uint64_t line;    // that is being read; 0: none, and then
    const char *item; // what is being read ("item 3"), or NULL

    struct wf_gpu_name models[WF_MODELS_MAX];
    struct wf_site_pool_kind *kinds; // one for each pool
    uint64_t *node_lines;
    uint32_t pool_capacity, node_capacity;
    struct wf_names *groups, *zones, *sites, *regions, *labels;
    struct wf_site_label_use *label_uses;
    struct wf_site_label_mark *marks;
    uint32_t use_capacity, mark_count, mark_capacity;
    bool labels_must_fit; // too many are refused, not dropped
    struct wf_site_prices prices;
    struct wf_site_prices stored; // of the store of prices that the description names
    struct wf_site_market market; // that store
    const struct wf_site_market
        *given;     // the one that was given with the description; may be closed
    char note[200]; // what the line about the origin ends with
};

enum wf_status wf_site_builder_init(struct wf_site *site, const struct wf_source *source,
                                    struct wf_site_builder *builder_out,
                                    struct wf_error *err) WF_MUST_USE;
void wf_site_builder_finish(struct wf_site_builder *builder);

// Puts the file and the line or item before the printed words.
enum wf_status wf_site_fail(const struct wf_site_builder *builder, struct wf_error *err,
                            enum wf_status status, const char *format, ...) WF_PRINTF(4, 5);

// A machine as an engine lists it. Texts are borrowed for the call, NULL where nothing is told.
struct wf_site_machine {
    const char *name;
    const char *pool; // what to call machines of its kind; NULL: after its GPUs, "H100x8"
    struct wf_gpu_name gpu;
    int64_t gpus, slices;
    int64_t cpu_milli, memory_mib;
    bool rent_by_use;
    const char *site, *region, *zone, *group;
};

// Adds a node, to the pool of machines with the same GPUs and CPU at the same place and with
// memory that differs by less than 5 %, as machines of one delivery report slightly different
// sizes. Errors: WF_INVALID, WF_LIMIT, WF_NOMEM.
enum wf_status wf_site_add_machine(struct wf_site_builder *builder,
                                   const struct wf_site_machine *machine,
                                   struct wf_error *err) WF_MUST_USE;

// The parts of it, for a format that tells pools.
enum wf_status wf_site_add_model(struct wf_site_builder *builder, const struct wf_gpu_name *gpu,
                                 uint8_t *model_out, struct wf_error *err) WF_MUST_USE;
enum wf_status wf_site_add_place(struct wf_site_builder *builder, const char *site,
                                 const char *region, const char *zone, struct wf_place *place_out,
                                 struct wf_error *err) WF_MUST_USE;
enum wf_status wf_site_add_group(struct wf_site_builder *builder, const char *group,
                                 uint16_t *group_out, struct wf_error *err) WF_MUST_USE;

// Makes an own name for the pool where name is NULL. Its number is the count before.
enum wf_status wf_site_add_pool(struct wf_site_builder *builder, const char *name,
                                const struct wf_pool_spec *spec,
                                const struct wf_site_pool_kind *kind,
                                struct wf_error *err) WF_MUST_USE;
enum wf_status wf_site_add_node(struct wf_site_builder *builder, const char *name,
                                const struct wf_node_spec *spec, struct wf_error *err) WF_MUST_USE;

// Gives a label to a node, or to the one that was added last.
enum wf_status wf_site_label_node(struct wf_site_builder *builder, uint32_t node, const char *label,
                                  size_t length, struct wf_error *err) WF_MUST_USE;
enum wf_status wf_site_add_label(struct wf_site_builder *builder, const char *label, size_t length,
                                 struct wf_error *err) WF_MUST_USE;

// Refuses a name that is empty, too long or not printable. what: "the name of a pool".
enum wf_status wf_site_check_name(const struct wf_site_builder *builder, const char *what,
                                  const char *name, struct wf_error *err) WF_MUST_USE;

// Once all is added: numbers the labels, refuses what is there twice, hands the names to the site.
enum wf_status wf_site_builder_close(struct wf_site_builder *builder,
                                     struct wf_error *err) WF_MUST_USE;
enum wf_status wf_site_number_labels(struct wf_site_builder *builder,
                                     struct wf_error *err) WF_MUST_USE;

// Makes room for one more item in a list. Returns false when there is no memory.
bool wf_site_make_room(void **items, size_t item_size, uint32_t count,
                       uint32_t *capacity) WF_MUST_USE;
char *wf_site_copy(const char *text); // NULL: no memory
