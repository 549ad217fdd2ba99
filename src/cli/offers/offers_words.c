// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "cli/figures.h"
#include "cli/offers/offers.h"
#include "sim/rerun/wait_story.h"

#define NANO 1e-9

const char *wf_offers_usd(char *text, int64_t nanousd)
{
    if (nanousd < 0) {
        snprintf(text, WF_NUMBER_BYTES, "-");
        return text;
    }
    return wf_figure_number(text, (double)nanousd * NANO);
}

static const char *dollars(char *text, int64_t nanousd)
{
    return wf_figure_usd(text, (double)nanousd * NANO);
}

static const char *pool_name(const struct wf_offers_report *report, wf_pool_id pool)
{
    return report->site->pools[pool.index].name;
}

static const char *at(const struct wf_offers_report *report, char *text, int64_t ms)
{
    return wf_story_time(text, ms, report->has_relative_times);
}

// The job.

static void tell_models(FILE *out, const struct wf_offers_report *report)
{
    const struct wf_site *site = report->site;
    uint64_t models = report->offer->job.request.models;
    const char *between = " of ";
    for (uint32_t i = 0; i < site->model_count && models != WF_ANY_MODEL; i++) {
        if (models & WF_MODEL_BIT(i)) {
            fprintf(out, "%s%s", between, site->models[i]);
            between = " or ";
        }
    }
}

static void tell_task(FILE *out, const struct wf_offers_report *report)
{
    char text[WF_NUMBER_BYTES];
    const struct wf_request *request = &report->offer->job.request;
    const char *between = "";
    if (request->gpus > 0) {
        bool one = request->gpus == 1 && request->gpu_milli == WF_GPU_MILLI;
        fprintf(out, "%s GPU%s",
                wf_number_thousandths(text, (uint64_t)request->gpus * request->gpu_milli),
                one || request->gpu_milli < WF_GPU_MILLI ? "" : "s");
        tell_models(out, report);
        between = ", ";
    }
    if (request->cpu_milli > 0) {
        fprintf(out, "%s%s core%s", between, wf_number_thousandths(text, request->cpu_milli),
                request->cpu_milli == 1000 ? "" : "s");
        between = ", ";
    }
    if (request->memory_mib > 0) {
        fprintf(out, "%s%s GiB of memory", between,
                wf_number_thousandths(text, (uint64_t)request->memory_mib * 1000 / 1024));
    }
}

void wf_offers_tell_job(FILE *out, const void *context)
{
    const struct wf_offers_report *report = context;
    const struct wf_job_spec *job = &report->offer->job;
    char text[WF_NUMBER_BYTES];
    if (job->tasks > 1) {
        fprintf(out, "%s tasks that start together, each with ", wf_number_count(text, job->tasks));
    } else {
        fputs("One task with ", out);
    }
    tell_task(out, report);
    if (report->site->queue_count > 0) {
        fprintf(out, ", in %s%s",
                job->wait.queue.index < report->site->queue_count ? "queue " : "no queue",
                job->wait.queue.index < report->site->queue_count
                    ? report->site->queues[job->wait.queue.index].name
                    : "");
    }
    fprintf(out, ". Nothing is submitted: this is what %s would do with it", report->policy);
    if (report->offer->is_busy) {
        fprintf(out, " at %s, when", at(report, text, report->offer->now_ms));
        fprintf(out, " %s jobs run", wf_number_count(text, report->offer->jobs_running));
        fprintf(out, " and %s wait", wf_number_count(text, report->offer->jobs_waiting));
    } else {
        fputs(" on machines where nothing runs", out);
    }
    fputs(".", out);
}

// Its run.

static void tell_learned(FILE *out, const struct wf_offers_report *report)
{
    char text[WF_NUMBER_BYTES];
    const struct wf_offer *offer = report->offer;
    const char *user = report->user ? report->user : "";
    fprintf(out, "learned from the %s", wf_number_count(text, (int64_t)offer->runs));
    fprintf(out, " runs of %s", report->history);
    if (report->user && report->name && offer->runs_of_name > 0) {
        fprintf(out, ", %s of which were %s's %s",
                wf_number_count(text, (int64_t)offer->runs_of_name), user, report->name);
    } else if (report->user && offer->runs_of_user > 0) {
        fprintf(out, ", %s of which were %s's", wf_number_count(text, (int64_t)offer->runs_of_user),
                user);
        fprintf(out, "%s%s", report->name ? ", though none was called " : "",
                report->name ? report->name : "");
    } else if (report->user) {
        fprintf(out, ", none of which was %s's", user);
    }
}

