// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "cli/clean.h"
#include "cli/file.h"
#include "cli/json.h"
#include "cli/prices/prices.h"
#include "market/import.h"

// So many sentences about prices that cannot be used are printed for a file.
enum { SAID_MAX = 5, SAID_GLYPHS = 400 };

static void say(void *context, const char *sentence)
{
    unsigned *said = context;
    char text[SAID_GLYPHS * 4 + 4];
    if ((*said)++ < SAID_MAX) {
        fprintf(stderr, "whaleflux: left out: %s\n",
                wf_clean_text(text, sizeof text, sentence, SAID_GLYPHS));
    }
}

static void print(const char *file, const struct wf_market_imported *imported)
{
    char text[3][WF_NUMBER_BYTES], name[SAID_GLYPHS * 4 + 4];
    printf("%s (%s): %s prices added", wf_clean_text(name, sizeof name, file, SAID_GLYPHS),
           imported->format, wf_number_count(text[0], (int64_t)imported->added));
    if (imported->known > 0) {
        printf(", %s known already", wf_number_count(text[1], (int64_t)imported->known));
    }
    if (imported->left_out > 0) {
        printf(", %s left out", wf_number_count(text[2], (int64_t)imported->left_out));
    }
    puts("");
}

static void add_json(struct wf_json *json, json_t *files, const char *file,
                     const struct wf_market_imported *imported)
{
    json_t *object = json_object();
    wf_json_set(json, object, "file", json_string(file));
    wf_json_set(json, object, "format", json_string(imported->format));
    wf_json_set(json, object, "added", json_integer((json_int_t)imported->added));
    wf_json_set(json, object, "known", json_integer((json_int_t)imported->known));
    wf_json_set(json, object, "left_out", json_integer((json_int_t)imported->left_out));
    wf_json_append(json, files, object);
}

static enum wf_status make_folder(const char *path, struct wf_error *err)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (!slash || slash == folder) {
        return WF_OK;
    }
    *slash = '\0';
    return wf_file_make_folder(folder, err);
}

enum wf_status wf_prices_import(const struct wf_prices *prices, char **files, int count,
                                struct wf_error *err)
{
    struct wf_json json = {0};
    json_t *list = json_array();
    enum wf_status status =
        count > 0 ? make_folder(prices->store, err)
                  : wf_fail(err, WF_INVALID, "import needs a file, such as gcp/vms.csv");
    for (int i = 0; i < count && status == WF_OK; i++) {
        unsigned said = 0;
        struct wf_market_imported imported;
        const struct wf_market_import import = {
            .store = prices->store,
            .file = files[i],
            .provider = prices->provider,
            .as_of_ms = prices->as_of_ms,
            .now_ms = prices->now_ms,
            .leave_out = say,
            .context = &said,
        };
        status = wf_market_import(&import, &imported, err);
        if (said > SAID_MAX) {
            fprintf(stderr, "whaleflux: left out: %u more\n", said - SAID_MAX);
        }
        if (status == WF_OK && prices->json) {
            add_json(&json, list, files[i], &imported);
        } else if (status == WF_OK) {
            print(files[i], &imported);
        }
    }
    if (status == WF_OK && prices->json) {
        json_t *root = json_object();
        wf_json_set(&json, root, "store", json_string(prices->store));
        wf_json_set(&json, root, "files", list);
        return wf_json_print(&json, root, err);
    }
    json_decref(list);
    return status;
}
