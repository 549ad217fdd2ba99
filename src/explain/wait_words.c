// SPDX-License-Identifier: Apache-2.0
#include "explain/wait_words.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/number.h"
#include "core/future/timeline.h"
#include "explain/explain_words.h"

enum {
    SECOND_MS = 1000,
    DAY_S = 86400,
};

struct printer {
    FILE *out;
    const struct wf_job_spec *spec;
    const struct wf_wait_explanation *wait;
    const struct wf_wait_remedy *remedy;
    const struct wf_wait_names *names;
};

// "3 d 4 h", "4 h 5 min", "12 s"
const char *wf_wait_duration(char *text, int64_t ms)
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

static const char *at(const struct printer *printer, char *text, int64_t ms)
{
    return printer->names->time(printer->names->context, text, ms);
}

static const char *job_name(const struct printer *printer, wf_job_id job, char *text)
{
    return printer->names->job(printer->names->context, job, text);
}

static const char *queue_name(const struct printer *printer, wf_queue_id queue)
{
    return printer->names->queue(printer->names->context, queue);
}

// "GPUs 5 and job 12"
static void print_other(const struct printer *printer, const struct wf_wait_other *other)
{
    char id[WF_WAIT_JOB_BYTES], time[WF_NUMBER_BYTES];
    fprintf(printer->out, "job %s (", job_name(printer, other->job, id));
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
    const struct wf_wait_explanation *wait = printer->wait;
    for (uint32_t i = 0; i < wait->limit_count; i++) {
        const struct wf_wait_limit *limit = &wait->limits[i];
        fprintf(printer->out, "   Queue %s uses ", queue_name(printer, limit->queue));
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
    const struct wf_wait_explanation *wait = printer->wait;
    for (uint32_t i = 0; i < wait->budget_count; i++) {
        const struct wf_wait_budget *budget = &wait->budgets[i];
        char text[4][WF_NUMBER_BYTES];
        if (budget->action == action) {
            fprintf(printer->out,
                    "   Of the %s's %s of queue %s, %s are spent or promised; the job is expected "
                    "to cost %s. The next %s begins at %s.\n",
                    windows[budget->window], wf_number_dollars(text[0], budget->limit_nanousd),
                    queue_name(printer, budget->queue),
                    wf_number_dollars(text[1], budget->gone_nanousd),
                    wf_number_dollars(text[2], budget->cost_nanousd), windows[budget->window],
                    at(printer, text[3], budget->ends_ms));
        }
    }
}

static void print_kept(const struct printer *printer)
{
    const struct wf_wait_kept *kept = &printer->wait->kept;
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
    const struct wf_explanation *nodes = &printer->wait->nodes;
    char text[2][WF_NUMBER_BYTES];
    if (printer->spec->tasks > 1) {
        fprintf(printer->out,
                "   %s of its %s tasks would fit now, and they start together or not at all.\n",
                wf_number_count(text[0], nodes->tasks_now),
                wf_number_count(text[1], printer->spec->tasks));
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
    wf_explain_print_blockers(memory, printer->spec, nodes, &printer->names->words);
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
    const struct wf_wait_explanation *wait = printer->wait;
    char text[WF_NUMBER_BYTES];
    switch (reason) {
    case WF_WAIT_NEVER:
        fprintf(printer->out, "   The machines would hold %" PRIu32 " of its %" PRIu32 " tasks.\n",
                wait->tasks_slots, printer->spec->tasks);
        break;
    case WF_WAIT_BEGIN:
        fprintf(printer->out, "   It may begin at %s.\n",
                at(printer, text, printer->spec->wait.begin_ms));
        break;
    case WF_WAIT_ARRAY:
        fprintf(printer->out, "   %" PRIu32 " of its array run, %" PRIu32 " may.\n",
                wait->array_running, printer->spec->wait.array_max);
        break;
    case WF_WAIT_QUEUE_LIMIT:
        print_limits(printer);
        break;
    case WF_WAIT_LIMIT_KEPT:
        fprintf(printer->out, "   Of queue %s it is ", queue_name(printer, wait->limit_kept_at));
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
    case WF_WAIT_WATCHED:
        break;
    }
}

static void tell_blockers(const struct printer *printer)
{
    uint32_t number = 0;
    for (uint32_t reason = 0; reason < WF_WAIT_REASON_COUNT; reason++) {
        if (printer->wait->blockers & (UINT32_C(1) << reason)) {
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

static void tell_ahead(const struct printer *printer)
{
    const struct wf_wait_ahead *ahead = &printer->wait->ahead;
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

static void print_queue_change(const struct printer *printer,
                               const struct wf_wait_remedy_queue *queue, bool *first)
{
    static const char *const windows[] = {"hour", "day", "month"};
    const char *name = queue_name(printer, queue->id);
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
    const struct wf_wait_spec *before = &printer->remedy->before.wait;
    const struct wf_wait_spec *after = &printer->remedy->after.wait;
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
        fprintf(printer->out, "a time limit of %s", wf_wait_duration(text[0], after->limit_ms));
        if (before->limit_ms > 0) {
            fprintf(printer->out, " instead of %s", wf_wait_duration(text[1], before->limit_ms));
        }
        break;
    case WF_WAIT_CHANGE_PRIORITY:
        fprintf(printer->out, "the priority %" PRId32 " instead of %" PRId32, after->priority,
                before->priority);
        break;
    case WF_WAIT_CHANGE_QUEUE:
        fprintf(printer->out, "queue %s instead of %s", queue_name(printer, after->queue),
                queue_name(printer, before->queue));
        break;
    case WF_WAIT_CHANGE_QUEUE_LIMIT:
    case WF_WAIT_CHANGE_BUDGET:
        break; // told with their queues
    }
}

static void tell_remedy(const struct printer *printer)
{
    const struct wf_wait_remedy *remedy = printer->remedy;
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
        wf_remedy_print_part(printer->out, &remedy->before, &parts[i], &printer->names->words);
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

void wf_wait_print_blockers(FILE *out, const struct wf_job_spec *job,
                            const struct wf_wait_explanation *wait,
                            const struct wf_wait_names *names)
{
    tell_blockers(&(struct printer){.out = out, .spec = job, .wait = wait, .names = names});
}

void wf_wait_print_ahead(FILE *out, const struct wf_wait_explanation *wait,
                         const struct wf_wait_names *names)
{
    tell_ahead(&(struct printer){.out = out, .wait = wait, .names = names});
}

void wf_wait_print_kept(FILE *out, const struct wf_wait_explanation *wait,
                        const struct wf_wait_names *names)
{
    char text[WF_NUMBER_BYTES];
    fputs("\n", out);
    if (wait->kept_start_ms != WF_NEVER) {
        fprintf(out,
                "A start time is kept for it: %s at the latest, if others end as is "
                "believed of them.\n",
                names->time(names->context, text, wait->kept_start_ms));
    }
}

void wf_wait_print_start(FILE *out, const struct wf_wait_start *start,
                         const struct wf_wait_names *names)
{
    char text[4][WF_NUMBER_BYTES];
    fprintf(out,
            "It is expected to start at %s, in %s; 8 of 10 such jobs start between %s and %s.\n",
            names->time(names->context, text[0], start->middle_ms),
            wf_wait_duration(text[1], start->middle_ms - start->asked_ms),
            names->time(names->context, text[2], start->low_ms),
            names->time(names->context, text[3], start->high_ms));
}

void wf_wait_print_remedy(FILE *out, const struct wf_wait_remedy *remedy,
                          const struct wf_wait_names *names)
{
    tell_remedy(&(struct printer){.out = out, .remedy = remedy, .names = names});
}
