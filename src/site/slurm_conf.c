// SPDX-License-Identifier: Apache-2.0
// The nodes of a slurm.conf: NodeName lines with ranges and defaults. Keys are written in any case,
// a value may stand in quotes, '#' begins a comment and a backslash at the end goes on in the next
// line. The nodes of a PartitionName line carry the label "partition=NAME".
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "site/hostlist.h"
#include "site/slurm.h"
#include "text/csv.h"

enum { LINE_BYTES = 65536, VALUE_BYTES = WF_SLURM_VALUE_BYTES };

enum key {
    NAME,
    CPUS,
    PROCS,
    BOARDS,
    SOCKETS,
    SOCKETS_PER_BOARD,
    CORES,
    THREADS,
    MEMORY,
    MEMORY_KEPT,
    GRES,
    FEATURE,
    FEATURES,
    STATE,
    KEYS
};
static const char *const keys[KEYS] = {
    [NAME] = "NodeName",
    [CPUS] = "CPUs",
    [PROCS] = "Procs",
    [BOARDS] = "Boards",
    [SOCKETS] = "Sockets",
    [SOCKETS_PER_BOARD] = "SocketsPerBoard",
    [CORES] = "CoresPerSocket",
    [THREADS] = "ThreadsPerCore",
    [MEMORY] = "RealMemory",
    [MEMORY_KEPT] = "MemSpecLimit",
    [GRES] = "Gres",
    [FEATURE] = "Feature",
    [FEATURES] = "Features",
    [STATE] = "State",
};

struct values {
    char value[KEYS][VALUE_BYTES]; // "": not told
};

struct reader {
    struct wf_site_builder *builder;
    struct values defaults, values;
    struct wf_slurm_node node;
    uint32_t split;
    struct wf_names *names;                     // of the nodes, once all are there
    char partition[WF_SITE_NAME_BYTES_MAX + 1]; // label of the partition that is being read
    char included[64];                          // the first file that is included; ""
};

// Makes one line of those that a backslash joins, without its comment. *line is the number of the
// last one.
static enum wf_status join_lines(const struct wf_site_builder *builder, const char **at,
                                 uint64_t *line, char *joined, bool *more_out, struct wf_error *err)
{
    size_t used = 0;
    size_t length;
    const char *start;
    *more_out = false;
    while ((start = wf_source_line(at, &length, line))) {
        *more_out = true;
        size_t end = 0;
        while (end < length && (start[end] != '#' || (end > 0 && start[end - 1] == '\\'))) {
            end++;
        }
        bool goes_on = end == length && length > 0 && start[length - 1] == '\\';
        end -= goes_on;
        if (used + end >= LINE_BYTES) {
            return wf_site_fail(builder, err, WF_LIMIT, "the line is longer than %d bytes",
                                LINE_BYTES - 1);
        }
        memcpy(joined + used, start, end);
        used += end;
        if (!goes_on) {
            break;
        }
    }
    joined[used] = '\0';
    return WF_OK;
}

// Takes "Key=Value" or Key="two words" from *at; false when there is none left.
static bool take_pair(const char **at, const char **key_out, size_t *key_length_out,
                      const char **value_out, size_t *value_length_out)
{
    const char *start = *at + strspn(*at, " \t\r");
    size_t key = strcspn(start, "= \t");
    const char *value = start + key;
    *key_out = start;
    *key_length_out = key;
    if (*value == '=') {
        value++;
    }
    bool quoted = *value == '"';
    value += quoted;
    size_t length = strcspn(value, quoted ? "\"" : " \t\r");
    *value_out = value;
    *value_length_out = length;
    *at = value + length + (quoted && value[length] == '"');
    return *start != '\0';
}

static enum wf_status keep_pair(struct reader *reader, const char *key, size_t key_length,
                                const char *value, size_t length, struct wf_error *err)
{
    for (unsigned i = 0; i < KEYS; i++) {
        if (strlen(keys[i]) != key_length || strncasecmp(key, keys[i], key_length) != 0) {
            continue;
        }
        if (length >= VALUE_BYTES) {
            return wf_site_fail(reader->builder, err, WF_LIMIT,
                                "%s is longer than %d bytes, the limit WF_SLURM_VALUE_BYTES",
                                keys[i], VALUE_BYTES - 1);
        }
        memcpy(reader->values.value[i], value, length);
        reader->values.value[i][length] = '\0';
    }
    return WF_OK;
}

// A number of the line or of its defaults; otherwise what Slurm takes it to be.
static enum wf_status take_number(const struct reader *reader, enum key key, int64_t otherwise,
                                  int64_t *number_out, struct wf_error *err)
{
    const char *text = reader->values.value[key];
    char quoted[48];
    wf_csv_quote(text, quoted, sizeof quoted);
    int64_t number = 0;
    for (const char *at = text; *at; at++) {
        if (*at < '0' || *at > '9' || number > WF_MEMORY_MIB_MAX) {
            return wf_site_fail(reader->builder, err, WF_INVALID,
                                "%s=%s: that is no whole number, or too large", keys[key], quoted);
        }
        number = number * 10 + *at - '0';
    }
    *number_out = text[0] ? number : otherwise;
    return WF_OK;
}