void wf_offers_tell_run(FILE *out, const void *context)
{
    const struct wf_offers_report *report = context;
    const struct wf_wait_spec *wait = &report->offer->job.wait;
    char low[WF_NUMBER_BYTES], middle[WF_NUMBER_BYTES], high[WF_NUMBER_BYTES];
    int64_t half_ms = wait->run.ms[WF_RUN_TIME_POINTS / 2];
    wf_figure_duration(middle, (double)half_ms);
    switch (report->offer->source) {
    case WF_OFFER_TOLD:
        fprintf(out, "It runs %s, as --hours says.", middle);
        return;
    case WF_OFFER_LIMIT:
        fprintf(out,
                "It runs at most %s, its time limit; nothing else is known of it, so what is told "
                "of the whole job is the most that it may cost. --history FILE learns how long "
                "such jobs really run.",
                wf_figure_duration(low, (double)wait->limit_ms));
        return;
    case WF_OFFER_NOTHING:
        fputs("Nobody says how long it runs, so there is no price of the whole job: --history "
              "FILE, --hours H or --limit T tells.",
              out);
        return;
    case WF_OFFER_LEARNED:
        break;
    }
    fprintf(out,
            "Of such jobs 10 %% run no longer than %s, half no longer than %s, 90 %% no "
            "longer than %s: ",
            wf_figure_duration(low, (double)wait->run.ms[0]), middle,
            wf_figure_duration(high, (double)wait->run.ms[WF_RUN_TIME_POINTS - 1]));
    tell_learned(out, report);
    fputs(".", out);
}

// The choice.

static void tell_pools(FILE *out, const struct wf_offers_report *report)
{
    const struct wf_quote *quote = &report->offer->quote;
    uint32_t tasks = report->offer->job.tasks;
    const char *between = " on ";
    for (uint32_t i = 0; i < quote->row_count; i++) {
        const struct wf_quote_row *row = &quote->rows[i];
        if (row->tasks > 0) {
            fprintf(out, "%s%s", between, pool_name(report, row->pool));
            between = " and ";
            if (row->tasks < tasks) {
                fprintf(out, " (%u of %u tasks)", row->tasks, tasks);
            }
        }
    }
}

static void tell_price(FILE *out, const struct wf_offers_report *report)
{
    const struct wf_quote *quote = &report->offer->quote;
    const int64_t *price = quote->chosen.nanousd;
    char low[WF_NUMBER_BYTES], middle[WF_NUMBER_BYTES], high[WF_NUMBER_BYTES];
    dollars(low, price[WF_QUOTE_LOW]);
    dollars(middle, price[WF_QUOTE_MIDDLE]);
    dollars(high, price[WF_QUOTE_HIGH]);
    if (quote->run == WF_QUOTE_RUN_UNKNOWN) {
        fprintf(out, "The job costs %s an hour", dollars(middle, quote->chosen.nanousd_per_hour));
    } else if (quote->run == WF_QUOTE_RUN_LIMIT) {
        fprintf(out, "The whole job costs at most %s", high);
    } else if (price[WF_QUOTE_LOW] == price[WF_QUOTE_HIGH]) {
        fprintf(out, "The whole job costs %s", middle);
    } else {
        fprintf(out, "The whole job costs %s to %s, %s in the middle", low, high, middle);
    }
}

static void tell_blockers(FILE *out, const struct wf_offers_report *report)
{
    const char *between = " It ";
    for (uint32_t rest = report->offer->quote.blockers; rest != 0; rest &= rest - 1) {
        enum wf_wait_reason reason = (enum wf_wait_reason)__builtin_ctz(rest);
        fprintf(out, "%s%s (%s)", between, wf_wait_reason_text(reason),
                wf_wait_reason_name(reason));
        between = "; it ";
    }
    fputs(report->offer->quote.blockers != 0 ? "." : "", out);
}

