// SPDX-License-Identifier: Apache-2.0
// AMD's GPUs in trees that look like machines: no real one was ever seen.
#include "telemetry/amd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tree.h"

static const struct wf_machine *machine_of(struct wf_telemetry *telemetry)
{
    return wf_telemetry_machine(telemetry);
}

static void read_first(struct wf_telemetry *telemetry, struct wf_gpu_reading *reading)
{
    assert_true(wf_telemetry_read_all(telemetry, TREE_PATIENCE_MS));
    assert_int_equal(wf_telemetry_read(telemetry, 0, reading), 0);
}

static void architectures_are_named_in_hexadecimal(void **state)
{
    (void)state;
    char text[16];
    wf_amd_target_text(90402, text, sizeof text);
    assert_string_equal(text, "gfx942");
    wf_amd_target_text(90010, text, sizeof text);
    assert_string_equal(text, "gfx90a");
    wf_amd_target_text(110000, text, sizeof text);
    assert_string_equal(text, "gfx1100");
    wf_amd_target_text(0, text, sizeof text);
    assert_string_equal(text, "");
}

static void whole_gpus_are_described(void **state)
{
    (void)state;
    tree_make("mi300x");
    struct wf_telemetry *telemetry = tree_open(NULL, false, 0);
    const struct wf_machine *machine = machine_of(telemetry);
    assert_int_equal(machine->gpu_count, 2);
    const struct wf_gpu *gpu = &machine->gpus[1];
    assert_int_equal(gpu->vendor, WF_VENDOR_AMD);
    assert_true(gpu->usable);
    assert_string_equal(gpu->model, "MI300X");
    assert_string_equal(gpu->name, "AMD Instinct MI300X OAM");
    assert_string_equal(gpu->architecture, "gfx942");
    assert_string_equal(gpu->uuid, "GPU-000000029fa03559");
    assert_string_equal(gpu->pci, "0000:c2:00.0");
    assert_string_equal(gpu->driver, "6.10.5");
    assert_string_equal(gpu->partitioning, "SPX");
    assert_true(gpu->memory_bytes == UINT64_C(206141652992));
    assert_int_equal(gpu->numa_node, 1);
    assert_int_equal(gpu->number, 1);
    assert_int_equal(gpu->slice_count, 0);
    assert_int_equal(gpu->ecc, WF_ON);
    assert_int_equal(gpu->file_count, 2);
    assert_string_equal(gpu->files[0].path, "/dev/kfd");
    assert_string_equal(gpu->files[1].path, "/dev/dri/renderD136");
    assert_int_equal(gpu->enforcement, WF_ENFORCE_NONE);
    wf_telemetry_close(telemetry);
}

static void partitions_become_slices_of_their_gpu(void **state)
{
    (void)state;
    tree_make("mi300x-cpx");
    struct wf_telemetry *telemetry = tree_open(NULL, false, 0);
    const struct wf_machine *machine = machine_of(telemetry);
    assert_int_equal(machine->gpu_count, 2);
    for (unsigned i = 0; i < 2; i++) {
        const struct wf_gpu *gpu = &machine->gpus[i];
        assert_true(gpu->usable);
        assert_int_equal(gpu->slice_count, 8);
        assert_int_equal(gpu->number, 8 * i);
        assert_int_equal(gpu->enforcement, WF_ENFORCE_HARD);
        assert_int_equal(gpu->slices[5].number, 8 * i + 5);
        assert_string_equal(gpu->slices[5].profile, "CPX 5");
        assert_true(gpu->slices[5].memory_bytes == UINT64_C(25767706624));
        assert_int_equal(gpu->slices[5].compute_units, 38);
        // All partitions have the id of their GPU, so that it chooses none of them.
        assert_string_equal(gpu->slices[5].uuid, "");
        assert_true(gpu->uuid[0]);
    }
    assert_string_equal(machine->gpus[1].slices[3].files[0].path, "/dev/dri/renderD139");
    struct wf_gpu_reading reading;
    read_first(telemetry, &reading);
    assert_int_equal(reading.process_count, 1);
    assert_int_equal(reading.processes[0].pid, 7311);
    assert_int_equal(reading.processes[0].instance, 2);
    wf_telemetry_close(telemetry);
}

static void a_gpu_is_read(void **state)
{
    (void)state;
    struct wf_gpu_reading reading;
    tree_make("mi300x");
    struct wf_telemetry *telemetry = tree_open(NULL, false, 0);
    read_first(telemetry, &reading);
    assert_int_equal(reading.busy_percent, 3);
    assert_int_equal(reading.power_mw, 139000);
    assert_int_equal(reading.power_limit_mw, 750000);
    assert_int_equal(reading.temperature_c, 41); // the junction, since no edge is told
    assert_int_equal(reading.memory_temperature_c, 36);
    assert_int_equal(reading.energy_mj, 1000);
    assert_int_equal(reading.throttle, 0);
    assert_int_equal(reading.memory_errors, 2);
    assert_true(reading.memory_used_bytes == 297271296);
    assert_int_equal(reading.process_count, 1);
    assert_int_equal(reading.processes[0].instance, UINT32_MAX);
    assert_true(reading.processes[0].memory_bytes == 1073741824);
    assert_int_equal(reading.known, (1 << 10) - 1);
    assert_string_equal(reading.trouble, "");
    wf_telemetry_close(telemetry);
}

