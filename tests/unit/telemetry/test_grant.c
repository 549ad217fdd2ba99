// SPDX-License-Identifier: Apache-2.0
// What a command gets for the GPUs that were granted to it.
#include "telemetry/telemetry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "tree.h"

#define UUID "GPU-01000100-0000-0000-0000-00000000000"
#define MIG_UUID "MIG-01000100-0000-0000-000"

static struct wf_machine machine;
static struct wf_inventory inventory;
static struct wf_grant grant;
static struct wf_error err;

// Files of a tree are no devices; they get the numbers that the drivers give.
static void number_file(struct wf_device_file *file)
{
    static const struct {
        const char *path;
        uint32_t major_number;
        int minor_number; // -1: what stands behind the path
    } devices[] = {
        {"/dev/nvidiactl", 195, 255},  {"/dev/nvidia-uvm-tools", 510, 1},
        {"/dev/nvidia-uvm", 510, 0},   {"/dev/nvidia-caps/nvidia-cap", 238, -1},
        {"/dev/nvidia", 195, -1},      {"/dev/kfd", 511, 0},
        {"/dev/dri/renderD", 226, -1},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(devices); i++) {
        size_t length = strlen(devices[i].path);
        if (strncmp(file->path, devices[i].path, length) == 0) {
            file->device = true;
            file->major_number = devices[i].major_number;
            file->minor_number = devices[i].minor_number < 0
                                     ? (uint32_t)strtoul(file->path + length, NULL, 10)
                                     : (uint32_t)devices[i].minor_number;
            return;
        }
    }
    fail_msg("%s has no numbers", file->path);
}

static void look(const char *stub)
{
    struct wf_telemetry *telemetry = tree_open(stub, false, 0);
    machine = *wf_telemetry_machine(telemetry);
    wf_telemetry_close(telemetry);
    for (uint32_t i = 0; i < machine.gpu_count; i++) {
        struct wf_gpu *gpu = &machine.gpus[i];
        for (uint32_t j = 0; j < gpu->file_count; j++) {
            number_file(&gpu->files[j]);
        }
        for (uint32_t j = 0; j < gpu->slice_count; j++) {
            for (uint32_t k = 0; k < gpu->slices[j].file_count; k++) {
                number_file(&gpu->slices[j].files[k]);
            }
        }
    }
    wf_telemetry_inventory(&machine, NULL, &inventory);
}

static enum wf_status ask(const struct wf_grant_want *want)
{
    wf_grant_finish(&grant);
    return wf_telemetry_grant(&machine, want, &grant, &err);
}

// A grant to one task of the node.
static void ask_one(uint32_t node, uint32_t gpus, uint16_t milli)
{
    const struct wf_grant_want want = {.node = &inventory.nodes[node],
                                       .task_gpus = &gpus,
                                       .task_count = 1,
                                       .gpu_milli = milli,
                                       .filtered = true};
    assert_int_equal(ask(&want), WF_OK);
}

// All variables of a task, blanks between.
static void check_variables(uint32_t task, const char *expected)
{
    char text[2048] = "";
    for (uint32_t i = 0; i < grant.tasks[task].variable_count; i++) {
        size_t length = strlen(text);
        snprintf(text + length, sizeof text - length, "%s%s", length ? " " : "",
                 grant.tasks[task].variables[i]);
    }
    assert_string_equal(text, expected);
}

// All rules: "+195:3 -195:*".
static void check_rules(const char *expected)
{
    char text[1024] = "";
    for (uint32_t i = 0; i < grant.rule_count; i++) {
        size_t length = strlen(text);
        const struct wf_grant_rule *rule = &grant.rules[i];
        char minor_text[16] = "*";
        if (rule->minor_number >= 0) {
            snprintf(minor_text, sizeof minor_text, "%d", rule->minor_number);
        }
        snprintf(text + length, sizeof text - length, "%s%s%d:%s", length ? " " : "",
                 rule->allow ? "+" : "-", rule->major_number, minor_text);
    }
    assert_string_equal(text, expected);
}

