// SPDX-License-Identifier: Apache-2.0
// Fragments and scores: pure functions of one node's state. Every sum and product stands in the
// order of the published program, since scores are cut to integers and ties are many.
#include "oracle_score.h"

#include <math.h>

#include "base/assert.h"

#define CPU_MILLI_MAX 128000 // of the largest node: the published scale of CPU and GPU demand
#define GPU_MILLI_MAX 8000
#define SCORE_MAX 100

const char *oracle_policy_name(enum oracle_policy policy)
{
    static const char *const names[ORACLE_POLICIES] = {
        [ORACLE_RANDOM] = "Random",
        [ORACLE_DOTPROD] = "DotProd",
        [ORACLE_CLUSTERING] = "GpuClustering",
        [ORACLE_PACKING] = "GpuPacking",
        [ORACLE_BESTFIT] = "BestFit",
        [ORACLE_FGD] = "FGD",
    };
    WF_ASSERT(policy < ORACLE_POLICIES);
    return names[policy];
}

static bool has_model(const struct oracle_node *node, const struct oracle_pod *pod)
{
    return pod->models >> node->model & 1;
}

static bool is_fractional(const struct oracle_pod *pod)
{
    return pod->gpus == 1 && pod->gpu_milli < ORACLE_GPU_MILLI;
}

static uint32_t idle_gpu_milli(const struct oracle_node *node)
{
    uint32_t idle = 0;
    for (int i = 0; i < node->gpus; i++) {
        idle += node->gpu_milli[i];
    }
    return idle;
}

static int gpus_with_room(const struct oracle_node *node, const struct oracle_pod *pod)
{
    int gpus = 0;
    for (int i = 0; i < node->gpus; i++) {
        gpus += node->gpu_milli[i] >= pod->gpu_milli;
    }
    return gpus;
}

bool oracle_fits(const struct oracle_node *node, const struct oracle_pod *pod)
{
    if (node->cpu_milli < pod->cpu_milli || node->memory_mib < pod->memory_mib) {
        return false;
    }
    return pod->gpus == 0 || (has_model(node, pod) && gpus_with_room(node, pod) >= pod->gpus);
}

static enum oracle_cause cause_of(const struct oracle_node *node, const struct oracle_pod *pod)
{
    bool cpu = node->cpu_milli >= pod->cpu_milli;
    if (pod->gpus == 0) {
        return cpu ? ORACLE_CPU_ONLY_FITS : ORACLE_CPU_ONLY_UNFIT;
    }
    if (!has_model(node, pod)) {
        return ORACLE_REFUSED;
    }
    if (gpus_with_room(node, pod) >= pod->gpus) {
        return cpu ? ORACLE_USABLE : ORACLE_LACKS_CPU;
    }
    return cpu ? ORACLE_LACKS_GPU : ORACLE_LACKS_BOTH;
}

struct oracle_fragment oracle_fragment(const struct oracle_mix *mix, const struct oracle_node *node)
{
    struct oracle_fragment fragment = {{0}};
    uint32_t idle = idle_gpu_milli(node);
    for (uint32_t m = 0; m < mix->count; m++) {
        const struct oracle_class *task = &mix->list[m];
        enum oracle_cause cause = cause_of(node, &task->pod);
        if (cause != ORACLE_USABLE) {
            fragment.milli[cause] += task->share * idle;
            continue;
        }
        uint32_t slivers = 0;
        for (int i = 0; i < node->gpus; i++) {
            slivers += node->gpu_milli[i] < task->pod.gpu_milli ? node->gpu_milli[i] : 0;
        }
        fragment.milli[ORACLE_LACKS_GPU] += task->share * slivers;
        fragment.milli[ORACLE_USABLE] += task->share * (idle - slivers);
    }
    return fragment;
}

double oracle_fragment_lost(const struct oracle_fragment *fragment)
{
    double lost = 0;
    for (int cause = 0; cause < ORACLE_CAUSES; cause++) {
        if (cause != ORACLE_USABLE) {
            lost += fragment->milli[cause];
        }
    }
    return lost;
}

double oracle_fragment_idle(const struct oracle_fragment *fragment)
{
    double idle = 0;
    for (int cause = 0; cause < ORACLE_CAUSES; cause++) {
        idle += fragment->milli[cause];
    }
    return idle;
}

// The GPUs that every policy but FGD and Random takes: the fullest that has room for a fractional
// pod, the first free ones for a whole-GPU pod; equals go by number.
static uint8_t tightest_gpus(const struct oracle_node *node, const struct oracle_pod *pod)
{
    uint8_t taken = 0;
    for (int k = 0; k < pod->gpus; k++) {
        int best = -1;
        for (int i = 0; i < node->gpus; i++) {
            if (taken >> i & 1 || node->gpu_milli[i] < pod->gpu_milli) {
                continue;
            }
            if (best < 0 || node->gpu_milli[i] < node->gpu_milli[best]) {
                best = i;
            }
        }
        WF_ASSERT(best >= 0);
        taken |= (uint8_t)(1 << best);
    }
    return taken;
}

static int32_t score_dotprod(const struct oracle_node *node, const struct oracle_pod *pod)
{
    double cpu = (double)node->cpu_milli / CPU_MILLI_MAX * ((double)pod->cpu_milli / CPU_MILLI_MAX);
    double gpu = (double)idle_gpu_milli(node) / GPU_MILLI_MAX *
                 ((double)(pod->gpus * pod->gpu_milli) / GPU_MILLI_MAX);
    return (int32_t)(SCORE_MAX * (1 - (cpu + gpu) / 2));
}