void wf_offers_tell_choice(FILE *out, const void *context)
{
    const struct wf_offers_report *report = context;
    const struct wf_quote *quote = &report->offer->quote;
    char text[WF_NUMBER_BYTES];
    if (quote->start == WF_QUOTE_NEVER) {
        fputs("The job can never run here, not even with nothing else running.", out);
        return;
    }
    tell_price(out, report);
    switch (quote->start) {
    case WF_QUOTE_STARTS:
        fputs(", and it would start at once,", out);
        tell_pools(out, report);
        fputs(".", out);
        break;
    case WF_QUOTE_KEPT:
        fprintf(out, ". It would wait, with room kept for it at %s,",
                at(report, text, quote->start_ms));
        tell_pools(out, report);
        fputs(".", out);
        break;
    case WF_QUOTE_WAITS:
        fputs(". It would wait, and nobody knows until when; with nothing else running it would go",
              out);
        tell_pools(out, report);
        fputs(".", out);
        break;
    case WF_QUOTE_NEVER:
        break;
    }
    tell_blockers(out, report);
    if (quote->stopped > 0) {
        fprintf(out, " For it %u running task%s of other jobs would be stopped.", quote->stopped,
                quote->stopped == 1 ? "" : "s");
    }
}

// Budgets.

static void tell_budget(FILE *out, const struct wf_offers_report *report,
                        const struct wf_quote_budget *budget)
{
    static const char *const windows[WF_WINDOWS] = {"an hour", "a day", "a month"};
    static const char *const deeds[] = {[WF_BUDGET_ADMIT] = "is let in all the same",
                                        [WF_BUDGET_HOLD] = "is held until the window is over",
                                        [WF_BUDGET_LOWER] = "goes behind all others"};
    char limit[WF_NUMBER_BYTES], left[WF_NUMBER_BYTES], cost[WF_NUMBER_BYTES], end[WF_NUMBER_BYTES];
    int64_t rest = budget->limit_nanousd - budget->gone_nanousd;
    const char *deed = budget->is_passed ? deeds[budget->action] : "is within the budget";
    if (!budget->is_passed && budget->cost_nanousd > rest) {
        deed = "is let in, since no window could hold it and nothing is spent in this one";
    }
    fprintf(out, "Queue %s may spend %s %s, and %s of it is left; the job counts with %s: it %s",
            report->site->queues[budget->queue.index].name, dollars(limit, budget->limit_nanousd),
            windows[budget->window], dollars(left, rest > 0 ? rest : 0),
            dollars(cost, budget->cost_nanousd), deed);
    if (budget->is_passed && report->offer->is_busy) {
        fprintf(out, " (%s)", at(report, end, budget->ends_ms));
    }
    fputs(". ", out);
}

void wf_offers_tell_budgets(FILE *out, const void *context)
{
    const struct wf_offers_report *report = context;
    const struct wf_quote *quote = &report->offer->quote;
    for (uint32_t i = 0; i < quote->budget_count; i++) {
        tell_budget(out, report, &quote->budgets[i]);
    }
    if (quote->verdict.answer == WF_QUEUE_OVER_LIMIT) {
        fprintf(out, "With the job queue %s would hold more GPUs than it may.",
                report->site->queues[quote->verdict.at.index].name);
    }
}

// How long it runs where it goes: as long as the slowest of its tasks.
static void find_run(const struct wf_quote *quote, int64_t run_ms_out[WF_QUOTE_POINTS])
{
    memset(run_ms_out, 0, WF_QUOTE_POINTS * sizeof run_ms_out[0]);
    for (uint32_t i = 0; i < quote->row_count; i++) {
        const struct wf_quote_row *row = &quote->rows[i];
        for (enum wf_quote_point point = 0; point < WF_QUOTE_POINTS && row->tasks > 0; point++) {
            if (row->run_ms[point] > run_ms_out[point]) {
                run_ms_out[point] = row->run_ms[point];
            }
        }
    }
}

