// SPDX-License-Identifier: Apache-2.0
#include "cli/simulate/last_run.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/file.h"

enum { VERSION = 2 };

static enum wf_status find_folder(char *folder, size_t size, struct wf_error *err)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    int length = -1;
    if (state && state[0] == '/') {
        length = snprintf(folder, size, "%s/whaleflux", state);
    } else if (home && home[0] == '/') {
        length = snprintf(folder, size, "%s/.local/state/whaleflux", home);
    }
    return length > 0 && (size_t)length < size
               ? WF_OK
               : wf_fail(err, WF_IO,
                         "neither XDG_STATE_HOME nor HOME names a folder for the last "
                         "run");
}

static enum wf_status find_record(char *path, size_t size, struct wf_error *err)
{
    char folder[PATH_MAX - 16];
    enum wf_status status = find_folder(folder, sizeof folder, err);
    if (status == WF_OK) {
        snprintf(path, size, "%s/last-run.json", folder);
    }
    return status;
}

// {"path": ..., "digest": ...}, or null for no file.
static enum wf_status add_file(json_t *record, const char *name, const char *path,
                               struct wf_error *err)
{
    if (!path) {
        return json_object_set_new(record, name, json_null()) == 0
                   ? WF_OK
                   : wf_fail(err, WF_NOMEM, "no memory for the record of the last run");
    }
    char real[PATH_MAX];
    uint64_t digest = 0;
    if (!realpath(path, real)) {
        return wf_fail(err, WF_IO, "%s is gone", path);
    }
    enum wf_status status = wf_file_digest(real, &digest, err);
    if (status != WF_OK) {
        return status;
    }
    char text[20];
    snprintf(text, sizeof text, "%016llx", (unsigned long long)digest);
    json_t *file = json_pack("{s:s, s:s}", "path", real, "digest", text);
    return json_object_set_new(record, name, file) == 0
               ? WF_OK
               : wf_fail(err, WF_INVALID, "the name of %s is not UTF-8", path);
}

static enum wf_status write_record(json_t *record, struct wf_error *err)
{
    char folder[PATH_MAX - 16];
    char path[PATH_MAX];
    enum wf_status status = find_folder(folder, sizeof folder, err);
    status = status == WF_OK ? wf_file_make_folder(folder, err) : status;
    status = status == WF_OK ? find_record(path, sizeof path, err) : status;
    if (status != WF_OK) {
        return status;
    }
    char *text = json_dumps(record, JSON_INDENT(2));
    if (!text) {
        return wf_fail(err, WF_NOMEM, "no memory for the record of the last run");
    }
    status = wf_file_write(path, text, err);
    free(text);
    return status;
}

enum wf_status wf_last_run_keep(const struct wf_simulation_options *options, struct wf_error *err)
{
    const struct wf_scenario_config *scenario = &options->scenario;
    json_t *record =
        json_pack("{s:i, s:s?, s:s, s:I, s:I, s:i, s:i, s:b, s:b, s:i, s:I}", "version", VERSION,
                  "facts", scenario->facts, "policies", options->policies, "seed_first",
                  (json_int_t)options->seed_first, "seed_last", (json_int_t)options->seed_last,
                  "load_milli", (int)scenario->load_milli, "copies", (int)scenario->copies, "plain",
                  (int)options->plain, "departures", (int)scenario->departures,
                  "moves_per_thousand", (int)scenario->moves_per_thousand, "move_cost_nanousd",
                  (json_int_t)scenario->move_cost_nanousd);
    if (!record) {
        return wf_fail(err, WF_NOMEM, "no memory for the record of the last run");
    }
    enum wf_status status = add_file(record, "nodes", scenario->nodes_path, err);
    status = status == WF_OK ? add_file(record, "pods", scenario->pods_path, err) : status;
    status = status == WF_OK ? add_file(record, "orders", scenario->orders_path, err) : status;
    status = status == WF_OK ? write_record(record, err) : status;
    json_decref(record);
    return status;
}

