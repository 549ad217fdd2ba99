// SPDX-License-Identifier: Apache-2.0
#include "gpu/gpu_name.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 24, WORD_BYTES = WF_GPU_NAME_BYTES };

struct words {
    char word[WORDS_MAX][WORD_BYTES];
    uint32_t count;
};

// Words that do not tell one model from another.
static const char *const unspoken[] = {
    "NVIDIA", "AMD",   "ATI",   "TESLA",      "GEFORCE",     "QUADRO", "INSTINCT", "RADEON",
    "GPU",    "SXM",   "SXM2",  "SXM3",       "SXM4",        "SXM5",   "SXM6",     "OAM",
    "HBM2",   "HBM2E", "HBM3",  "HBM3E",      "NVLINK",      "HGX",    "DGX",      "MEGA",
    "SHARED", "MIG",   "ME",    "GENERATION", "BLACKWELL",   "SERVER", "EDITION",  "WS",
    "VF",     "HF",    "GDDR6", "GDDR7",      "WORKSTATION",
};
static const char *const amd_words[] = {"AMD", "ATI", "INSTINCT", "RADEON"};

// Models that are sold on several boards, and whether their memory's size makes a price.
static const struct {
    const char *base;
    bool memory;
} variants[] = {{"A100", true},  {"V100", true},  {"H100", false},
                {"H200", false}, {"P100", false}, {"A800", true}};

static const char *const known_bases[] = {
    "A2",     "A10",    "A10G",   "A16",    "A30",    "A40",    "A100",   "A800",  "A4000",
    "A4500",  "A5000",  "A5500",  "A6000",  "B100",   "B200",   "B300",   "GB200", "GB300",
    "GH200",  "H20",    "H100",   "H200",   "H800",   "K20",    "K40",    "K80",   "L4",
    "L20",    "L40",    "L40S",   "M40",    "M60",    "P4",     "P40",    "P100",  "T4",
    "T4G",    "V100",   "V100S",  "MI25",   "MI50",   "MI60",   "MI100",  "MI210", "MI250",
    "MI250X", "MI300A", "MI300X", "MI308X", "MI325X", "MI350X", "MI355X",
};

static bool is_one_of(const char *word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word, list[i]) == 0) {
            return true;
        }
    }
    return false;
}

// A point is part of a word only inside "1g.5gb".
static bool is_part_point(const char *text, const char *at)
{
    return *at == '.' && at > text && (at[-1] == 'g' || at[-1] == 'G') &&
           isdigit((unsigned char)at[1]);
}

static bool split(const char *text, struct words *words)
{
    words->count = 0;
    for (const char *at = text; *at;) {
        uint32_t length = 0;
        while (isalnum((unsigned char)at[length]) || is_part_point(text, at + length)) {
            length++;
        }
        if (length == 0) {
            at++;
            continue;
        }
        if (length >= WORD_BYTES || words->count == WORDS_MAX) {
            return false;
        }
        for (uint32_t i = 0; i < length; i++) {
            words->word[words->count][i] = (char)toupper((unsigned char)at[i]);
        }
        words->word[words->count++][length] = '\0';
        at += length;
    }
    return words->count > 0;
}

// Reads up to three digits at the start of a word.
static const char *digits(const char *word, unsigned *number_out)
{
    unsigned number = 0;
    const char *at = word;
    for (; isdigit((unsigned char)*at) && at < word + 3; at++) {
        number = number * 10 + (unsigned)(*at - '0');
    }
    *number_out = number;
    return at == word ? NULL : at;
}

static bool is_unit(const char *text)
{
    return strcmp(text, "GB") == 0 || strcmp(text, "GIB") == 0 || strcmp(text, "G") == 0;
}

// "80GB", and "1G.10GB", a part.
static bool take_size(const char *word, struct wf_gpu_name *name)
{
    unsigned first;
    unsigned second;
    const char *rest = digits(word, &first);
    if (!rest) {
        return false;
    }
    if (is_unit(rest)) {
        name->memory_gib = (uint16_t)first;
        return true;
    }
    if (strncmp(rest, "G.", 2) != 0) {
        return false;
    }
    rest = digits(rest + 2, &second);
    if (!rest || !is_unit(rest) || first == 0) {
        return false;
    }
    name->part_units = (uint8_t)(first > 31 ? 31 : first);
    name->part_gib = (uint16_t)second;
    return true;
}

// "V100M32" is a V100 with 32 GB; "RTXA6000" an A6000.
static void cut_word(char *word, struct wf_gpu_name *name)
{
    unsigned gib;
    if (strncmp(word, "V100M", 5) == 0) {
        const char *rest = digits(word + 5, &gib);
        if (rest && *rest == '\0') {
            name->memory_gib = (uint16_t)gib;
            word[4] = '\0';
        }
    } else if (strncmp(word, "RTXA", 4) == 0 && isdigit((unsigned char)word[4])) {
        memmove(word, word + 3, strlen(word + 3) + 1);
    }
}

