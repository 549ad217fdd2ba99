// SPDX-License-Identifier: Apache-2.0
// NVIDIA's GPUs by a stub of the library (tests/stubs/nvml); tests/gpu/run does it with a real one.
#include "telemetry/nvidia.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tree.h"

static const struct wf_gpu *gpu_of(struct wf_telemetry *telemetry, unsigned gpu)
{
    assert_true(gpu < wf_telemetry_machine(telemetry)->gpu_count);
    return &wf_telemetry_machine(telemetry)->gpus[gpu];
}

static const struct wf_source_report *report_of(struct wf_telemetry *telemetry)
{
    return &wf_telemetry_machine(telemetry)->sources[0];
}

static void read_first(struct wf_telemetry *telemetry, struct wf_gpu_reading *reading)
{
    assert_true(wf_telemetry_read_all(telemetry, TREE_PATIENCE_MS));
    assert_int_equal(wf_telemetry_read(telemetry, 0, reading), 0);
}

static void eight_gpus_are_described(void **state)
{
    (void)state;
    tree_make("nvidia");
    struct wf_telemetry *telemetry = tree_open("profile=h100,gpus=8", false, 0);
    assert_int_equal(wf_telemetry_machine(telemetry)->gpu_count, 8);
    const struct wf_gpu *gpu = gpu_of(telemetry, 6);
    assert_int_equal(gpu->vendor, WF_VENDOR_NVIDIA);
    assert_true(gpu->usable);
    assert_int_equal(gpu->index, 6);
    assert_string_equal(gpu->model, "H100");
    assert_string_equal(gpu->name, "NVIDIA H100 80GB HBM3");
    assert_string_equal(gpu->architecture, "sm_90");
    assert_string_equal(gpu->uuid, "GPU-01000100-0000-0000-0000-000000000006");
    assert_string_equal(gpu->pci, "0000:ca:00.0");
    assert_string_equal(gpu->driver, "580.159.04");
    assert_true(gpu->memory_bytes == UINT64_C(81559) << 20);
    assert_int_equal(gpu->numa_node, 1);
    assert_int_equal(gpu->compute_mode, WF_COMPUTE_SHARED);
    assert_int_equal(gpu->ecc, WF_ON);
    assert_int_equal(gpu->mig, WF_OFF);
    assert_int_equal(gpu->file_count, 4);
    assert_string_equal(gpu->files[0].path, "/dev/nvidia6");
    assert_string_equal(gpu->files[1].path, "/dev/nvidiactl");
    assert_int_equal(gpu->enforcement, WF_ENFORCE_NONE);
    wf_telemetry_close(telemetry);
}

static void a_gpu_is_read(void **state)
{
    (void)state;
    struct wf_gpu_reading reading;
    tree_make("nvidia");
    struct wf_telemetry *telemetry = tree_open("processes=2,reasons=68", false, 0);
    assert_int_equal(wf_telemetry_read(telemetry, 0, &reading), 0);
    assert_int_equal(reading.known, 0); // nobody asked yet
    assert_int_equal(reading.taken_ms, 0);
    read_first(telemetry, &reading);
    assert_true(reading.taken_ms > 0);
    assert_int_equal(reading.busy_percent, 10);
    assert_true(reading.memory_used_bytes == UINT64_C(2) << 30);
    assert_int_equal(reading.power_mw, 95000);
    assert_int_equal(reading.power_limit_mw, 700000);
    assert_int_equal(reading.energy_mj, 600000);
    assert_int_equal(reading.temperature_c, 34);
    assert_int_equal(reading.memory_temperature_c, 37);
    assert_int_equal(reading.throttle, WF_THROTTLE_POWER_CAP | WF_THROTTLE_HEAT);
    assert_int_equal(reading.memory_errors, 4);
    assert_int_equal(reading.process_count, 2);
    assert_int_equal(reading.processes[1].pid, 4001);
    assert_true(reading.processes[1].memory_bytes == UINT64_C(1) << 30);
    assert_int_equal(reading.known, (1 << 10) - 1);
    assert_string_equal(reading.trouble, "");
    wf_telemetry_close(telemetry);
}

static void an_old_library_tells_less(void **state)
{
    (void)state;
    struct wf_gpu_reading reading;
    tree_make("nvidia");
    struct wf_telemetry *telemetry = tree_open("profile=t4,processes=1", true, 0);
    const struct wf_gpu *gpu = gpu_of(telemetry, 0);
    assert_true(gpu->usable);
    assert_string_equal(gpu->model, "T4");
    assert_string_equal(gpu->pci, "0000:3b:00.0");
    assert_int_equal(gpu->mig, WF_UNKNOWN);
    read_first(telemetry, &reading);
    assert_false(reading.known & (WF_READ_ENERGY | WF_READ_MEMORY_TEMPERATURE));
    assert_true(reading.known & WF_READ_THROTTLE);
    assert_int_equal(reading.process_count, 1);
    assert_true(reading.memory_used_bytes == 314572800);
    assert_string_equal(reading.trouble, ""); // what a library lacks is no trouble
    wf_telemetry_close(telemetry);
}

