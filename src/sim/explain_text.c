// SPDX-License-Identifier: Apache-2.0
#include "sim/explain_text.h"

#include <inttypes.h>

typedef const char *name_function(void *context, uint32_t number);

static void print_name(FILE *out, name_function *function, void *context, const char *noun,
                       uint32_t number)
{
    const char *name = function ? function(context, number) : NULL;
    if (name) {
        fputs(name, out);
    } else {
        fprintf(out, "%s %" PRIu32, noun, number);
    }
}

static void print_set(FILE *out, name_function *function, void *context, const char *noun,
                      uint64_t set)
{
    const char *between = "";
    for (uint32_t number = 0; number < 64; number++) {
        if (set >> number & 1) {
            fputs(between, out);
            print_name(out, function, context, noun, number);
            between = ", ";
        }
    }
}

static const struct wf_explain_names no_names;

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

// 12000 as 12,000.
static void print_number(FILE *out, uint64_t number)
{
    if (number >= 1000) {
        print_number(out, number / 1000);
        fprintf(out, ",%03u", (unsigned)(number % 1000));
    } else {
        fprintf(out, "%u", (unsigned)number);
    }
}

static void print_nodes(FILE *out, uint64_t count)
{
    print_number(out, count);
    fprintf(out, " node%s", plural(count));
}

static void print_gpus(FILE *out, uint64_t milli)
{
    if (milli % WF_GPU_MILLI != 0) {
        fprintf(out, "%" PRIu64 ".%03u of a GPU", milli / WF_GPU_MILLI,
                (unsigned)(milli % WF_GPU_MILLI));
    } else {
        fprintf(out, "%" PRIu64 " GPU%s", milli / WF_GPU_MILLI, plural(milli / WF_GPU_MILLI));
    }
}

static void print_candidate(FILE *out, const struct wf_candidate *candidate, bool at_random,
                            const struct wf_explain_names *names)
{
    print_name(out, names->node, names->context, "node", candidate->node.index);
    fputs(" (", out);
    print_name(out, names->pool, names->context, "pool", candidate->pool.index);
    fputs(")", out);
    if (!at_random) {
        fprintf(out, ", score %" PRId64, candidate->score);
    }
    const char *before = ": ";
    for (uint32_t i = 0; i < candidate->terms.count; i++) {
        const struct wf_term_value *term = &candidate->terms.list[i];
        if (term->term != WF_TERM_SCORE) {
            fprintf(out, "%s%s %" PRId64, before, wf_term_name(term->term), term->value);
            before = ", ";
        }
    }
    if (candidate->alike > 1) {
        fprintf(out, "; %" PRIu32 " nodes are like it", candidate->alike);
    }
    fputs(".\n", out);
}

static void print_candidates(FILE *out, const struct wf_explanation *explanation,
                             const struct wf_explain_names *names)
{
    if (explanation->at_random) {
        fputs("Nodes are drawn at random; each of these could be it:\n", out);
    }
    for (uint32_t i = 0; i < explanation->candidate_count; i++) {
        if (!explanation->at_random) {
            fputs(i == 0 ? "The best node for a task is " : "It wins against ", out);
        } else {
            fputs("  ", out);
        }
        print_candidate(out, &explanation->candidates[i], explanation->at_random, names);
    }
}

static const char *unit_of(enum wf_reason reason)
{
    switch (reason) {
    case WF_REASON_CPU_SIZE:
    case WF_REASON_CPU_FREE:
        return "milli-CPU";
    case WF_REASON_MEMORY_SIZE:
    case WF_REASON_MEMORY_FREE:
        return "MiB of memory";
    case WF_REASON_GPUS_SIZE:
    case WF_REASON_GPUS_FREE:
        return "GPUs";
    case WF_REASON_SHARE_FREE:
        return "thousandths of a GPU";
    case WF_REASON_MODEL:
    case WF_REASON_PLACE:
    case WF_REASON_LABELS:
    case WF_REASON_CLOSED:
        return NULL;
    }
    return NULL;
}

