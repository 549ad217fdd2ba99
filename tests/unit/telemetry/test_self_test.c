// SPDX-License-Identifier: Apache-2.0
// A command that would see other GPUs than it was granted does not start, and is told why.
#include "telemetry/telemetry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tree.h"

#define UUID "GPU-01000100-0000-0000-0000-00000000000"
#define MIG_UUID "MIG-01000100-0000-0000-000"
#define ONE "CUDA_VISIBLE_DEVICES=" UUID "1"

static struct wf_machine machine;
static struct wf_error err;

static void look(const char *stub)
{
    struct wf_telemetry *telemetry = tree_open(stub, false, 0);
    machine = *wf_telemetry_machine(telemetry);
    wf_telemetry_close(telemetry);
}

// The test under at most two variables; why: part of the sentence, NULL: it passes.
static void test(const char *first, const char *second, const char *names, bool filtered,
                 const char *why)
{
    const char *const environment[] = {first, second, NULL};
    enum wf_status status = wf_telemetry_self_test(&machine, environment, names, filtered, &err);
    if (!why && status != WF_OK) {
        fail_msg("%s", err.text);
    }
    if (why) {
        assert_int_equal(status, WF_UNFIT);
        if (!strstr(err.text, why)) {
            fail_msg("'%s' does not say '%s'", err.text, why);
        }
    }
}

static void what_cuda_would_see_is_compared(void **state)
{
    (void)state;
    tree_make("nvidia");
    look("gpus=4");
    test(ONE, NULL, UUID "1", false, NULL);
    test("CUDA_VISIBLE_DEVICES=1", NULL, UUID "1", false, NULL);
    test("CUDA_VISIBLE_DEVICES=gpu-01000100-0000-0000-0000-000000000001", NULL, UUID "1", false,
         NULL);
    test(NULL, NULL, UUID "0," UUID "1," UUID "2," UUID "3", false, NULL);
    test(NULL, NULL, UUID "1", false, "it would see " UUID "0, " UUID "1, ");
    test("CUDA_VISIBLE_DEVICES=", NULL, UUID "1", false,
         "it would see none, and was granted " UUID "1");
    test(ONE, NULL, "none", false, "it would see " UUID "1, and was granted none");
    test("CUDA_VISIBLE_DEVICES=", NULL, "none", false, NULL);
    // In another order, the job's first GPU is another's.
    test("CUDA_VISIBLE_DEVICES=1,0", NULL, UUID "0," UUID "1", false, "it would see " UUID "1, ");
}

static void what_cuda_says_nothing_of_is_told(void **state)
{
    (void)state;
    test(ONE ",9," UUID "2", NULL, UUID "1," UUID "2", false,
         "names '9', which is not there: what comes after it is lost");
    test(ONE "," UUID "1", NULL, UUID "1," UUID "2", false, "twice");
    test("CUDA_VISIBLE_DEVICES=GPU-01000100", NULL, UUID "1", false, "names 'GPU-01000100'");
    test("CUDA_VISIBLE_DEVICES=GPU", NULL, UUID "1", false, "names 'GPU'");
    test("CUDA_VISIBLE_DEVICES=NoDevFiles", NULL, "none", false, "names 'NoDevFiles'");
}

static void a_gpu_that_does_not_open_is_told(void **state)
{
    (void)state;
    tree_make("nvidia");
    tree_mode("dev/nvidia1", 0600);
    tree_delete("dev/nvidia2");
    tree_delete("dev/nvidia-uvm"); // appears when the first program asks for it
    look("gpus=4");
    test(ONE, NULL, UUID "1", false, UUID "1 was granted, but /dev/nvidia1 does not open");
    test(ONE, NULL, UUID "2", false, UUID "2 was granted, but /dev/nvidia2 is not there");
    test("CUDA_VISIBLE_DEVICES=" UUID "3", NULL, UUID "3", false, NULL);
    tree_mode("dev/nvidiactl", 0600);
    look("gpus=4");
    test("CUDA_VISIBLE_DEVICES=" UUID "3", NULL, UUID "3", false, "/dev/nvidiactl does not open");
}

static void a_gpu_that_no_driver_lists_is_told(void **state)
{
    (void)state;
    tree_make("nvidia");
    look("gpus=4");
    test(ONE, NULL, UUID "7", false, UUID "7 was granted, but no driver lists it here");
    look("gpus=4,init=18");
    test(ONE, NULL, UUID "1", false, "without a reboot");
    look("gpus=4,compute-mode=2");
    test(ONE, NULL, UUID "1", false, "its compute mode is 'prohibited'");
}

static void a_filter_that_does_not_hold_is_told(void **state)
{
    (void)state;
    tree_make("mixed");
    look("gpus=2");
    test(ONE, "ROCR_VISIBLE_DEVICES=", UUID "1", false, NULL);
    test(ONE, "ROCR_VISIBLE_DEVICES=", UUID "1", true,
         UUID "0 opens and was not granted: the device filter does not hold");
    tree_mode("dev/nvidia0", 0);
    tree_mode("dev/kfd", 0);
    look("gpus=2");
    test(ONE, "ROCR_VISIBLE_DEVICES=", UUID "1", true, NULL);
}

