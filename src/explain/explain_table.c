// SPDX-License-Identifier: Apache-2.0
// The table of candidates. Terms are shown as costs, in dollars per hour: lower is better. A policy
// that does not count in dollars has its points shown: higher is better.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "explain/explain_words.h"

enum {
    ROWS_MAX = 6,          // the winner and five that lost
    NANO_VISIBLE = 500000, // less than half a thousandth of a dollar is shown as nothing
    DIFFERENCES_MAX = 4,   // terms named in a sentence
    NAME_WIDTH_MIN = 4,
};

struct table {
    const struct wf_explanation *explanation;
    const struct wf_explain_names *names;
    const struct wf_candidate *rows[ROWS_MAX];
    uint32_t row_count;
    enum wf_term columns[WF_TERM_COUNT];
    uint32_t column_count;
    bool money; // terms in dollars; else points
    int node_width, kind_width;
};

// Returns what the candidate costs by that term: the terms are made the other way round, as a
// score.
static int64_t cost_of(const struct wf_candidate *candidate, enum wf_term term)
{
    for (uint32_t i = 0; i < candidate->terms.count; i++) {
        if (candidate->terms.list[i].term == term) {
            return -candidate->terms.list[i].value;
        }
    }
    return 0;
}

static int64_t total_of(const struct wf_candidate *candidate)
{
    int64_t total = 0;
    for (uint32_t i = 0; i < candidate->terms.count; i++) {
        total -= candidate->terms.list[i].value;
    }
    return total;
}

static bool is_visible(int64_t nanousd)
{
    return nanousd >= NANO_VISIBLE || nanousd <= -NANO_VISIBLE;
}

static void choose_rows(struct table *table)
{
    const struct wf_explanation *explanation = table->explanation;
    bool rival = !explanation->has_rival;
    for (uint32_t i = 0; i < explanation->candidate_count && i < ROWS_MAX; i++) {
        table->rows[table->row_count++] = &explanation->candidates[i];
        rival |= explanation->candidates[i].node.index == explanation->rival.node.index;
    }
    if (!rival) {
        uint32_t last = table->row_count < ROWS_MAX ? table->row_count++ : ROWS_MAX - 1;
        table->rows[last] = &explanation->rival;
    }
}

static void choose_columns(struct table *table)
{
    const struct wf_terms *terms = &table->rows[0]->terms;
    table->money = terms->count > 0 && terms->list[0].term != WF_TERM_SCORE;
    for (uint32_t i = 0; table->money && i < terms->count; i++) {
        bool any = false;
        for (uint32_t row = 0; row < table->row_count; row++) {
            any |= is_visible(cost_of(table->rows[row], terms->list[i].term));
        }
        if (any) {
            table->columns[table->column_count++] = terms->list[i].term;
        }
    }
}

// Returns how wide a name is, printing it to a file that nobody reads if there is none.
static int width_of(wf_name_function *function, void *context, const char *noun, uint32_t number)
{
    const char *name = function ? function(context, number) : NULL;
    return name ? (int)strlen(name) : snprintf(NULL, 0, "%s %" PRIu32, noun, number);
}

static void measure(struct table *table)
{
    const struct wf_explain_names *names = table->names;
    table->node_width = table->kind_width = NAME_WIDTH_MIN;
    for (uint32_t i = 0; i < table->row_count; i++) {
        const struct wf_candidate *row = table->rows[i];
        int node = width_of(names->node, names->context, "node", row->node.index);
        int kind = width_of(names->pool, names->context, "pool", row->pool.index);
        table->node_width = node > table->node_width ? node : table->node_width;
        table->kind_width = kind > table->kind_width ? kind : table->kind_width;
    }
}

static int column_width(enum wf_term term)
{
    int width = (int)strlen(wf_term_name(term));
    return width > 7 ? width : 7;
}

static void print_padded(FILE *out, int width, int printed)
{
    fprintf(out, "%*s", width > printed ? width - printed : 0, "");
}

static void print_head(FILE *out, const struct table *table)
{
    fprintf(out, "   %-*s  %-*s  %5s", table->node_width, "node", table->kind_width, "kind",
            "alike");
    if (table->money) {
        fprintf(out, "  %7s", "total");
    } else if (!table->explanation->at_random) {
        fprintf(out, "  %7s", "points");
    }
    for (uint32_t i = 0; i < table->column_count; i++) {
        fprintf(out, "  %*s", column_width(table->columns[i]), wf_term_name(table->columns[i]));
    }
    fputs("\n", out);
}

static void print_row(FILE *out, const struct table *table, uint32_t index)
{
    const struct wf_explain_names *names = table->names;
    const struct wf_candidate *row = table->rows[index];
    char text[WF_NUMBER_BYTES];
    fputs(index == 0 && !table->explanation->at_random ? " ✓ " : "   ", out);
    wf_words_name(out, names->node, names->context, "node", row->node.index);
    print_padded(out, table->node_width,
                 width_of(names->node, names->context, "node", row->node.index));
    fputs("  ", out);
    wf_words_name(out, names->pool, names->context, "pool", row->pool.index);
    print_padded(out, table->kind_width,
                 width_of(names->pool, names->context, "pool", row->pool.index));
    fprintf(out, "  %5s", wf_number_count(text, row->alike));
    if (table->money) {
        fprintf(out, "  %7s", wf_number_dollars_column(text, total_of(row)));
    } else if (!table->explanation->at_random) {
        fprintf(out, "  %7s", wf_number_count(text, row->score));
    }
    for (uint32_t i = 0; i < table->column_count; i++) {
        fprintf(out, "  %*s", column_width(table->columns[i]),
                wf_number_dollars_column(text, cost_of(row, table->columns[i])));
    }
    fputs("\n", out);
}

