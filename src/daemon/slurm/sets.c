// SPDX-License-Identifier: Apache-2.0
#include "daemon/slurm/sets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/slurm/cluster.h"

// Windows after those that are open now that get sets of their own; for what ends later than these,
// all of them count.
enum { WINDOW_STEPS = 4 };

struct round {
    struct wf_slurm_sets *sets;
    const struct wf_slurm_view *view;
    json_t *fresh;                            // rules that have no place yet
    bool is_wanted[WF_SLURM_WINDOWS_MAX + 1]; // the first so many windows, as a rule
};

struct limit_search {
    const char *partition;
    int64_t limit_ms;
};

void wf_slurm_set_label(uint32_t set, char *label, size_t size)
{
    snprintf(label, size, "nodes:%u", set + 1);
}

bool wf_slurm_is_choice(const struct wf_slurm_job *job)
{
    const char *at = job->features;
    size_t length = strlen(at);
    bool boxed = length > 2 && at[0] == '[' && at[length - 1] == ']';
    const char *first = boxed ? at + 1 : at;
    size_t count = boxed ? length - 2 : length;
    // In a box, all nodes are to have the same one of them.
    return strchr(at, '|') && strcspn(first, "[]()*!,:&") >= count &&
           (!boxed || job->nodes_min <= 1);
}

static json_t *add_names(json_t *rule, const char *word, wf_slurm_texts names, uint32_t count)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < count && list; i++) {
        (void)json_array_append_new(list, json_string(names[i]));
    }
    rule = rule ? rule : json_object();
    (void)json_object_set_new(rule, word, list);
    return rule;
}

static json_t *add_choice(json_t *rule, const char *features)
{
    json_t *list = json_array();
    for (const char *at = features + strspn(features, "["); *at;) {
        size_t length = strcspn(at, "|]");
        (void)json_array_append_new(list, json_stringn(at, length));
        at += length + strspn(at + length, "|]");
    }
    rule = rule ? rule : json_object();
    (void)json_object_set_new(rule, "any", list);
    return rule;
}

json_t *wf_slurm_rule_of(const struct wf_slurm_job *job)
{
    json_t *rule = NULL;
    bool pinned = job->decision[0] || job->pinned;
    if (pinned && job->wanted_count > 0) {
        rule = add_names(rule, "on", job->wanted_nodes, job->wanted_count);
    } else if (!pinned && job->required_count > 0) {
        rule = add_names(rule, "on", job->required_nodes, job->required_count);
    }
    if (job->excluded_count > 0) {
        rule = add_names(rule, "off", job->excluded_nodes, job->excluded_count);
    }
    if (wf_slurm_is_choice(job)) {
        rule = add_choice(rule, job->features);
    }
    if (job->reservation[0]) {
        rule = rule ? rule : json_object();
        (void)json_object_set_new(rule, "in", json_string(job->reservation));
    }
    return rule;
}

// Whether a list of names has this one.
static bool lists(const json_t *list, const char *name)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (strcmp(json_string_value(json_array_get(list, i)), name) == 0) {
            return true;
        }
    }
    return false;
}

static bool takes(const struct wf_slurm_picture *picture, const char *reservation,
                  const struct wf_slurm_node *node)
{
    const struct wf_slurm_reservation *found = wf_slurm_picture_reservation(picture, reservation);
    for (uint32_t i = 0; found && i < found->node_count; i++) {
        if (strcmp(found->nodes[i], node->name) == 0) {
            return true;
        }
    }
    return false;
}

bool wf_slurm_rule_admits(const json_t *rule, const struct wf_slurm_picture *picture,
                          const struct wf_slurm_node *node)
{
    const json_t *on = json_object_get(rule, "on"), *any = json_object_get(rule, "any");
    const json_t *out = json_object_get(rule, "out");
    const char *in = json_string_value(json_object_get(rule, "in"));
    bool admits = (!on || lists(on, node->name)) &&
                  !lists(json_object_get(rule, "off"), node->name) &&
                  (!in || takes(picture, in, node));
    bool has = !any;
    for (uint32_t i = 0; i < node->feature_count; i++) {
        has = has || lists(any, node->features[i]);
    }
    for (size_t i = 0; i < json_array_size(out); i++) {
        admits = admits && !takes(picture, json_string_value(json_array_get(out, i)), node);
    }
    return admits && has;
}

static void see_limit(void *context, const struct wf_slurm_partition *partition)
{
    struct limit_search *search = context;
    if (strcmp(partition->name, search->partition) == 0) {
        search->limit_ms = partition->limit_ms;
    }
}

// How long it may run; 0: for ever.
static int64_t limit_of(const struct wf_slurm_view *view, const struct wf_slurm_job *job)
{
    struct limit_search search = {.partition = job->partition};
    if (job->limit_ms > 0) {
        return job->limit_ms;
    }
    wf_slurm_picture_partitions(view->picture, see_limit, &search);
    return search.limit_ms;
}

