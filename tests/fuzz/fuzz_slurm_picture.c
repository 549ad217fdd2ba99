// SPDX-License-Identifier: Apache-2.0
// Any bytes as what the Slurm adapter says, line by line. No crash, no leak; a line that is refused
// has its sentence and changes nothing; what is taken keeps its limits.
#include <stdint.h>
#include <string.h>

#include "base/assert.h"
#include "engine/slurm/line.h"
#include "engine/slurm/picture.h"
#include "engine/slurm/wish.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_texts(wf_slurm_texts texts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        WF_ASSERT(texts[i][0] != '\0');
    }
}

static bool count_task(void *context, uint32_t task)
{
    uint32_t *count = context;
    WF_ASSERT(task <= WF_SLURM_ARRAY_MAX);
    return ++*count < 1000;
}

static void check_job(void *context, const struct wf_slurm_job *job)
{
    uint32_t set = 0, count = 0;
    WF_ASSERT(job->id > 0 && job->id <= WF_SLURM_JOB_ID_MAX);
    (void)context;
    WF_ASSERT(strlen(job->name) < WF_SLURM_LINE_MAX && job->limit_ms >= 0);
    WF_ASSERT(strlen(wf_slurm_state_text(job->state)) > 0);
    check_texts(job->nodes, job->node_count);
    check_texts(job->required_nodes, job->required_count);
    for (uint32_t i = 0; i < job->part_count; i++) {
        WF_ASSERT(job->parts[i].node[0] != '\0');
        (void)wf_slurm_read_set(job->parts[i].gpus, &set);
    }
    (void)wf_slurm_read_tasks(job->array_tasks, count_task, &count);
    struct wf_slurm_checkpoint wish = wf_slurm_read_checkpoint(job->comment);
    WF_ASSERT(wish.signal <= 64 && wish.save_ms >= 0 && wish.save_ms <= 86400000);
}

static void check_changed(void *context, const struct wf_slurm_job *job, bool gone)
{
    (void)context;
    (void)gone;
    WF_ASSERT(job->key[0] != '\0');
}

static void check_node(void *context, const struct wf_slurm_node *node)
{
    (void)context;
    WF_ASSERT(node->name[0] != '\0');
    check_texts(node->features, node->feature_count);
    WF_ASSERT(wf_slurm_gone_ms(node) >= 0 && (node->drain || wf_slurm_gone_ms(node) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wf_slurm_picture *picture = NULL;
    WF_ASSERT(wf_slurm_picture_create(&picture, NULL) == WF_OK);
    const char *at = (const char *)data, *end = at + size;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        struct wf_slurm_news news;
        struct wf_error err = {.text = ""};
        enum wf_status status =
            wf_slurm_picture_take(picture, at, (size_t)(stop - at), &news, &err);
        WF_ASSERT(status == WF_OK || err.text[0] != '\0');
        at = stop + 1;
        if (news.kind == WF_SLURM_NEWS_SYNCED) {
            wf_slurm_picture_changed(picture, check_changed, NULL);
        }
    }
    wf_slurm_picture_jobs(picture, check_job, NULL);
    wf_slurm_picture_nodes(picture, check_node, NULL);
    wf_slurm_picture_destroy(picture);
    return 0;
}
