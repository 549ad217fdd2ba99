// SPDX-License-Identifier: Apache-2.0
// What `scontrol show node` prints, in blocks or with --oneliner: Key=Value between blanks, in an
// order and with breaks that differ from version to version. Only the keys below are looked at.
#include <string.h>
#include <strings.h>

#include "site/slurm.h"
#include "text/csv.h"

enum key {
    NAME,
    CPUS,
    CPUS_USABLE,
    MEMORY,
    MEMORY_KEPT,
    GRES,
    FEATURES,
    ACTIVE,
    PARTITIONS,
    STATE
};
static const char *const keys[] = {
    [NAME] = "NodeName=",
    [CPUS] = "CPUTot=",
    [CPUS_USABLE] = "CPUEfctv=", // those that Slurm keeps for itself are not in it
    [MEMORY] = "RealMemory=",
    [MEMORY_KEPT] = "MemSpecLimit=", // that Slurm keeps for itself
    [GRES] = "Gres=",
    [FEATURES] = "AvailableFeatures=",
    [ACTIVE] = "ActiveFeatures=",
    [PARTITIONS] = "Partitions=",
    [STATE] = "State=",
};
enum { KEYS = WF_COUNT_OF(keys) };

// Free text, which may hold anything that looks like a key: what follows is left alone.
static const char *const ends[] = {"Reason=", "Comment=", "Extra="};

struct block {
    char values[KEYS][WF_SLURM_VALUE_BYTES]; // "": not told
    uint64_t line;                           // where it begins; 0: before the first
    bool ended;                              // its free text has begun
};

struct reader {
    struct wf_site_builder *builder;
    uint32_t down, split;
    struct block block; // of the node that is being read
};

static enum wf_status take_number(const struct reader *reader, enum key key, int64_t max,
                                  int64_t *number_out, struct wf_error *err)
{
    const char *text = reader->block.values[key];
    int64_t number = 0;
    char quoted[48];
    wf_csv_quote(text, quoted, sizeof quoted);
    for (const char *at = text; *at; at++) {
        if (*at < '0' || *at > '9') {
            return wf_site_fail(reader->builder, err, WF_INVALID, "%s%s: that is no whole number",
                                keys[key], quoted);
        }
        number = number > max ? number : number * 10 + *at - '0';
    }
    if (number > max) {
        return wf_site_fail(reader->builder, err, WF_LIMIT, "%s%s is more than %lld", keys[key],
                            quoted, (long long)max);
    }
    *number_out = number;
    return WF_OK;
}

// "IDLE+CLOUD+POWERED_DOWN": whether one of the words is this one.
static bool has_state(const char *states, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = states; *at; at += *at == '+') {
        size_t this = strcspn(at, "+");
        // Behind the word stand signs: '*' does not answer, '~' powered down.
        if (this >= length && strncasecmp(at, word, length) == 0 &&
            strcspn(at + length, "*~#!%$@^-+") == 0) {
            return true;
        }
        at += this;
    }
    return false;
}

static bool is_down(const char *states)
{
    return has_state(states, "DOWN") || has_state(states, "DRAIN") ||
           has_state(states, "DRAINED") || has_state(states, "DRAINING") ||
           has_state(states, "FAIL") || has_state(states, "FAILING") || has_state(states, "INVAL");
}

static enum wf_status end_block(struct reader *reader, struct wf_error *err)
{
    struct block *block = &reader->block;
    int64_t cpus = 0;
    int64_t memory = 0;
    int64_t kept = 0;
    if (block->line == 0) {
        return WF_OK;
    }
    reader->builder->line = block->line;
    enum key counted = block->values[CPUS_USABLE][0] ? CPUS_USABLE : CPUS;
    enum wf_status status = take_number(reader, counted, WF_CPU_MILLI_MAX / 1000, &cpus, err);
    if (status == WF_OK) {
        status = take_number(reader, MEMORY, WF_MEMORY_MIB_MAX, &memory, err);
    }
    if (status == WF_OK) {
        status = take_number(reader, MEMORY_KEPT, WF_MEMORY_MIB_MAX, &kept, err);
    }
    if (status != WF_OK) {
        return status;
    }
    if (cpus == 0 || memory <= kept) {
        return wf_site_fail(reader->builder, err, WF_INVALID, "the node has no %s",
                            cpus == 0 ? "CPUTot" : "RealMemory");
    }
    const char *features = block->values[block->values[ACTIVE][0] ? ACTIVE : FEATURES];
    const char *state = block->values[STATE];
    const struct wf_slurm_node node = {
        .name = block->values[NAME],
        .gres = block->values[GRES],
        .features = features,
        .partitions = block->values[PARTITIONS],
        .cpus = cpus,
        .memory_mib = memory - kept,
        .cloud = has_state(state, "CLOUD"),
    };
    reader->down += is_down(state);
    return wf_slurm_add_node(reader->builder, &node, &reader->split, err);
}

