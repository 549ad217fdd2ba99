// SPDX-License-Identifier: Apache-2.0
// How it came about that a job waits or runs, from its page of the desk's diary.
#include "base/number.h"
#include "core/schedule/wait_reason.h"
#include "daemon/api/explain.h"

static void print_step(struct wf_api_teller *teller, const struct wf_diary_step *step, FILE *out)
{
    char text[WF_NUMBER_BYTES];
    const char *node;
    switch (step->kind) {
    case WF_DIARY_WAITS:
        fprintf(out, "it %s (%s)", wf_wait_reason_text((enum wf_wait_reason)step->reason),
                wf_wait_reason_name((enum wf_wait_reason)step->reason));
        if (step->kept_start_ms > 0) {
            fprintf(out, "; a start is kept at %s", wf_api_time_text(text, step->kept_start_ms));
        }
        break;
    case WF_DIARY_PLACED:
        node = wf_desk_name(teller->api->desk, WF_JOURNAL_NODE, step->node.index);
        fprintf(out, "it was placed on %s", node ? node : "a node");
        break;
    case WF_DIARY_GAVE_WAY:
        fputs("it was stopped for others, and waits again", out);
        break;
    case WF_DIARY_MOVED:
        node = wf_desk_name(teller->api->desk, WF_JOURNAL_NODE, step->node.index);
        fprintf(out, "it was stopped so that another could start, and moved to %s",
                node ? node : "another place");
        break;
    case WF_DIARY_LEFT:
        node = wf_desk_name(teller->api->desk, WF_JOURNAL_NODE, step->node.index);
        fprintf(out, "its node goes (%s): it was stopped, and waits again", node ? node : "?");
        break;
    case WF_DIARY_AGAIN:
        fputs("its run was over, and it waits again", out);
        break;
    }
    fputs("\n", out);
}

void wf_api_print_steps(struct wf_api_teller *teller, FILE *out)
{
    const struct wf_diary_page *page = wf_desk_diary(teller->api->desk, teller->job);
    char text[WF_NUMBER_BYTES];
    if (!page || page->shown == 0) {
        return;
    }
    fputs("\nHow it came about:\n", out);
    for (uint32_t i = 0; i < page->shown; i++) {
        if (i == 1 && page->all > page->shown) {
            fprintf(out, "   ... %u more ...\n", page->all - page->shown);
        }
        fprintf(out, "   %s  ", wf_api_time_text(text, page->steps[i].at_ms));
        print_step(teller, &page->steps[i], out);
    }
}

static json_t *tell_step(struct wf_api_teller *teller, const struct wf_diary_step *step)
{
    bool waits = step->kind == WF_DIARY_WAITS;
    bool placed = step->kind == WF_DIARY_PLACED || step->kind == WF_DIARY_MOVED;
    json_t *root = wf_api_object();
    wf_api_set(root, "at_ms", wf_api_number(step->at_ms));
    wf_api_set(root, "what", wf_api_text(wf_diary_kind_name(step->kind)));
    wf_api_set(root, "reason",
               waits ? wf_api_text(wf_wait_reason_name((enum wf_wait_reason)step->reason)) : NULL);
    wf_api_set(root, "kept_start_ms", wf_api_time(waits ? step->kept_start_ms : 0));
    wf_api_set(root, "node",
               placed
                   ? wf_api_text(wf_desk_name(teller->api->desk, WF_JOURNAL_NODE, step->node.index))
                   : NULL);
    return root;
}

json_t *wf_api_list_steps(struct wf_api_teller *teller)
{
    const struct wf_diary_page *page = wf_desk_diary(teller->api->desk, teller->job);
    json_t *list = wf_api_list();
    for (uint32_t i = 0; page && i < page->shown; i++) {
        wf_api_add(list, tell_step(teller, &page->steps[i]));
    }
    return list;
}
