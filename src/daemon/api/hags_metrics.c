// SPDX-License-Identifier: Apache-2.0
// Watched Windows hosts in Prometheus' text format, under the names that `hags status --metrics`
// has.
#include <inttypes.h>

#include "daemon/api/metrics.h"
#include "daemon/hags/watch.h"

static void put_watch(FILE *out, const char *metric, const struct wf_hags_view *view)
{
    fprintf(out, "whaleflux_%s{watch=\"%s\"", metric, view->order->name);
}

static void put_host(FILE *out, const char *metric, const struct wf_hags_view *view,
                     const struct wf_hags_host *host)
{
    put_watch(out, metric, view);
    fputs(",host=\"", out);
    wf_api_metric_label(out, host->name);
    fputs("\"", out);
}

static void print_watches(FILE *out, const struct wf_hags_watch *watch)
{
    uint32_t count = wf_hags_watch_count(watch);
    wf_api_metric_head(out, "hags_hosts", "gauge", "Windows hosts of a watch, by state.");
    for (uint32_t i = 0; i < count; i++) {
        struct wf_hags_view view = wf_hags_watch_view(watch, i);
        uint32_t of[WF_HAGS_STATE_COUNT] = {0};
        for (uint32_t j = 0; j < view.hosts->count; j++) {
            of[view.hosts->hosts[j].state]++;
        }
        for (uint32_t state = 0; state < WF_HAGS_STATE_COUNT; state++) {
            // Those that one wants an alarm for are there also when they are none.
            bool bad = state == WF_HAGS_DRIFTED || state == WF_HAGS_UNREACHABLE;
            if (of[state] > 0 || bad) {
                put_watch(out, "hags_hosts", &view);
                fprintf(out, ",state=\"%s\"} %u\n", wf_hags_state_name((enum wf_hags_state)state),
                        of[state]);
            }
        }
    }
    wf_api_metric_head(out, "hags_seen_seconds", "gauge",
                       "When the hosts of a watch were asked, since 1970.");
    for (uint32_t i = 0; i < count; i++) {
        struct wf_hags_view view = wf_hags_watch_view(watch, i);
        put_watch(out, "hags_seen_seconds", &view);
        fprintf(out, "} %" PRId64 "\n", view.hosts->looked_ms / 1000);
    }
    wf_api_metric_head(out, "hags_look_failed", "gauge",
                       "1 where the last look of a watch came to nothing.");
    for (uint32_t i = 0; i < count; i++) {
        struct wf_hags_view view = wf_hags_watch_view(watch, i);
        put_watch(out, "hags_look_failed", &view);
        fprintf(out, "} %d\n", view.trouble[0] != '\0');
    }
}

static void print_states(FILE *out, const struct wf_hags_watch *watch)
{
    wf_api_metric_head(out, "hags_state", "gauge", "1 for the state that the host is in.");
    for (uint32_t i = 0; i < wf_hags_watch_count(watch); i++) {
        struct wf_hags_view view = wf_hags_watch_view(watch, i);
        for (uint32_t j = 0; j < view.hosts->count; j++) {
            const struct wf_hags_host *host = &view.hosts->hosts[j];
            put_host(out, "hags_state", &view, host);
            fprintf(out, ",state=\"%s\"} 1\n", wf_hags_state_name(host->state));
        }
    }
}

static int64_t timeouts_now(const struct wf_hags_host *host)
{
    return host->timeouts_in_30_days;
}

static int64_t is_comparable(const struct wf_hags_host *host)
{
    return wf_hags_host_is_comparable(host);
}

// What is not known has no line.
static void print_numbers(FILE *out, const struct wf_hags_watch *watch, const char *metric,
                          const char *help, int64_t (*number)(const struct wf_hags_host *host))
{
    wf_api_metric_head(out, metric, "gauge", help);
    for (uint32_t i = 0; i < wf_hags_watch_count(watch); i++) {
        struct wf_hags_view view = wf_hags_watch_view(watch, i);
        for (uint32_t j = 0; j < view.hosts->count; j++) {
            const struct wf_hags_host *host = &view.hosts->hosts[j];
            if (number(host) >= 0) {
                put_host(out, metric, &view, host);
                fprintf(out, "} %" PRId64 "\n", number(host));
            }
        }
    }
}

void wf_api_metrics_hags(FILE *out, const struct wf_api *api)
{
    const struct wf_hags_watch *watch = api->parts.hags;
    if (!watch) {
        return;
    }
    print_watches(out, watch);
    print_states(out, watch);
    print_numbers(out, watch, "hags_driver_timeouts_before",
                  "Driver time-outs (events 4101 and 153) in the 30 days before the change.",
                  wf_hags_host_timeouts_before);
    print_numbers(out, watch, "hags_driver_timeouts",
                  "Driver time-outs (events 4101 and 153) in the 30 days before the host answered "
                  "last.",
                  timeouts_now);
    print_numbers(out, watch, "hags_driver_timeouts_comparable",
                  "1 where those 30 days lie wholly after the change.", is_comparable);
}