// How many of the windows begin before it would end, in steps.
static uint32_t windows_before(const struct wf_slurm_sets *sets, const struct wf_slurm_view *view,
                               const struct wf_slurm_job *job, int64_t *turn_ms_out)
{
    int64_t soon_ms = view->now_ms + WF_SLURM_WINDOW_MARGIN_MS;
    int64_t from_ms = job->begin_ms > soon_ms ? job->begin_ms : soon_ms;
    int64_t limit_ms = limit_of(view, job);
    uint32_t open = 0, count = 0;
    while (open < sets->window_count && sets->windows[open].start_ms <= soon_ms) {
        open++;
    }
    while (count < sets->window_count &&
           (limit_ms <= 0 || sets->windows[count].start_ms < from_ms + limit_ms)) {
        count++;
    }
    *turn_ms_out = INT64_MAX;
    if (count < sets->window_count) {
        *turn_ms_out = sets->windows[count].start_ms - limit_ms - WF_SLURM_WINDOW_MARGIN_MS;
    }
    return count <= open ? open : count <= open + WINDOW_STEPS ? count : sets->window_count;
}

json_t *wf_slurm_window_rule(const struct wf_slurm_sets *sets, const struct wf_slurm_view *view,
                             const struct wf_slurm_job *job)
{
    int64_t turn_ms;
    uint32_t count = windows_before(sets, view, job, &turn_ms);
    json_t *names = NULL;
    for (uint32_t i = 0; i < count; i++) {
        const char *name = sets->windows[i].reservation->name;
        if (strcmp(name, job->reservation) != 0) {
            names = names ? names : json_array();
            (void)json_array_append_new(names, json_string(name));
        }
    }
    return names ? json_pack("{so}", "out", names) : NULL;
}

uint32_t wf_slurm_sets_find(const struct wf_slurm_sets *sets, const json_t *rule)
{
    for (uint32_t i = 0; i < WF_SLURM_SETS_MAX; i++) {
        if (sets->sets[i].rule && json_equal(sets->sets[i].rule, rule)) {
            return i;
        }
    }
    return WF_NONE;
}

// Takes the rule over.
static void want(struct round *round, json_t *rule)
{
    uint32_t place = rule ? wf_slurm_sets_find(round->sets, rule) : WF_NONE;
    if (place != WF_NONE) {
        round->sets->sets[place].wanted = true;
    } else if (rule) {
        (void)json_array_append(round->fresh, rule);
    }
    json_decref(rule);
}

// A place that is free goes before one that somebody had. Where there is none the rule has none.
static void put(struct wf_slurm_sets *sets, json_t *rule)
{
    uint32_t place = WF_NONE;
    for (uint32_t i = 0; i < WF_SLURM_SETS_MAX && place == WF_NONE; i++) {
        place = sets->sets[i].rule ? WF_NONE : i;
    }
    for (uint32_t i = 0; i < WF_SLURM_SETS_MAX && place == WF_NONE; i++) {
        place = sets->sets[i].wanted ? WF_NONE : i;
    }
    if (place != WF_NONE) {
        json_decref(sets->sets[place].rule);
        sets->sets[place] = (struct wf_slurm_set){json_incref(rule), true};
        sets->version++;
    }
}

static void see_window(void *context, const struct wf_slurm_reservation *reservation)
{
    struct wf_slurm_sets *sets = context;
    if (reservation->node_count == 0) {
        return;
    }
    uint32_t at = sets->window_count;
    while (at > 0 && sets->windows[at - 1].start_ms > reservation->start_ms) {
        at--;
    }
    if (at == WF_SLURM_WINDOWS_MAX) {
        return;
    }
    sets->window_count += sets->window_count < WF_SLURM_WINDOWS_MAX;
    memmove(&sets->windows[at + 1], &sets->windows[at],
            (sets->window_count - at - 1) * sizeof sets->windows[0]);
    sets->windows[at] = (struct wf_slurm_window){reservation, reservation->start_ms};
}

static void see_job(void *context, const struct wf_slurm_job *job)
{
    struct round *round = context;
    struct wf_slurm_sets *sets = round->sets;
    int64_t turn_ms;
    if (job->state != WF_SLURM_PENDING || !wf_slurm_is_ours(round->view, job->partition)) {
        return;
    }
    want(round, wf_slurm_rule_of(job));
    if (sets->window_count == 0) {
        return;
    }
    uint32_t count = windows_before(sets, round->view, job, &turn_ms);
    if (job->reservation[0] || !round->is_wanted[count]) { // the same for all that are in none
        want(round, wf_slurm_window_rule(sets, round->view, job));
        round->is_wanted[count] = round->is_wanted[count] || !job->reservation[0];
    }
    sets->turn_ms = turn_ms < sets->turn_ms ? turn_ms : sets->turn_ms;
}

void wf_slurm_sets_look(struct wf_slurm_sets *sets, const struct wf_slurm_view *view)
{
    struct round round = {.sets = sets, .view = view, .fresh = json_array()};
    sets->window_count = 0;
    sets->turn_ms = INT64_MAX;
    wf_slurm_picture_reservations(view->picture, see_window, sets);
    for (uint32_t i = 0; i < WF_SLURM_SETS_MAX; i++) {
        sets->sets[i].wanted = false;
    }
    wf_slurm_picture_jobs(view->picture, see_job, &round);
    for (size_t i = 0; i < json_array_size(round.fresh); i++) {
        json_t *rule = json_array_get(round.fresh, i);
        if (wf_slurm_sets_find(sets, rule) == WF_NONE) {
            put(sets, rule);
        }
    }
    json_decref(round.fresh);
}

void wf_slurm_sets_finish(struct wf_slurm_sets *sets)
{
    for (uint32_t i = 0; i < WF_SLURM_SETS_MAX; i++) {
        json_decref(sets->sets[i].rule);
    }
    *sets = (struct wf_slurm_sets){0};
}
