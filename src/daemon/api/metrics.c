// SPDX-License-Identifier: Apache-2.0
// Prometheus' text format, version 0.0.4. docs/metrics.md has every metric.
#include <inttypes.h>
#include <unistd.h>

#include "base/assert.h"
#include "core/schedule/schedule.h"
#include "daemon/api/metrics.h"

void wf_api_metric_head(FILE *out, const char *name, const char *kind, const char *help)
{
    fprintf(out, "# HELP whaleflux_%s %s\n# TYPE whaleflux_%s %s\n", name, help, name, kind);
}

static void one(FILE *out, const char *name, const char *kind, const char *help, uint64_t value)
{
    wf_api_metric_head(out, name, kind, help);
    fprintf(out, "whaleflux_%s %" PRIu64 "\n", name, value);
}

void wf_api_metric_label(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\n') {
            fputs("\\n", out);
        } else {
            fprintf(out, "%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
        }
    }
}

static void seconds(FILE *out, const char *name, const char *help, uint64_t ms)
{
    wf_api_metric_head(out, name, "counter", help);
    fprintf(out, "whaleflux_%s %" PRIu64 ".%03" PRIu64 "\n", name, ms / 1000, ms % 1000);
}

static void print_jobs(FILE *out, const struct wf_desk_counts *counts)
{
    wf_api_metric_head(out, "jobs", "gauge", "Jobs that are not over, by state.");
    for (uint32_t i = 0; i < WF_JOB_STATE_DONE; i++) {
        fprintf(out, "whaleflux_jobs{state=\"%s\"} %" PRIu64 "\n",
                wf_job_state_word((enum wf_job_state)i), counts->live[i]);
    }
    wf_api_metric_head(out, "jobs_ended_total", "counter",
                       "Jobs that ended since the daemon started, by state.");
    for (uint32_t i = WF_JOB_STATE_DONE; i < WF_JOB_STATE_COUNT; i++) {
        fprintf(out, "whaleflux_jobs_ended_total{state=\"%s\"} %" PRIu64 "\n",
                wf_job_state_word((enum wf_job_state)i), counts->ended[i]);
    }
    one(out, "jobs_submitted_total", "counter", "Jobs submitted since the daemon started.",
        counts->submitted);
    one(out, "runs_started_total", "counter", "Runs started.", counts->runs_started);
    one(out, "runs_ended_total", "counter", "Runs ended.", counts->runs_ended);
    one(out, "requeues_total", "counter", "Jobs that wait again after a run of theirs.",
        counts->requeues);
    one(out, "preemptions_total", "counter", "Runs stopped for others.", counts->preemptions);
    one(out, "first_starts_total", "counter", "Jobs that started for the first time.",
        counts->first_starts);
    seconds(out, "start_wait_seconds_total", "How long they had waited for that, all together.",
            counts->start_wait_ms);
    seconds(out, "gpu_seconds_total", "GPU time granted to runs that ended.", counts->gpu_ms);
    wf_api_metric_head(out, "cost_dollars_total", "counter",
                       "What runs that ended cost, in US dollars.");
    fprintf(out, "whaleflux_cost_dollars_total %.9f\n", (double)counts->cost_nanousd / 1e9);
}

static void print_desk(FILE *out, const struct wf_desk_counts *counts, bool accepts)
{
    one(out, "journal_batches_total", "counter", "Batches written to the disk.", counts->batches);
    one(out, "journal_batches_failed_total", "counter", "Batches that could not be written.",
        counts->batches_failed);
    one(out, "journal_events_total", "counter", "Events in the journal, ever.", counts->events);
    one(out, "accepts_jobs", "gauge", "1 while new work is taken, 0 while it is refused.", accepts);
}

static void print_spot(FILE *out, const struct wf_desk_counts *counts)
{
    one(out, "notices_total", "counter", "Notices that this machine is to be taken away.",
        counts->notices);
    one(out, "checkpoints_total", "counter", "Checkpoints that runs said they made.",
        counts->checkpoints);
    one(out, "checkpoint_prompts_total", "counter",
        "How often runs were told that it is time to save their work.", counts->prompts);
    one(out, "work_losses_total", "counter", "Runs ended from outside with unsaved work.",
        counts->losses);
    wf_api_metric_head(out, "work_lost_seconds_total", "counter",
                       "Run time that was lost with them.");
    fprintf(out, "whaleflux_work_lost_seconds_total %.3f\n", (double)counts->lost_ms / 1000);
    wf_api_metric_head(out, "work_lost_dollars_total", "counter",
                       "What that run time had cost, in US dollars.");
    fprintf(out, "whaleflux_work_lost_dollars_total %.9f\n", (double)counts->lost_nanousd / 1e9);
}

