// SPDX-License-Identifier: Apache-2.0
// What explain tells about one job of a replay, in sentences.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/number.h"
#include "core/future/timeline.h"
#include "sim/placement/explain_words.h"
#include "sim/rerun/wait_story.h"

enum {
    SECOND_MS = 1000,
    DAY_S = 86400,
};

struct printer {
    FILE *out;
    const struct wf_story *story;
    const struct wf_story_names *names;
    struct wf_explain_names words;
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

// "3 d 4 h", "4 h 5 min", "12 s"
static const char *duration(char *text, int64_t ms)
{
    int64_t seconds = ms > 0 ? ms / SECOND_MS : 0;
    const struct {
        int64_t size;
        const char *unit;
        int64_t small;
        const char *small_unit;
    } units[] = {
        {DAY_S, "d", 3600, "h"},
        {3600, "h", 60, "min"},
        {60, "min", 1, "s"},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(units); i++) {
        if (seconds >= units[i].size) {
            int64_t rest = seconds % units[i].size / units[i].small;
            int length = snprintf(text, WF_NUMBER_BYTES, "%" PRId64 " %s", seconds / units[i].size,
                                  units[i].unit);
            if (rest > 0 && length > 0) {
                snprintf(text + length, WF_NUMBER_BYTES - (size_t)length, " %" PRId64 " %s", rest,
                         units[i].small_unit);
            }
            return text;
        }
    }
    snprintf(text, WF_NUMBER_BYTES, "%" PRId64 " s", seconds);
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

static const char *at(const struct printer *printer, char *text, int64_t ms)
{
    return wf_story_time(text, ms, printer->names->is_relative);
}

// "GPUs 5 and job 12"
static void print_other(const struct printer *printer, const struct wf_wait_other *other)
{
    char id[WF_HISTORY_ID_BYTES], time[WF_NUMBER_BYTES];
    fprintf(printer->out, "job %s (", wf_story_job(printer->names, other->job, id));
    wf_words_gpus(printer->out, (uint64_t)other->gpu_milli);
    if (other->start_ms != WF_NEVER) {
        fprintf(printer->out, ", to start at %s", at(printer, time, other->start_ms));
    }
    fputs(")", printer->out);
}

static void print_others(const struct printer *printer, const struct wf_wait_other *list,
                         uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        fputs(i == 0 ? "" : i + 1 == count ? " and " : ", ", printer->out);
        print_other(printer, &list[i]);
    }
}

static void print_limits(const struct printer *printer)
{
    const struct wf_wait_explanation *wait = &printer->story->wait;
    for (uint32_t i = 0; i < wait->limit_count; i++) {
        const struct wf_wait_limit *limit = &wait->limits[i];
        fprintf(printer->out, "   Queue %s uses ",
                wf_story_queue(printer->names->site, limit->queue));
        wf_words_gpus(printer->out, (uint64_t)limit->used_gpu_milli);
        fputs(" of at most ", printer->out);
        wf_words_gpus(printer->out, (uint64_t)limit->limit_gpu_milli);
        fputs(", and the job asks for ", printer->out);
        wf_words_gpus(printer->out, (uint64_t)wait->gpu_milli);
        fputs(".\n", printer->out);
    }
}

static void print_budgets(const struct printer *printer, enum wf_budget_action action)
{
    static const char *const windows[] = {"hour", "day", "month"};
    const struct wf_wait_explanation *wait = &printer->story->wait;
    for (uint32_t i = 0; i < wait->budget_count; i++) {
        const struct wf_wait_budget *budget = &wait->budgets[i];
        char text[4][WF_NUMBER_BYTES];
        if (budget->action == action) {
            fprintf(printer->out,
                    "   Of the %s's %s of queue %s, %s are spent or promised; the job is expected "
                    "to cost %s. The next %s begins at %s.\n",
                    windows[budget->window], wf_number_dollars(text[0], budget->limit_nanousd),
                    wf_story_queue(printer->names->site, budget->queue),
                    wf_number_dollars(text[1], budget->gone_nanousd),
                    wf_number_dollars(text[2], budget->cost_nanousd), windows[budget->window],
                    at(printer, text[3], budget->ends_ms));
        }
    }
}

static void print_kept(const struct printer *printer)
{
    const struct wf_wait_kept *kept = &printer->story->wait.kept;
    char text[WF_NUMBER_BYTES];
    fputs("   ", printer->out);
    wf_words_gpus(printer->out, (uint64_t)kept->gpu_milli);
    fprintf(printer->out, " %s kept for %s job%s: ", kept->gpu_milli == WF_GPU_MILLI ? "is" : "are",
            wf_number_count(text, kept->jobs), wf_words_plural(kept->jobs));
    print_others(printer, kept->first, kept->shown);
    fputs(kept->jobs > kept->shown ? ", and more.\n" : ".\n", printer->out);
}

static void print_room(const struct printer *printer)
{
    const struct wf_story *story = printer->story;
    const struct wf_explanation *nodes = &story->wait.nodes;
    char text[2][WF_NUMBER_BYTES];
    if (story->spec.tasks > 1) {
        fprintf(printer->out,
                "   %s of its %s tasks would fit now, and they start together or not at all.\n",
                wf_number_count(text[0], nodes->tasks_now),
                wf_number_count(text[1], story->spec.tasks));
    } else {
        fprintf(printer->out, "   %s of %s nodes can take it now.\n",
                nodes->nodes_fitting == 0 ? "None" : wf_number_count(text[0], nodes->nodes_fitting),
                wf_number_count(text[1], nodes->nodes));
    }
    char *told = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&told, &size);
    if (!memory) {
        return;
    }
    wf_explain_print_blockers(memory, &story->spec, nodes, &printer->words);
    fclose(memory);
    for (size_t i = 0; i < size; i++) {
        if (i == 0 || told[i - 1] == '\n') {
            fputs("   ", printer->out);
        }
        fputc(told[i], printer->out);
    }
    free(told);
}

