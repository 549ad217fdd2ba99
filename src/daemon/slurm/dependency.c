// SPDX-License-Identifier: Apache-2.0
#include "daemon/slurm/dependency.h"

#include <stdlib.h>
#include <string.h>

// "afterok:19(unfulfilled)", "afterany:7_3", "after:5_*(unfulfilled)"
struct item {
    bool begun; // it is enough that they began
    bool failed, fulfilled;
    uint32_t id, task; // task WF_NONE: all of them
};

struct search {
    const struct item *item;
    bool waits;
};

static bool begins(const char *text, const char *word, const char **rest_out)
{
    size_t length = strlen(word);
    *rest_out = text + length;
    return strncmp(text, word, length) == 0;
}

static const char *read_number(const char *text, uint32_t *number_out)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || number > WF_SLURM_JOB_ID_MAX) {
        return NULL;
    }
    *number_out = (uint32_t)number;
    return end;
}

// Returns what follows the item, or NULL where it is none that we understand.
static const char *read_item(const char *text, struct item *item)
{
    static const char *const words[] = {"afterany:", "afterok:", "afternotok:", "after:"};
    const char *rest = NULL;
    size_t word = 0;
    while (word < WF_COUNT_OF(words) && !begins(text, words[word], &rest)) {
        word++;
    }
    if (word == WF_COUNT_OF(words)) {
        return NULL;
    }
    *item = (struct item){.begun = word == 3, .task = WF_NONE};
    rest = read_number(rest, &item->id);
    if (rest && begins(rest, "_*", &text)) {
        rest = text;
    } else if (rest && *rest == '_') {
        rest = read_number(rest + 1, &item->task);
    }
    if (rest && *rest == '(') {
        item->failed = begins(rest, "(failed)", &text);
        item->fulfilled = begins(rest, "(fulfilled)", &text);
        rest = strchr(rest, ')');
        rest = rest ? rest + 1 : NULL;
    }
    return rest && (*rest == '\0' || *rest == ',' || *rest == '?') ? rest : NULL;
}

static void see(void *context, const struct wf_slurm_job *job)
{
    struct search *search = context;
    const struct item *item = search->item;
    bool same = job->id == item->id || job->array == item->id || job->het == item->id;
    bool done = wf_slurm_is_over(job->state) || (item->begun && job->state != WF_SLURM_PENDING);
    if (!same || done || search->waits) {
        return;
    }
    if (item->task == WF_NONE || job->array_task == item->task) {
        search->waits = true;
    } else {
        search->waits = wf_slurm_has_task(job->array_tasks, item->task);
    }
}

enum wf_slurm_depends wf_slurm_depends(const struct wf_slurm_picture *picture, const char *text)
{
    bool any = strchr(text, '?') != NULL; // one of them is enough
    bool one = false, all = true;
    while (*text) {
        struct item item;
        text = read_item(text, &item);
        if (!text) {
            return WF_SLURM_DEPENDS_STRANGE;
        }
        struct search search = {.item = &item, .waits = item.failed};
        if (!item.failed && !item.fulfilled) {
            wf_slurm_picture_jobs(picture, see, &search);
        }
        one = one || !search.waits;
        all = all && !search.waits;
        text += *text != '\0';
    }
    return all || (any && one) ? WF_SLURM_DEPENDS_MET : WF_SLURM_DEPENDS_WAITS;
}