static int32_t score_bestfit(const struct oracle_node *node, const struct oracle_pod *pod)
{
    double cpu = (double)(node->cpu_milli - pod->cpu_milli) / CPU_MILLI_MAX * 0.5;
    double gpu = (double)(idle_gpu_milli(node) - (uint32_t)(pod->gpus * pod->gpu_milli)) /
                 GPU_MILLI_MAX * 0.5;
    return (int32_t)((1 - (cpu + gpu)) * SCORE_MAX);
}

static uint16_t kind_bit(const struct oracle_pod *pod)
{
    return (uint16_t)(1 << (is_fractional(pod) ? 0 : pod->gpus));
}

static int32_t score_clustering(const struct oracle_node *node, const struct oracle_pod *pod)
{
    if (pod->gpus == 0) {
        return 0;
    }
    int32_t fullness = 25 * (GPU_MILLI_MAX - (int32_t)idle_gpu_milli(node)) / GPU_MILLI_MAX;
    if (node->kinds == kind_bit(pod)) {
        return 75 + fullness;
    }
    if (node->kinds & kind_bit(pod)) {
        return 50 + fullness;
    }
    return (node->kinds == 0 ? 25 : 0) + fullness;
}

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static int32_t score_packing(const struct oracle_node *node, const struct oracle_pod *pod)
{
    if (pod->gpus == 0) {
        return 0;
    }
    int32_t free_gpus = 0;
    for (int i = 0; i < node->gpus; i++) {
        free_gpus += node->gpu_milli[i] == ORACLE_GPU_MILLI;
    }
    if (free_gpus == node->gpus) {
        return larger(33 - free_gpus, free_gpus);
    }

    uint8_t taken = tightest_gpus(node, pod);
    int32_t opened = 0;
    int32_t free_percent = 0;
    for (int i = 0; i < node->gpus; i++) {
        if (taken >> i & 1) {
            opened += node->gpu_milli[i] == ORACLE_GPU_MILLI;
            free_percent += node->gpu_milli[i] / 10;
        }
    }
    return opened > 0 ? larger(50 - opened, 33) : larger(SCORE_MAX - free_percent / 10, 50);
}

void oracle_node_take(struct oracle_node *node, const struct oracle_pod *pod, uint8_t gpus)
{
    WF_ASSERT(node->cpu_milli >= pod->cpu_milli && node->memory_mib >= pod->memory_mib);
    WF_ASSERT(__builtin_popcount(gpus) == pod->gpus && gpus >> node->gpus == 0);
    node->cpu_milli -= pod->cpu_milli;
    node->memory_mib -= pod->memory_mib;
    for (int i = 0; i < node->gpus; i++) {
        if (gpus >> i & 1) {
            WF_ASSERT(node->gpu_milli[i] >= pod->gpu_milli);
            node->gpu_milli[i] -= pod->gpu_milli;
        }
    }
    if (pod->gpus > 0) {
        node->kinds |= kind_bit(pod);
    }
}

static int32_t fgd_after(const struct oracle_mix *mix, const struct oracle_node *node,
                         const struct oracle_pod *pod, uint8_t gpus, double lost_before)
{
    struct oracle_node after = *node;
    oracle_node_take(&after, pod, gpus);
    struct oracle_fragment fragment = oracle_fragment(mix, &after);
    double gain = (lost_before - oracle_fragment_lost(&fragment)) / ORACLE_GPU_MILLI;
    return (int32_t)(1 / (1 + exp(-gain)) * SCORE_MAX);
}

static int32_t score_fgd(const struct oracle_mix *mix, const struct oracle_node *node,
                         const struct oracle_pod *pod, uint8_t *gpus)
{
    struct oracle_fragment before = oracle_fragment(mix, node);
    double lost_before = oracle_fragment_lost(&before);
    if (!is_fractional(pod)) {
        return fgd_after(mix, node, pod, *gpus, lost_before);
    }

    int32_t best = -1;
    for (int i = 0; i < node->gpus; i++) {
        if (node->gpu_milli[i] < pod->gpu_milli) {
            continue;
        }
        int32_t score = fgd_after(mix, node, pod, (uint8_t)(1 << i), lost_before);
        if (score > best) {
            best = score;
            *gpus = (uint8_t)(1 << i);
        }
    }
    return best;
}

int32_t oracle_score(const struct oracle_mix *mix, enum oracle_policy policy,
                     const struct oracle_node *node, const struct oracle_pod *pod,
                     uint8_t *gpus_out)
{
    if (!oracle_fits(node, pod)) {
        return -1;
    }
    *gpus_out = tightest_gpus(node, pod);
    switch (policy) {
    case ORACLE_DOTPROD:
        return score_dotprod(node, pod);
    case ORACLE_CLUSTERING:
        return score_clustering(node, pod);
    case ORACLE_PACKING:
        return score_packing(node, pod);
    case ORACLE_BESTFIT:
        return score_bestfit(node, pod);
    case ORACLE_FGD:
        return score_fgd(mix, node, pod, gpus_out);
    case ORACLE_RANDOM:
    case ORACLE_POLICIES:
        break;
    }
    wf_assert_failed("a policy that has a score", __FILE__, __LINE__);
}