static void print_blocker(const struct printer *printer, enum wf_wait_reason reason)
{
    const struct wf_wait_explanation *wait = &printer->story->wait;
    char text[WF_NUMBER_BYTES];
    switch (reason) {
    case WF_WAIT_NEVER:
        fprintf(printer->out, "   The machines would hold %" PRIu32 " of its %" PRIu32 " tasks.\n",
                wait->tasks_slots, printer->story->spec.tasks);
        break;
    case WF_WAIT_BEGIN:
        fprintf(printer->out, "   It may begin at %s.\n",
                at(printer, text, printer->story->spec.wait.begin_ms));
        break;
    case WF_WAIT_ARRAY:
        fprintf(printer->out, "   %" PRIu32 " of its array run, %" PRIu32 " may.\n",
                wait->array_running, printer->story->spec.wait.array_max);
        break;
    case WF_WAIT_QUEUE_LIMIT:
        print_limits(printer);
        break;
    case WF_WAIT_LIMIT_KEPT:
        fprintf(printer->out, "   Of queue %s it is ",
                wf_story_queue(printer->names->site, wait->limit_kept_at));
        print_other(printer, &wait->limit_kept);
        fputs(".\n", printer->out);
        break;
    case WF_WAIT_BUDGET:
        print_budgets(printer, WF_BUDGET_HOLD);
        break;
    case WF_WAIT_LOWERED:
        print_budgets(printer, WF_BUDGET_LOWER);
        break;
    case WF_WAIT_KEPT:
        print_kept(printer);
        break;
    case WF_WAIT_ROOM:
        print_room(printer);
        break;
    case WF_WAIT_HELD:
    case WF_WAIT_DEPENDENCY:
    case WF_WAIT_AHEAD:
    case WF_WAIT_TURN:
        break;
    }
}

static void print_blockers(const struct printer *printer)
{
    uint32_t number = 0;
    for (uint32_t reason = 0; reason < WF_WAIT_REASON_COUNT; reason++) {
        if (printer->story->wait.blockers & (UINT32_C(1) << reason)) {
            fprintf(printer->out, "%" PRIu32 ". It %s (%s).\n", ++number,
                    wf_wait_reason_text((enum wf_wait_reason)reason),
                    wf_wait_reason_name((enum wf_wait_reason)reason));
            print_blocker(printer, (enum wf_wait_reason)reason);
        }
    }
    if (number == 0) {
        fputs("Nothing keeps it from starting: it starts with what comes next.\n", printer->out);
    }
}

