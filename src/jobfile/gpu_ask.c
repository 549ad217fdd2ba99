// SPDX-License-Identifier: Apache-2.0
#include "jobfile/gpu_ask.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "jobfile/job_memory.h"
#include "text/lines.h"

enum { CHOICE_BYTES = 2 * WF_GPU_NAME_BYTES + 64, SHOWN = 60 };

static bool is_any(const struct wf_gpu_choice *choice)
{
    return choice->model[0] == '\0' && !choice->vendor_told && choice->memory_mib_min == 0 &&
           choice->memory_mib_max == 0;
}

static bool is_same(const struct wf_gpu_choice *a, const struct wf_gpu_choice *b)
{
    return strcmp(a->model, b->model) == 0 && a->vendor_told == b->vendor_told &&
           (!a->vendor_told || a->vendor == b->vendor) && a->memory_mib_min == b->memory_mib_min &&
           a->memory_mib_max == b->memory_mib_max;
}

// What has been read of a list: any says that one of its items takes every GPU.
struct list {
    struct wf_gpu_choice choice[WF_JOB_GPU_CHOICES_MAX];
    uint32_t count;
    uint32_t gpus, gpu_milli;
    bool any;
    char first[SHOWN]; // the item that told the number
};

static enum wf_status add_choice(struct list *list, const struct wf_gpu_choice *choice,
                                 struct wf_error *err)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (is_same(&list->choice[i], choice)) {
            return WF_OK;
        }
    }
    if (list->count == WF_JOB_GPU_CHOICES_MAX) {
        return wf_fail(err, WF_LIMIT,
                       "there are more than %d kinds, the limit WF_JOB_GPU_CHOICES_MAX",
                       WF_JOB_GPU_CHOICES_MAX);
    }
    list->choice[list->count++] = *choice;
    return WF_OK;
}

static enum wf_status add_item(struct list *list, const char *text, struct wf_error *err)
{
    struct wf_gpu_part part;
    char shown[SHOWN];
    enum wf_status status = wf_gpu_part_read(text, &part, err);
    if (status != WF_OK) {
        return status;
    }
    wf_lines_quote(text, shown, sizeof shown);
    if (list->gpus == 0) {
        list->gpus = part.gpus;
        list->gpu_milli = part.gpu_milli;
        memcpy(list->first, shown, sizeof shown);
    }
    if (list->gpus != part.gpus || list->gpu_milli != part.gpu_milli) {
        return wf_fail(err, WF_INVALID,
                       "'%s' and '%s' ask for different numbers of GPUs: whichever it gets, a job "
                       "asks for one number",
                       list->first, shown);
    }
    list->any = list->any || is_any(&part.choice);
    return add_choice(list, &part.choice, err);
}

// "H100:8|MI300X:8"
static enum wf_status add_items(struct list *list, const char *text, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    for (const char *at = text; at && status == WF_OK;) {
        char item[CHOICE_BYTES];
        size_t length = strcspn(at, "|");
        if (length >= sizeof item) {
            return wf_fail(err, WF_INVALID, "a GPU's name is longer than %zu bytes",
                           sizeof item - 1);
        }
        memcpy(item, at, length);
        item[length] = '\0';
        at = at[length] ? at + length + 1 : NULL;
        status = add_item(list, item, err);
    }
    return status;
}

static enum wf_status add_value(struct list *list, const json_t *value, struct wf_error *err)
{
    char text[64];
    if (json_is_string(value)) {
        return add_items(list, json_string_value(value), err);
    }
    if (json_is_integer(value)) {
        snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
        return add_items(list, text, err);
    }
    if (json_is_real(value) && json_real_value(value) > -1e6 && json_real_value(value) < 1e6) {
        snprintf(text, sizeof text, "%.3f", json_real_value(value));
        return add_items(list, text, err);
    }
    return wf_fail(err, WF_INVALID, "must be a text such as 'H100:8', a number, or a list of such");
}

