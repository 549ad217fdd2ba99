// SPDX-License-Identifier: Apache-2.0
#include "daemon/slurm/dependency.h"

#include <stdlib.h>
#include <string.h>

// In the order of their words.
enum wish { ANY_END, GOOD_END, BAD_END, BEGINNING };

// "afterok:19(unfulfilled)", "afterany:7_3", "after:5_*(unfulfilled)"
struct item {
    enum wish wish;
    bool failed, fulfilled;
    uint32_t id, task; // task WF_NONE: all of them
};

struct search {
    const struct item *item;
    bool waits;
    bool well, badly; // some of them have ended so
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
    *item = (struct item){.wish = (enum wish)word, .task = WF_NONE};
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
    bool mine = same && (item->task == WF_NONE || job->array_task == item->task);
    bool open = mine ? item->wish != BEGINNING || job->state == WF_SLURM_PENDING
                     : same && wf_slurm_has_task(job->array_tasks, item->task);
    if (mine && wf_slurm_is_over(job->state)) {
        search->well = search->well || job->state == WF_SLURM_COMPLETED;
        search->badly = search->badly || job->state != WF_SLURM_COMPLETED;
    } else if (open) {
        search->waits = true;
    }
}

static enum wf_slurm_depends judge(const struct wf_slurm_picture *picture, const struct item *item)
{
    struct search search = {.item = item};
    if (item->failed || item->fulfilled) {
        return item->failed ? WF_SLURM_DEPENDS_NEVER : WF_SLURM_DEPENDS_MET;
    }
    wf_slurm_picture_jobs(picture, see, &search);
    if (item->wish == GOOD_END && search.badly) {
        return WF_SLURM_DEPENDS_NEVER;
    }
    if (search.waits) {
        return WF_SLURM_DEPENDS_WAITS;
    }
    return item->wish == BAD_END && search.well && !search.badly ? WF_SLURM_DEPENDS_NEVER
                                                                 : WF_SLURM_DEPENDS_MET;
}

enum wf_slurm_depends wf_slurm_depends(const struct wf_slurm_picture *picture, const char *text)
{
    bool any = strchr(text, '?') != NULL; // one of them is enough
    uint32_t count = 0, met = 0, never = 0;
    while (*text) {
        struct item item;
        text = read_item(text, &item);
        if (!text) {
            return WF_SLURM_DEPENDS_STRANGE;
        }
        enum wf_slurm_depends one = judge(picture, &item);
        count++;
        met += one == WF_SLURM_DEPENDS_MET;
        never += one == WF_SLURM_DEPENDS_NEVER;
        text += *text != '\0';
    }
    if (met == count || (any && met > 0)) {
        return WF_SLURM_DEPENDS_MET;
    }
    return never == count || (!any && never > 0) ? WF_SLURM_DEPENDS_NEVER : WF_SLURM_DEPENDS_WAITS;
}