void wf_offers_tell_deadline(FILE *out, const void *context)
{
    const struct wf_offers_report *report = context;
    const struct wf_offer *offer = report->offer;
    int64_t deadline_ms = offer->job.wait.deadline_ms;
    if (deadline_ms == 0) {
        return;
    }
    if (offer->quote.run == WF_QUOTE_RUN_UNKNOWN || offer->quote.start == WF_QUOTE_WAITS) {
        fprintf(out, "Whether it is done by its deadline nobody knows, as nobody knows %s.",
                offer->quote.start == WF_QUOTE_WAITS ? "when it starts" : "how long it runs");
    }
    if (offer->quote.run == WF_QUOTE_RUN_UNKNOWN ||
        (offer->quote.start != WF_QUOTE_STARTS && offer->quote.start != WF_QUOTE_KEPT)) {
        return;
    }
    int64_t start_ms = offer->quote.start == WF_QUOTE_KEPT ? offer->quote.start_ms : offer->now_ms;
    int64_t run_ms[WF_QUOTE_POINTS];
    find_run(&offer->quote, run_ms);
    static const char *const chances[WF_QUOTE_POINTS + 1] = {
        "fewer than 1 in 10", "between 1 and 5 in 10", "between 5 and 9 in 10", "9 in 10 or more"};
    char text[WF_NUMBER_BYTES];
    uint32_t met = 0;
    while (met < WF_QUOTE_POINTS && start_ms + run_ms[met] <= deadline_ms) {
        met++;
    }
    fprintf(out, "Until the deadline it has %s from its start: ",
            wf_figure_duration(text, (double)(deadline_ms - start_ms)));
    if (run_ms[WF_QUOTE_LOW] == run_ms[WF_QUOTE_HIGH]) {
        fputs(met > 0 ? "that is enough." : "that is too little.", out);
    } else {
        fprintf(out, "%s such jobs are done by then.", chances[met]);
    }
}

// One row.

static const struct wf_quote_row *first_chosen(const struct wf_quote *quote)
{
    for (uint32_t i = 0; i < quote->row_count; i++) {
        if (quote->rows[i].tasks > 0) {
            return &quote->rows[i];
        }
    }
    return NULL;
}

static int64_t term_of(const struct wf_terms *terms, enum wf_term term)
{
    for (uint32_t i = 0; i < terms->count; i++) {
        if (terms->list[i].term == term) {
            return terms->list[i].value;
        }
    }
    return 0;
}

// The term that speaks most against a pool, next to the chosen one. Returns false where none does,
// or where the policy does not count in dollars.
static bool find_worst_term(const struct wf_offers_row *of, enum wf_term *term_out,
                            int64_t *nanousd_out)
{
    const struct wf_quote *quote = &of->report->offer->quote;
    const struct wf_quote_row *chosen = first_chosen(quote);
    *nanousd_out = 0;
    if (!chosen) {
        return false;
    }
    const struct wf_terms *ours = &wf_quote_best(quote, of->row)->terms;
    const struct wf_terms *theirs = &wf_quote_best(quote, chosen)->terms;
    for (uint32_t i = 0; i < ours->count; i++) {
        enum wf_term term = ours->list[i].term;
        int64_t against = term_of(theirs, term) - ours->list[i].value;
        if (term != WF_TERM_SCORE && against > *nanousd_out) {
            *term_out = term;
            *nanousd_out = against;
        }
    }
    return *nanousd_out > 0;
}

static void tell_liking(FILE *out, const struct wf_offers_row *of)
{
    const struct wf_quote *quote = &of->report->offer->quote;
    const struct wf_quote_row *chosen = first_chosen(quote);
    char text[WF_NUMBER_BYTES];
    enum wf_term term;
    int64_t nanousd;
    if (find_worst_term(of, &term, &nanousd)) {
        fprintf(out, "%s likes it less by %s an hour for a task: %s", of->report->policy,
                dollars(text, nanousd), wf_term_name(term));
    } else if (chosen &&
               wf_quote_best(quote, of->row)->score == wf_quote_best(quote, chosen)->score) {
        fputs("as good, and the other comes first", out);
    } else {
        fprintf(out, "%s likes it less", of->report->policy);
    }
}