static enum wf_status keep(const struct list *list, struct wf_job_memory *memory,
                           struct wf_gpu_ask *ask, struct wf_error *err)
{
    ask->gpus = list->gpus;
    ask->gpu_milli = list->gpu_milli;
    if (list->any || list->count == 0) {
        return WF_OK;
    }
    struct wf_gpu_choice *choices =
        wf_job_memory_take(memory, list->count * sizeof list->choice[0]);
    if (!choices) {
        return wf_job_memory_fail(err);
    }
    memcpy(choices, list->choice, list->count * sizeof list->choice[0]);
    ask->choices = choices;
    ask->choice_count = list->count;
    return WF_OK;
}

enum wf_status wf_gpu_ask_read(const json_t *value, struct wf_job_memory *memory,
                               struct wf_gpu_ask *ask_out, struct wf_error *err)
{
    struct list list = {.count = 0};
    enum wf_status status = WF_OK;
    *ask_out = (struct wf_gpu_ask){.gpus = 0};
    if ((json_is_integer(value) && json_integer_value(value) == 0) ||
        (json_is_string(value) && strcmp(json_string_value(value), "0") == 0)) {
        return WF_OK;
    }
    if (!json_is_array(value)) {
        status = add_value(&list, value, err);
    }
    for (size_t i = 0; i < json_array_size(value) && status == WF_OK; i++) {
        status = add_value(&list, json_array_get(value, i), err);
    }
    return status == WF_OK ? keep(&list, memory, ask_out, err) : status;
}

bool wf_gpu_ask_vendor(const struct wf_gpu_ask *ask, enum wf_vendor vendor)
{
    for (uint32_t i = 0; i < ask->choice_count; i++) {
        if (!ask->choices[i].vendor_told || ask->choices[i].vendor == vendor) {
            return true;
        }
    }
    return ask->choice_count == 0 && ask->gpus > 0;
}

enum wf_status wf_gpu_ask_restrict(struct wf_gpu_ask *ask, enum wf_vendor vendor,
                                   struct wf_job_memory *memory, struct wf_error *err)
{
    struct list list = {.gpus = ask->gpus, .gpu_milli = ask->gpu_milli};
    const char *name = vendor == WF_VENDOR_AMD ? "AMD" : "NVIDIA";
    if (ask->gpus == 0) {
        return wf_fail(err, WF_INVALID, "the job asks for no GPU that could be of %s", name);
    }
    if (ask->choice_count == 0) {
        list.choice[list.count++] = (struct wf_gpu_choice){.vendor_told = true, .vendor = vendor};
    }
    for (uint32_t i = 0; i < ask->choice_count; i++) {
        struct wf_gpu_choice choice = ask->choices[i];
        if (!choice.vendor_told || choice.vendor == vendor) {
            choice.vendor_told = true;
            choice.vendor = vendor;
            list.choice[list.count++] = choice;
        }
    }
    if (list.count == 0) {
        return wf_fail(err, WF_INVALID, "none of the GPUs in 'gpus' is of %s", name);
    }
    return keep(&list, memory, ask, err);
}

// The vendor goes without saying where the model is known.
static bool shows_vendor(const struct wf_gpu_choice *choice)
{
    struct wf_gpu_name name;
    if (!choice->vendor_told || choice->model[0] == '\0') {
        return choice->vendor_told;
    }
    bool read = wf_gpu_name_read(choice->model, &name);
    return !read || !(wf_gpu_name_known(&name) || name.vendor == WF_VENDOR_AMD);
}

static void print_memory(const struct wf_gpu_choice *choice, char *text, size_t size)
{
    const uint32_t mib[2] = {choice->memory_mib_min, choice->memory_mib_max};
    char end[2][24] = {"", ""};
    for (int i = 0; i < 2; i++) {
        if (mib[i] > 0) {
            bool whole = mib[i] % 1024 == 0;
            snprintf(end[i], sizeof end[i], "%u%s", whole ? mib[i] / 1024 : mib[i],
                     whole ? "GB" : "MB");
        }
    }
    text[0] = '\0';
    if (mib[0] > 0 && mib[0] == mib[1]) {
        snprintf(text, size, ":%s", end[0]);
    } else if (mib[0] > 0 || mib[1] > 0) {
        snprintf(text, size, ":%s..%s", end[0], end[1]);
    }
}

