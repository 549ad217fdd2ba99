// SPDX-License-Identifier: Apache-2.0
// What explain tells about one job of a replay, in sentences.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/number.h"
#include "core/future/timeline.h"
#include "explain/explain_words.h"
#include "explain/wait_words.h"
#include "sim/rerun/wait_story.h"

enum {
    SECOND_MS = 1000,
    DAY_S = 86400,
};

struct printer {
    FILE *out;
    const struct wf_story *story;
    const struct wf_story_names *names;
    struct wf_wait_names waits;
};

const char *wf_story_time(char *text, int64_t ms, bool is_relative)
{
    int64_t seconds = ms / SECOND_MS - (ms % SECOND_MS < 0);
    time_t clock = (time_t)seconds;
    struct tm at;
    if (!is_relative && gmtime_r(&clock, &at)) {
        strftime(text, WF_NUMBER_BYTES, "%Y-%m-%d %H:%M:%S", &at);
        return text;
    }
    int64_t days = seconds / DAY_S;
    int rest = (int)(seconds % DAY_S);
    snprintf(text, WF_NUMBER_BYTES, "day %" PRId64 ", %02d:%02d:%02d", days, rest / 3600,
             rest / 60 % 60, rest % 60);
    return text;
}

const char *wf_story_queue(const struct wf_site *site, wf_queue_id queue)
{
    return queue.index < site->queue_count ? site->queues[queue.index].name : "(no queue)";
}

const char *wf_story_job(const struct wf_story_names *names, wf_job_id job, char *text)
{
    return wf_history_id_text(names->history, names->jobs->list[job.number].id, text);
}

static const char *node_name(void *context, uint32_t node)
{
    const struct wf_story_names *names = context;
    return node < names->site->node_count ? names->site->nodes[node].name : NULL;
}

static const char *pool_name(void *context, uint32_t pool)
{
    const struct wf_story_names *names = context;
    return pool < names->site->pool_count ? names->site->pools[pool].name : NULL;
}

static const char *model_name(void *context, uint32_t model)
{
    const struct wf_story_names *names = context;
    return model < names->site->model_count ? names->site->models[model] : NULL;
}

static const char *label_name(void *context, uint32_t label)
{
    const struct wf_site *site = ((const struct wf_story_names *)context)->site;
    for (uint32_t i = 0; i < site->label_count; i++) {
        if (site->labels[i].number == label) {
            return site->labels[i].name;
        }
    }
    return NULL;
}

static const char *job_name(void *context, wf_job_id job, char *text)
{
    return wf_story_job(context, job, text);
}

static const char *queue_name(void *context, wf_queue_id queue)
{
    return wf_story_queue(((const struct wf_story_names *)context)->site, queue);
}

static const char *time_text(void *context, char *text, int64_t ms)
{
    return wf_story_time(text, ms, ((const struct wf_story_names *)context)->is_relative);
}