static enum wf_status fail_damaged(struct wf_error *err)
{
    return wf_fail(err, WF_INVALID,
                   "the record of the last run is damaged: run `whaleflux simulate placement` or "
                   "`whaleflux replay` again");
}

// {"verb": "replay", "words": [{"option": ..., "value": ...}, {"option": ..., "file": {...}}]}
enum wf_status wf_last_run_keep_replay(const struct wf_last_run_word *words, uint32_t count,
                                       struct wf_error *err)
{
    json_t *list = json_array();
    json_t *record =
        json_pack("{s:i, s:s, s:o}", "version", VERSION, "verb", "replay", "words", list);
    enum wf_status status =
        record ? WF_OK : wf_fail(err, WF_NOMEM, "no memory for the record of the last run");
    for (uint32_t i = 0; i < count && status == WF_OK; i++) {
        if (!words[i].value) {
            continue;
        }
        json_t *word = json_pack("{s:s?, s:s?}", "option", words[i].option, "value",
                                 words[i].is_file ? NULL : words[i].value);
        if (json_array_append_new(list, word) != 0) {
            status = wf_fail(err, WF_INVALID, "'%.80s' is not UTF-8", words[i].value);
        } else if (words[i].is_file) {
            status = add_file(word, "file", words[i].value, err);
        }
    }
    status = status == WF_OK ? write_record(record, err) : status;
    json_decref(record);
    return status;
}

// Takes the path of a file out of the record and checks that it is what it was.
static enum wf_status take_file(json_t *record, const char *name, const char **path_out,
                                struct wf_error *err)
{
    const char *path = NULL;
    const char *kept = NULL;
    json_t *file = json_object_get(record, name);
    *path_out = NULL;
    if (json_is_null(file)) {
        return WF_OK;
    }
    if (json_unpack(file, "{s:s, s:s}", "path", &path, "digest", &kept) != 0) {
        return fail_damaged(err);
    }
    uint64_t digest = 0;
    enum wf_status status = wf_file_digest(path, &digest, err);
    if (status != WF_OK) {
        return status;
    }
    char text[20];
    snprintf(text, sizeof text, "%016llx", (unsigned long long)digest);
    if (strcmp(text, kept) != 0) {
        return wf_fail(err, WF_INVALID, "%s has changed since the last run: run it again", path);
    }
    *path_out = path;
    return WF_OK;
}

// Takes what is said about departures and moves.
static enum wf_status take_changes(json_t *record, struct wf_scenario_config *scenario,
                                   struct wf_error *err)
{
    int departures = 0;
    int moves = 0;
    json_int_t cost = -1;
    if (json_unpack(record, "{s:b, s:i, s:I}", "departures", &departures, "moves_per_thousand",
                    &moves, "move_cost_nanousd", &cost) != 0 ||
        moves < 0 || moves > 1000 || cost < 0) {
        return fail_damaged(err);
    }
    scenario->departures = departures != 0;
    scenario->moves_per_thousand = (uint32_t)moves;
    scenario->move_cost_nanousd = cost;
    return WF_OK;
}

