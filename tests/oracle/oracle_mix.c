// SPDX-License-Identifier: Apache-2.0
// The expected task mix of FGD: the most frequent task classes of a pod list.
#include <stdlib.h>

#include "base/assert.h"
#include "oracle_score.h"

#define COVERED_PERCENT 95

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

// Which class is the greater one; memory makes no class.
static int compare_pods(const struct oracle_pod *a, const struct oracle_pod *b)
{
    int order = compare(a->cpu_milli, b->cpu_milli);
    if (order == 0) {
        order = compare(a->gpu_milli, b->gpu_milli);
    }
    if (order == 0) {
        order = compare(a->gpus, b->gpus);
    }
    if (order == 0) {
        order = compare(a->spelling, b->spelling);
    }
    // Only for pods whose maker numbered no spellings; one text has one set.
    return order != 0 ? order : compare(a->models, b->models);
}

static int by_pod(const void *a, const void *b)
{
    const struct oracle_class *left = a;
    const struct oracle_class *right = b;
    return compare_pods(&left->pod, &right->pod);
}

// Most frequent first; of equals the greater one.
static int by_count_down(const void *a, const void *b)
{
    const struct oracle_class *left = a;
    const struct oracle_class *right = b;
    int order = compare(right->count, left->count);
    return order != 0 ? order : compare_pods(&right->pod, &left->pod);
}

static uint32_t merge_equals(struct oracle_class *list, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (kept > 0 && by_pod(&list[kept - 1], &list[i]) == 0) {
            list[kept - 1].count++;
        } else {
            list[kept++] = list[i];
        }
    }
    return kept;
}

void oracle_mix_init(struct oracle_mix *mix, const struct oracle_pod *pods, uint32_t pod_count)
{
    WF_ASSERT(pod_count > 0);
    mix->list = calloc(pod_count, sizeof(*mix->list));
    WF_ASSERT(mix->list != NULL);
    for (uint32_t i = 0; i < pod_count; i++) {
        mix->list[i] = (struct oracle_class){.pod = pods[i], .count = 1};
        mix->list[i].pod.memory_mib = 0;
    }
    qsort(mix->list, pod_count, sizeof(*mix->list), by_pod);
    mix->classes_seen = merge_equals(mix->list, pod_count);
    qsort(mix->list, mix->classes_seen, sizeof(*mix->list), by_count_down);

    double total = pod_count;
    double wanted = COVERED_PERCENT * total / 100;
    double covered = 0;
    for (mix->count = 0; covered < wanted; mix->count++) {
        covered += mix->list[mix->count].count;
    }
    // Two divisions, as published: dividing the count by `covered` would round differently.
    for (uint32_t i = 0; i < mix->count; i++) {
        mix->list[i].share = mix->list[i].count / total / (covered / total);
    }
}

void oracle_mix_finish(struct oracle_mix *mix)
{
    if (mix == NULL) {
        return;
    }
    free(mix->list);
    mix->list = NULL;
}
