// SPDX-License-Identifier: Apache-2.0
// The end of making a site: what is only known once all nodes are there.
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "site/builder.h"
#include "text/csv.h"

enum { QUOTE_SHOWN = 64 };

static enum wf_status fail_memory(const struct wf_site_builder *builder, struct wf_error *err)
{
    return wf_site_fail(builder, err, WF_NOMEM, "no memory to read further");
}

enum wf_status wf_site_label_node(struct wf_site_builder *builder, uint32_t node, const char *label,
                                  size_t length, struct wf_error *err)
{
    uint32_t number;
    uint32_t known = wf_names_count(builder->labels);
    if (length == 0) {
        return WF_OK;
    }
    void *uses = builder->label_uses;
    bool room =
        wf_site_make_room(&uses, sizeof *builder->label_uses, known, &builder->use_capacity);
    builder->label_uses = uses;
    if (!room || wf_names_add(builder->labels, label, length, &number, err) != WF_OK) {
        return fail_memory(builder, err);
    }
    if (number == known) {
        builder->label_uses[number] = (struct wf_site_label_use){.last_node = UINT32_MAX};
    }
    struct wf_site_label_use *use = &builder->label_uses[number];
    if (use->last_node == node) {
        return WF_OK; // told twice
    }
    if (builder->mark_count == WF_SITE_LABEL_MARKS_MAX) {
        return wf_site_fail(builder, err, WF_LIMIT,
                            "the nodes carry more than %d labels in all, the limit "
                            "WF_SITE_LABEL_MARKS_MAX",
                            WF_SITE_LABEL_MARKS_MAX);
    }
    void *marks = builder->marks;
    room = wf_site_make_room(&marks, sizeof *builder->marks, builder->mark_count,
                             &builder->mark_capacity);
    builder->marks = marks;
    if (!room) {
        return fail_memory(builder, err);
    }
    builder->marks[builder->mark_count++] = (struct wf_site_label_mark){node, number};
    use->last_node = node;
    use->nodes++;
    use->nodes_hash += wf_hash_mix((uint64_t)node + 1);
    return WF_OK;
}

enum wf_status wf_site_add_label(struct wf_site_builder *builder, const char *label, size_t length,
                                 struct wf_error *err)
{
    return wf_site_label_node(builder, builder->site->node_count - 1, label, length, err);
}

// A label as it is ranked: those of the most nodes first, those of the same nodes together.
struct ranked {
    const char *name;
    uint32_t label, nodes;
    uint64_t nodes_hash;
};

static int compare_ranked(const void *left, const void *right)
{
    const struct ranked *a = left;
    const struct ranked *b = right;
    if (a->nodes != b->nodes) {
        return a->nodes < b->nodes ? 1 : -1;
    }
    if (a->nodes_hash != b->nodes_hash) {
        return a->nodes_hash < b->nodes_hash ? -1 : 1;
    }
    return strcmp(a->name, b->name);
}

static int compare_labels(const void *left, const void *right)
{
    const struct wf_site_label *a = left;
    const struct wf_site_label *b = right;
    return strcmp(a->name, b->name);
}

// Gives the ranked labels their numbers, as far as these go; number_of: UINT32_MAX for the rest.
static bool keep_labels(struct wf_site *site, const struct ranked *ranked, uint32_t count,
                        uint32_t *number_of)
{
    for (uint32_t i = 0; i < count; i++) {
        bool same = i > 0 && ranked[i].nodes == ranked[i - 1].nodes &&
                    ranked[i].nodes_hash == ranked[i - 1].nodes_hash;
        if (!same && site->label_numbers == WF_LABELS_MAX) {
            site->labels_dropped = count - i;
            break;
        }
        site->label_numbers += !same;
        char *copy = wf_site_copy(ranked[i].name);
        if (!copy) {
            return false;
        }
        number_of[ranked[i].label] = site->label_numbers - 1;
        site->labels[site->label_count++] =
            (struct wf_site_label){.name = copy, .number = site->label_numbers - 1};
    }
    qsort(site->labels, site->label_count, sizeof *site->labels, compare_labels);
    return true;
}