static enum wf_status take_record(json_t *record, struct wf_simulation_options *options,
                                  struct wf_error *err)
{
    json_t *facts = NULL;
    int version = 0;
    int load_milli = 0;
    int copies = 0;
    int plain = 0;
    json_int_t seed_first = -1;
    json_int_t seed_last = -1;
    struct wf_scenario_config *scenario = &options->scenario;
    if (json_unpack(record, "{s:i, s:o, s:s, s:I, s:I, s:i, s:i, s:b}", "version", &version,
                    "facts", &facts, "policies", &options->policies, "seed_first", &seed_first,
                    "seed_last", &seed_last, "load_milli", &load_milli, "copies", &copies, "plain",
                    &plain) != 0 ||
        version != VERSION || seed_first < 0 || seed_last < seed_first || load_milli < 1 ||
        load_milli > WF_WORKLOAD_LOAD_MILLI_MAX || copies < 1) {
        return fail_damaged(err);
    }
    scenario->facts = json_string_value(facts); // NULL for null
    options->seed_first = (uint64_t)seed_first;
    options->seed_last = (uint64_t)seed_last;
    options->plain = plain != 0;
    scenario->load_milli = (uint32_t)load_milli;
    scenario->copies = (uint32_t)copies;
    enum wf_status status = take_changes(record, scenario, err);
    status = status == WF_OK ? take_file(record, "nodes", &scenario->nodes_path, err) : status;
    status = status == WF_OK ? take_file(record, "pods", &scenario->pods_path, err) : status;
    status = status == WF_OK ? take_file(record, "orders", &scenario->orders_path, err) : status;
    bool files = scenario->nodes_path && scenario->pods_path;
    if (status == WF_OK && files == (scenario->facts != NULL)) {
        status = fail_damaged(err);
    }
    return status;
}

static enum wf_status add_word(struct wf_last_run *last, const char *text, struct wf_error *err)
{
    if (!text || last->word_count == WF_LAST_RUN_WORDS_MAX) {
        return fail_damaged(err);
    }
    char *word = strdup(text);
    if (!word) {
        return wf_fail(err, WF_NOMEM, "no memory for the record of the last run");
    }
    last->words[last->word_count++] = word;
    return WF_OK;
}

static enum wf_status take_words(json_t *list, struct wf_last_run *last, struct wf_error *err)
{
    size_t i;
    json_t *word;
    enum wf_status added = add_word(last, "replay", err);
    json_array_foreach(list, i, word)
    {
        const char *option = json_string_value(json_object_get(word, "option"));
        const char *value = json_string_value(json_object_get(word, "value"));
        if (json_object_get(word, "file")) {
            enum wf_status status = take_file(word, "file", &value, err);
            if (status != WF_OK) {
                return status;
            }
        }
        added = added == WF_OK && option ? add_word(last, option, err) : added;
        added = added == WF_OK ? add_word(last, value, err) : added;
        if (added != WF_OK) {
            return added;
        }
    }
    return added;
}

static enum wf_status take_replay(json_t *record, struct wf_last_run *last, struct wf_error *err)
{
    int version = 0;
    json_t *list = NULL;
    last->is_replay = true;
    if (json_unpack(record, "{s:i, s:o}", "version", &version, "words", &list) != 0 ||
        version != VERSION || !json_is_array(list)) {
        return fail_damaged(err);
    }
    return take_words(list, last, err);
}

enum wf_status wf_last_run_recall(struct wf_last_run *last_out, struct wf_error *err)
{
    *last_out = (struct wf_last_run){0};
    char path[PATH_MAX];
    enum wf_status status = find_record(path, sizeof path, err);
    if (status != WF_OK) {
        return status;
    }
    if (access(path, R_OK) != 0) {
        return wf_fail(
            err, WF_NOTFOUND,
            "there was no run yet: `whaleflux simulate placement` and `whaleflux replay` "
            "make one, which explain then knows");
    }
    json_error_t error;
    json_t *record = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (!record) {
        return wf_fail(err, WF_INVALID, "%s, line %d, column %d: %s", path, error.line,
                       error.column, error.text);
    }
    last_out->record = record;
    status = json_object_get(record, "verb") ? take_replay(record, last_out, err)
                                             : take_record(record, &last_out->options, err);
    if (status != WF_OK) {
        wf_last_run_forget(last_out);
    }
    return status;
}

void wf_last_run_forget(struct wf_last_run *last)
{
    if (last) {
        json_decref(last->record);
        for (int i = 0; i < last->word_count; i++) {
            free(last->words[i]);
        }
        *last = (struct wf_last_run){0};
    }
}
