// SPDX-License-Identifier: Apache-2.0
// Each file in tests/data/jobs beside its .expected: the document that it comes to and every note,
// or the sentence with which it is refused.
#include "jobfile/import.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/assert.h"

static const char *const environment[] = {"PATH=/usr/bin", "HF_TOKEN=hf_1",
                                          "BASH_FUNC_x%%=() { :; }", NULL};
static const char *const arguments[] = {"--fast", NULL};
static const char *const queues[] = {"default", "gpu", "research", "short", NULL};

static char *read_file(const char *path, size_t *length_out)
{
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, 65536);
    WF_ASSERT(file && text);
    *length_out = fread(text, 1, 65535, file);
    fclose(file);
    return text;
}

// What an import comes to, as the files of expected results have it.
static char *tell(const char *name, const char *text, size_t length)
{
    struct wf_job_import_config config = {
        .shown = name,
        .folder = "/work/project",
        .home = "/home/ada",
        .arguments = strncmp(name, "plain", 5) == 0 ? arguments : NULL,
        .environment = environment,
        .queues = queues,
        .now_ms = 1787479200000,
    };
    struct wf_job_import import;
    struct wf_error err = {.text = ""};
    json_t *told = json_object();
    json_t *tree = NULL;
    if (wf_job_import(text, length, &config, &import, &err) == WF_OK) {
        json_t *notes = json_array();
        assert_int_equal(wf_job_document_tree(&import.document, &tree, &err), WF_OK);
        for (uint32_t i = 0; i < import.note_count; i++) {
            json_array_append_new(notes, json_string(import.notes[i]));
        }
        json_object_set_new(told, "format", json_string(wf_job_format_text(import.format)));
        json_object_set_new(told, "document", tree);
        json_object_set_new(told, "notes", notes);
    } else {
        json_object_set_new(told, "refused", json_string(err.text));
    }
    char *out = json_dumps(told, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
    json_decref(told);
    wf_job_import_finish(&import);
    return out;
}

static void check_file(const char *folder, const char *name)
{
    char path[1024];
    size_t length;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    char *text = read_file(path, &length);
    char *told = tell(name, text, length);
    free(text);
    snprintf(path, sizeof path, "%s/%s.expected", folder, name);
    char *expected = read_file(path, &length);
    expected[length > 0 ? length - 1 : 0] = '\0'; // the last line's end
    assert_string_equal(told, expected);
    free(expected);
    free(told);
}

static void files_come_to_what_is_expected_of_them(void **state)
{
    (void)state;
    char folder[400];
    unsigned count = 0;
    snprintf(folder, sizeof folder, "%s/jobs", getenv("WHALEFLUX_TEST_DATA"));
    DIR *files = opendir(folder);
    assert_non_null(files);
    for (const struct dirent *file; (file = readdir(files));) {
        if (file->d_name[0] != '.' && !strstr(file->d_name, ".expected")) {
            check_file(folder, file->d_name);
            count++;
        }
    }
    closedir(files);
    assert_true(count >= 50);
}

static void expect_refusal(const char *text, size_t length, const char *sentence)
{
    char *told = tell("file", text, length);
    json_t *tree = json_loads(told, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(tree, "refused")), sentence);
    json_decref(tree);
    free(told);
}

