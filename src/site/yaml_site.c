// SPDX-License-Identifier: Apache-2.0
// Our own description: pools, queues and prices. docs/examples/ has a small and a complete one.
#include <string.h>

#include "site/yaml_pools.h"

static const char *const root_keys[] = {"pools", "queues", "prices", "prices_from", NULL};

// Whatever begins with a key, a list or a document's mark: what is wrong with it is said by key.
static bool recognise(const struct wf_source *source)
{
    const char *at = source->text;
    uint64_t line = 0;
    size_t length;
    for (const char *start; (start = wf_source_line(&at, &length, &line));) {
        size_t blank = strspn(start, " \t");
        if (blank >= length || start[blank] == '#') {
            continue;
        }
        const char *colon = memchr(start, ':', length);
        bool key = colon && (size_t)(colon - start) == blank + strspn(start + blank,
                                                                      "abcdefghijklmnopqrstuvwxyz_-"
                                                                      "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        return key || start[blank] == '-' || start[blank] == '%';
    }
    return false;
}

static enum wf_status read_root(struct wf_yaml *yaml, struct wf_site_builder *builder,
                                struct wf_error *err)
{
    const yaml_node_t *root = wf_yaml_root(yaml);
    if (wf_yaml_get(yaml, root, "apiVersion")) {
        return wf_yaml_fail(yaml, root, err, WF_INVALID,
                            "this is a Kubernetes object in YAML; `kubectl get nodes -o json` "
                            "prints what can be read");
    }
    enum wf_status status = wf_yaml_check_map(yaml, root, "the file", root_keys, err);
    if (status != WF_OK) {
        return status;
    }
    const yaml_node_t *pools = wf_yaml_get(yaml, root, "pools");
    const yaml_node_t *queues = wf_yaml_get(yaml, root, "queues");
    const yaml_node_t *prices = wf_yaml_get(yaml, root, "prices");
    const yaml_node_t *prices_from = wf_yaml_get(yaml, root, "prices_from");
    if (!pools) {
        return wf_yaml_fail(yaml, root, err, WF_INVALID, "the file must have the key 'pools'");
    }
    builder->labels_must_fit = true;
    // First, as pools may name offers in it.
    status = prices_from ? wf_yaml_read_market(yaml, prices_from, builder, err) : WF_OK;
    status = status == WF_OK ? wf_yaml_read_pools(yaml, pools, builder, err) : status;
    if (status == WF_OK && queues) {
        status = wf_yaml_read_queues(yaml, queues, builder->site, err);
    }
    return status == WF_OK && prices ? wf_yaml_read_prices(yaml, prices, &builder->prices, err)
                                     : status;
}

static enum wf_status read_site(const struct wf_source *source, struct wf_site_builder *builder,
                                struct wf_error *err)
{
    struct wf_yaml yaml;
    enum wf_status status = wf_yaml_read(source, &yaml, err);
    if (status == WF_OK) {
        status = read_root(&yaml, builder, err);
        wf_yaml_finish(&yaml);
    }
    return status;
}

const struct wf_site_format wf_site_yaml = {
    .name = "a cluster in YAML", .recognise = recognise, .read = read_site};
