// SPDX-License-Identifier: Apache-2.0
#include "made_report.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"

static const char *const assumptions[] = {
    "The history holds no asked limits: real run time x 10^U(0,1), rounded up to the next usual "
    "limit (seed 42).",
};

static void add_name(struct made_report *made, const char *name)
{
    uint32_t number;
    struct wf_error err;
    WF_ASSERT(wf_names_add(made->names, name, strlen(name), &number, &err) == WF_OK);
}

static void make_names(struct made_report *made)
{
    static const char *const users[] = {"anna",        "<script>alert(1)</script>",
                                        "b\"o'b & co", "\x1b[31mred",
                                        "caf\xe9",     "chen",
                                        "divya",       "elif"};
    char name[64];
    struct wf_error err;
    WF_ASSERT(wf_names_create(&made->names, &err) == WF_OK);
    for (uint32_t i = 0; i < made->history.users; i++) {
        snprintf(name, sizeof name, "user%02u", i);
        add_name(made, i < WF_COUNT_OF(users) ? users[i] : name);
    }
    for (uint32_t i = 0; i < made->history.count; i++) {
        snprintf(name, sizeof name, "%u", 100200 + i);
        add_name(made, name);
    }
}

static void make_site(struct made_report *made)
{
    made->pools[0] = (struct wf_site_pool){
        .name = (char *)"h100 <owned>",
        .price_source = (char *)"amortised over 4 years, finance department, 2026-01-31",
        .spec = {.price_nanousd_per_gpu_hour = INT64_C(2500000000)},
    };
    made->pools[1] = (struct wf_site_pool){
        .name = (char *)"a100",
        .price_source = (char *)"Azure Standard_ND96asr_v4 in eastus, 2026-05-20",
        .spec = {.price_nanousd_per_gpu_hour = INT64_C(3399625000), .rent_by_use = true},
    };
    for (uint32_t i = 0; i < 8; i++) {
        made->nodes[i].spec = (struct wf_node_spec){.pool = {i < 6 ? 0 : 1}, .gpus = 8};
    }
    made->site = (struct wf_site){
        .pools = made->pools, .pool_count = 2, .nodes = made->nodes, .node_count = 8};
}

static void make_summary(struct made_report *made)
{
    made->summary = (struct wf_history_summary){.lines = made->history.count + 3,
                                                .jobs = made->history.count,
                                                .damaged = 2,
                                                .repeated = 1,
                                                .complaint_count = 2};
    snprintf(made->summary.complaints[0], sizeof made->summary.complaints[0],
             "line 17: no time in '<b>noon</b>'");
    snprintf(made->summary.complaints[1], sizeof made->summary.complaints[1],
             "line 99: 3 fields instead of 12");
}

void made_report_init(struct made_report *made, enum made_kind kind, uint32_t count, double load)
{
    memset(made, 0, sizeof *made);
    made_history_init(&made->history, 7, count, 64, load);
    make_names(made);
    make_site(made);
    make_summary(made);
    made_run_init(&made->runs[0], &made->history, MADE_FIFO, "what happened", 60000);
    made_run_init(&made->runs[1], &made->history, MADE_FIFO, "fifo", 0);
    made_run_init(&made->runs[2], &made->history, MADE_FIRST_FIT, "kubernetes-like", 0);
    made_run_init(&made->runs[3], &made->history, MADE_SHORTEST, "shortest <first>", 0);
    uint32_t first = kind == MADE_WHOLE || kind == MADE_WITHOUT_OTHERS ? 0 : 1;
    uint32_t last = kind == MADE_WITHOUT_OTHERS || kind == MADE_WITHOUT_BASELINE ? 2 : MADE_RUNS;
    struct wf_report_config config = {
        .history = "made.txt & more, Slurm accounting, 2026-09-15 to 2026-10-14",
        .cluster = "8 nodes with 64 GPUs, from site.yaml",
        .names = made->names,
        .summary = &made->summary,
        .site = &made->site,
        .assumptions = assumptions,
        .assumption_count = 1,
        .jobs = made->history.jobs,
        .job_count = made->history.count,
        .runs = made->runs + first,
        .run_count = last - first,
        .happened = first == 0 ? 0 : WF_NONE,
        .baseline = kind == MADE_WITHOUT_BASELINE ? WF_NONE : 1 - first,
    };
    struct wf_error err;
    WF_ASSERT(wf_report_init(&made->report, &config, &err) == WF_OK);
}

void made_report_finish(struct made_report *made)
{
    wf_report_finish(&made->report);
    for (uint32_t i = 0; i < MADE_RUNS; i++) {
        made_run_finish(&made->runs[i]);
    }
    wf_names_destroy(made->names);
    made_history_finish(&made->history);
}
