// SPDX-License-Identifier: Apache-2.0
#include "cli/live/wish.h"

#include <stdlib.h>
#include <string.h>

#include "jobfile/document.h"

enum wf_status wf_wish_init(struct wf_wish *wish, struct wf_error *err)
{
    *wish = (struct wf_wish){.fields = json_object()};
    return wish->fields ? WF_OK : wf_fail(err, WF_NOMEM, "there is no memory for a job");
}

void wf_wish_finish(struct wf_wish *wish)
{
    json_decref(wish->fields);
    wish->fields = NULL;
}

static void set(struct wf_wish *wish, const char *field, json_t *value)
{
    wish->failed |= json_object_set_new(wish->fields, field, value) != 0;
}

// The object or list that a field is, made where it is not there yet; NULL without memory.
static json_t *part(struct wf_wish *wish, const char *field, json_t *(*make)(void))
{
    json_t *found = json_object_get(wish->fields, field);
    if (!found) {
        set(wish, field, make());
        found = json_object_get(wish->fields, field);
    }
    return found;
}

static enum wf_status set_variable(struct wf_wish *wish, const char *text, struct wf_error *err)
{
    char name[256];
    size_t length = strcspn(text, "=");
    if (length == 0 || length >= sizeof name) {
        return wf_fail(err, WF_INVALID, "--env is '%.40s', it must be NAME or NAME=VALUE", text);
    }
    memcpy(name, text, length);
    name[length] = '\0';
    const char *value = text[length] == '=' ? text + length + 1 : getenv(name);
    if (!value) {
        return wf_fail(err, WF_INVALID, "--env: the variable '%s' is not set here", name);
    }
    if (json_object_set_new(part(wish, "environment", json_object), name, json_string(value)) !=
        0) {
        return wf_fail(err, WF_INVALID, "--env: '%s' is no UTF-8", name);
    }
    return WF_OK;
}

// "17", "train:success", with commas between.
static void add_after(struct wf_wish *wish, const char *text)
{
    json_t *list = part(wish, "after", json_array);
    for (size_t length; *text; text += length + (text[length] == ',')) {
        char job[160];
        length = strcspn(text, ",");
        snprintf(job, sizeof job, "%.*s", (int)(length < 159 ? length : 159), text);
        char *colon = strrchr(job, ':');
        if (colon) {
            *colon = '\0';
        }
        bool number = job[0] != '\0' && job[strspn(job, "0123456789")] == '\0';
        json_t *one = json_pack("{s:o,s:s}", "job",
                                number ? json_integer(strtoll(job, NULL, 10)) : json_string(job),
                                "when", colon ? colon + 1 : "end");
        wish->failed |= json_array_append_new(list, one) != 0;
    }
}

static void set_array(struct wf_wish *wish, const char *text)
{
    char indices[512];
    size_t length = strcspn(text, "%");
    snprintf(indices, sizeof indices, "%.*s", (int)(length < 511 ? length : 511), text);
    json_t *array = json_pack("{s:s}", "indices", indices);
    if (text[length] == '%') {
        char *end;
        long long most = strtoll(text + length + 1, &end, 10);
        wish->failed |=
            json_object_set_new(array, "at_most",
                                *end == '\0' && end > text + length + 1
                                    ? json_integer(most)
                                    : json_string(text + length + 1)) != 0; // refused as no number
    }
    set(wish, "array", array);
}

// A number where it is one, so that its field takes it; else the text, which its field judges.
static json_t *number_or_text(const char *text)
{
    char *end;
    size_t digits = strspn(text, "-0123456789");
    if (digits > 0 && text[digits] == '\0') {
        long long number = strtoll(text, &end, 10);
        return *end == '\0' ? json_integer(number) : json_string(text);
    }
    return json_string(text);
}

static bool take_step(struct wf_wish *wish, const char *name)
{
    bool *flag = strcmp(name, "yes") == 0        ? &wish->yes
                 : strcmp(name, "dry-run") == 0  ? &wish->dry_run
                 : strcmp(name, "parsable") == 0 ? &wish->parsable
                                                 : NULL;
    if (flag) {
        *flag = true;
    }
    return flag != NULL;
}

enum wf_status wf_wish_take(struct wf_wish *wish, const char *name, const char *value,
                            bool *taken_out, struct wf_error *err)
{
    static const char *const texts[] = {"name",  "gpus",     "queue",  "limit", "expect",
                                        "begin", "deadline", "memory", "cpus"};
    *taken_out = true;
    for (size_t i = 0; i < WF_COUNT_OF(texts); i++) {
        if (strcmp(name, texts[i]) == 0) {
            set(wish, name, json_string(value));
            return WF_OK;
        }
    }
    if (strcmp(name, "tasks") == 0 || strcmp(name, "priority") == 0) {
        set(wish, name, number_or_text(value));
    } else if (strcmp(name, "hold") == 0 || strcmp(name, "preemptible") == 0) {
        set(wish, name, json_true());
    } else if (strcmp(name, "env") == 0) {
        return set_variable(wish, value, err);
    } else if (strcmp(name, "after") == 0) {
        add_after(wish, value);
    } else if (strcmp(name, "array") == 0) {
        set_array(wish, value);
    } else {
        *taken_out = take_step(wish, name);
    }
    return WF_OK;
}

// Variables come to those of the document; every other field goes before it.
static bool lay_over(const struct wf_wish *wish, json_t *document)
{
    json_t *variables = json_object_get(wish->fields, "environment");
    json_t *there = json_object_get(document, "environment");
    json_t *merged = variables && there ? json_copy(there) : NULL;
    bool good = json_object_update(document, wish->fields) == 0;
    if (merged) {
        good = good && json_object_update(merged, variables) == 0;
        good = json_object_set_new(document, "environment", merged) == 0 && good;
    }
    return good;
}

enum wf_status wf_wish_document(const struct wf_wish *wish, json_t *document, char **text_out,
                                struct wf_error *err)
{
    struct wf_job_document read = {.memory = NULL};
    if (wish->failed || !document || !lay_over(wish, document)) {
        return wf_fail(err, WF_NOMEM, "there is no memory for a job, or an option is no UTF-8");
    }
    enum wf_status status = wf_job_document_read(document, &read, err);
    if (status == WF_OK) {
        status = wf_job_document_write(&read, text_out, err);
    }
    wf_job_document_finish(&read);
    return status;
}
