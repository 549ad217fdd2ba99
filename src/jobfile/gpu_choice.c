// SPDX-License-Identifier: Apache-2.0
// One kind of GPU and how many of it: "nvidia:H100:80GB:8".
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "jobfile/gpu_ask.h"
#include "text/decimal.h"
#include "text/lines.h"

enum { WORDS_MAX = 6, WORD_BYTES = WF_GPU_NAME_BYTES, SHOWN = 60 };

struct words {
    char word[WORDS_MAX][WORD_BYTES];
    uint32_t count;
};

static enum wf_status fail_form(const char *text, struct wf_error *err)
{
    char shown[SHOWN];
    wf_lines_quote(text, shown, sizeof shown);
    return wf_fail(err, WF_INVALID,
                   "'%s' is no GPU: write it like 'H100:8', 'nvidia:H100:80GB:8', '24GB..80GB:1', "
                   "'H100:0.5' or 'any:1'",
                   shown);
}

static bool split(const char *text, struct words *words)
{
    words->count = 0;
    for (const char *at = text;; at++) {
        at += strspn(at, " \t");
        size_t length = strcspn(at, ":");
        const char *next = at + length;
        while (length > 0 && isspace((unsigned char)at[length - 1])) {
            length--;
        }
        if (length == 0 || length >= WORD_BYTES || words->count == WORDS_MAX) {
            return false;
        }
        memcpy(words->word[words->count], at, length);
        words->word[words->count++][length] = '\0';
        at = next;
        if (*at == '\0') {
            return true;
        }
    }
}

// "80GB", "81920MB", "80". Returns where it ends.
static const char *read_size(const char *text, uint32_t *mib_out)
{
    uint64_t number = 0;
    const char *at = text;
    for (; isdigit((unsigned char)*at) && number < UINT32_MAX; at++) {
        number = number * 10 + (uint64_t)(*at - '0');
    }
    if (at == text) {
        return NULL;
    }
    bool mega = *at == 'm' || *at == 'M';
    number *= mega ? 1 : 1024;
    if (mega || *at == 'g' || *at == 'G') {
        at++;
        at += *at == 'i' || *at == 'I';
        at += *at == 'b' || *at == 'B';
    } else if (*at != '.') {
        return NULL; // a number without a unit is one only before ".."
    }
    *mib_out = number > WF_JOB_GPU_MEMORY_MIB_MAX ? UINT32_MAX : (uint32_t)number;
    return at;
}

// "80GB", "24GB..80GB", "24..80GB", "24GB..", "24GB+", "..80GB".
static bool read_memory(const char *word, struct wf_gpu_choice *choice)
{
    const char *at = word;
    bool least = strncmp(at, "..", 2) != 0;
    uint32_t low = 0;
    uint32_t high = 0;
    at = least ? read_size(at, &low) : at;
    if (!at) {
        return false;
    }
    if (*at == '\0') {
        high = low;
    } else if (strcmp(at, "+") == 0) {
        at++;
    } else if (strncmp(at, "..", 2) == 0) {
        at += 2;
        at = *at == '\0' && least ? at : read_size(at, &high);
    }
    if (!at || *at) {
        return false;
    }
    choice->memory_mib_min = low;
    choice->memory_mib_max = high;
    return true;
}

static enum wf_status read_count(const char *word, struct wf_gpu_part *part, struct wf_error *err)
{
    int64_t milli = 0;
    enum wf_decimal read = wf_decimal_read(word, 3, (int64_t)UINT32_MAX, &milli);
    if (read == WF_DECIMAL_WRONG || read == WF_DECIMAL_NEGATIVE ||
        (read == WF_DECIMAL_READ && milli == 0)) {
        return wf_fail(err, WF_INVALID, "'%s' is no number of GPUs: from 0.001 to %d", word,
                       WF_NODE_GPUS_MAX);
    }
    if (read == WF_DECIMAL_TOO_LARGE || milli > (int64_t)WF_NODE_GPUS_MAX * WF_GPU_MILLI) {
        return wf_fail(err, WF_LIMIT,
                       "%s GPUs are more than %d for a task, the limit "
                       "WF_NODE_GPUS_MAX",
                       word, WF_NODE_GPUS_MAX);
    }
    if (milli > WF_GPU_MILLI && milli % WF_GPU_MILLI != 0) {
        return wf_fail(err, WF_INVALID,
                       "'%s' GPUs cannot be had: whole GPUs, or a share of one (0.5)", word);
    }
    part->gpus = milli < WF_GPU_MILLI ? 1 : (uint32_t)milli / WF_GPU_MILLI;
    part->gpu_milli = milli < WF_GPU_MILLI ? (uint32_t)milli : WF_GPU_MILLI;
    return WF_OK;
}

// A part of a GPU ("1g.5gb") is a share of it, rounded down so that it stays in its slice.
static enum wf_status take_part(const struct wf_gpu_name *name, struct wf_gpu_part *part,
                                struct wf_error *err)
{
    unsigned units = wf_gpu_units(name);
    if (name->part_units == 0) {
        return WF_OK;
    }
    if (name->part_units > units) {
        return wf_fail(err, WF_INVALID, "a GPU has no part of %u units: %u at most",
                       name->part_units, units);
    }
    if (part->gpus != 1 || part->gpu_milli != WF_GPU_MILLI) {
        return wf_fail(err, WF_INVALID, "a task may have one part of a GPU, not several");
    }
    part->gpu_milli = WF_GPU_MILLI * name->part_units / units;
    return WF_OK;
}

