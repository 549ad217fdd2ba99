// SPDX-License-Identifier: Apache-2.0
// How long an explanation and a remedy take on a full cluster of 100,000 nodes (or as many as the
// first argument says), for jobs of one task and gangs.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/random.h"
#include "core/cluster.h"
#include "core/core.h"
#include "core/explain/explain.h"
#include "core/explain/remedy.h"
#include "core/policy/policy.h"

enum {
    MODELS = 6,
    POOLS = 12,
    REPEATS = 5,
};

static const struct wf_place anywhere = {WF_ANYWHERE, WF_ANYWHERE, WF_ANYWHERE};

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static uint32_t below(struct wf_random *random, uint32_t limit)
{
    return (uint32_t)wf_random_below(random, limit);
}

static uint32_t step(struct wf_core *core, const struct wf_event *event)
{
    struct wf_decisions decisions;
    struct wf_error err;
    if (wf_core_step(core, event, &decisions, &err) != WF_OK) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    return decisions.count > 0 && decisions.list[0].kind == WF_DECISION_PLACE;
}

static void add_nodes(struct wf_core *core, struct wf_random *random, uint32_t nodes)
{
    static const uint8_t gpus[] = {0, 2, 4, 8};
    for (uint32_t pool = 0; pool < POOLS; pool++) {
        struct wf_pool_spec spec = {
            .place = {(uint16_t)(pool / 6), (uint16_t)(pool / 3), (uint16_t)pool},
            .model = (uint8_t)(pool % MODELS),
            .slices = pool % 4 == 3 ? 7 : 0,
        };
        step(core, &(struct wf_event){.kind = WF_EVENT_POOL, .pool = {{pool}, spec}});
    }
    for (uint32_t node = 0; node < nodes; node++) {
        uint8_t count = gpus[below(random, 4)];
        struct wf_node_spec spec = {
            .pool = {below(random, POOLS)},
            .cpu_milli = 32000 + 12000 * (uint32_t)count,
            .memory_mib = 131072 + 65536 * (uint32_t)count,
            .gpus = count,
            .labels = 1 + 2 * below(random, 4),
        };
        step(core, &(struct wf_event){.kind = WF_EVENT_NODE_UP, .node_up = {{node}, spec}});
    }
}

static void fill(struct wf_core *core, struct wf_random *random, uint32_t nodes)
{
    static const uint16_t milli[] = {1000, 1000, 1000, 500, 330, 200};
    uint32_t tasks = nodes * 4;
    uint32_t endings = 0;
    wf_job_id *ended = calloc(tasks, sizeof *ended);
    if (!ended) {
        exit(1);
    }
    for (uint32_t i = 0; i < tasks; i++) {
        // Few distinct requests: the core keeps the scores of each.
        uint16_t share = milli[below(random, 6)];
        uint32_t size = below(random, 6);
        struct wf_job_spec job = {
            .id = {i + 1},
            .tasks = 1,
            .request = {.cpu_milli = 3000 * (1 + size),
                        .memory_mib = 11000 * (1 + size),
                        .gpus = share == 1000 && below(random, 4) == 0 ? 2 : 1,
                        .gpu_milli = share,
                        .models = WF_ANY_MODEL,
                        .place = anywhere},
        };
        // Two in five end again, here and there, so that nodes come to differ.
        if (step(core, &(struct wf_event){.kind = WF_EVENT_JOB_SUBMIT, .job_submit = job}) &&
            i < nodes * 3 && below(random, 5) < 2) {
            ended[endings++] = job.id;
        }
    }
    for (uint32_t i = 0; i < endings; i++) {
        step(core, &(struct wf_event){.kind = WF_EVENT_JOB_END, .job_end.id = ended[i]});
    }
    free(ended);
}