static void print_shortage(FILE *out, enum wf_reason reason, const struct wf_blocker *blocker)
{
    bool empty = reason == WF_REASON_CPU_SIZE || reason == WF_REASON_MEMORY_SIZE ||
                 reason == WF_REASON_GPUS_SIZE;
    fputs(blocker->nodes_alone == 1 ? "is short of " : "are short of ", out);
    print_number(out, blocker->short_min);
    if (blocker->short_max > blocker->short_min) {
        fputs(" to ", out);
        print_number(out, blocker->short_max);
    }
    fprintf(out, " %s %s", unit_of(reason), empty ? "even when empty" : "now");
}

// The table speaks of one node: "has ...", "lacks ...".
static const char *text_of_many(enum wf_reason reason)
{
    switch (reason) {
    case WF_REASON_MODEL:
        return "have GPUs of a model that the job does not accept";
    case WF_REASON_PLACE:
        return "stand outside of the place that the job names";
    case WF_REASON_LABELS:
        return "lack a label that the job asks for";
    case WF_REASON_CLOSED:
        return "take no new work";
    case WF_REASON_CPU_SIZE:
        return "have less CPU than one task asks for, even when empty";
    case WF_REASON_CPU_FREE:
        return "have too little CPU free";
    case WF_REASON_MEMORY_SIZE:
        return "have less memory than one task asks for, even when empty";
    case WF_REASON_MEMORY_FREE:
        return "have too little memory free";
    case WF_REASON_GPUS_SIZE:
        return "have fewer GPUs than one task asks for, even when empty";
    case WF_REASON_GPUS_FREE:
        return "have too few GPUs that are completely free";
    case WF_REASON_SHARE_FREE:
        return "have no GPU with so large a share free";
    }
    return "cannot start the task";
}

// "3 nodes with room for 8 GPUs (in all 24 GPUs completely free) are of a GPU model that ..."
static void print_near_misses(FILE *out, const struct wf_job_spec *job, enum wf_reason reason,
                              const struct wf_blocker *blocker,
                              const struct wf_explain_names *names)
{
    print_nodes(out, blocker->nodes_alone);
    bool one = blocker->nodes_alone == 1;
    bool of_gpus = reason == WF_REASON_GPUS_SIZE || reason == WF_REASON_GPUS_FREE ||
                   reason == WF_REASON_SHARE_FREE;
    if (job->request.gpus > 0 && !of_gpus) {
        fputs(" with room for ", out);
        print_gpus(out, (uint64_t)job->request.gpus * job->request.gpu_milli);
        fprintf(out, " (in all %" PRIu64 " GPU%s completely free)", blocker->gpus_free_alone,
                plural(blocker->gpus_free_alone));
    } else {
        fputs(" with room for the rest", out);
    }
    fputs(" ", out);
    if (unit_of(reason)) {
        print_shortage(out, reason, blocker);
    } else if (reason == WF_REASON_MODEL) {
        fprintf(out, "%s of a GPU model that this job excludes (", one ? "is" : "are");
        print_set(out, names->model, names->context, "number", blocker->set_alone);
        fputs(")", out);
    } else if (reason == WF_REASON_LABELS) {
        fprintf(out, "%s a label that this job asks for (", one ? "lacks" : "lack");
        print_set(out, names->label, names->context, "number", blocker->set_alone);
        fputs(")", out);
    } else {
        fputs(one ? wf_reason_text(reason) : text_of_many(reason), out);
    }
    fputs(".\n", out);
}

static void print_blockers(FILE *out, const struct wf_job_spec *job,
                           const struct wf_explanation *explanation,
                           const struct wf_explain_names *names)
{
    for (uint32_t i = 0; i < explanation->ranked_count; i++) {
        enum wf_reason reason = explanation->ranked[i];
        const struct wf_blocker *blocker = &explanation->blockers[reason];
        if (blocker->nodes_alone > 0) {
            print_near_misses(out, job, reason, blocker, names);
        }
    }
    for (uint32_t i = 0; i < explanation->ranked_count; i++) {
        enum wf_reason reason = explanation->ranked[i];
        const struct wf_blocker *blocker = &explanation->blockers[reason];
        if (blocker->nodes > blocker->nodes_alone) {
            fputs("Another ", out);
            print_nodes(out, blocker->nodes - blocker->nodes_alone);
            fprintf(out, " %s, among other reasons.\n",
                    blocker->nodes - blocker->nodes_alone == 1 ? wf_reason_text(reason)
                                                               : text_of_many(reason));
        }
    }
}