// Where a model is sold with several sizes of memory (A100-80GB), the size is a part of its name
// and no condition beside it.
static void take_memory_into_name(const char *word, struct wf_gpu_choice *choice,
                                  struct wf_gpu_name *name)
{
    struct wf_gpu_name with_memory;
    char text[WF_GPU_NAME_BYTES];
    uint32_t mib = choice->memory_mib_min;
    bool one = mib > 0 && mib == choice->memory_mib_max && mib % 1024 == 0;
    int length = snprintf(text, sizeof text, "%s %uGB", word, mib / 1024);
    if (one && name->memory_gib == 0 && name->part_units == 0 && length < (int)sizeof text &&
        wf_gpu_name_read(text, &with_memory) && with_memory.memory_gib > 0) {
        *name = with_memory;
        choice->memory_mib_min = 0;
        choice->memory_mib_max = 0;
    }
}

static bool is_number(const char *word)
{
    return word[strspn(word, "0123456789.-")] == '\0' && !strstr(word, "..");
}

// A short name that would be read as something else than a model: "100", "80GB", "any".
static bool means_else(const char *name)
{
    static const char *const words[] = {"any", "gpu", "gres/gpu", "nvidia", "amd"};
    struct wf_gpu_choice choice;
    for (size_t i = 0; i < WF_COUNT_OF(words); i++) {
        if (strcasecmp(name, words[i]) == 0) {
            return true;
        }
    }
    return is_number(name) || read_memory(name, &choice);
}

// A short name that is read becomes itself, but of odd ones: "RTX RTXA20" is RTXA20, which is A20.
// What is told of AMD or of a part stays.
static bool settle(struct wf_gpu_name *name)
{
    for (int i = 0; i < 4; i++) {
        struct wf_gpu_name again;
        if (!wf_gpu_name_read(name->text, &again)) {
            return false;
        }
        bool settled = strcmp(name->text, again.text) == 0;
        if (name->vendor == WF_VENDOR_AMD) {
            again.vendor = WF_VENDOR_AMD;
        }
        again.part_units = name->part_units;
        again.part_gib = name->part_gib;
        *name = again;
        if (settled) {
            return true;
        }
    }
    return false;
}

static enum wf_status take_model(const char *word, struct wf_gpu_part *part, struct wf_error *err)
{
    struct wf_gpu_choice *choice = &part->choice;
    struct wf_gpu_name name;
    if (!wf_gpu_name_read(word, &name)) {
        return fail_form(word, err);
    }
    bool unnamed = name.part_units > 0 && strcmp(name.base, "GPU") == 0;
    if (!unnamed && (!settle(&name) || means_else(name.text))) {
        return fail_form(word, err);
    }
    take_memory_into_name(word, choice, &name);
    snprintf(choice->model, sizeof choice->model, "%s", unnamed ? "" : name.text);
    if (unnamed || wf_gpu_name_known(&name) || name.vendor == WF_VENDOR_AMD) {
        if (choice->vendor_told && choice->vendor != name.vendor) {
            return wf_fail(err, WF_INVALID, "'%s' is no GPU of %s", word,
                           choice->vendor == WF_VENDOR_AMD ? "AMD" : "NVIDIA");
        }
        choice->vendor_told = true;
        choice->vendor = name.vendor;
    }
    return take_part(&name, part, err);
}

// "gpu" and "gres/gpu" in front, and the vendor, say nothing of the model.
static uint32_t skip_front(const struct words *words, struct wf_gpu_choice *choice)
{
    uint32_t i = 0;
    i += strcasecmp(words->word[0], "gpu") == 0 || strcasecmp(words->word[0], "gres/gpu") == 0;
    if (i < words->count) {
        bool amd = strcasecmp(words->word[i], "amd") == 0;
        choice->vendor_told = amd || strcasecmp(words->word[i], "nvidia") == 0;
        choice->vendor = amd ? WF_VENDOR_AMD : WF_VENDOR_NVIDIA;
        i += choice->vendor_told;
    }
    return i;
}

// The words between the vendor and the number: a model, a memory, in any order.
static enum wf_status take_words(const char *text, const struct words *words, uint32_t end,
                                 struct wf_gpu_part *part, struct wf_error *err)
{
    struct wf_gpu_choice *choice = &part->choice;
    const char *model = NULL;
    bool memory = false;
    for (uint32_t i = end ? skip_front(words, choice) : 0; i < end; i++) {
        const char *word = words->word[i];
        if (!memory && read_memory(word, choice)) {
            memory = true;
        } else if (!model && !is_number(word)) {
            model = word;
        } else {
            return fail_form(text, err);
        }
    }
    uint32_t most = choice->memory_mib_max ? choice->memory_mib_max : UINT32_MAX - 1;
    if (memory && (choice->memory_mib_min + choice->memory_mib_max == 0 || most == UINT32_MAX ||
                   choice->memory_mib_min > most)) {
        char shown[SHOWN];
        wf_lines_quote(text, shown, sizeof shown);
        return wf_fail(err, WF_INVALID, "'%s' has a memory that no GPU has", shown);
    }
    return model && strcasecmp(model, "any") != 0 ? take_model(model, part, err) : WF_OK;
}

enum wf_status wf_gpu_part_read(const char *text, struct wf_gpu_part *part_out,
                                struct wf_error *err)
{
    struct words words;
    *part_out = (struct wf_gpu_part){.gpus = 1, .gpu_milli = WF_GPU_MILLI};
    if (!split(text, &words)) {
        return fail_form(text, err);
    }
    uint32_t end = words.count;
    if (is_number(words.word[end - 1])) {
        enum wf_status status = read_count(words.word[--end], part_out, err);
        if (status != WF_OK) {
            return status;
        }
    }
    return take_words(text, &words, end, part_out, err);
}
