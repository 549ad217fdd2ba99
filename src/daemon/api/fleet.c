// SPDX-License-Identifier: Apache-2.0
// Nodes and queues, as the core has them.
#include "core/schedule/schedule.h"
#include "daemon/api/outlook.h"

json_t *wf_api_sharing(const struct wf_desk_sharing *sharing)
{
    static const char *const levels[] = {[WF_DESK_SHARING_NONE] = "none",
                                         [WF_DESK_SHARING_SOFT] = "soft",
                                         [WF_DESK_SHARING_HARD] = "hard"};
    json_t *root = wf_api_object();
    wf_api_set(root, "level", wf_api_text(levels[sharing->level]));
    wf_api_set(root, "by", wf_api_text(sharing->by));
    return root;
}

static json_t *tell_node(const struct wf_api *api, uint32_t number)
{
    const struct wf_cluster *cluster = wf_core_cluster(wf_desk_core(api->desk));
    const struct wf_node *node = &cluster->nodes[number];
    const struct wf_state *state = &cluster->states[number];
    const struct wf_pool *pool = &cluster->pools[node->pool.index];
    json_t *free_gpus = wf_api_list();
    json_t *root = wf_api_object();
    for (uint32_t i = 0; i < node->spec.gpus; i++) {
        wf_api_add(free_gpus, wf_api_number(state->gpu_free_milli[i]));
    }
    wf_api_set(root, "name", wf_api_text(wf_desk_name(api->desk, WF_JOURNAL_NODE, number)));
    wf_api_set(root, "pool",
               wf_api_text(wf_desk_name(api->desk, WF_JOURNAL_POOL, node->pool.index)));
    wf_api_set(root, "state",
               wf_api_text(!node->up           ? "down"
                           : node->gone_ms > 0 ? "leaving"
                           : node->closed      ? "drained"
                                               : "up"));
    wf_api_set(root, "model",
               node->spec.gpus > 0
                   ? wf_api_text(wf_desk_name(api->desk, WF_JOURNAL_MODEL, pool->spec.model))
                   : NULL);
    wf_api_set(root, "gpus", wf_api_number(node->spec.gpus));
    wf_api_set(root, "gpus_free_milli", free_gpus);
    wf_api_set(root, "cpu_milli", wf_api_number(node->spec.cpu_milli));
    wf_api_set(root, "cpu_free_milli", wf_api_number(state->cpu_free_milli));
    wf_api_set(root, "memory_mib", wf_api_number(node->spec.memory_mib));
    wf_api_set(root, "memory_free_mib", wf_api_number(state->memory_free_mib));
    wf_api_set(root, "price_nanousd_per_gpu_hour",
               wf_api_number(pool->spec.price_nanousd_per_gpu_hour));
    wf_api_set(root, "price_source", wf_api_text(wf_desk_price_source(api->desk, node->pool)));
    struct wf_desk_sharing sharing;
    bool shared = node->spec.gpus > 0 && wf_desk_sharing(api->desk, number, &sharing);
    wf_api_set(root, "sharing", shared ? wf_api_sharing(&sharing) : NULL);
    char why[256];
    wf_desk_closed_why(api->desk, number, why, sizeof why);
    wf_api_set(root, "spot_risk",
               node->up ? wf_api_spot_risk(api, node->pool.index, WF_API_RISK_MS) : NULL);
    wf_api_set(root, "closed_why", node->closed && why[0] ? wf_api_text(why) : NULL);
    return root;
}

void wf_api_nodes_list(void *context, struct wf_http_request *request)
{
    struct wf_api *api = context;
    const struct wf_cluster *cluster = wf_core_cluster(wf_desk_core(api->desk));
    uint32_t count = wf_desk_name_count(api->desk, WF_JOURNAL_NODE);
    json_t *list = wf_api_list();
    for (uint32_t i = 0; i < count && i < cluster->nodes_end; i++) {
        if (wf_desk_name(api->desk, WF_JOURNAL_NODE, i)) {
            wf_api_add(list, tell_node(api, i));
        }
    }
    json_t *root = wf_api_object();
    wf_api_set(root, "nodes", list);
    wf_api_send(request, 200, root, NULL);
}

static int64_t nanousd(wf_int128 money)
{
    return wf_money_nanousd(money);
}

static json_t *tell_budgets(const struct wf_queue_view *view)
{
    static const char *const windows[WF_WINDOWS] = {"hour", "day", "month"};
    static const char *const actions[] = {
        [WF_BUDGET_ADMIT] = "admit", [WF_BUDGET_HOLD] = "hold", [WF_BUDGET_LOWER] = "lower"};
    json_t *list = wf_api_list();
    for (uint32_t i = 0; i < WF_WINDOWS; i++) {
        const struct wf_budget *budget = &view->spec.budgets[i];
        if (budget->limit_nanousd > 0) {
            json_t *root = wf_api_object();
            wf_api_set(root, "window", wf_api_text(windows[i]));
            wf_api_set(root, "action", wf_api_text(actions[budget->action]));
            wf_api_set(root, "limit_nanousd", wf_api_number(budget->limit_nanousd));
            wf_api_set(root, "spent_nanousd", wf_api_number(nanousd(view->spent[i])));
            wf_api_set(root, "over", json_boolean(view->over[i]));
            wf_api_add(list, root);
        }
    }
    return list;
}

static json_t *tell_queue(const struct wf_api *api, uint32_t number,
                          const struct wf_queue_view *view)
{
    json_t *root = wf_api_object();
    const char *parent = view->spec.parent.index == WF_NONE
                             ? NULL
                             : wf_desk_name(api->desk, WF_JOURNAL_QUEUE, view->spec.parent.index);
    wf_api_set(root, "name", wf_api_text(wf_desk_name(api->desk, WF_JOURNAL_QUEUE, number)));
    wf_api_set(root, "parent", wf_api_text(parent));
    wf_api_set(root, "leaf", json_boolean(view->children == 0));
    wf_api_set(root, "weight", wf_api_number(view->spec.weight > 0 ? view->spec.weight : 1));
    wf_api_set(root, "guarantee_gpu_milli", wf_api_number(view->spec.guarantee_gpu_milli));
    wf_api_set(root, "limit_gpu_milli",
               view->spec.limit_gpu_milli > 0 ? wf_api_number(view->spec.limit_gpu_milli) : NULL);
    wf_api_set(root, "jobs", wf_api_number(view->jobs));
    wf_api_set(root, "used_gpu_milli", wf_api_number(view->used_gpu_milli));
    wf_api_set(root, "cost_nanousd", wf_api_number(nanousd(view->money)));
    wf_api_set(root, "committed_nanousd", wf_api_number(nanousd(view->committed)));
    wf_api_set(root, "budgets", tell_budgets(view));
    return root;
}

void wf_api_queues_list(void *context, struct wf_http_request *request)
{
    struct wf_api *api = context;
    const struct wf_schedule *schedule = wf_core_schedule(wf_desk_core(api->desk));
    uint32_t count = wf_desk_name_count(api->desk, WF_JOURNAL_QUEUE);
    json_t *list = wf_api_list();
    for (uint32_t i = 0; i < count; i++) {
        struct wf_queue_view view;
        if (wf_desk_name(api->desk, WF_JOURNAL_QUEUE, i) &&
            wf_queues_view(schedule->queues, (wf_queue_id){i}, &view)) {
            wf_api_add(list, tell_queue(api, i, &view));
        }
    }
    json_t *root = wf_api_object();
    wf_api_set(root, "queues", list);
    wf_api_send(request, 200, root, NULL);
}