static void begin_block(struct block *block, uint64_t line)
{
    for (size_t i = 0; i < KEYS; i++) {
        block->values[i][0] = '\0';
    }
    block->line = line;
    block->ended = false;
}

static enum wf_status take_word(struct reader *reader, uint64_t line, const char *word,
                                size_t length, struct wf_error *err)
{
    struct block *block = &reader->block;
    enum wf_status status = WF_OK;
    for (unsigned key = NAME; key < KEYS; key++) {
        size_t key_length = strlen(keys[key]);
        if (length < key_length || strncmp(word, keys[key], key_length) != 0) {
            continue;
        }
        if (key == NAME) {
            status = end_block(reader, err);
            begin_block(block, line);
        }
        reader->builder->line = line;
        if (status == WF_OK && length - key_length >= WF_SLURM_VALUE_BYTES) {
            status = wf_site_fail(reader->builder, err, WF_LIMIT,
                                  "%s... is longer than %d bytes, the limit WF_SLURM_VALUE_BYTES",
                                  keys[key], WF_SLURM_VALUE_BYTES - 1);
        }
        if (status == WF_OK) {
            memcpy(block->values[key], word + key_length, length - key_length);
            block->values[key][length - key_length] = '\0';
        }
        return status;
    }
    for (size_t i = 0; i < WF_COUNT_OF(ends); i++) {
        size_t end_length = strlen(ends[i]);
        block->ended =
            block->ended || (length >= end_length && strncmp(word, ends[i], end_length) == 0);
    }
    return WF_OK;
}

static enum wf_status take_line(struct reader *reader, uint64_t line, const char *start,
                                size_t length, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    // Each node begins at the start of a line.
    if (length >= 9 && strncmp(start, keys[NAME], 9) == 0) {
        reader->block.ended = false;
    }
    for (size_t at = 0; at < length && status == WF_OK && !reader->block.ended;) {
        size_t end = at;
        while (end < length && start[end] != ' ' && start[end] != '\t') {
            end++;
        }
        if (end > at) {
            status = take_word(reader, line, start + at, end - at, err);
        }
        at = end + 1;
    }
    return status;
}

static enum wf_status read_nodes(const struct wf_source *source, struct wf_site_builder *builder,
                                 struct wf_error *err)
{
    struct reader reader;
    reader.builder = builder;
    reader.down = 0;
    reader.split = 0;
    begin_block(&reader.block, 0);
    enum wf_status status = WF_OK;
    const char *at = source->text;
    uint64_t line = 0;
    size_t length;
    for (const char *start; status == WF_OK && (start = wf_source_line(&at, &length, &line));) {
        status = take_line(&reader, line, start, length, err);
    }
    if (status == WF_OK) {
        status = end_block(&reader, err);
    }
    if (reader.down > 0) {
        snprintf(builder->note, sizeof builder->note,
                 "%u down or drained, kept as the history may have used them", reader.down);
    }
    size_t said = strlen(builder->note);
    if (reader.split > 0) {
        snprintf(builder->note + said, sizeof builder->note - said,
                 "%s%u with GPUs of several models, each counted as a node for each model",
                 said ? ", " : "", reader.split);
    }
    return status;
}

static bool recognise(const struct wf_source *source)
{
    const char *text = source->text + strspn(source->text, " \t\r\n");
    return strncmp(text, keys[NAME], 9) == 0 &&
           (strstr(text, "CPUTot=") || strstr(text, "CPUAlloc="));
}

const struct wf_site_format wf_site_slurm_nodes = {
    .name = "scontrol show node", .recognise = recognise, .read = read_nodes};