struct difference {
    enum wf_term term;
    int64_t nanousd;
};

static int compare_differences(const void *left, const void *right)
{
    const struct difference *a = left, *b = right;
    int64_t first = llabs(a->nanousd), second = llabs(b->nanousd);
    return first != second ? (first < second) - (first > second) : (int)a->term - (int)b->term;
}

// ": scarcity +$0.85, stranded -$0.20", the largest first.
static void print_differences(FILE *out, const struct table *table,
                              const struct wf_candidate *loser)
{
    struct difference list[WF_TERM_COUNT] = {0};
    uint32_t count = 0;
    char text[WF_NUMBER_BYTES];
    for (uint32_t i = 0; i < table->column_count; i++) {
        enum wf_term term = table->columns[i];
        int64_t nanousd = cost_of(loser, term) - cost_of(table->rows[0], term);
        if (is_visible(nanousd)) {
            list[count++] = (struct difference){term, nanousd};
        }
    }
    qsort(list, count, sizeof *list, compare_differences);
    for (uint32_t i = 0; i < count && i < DIFFERENCES_MAX; i++) {
        fprintf(out, "%s %s %s%s", i == 0 ? ":" : ",", wf_term_name(list[i].term),
                list[i].nanousd > 0 ? "+" : "", wf_number_dollars(text, list[i].nanousd));
    }
}

// Says by how much a loser lost.
static void print_margin(FILE *out, const struct table *table, const struct wf_candidate *loser)
{
    char text[WF_NUMBER_BYTES];
    const struct wf_candidate *winner = table->rows[0];
    int64_t more = total_of(loser) - total_of(winner);
    if (winner->score == loser->score || (table->money && more < NANO_VISIBLE)) {
        fputs(table->money ? " would cost the fleet as much" : " has as many", out);
        fputs("; of equal nodes the first in order is taken.\n", out);
    } else if (table->money) {
        fprintf(out, " would cost the fleet %s more an hour", wf_number_dollars(text, more));
        print_differences(out, table, loser);
        fputs(".\n", out);
    } else {
        fprintf(out, " has %s.\n", wf_number_count(text, loser->score));
    }
}

static void print_why(FILE *out, const struct table *table)
{
    const struct wf_explanation *explanation = table->explanation;
    const struct wf_explain_names *names = table->names;
    const struct wf_candidate *next = explanation->candidate_count > 1 ? table->rows[1] : NULL;
    if (!table->money) {
        fputs("The node with most points is taken.\n", out);
    }
    if (next && next->pool.index == table->rows[0]->pool.index) {
        fputs("The next best node (", out);
        wf_words_name(out, names->node, names->context, "node", next->node.index);
        fputs(")", out);
        print_margin(out, table, next);
    } else if (table->rows[0]->alike > 1) {
        fprintf(out, "Of the %" PRIu32 " that are alike the first in order is taken.\n",
                table->rows[0]->alike);
    }
    if (explanation->has_rival) {
        fputs("The next best kind of node (", out);
        wf_words_name(out, names->pool, names->context, "pool", explanation->rival.pool.index);
        fputs(")", out);
        print_margin(out, table, &explanation->rival);
    } else {
        fputs(explanation->nodes_fitting == 1 ? "No other node can take it.\n"
                                              : "No other kind of node can take it.\n",
              out);
    }
}

static void print_legend(FILE *out, const struct table *table)
{
    int width = 0;
    for (uint32_t i = 0; i < table->column_count; i++) {
        int length = (int)strlen(wf_term_name(table->columns[i]));
        width = length > width ? length : width;
    }
    for (uint32_t i = 0; i < table->column_count; i++) {
        fprintf(out, "%s   %-*s  %s\n", i == 0 ? "\n" : "", width, wf_term_name(table->columns[i]),
                wf_term_text(table->columns[i]));
    }
}

void wf_explain_print_table(FILE *out, const struct wf_explanation *explanation,
                            const struct wf_explain_names *names)
{
    struct table table = {.explanation = explanation, .names = names};
    if (explanation->candidate_count == 0) {
        return;
    }
    choose_rows(&table);
    choose_columns(&table);
    measure(&table);
    fputs(explanation->at_random ? "\nNodes are drawn at random; each of these could be it:\n"
          : table.money ? "\nWhat a task costs the fleet on each node, in dollars an hour:\n"
                        : "\nThe points that the policy gives each node, more are better:\n",
          out);
    print_head(out, &table);
    for (uint32_t i = 0; i < table.row_count; i++) {
        print_row(out, &table, i);
    }
    if (!explanation->at_random) {
        fputs("\n", out);
        print_why(out, &table);
        print_legend(out, &table);
    }
}
