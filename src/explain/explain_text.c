// SPDX-License-Identifier: Apache-2.0
#include "explain/explain_text.h"

#include <inttypes.h>

#include "base/number.h"
#include "explain/explain_words.h"

static const struct wf_explain_names no_names;

static bool one_bit(uint64_t set)
{
    return (set & (set - 1)) == 0;
}

static bool of_size(enum wf_reason reason)
{
    return reason == WF_REASON_CPU_SIZE || reason == WF_REASON_MEMORY_SIZE ||
           reason == WF_REASON_GPUS_SIZE;
}

// Prints how much is too little, with its unit: "2 to 4 cores".
static void print_amounts(FILE *out, enum wf_reason reason, uint32_t min, uint32_t max)
{
    char text[WF_NUMBER_BYTES];
    bool gpus = reason == WF_REASON_GPUS_SIZE || reason == WF_REASON_GPUS_FREE;
    bool memory = reason == WF_REASON_MEMORY_SIZE || reason == WF_REASON_MEMORY_FREE;
    uint64_t unit = gpus || (memory && max < 1024) ? 1 : memory ? 1024 : 1000;
    for (uint32_t i = min == max ? 1 : 0; i < 2; i++) {
        uint64_t amount = ((i == 0 ? min : max) * UINT64_C(1000) + unit - 1) / unit;
        fprintf(out, "%s%s", wf_number_thousandths(text, amount), i == 0 ? " to " : " ");
    }
    switch (reason) {
    case WF_REASON_CPU_SIZE:
    case WF_REASON_CPU_FREE:
        fprintf(out, "core%s", max == 1000 ? "" : "s");
        break;
    case WF_REASON_MEMORY_SIZE:
    case WF_REASON_MEMORY_FREE:
        fprintf(out, "%s of memory", unit == 1 ? "MiB" : "GiB");
        break;
    case WF_REASON_GPUS_SIZE:
        fprintf(out, "GPU%s", wf_words_plural(max));
        break;
    case WF_REASON_GPUS_FREE:
        fprintf(out, "completely free GPU%s", wf_words_plural(max));
        break;
    case WF_REASON_SHARE_FREE:
        fputs("of a GPU on the one with most room", out);
        break;
    case WF_REASON_MODEL:
    case WF_REASON_PLACE:
    case WF_REASON_LABELS:
    case WF_REASON_CLOSED:
        break;
    }
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

// "2 nodes lack 2 to 4 cores even when empty, and nothing else."
static void print_short(FILE *out, enum wf_reason reason, const struct wf_blocker *blocker)
{
    wf_words_nodes(out, blocker->nodes_alone);
    fputs(blocker->nodes_alone == 1 ? " lacks " : " lack ", out);
    print_amounts(out, reason, blocker->short_min, blocker->short_max);
    fputs(of_size(reason) ? " even when empty, and nothing else.\n" : ", and nothing else.\n", out);
}

// "3 nodes have room enough (24 GPUs completely free), but of a GPU model that it excludes: T4."
static void print_near_misses(FILE *out, const struct wf_job_spec *job, enum wf_reason reason,
                              const struct wf_blocker *blocker,
                              const struct wf_explain_names *names)
{
    const struct wf_request *request = &job->request;
    bool one = blocker->nodes_alone == 1;
    wf_words_nodes(out, blocker->nodes_alone);
    fputs(one ? " has room enough" : " have room enough", out);
    if (request->gpus > 0) {
        bool whole = request->gpu_milli == WF_GPU_MILLI;
        fputs(" (", out);
        wf_words_gpus(out, whole ? blocker->gpus_free_alone * WF_GPU_MILLI
                                 : blocker->gpu_free_milli_alone);
        fputs(whole ? " completely free), but " : " free), but ", out);
    } else {
        fputs(", but ", out);
    }
    if (reason == WF_REASON_MODEL) {
        fputs(one_bit(blocker->set_alone) ? "of a GPU model that it excludes: "
                                          : "of GPU models that it excludes: ",
              out);
        wf_words_set(out, names->model, names->context, "number", blocker->set_alone);
    } else if (reason == WF_REASON_LABELS) {
        fprintf(out, "%s a label that it asks for: ", one ? "lacks" : "lack");
        wf_words_set(out, names->label, names->context, "number", blocker->set_alone);
    } else {
        fputs(one ? wf_reason_text(reason) : text_of_many(reason), out);
    }
    fputs(".\n", out);
}

static bool has_amount(enum wf_reason reason)
{
    return reason != WF_REASON_MODEL && reason != WF_REASON_PLACE && reason != WF_REASON_LABELS &&
           reason != WF_REASON_CLOSED;
}

void wf_explain_print_blockers(FILE *out, const struct wf_job_spec *job,
                               const struct wf_explanation *explanation,
                               const struct wf_explain_names *names)
{
    char text[WF_NUMBER_BYTES];
    for (uint32_t i = 0; i < explanation->ranked_count; i++) {
        enum wf_reason reason = explanation->ranked[i];
        const struct wf_blocker *blocker = &explanation->blockers[reason];
        if (blocker->nodes_alone > 0 && has_amount(reason)) {
            print_short(out, reason, blocker);
        } else if (blocker->nodes_alone > 0) {
            print_near_misses(out, job, reason, blocker, names);
        }
    }
    for (uint32_t i = 0; i < explanation->ranked_count; i++) {
        enum wf_reason reason = explanation->ranked[i];
        const struct wf_blocker *blocker = &explanation->blockers[reason];
        uint32_t nodes = blocker->nodes - blocker->nodes_alone;
        if (nodes > 0) {
            fprintf(out, "%s %snode%s %s, among other reasons.\n", wf_number_count(text, nodes),
                    blocker->nodes_alone > 0 ? "more " : "", wf_words_plural(nodes),
                    nodes == 1 ? wf_reason_text(reason) : text_of_many(reason));
        }
    }
}

static void print_room(FILE *out, const struct wf_job_spec *job,
                       const struct wf_explanation *explanation)
{
    char text[WF_NUMBER_BYTES];
    fputs(": ", out);
    if (explanation->nodes_fitting == 0) {
        fprintf(out, "none of %s", wf_number_count(text, explanation->nodes));
    } else {
        fprintf(out, "%s of ", wf_number_count(text, explanation->nodes_fitting));
        fprintf(out, "%s", wf_number_count(text, explanation->nodes));
    }
    fprintf(out, " node%s can take %s", wf_words_plural(explanation->nodes),
            job->tasks == 1 ? "it" : "a task");
    if (job->gang && explanation->tasks_now < job->tasks && job->tasks > 1) {
        fprintf(out,
                ", and %" PRIu32 " of its %" PRIu32
                " tasks fit, which start together or not at all",
                explanation->tasks_now, job->tasks);
    }
    fputs(".\n", out);
}

static void print_verdict(FILE *out, const struct wf_job_spec *job,
                          const struct wf_explanation *explanation,
                          const struct wf_explain_names *names)
{
    wf_words_job(out, job, names, true);
    switch (explanation->verdict) {
    case WF_VERDICT_STARTS:
        fputs(" starts now", out);
        if (job->tasks > 1) {
            fprintf(out, " with all its %" PRIu32 " tasks", job->tasks);
        }
        break;
    case WF_VERDICT_PART:
        fprintf(out, " starts in part, %" PRIu32 " of its %" PRIu32 " tasks now",
                explanation->tasks_now, job->tasks);
        break;
    case WF_VERDICT_WAITS:
        fputs(" cannot start now", out);
        break;
    case WF_VERDICT_NEVER:
        fputs(" can never start on these nodes, not even when they are empty", out);
        break;
    }
    print_room(out, job, explanation);
}

void wf_explain_print(FILE *out, const struct wf_job_spec *job,
                      const struct wf_explanation *explanation,
                      const struct wf_explain_names *names)
{
    names = names ? names : &no_names;
    print_verdict(out, job, explanation, names);
    wf_explain_print_table(out, explanation, names);
    if (explanation->verdict != WF_VERDICT_STARTS) {
        fputs("\n", out);
        wf_explain_print_blockers(out, job, explanation, names);
    }
}

typedef void words_function(FILE *out, uint64_t amount);

static void print_tasks(FILE *out, uint64_t tasks)
{
    char text[WF_NUMBER_BYTES];
    fprintf(out, "%s task%s", wf_number_count(text, (int64_t)tasks), wf_words_plural(tasks));
}

// "2 cores instead of 4 cores for each task"
static void print_less(FILE *out, const struct wf_change_part *part, words_function *words,
                       const char *of_what)
{
    words(out, part->to);
    fputs(" instead of ", out);
    words(out, part->from);
    fputs(of_what, out);
}

// Memory that is asked for may not be rounded up: what is printed must do when it is asked for.
static void print_memory_asked(FILE *out, uint64_t mib)
{
    char text[WF_NUMBER_BYTES];
    if (mib % 1024 == 0) {
        wf_words_memory(out, mib);
    } else {
        fprintf(out, "%s MiB", wf_number_count(text, (int64_t)mib));
    }
}

void wf_remedy_print_part(FILE *out, const struct wf_job_spec *job,
                          const struct wf_change_part *part, const struct wf_explain_names *names)
{
    static const char *const wider[] = {"in any zone of its region", "in any region of its site",
                                        "anywhere"};
    const char *each = job->tasks > 1 ? " for each task" : "";
    switch (part->kind) {
    case WF_CHANGE_CPU:
        print_less(out, part, wf_words_cores, each);
        break;
    case WF_CHANGE_MEMORY:
        print_less(out, part, print_memory_asked, " of memory");
        fputs(each, out);
        break;
    case WF_CHANGE_TASKS:
        print_less(out, part, print_tasks, "");
        break;
    case WF_CHANGE_GPUS:
        print_less(out, part, wf_words_gpus, each);
        break;
    case WF_CHANGE_MODELS:
        fprintf(out, "the GPU model%s ", one_bit(part->to & ~part->from) ? "" : "s");
        wf_words_set(out, names->model, names->context, "number", part->to & ~part->from);
        fputs(" accepted too", out);
        break;
    case WF_CHANGE_LABELS:
        fprintf(out, "no need for the label%s ", one_bit(part->from & ~part->to) ? "" : "s");
        wf_words_set(out, names->label, names->context, "number", part->from & ~part->to);
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
        wf_remedy_print_part(out, job, &parts[i], names);
    }
    fputs(".\n", out);
}