static void nvidia_gpus_are_named_by_their_uuids(void **state)
{
    (void)state;
    tree_make("nvidia");
    look("gpus=8");
    ask_one(0, 1u << 6 | 1u << 2, 1000);
    check_variables(0, "CUDA_VISIBLE_DEVICES=" UUID "2," UUID "6 CUDA_DEVICE_ORDER=PCI_BUS_ID "
                       "NVIDIA_VISIBLE_DEVICES=" UUID "2," UUID "6");
    check_rules("+195:2 +195:6 +195:255 -195:*");
    assert_string_equal(grant.tasks[0].names, UUID "2," UUID "6");
    assert_string_equal(grant.enforced_by, "whole GPUs");
    assert_int_equal(grant.enforcement, WF_ENFORCE_HARD);
    assert_string_equal(grant.warnings, "");
}

static void who_has_all_gpus_needs_no_rules(void **state)
{
    (void)state;
    ask_one(0, 0xff, 1000);
    check_rules("");
}

static void who_has_no_gpu_sees_none(void **state)
{
    (void)state;
    tree_make("mixed");
    look("gpus=8");
    ask_one(0, 0, 0);
    check_variables(0, "CUDA_VISIBLE_DEVICES= NVIDIA_VISIBLE_DEVICES=void ROCR_VISIBLE_DEVICES=");
    check_rules("+195:255 -195:* -226:* -511:0");
    assert_string_equal(grant.tasks[0].names, "none");
    // Without a node, too, and on a machine that has none nothing is set.
    const uint32_t nothing = 0;
    const struct wf_grant_want want = {.task_gpus = &nothing, .task_count = 1};
    assert_int_equal(ask(&want), WF_OK);
    assert_non_null(strstr(grant.warnings, "device files are not limited here"));
    tree_make("plain");
    look(NULL);
    assert_int_equal(ask(&want), WF_OK);
    check_variables(0, "");
    check_rules("");
    assert_string_equal(grant.warnings, "");
}

static void amd_gpus_are_chosen_by_the_runtime_variable_alone(void **state)
{
    (void)state;
    tree_make("mixed");
    look("gpus=8");
    ask_one(1, 1u << 1, 1000);
    check_variables(0, "ROCR_VISIBLE_DEVICES=GPU-000000029fa03559 NVIDIA_VISIBLE_DEVICES=void");
    check_rules("+195:255 -195:* +226:136 -226:*");
    ask_one(0, 1, 1000);
    check_variables(0, "CUDA_VISIBLE_DEVICES=" UUID "0 CUDA_DEVICE_ORDER=PCI_BUS_ID "
                       "NVIDIA_VISIBLE_DEVICES=" UUID "0 ROCR_VISIBLE_DEVICES=");
    check_rules("+195:0 +195:255 -195:* -226:* -511:0");
}

// The filter takes devices out of what the runtime counts.
static void partitions_are_counted_as_the_runtime_counts(void **state)
{
    (void)state;
    uint32_t taken[WF_NODE_GPUS_MAX] = {0x1, 0x5};
    const uint32_t gpus[2] = {1u << 1, 1u << 0};
    tree_make("mi300x-cpx");
    look(NULL);
    struct wf_grant_want want = {.node = &inventory.nodes[0],
                                 .task_gpus = gpus,
                                 .task_count = 2,
                                 .gpu_milli = 250,
                                 .taken = taken,
                                 .filtered = true};
    assert_int_equal(ask(&want), WF_OK);
    assert_string_equal(grant.tasks[0].names, "GPU-000000029fa03559/1,GPU-000000029fa03559/3");
    assert_string_equal(grant.tasks[1].names, "GPU-000000029fa03558/1,GPU-000000029fa03558/2");
    check_variables(0, "ROCR_VISIBLE_DEVICES=2,3");
    check_variables(1, "ROCR_VISIBLE_DEVICES=0,1");
    check_rules("+226:129 +226:130 +226:137 +226:139 -226:*");
    assert_int_equal(taken[0], 0x7);
    assert_int_equal(taken[1], 0xf);
    assert_string_equal(grant.enforced_by, "partitions");
    want.filtered = false;
    want.taken = NULL;
    assert_int_equal(ask(&want), WF_OK);
    check_variables(0, "ROCR_VISIBLE_DEVICES=8,9");
    assert_non_null(strstr(grant.warnings, "device files are not limited here"));
    // A GPU in the whole is all of its partitions.
    want.gpu_milli = 1000;
    assert_int_equal(ask(&want), WF_OK);
    assert_int_equal(grant.tasks[0].device_count, 8);
    check_variables(1, "ROCR_VISIBLE_DEVICES=0,1,2,3,4,5,6,7");
    check_rules("");
}