static void print_ahead(const struct printer *printer)
{
    const struct wf_wait_ahead *ahead = &printer->story->wait.ahead;
    char text[WF_NUMBER_BYTES];
    if (ahead->jobs_all == 0) {
        fputs("\nNobody who waits for the same stands before it.\n", printer->out);
        return;
    }
    fprintf(printer->out, "\n%s job%s before it, with ", wf_number_count(text, ahead->jobs_all),
            ahead->jobs_all == 1 ? " stands" : "s stand");
    wf_words_gpus(printer->out, (uint64_t)ahead->gpu_milli_all);
    fputs(" in all:\n", printer->out);
    for (uint32_t rule = 0; rule < WF_AHEAD_RULE_COUNT; rule++) {
        if (ahead->jobs[rule] > 0) {
            fprintf(printer->out, "   %s, with ", wf_number_count(text, ahead->jobs[rule]));
            wf_words_gpus(printer->out, (uint64_t)ahead->gpu_milli[rule]);
            fprintf(printer->out, ", %s (%s).\n", wf_ahead_rule_text((enum wf_ahead_rule)rule),
                    wf_ahead_rule_name((enum wf_ahead_rule)rule));
        }
    }
    fputs("   First ", printer->out);
    print_others(printer, ahead->first, ahead->shown);
    fputs(".\n", printer->out);
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
    int64_t low_ms = later(story->looked_ms + story->start.low_ms, story->asked_ms);
    int64_t middle_ms = later(story->looked_ms + story->start.middle_ms, story->asked_ms);
    int64_t high_ms = later(story->looked_ms + story->start.high_ms, story->asked_ms);
    char text[4][WF_NUMBER_BYTES];
    if (story->wait.kept_start_ms != WF_NEVER) {
        fprintf(printer->out,
                "\nA start time is kept for it: %s at the latest, if others end as is "
                "believed of them.\n",
                at(printer, text[0], story->wait.kept_start_ms));
    } else {
        fputs("\n", printer->out);
    }
    fprintf(printer->out,
            "It is expected to start at %s, in %s; 8 of 10 such jobs start between %s and %s.\n",
            at(printer, text[0], middle_ms), duration(text[1], middle_ms - story->asked_ms),
            at(printer, text[2], low_ms), at(printer, text[3], high_ms));
}

static void print_queue_change(const struct printer *printer,
                               const struct wf_wait_remedy_queue *queue, bool *first)
{
    static const char *const windows[] = {"hour", "day", "month"};
    const char *name = wf_story_queue(printer->names->site, queue->id);
    if (queue->after.limit_gpu_milli != queue->before.limit_gpu_milli) {
        fputs(*first ? "" : ", and ", printer->out);
        *first = false;
        fputs("a limit of ", printer->out);
        wf_words_gpus(printer->out, (uint64_t)queue->after.limit_gpu_milli);
        fputs(" instead of ", printer->out);
        wf_words_gpus(printer->out, (uint64_t)queue->before.limit_gpu_milli);
        fprintf(printer->out, " for queue %s", name);
    }
    for (uint32_t window = 0; window < WF_WINDOWS; window++) {
        int64_t before = queue->before.budgets[window].limit_nanousd;
        int64_t after = queue->after.budgets[window].limit_nanousd;
        char text[2][WF_NUMBER_BYTES];
        if (after != before) {
            fprintf(printer->out, "%s%s instead of %s each %s for queue %s", *first ? "" : ", and ",
                    wf_number_dollars(text[0], after), wf_number_dollars(text[1], before),
                    windows[window], name);
            *first = false;
        }
    }
}