static void print_verdict(FILE *out, const struct wf_job_spec *job,
                          const struct wf_explanation *explanation)
{
    unsigned long long number = job->id.number;
    switch (explanation->verdict) {
    case WF_VERDICT_STARTS:
        fprintf(out, "Job %llu starts now, %" PRIu32 " task%s", number, job->tasks,
                plural(job->tasks));
        break;
    case WF_VERDICT_PART:
        fprintf(out, "Of job %llu, %" PRIu32 " of %" PRIu32 " tasks start now", number,
                explanation->tasks_now, job->tasks);
        break;
    case WF_VERDICT_WAITS:
        fprintf(out, "Job %llu cannot start now", number);
        break;
    case WF_VERDICT_NEVER:
        fprintf(out, "Job %llu can never start on these nodes, not even when they are empty",
                number);
        break;
    }
    fputs(": ", out);
    print_number(out, explanation->nodes_fitting);
    fputs(" of ", out);
    print_nodes(out, explanation->nodes);
    fputs(explanation->nodes_fitting == 1 ? " has room for a task" : " have room for a task", out);
    if (job->gang && explanation->tasks_now < job->tasks && job->tasks > 1) {
        fprintf(out, ", %" PRIu32 " of the gang's %" PRIu32 " tasks would fit",
                explanation->tasks_now, job->tasks);
    }
    fputs(".\n", out);
}

void wf_explain_print(FILE *out, const struct wf_job_spec *job,
                      const struct wf_explanation *explanation,
                      const struct wf_explain_names *names)
{
    names = names ? names : &no_names;
    print_verdict(out, job, explanation);
    print_candidates(out, explanation, names);
    if (explanation->verdict != WF_VERDICT_STARTS) {
        print_blockers(out, job, explanation, names);
    }
}

static bool one_bit(uint64_t set)
{
    return (set & (set - 1)) == 0;
}

static void print_part(FILE *out, const struct wf_change_part *part,
                       const struct wf_explain_names *names)
{
    static const char *const wider[] = {"in any zone of its region", "in any region of its site",
                                        "anywhere"};
    switch (part->kind) {
    case WF_CHANGE_CPU:
    case WF_CHANGE_MEMORY:
    case WF_CHANGE_TASKS:
        print_number(out, part->to);
        fputs(" instead of ", out);
        print_number(out, part->from);
        fputs(part->kind == WF_CHANGE_CPU      ? " milli-CPU for each task"
              : part->kind == WF_CHANGE_MEMORY ? " MiB of memory for each task"
                                               : " tasks",
              out);
        break;
    case WF_CHANGE_GPUS:
        print_gpus(out, part->to);
        fputs(" instead of ", out);
        print_gpus(out, part->from);
        fputs(" for each task", out);
        break;
    case WF_CHANGE_MODELS:
        fprintf(out, "the GPU model%s ", one_bit(part->to & ~part->from) ? "" : "s");
        print_set(out, names->model, names->context, "number", part->to & ~part->from);
        fputs(" accepted too", out);
        break;
    case WF_CHANGE_LABELS:
        fprintf(out, "no need for the label%s ", one_bit(part->from & ~part->to) ? "" : "s");
        print_set(out, names->label, names->context, "number", part->from & ~part->to);
        break;
    case WF_CHANGE_PLACE:
        fprintf(out, "leave to run %s", wider[part->to - 1]);
        break;
    }
}

void wf_remedy_print(FILE *out, const struct wf_job_spec *job, const struct wf_remedy *remedy,
                     const struct wf_explain_names *names)
{
    names = names ? names : &no_names;
    if (!remedy->found) {
        fputs("No change of the job lets it start now: no open node can be of use to it.\n", out);
        return;
    }
    if (remedy->kinds == 0) {
        fputs("It starts as it is.\n", out);
        return;
    }
    struct wf_change_part parts[WF_CHANGE_COUNT];
    uint32_t count = wf_change_parts(job, &remedy->change, parts);
    fputs(remedy->exact ? "The smallest change that lets it start: "
                        : "A change that lets it start, perhaps not the smallest: ",
          out);
    for (uint32_t i = 0; i < count; i++) {
        fputs(i == 0 ? "" : i + 1 == count ? ", and " : ", ", out);
        print_part(out, &parts[i], names);
    }
    fputs(".\n", out);
}