static void tell_dearer(FILE *out, const struct wf_offers_row *of)
{
    const struct wf_quote *quote = &of->report->offer->quote;
    const struct wf_quote_price *ours = &of->row->price;
    char text[WF_NUMBER_BYTES];
    if (quote->chosen.nanousd[WF_QUOTE_MIDDLE] >= 0) {
        int64_t more = ours->nanousd[WF_QUOTE_MIDDLE] - quote->chosen.nanousd[WF_QUOTE_MIDDLE];
        fprintf(out, "dearer by %s for the whole job", dollars(text, more));
    } else {
        int64_t more = ours->nanousd_per_hour - quote->chosen.nanousd_per_hour;
        fprintf(out, "dearer by %s an hour", dollars(text, more));
    }
}

// "a node lacks 4 GPUs even when empty", or in the words of docs/reasons.md.
static void tell_reason(FILE *out, uint32_t reasons, uint32_t missing)
{
    static const struct {
        const char *unit, *units;
        uint32_t per_unit; // so many of what is counted are one
        const char *when;
    } amounts[WF_REASON_COUNT] = {
        [WF_REASON_CPU_SIZE] = {"core", "cores", 1000, "even when empty"},
        [WF_REASON_CPU_FREE] = {"free core", "free cores", 1000, "now"},
        [WF_REASON_MEMORY_SIZE] = {"GiB of memory", "GiB of memory", 1024, "even when empty"},
        [WF_REASON_MEMORY_FREE] = {"GiB of free memory", "GiB of free memory", 1024, "now"},
        [WF_REASON_GPUS_SIZE] = {"GPU", "GPUs", 1, "even when empty"},
        [WF_REASON_GPUS_FREE] = {"free GPU", "free GPUs", 1, "now"},
        [WF_REASON_SHARE_FREE] = {"of a GPU", "of a GPU", 1000, "now"},
    };
    if (reasons == 0) {
        fputs("no node is up", out);
        return;
    }
    char text[WF_NUMBER_BYTES];
    enum wf_reason reason = (enum wf_reason)__builtin_ctz(reasons);
    uint32_t per_unit = amounts[reason].per_unit;
    if (per_unit == 0) {
        fputs(wf_reason_text(reason), out);
        return;
    }
    fprintf(out, "a node lacks %s %s %s",
            wf_number_thousandths(text, (uint64_t)missing * 1000 / per_unit),
            missing == per_unit ? amounts[reason].unit : amounts[reason].units,
            amounts[reason].when);
}

void wf_offers_tell_why(FILE *out, const void *context)
{
    const struct wf_offers_row *of = context;
    const struct wf_quote_row *row = of->row;
    uint32_t tasks = of->report->offer->job.tasks;
    switch (row->why) {
    case WF_QUOTE_CHOSEN:
        if (row->tasks < tasks) {
            fprintf(out, "takes %u of %u tasks", row->tasks, tasks);
        }
        return;
    case WF_QUOTE_CANNOT:
        tell_reason(out, row->reasons_empty, row->missing_empty);
        return;
    case WF_QUOTE_SMALL:
        fprintf(out, "holds %llu of %u tasks even when empty", (unsigned long long)row->tasks_empty,
                tasks);
        return;
    case WF_QUOTE_FULL:
        if (row->tasks_now > 0) {
            fprintf(out, "has room for %llu of %u tasks now", (unsigned long long)row->tasks_now,
                    tasks);
        } else {
            tell_reason(out, row->reasons_now, row->missing_now);
        }
        return;
    case WF_QUOTE_DEARER:
        tell_dearer(out, of);
        return;
    case WF_QUOTE_PASSED:
        tell_liking(out, of);
        return;
    }
}

void wf_offers_tell_price(FILE *out, const void *context)
{
    const struct wf_offers_row *of = context;
    const struct wf_site_pool *pool = &of->report->site->pools[of->row->pool.index];
    char text[WF_NUMBER_BYTES];
    uint32_t speed = pool->spec.speed_permille > 0 ? pool->spec.speed_permille : 1000;
    fprintf(out, "%s: %s (%s)", pool->name, pool->price_source,
            pool->spec.rent_by_use ? "paid while it is used" : "paid whether it is used or not");
    if (speed != 1000) {
        fprintf(out, "; a run takes 1/%s of its time there", wf_number_thousandths(text, speed));
    }
}
