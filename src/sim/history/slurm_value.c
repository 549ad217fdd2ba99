// SPDX-License-Identifier: Apache-2.0
#include "sim/history/slurm_value.h"

#include <string.h>

#include "sim/history/text.h"

static const int64_t count_max = INT64_C(1000000000000);

void wf_slurm_amount_init(struct wf_slurm_amount *amount)
{
    *amount = (struct wf_slurm_amount){-1, -1, -1, -1, -1, -1, ""};
}

static void add(int64_t *sum, int64_t number)
{
    *sum = (*sum < 0 ? 0 : *sum) + number;
    *sum = *sum < count_max ? *sum : count_max;
}

// Adds a GPU model to the list, unless it is there or too long.
static void add_model(struct wf_slurm_amount *amount, const char *model, size_t length)
{
    size_t used = strlen(amount->models);
    for (const char *at = amount->models; *at;) {
        size_t part = strcspn(at, "|");
        if (part == length && strncmp(at, model, length) == 0) {
            return;
        }
        at += part + (at[part] == '|');
    }
    if (length > 0 && used + length + 2 <= sizeof amount->models) {
        snprintf(amount->models + used, sizeof amount->models - used, "%s%.*s", used ? "|" : "",
                 (int)length, model);
    }
}

// A number with a unit of K, M, G, T, P or E, in MiB, rounded up; M where there is no unit.
static bool take_mib(const char **at, int64_t *mib_out)
{
    static const char units[] = "KMGTPE";
    int64_t milli;
    if (!wf_text_decimal(at, &milli)) {
        return false;
    }
    wf_int128 kib_milli = (wf_int128)milli * 1024;
    const char *unit = **at ? strchr(units, **at & ~0x20) : NULL;
    if (unit) {
        kib_milli = (wf_int128)milli << (10 * (unit - units));
        (*at)++;
        *at += **at == 'B' || **at == 'b';
    }
    wf_int128 mib = (kib_milli + 1023999) / 1024000;
    *mib_out = mib < count_max ? (int64_t)mib : count_max;
    return true;
}

bool wf_slurm_memory(const char *text, int64_t cpus, int64_t nodes, int64_t *mib_out)
{
    int64_t times = 1;
    if (!take_mib(&text, mib_out)) {
        return false;
    }
    if ((*text | 0x20) == 'c') {
        times = cpus;
        text++;
    } else if ((*text | 0x20) == 'n') {
        times = nodes;
        text++;
    }
    wf_int128 total = (wf_int128)*mib_out * (times > 0 ? times : 1);
    *mib_out = total < count_max ? (int64_t)total : count_max;
    return *text == '\0';
}

// A name that is a part of a longer text.
struct named {
    const char *text;
    size_t length;
};

static bool is_name(struct named named, const char *name)
{
    return strlen(name) == named.length && wf_text_begins(named.text, name);
}

// Takes one part of a list of TRES. GPUs of a type are summed apart, because the sum without a type
// holds them where both are there.
static bool take_tres(struct named name, const char *value, struct wf_slurm_amount *amount,
                      int64_t *typed_gpus)
{
    static const char typed[] = "gres/gpu:";
    const size_t prefix = sizeof typed - 1;
    int64_t number = 0;
    if (is_name(name, "mem")) {
        return take_mib(&value, &amount->memory_mib);
    }
    bool is_typed = name.length > prefix && wf_text_begins(name.text, typed);
    int64_t *into = is_name(name, "cpu")          ? &amount->cpus
                    : is_name(name, "node")       ? &amount->nodes
                    : is_name(name, "gres/gpu")   ? &amount->gpus
                    : is_name(name, "gres/shard") ? &amount->shards
                    : is_name(name, "gres/mps")   ? &amount->mps_milli
                    : is_typed                    ? typed_gpus
                                                  : NULL;
    if (!into) {
        return true; // billing, energy, licences, file systems
    }
    if (!wf_text_digits(&value, count_max, &number)) {
        return false;
    }
    if (is_typed) {
        add_model(amount, name.text + prefix, name.length - prefix);
    }
    add(into, into == &amount->mps_milli ? number * 10 : number);
    return true;
}