enum wf_status wf_site_number_labels(struct wf_site_builder *builder, struct wf_error *err)
{
    struct wf_site *site = builder->site;
    uint32_t count = wf_names_count(builder->labels) - 1; // but ""
    if (count == 0) {
        return WF_OK;
    }
    struct ranked *ranked = calloc(count, sizeof *ranked);
    uint32_t *number_of = calloc((size_t)count + 1, sizeof *number_of);
    site->labels = calloc(count, sizeof *site->labels);
    bool kept = ranked && number_of && site->labels;
    if (kept) {
        memset(number_of, 0xff, ((size_t)count + 1) * sizeof *number_of);
        for (uint32_t i = 0; i < count; i++) {
            const struct wf_site_label_use *use = &builder->label_uses[i + 1];
            ranked[i] = (struct ranked){wf_names_text(builder->labels, i + 1), i + 1, use->nodes,
                                        use->nodes_hash};
        }
        qsort(ranked, count, sizeof *ranked, compare_ranked);
        kept = keep_labels(site, ranked, count, number_of);
    }
    for (uint32_t i = 0; kept && i < builder->mark_count; i++) {
        const struct wf_site_label_mark *mark = &builder->marks[i];
        if (number_of[mark->label] != UINT32_MAX) {
            site->nodes[mark->node].spec.labels |= UINT64_C(1) << number_of[mark->label];
        }
    }
    free(ranked);
    free(number_of);
    if (!kept) {
        return fail_memory(builder, err);
    }
    if (site->labels_dropped > 0 && builder->labels_must_fit) {
        builder->line = 0;
        return wf_site_fail(builder, err, WF_LIMIT,
                            "the labels tell more than %d sets of nodes apart, the limit "
                            "WF_LABELS_MAX",
                            WF_LABELS_MAX);
    }
    return WF_OK;
}

struct named_line {
    const char *name;
    uint64_t line;
};

static int compare_named_lines(const void *left, const void *right)
{
    const struct named_line *a = left;
    const struct named_line *b = right;
    int order = strcmp(a->name, b->name);
    return order ? order : (a->line > b->line) - (a->line < b->line);
}

static enum wf_status fail_repeat(struct wf_site_builder *builder, const struct named_line *first,
                                  const struct named_line *second, struct wf_error *err)
{
    char quoted[QUOTE_SHOWN];
    char where[48] = "";
    wf_csv_quote(first->name, quoted, sizeof quoted);
    builder->line = second->line;
    builder->item = NULL;
    if (first->line > 0) {
        snprintf(where, sizeof where, ", in line %llu", (unsigned long long)first->line);
    }
    return wf_site_fail(builder, err, WF_EXISTS, "the node '%s' is there already%s", quoted, where);
}

static enum wf_status check_nodes(struct wf_site_builder *builder, struct wf_error *err)
{
    const struct wf_site *site = builder->site;
    struct named_line *rows = calloc(site->node_count, sizeof *rows);
    if (!rows) {
        return fail_memory(builder, err);
    }
    for (uint32_t i = 0; i < site->node_count; i++) {
        rows[i] = (struct named_line){site->nodes[i].name, builder->node_lines[i]};
    }
    qsort(rows, site->node_count, sizeof *rows, compare_named_lines);
    enum wf_status status = WF_OK;
    for (uint32_t i = 1; i < site->node_count && status == WF_OK; i++) {
        if (strcmp(rows[i - 1].name, rows[i].name) == 0) {
            status = fail_repeat(builder, &rows[i - 1], &rows[i], err);
        }
    }
    free(rows);
    return status;
}

// Copies names from a number on. The count is kept step by step, so that nothing is lost when
// memory runs out.
static bool hand_over(const struct wf_names *names, uint32_t from, char ***texts_out,
                      uint32_t *count_out)
{
    uint32_t count = wf_names_count(names) - from;
    *texts_out = calloc(count, sizeof **texts_out);
    for (uint32_t i = 0; *texts_out && i < count; i++) {
        (*texts_out)[i] = wf_site_copy(wf_names_text(names, from + i));
        if (!(*texts_out)[i]) {
            return false;
        }
        *count_out = i + 1;
    }
    return *texts_out != NULL;
}

enum wf_status wf_site_builder_close(struct wf_site_builder *builder, struct wf_error *err)
{
    struct wf_site *site = builder->site;
    builder->line = 0;
    builder->item = NULL;
    if (site->node_count == 0) {
        return wf_site_fail(builder, err, WF_INVALID, "there is no node");
    }
    enum wf_status status = check_nodes(builder, err);
    if (status == WF_OK) {
        status = wf_site_number_labels(builder, err);
    }
    if (status == WF_OK && (!hand_over(builder->groups, 0, &site->groups, &site->group_count) ||
                            !hand_over(builder->zones, 1, &site->zones, &site->zone_count))) {
        status = fail_memory(builder, err);
    }
    return status;
}
