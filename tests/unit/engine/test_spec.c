// SPDX-License-Identifier: Apache-2.0
#include "engine/local/spec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static const char *const arguments[] = {"sh", "-c", "echo 'a\nb' \\ \xff", "", NULL};
static const char *const environment[] = {"PATH=/bin", "EMPTY=", "ODD=a=b\nc", NULL};
static const struct wf_run_variable variables[] = {{WF_EVERY_TASK, "A=1"}, {1, "B="}};
static const struct wf_device_rule devices[] = {{195, -1, 'c', true}, {-1, -1, 'b', false}};
static const struct wf_gpu_memory gpu_memory[] = {{"drm/0000:03:00.0/vram0", INT64_MAX},
                                                  {"xe/other", 0}};
static const uint32_t groups[] = {0, 44, 4294967294};

// Every field with a value of its own.
static struct wf_run_spec full(void)
{
    return (struct wf_run_spec){.id = "job-1.attempt_2",
                                .tasks = 2,
                                .arguments = arguments,
                                .environment = environment,
                                .variables = variables,
                                .variable_count = 2,
                                .folder = "/a folder",
                                .switch_user = true,
                                .user = 1000,
                                .group = 1001,
                                .groups = groups,
                                .group_count = 3,
                                .no_new_privileges = true,
                                .file_mask = 0777,
                                .nice = 19,
                                .memory_bytes = INT64_MAX,
                                .cpu_milli = WF_CPU_MILLI_MAX,
                                .cpu_weight = 10000,
                                .processes = 7,
                                .devices = devices,
                                .device_count = 2,
                                .gpu_memory = gpu_memory,
                                .gpu_memory_count = 2,
                                .log_bytes = 8,
                                .log_files = 9,
                                .checkpoint_signal = 10,
                                .checkpoint_ms = 11,
                                .stop_ms = 12,
                                .time_limit_ms = 13};
}

static char *written(const struct wf_run_spec *spec, size_t *length_out)
{
    struct wf_sheet sheet;
    struct wf_error err = {0};
    assert_int_equal(wf_spec_write(spec, &sheet, &err), WF_OK);
    *length_out = sheet.length;
    return sheet.text;
}

static void a_spec_is_read_as_it_was_written(void **state)
{
    (void)state;
    struct wf_run_spec spec = full();
    struct wf_spec_store store;
    struct wf_error err = {0};
    size_t length = 0;
    size_t again_length = 0;
    char *text = written(&spec, &length);
    char *kept = malloc(length);
    memcpy(kept, text, length);
    assert_int_equal(wf_spec_read(&store, text, length, &err), WF_OK);
    for (size_t i = 0; i < WF_COUNT_OF(arguments) - 1; i++) {
        assert_string_equal(store.spec.arguments[i], arguments[i]);
    }
    assert_null(store.spec.arguments[4]);
    for (size_t i = 0; i < WF_COUNT_OF(environment) - 1; i++) {
        assert_string_equal(store.spec.environment[i], environment[i]);
    }
    assert_null(store.spec.environment[3]);
    assert_int_equal(store.spec.variables[0].task, WF_EVERY_TASK);
    assert_int_equal(store.spec.variables[1].task, 1);
    assert_int_equal(store.spec.devices[0].minor, -1);
    assert_false(store.spec.devices[1].allow);
    assert_int_equal(store.spec.groups[2], 4294967294);
    assert_string_equal(store.spec.gpu_memory[0].region, "drm/0000:03:00.0/vram0");
    assert_true(store.spec.gpu_memory[0].bytes == INT64_MAX);
    assert_int_equal(store.spec.gpu_memory_count, 2);
    assert_true(store.spec.memory_bytes == INT64_MAX && store.spec.switch_user);
    // All of it: written again, not a byte differs.
    char *again = written(&store.spec, &again_length);
    assert_int_equal(again_length, length);
    assert_memory_equal(again, kept, length);
    free(again);
    free(kept);
    wf_spec_finish(&store);
}

static enum wf_status check(const struct wf_run_spec *spec)
{
    struct wf_error err = {0};
    enum wf_status status = wf_spec_check(spec, &err);
    assert_true(status == WF_OK || err.text[0] != '\0');
    return status;
}