static void tasks_of_a_run_get_different_mig_devices(void **state)
{
    (void)state;
    uint32_t taken[WF_NODE_GPUS_MAX] = {0};
    const uint32_t gpus[3] = {1, 1, 1};
    tree_make("nvidia");
    look("gpus=2,mig=0,alike=1");
    assert_string_equal(inventory.nodes[0].model, "H100 1g.10gb");
    struct wf_grant_want want = {.node = &inventory.nodes[0],
                                 .task_gpus = gpus,
                                 .task_count = 2,
                                 .gpu_milli = 333,
                                 .taken = taken,
                                 .filtered = true};
    assert_int_equal(ask(&want), WF_OK);
    check_variables(0, "CUDA_VISIBLE_DEVICES=" MIG_UUID "1-000000000000 "
                       "CUDA_DEVICE_ORDER=PCI_BUS_ID "
                       "NVIDIA_VISIBLE_DEVICES=" MIG_UUID "1-000000000000");
    assert_string_equal(grant.tasks[1].names, MIG_UUID "2-000000000000");
    // The tree tells the files of the first device only.
    check_rules("+195:0 +238:21 +238:22 +195:255 -195:* -238:*");
    assert_string_equal(grant.enforced_by, "MIG");
    assert_int_equal(grant.enforcement, WF_ENFORCE_HARD);
    assert_int_equal(taken[0], 0x3);
    want.task_count = 1;
    assert_int_equal(ask(&want), WF_OK);
    assert_string_equal(grant.tasks[0].names, MIG_UUID "3-000000000000");
    assert_int_equal(ask(&want), WF_LIMIT);
    assert_non_null(strstr(err.text, "has 0 slices free, and 1 are granted"));
    // Who is found running again has its slices again.
    memset(taken, 0, sizeof taken);
    wf_grant_taken(&machine, want.node, MIG_UUID "2-000000000000,none," UUID "1", taken);
    assert_int_equal(taken[0], 0x2);
}

static void more_than_one_mig_device_is_not_pretended(void **state)
{
    (void)state;
    const uint32_t gpus = 1;
    const struct wf_grant_want want = {
        .node = &inventory.nodes[0], .task_gpus = &gpus, .task_count = 1, .gpu_milli = 334};
    assert_int_equal(ask(&want), WF_INVALID);
    assert_non_null(strstr(err.text, "at most 333 thousandths"));
}