static void measure(const struct wf_core *core, const char *name, const struct wf_job_spec *job,
                    struct wf_remedy_scratch *scratch)
{
    double explain_ms = 1e9;
    double remedy_ms = 1e9;
    struct wf_explanation explanation;
    struct wf_remedy remedy;
    for (uint32_t i = 0; i < REPEATS; i++) {
        double start_ms = now_ms();
        if (wf_explain(core, job, &explanation, NULL) != WF_OK) {
            exit(1);
        }
        double between_ms = now_ms();
        if (wf_remedy_find(core, job, WF_CHANGE_ALL, scratch, &remedy, NULL) != WF_OK) {
            exit(1);
        }
        double end_ms = now_ms();
        explain_ms = between_ms - start_ms < explain_ms ? between_ms - start_ms : explain_ms;
        remedy_ms = end_ms - between_ms < remedy_ms ? end_ms - between_ms : remedy_ms;
    }
    printf("%-34s %8.2f ms %8.2f ms   %4u of %4u tasks now;", name, explain_ms, remedy_ms,
           explanation.tasks_now, job->tasks);
    for (uint32_t kind = 0; kind < WF_CHANGE_COUNT; kind++) {
        if (remedy.kinds >> kind & 1) {
            printf(" %s", wf_change_name((enum wf_change_kind)kind));
        }
    }
    printf(" %" PRIu64 " ppm%s\n", remedy.size_ppm, remedy.exact ? "" : " (cut short)");
}

int main(int count, char **arguments)
{
    uint32_t nodes = count > 1 ? (uint32_t)strtoul(arguments[1], NULL, 10) : 100000;
    struct wf_core_config config = {
        .limits = {.models = MODELS,
                   .pools = POOLS,
                   .nodes = nodes,
                   .jobs = nodes * 8,
                   .placements = nodes * 8,
                   .classes = 64},
        .policy = wf_policy_find(count > 2 ? arguments[2] : "best-fit"),
        .plain = false,
    };
    config.policy = config.policy ? config.policy : wf_policies[0];
    struct wf_core *core;
    struct wf_remedy_scratch *scratch;
    if (wf_core_create(&config, &core, NULL) != WF_OK ||
        wf_remedy_scratch_create(nodes, &scratch, NULL) != WF_OK) {
        return 1;
    }
    struct wf_random random;
    wf_random_init(&random, 1);
    add_nodes(core, &random, nodes);
    fill(core, &random, nodes);
    struct wf_request request = {.cpu_milli = 8000,
                                 .memory_mib = 65536,
                                 .gpus = 8,
                                 .gpu_milli = 1000,
                                 .models = 3,
                                 .labels = 3,
                                 .place = {0, 1, 4}};
    const struct {
        const char *name;
        uint32_t tasks;
        uint8_t gpus;
        uint16_t gpu_milli;
        uint32_t cpu_milli;
    } jobs[] = {
        {"8 GPUs", 1, 8, 1000, 8000},
        {"8 GPUs, all the CPU", 1, 8, 1000, 200000},
        {"a share, all the CPU", 1, 1, 700, 200000},
        {"gang of 64, 1 GPU", 64, 1, 1000, 8000},
        {"gang of 512, 4 GPUs", 512, 4, 1000, 64000},
        {"gang of 4096, a share", 4096, 1, 700, 16000},
        {"gang of 4096, 8 GPUs, all the CPU", 4096, 8, 1000, 200000},
    };
    printf("%u nodes%23s explain      remedy\n", nodes, "");
    for (uint32_t i = 0; i < WF_COUNT_OF(jobs); i++) {
        struct wf_job_spec job = {
            .id = {1}, .tasks = jobs[i].tasks, .gang = true, .request = request};
        job.request.gpus = jobs[i].gpus;
        job.request.gpu_milli = jobs[i].gpu_milli;
        job.request.cpu_milli = jobs[i].cpu_milli;
        measure(core, jobs[i].name, &job, scratch);
    }
    wf_remedy_scratch_destroy(scratch);
    wf_core_destroy(core);
    return 0;
}
