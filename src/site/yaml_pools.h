// SPDX-License-Identifier: Apache-2.0
// The parts of our own YAML description, each in a file of its own.
#pragma once

#include "site/builder.h"
#include "text/yaml_file.h"

enum wf_status wf_yaml_read_pools(struct wf_yaml *yaml, const yaml_node_t *list,
                                  struct wf_site_builder *builder,
                                  struct wf_error *err) WF_MUST_USE;

// Which store of prices holds: 'store', 'at' and 'max_age_days'.
enum wf_status wf_yaml_read_market(struct wf_yaml *yaml, const yaml_node_t *map,
                                   struct wf_site_builder *builder,
                                   struct wf_error *err) WF_MUST_USE;

// Prices a pool as the offer that it names.
enum wf_status wf_yaml_read_offer(struct wf_yaml *yaml, const yaml_node_t *map,
                                  struct wf_site_builder *builder, uint32_t pool,
                                  struct wf_error *err) WF_MUST_USE;

// Reads the price that a pool tells, if it does: usd_per_gpu_hour with price_source and price_date,
// or owned. gpus: of each of its nodes.
enum wf_status wf_yaml_read_pool_price(struct wf_yaml *yaml, const yaml_node_t *pool_map,
                                       uint32_t gpus, struct wf_site_pool *pool, bool *priced_out,
                                       struct wf_error *err) WF_MUST_USE;

// A list of prices by model, as a description or a file of prices holds it.
enum wf_status wf_yaml_read_prices(struct wf_yaml *yaml, const yaml_node_t *list,
                                   struct wf_site_prices *prices, struct wf_error *err) WF_MUST_USE;

// Fills the site's queues; its nodes are there already.
enum wf_status wf_yaml_read_queues(struct wf_yaml *yaml, const yaml_node_t *list,
                                   struct wf_site *site, struct wf_error *err) WF_MUST_USE;