static json_t *write_choice(const struct wf_gpu_choice *choice, const char *count)
{
    char text[CHOICE_BYTES + WF_NUMBER_BYTES];
    char memory[64];
    print_memory(choice, memory, sizeof memory);
    const char *vendor = choice->vendor == WF_VENDOR_AMD ? ":amd" : ":nvidia";
    bool any = choice->model[0] == '\0' && memory[0] == '\0';
    snprintf(text, sizeof text, "%s%s%s%s:%s", shows_vendor(choice) ? vendor : "",
             choice->model[0] || any ? ":" : "", any ? "any" : choice->model, memory, count);
    return json_string(text + 1); // without the colon in front
}

json_t *wf_gpu_ask_write(const struct wf_gpu_ask *ask)
{
    char count[WF_NUMBER_BYTES];
    char any[WF_NUMBER_BYTES + 8];
    wf_number_thousandths(count, (uint64_t)ask->gpus * ask->gpu_milli);
    if (ask->choice_count == 0 && (ask->gpu_milli == WF_GPU_MILLI || ask->gpus == 0)) {
        return json_integer(ask->gpus);
    }
    if (ask->choice_count == 0) {
        snprintf(any, sizeof any, "any:%s", count);
        return json_string(any);
    }
    if (ask->choice_count == 1) {
        return write_choice(&ask->choices[0], count);
    }
    json_t *list = json_array();
    for (uint32_t i = 0; list && i < ask->choice_count; i++) {
        if (json_array_append_new(list, write_choice(&ask->choices[i], count)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

// A driver keeps some of the memory to itself: a GPU sold with 24 GB has 22.5 to 24 GiB. No two
// sizes that are sold are nearer to one another than the bounds here.
static bool memory_fits(const struct wf_gpu_choice *choice, uint64_t mib)
{
    uint64_t low = (uint64_t)choice->memory_mib_min * 92 / 100;
    uint64_t high = (uint64_t)choice->memory_mib_max * 105 / 100;
    return mib == 0 || (mib >= low && (choice->memory_mib_max == 0 || mib <= high));
}

static uint64_t match_choice(const struct wf_gpu_choice *choice, const struct wf_gpu_kind *kinds,
                             uint32_t count)
{
    struct wf_gpu_name asked;
    struct wf_gpu_name have;
    uint64_t is = 0;
    uint64_t may_be = 0;
    for (uint32_t i = 0; i < count; i++) {
        if ((choice->vendor_told && choice->vendor != kinds[i].vendor) ||
            !memory_fits(choice, kinds[i].memory_mib)) {
            continue;
        }
        if (choice->model[0] == '\0') {
            is |= WF_MODEL_BIT(i);
        } else if (wf_gpu_name_read(choice->model, &asked) &&
                   wf_gpu_name_read(kinds[i].model, &have)) {
            enum wf_gpu_match match = wf_gpu_name_match(&asked, &have);
            is |= match == WF_GPU_IS ? WF_MODEL_BIT(i) : 0;
            may_be |= match == WF_GPU_MAY_BE ? WF_MODEL_BIT(i) : 0;
        }
    }
    return is ? is : may_be;
}

uint64_t wf_gpu_ask_kinds(const struct wf_gpu_ask *ask, const struct wf_gpu_kind *kinds,
                          uint32_t count)
{
    static const struct wf_gpu_choice any = {.model = ""};
    uint64_t set = ask->choice_count == 0 ? match_choice(&any, kinds, count) : 0;
    for (uint32_t i = 0; i < ask->choice_count; i++) {
        set |= match_choice(&ask->choices[i], kinds, count);
    }
    return set;
}