static void shares_are_kept_as_well_as_the_machine_can(void **state)
{
    (void)state;
    tree_make("nvidia");
    look("gpus=2");
    ask_one(0, 2, 250);
    assert_int_equal(grant.enforcement, WF_ENFORCE_NONE);
    assert_string_equal(grant.enforced_by, "nothing");
    assert_non_null(strstr(grant.warnings, "nothing keeps it to its share (20389 MiB)"));
    check_variables(0, "CUDA_VISIBLE_DEVICES=" UUID "1 CUDA_DEVICE_ORDER=PCI_BUS_ID "
                       "NVIDIA_VISIBLE_DEVICES=" UUID "1");
    tree_write("tmp/nvidia-mps/nvidia-cuda-mps-control.pid", "77");
    tree_write("proc/77/comm", "nvidia-cuda-mps");
    look("gpus=2");
    ask_one(0, 2, 250);
    assert_int_equal(grant.enforcement, WF_ENFORCE_SOFT);
    assert_string_equal(grant.enforced_by, "MPS");
    check_variables(0, "CUDA_VISIBLE_DEVICES=" UUID "1 CUDA_DEVICE_ORDER=PCI_BUS_ID "
                       "NVIDIA_VISIBLE_DEVICES=" UUID "1 "
                       "CUDA_MPS_PIPE_DIRECTORY=/tmp/nvidia-mps "
                       "CUDA_MPS_PINNED_DEVICE_MEM_LIMIT=0=20389M "
                       "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE=25");
    ask_one(0, 2, 1000); // who has all of it needs no limit
    assert_int_equal(grant.tasks[0].variable_count, 3);
}

static void the_kernel_keeps_shares_where_the_engine_lets_it(void **state)
{
    (void)state;
    const uint32_t gpus = 1;
    tree_make("mi300x");
    tree_write("sys/fs/cgroup/system.slice/whaleflux.service/cgroup.controllers",
               "cpu memory pids dmem");
    look(NULL);
    struct wf_grant_want want = {.node = &inventory.nodes[0],
                                 .task_gpus = &gpus,
                                 .task_count = 1,
                                 .gpu_milli = 500,
                                 .filtered = true,
                                 .dmem = true};
    assert_int_equal(ask(&want), WF_OK);
    assert_int_equal(grant.enforcement, WF_ENFORCE_HARD);
    assert_string_equal(grant.enforced_by, "dmem cgroup");
    assert_int_equal(grant.memory_count, 1);
    assert_string_equal(grant.memory[0].region, "drm/0000:05:00.0/vram0");
    assert_true(grant.memory[0].bytes == UINT64_C(103070826000));
    assert_string_equal(grant.warnings, "");
    // Two tasks share one GPU: their cgroup is one.
    const uint32_t both[] = {1, 1};
    want.task_gpus = both;
    want.task_count = 2;
    assert_int_equal(ask(&want), WF_OK);
    assert_int_equal(grant.memory_count, 1);
    assert_true(grant.memory[0].bytes == UINT64_C(206141652000));
    want.task_count = 1;
    want.dmem = false; // an engine that does not write the limit keeps nothing
    assert_int_equal(ask(&want), WF_OK);
    assert_int_equal(grant.enforcement, WF_ENFORCE_NONE);
    assert_int_equal(grant.memory_count, 0);
}

static void what_is_not_there_is_not_granted(void **state)
{
    (void)state;
    const uint32_t gpus = 1u << 3;
    const uint32_t past = 1u << 9;
    tree_make("nvidia");
    look("gpus=4");
    struct wf_grant_want want = {
        .node = &inventory.nodes[0], .task_gpus = &gpus, .task_count = 1, .gpu_milli = 1000};
    inventory.nodes[0].gpus[3].gpu = WF_NOT_THERE;
    assert_int_equal(ask(&want), WF_NOTFOUND);
    assert_non_null(strstr(err.text, "GPU 3 (" UUID "3) is not there any more"));
    inventory.nodes[0].gpus[3].gpu = 3;
    machine.gpus[3].usable = false;
    snprintf(machine.gpus[3].why_not, sizeof machine.gpus[3].why_not, "it is asleep");
    assert_int_equal(ask(&want), WF_NOTFOUND);
    assert_non_null(strstr(err.text, "cannot be used: it is asleep"));
    want.task_gpus = &past;
    assert_int_equal(ask(&want), WF_NOTFOUND);
}