static void limits_hold_and_one_past_them_is_refused(void **state)
{
    (void)state;
    struct wf_run_spec spec = full();
    char id[WF_RUN_ID_MAX + 2];
    memset(id, 'a', sizeof id);
    id[WF_RUN_ID_MAX + 1] = '\0';
    spec.id = id;
    assert_int_equal(check(&spec), WF_LIMIT);
    id[WF_RUN_ID_MAX] = '\0';
    assert_int_equal(check(&spec), WF_OK);
    spec.tasks = WF_RUN_TASKS_MAX;
    assert_int_equal(check(&spec), WF_OK);
    spec.tasks = WF_RUN_TASKS_MAX + 1;
    assert_int_equal(check(&spec), WF_LIMIT);
    spec = full();
    const struct wf_gpu_memory two_words[] = {{"a region", 1}};
    spec.gpu_memory = two_words;
    spec.gpu_memory_count = 1;
    assert_int_equal(check(&spec), WF_INVALID);
    static struct wf_gpu_memory memory[WF_RUN_GPU_MEMORY_MAX + 1];
    for (uint32_t i = 0; i <= WF_RUN_GPU_MEMORY_MAX; i++) {
        memory[i] = gpu_memory[0];
    }
    spec.gpu_memory = memory;
    spec.gpu_memory_count = WF_RUN_GPU_MEMORY_MAX;
    assert_int_equal(check(&spec), WF_OK);
    spec.gpu_memory_count++;
    assert_int_equal(check(&spec), WF_LIMIT);
    spec = full();
    static struct wf_device_rule rules[WF_RUN_DEVICE_RULES_MAX + 1];
    for (size_t i = 0; i < WF_COUNT_OF(rules); i++) {
        rules[i].type = 'c';
    }
    spec.devices = rules;
    spec.device_count = WF_RUN_DEVICE_RULES_MAX;
    assert_int_equal(check(&spec), WF_OK);
    spec.device_count++;
    assert_int_equal(check(&spec), WF_LIMIT);
    spec = full();
    static uint32_t many[WF_RUN_GROUPS_MAX + 1];
    spec.groups = many;
    spec.group_count = WF_RUN_GROUPS_MAX;
    assert_int_equal(check(&spec), WF_OK);
    spec.group_count++;
    assert_int_equal(check(&spec), WF_LIMIT);
    spec = full();
    spec.memory_bytes = (uint64_t)INT64_MAX + 1;
    assert_int_equal(check(&spec), WF_LIMIT);
}

static void a_spec_that_is_too_long_is_refused(void **state)
{
    (void)state;
    struct wf_run_spec spec = full();
    struct wf_sheet sheet;
    struct wf_error err = {0};
    assert_int_equal(wf_spec_write(&spec, &sheet, &err), WF_OK);
    size_t room = WF_RUN_SPEC_MAX - sheet.length - strlen("argument \n");
    wf_sheet_finish(&sheet);
    char *word = malloc(room + 2);
    memset(word, 'x', room + 1);
    const char *words[] = {arguments[0], arguments[1], arguments[2], arguments[3], word, NULL};
    spec.arguments = words;
    word[room] = '\0';
    assert_int_equal(wf_spec_write(&spec, &sheet, &err), WF_OK);
    assert_int_equal(sheet.length, WF_RUN_SPEC_MAX);
    wf_sheet_finish(&sheet);
    word[room] = 'x';
    word[room + 1] = '\0';
    assert_int_equal(wf_spec_write(&spec, &sheet, &err), WF_LIMIT);
    wf_sheet_finish(&sheet);
    free(word);
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    struct wf_run_spec spec = full();
    static const char *const ids[] = {"", ".", "..", ".a", "a/b", "a b", "a\n", "\xc3\xa4"};
    for (size_t i = 0; i < WF_COUNT_OF(ids); i++) {
        spec.id = ids[i];
        assert_int_equal(check(&spec), WF_INVALID);
    }
    spec = full();
    spec.folder = "relative";
    assert_int_equal(check(&spec), WF_INVALID);
    spec = full();
    spec.arguments = arguments + 4;
    assert_int_equal(check(&spec), WF_INVALID);
    spec = full();
    spec.tasks = 1; // a variable is for the second
    assert_int_equal(check(&spec), WF_INVALID);
    spec = full();
    static const char *const nameless[] = {"=x", NULL};
    spec.environment = nameless;
    assert_int_equal(check(&spec), WF_INVALID);
    spec = full();
    spec.log_files = 0;
    assert_int_equal(check(&spec), WF_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_spec_is_read_as_it_was_written),
        cmocka_unit_test(limits_hold_and_one_past_them_is_refused),
        cmocka_unit_test(a_spec_that_is_too_long_is_refused),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