bool wf_slurm_tres(const char *text, struct wf_slurm_amount *amount_out)
{
    int64_t typed_gpus = -1;
    wf_slurm_amount_init(amount_out);
    while (*text) {
        size_t length = strcspn(text, ",");
        const char *equals = memchr(text, '=', length);
        if (!equals) {
            return false;
        }
        struct named name = {text, (size_t)(equals - text)};
        if (!take_tres(name, equals + 1, amount_out, &typed_gpus)) {
            return false;
        }
        text += length + (text[length] == ',');
    }
    if (amount_out->gpus < typed_gpus) {
        amount_out->gpus = typed_gpus;
    }
    return true;
}

static int64_t times_nodes(int64_t count, int64_t nodes)
{
    wf_int128 total = (wf_int128)count * (nodes > 0 ? nodes : 1);
    return total < count_max ? (int64_t)total : count_max;
}

// One of "gpu", "gpu:4", "gpu:h100", "gpu:h100:4(S:0-1)", its length given.
static bool take_gres(const char *text, size_t length, int64_t nodes,
                      struct wf_slurm_amount *amount)
{
    const char *end = text + strcspn(text, "(");
    end = end < text + length ? end : text + length;
    size_t name = strcspn(text, ":,(");
    const char *model = text + name; // its colon
    const char *last = end;          // behind the last colon
    while (last > model && last[-1] != ':') {
        last--;
    }
    const char *at = last;
    int64_t count = 1;
    bool counted = last > model && wf_text_digits(&at, count_max, &count) && at == end;
    const char *model_end = counted ? last - 1 : end;
    count = times_nodes(counted ? count : 1, nodes);
    struct named gres = {text, name};
    if (is_name(gres, "shard")) {
        add(&amount->shards, count);
    } else if (is_name(gres, "mps")) {
        add(&amount->mps_milli, count < count_max / 10 ? count * 10 : count_max);
    } else if (is_name(gres, "gpu")) {
        add(&amount->gpus, count);
        add_model(amount, model + 1, model_end > model ? (size_t)(model_end - model - 1) : 0);
    }
    return name > 0;
}

bool wf_slurm_gres(const char *text, int64_t nodes, struct wf_slurm_amount *amount_out)
{
    static const struct {
        const char *text;
        bool whole_job;
    } prefixes[] = {{"PER_NODE:", false}, {"PER_JOB:", true}, {"gres:", false}, {"gres/", false}};
    wf_slurm_amount_init(amount_out);
    if (wf_text_same(text, "(null)") || wf_text_same(text, "N/A")) {
        return true;
    }
    while (*text) {
        int64_t times = nodes;
        for (uint32_t i = 0; i < WF_COUNT_OF(prefixes); i++) {
            if (wf_text_begins(text, prefixes[i].text)) {
                text += strlen(prefixes[i].text);
                times = prefixes[i].whole_job ? 1 : times;
            }
        }
        size_t length = strcspn(text, ",");
        size_t bracket = strcspn(text, "(");
        if (bracket < length) { // commas stand in brackets, too
            size_t closed = bracket + strcspn(text + bracket, ")");
            length = closed + strcspn(text + closed, ",");
        }
        if (!take_gres(text, length, times, amount_out)) {
            return false;
        }
        text += length + (text[length] == ',');
    }
    return true;
}