static enum wf_status take_numbers(const struct reader *reader, struct wf_slurm_node *node,
                                   struct wf_error *err)
{
    static const struct {
        enum key key;
        int64_t otherwise;
    } asked[] = {{CPUS, 0},  {PROCS, 0},   {BOARDS, 1}, {SOCKETS, 0},    {SOCKETS_PER_BOARD, 1},
                 {CORES, 1}, {THREADS, 1}, {MEMORY, 1}, {MEMORY_KEPT, 0}};
    int64_t number[KEYS] = {0};
    for (size_t i = 0; i < WF_COUNT_OF(asked); i++) {
        enum key key = asked[i].key;
        enum wf_status status = take_number(reader, key, asked[i].otherwise, &number[key], err);
        if (status != WF_OK) {
            return status;
        }
    }
    int64_t cpus = number[CPUS] ? number[CPUS] : number[PROCS];
    if (cpus == 0) {
        int64_t sockets =
            number[SOCKETS] ? number[SOCKETS] : number[BOARDS] * number[SOCKETS_PER_BOARD];
        wf_int128 product = (wf_int128)sockets * number[CORES] * number[THREADS];
        cpus = product > WF_CPU_MILLI_MAX ? WF_CPU_MILLI_MAX : (int64_t)product;
    }
    node->cpus = cpus;
    node->memory_mib = number[MEMORY] - number[MEMORY_KEPT];
    if (node->cpus <= 0 || node->memory_mib <= 0) {
        return wf_site_fail(reader->builder, err, WF_INVALID, "the nodes have no %s",
                            node->cpus <= 0 ? "CPUs" : "RealMemory");
    }
    return WF_OK;
}

static enum wf_status take_node(void *context, const char *name, struct wf_error *err)
{
    struct reader *reader = context;
    reader->node.name = name;
    return wf_slurm_add_node(reader->builder, &reader->node, &reader->split, err);
}

static bool says_cloud(const char *state)
{
    return strncasecmp(state, "CLOUD", 5) == 0;
}

// Reads "NodeName=..." or, where the names are DEFAULT, what holds for the lines after it.
static enum wf_status take_node_line(struct reader *reader, const char *text, struct wf_error *err)
{
    const char *key;
    const char *value;
    size_t key_length;
    size_t length;
    enum wf_status status = WF_OK;
    reader->values = reader->defaults;
    while (status == WF_OK && take_pair(&text, &key, &key_length, &value, &length)) {
        status = keep_pair(reader, key, key_length, value, length, err);
    }
    if (status != WF_OK) {
        return status;
    }
    const char *names = reader->values.value[NAME];
    if (strcasecmp(names, "DEFAULT") == 0) {
        reader->defaults = reader->values;
        return WF_OK;
    }
    const char *features = reader->values.value[FEATURE];
    reader->node = (struct wf_slurm_node){
        .gres = reader->values.value[GRES],
        .features = features[0] ? features : reader->values.value[FEATURES],
        .partitions = "",
        .cloud = says_cloud(reader->values.value[STATE]),
    };
    status = take_numbers(reader, &reader->node, err);
    return status == WF_OK ? wf_hostlist_read(reader->builder, names, take_node, reader, err)
                           : status;
}

static bool begins(const char *text, const char *word)
{
    return strncasecmp(text, word, strlen(word)) == 0;
}

static enum wf_status take_line(struct reader *reader, const char *text, struct wf_error *err)
{
    if (begins(text, "NodeName=")) {
        return take_node_line(reader, text, err);
    }
    if (begins(text, "include ") && !reader->included[0]) {
        wf_csv_quote(text + 8 + strspn(text + 8, " \t"), reader->included, sizeof reader->included);
    }
    return WF_OK;
}

// A node of the partition that is being read. What is no node may be a set of nodes, whose name
// nothing here knows.
static enum wf_status label_node(void *context, const char *name, struct wf_error *err)
{
    const struct reader *reader = context;
    const struct wf_site *site = reader->builder->site;
    uint32_t number = wf_names_find(reader->names, name);
    size_t length = strlen(name);
    enum wf_status status = WF_OK;
    if (number == UINT32_MAX || number == 0) {
        return WF_OK;
    }
    // A node with GPUs of several models stands there several times, one behind the other.
    for (uint32_t node = number - 1; status == WF_OK && node < site->node_count; node++) {
        const char *other = site->nodes[node].name;
        if (strncmp(other, name, length) != 0 || (other[length] && other[length] != ':')) {
            break;
        }
        status = wf_site_label_node(reader->builder, node, reader->partition,
                                    strlen(reader->partition), err);
    }
    return status;
}