static void print_wait_change(const struct printer *printer, enum wf_wait_change_kind kind)
{
    const struct wf_wait_spec *before = &printer->story->remedy.before.wait;
    const struct wf_wait_spec *after = &printer->story->remedy.after.wait;
    char text[2][WF_NUMBER_BYTES];
    switch (kind) {
    case WF_WAIT_CHANGE_RELEASE:
        fputs("its release", printer->out);
        break;
    case WF_WAIT_CHANGE_BEGIN:
        fputs("leave to begin now", printer->out);
        break;
    case WF_WAIT_CHANGE_ARRAY_MAX:
        fprintf(printer->out, "%" PRIu32 " instead of %" PRIu32 " of its array at once",
                after->array_max, before->array_max);
        break;
    case WF_WAIT_CHANGE_LIMIT:
        fprintf(printer->out, "a time limit of %s", duration(text[0], after->limit_ms));
        if (before->limit_ms > 0) {
            fprintf(printer->out, " instead of %s", duration(text[1], before->limit_ms));
        }
        break;
    case WF_WAIT_CHANGE_PRIORITY:
        fprintf(printer->out, "the priority %" PRId32 " instead of %" PRId32, after->priority,
                before->priority);
        break;
    case WF_WAIT_CHANGE_QUEUE:
        fprintf(printer->out, "queue %s instead of %s",
                wf_story_queue(printer->names->site, after->queue),
                wf_story_queue(printer->names->site, before->queue));
        break;
    case WF_WAIT_CHANGE_QUEUE_LIMIT:
    case WF_WAIT_CHANGE_BUDGET:
        break; // told with their queues
    }
}

static void print_remedy(const struct printer *printer)
{
    const struct wf_wait_remedy *remedy = &printer->story->remedy;
    struct wf_change_part parts[WF_CHANGE_COUNT];
    bool first = true;
    if (!remedy->found) {
        char text[WF_NUMBER_BYTES];
        fprintf(printer->out,
                "No small change lets it start now: none of %s that were tried did.\n",
                wf_number_count(text, remedy->trials));
        return;
    }
    if (!remedy->is_needed) {
        fputs("It needs no change: it starts as it is with what comes next.\n", printer->out);
        return;
    }
    fputs("The smallest change found that starts it now: ", printer->out);
    uint32_t count = wf_change_parts(&remedy->before, &remedy->change, parts);
    for (uint32_t i = 0; i < count; i++) {
        fputs(first ? "" : ", and ", printer->out);
        wf_remedy_print_part(printer->out, &remedy->before, &parts[i], &printer->words);
        first = false;
    }
    uint32_t told = WF_WAIT_CHANGE_BIT(QUEUE_LIMIT) | WF_WAIT_CHANGE_BIT(BUDGET);
    for (uint32_t kind = 0; kind < WF_WAIT_CHANGE_COUNT; kind++) {
        if (remedy->kinds & ~told & (UINT32_C(1) << kind)) {
            fputs(first ? "" : ", and ", printer->out);
            print_wait_change(printer, (enum wf_wait_change_kind)kind);
            first = false;
        }
    }
    for (uint32_t i = 0; i < remedy->queue_count; i++) {
        print_queue_change(printer, &remedy->queues[i], &first);
    }
    fputs(".\n", printer->out);
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
                node_name(printer->words.context, run->nodes[i].index));
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
    wf_explain_print_table(printer->out, then, &printer->words);
    if (then->candidate_count > 0 && then->candidates[0].node.index != run->nodes[0].index) {
        fprintf(printer->out,
                "Now the policy would take %s: what ended or started at the same moment had "
                "changed what is free.\n",
                node_name(printer->words.context, then->candidates[0].node.index));
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
        fprintf(printer->out, ", for %s at most", duration(text, job->limit_ms));
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
                duration(text[1], story->asked_ms - story->eligible_ms));
        break;
    case WF_STORY_RUNS:
        fprintf(printer->out, "it runs since %s, after a wait of %s.\n",
                at(printer, text[1], story->start_ms),
                duration(text[2], story->start_ms - story->eligible_ms));
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
        .words =
            {
                .job = wf_story_job(names, (wf_job_id){story->job}, id),
                .node = node_name,
                .pool = pool_name,
                .model = model_name,
                .label = label_name,
                .context = &copy,
            },
    };
    print_head(&printer);
    print_request(&printer);
    if (story->state == WF_STORY_WAITS) {
        print_blockers(&printer);
        print_ahead(&printer);
        print_deadline(&printer);
        print_start(&printer);
        print_remedy(&printer);
    } else if (story->state == WF_STORY_RUNS) {
        print_run(&printer);
    }
    if (story->steps_shown > 0) {
        print_steps(&printer);
    }
}