static void of_mig_devices_a_process_has_one(void **state)
{
    (void)state;
    const char *both = "CUDA_VISIBLE_DEVICES=" MIG_UUID "1-000000000000," MIG_UUID "2-000000000000";
    tree_make("nvidia");
    look("gpus=1,mig=0");
    test("CUDA_VISIBLE_DEVICES=" MIG_UUID "2-000000000000", NULL, MIG_UUID "2-000000000000", false,
         NULL);
    test(both, NULL, MIG_UUID "1-000000000000", false, NULL);
    test(both, NULL, MIG_UUID "1-000000000000," MIG_UUID "2-000000000000", false,
         "it would see " MIG_UUID "1-000000000000, and was granted");
    // Only the first one's file is told by the tree.
    tree_mode("dev/nvidia-caps/nvidia-cap22", 0);
    look("gpus=1,mig=0");
    test(both, NULL, MIG_UUID "1-000000000000", false, "/dev/nvidia-caps/nvidia-cap22 does not");
    test("CUDA_VISIBLE_DEVICES=" MIG_UUID "2-000000000000", NULL, MIG_UUID "2-000000000000", true,
         NULL);
}

static void amd_gpus_are_counted_as_the_runtime_counts(void **state)
{
    (void)state;
    tree_make("mi300x-cpx");
    look(NULL);
    test("ROCR_VISIBLE_DEVICES=9", NULL, "GPU-000000029fa03559/1", false, NULL);
    test("ROCR_VISIBLE_DEVICES=0", NULL, "GPU-000000029fa03559/1", false,
         "of AMD it would see GPU-000000029fa03558/0, and was granted GPU-000000029fa03559/1");
    // All partitions have one UUID, so that it means none of them.
    test("ROCR_VISIBLE_DEVICES=GPU-000000029fa03559", NULL, "GPU-000000029fa03559/1", false,
         "names 'GPU-000000029fa03559', which is not there");
    char file[32];
    for (int i = 128; i < 144; i++) {
        snprintf(file, sizeof file, "dev/dri/renderD%d", i);
        tree_mode(file, i == 137 || i == 139 ? 0666 : 0);
    }
    look(NULL);
    test("ROCR_VISIBLE_DEVICES=0,1", NULL, "GPU-000000029fa03559/1,GPU-000000029fa03559/3", true,
         NULL);
    test("ROCR_VISIBLE_DEVICES=9,11", NULL, "GPU-000000029fa03559/1,GPU-000000029fa03559/3", true,
         "names '9', which is not there");
    test("ROCR_VISIBLE_DEVICES=0", NULL, "GPU-000000029fa03559/1", true,
         "GPU-000000029fa03559/3 opens and was not granted");
}

static void what_would_choose_again_is_told(void **state)
{
    (void)state;
    tree_make("mi300x");
    look(NULL);
    const char *granted = "GPU-000000029fa03559";
    const char *chosen = "ROCR_VISIBLE_DEVICES=GPU-000000029fa03559";
    test(chosen, NULL, granted, false, NULL);
    test(chosen, "CUDA_VISIBLE_DEVICES=", granted, false, NULL);
    test(chosen, "HIP_VISIBLE_DEVICES=1", granted, false,
         "HIP_VISIBLE_DEVICES=1 would choose again");
    test(chosen, "CUDA_VISIBLE_DEVICES=1", granted, false, "would choose again");
    test(chosen, "GPU_DEVICE_ORDINAL=1", granted, false, "would choose again");
    test(chosen, NULL, "none", false, "of AMD it would see GPU-000000029fa03559, and was granted");
}

static void long_lists_are_cut(void **state)
{
    (void)state;
    char names[32 * 90] = "";
    tree_make("nvidia");
    look("gpus=1");
    for (int i = 0; i < 32; i++) {
        size_t length = strlen(names);
        snprintf(names + length, sizeof names - length, "%sGPU-%079d", i ? "," : "", i);
    }
    test(ONE, NULL, names, true, "no driver lists it here");
    assert_true(strlen(err.text) < sizeof err.text - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cuda_would_see_is_compared),
        cmocka_unit_test(what_cuda_says_nothing_of_is_told),
        cmocka_unit_test(a_gpu_that_does_not_open_is_told),
        cmocka_unit_test(a_gpu_that_no_driver_lists_is_told),
        cmocka_unit_test(a_filter_that_does_not_hold_is_told),
        cmocka_unit_test(of_mig_devices_a_process_has_one),
        cmocka_unit_test(amd_gpus_are_counted_as_the_runtime_counts),
        cmocka_unit_test(what_would_choose_again_is_told),
        cmocka_unit_test(long_lists_are_cut),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    tree_remove();
    return failed;
}