static enum wf_status label_all(struct reader *reader, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    for (uint32_t i = 0; i < reader->builder->site->node_count && status == WF_OK; i++) {
        status = wf_site_label_node(reader->builder, i, reader->partition,
                                    strlen(reader->partition), err);
    }
    return status;
}

// Reads "PartitionName=gpu Nodes=gpu[001-016] ...".
static enum wf_status take_partition_line(struct reader *reader, const char *text,
                                          struct wf_error *err)
{
    const char *key;
    const char *value;
    size_t key_length;
    size_t length;
    char *nodes = reader->values.value[NAME];
    reader->partition[0] = '\0';
    nodes[0] = '\0';
    if (!begins(text, "PartitionName=")) {
        return WF_OK;
    }
    while (take_pair(&text, &key, &key_length, &value, &length)) {
        if (key_length == 13 && begins(key, "PartitionName") && length < 200) {
            snprintf(reader->partition, sizeof reader->partition, "partition=%.*s", (int)length,
                     value);
        } else if (key_length == 5 && begins(key, "Nodes")) {
            if (length >= VALUE_BYTES) {
                return wf_site_fail(reader->builder, err, WF_LIMIT,
                                    "Nodes is longer than %d bytes, the limit "
                                    "WF_SLURM_VALUE_BYTES",
                                    VALUE_BYTES - 1);
            }
            snprintf(nodes, VALUE_BYTES, "%.*s", (int)length, value);
        }
    }
    if (strcasecmp(reader->partition, "partition=DEFAULT") == 0 || !nodes[0]) {
        return WF_OK;
    }
    if (strcasecmp(nodes, "ALL") == 0) {
        return label_all(reader, err);
    }
    return wf_hostlist_read(reader->builder, nodes, label_node, reader, err);
}

// Node names by the number of their first entry and 1. A node that is there twice is refused later.
static enum wf_status know_names(struct reader *reader, struct wf_error *err)
{
    const struct wf_site *site = reader->builder->site;
    enum wf_status status = wf_names_create(&reader->names, err);
    for (uint32_t i = 0; i < site->node_count && status == WF_OK; i++) {
        uint32_t number;
        const char *name = site->nodes[i].name;
        status = wf_names_add(reader->names, name, strlen(name), &number, err);
    }
    return status;
}

typedef enum wf_status take(struct reader *reader, const char *text, struct wf_error *err);

static enum wf_status read_lines(struct reader *reader, const char *at, char *joined,
                                 take *take_one, struct wf_error *err)
{
    uint64_t line = 0;
    for (;;) {
        bool more;
        reader->builder->line = line + 1;
        enum wf_status status = join_lines(reader->builder, &at, &line, joined, &more, err);
        if (status == WF_OK && more) {
            status = take_one(reader, joined + strspn(joined, " \t"), err);
        }
        if (status != WF_OK || !more) {
            return status;
        }
    }
}

static enum wf_status read_conf(const struct wf_source *source, struct wf_site_builder *builder,
                                struct wf_error *err)
{
    struct reader *reader = calloc(1, sizeof *reader);
    char *joined = malloc(LINE_BYTES);
    enum wf_status status;
    if (!reader || !joined) {
        status = wf_fail(err, WF_NOMEM, "no memory to read %s", source->shown);
    } else {
        reader->builder = builder;
        status = read_lines(reader, source->text, joined, take_line, err);
        if (status == WF_OK) {
            status = know_names(reader, err);
        }
        if (status == WF_OK) {
            status = read_lines(reader, source->text, joined, take_partition_line, err);
        }
        wf_names_destroy(reader->names);
    }
    if (status == WF_OK && reader && builder->site->node_count == 0) {
        builder->line = 0;
        const char *included = reader->included;
        status = wf_site_fail(builder, err, WF_INVALID, "there is no NodeName line%s%s%s",
                              included[0] ? " (it includes " : "", included,
                              included[0] ? ", which may have them)" : "");
    }
    if (status == WF_OK && reader && reader->split > 0) {
        snprintf(builder->note, sizeof builder->note,
                 "%u with GPUs of several models, each counted as a node for each model",
                 reader->split);
    }
    free(reader);
    free(joined);
    return status;
}

// A line that only a slurm.conf has.
static bool recognise(const struct wf_source *source)
{
    const char *at = source->text;
    uint64_t line = 0;
    size_t length;
    static const char *const words[] = {
        "NodeName=", "ClusterName=", "SlurmctldHost=", "ControlMachine=", "PartitionName="};
    for (const char *start; (start = wf_source_line(&at, &length, &line));) {
        start += strspn(start, " \t");
        for (size_t i = 0; i < WF_COUNT_OF(words); i++) {
            if (begins(start, words[i])) {
                return true;
            }
        }
    }
    return false;
}

const struct wf_site_format wf_site_slurm_conf = {
    .name = "slurm.conf", .recognise = recognise, .read = read_conf};
