// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "gpu/gpu_name.h"
#include "site/site.h"
#include "text/csv.h"

enum { NAME_BYTES = 512, QUOTE_SHOWN = 64 };

// Takes the next of the names that a letter joins; *at is NULL after the last. A name that is too
// long is cut: no site has one like it.
static void next_name(const char **at, char join, char *name_out)
{
    const char *end = strchr(*at, join);
    size_t length = end ? (size_t)(end - *at) : strlen(*at);
    snprintf(name_out, NAME_BYTES, "%.*s", (int)(length < NAME_BYTES ? length : NAME_BYTES), *at);
    *at = end ? end + 1 : NULL;
}

static enum wf_status fail_model(const struct wf_site *site, const char *name, struct wf_error *err)
{
    char quoted[QUOTE_SHOWN];
    wf_csv_quote(name, quoted, sizeof quoted);
    uint32_t near = wf_nearest_name(name, (const char *const *)site->models, site->model_count);
    if (near != UINT32_MAX) {
        return wf_fail(err, WF_NOTFOUND, "no node has a GPU of the model '%s' (did you mean '%s'?)",
                       quoted, site->models[near]);
    }
    char known[240] = "";
    size_t length = 0;
    for (uint32_t i = 0; i < site->model_count && length < sizeof known - QUOTE_SHOWN - 2; i++) {
        length += (size_t)snprintf(known + length, sizeof known - length, "%s%s", i ? ", " : "",
                                   site->models[i]);
    }
    return wf_fail(err, WF_NOTFOUND, "no node has a GPU of the model '%s' (known: %s)", quoted,
                   site->model_count > 0 ? known : "none");
}

// The model of that very name, or else all that may be it.
static uint64_t match_models(const struct wf_site *site, const struct wf_gpu_name *asked)
{
    uint64_t maybe = 0;
    for (uint32_t i = 0; i < site->model_count; i++) {
        struct wf_gpu_name have;
        if (!wf_gpu_name_read(site->models[i], &have)) {
            continue;
        }
        enum wf_gpu_match match = wf_gpu_name_match(asked, &have);
        if (match == WF_GPU_IS) {
            return WF_MODEL_BIT(i);
        }
        maybe |= match == WF_GPU_MAY_BE ? WF_MODEL_BIT(i) : 0;
    }
    return maybe;
}

enum wf_status wf_site_models(const struct wf_site *site, const char *names, uint64_t *models_out,
                              struct wf_error *err)
{
    *models_out = WF_ANY_MODEL;
    if (names[0] == '\0') {
        return WF_OK;
    }
    uint64_t models = 0;
    for (const char *at = names; at;) {
        char name[NAME_BYTES];
        struct wf_gpu_name asked;
        next_name(&at, '|', name);
        uint64_t found = wf_gpu_name_read(name, &asked) ? match_models(site, &asked) : 0;
        if (found == 0) {
            return fail_model(site, name, err);
        }
        models |= found;
    }
    *models_out = models;
    return WF_OK;
}

static int compare_name(const void *key, const void *item)
{
    const struct wf_site_label *label = item;
    return strcmp(key, label->name);
}

static enum wf_status fail_label(const struct wf_site *site, const char *name, struct wf_error *err)
{
    char quoted[QUOTE_SHOWN];
    char meant[QUOTE_SHOWN] = "";
    char dropped[96] = "";
    wf_csv_quote(name, quoted, sizeof quoted);
    const char **names = calloc(site->label_count ? site->label_count : 1, sizeof *names);
    if (names) {
        for (uint32_t i = 0; i < site->label_count; i++) {
            names[i] = site->labels[i].name;
        }
        uint32_t near = wf_nearest_name(name, names, site->label_count);
        if (near != UINT32_MAX) {
            wf_csv_quote(names[near], meant, sizeof meant);
        }
        free(names);
    }
    if (site->labels_dropped > 0) {
        snprintf(dropped, sizeof dropped,
                 "; %u labels of the fewest nodes are left out, the limit WF_LABELS_MAX",
                 site->labels_dropped);
    }
    return wf_fail(err, WF_NOTFOUND, "no node carries the label '%s'%s%s%s%s", quoted,
                   *meant ? " (did you mean '" : "", meant, *meant ? "'?)" : "", dropped);
}

enum wf_status wf_site_labels(const struct wf_site *site, const char *names, uint64_t *labels_out,
                              struct wf_error *err)
{
    uint64_t labels = 0;
    *labels_out = 0;
    for (const char *at = names[0] ? names : NULL; at;) {
        char name[NAME_BYTES];
        next_name(&at, '&', name);
        const struct wf_site_label *label =
            site->label_count
                ? bsearch(name, site->labels, site->label_count, sizeof *site->labels, compare_name)
                : NULL;
        if (!label) {
            return fail_label(site, name, err);
        }
        labels |= UINT64_C(1) << label->number;
    }
    *labels_out = labels;
    return WF_OK;
}