static const char *at(const struct printer *printer, char *text, int64_t ms)
{
    return wf_story_time(text, ms, printer->names->is_relative);
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void print_deadline(const struct printer *printer)
{
    const struct wf_wait_explanation *wait = &printer->story->wait;
    int64_t deadline_ms = printer->story->spec.wait.deadline_ms;
    char text[3][WF_NUMBER_BYTES];
    if (deadline_ms == 0) {
        return;
    }
    fprintf(printer->out, "\nIts deadline is %s", at(printer, text[0], deadline_ms));
    if (wait->latest_ms == WF_NEVER) {
        fputs(", and does not move it forward.\n", printer->out);
    } else if (wait->now_ms > wait->latest_ms) {
        fprintf(printer->out, ": it had to start by %s, and is moved forward no more.\n",
                at(printer, text[1], wait->latest_ms));
    } else {
        fprintf(printer->out, ": it must start by %s, and goes forward from %s on.\n",
                at(printer, text[1], wait->latest_ms), at(printer, text[2], wait->forward_ms));
    }
}

static void print_start(const struct printer *printer)
{
    const struct wf_story *story = printer->story;
    const struct wf_wait_start start = {
        .asked_ms = story->asked_ms,
        .low_ms = later(story->looked_ms + story->start.low_ms, story->asked_ms),
        .middle_ms = later(story->looked_ms + story->start.middle_ms, story->asked_ms),
        .high_ms = later(story->looked_ms + story->start.high_ms, story->asked_ms),
    };
    wf_wait_print_kept(printer->out, &story->wait, &printer->waits);
    wf_wait_print_start(printer->out, &start, &printer->waits);
}

static void print_steps(const struct printer *printer)
{
    const struct wf_story *story = printer->story;
    char text[2][WF_NUMBER_BYTES];
    fputs("\nHow it came about:\n", printer->out);
    for (uint32_t i = 0; i < story->steps_shown; i++) {
        const struct wf_story_step *step = &story->steps[i];
        if (i == 1 && story->steps_all > story->steps_shown) {
            fprintf(printer->out, "   ... %" PRIu32 " more ...\n",
                    story->steps_all - story->steps_shown);
        }
        fprintf(printer->out, "   %s  ", at(printer, text[0], step->at_ms));
        switch (step->event) {
        case WF_STORY_BEGAN_TO_WAIT:
            fprintf(printer->out, "it %s (%s), %s before it", wf_wait_reason_text(step->reason),
                    wf_wait_reason_name(step->reason), wf_number_count(text[1], step->ahead));
            if (step->kept_start_ms != WF_NEVER) {
                fprintf(printer->out, "; a start is kept at %s",
                        at(printer, text[1], step->kept_start_ms));
            }
            break;
        case WF_STORY_STARTED:
            fputs("it started", printer->out);
            break;
        case WF_STORY_STOPPED:
            fputs("it was stopped for others, and waits again", printer->out);
            break;
        case WF_STORY_ENDED:
            fputs("it ended", printer->out);
            break;
        }
        fputs("\n", printer->out);
    }
}

static void print_run(const struct printer *printer)
{
    const struct wf_story_run *run = &printer->story->run;
    char text[2][WF_NUMBER_BYTES];
    fputs("It runs on ", printer->out);
    for (uint32_t i = 0; i < run->nodes_shown; i++) {
        fprintf(printer->out, "%s%s", i == 0 ? "" : ", ",
                node_name(printer->waits.words.context, run->nodes[i].index));
    }
    if (run->nodes_shown == 1 && printer->story->spec.tasks == 1 && run->first_gpus) {
        for (uint32_t gpu = 0, shown = 0; gpu < WF_NODE_GPUS_MAX; gpu++) {
            if (run->first_gpus & (UINT32_C(1) << gpu)) {
                fprintf(printer->out, "%s%" PRIu32, shown++ == 0 ? ", GPU " : ", ", gpu);
            }
        }
    }
    fputs(run->nodes_shown == WF_STORY_NODES_SHOWN ? " and maybe others.\n" : ".\n", printer->out);
    if (run->high_end_ms > 0) {
        fprintf(printer->out, "8 of 10 jobs like it end between %s and %s.\n",
                at(printer, text[0], later(run->low_end_ms, printer->story->asked_ms)),
                at(printer, text[1], later(run->high_end_ms, printer->story->asked_ms)));
    }
    if (run->limit_end_ms != WF_NEVER) {
        fprintf(printer->out, "Its time limit ends it at %s.\n",
                at(printer, text[0], run->limit_end_ms));
    }
    const struct wf_explanation *then = &run->nodes_then;
    fputs("\nWhat there was to choose from when it had started, its own tasks taken off:\n",
          printer->out);
    wf_explain_print_table(printer->out, then, &printer->waits.words);
    if (then->candidate_count > 0 && then->candidates[0].node.index != run->nodes[0].index) {
        fprintf(printer->out,
                "Now the policy would take %s: what ended or started at the same moment had "
                "changed what is free.\n",
                node_name(printer->waits.words.context, then->candidates[0].node.index));
    }
}

static void print_request(const struct printer *printer)
{
    const struct wf_rerun_job *job = &printer->names->jobs->list[printer->story->job];
    const struct wf_names *names = wf_history_names(printer->names->history);
    char text[WF_NUMBER_BYTES];
    fputs("It asks for ", printer->out);
    if (job->tasks > 1) {
        fprintf(printer->out, "%s tasks, each of ", wf_number_count(text, job->tasks));
    }
    if (job->request.gpus > 0) {
        wf_words_gpus(printer->out, (uint64_t)job->request.gpus * job->request.gpu_milli);
        fputs(", ", printer->out);
    }
    wf_words_cores(printer->out, job->request.cpu_milli);
    fputs(" and ", printer->out);
    wf_words_memory(printer->out, job->request.memory_mib);
    if (job->limit_ms > 0) {
        fprintf(printer->out, ", for %s at most", wf_wait_duration(text, job->limit_ms));
    }
    fprintf(printer->out, "; queue %s",
            wf_story_queue(printer->names->site, (wf_queue_id){job->queue}));
    if (job->user > 0) {
        fprintf(printer->out, ", user %s", wf_names_text(names, job->user));
    }
    fprintf(printer->out, ", priority %" PRId32 ".\n\n", job->priority);
}

static void print_head(const struct printer *printer)
{
    const struct wf_story *story = printer->story;
    char id[WF_HISTORY_ID_BYTES], text[3][WF_NUMBER_BYTES];
    fprintf(printer->out,
            "Job %s, %s, under %s: ", wf_story_job(printer->names, (wf_job_id){story->job}, id),
            at(printer, text[0], story->asked_ms), printer->names->run);
    switch (story->state) {
    case WF_STORY_TO_COME:
        fprintf(printer->out, "it is to come at %s.\n", at(printer, text[1], story->eligible_ms));
        break;
    case WF_STORY_WAITS:
        fprintf(printer->out, "it waits, for %s so far.\n",
                wf_wait_duration(text[1], story->asked_ms - story->eligible_ms));
        break;
    case WF_STORY_RUNS:
        fprintf(printer->out, "it runs since %s, after a wait of %s.\n",
                at(printer, text[1], story->start_ms),
                wf_wait_duration(text[2], story->start_ms - story->eligible_ms));
        break;
    case WF_STORY_OVER:
        fprintf(printer->out, "it is over since %s.\n",
                at(printer, text[1],
                   story->end_ms != WF_TIME_UNKNOWN ? story->end_ms : story->asked_ms));
        break;
    case WF_STORY_IMPOSSIBLE:
        fputs("it can never run on these machines, and is left out.\n", printer->out);
        break;
    }
}

void wf_story_print(const struct wf_story *story, const struct wf_story_names *names, FILE *out)
{
    char id[WF_HISTORY_ID_BYTES];
    struct wf_story_names copy = *names;
    struct printer printer = {
        .out = out,
        .story = story,
        .names = names,
        .waits =
            {
                .words = {.job = wf_story_job(names, (wf_job_id){story->job}, id),
                          .node = node_name,
                          .pool = pool_name,
                          .model = model_name,
                          .label = label_name,
                          .context = &copy},
                .job = job_name,
                .queue = queue_name,
                .time = time_text,
                .context = &copy,
            },
    };
    print_head(&printer);
    print_request(&printer);
    if (story->state == WF_STORY_WAITS) {
        wf_wait_print_blockers(out, &story->spec, &story->wait, &printer.waits);
        wf_wait_print_ahead(out, &story->wait, &printer.waits);
        print_deadline(&printer);
        print_start(&printer);
        wf_wait_print_remedy(out, &story->remedy, &printer.waits);
    } else if (story->state == WF_STORY_RUNS) {
        print_run(&printer);
    }
    if (story->steps_shown > 0) {
        print_steps(&printer);
    }
}