static void what_is_no_job_is_refused(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", "file: it is empty"},
        {"hello", "file: this is neither a script (its first line would begin with '#!') nor a map "
                  "of fields"},
        {"a: [", "file: line 2: this is no YAML: did not find expected node content"},
        {"a: {b: 1, b: 2}", "file: line 1: the key 'b' is there twice"},
        {"? [a]\n: 1", "file: line 1: the key of a map must be a word"},
        {"a: &x {b: 1}\nc: {<<: *x}",
         "file: line 2: maps are not merged with '<<' here: write the keys"},
        {"apiVersion: v1", "file: kind: is missing: a Job or a Pod is understood"},
        {"name: x",
         "file: command: is missing: a job needs a 'command' or a 'script', or a command "
         "for each vendor in 'variants'"},
        {"#!/bin/sh\n#SBATCH --time\n", "file: line 2: '--time' needs a value"},
        {"#!/bin/sh\n#SBATCH --hold=1\n", "file: line 2: '--hold=1' takes no value"},
        {"#!/bin/sh\n#SBATCH time=1\n", "file: line 2: 'time=1' is no option"},
        {"#!/bin/sh\n#SBATCH --n=1\n", "file: line 2: '--n=1' is no option of sbatch that is "
                                       "known here"},
        {"#!/bin/sh\n#SBATCH -t x\n",
         "file: line 2: --time=x: it must be a time such as '30', '2:00:00' or '1-12'"},
        {"#!/bin/sh\n#SBATCH --mem=1Q\n",
         "file: line 2: --mem=1Q: it must be a size such as '64G' or '512M'"},
        {"#!/bin/sh\n#SBATCH -n 0\n",
         "file: line 2: --ntasks=0: it must be a whole number from 1 to 65536"},
        {"#!/bin/sh\n#SBATCH -n 60000 -c 60000 --mem-per-cpu=1T\n",
         "file: line 2: --mem-per-cpu=1T: that comes to more than any node has"},
        {"#!/bin/sh\n#SBATCH -a 3-1\n", "file: line 2: --array=3-1: 3-1:1 is no range of indices"},
        {"#!/bin/sh\n#SBATCH -d afterok:5_1\n",
         "file: line 2: --dependency=afterok:5_1: '5_1' is no number of a job; a part of an array, "
         "or minutes after a start, cannot be waited for"},
        {"#!/bin/sh\n#SBATCH --gres=gpu:2 --gpus=4\n",
         "file: line 2: --gpus=4: that is another number of GPUs (4) than elsewhere (2)"},
        {"#!/bin/sh\n#SBATCH -N many\n",
         "file: line 2: --nodes=many: it must be a number of nodes"},
        {"#!/bin/sh\n#SBATCH --gres=fpga:1\n",
         "file: line 2: --gres=fpga:1: 'fpga:1' is not handed out here"},
        {"#!/bin/sh\n#SBATCH -C [a|b]\n",
         "file: line 2: --constraint=[a|b]: only features joined with '&', or GPU models joined with "
         "'|', are understood"},
    };
    for (size_t i = 0; i < WF_COUNT_OF(rows); i++) {
        expect_refusal(rows[i][0], strlen(rows[i][0]), rows[i][1]);
    }
    expect_refusal("a\0b", 3, "file: there is a zero byte in it, this is no text");
    expect_refusal("#!\xff", 3, "file: the script is not in UTF-8");
    expect_refusal("command: [\"\\0\"]", 15, "file: command[0]: has a zero byte in it");
}

// Aliases of aliases come to more values than a file may have.
static void a_small_file_cannot_become_a_large_one(void **state)
{
    (void)state;
    static const char bomb[] =
        "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
        "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nu: &u [*c,*c,*c,*c,*c,*c]\n"
        "e: &e [*u,*u,*u,*u,*u,*u,*u,*u,*u,*u]\nf: [*e,*e,*e,*e]\n";
    static const char deep[] =
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[";
    static char many[1048577];
    expect_refusal(
        bomb, sizeof bomb - 1,
        "file: line 1: there are more than 100000 values, or more than 64 lists and maps "
        "within each other");
    char *told = tell("file", deep, sizeof deep - 1);
    assert_non_null(strstr(told, "refused"));
    free(told);
    memset(many, '#', sizeof many);
    expect_refusal(many, sizeof many,
                   "file: it is 1048577 bytes long, more than 1048576, the limit "
                   "WF_JOB_TEXT_BYTES_MAX");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_come_to_what_is_expected_of_them),
        cmocka_unit_test(what_is_no_job_is_refused),
        cmocka_unit_test(a_small_file_cannot_become_a_large_one),
    };
    setenv("TZ", "UTC", 1); // Slurm's times of day are those of the machine
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