static void mig_devices_become_slices(void **state)
{
    (void)state;
    struct wf_gpu_reading reading;
    tree_make("nvidia");
    struct wf_telemetry *telemetry = tree_open("gpus=2,mig=0", false, 0);
    const struct wf_gpu *gpu = gpu_of(telemetry, 0);
    assert_int_equal(gpu->mig, WF_ON);
    assert_int_equal(gpu->slice_count, 3);
    assert_string_equal(gpu->slices[0].profile, "3g.40gb");
    assert_string_equal(gpu->slices[0].uuid, "MIG-01000100-0000-0000-0001-000000000000");
    assert_int_equal(gpu->slices[0].compute_units, 60);
    assert_true(gpu->slices[0].memory_bytes == UINT64_C(40448) << 20);
    assert_int_equal(gpu->slices[2].instance, 9);
    assert_int_equal(gpu->slices[0].file_count, 2);
    assert_string_equal(gpu->slices[0].files[0].path, "/dev/nvidia-caps/nvidia-cap21");
    assert_string_equal(gpu->slices[0].files[1].path, "/dev/nvidia-caps/nvidia-cap22");
    assert_int_equal(gpu->slices[0].files[0].access, WF_FILE_OPEN);
    assert_int_equal(gpu->slices[1].file_count, 0); // the tree has no capability of it
    assert_int_equal(gpu->enforcement, WF_ENFORCE_HARD);
    assert_int_equal(gpu_of(telemetry, 1)->slice_count, 0);
    read_first(telemetry, &reading);
    assert_false(reading.known & WF_READ_BUSY);
    assert_string_equal(reading.trouble, "");
    wf_telemetry_close(telemetry);
}

static void a_lost_gpu_does_not_hide_the_others(void **state)
{
    (void)state;
    struct wf_gpu_reading reading;
    tree_make("nvidia");
    struct wf_telemetry *telemetry = tree_open("gpus=8,handle=2:15", false, 0);
    assert_int_equal(wf_telemetry_machine(telemetry)->gpu_count, 8);
    assert_false(gpu_of(telemetry, 2)->usable);
    assert_non_null(strstr(gpu_of(telemetry, 2)->why_not, "lost"));
    // The bus tells where it stood.
    assert_string_equal(gpu_of(telemetry, 2)->pci, "0000:4a:00.0");
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(gpu_of(telemetry, i)->usable, i != 2);
    }
    assert_true(wf_telemetry_read_all(telemetry, TREE_PATIENCE_MS));
    wf_telemetry_read(telemetry, 2, &reading);
    assert_non_null(strstr(reading.trouble, "lost"));
    wf_telemetry_read(telemetry, 3, &reading);
    assert_true(reading.known & WF_READ_POWER);
    wf_telemetry_close(telemetry);
}

static void a_refused_value_is_missing_alone(void **state)
{
    (void)state;
    struct wf_gpu_reading reading;
    tree_make("nvidia");
    struct wf_telemetry *telemetry = tree_open("refuse=power:999", false, 0);
    assert_true(gpu_of(telemetry, 0)->usable);
    read_first(telemetry, &reading);
    assert_false(reading.known & WF_READ_POWER);
    assert_true(reading.known & WF_READ_ENERGY);
    assert_string_equal(reading.trouble, "power: the driver reports an error (code 999)");
    wf_telemetry_close(telemetry);
}

static void a_gpu_without_uuid_or_memory_is_not_usable(void **state)
{
    (void)state;
    tree_make("nvidia");
    struct wf_telemetry *telemetry = tree_open("refuse=uuid:3", false, 0);
    assert_non_null(strstr(gpu_of(telemetry, 0)->why_not, "UUID"));
    wf_telemetry_close(telemetry);
    telemetry = tree_open("refuse=memory:16", false, 0);
    assert_non_null(strstr(gpu_of(telemetry, 0)->why_not, "must be reset"));
    wf_telemetry_close(telemetry);
    telemetry = tree_open("compute-mode=2", false, 0);
    assert_non_null(strstr(gpu_of(telemetry, 0)->why_not, "prohibited"));
    wf_telemetry_close(telemetry);
}

