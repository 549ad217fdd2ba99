// SPDX-License-Identifier: Apache-2.0
// Prometheus' text format, for the textfile collector of node_exporter or anything that reads such
// files. Written whole or not at all.
#include <stdlib.h>
#include <string.h>

#include "cli/file.h"
#include "cli/hags/hags_view.h"
#include "cli/live/words.h"

// A label's value, with what would end it escaped.
static void put_host(FILE *out, const char *name)
{
    fputs("{host=\"", out);
    for (; *name; name++) {
        if (*name == '\\' || *name == '"') {
            fputc('\\', out);
        }
        fputc(*name, out);
    }
    fputc('"', out);
}

static void put_states(FILE *out, const struct wf_fleet *fleet)
{
    fputs("# HELP whaleflux_hags_state 1 for the state that the host is in.\n"
          "# TYPE whaleflux_hags_state gauge\n",
          out);
    for (uint32_t i = 0; i < wf_fleet_count(fleet); i++) {
        const struct wf_fleet_row *row = wf_fleet_row(fleet, i);
        fputs("whaleflux_hags_state", out);
        put_host(out, row->host->name);
        fprintf(out, ",state=\"%s\"} 1\n", wf_hags_state_name(row->state));
    }
}

// What is not known has no line.
static void put_timeouts(FILE *out, const struct wf_fleet *fleet, const char *name, bool before)
{
    fprintf(out,
            "# HELP %s Driver time-outs (events 4101 and 153) in 30 days, %s.\n"
            "# TYPE %s gauge\n",
            name, before ? "before the first write" : "until now", name);
    for (uint32_t i = 0; i < wf_fleet_count(fleet); i++) {
        const struct wf_fleet_row *row = wf_fleet_row(fleet, i);
        int64_t count = before        ? row->entry->timeouts_before
                        : row->report ? row->report->timeouts_in_30_days
                                      : -1;
        if (count >= 0) {
            fputs(name, out);
            put_host(out, row->host->name);
            fprintf(out, "} %lld\n", (long long)count);
        }
    }
}

enum wf_status wf_hags_metrics_write(const struct wf_fleet *fleet, const char *path,
                                     struct wf_error *err)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (!out) {
        return wf_fail(err, WF_NOMEM, "there is no memory for the metrics");
    }
    put_states(out, fleet);
    put_timeouts(out, fleet, "whaleflux_hags_driver_timeouts_before", true);
    put_timeouts(out, fleet, "whaleflux_hags_driver_timeouts", false);
    fprintf(out,
            "# HELP whaleflux_hags_seen_seconds When the hosts were asked, since 1970.\n"
            "# TYPE whaleflux_hags_seen_seconds gauge\n"
            "whaleflux_hags_seen_seconds %lld\n",
            (long long)(wf_word_now_ms() / 1000));
    bool good = fclose(out) == 0;
    enum wf_status status = good ? wf_file_write(path, text, err)
                                 : wf_fail(err, WF_NOMEM, "there is no memory for the metrics");
    free(text);
    return status;
}
