// SPDX-License-Identifier: Apache-2.0
// Windows hosts that are watched: what each is, and what came of its driver time-outs.
#include "daemon/api/parts.h"
#include "daemon/hags/watch.h"

struct sums {
    uint32_t of[WF_HAGS_STATE_COUNT];
    int64_t hosts, before, after; // of those whose time-outs can be compared
};

static struct sums sum_up(const struct wf_hags_hosts *hosts)
{
    struct sums sums = {.hosts = 0};
    for (uint32_t i = 0; i < hosts->count; i++) {
        const struct wf_hags_host *host = &hosts->hosts[i];
        sums.of[host->state]++;
        if (wf_hags_host_is_comparable(host)) {
            sums.hosts++;
            sums.before += wf_hags_host_timeouts_before(host);
            sums.after += host->timeouts_in_30_days;
        }
    }
    return sums;
}

static json_t *tell_states(const struct sums *sums)
{
    json_t *list = wf_api_list();
    for (uint32_t i = 0; i < WF_HAGS_STATE_COUNT; i++) {
        if (sums->of[i] > 0) {
            json_t *root = wf_api_object();
            wf_api_set(root, "state", wf_api_text(wf_hags_state_name((enum wf_hags_state)i)));
            wf_api_set(root, "hosts", wf_api_number(sums->of[i]));
            wf_api_add(list, root);
        }
    }
    return list;
}

static json_t *tell_watch(const struct wf_hags_view *view)
{
    const struct wf_hags_order *order = view->order;
    struct sums sums = sum_up(view->hosts);
    json_t *timeouts = wf_api_object();
    json_t *root = wf_api_object();
    wf_api_set(timeouts, "hosts", wf_api_number(sums.hosts));
    wf_api_set(timeouts, "before", wf_api_number(sums.before));
    wf_api_set(timeouts, "after", wf_api_number(sums.after));
    wf_api_set(root, "name", wf_api_text(order->name));
    wf_api_set(root, "inventory", wf_api_text(order->inventory));
    wf_api_set(root, "cluster", wf_api_text(order->cluster));
    wf_api_set(root, "os", wf_api_text(order->os));
    wf_api_set(root, "every_ms", wf_api_number(order->every_ms));
    wf_api_set(root, "looked_ms", wf_api_time(view->hosts->looked_ms));
    wf_api_set(root, "started_ms", wf_api_time(view->started_ms));
    wf_api_set(root, "next_ms", view->started_ms > 0 ? NULL : wf_api_time(view->next_ms));
    wf_api_set(root, "message", view->trouble[0] ? wf_api_text(view->trouble) : NULL);
    wf_api_set(root, "hosts", wf_api_number(view->hosts->count));
    wf_api_set(root, "drifted", wf_api_number(sums.of[WF_HAGS_DRIFTED]));
    wf_api_set(root, "states", tell_states(&sums));
    wf_api_set(root, "driver_timeouts", timeouts);
    return root;
}

void wf_api_hags_list(void *context, struct wf_http_request *request)
{
    const struct wf_api *api = context;
    const char *trouble = wf_hags_watch_trouble(api->parts.hags);
    uint32_t count = wf_hags_watch_count(api->parts.hags);
    json_t *list = wf_api_list();
    for (uint32_t i = 0; i < count; i++) {
        struct wf_hags_view view = wf_hags_watch_view(api->parts.hags, i);
        wf_api_add(list, tell_watch(&view));
    }
    json_t *root = wf_api_object();
    wf_api_set(root, "watches", list);
    wf_api_set(root, "message", trouble[0] ? wf_api_text(trouble) : NULL);
    wf_api_send(request, 200, root, NULL);
}

static bool find_watch(const struct wf_api *api, struct wf_http_request *request,
                       struct wf_hags_view *view_out)
{
    const char *name = wf_http_segment(request, "watch");
    uint32_t count = wf_hags_watch_count(api->parts.hags);
    for (uint32_t i = 0; i < count; i++) {
        *view_out = wf_hags_watch_view(api->parts.hags, i);
        if (strcmp(view_out->order->name, name) == 0) {
            return true;
        }
    }
    wf_http_fail(request, 404, "watch", "there is no watch '%.64s'%s", name,
                 api->parts.hags ? "" : ": this daemon watches no hosts");
    return false;
}

// One bit for each state that is wanted, of names with commas between.
static bool read_states(struct wf_http_request *request, uint32_t *states_out)
{
    const char *text = wf_http_query(request, "state");
    *states_out = text ? 0 : UINT32_MAX;
    while (text) {
        size_t length = strcspn(text, ",");
        uint32_t state = 0;
        for (; state < WF_HAGS_STATE_COUNT; state++) {
            const char *name = wf_hags_state_name((enum wf_hags_state)state);
            if (strlen(name) == length && strncmp(text, name, length) == 0) {
                break;
            }
        }
        if (state == WF_HAGS_STATE_COUNT) {
            wf_http_fail(request, 400, "state", "'%.*s' is no state of a Windows host",
                         length < 40 ? (int)length : 40, text);
            return false;
        }
        *states_out |= UINT32_C(1) << state;
        text = text[length] == ',' ? text + length + 1 : NULL;
    }
    return true;
}

void wf_api_hags_hosts(void *context, struct wf_http_request *request)
{
    struct wf_hags_view view;
    uint64_t after;
    uint32_t limit;
    uint32_t states;
    if (!find_watch(context, request, &view) || !read_states(request, &states) ||
        !wf_api_query_page(request, &after, &limit)) {
        return;
    }
    const char *name = wf_http_query(request, "host");
    json_t *list = wf_api_list();
    uint64_t last = 0;
    bool more = false;
    for (uint32_t i = 0; i < view.hosts->count && !more; i++) {
        const struct wf_hags_host *host = &view.hosts->hosts[i];
        if (host->id <= after || !(states >> host->state & 1) ||
            (name && strcmp(host->name, name) != 0)) {
            continue;
        }
        more = json_array_size(list) == limit;
        if (!more) {
            wf_api_add(list, wf_hags_host_json(host));
            last = host->id;
        }
    }
    json_t *root = wf_api_object();
    wf_api_set(root, "hosts", list);
    wf_api_set(root, "next", more ? wf_api_number((int64_t)last) : NULL);
    wf_api_send(request, 200, root, NULL);
}
