// SPDX-License-Identifier: Apache-2.0
// docs/jobs.md tells of every field and of every limit, and what it tells of sbatch's options and
// of SkyPilot's keys is what becomes of them. WHALEFLUX_SOURCE is the folder of the project.
#include "jobfile/import.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char page[131072];

static int read_page(void **state)
{
    (void)state;
    const char *source = getenv("WHALEFLUX_SOURCE");
    char path[1024];
    snprintf(path, sizeof path, "%s/docs/jobs.md", source ? source : ".");
    FILE *file = fopen(path, "r");
    if (!file) {
        return -1;
    }
    size_t length = fread(page, 1, sizeof page - 1, file);
    page[length] = '\0';
    fclose(file);
    return length > 0 && length < sizeof page - 1 ? 0 : -1;
}

static void every_field_has_its_row(void **state)
{
    (void)state;
    struct wf_job_document document;
    struct wf_error err = {.text = ""};
    static const char wrong[] = "{\"1\":0}";
    // The sentence about a field that is not known lists those that are.
    assert_int_equal(wf_job_document_parse(wrong, strlen(wrong), &document, &err), WF_INVALID);
    wf_job_document_finish(&document);
    char *names = strstr(err.text, "there are: ");
    assert_non_null(names);
    unsigned count = 0;
    char *rest = NULL;
    for (char *name = strtok_r(names + 11, ", )", &rest); name;
         name = strtok_r(NULL, ", )", &rest)) {
        char row[80];
        bool variants = strcmp(name, "variants") == 0;
        snprintf(row, sizeof row, "\n| `%s%s` ", name, variants ? ".nvidia`, `variants.amd" : "");
        if (!strstr(page, row)) {
            fail_msg("no row of %s", name);
        }
        count++;
    }
    assert_int_equal(count, 33);
}

static void every_limit_has_its_row(void **state)
{
    (void)state;
    static const char *const names[] = {
        "TEXT_BYTES",     "SCRIPT_BYTES",  "NAME_BYTES", "PATH_BYTES",      "ARGUMENTS",
        "ARGUMENT_BYTES", "COMMAND_BYTES", "VARIABLES",  "VARIABLES_BYTES", "GPU_CHOICES",
        "TASKS",          "LABELS",        "AFTER",      "ARRAY",           "ARRAY_INDEX",
        "PRIORITY",       "REQUEUE",       "SPAN_MS",    "GRACE_MS",        "LOG_BYTES",
        "LOG_FILES",
    };
    for (size_t i = 0; i < WF_COUNT_OF(names); i++) {
        char cell[64];
        snprintf(cell, sizeof cell, "| `WF_JOB_%s_MAX` |", names[i]);
        if (!strstr(page, cell)) {
            fail_msg("no row of %s", names[i]);
        }
    }
}

// Whether importing the text names, or refuses, with these words.
static bool has_fate(const char *text, const char *file, const char *fate)
{
    const struct wf_job_import_config config = {.shown = file, .folder = "/work"};
    struct wf_job_import import;
    struct wf_error err = {.text = ""};
    bool refused = strncmp(fate, "**refused**: ", 13) == 0;
    const char *words = fate + (refused ? 13 : 7);
    enum wf_status status = wf_job_import(text, strlen(text), &config, &import, &err);
    bool found = refused && status == WF_INVALID && strstr(err.text, words);
    for (uint32_t i = 0; !refused && status == WF_OK && i < import.note_count; i++) {
        found = found || strstr(import.notes[i], words);
    }
    wf_job_import_finish(&import);
    return found;
}

// Each name in backquotes of a row's first cell, with its fate.
static unsigned check_row(char *row, bool (*check)(const char *name, const char *fate))
{
    char *fate = strstr(row, " | ") + 3;
    unsigned count = 0;
    if (strncmp(fate, "named: ", 7) != 0 && strncmp(fate, "**refused**: ", 13) != 0) {
        return 0;
    }
    fate[strlen(fate) - 2] = '\0';
    char *at = row;
    while ((at = strchr(at, '`')) && at < fate) {
        char name[64];
        size_t length = strcspn(at + 1, "`");
        snprintf(name, sizeof name, "%.*s", (int)length, at + 1);
        if (name[0] != '-' || name[1] == '-') {
            if (!check(name, fate)) {
                fail_msg("%s is not %s", name, fate);
            }
            count++;
        }
        at += length + 2;
    }
    return count;
}

static unsigned check_rows(const char *head, bool (*check)(const char *name, const char *fate))
{
    char *table = strstr(page, head);
    unsigned count = 0;
    assert_non_null(table);
    table = strdup(strstr(table, "| --- | --- |\n") + 14);
    char *rest = NULL;
    for (char *row = table; *row == '|'; row = rest) {
        rest = strchr(row, '\n');
        *rest++ = '\0';
        count += check_row(row, check);
    }
    free(table);
    return count;
}

static bool check_option(const char *name, const char *fate)
{
    char with[200];
    char without[200];
    snprintf(with, sizeof with, "#!/bin/sh\n#SBATCH %s=1\ntrue\n", name);
    snprintf(without, sizeof without, "#!/bin/sh\n#SBATCH %s\ntrue\n", name);
    return has_fate(with, "a.sh", fate) || has_fate(without, "a.sh", fate);
}

static bool check_key(const char *name, const char *fate)
{
    char text[300];
    const char *point = strchr(name, '.');
    if (point) {
        snprintf(text, sizeof text, "run: a\nresources: {%s: 1}\n", point + 1);
    } else {
        snprintf(text, sizeof text, "run: a\n%s: 1\n", name);
    }
    return has_fate(text, "a.yaml", fate);
}

static bool check_kubernetes(const char *name, const char *fate)
{
    char text[500];
    const char *key = strstr(name, ": ") ? strstr(name, ": ") + 2 : name;
    bool container = strncmp(name, "container: ", 11) == 0;
    bool job = strncmp(name, "spec.", 5) == 0;
    if (strncmp(name, "metadata.", 9) == 0) {
        return true;
    }
    snprintf(text, sizeof text,
             "{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {%s%s template: {spec: "
             "{%s%s restartPolicy: Never, containers: [{name: a, %s%s command: [a]}]}}}}",
             job ? name + 5 : "", job ? ": 1," : "", !job && !container ? key : "",
             !job && !container ? ": 1," : "", container ? key : "", container ? ": 1," : "");
    return has_fate(text, "a.yaml", fate);
}

static void what_the_page_tells_is_what_happens(void **state)
{
    (void)state;
    assert_true(check_rows("### `#SBATCH` scripts", check_option) >= 75);
    assert_true(check_rows("### SkyPilot tasks", check_key) >= 25);
    assert_true(check_rows("### Kubernetes Jobs and Pods", check_kubernetes) >= 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_has_its_row),
        cmocka_unit_test(every_limit_has_its_row),
        cmocka_unit_test(what_the_page_tells_is_what_happens),
    };
    return cmocka_run_group_tests(tests, read_page, NULL);
}