static void a_library_that_does_not_start_is_a_failure(void **state)
{
    (void)state;
    tree_make("nvidia");
    struct wf_telemetry *telemetry = tree_open("init=18", false, 0);
    assert_int_equal(report_of(telemetry)->state, WF_SOURCE_FAILED);
    assert_non_null(strstr(report_of(telemetry)->why, "without a reboot"));
    wf_telemetry_close(telemetry);
}

static void what_is_no_library_of_nvidia_is_refused(void **state)
{
    (void)state;
    struct wf_nvml nvml;
    struct wf_error err;
    assert_int_equal(wf_nvml_load(&nvml, getenv("WHALEFLUX_STUB_EMPTY"), &err), WF_INVALID);
    assert_non_null(strstr(err.text, "cannot be loaded") ? NULL : strstr(err.text, "list GPUs"));
    assert_int_equal(wf_nvml_load(&nvml, "/no/such/library.so", &err), WF_NOTFOUND);
    assert_int_equal(wf_nvml_load(&nvml, "/etc/passwd", &err), WF_INVALID);
    assert_int_equal(wf_nvml_load(&nvml, getenv("WHALEFLUX_STUB"), &err), WF_OK);
    assert_string_equal(nvml.path, getenv("WHALEFLUX_STUB"));
    wf_nvml_unload(&nvml);
    wf_nvml_unload(&nvml);
}

static void more_processes_than_fit_are_counted(void **state)
{
    (void)state;
    struct wf_gpu_reading reading;
    tree_make("nvidia");
    struct wf_telemetry *telemetry = tree_open("processes=65", false, 0);
    read_first(telemetry, &reading);
    assert_int_equal(reading.process_total, 65);
    assert_int_equal(reading.process_count, 0);
    assert_true(reading.known & WF_READ_PROCESSES);
    wf_telemetry_close(telemetry);
    telemetry = tree_open("processes=64", false, 0);
    read_first(telemetry, &reading);
    assert_int_equal(reading.process_count, 64);
    wf_telemetry_close(telemetry);
}

static void mps_keeps_shares_softly_while_it_runs(void **state)
{
    (void)state;
    tree_make("nvidia");
    tree_write("tmp/nvidia-mps/nvidia-cuda-mps-control.pid", "77");
    struct wf_telemetry *telemetry = tree_open("gpus=1", false, 0);
    assert_int_equal(gpu_of(telemetry, 0)->enforcement, WF_ENFORCE_NONE); // left behind
    wf_telemetry_close(telemetry);
    tree_write("proc/77/comm", "nvidia-cuda-mps");
    telemetry = tree_open("gpus=1", false, 0);
    assert_int_equal(gpu_of(telemetry, 0)->enforcement, WF_ENFORCE_SOFT);
    assert_string_equal(gpu_of(telemetry, 0)->enforced_by, "MPS");
    assert_string_equal(wf_telemetry_machine(telemetry)->mps_folder, "/tmp/nvidia-mps");
    wf_telemetry_close(telemetry);
    tree_write("proc/77/comm", "bash"); // another process has the number now
    telemetry = tree_open("gpus=1", false, 0);
    assert_int_equal(gpu_of(telemetry, 0)->enforcement, WF_ENFORCE_NONE);
    wf_telemetry_close(telemetry);
}

static void capabilities_are_read_strictly(void **state)
{
    (void)state;
    uint32_t minor = 0;
    assert_true(wf_nvidia_capability_minor("DeviceFileMinor: 21\nDeviceFileMode: 292\n", &minor));
    assert_int_equal(minor, 21);
    assert_false(wf_nvidia_capability_minor("DeviceFileMinor: x\n", &minor));
    assert_false(wf_nvidia_capability_minor("DeviceFileMinor: 1048576\n", &minor));
    assert_false(wf_nvidia_capability_minor("DeviceFileMinor:", &minor));
    assert_false(wf_nvidia_capability_minor("", &minor));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eight_gpus_are_described),
        cmocka_unit_test(a_gpu_is_read),
        cmocka_unit_test(an_old_library_tells_less),
        cmocka_unit_test(mig_devices_become_slices),
        cmocka_unit_test(a_lost_gpu_does_not_hide_the_others),
        cmocka_unit_test(a_refused_value_is_missing_alone),
        cmocka_unit_test(a_gpu_without_uuid_or_memory_is_not_usable),
        cmocka_unit_test(a_library_that_does_not_start_is_a_failure),
        cmocka_unit_test(what_is_no_library_of_nvidia_is_refused),
        cmocka_unit_test(more_processes_than_fit_are_counted),
        cmocka_unit_test(mps_keeps_shares_softly_while_it_runs),
        cmocka_unit_test(capabilities_are_read_strictly),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    tree_remove();
    return failed;
}