// 8 GPUs in 8 partitions each: 7 of them are 56 rules and one more.
static void rules_that_no_engine_takes_are_refused(void **state)
{
    (void)state;
    tree_make("mi300x-cpx");
    look(NULL);
    machine.gpu_count = 10;
    inventory.nodes[0].gpu_count = 10;
    for (uint8_t i = 2; i < 10; i++) {
        machine.gpus[i] = machine.gpus[0];
        inventory.nodes[0].gpus[i] = inventory.nodes[0].gpus[0];
        inventory.nodes[0].gpus[i].gpu = i;
    }
    ask_one(0, 0x7f, 1000);
    assert_int_equal(grant.rule_count, 57);
    const uint32_t gpus = 0xff;
    const struct wf_grant_want want = {
        .node = &inventory.nodes[0], .task_gpus = &gpus, .task_count = 1, .gpu_milli = 1000};
    assert_int_equal(ask(&want), WF_LIMIT);
    assert_non_null(strstr(err.text, "65 rules"));
    assert_int_equal(grant.rule_count, 0);
}

// Whatever is granted, a task that gets exactly this passes the test at its start.
static void every_grant_passes_the_self_test(void **state)
{
    (void)state;
    static const struct {
        const char *kind;
        const char *stub;
    } cases[] = {
        {"nvidia", "gpus=8"}, {"nvidia", "gpus=4,mig=2"},
        {"mixed", "gpus=8"},  {"nvidia", "gpus=3,mig=0,alike=1"},
        {"mi300x-cpx", NULL}, {"mi250", NULL},
        {"rx7900", NULL},
    };
    struct wf_random random;
    wf_random_init(&random, 4);
    for (uint32_t i = 0; i < WF_COUNT_OF(cases); i++) {
        tree_make(cases[i].kind);
        look(cases[i].stub);
        for (uint32_t j = 0; j < 40; j++) {
            uint32_t taken[WF_NODE_GPUS_MAX] = {0};
            const struct wf_inventory_node *node =
                &inventory.nodes[wf_random_below(&random, inventory.node_count)];
            uint32_t gpus = (uint32_t)wf_random_below(&random, 1u << node->gpu_count);
            const struct wf_grant_want want = {.node = node,
                                               .task_gpus = &gpus,
                                               .task_count = 1,
                                               .gpu_milli = node->slices > 1 ? 125 : 1000,
                                               .taken = taken};
            if (node->single && (gpus & (gpus - 1)) != 0) {
                assert_int_equal(ask(&want), WF_INVALID);
                continue;
            }
            assert_int_equal(ask(&want), WF_OK);
            const char *environment[WF_GRANT_VARIABLES_MAX + 2] = {"PATH=/bin"};
            for (uint32_t k = 0; k < grant.tasks[0].variable_count; k++) {
                environment[k + 1] = grant.tasks[0].variables[k];
            }
            if (wf_telemetry_self_test(&machine, environment, grant.tasks[0].names, false, &err) !=
                WF_OK) {
                fail_msg("%s, GPUs %x of %s: %s", cases[i].kind, gpus, node->model, err.text);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nvidia_gpus_are_named_by_their_uuids),
        cmocka_unit_test(who_has_all_gpus_needs_no_rules),
        cmocka_unit_test(who_has_no_gpu_sees_none),
        cmocka_unit_test(amd_gpus_are_chosen_by_the_runtime_variable_alone),
        cmocka_unit_test(partitions_are_counted_as_the_runtime_counts),
        cmocka_unit_test(tasks_of_a_run_get_different_mig_devices),
        cmocka_unit_test(more_than_one_mig_device_is_not_pretended),
        cmocka_unit_test(shares_are_kept_as_well_as_the_machine_can),
        cmocka_unit_test(the_kernel_keeps_shares_where_the_engine_lets_it),
        cmocka_unit_test(what_is_not_there_is_not_granted),
        cmocka_unit_test(rules_that_no_engine_takes_are_refused),
        cmocka_unit_test(every_grant_passes_the_self_test),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    wf_grant_finish(&grant);
    tree_remove();
    return failed;
}