bool wf_slurm_state(const char *text, enum wf_history_end *end_out)
{
    static const struct {
        const char *name, *letters;
        enum wf_history_end end;
    } states[] = {
        {"COMPLETED", "CD", WF_ENDED_WELL},
        {"FAILED", "F", WF_ENDED_FAILED},
        {"CANCELLED", "CA", WF_ENDED_CANCELLED},
        {"TIMEOUT", "TO", WF_ENDED_TIMEOUT},
        {"DEADLINE", "DL", WF_ENDED_TIMEOUT},
        {"OUT_OF_MEMORY", "OOM", WF_ENDED_OUT_OF_MEMORY},
        {"NODE_FAIL", "NF", WF_ENDED_NODE_FAIL},
        {"BOOT_FAIL", "BF", WF_ENDED_NODE_FAIL},
        {"LAUNCH_FAILED", "LF", WF_ENDED_NODE_FAIL},
        {"RECONFIG_FAIL", "-", WF_ENDED_NODE_FAIL},
        {"PREEMPTED", "PR", WF_ENDED_PREEMPTED},
        {"REQUEUED", "RQ", WF_ENDED_PREEMPTED},
        {"REVOKED", "RV", WF_ENDED_CANCELLED},
        {"SPECIAL_EXIT", "SE", WF_ENDED_FAILED},
        {"RUNNING", "R", WF_ENDED_NOT_YET},
        {"PENDING", "PD", WF_ENDED_NOT_YET},
        {"SUSPENDED", "S", WF_ENDED_NOT_YET},
        {"STOPPED", "ST", WF_ENDED_NOT_YET},
        {"CONFIGURING", "CF", WF_ENDED_NOT_YET},
        {"COMPLETING", "CG", WF_ENDED_NOT_YET},
        {"RESIZING", "RS", WF_ENDED_NOT_YET},
        {"SIGNALING", "SI", WF_ENDED_NOT_YET},
        {"STAGE_OUT", "SO", WF_ENDED_NOT_YET},
        {"REQUEUE_HOLD", "RH", WF_ENDED_NOT_YET},
        {"REQUEUE_FED", "RF", WF_ENDED_NOT_YET},
        {"RESV_DEL_HOLD", "RD", WF_ENDED_NOT_YET},
        {"POWER_UP_NODE", "PU", WF_ENDED_NOT_YET},
    };
    size_t length = strcspn(text, " +"); // "CANCELLED by 1000", "CANCELLED+" where it was cut
    for (uint32_t i = 0; i < WF_COUNT_OF(states); i++) {
        const char *name = states[i].name;
        bool whole = strlen(name) == length || (text[length] == '+' && length > 2);
        if ((whole && length <= strlen(name) && strncmp(text, name, length) == 0) ||
            (strlen(states[i].letters) == length &&
             strncmp(text, states[i].letters, length) == 0)) {
            *end_out = states[i].end;
            return true;
        }
    }
    return false;
}

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

bool wf_slurm_id_parse(const char *text, struct wf_slurm_id *id_out)
{
    size_t at = digits(text);
    *id_out = (struct wf_slurm_id){.base_length = (uint32_t)at};
    if (at == 0 || at > 20) {
        return false;
    }
    if (text[at] == '_' && text[at + 1] == '[') {
        id_out->array = true;
        id_out->list_begin = (uint32_t)at + 2;
        at += strcspn(text + at, "]");
        at += text[at] == ']';
    } else if (text[at] == '_' || text[at] == '+') {
        id_out->array = text[at] == '_';
        id_out->heterogeneous = text[at] == '+';
        size_t more = digits(text + at + 1);
        if (more == 0 || more > 20) {
            return false;
        }
        at += 1 + more;
    }
    id_out->job_length = (uint32_t)at;
    id_out->step = text[at] == '.' && text[at + 1] != '\0';
    return text[at] == '\0' || id_out->step;
}

bool wf_slurm_range_next(const char **at, struct wf_slurm_range *range_out)
{
    struct wf_slurm_range range = {.by = 1};
    const char *text = *at + (**at == ',');
    if (!wf_text_digits(&text, INT32_MAX, &range.first)) {
        return false;
    }
    range.last = range.first;
    if (*text == '-') {
        text++;
        if (!wf_text_digits(&text, INT32_MAX, &range.last) || range.last < range.first) {
            return false;
        }
    }
    if (*text == ':') {
        text++;
        if (!wf_text_digits(&text, INT32_MAX, &range.by) || range.by == 0) {
            return false;
        }
    }
    *at = text;
    *range_out = range;
    return true;
}