static void print_nodes(FILE *out, const struct wf_api *api)
{
    const struct wf_cluster *cluster = wf_core_cluster(wf_desk_core(api->desk));
    uint32_t count = wf_desk_name_count(api->desk, WF_JOURNAL_NODE);
    wf_api_metric_head(out, "node_gpus", "gauge", "GPUs of a node.");
    for (uint32_t i = 0; i < count && i < cluster->nodes_end; i++) {
        const char *name = wf_desk_name(api->desk, WF_JOURNAL_NODE, i);
        if (name && cluster->nodes[i].up) {
            fputs("whaleflux_node_gpus{node=\"", out);
            wf_api_metric_label(out, name);
            fprintf(out, "\"} %u\n", cluster->nodes[i].spec.gpus);
        }
    }
    wf_api_metric_head(out, "node_gpus_free", "gauge",
                       "GPUs of a node that are granted to nobody, with shares.");
    for (uint32_t i = 0; i < count && i < cluster->nodes_end; i++) {
        const char *name = wf_desk_name(api->desk, WF_JOURNAL_NODE, i);
        if (name && cluster->nodes[i].up) {
            uint32_t free_milli = wf_state_gpu_total_milli(&cluster->states[i]);
            fputs("whaleflux_node_gpus_free{node=\"", out);
            wf_api_metric_label(out, name);
            fprintf(out, "\"} %u.%03u\n", free_milli / 1000, free_milli % 1000);
        }
    }
}

static void print_queues(FILE *out, const struct wf_api *api)
{
    const struct wf_schedule *schedule = wf_core_schedule(wf_desk_core(api->desk));
    uint32_t count = wf_desk_name_count(api->desk, WF_JOURNAL_QUEUE);
    wf_api_metric_head(out, "queue_gpus_used", "gauge",
                       "GPUs that a queue uses, with those below it.");
    for (uint32_t i = 0; i < count; i++) {
        struct wf_queue_view view;
        const char *name = wf_desk_name(api->desk, WF_JOURNAL_QUEUE, i);
        if (name && wf_queues_view(schedule->queues, (wf_queue_id){i}, &view)) {
            fputs("whaleflux_queue_gpus_used{queue=\"", out);
            wf_api_metric_label(out, name);
            fprintf(out, "\"} %" PRId64 ".%03" PRId64 "\n", view.used_gpu_milli / 1000,
                    view.used_gpu_milli % 1000);
        }
    }
}

static void print_http(FILE *out, const struct wf_http_counts *counts)
{
    one(out, "http_connections", "gauge", "Open connections.", counts->connections);
    one(out, "http_streams", "gauge", "Open streams of events and logs.", counts->streams);
    one(out, "http_requests_total", "counter", "Requests.", counts->requests);
    wf_api_metric_head(out, "http_answers_total", "counter",
                       "Answers by the first digit of their status.");
    for (int i = 2; i < 6; i++) {
        fprintf(out, "whaleflux_http_answers_total{status=\"%dxx\"} %" PRIu64 "\n", i,
                counts->answers[i]);
    }
    one(out, "http_failed_logins_total", "counter", "Tokens shown that are none.",
        counts->failed_logins);
    one(out, "http_cut_streams_total", "counter", "Streams cut since their reader was too slow.",
        counts->cut_streams);
}

static uint64_t memory_bytes(void)
{
    unsigned long long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file) {
        if (fscanf(file, "%llu %llu", &pages, &resident) != 2) {
            resident = 0;
        }
        fclose(file);
    }
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

void wf_api_metrics(void *context, struct wf_http_request *request)
{
    struct wf_api *api = context;
    struct wf_desk_counts counts = wf_desk_count(api->desk);
    struct wf_http_counts http = wf_http_count(api->http);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    WF_ASSERT(out);
    wf_api_metric_head(out, "info", "gauge", "The version that runs.");
    fprintf(out, "whaleflux_info{version=\"%s\"} 1\n", api->parts.version);
    print_jobs(out, &counts);
    print_desk(out, &counts, wf_desk_accepts(api->desk, NULL));
    print_spot(out, &counts);
    print_nodes(out, api);
    print_queues(out, api);
    wf_api_metrics_hags(out, api);
    print_http(out, &http);
    one(out, "memory_bytes", "gauge", "Memory of the daemon.", memory_bytes());
    WF_ASSERT(fclose(out) == 0);
    wf_http_reply(request, 200, "text/plain; version=0.0.4; charset=utf-8", text, size, NULL);
}