static void add(char *base, const char *word, bool dash)
{
    size_t length = strlen(base);
    snprintf(base + length, WF_GPU_NAME_BYTES - length, "%s%s", dash && length ? "-" : "", word);
}

// "RTX A6000" is known as A6000; "RTX 4090" as RTX4090; "Radeon Pro V520" as V520.
static void add_word(const struct words *words, uint32_t i, char *base, bool *glue)
{
    const char *word = words->word[i];
    const char *next = i + 1 < words->count ? words->word[i + 1] : "";
    if (strcmp(word, "RTX") == 0 && next[0] == 'A' && isdigit((unsigned char)next[1])) {
        return;
    }
    if (strcmp(word, "PRO") == 0 && !*glue) {
        return;
    }
    bool behind = strcmp(word, "TI") == 0 || strcmp(word, "SUPER") == 0;
    add(base, word, !*glue && !behind);
    *glue = strcmp(word, "RTX") == 0 || strcmp(word, "GTX") == 0 || strcmp(word, "PRO") == 0;
}

static void make_base(struct words *words, struct wf_gpu_name *name)
{
    bool glue = false;
    for (uint32_t i = 0; i < words->count; i++) {
        char *word = words->word[i];
        if (is_one_of(word, amd_words, WF_COUNT_OF(amd_words))) {
            name->vendor = WF_VENDOR_AMD;
        }
        if (strcmp(word, "PCIE") == 0 || strcmp(word, "PCI") == 0) {
            name->board = WF_BOARD_PCIE;
        } else if (strcmp(word, "NVL") == 0) {
            name->board = WF_BOARD_NVL;
        } else if (!take_size(word, name) && !is_one_of(word, unspoken, WF_COUNT_OF(unspoken))) {
            cut_word(word, name);
            add_word(words, i, name->base, &glue);
        }
    }
}

// Forgets what makes no difference to this model.
static void keep_what_tells(struct wf_gpu_name *name)
{
    bool memory = false;
    bool board = false;
    for (size_t i = 0; i < WF_COUNT_OF(variants); i++) {
        if (strcmp(name->base, variants[i].base) == 0) {
            board = true;
            memory = variants[i].memory;
        }
    }
    // A part of a GPU is named with the part's memory.
    name->memory_gib = memory ? name->memory_gib : 0;
    name->board = board ? name->board : WF_BOARD_ANY;
}

bool wf_gpu_name_read(const char *text, struct wf_gpu_name *name_out)
{
    static const char *const boards[] = {"", "-PCIE", "-NVL"};
    struct words words = {.count = 0};
    *name_out = (struct wf_gpu_name){.vendor = WF_VENDOR_NVIDIA};
    if (strlen(text) >= WF_GPU_NAME_BYTES - 16 || !split(text, &words)) {
        return false;
    }
    make_base(&words, name_out);
    if (name_out->base[0] == '\0' && name_out->part_units > 0) {
        add(name_out->base, "GPU", false); // "1g.5gb" alone: a part of a GPU that nobody names
    } else if (name_out->base[0] == '\0') {
        for (uint32_t i = 0; i < words.count; i++) {
            add(name_out->base, words.word[i], true);
        }
    }
    keep_what_tells(name_out);
    if (strncmp(name_out->base, "MI", 2) == 0 && isdigit((unsigned char)name_out->base[2])) {
        name_out->vendor = WF_VENDOR_AMD;
    }
    char memory[16] = "";
    if (name_out->memory_gib > 0) {
        snprintf(memory, sizeof memory, "-%uGB", name_out->memory_gib);
    }
    memcpy(name_out->text, name_out->base, sizeof name_out->text);
    add(name_out->text, boards[name_out->board], false);
    add(name_out->text, memory, false);
    return true;
}

enum wf_gpu_match wf_gpu_name_match(const struct wf_gpu_name *a, const struct wf_gpu_name *b)
{
    if (strcmp(a->base, b->base) != 0) {
        return WF_GPU_DIFFERS;
    }
    if (a->board == b->board && a->memory_gib == b->memory_gib) {
        return WF_GPU_IS;
    }
    bool board = a->board == b->board || !a->board || !b->board;
    bool memory = a->memory_gib == b->memory_gib || !a->memory_gib || !b->memory_gib;
    return board && memory ? WF_GPU_MAY_BE : WF_GPU_DIFFERS;
}

bool wf_gpu_name_known(const struct wf_gpu_name *name)
{
    const char *base = name->base;
    bool rtx = strncmp(base, "RTX", 3) == 0 || strncmp(base, "GTX", 3) == 0;
    return is_one_of(base, known_bases, WF_COUNT_OF(known_bases)) ||
           (rtx && isdigit((unsigned char)base[3])) || strncmp(base, "RTXPRO", 6) == 0;
}

unsigned wf_gpu_units(const struct wf_gpu_name *name)
{
    return strcmp(name->base, "A30") == 0 ? 4 : 7;
}