static void the_two_halves_of_an_mi250_are_two_gpus(void **state)
{
    (void)state;
    struct wf_gpu_reading reading;
    tree_make("mi250");
    struct wf_telemetry *telemetry = tree_open(NULL, false, 0);
    assert_int_equal(machine_of(telemetry)->gpu_count, 2);
    assert_string_equal(machine_of(telemetry)->gpus[1].model, "MI250");
    assert_string_equal(machine_of(telemetry)->gpus[1].architecture, "gfx90a");
    assert_string_equal(machine_of(telemetry)->gpus[1].pci, "0000:36:00.0");
    read_first(telemetry, &reading);
    assert_int_equal(reading.temperature_c, 38); // the edge, where it is told
    assert_int_equal(reading.throttle, WF_THROTTLE_HEAT);
    wf_telemetry_close(telemetry);
}

static void a_card_without_a_unique_id_is_usable_all_the_same(void **state)
{
    (void)state;
    struct wf_gpu_reading reading;
    tree_make("rx7900");
    struct wf_telemetry *telemetry = tree_open(NULL, false, 0);
    const struct wf_gpu *gpu = &machine_of(telemetry)->gpus[0];
    assert_true(gpu->usable);
    assert_string_equal(gpu->uuid, "");
    assert_string_equal(gpu->model, "gfx1100");
    assert_string_equal(gpu->driver, "kernel 6.12.0-test");
    assert_int_equal(gpu->numa_node, -1);
    assert_int_equal(gpu->ecc, WF_UNKNOWN);
    read_first(telemetry, &reading);
    assert_false(reading.known & (WF_READ_ENERGY | WF_READ_THROTTLE | WF_READ_ERRORS));
    wf_telemetry_close(telemetry);
}

static void a_closed_device_file_makes_a_gpu_unusable(void **state)
{
    (void)state;
    tree_make("mi300x");
    tree_mode("dev/dri/renderD128", 0660);
    struct wf_telemetry *telemetry = tree_open(NULL, false, 0);
    assert_string_equal(machine_of(telemetry)->gpus[0].why_not,
                        "/dev/dri/renderD128 may not be opened");
    assert_true(machine_of(telemetry)->gpus[1].usable);
    wf_telemetry_close(telemetry);
    tree_mode("dev/kfd", 0660);
    telemetry = tree_open(NULL, false, 0);
    assert_string_equal(machine_of(telemetry)->gpus[1].why_not, "/dev/kfd may not be opened");
    wf_telemetry_close(telemetry);
    tree_delete("dev/kfd");
    telemetry = tree_open(NULL, false, 0);
    assert_string_equal(machine_of(telemetry)->gpus[1].why_not, "/dev/kfd is not there");
    wf_telemetry_close(telemetry);
}

static void memory_that_the_kernel_counts_is_kept_hard(void **state)
{
    (void)state;
    tree_make("mi300x");
    tree_write("sys/fs/cgroup/system.slice/whaleflux.service/cgroup.controllers",
               "cpu memory pids dmem\n");
    struct wf_telemetry *telemetry = tree_open(NULL, false, 0);
    assert_string_equal(machine_of(telemetry)->gpus[0].enforced_by, "dmem cgroup");
    assert_int_equal(machine_of(telemetry)->gpus[0].enforcement, WF_ENFORCE_HARD);
    // Its region is not in the list.
    assert_int_equal(machine_of(telemetry)->gpus[1].enforcement, WF_ENFORCE_NONE);
    wf_telemetry_close(telemetry);
}

static void hidden_properties_are_a_failure_and_nonsense_none(void **state)
{
    (void)state;
    tree_make("rx7900");
    tree_write("sys/class/kfd/kfd/topology/nodes/1/properties", "simd_count what\n\n\001");
    struct wf_telemetry *telemetry = tree_open(NULL, false, 0);
    assert_int_equal(machine_of(telemetry)->sources[1].state, WF_SOURCE_ABSENT);
    wf_telemetry_close(telemetry);
    tree_delete("sys/class/kfd/kfd/topology/nodes/1/properties");
    tree_write("sys/class/kfd/kfd/topology/nodes/1/properties/x", "a folder cannot be read\n");
    telemetry = tree_open(NULL, false, 0);
    assert_int_equal(machine_of(telemetry)->sources[1].state, WF_SOURCE_FAILED);
    // The bus still shows it.
    assert_int_equal(machine_of(telemetry)->gpu_count, 1);
    assert_false(machine_of(telemetry)->gpus[0].usable);
    wf_telemetry_close(telemetry);
}

static void a_gpu_that_answers_nothing_has_its_trouble_told(void **state)
{
    (void)state;
    struct wf_gpu_reading reading;
    tree_make("rx7900");
    struct wf_telemetry *telemetry = tree_open(NULL, false, 0);
    tree_delete("sys/bus/pci/devices/0000:03:00.0");
    read_first(telemetry, &reading);
    assert_int_equal(reading.known, WF_READ_PROCESSES);
    assert_non_null(strstr(reading.trouble, "memory"));
    wf_telemetry_close(telemetry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(architectures_are_named_in_hexadecimal),
        cmocka_unit_test(whole_gpus_are_described),
        cmocka_unit_test(partitions_become_slices_of_their_gpu),
        cmocka_unit_test(a_gpu_is_read),
        cmocka_unit_test(the_two_halves_of_an_mi250_are_two_gpus),
        cmocka_unit_test(a_card_without_a_unique_id_is_usable_all_the_same),
        cmocka_unit_test(a_closed_device_file_makes_a_gpu_unusable),
        cmocka_unit_test(memory_that_the_kernel_counts_is_kept_hard),
        cmocka_unit_test(hidden_properties_are_a_failure_and_nonsense_none),
        cmocka_unit_test(a_gpu_that_answers_nothing_has_its_trouble_told),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    tree_remove();
    return failed;
}
