// SPDX-License-Identifier: Apache-2.0
// Threads, time-outs, and how the sources' GPUs become one list.
#include "telemetry/telemetry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <time.h>

#include "tree.h"

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void both_vendors_are_in_one_list(void **state)
{
    (void)state;
    tree_make("mixed");
    struct wf_telemetry *telemetry = tree_open("gpus=8", false, 0);
    const struct wf_machine *machine = wf_telemetry_machine(telemetry);
    assert_int_equal(machine->gpu_count, 10);
    assert_int_equal(machine->gpus[7].vendor, WF_VENDOR_NVIDIA);
    assert_int_equal(machine->gpus[8].vendor, WF_VENDOR_AMD);
    assert_int_equal(machine->source_count, 3);
    assert_true(wf_telemetry_read_all(telemetry, TREE_PATIENCE_MS));
    for (unsigned i = 0; i < 10; i++) {
        struct wf_gpu_reading reading;
        wf_telemetry_read(telemetry, i, &reading);
        assert_true(reading.known & WF_READ_POWER);
    }
    wf_telemetry_close(telemetry);
}

static void a_machine_without_gpus_has_none(void **state)
{
    (void)state;
    tree_make("plain");
    struct wf_telemetry *telemetry = tree_open(NULL, false, 0);
    const struct wf_machine *machine = wf_telemetry_machine(telemetry);
    assert_int_equal(machine->gpu_count, 0);
    for (unsigned i = 0; i < machine->source_count; i++) {
        assert_int_equal(machine->sources[i].state, WF_SOURCE_ABSENT);
    }
    assert_true(wf_telemetry_read_all(telemetry, 0));
    wf_telemetry_close(telemetry);
}

static void gpus_without_a_driver_are_seen_on_the_bus(void **state)
{
    (void)state;
    tree_make("no-driver");
    struct wf_telemetry *telemetry = tree_open(NULL, false, 0);
    const struct wf_machine *machine = wf_telemetry_machine(telemetry);
    assert_int_equal(machine->gpu_count, 2);
    assert_string_equal(machine->gpus[0].why_not, "no driver is loaded for it");
    assert_string_equal(machine->gpus[0].pci, "0000:01:00.0");
    assert_non_null(strstr(machine->gpus[1].why_not, "vfio-pci"));
    assert_false(machine->gpus[0].usable || machine->gpus[1].usable);
    wf_telemetry_close(telemetry);
}

static unsigned usable_gpus(struct wf_telemetry *telemetry)
{
    const struct wf_machine *machine = wf_telemetry_machine(telemetry);
    unsigned usable = 0;
    for (unsigned i = 0; i < machine->gpu_count; i++) {
        usable += machine->gpus[i].usable;
    }
    return usable;
}

// Opens a machine of which the stub holds something. How much time the rest needs to answer depends
// on what else this machine does, so it is given more until it is enough.
static struct wf_telemetry *open_held(const char *kind, const char *stub, unsigned gpus,
                                      unsigned usable, unsigned *timeout_ms_out)
{
    tree_make(kind);
    for (unsigned timeout_ms = 100;; timeout_ms *= 2) {
        struct wf_telemetry *telemetry = tree_open(stub, false, timeout_ms);
        bool all =
            wf_telemetry_machine(telemetry)->gpu_count == gpus && usable_gpus(telemetry) == usable;
        if (all || timeout_ms >= TREE_PATIENCE_MS) {
            *timeout_ms_out = timeout_ms;
            return telemetry;
        }
        wf_telemetry_close(telemetry);
        tree_release();
    }
}

static void pause_a_little(void)
{
    const struct timespec pause = {0, 2000000};
    nanosleep(&pause, NULL);
}

// Where a call waited for the GPU that is held, it would wait for ever: the test would not end.
static void a_silent_gpu_holds_up_nobody(void **state)
{
    (void)state;
    struct wf_gpu_reading reading = {0};
    unsigned timeout_ms;
    struct wf_telemetry *telemetry = open_held("nvidia", "gpus=4,held=1", 8, 3, &timeout_ms);
    const struct wf_machine *machine = wf_telemetry_machine(telemetry);
    assert_int_equal(machine->gpu_count, 8); // 4 more of the tree stand on the bus
    assert_false(machine->gpus[1].usable);
    assert_non_null(strstr(machine->gpus[1].why_not, "does not answer"));
    assert_true(machine->gpus[0].usable && machine->gpus[2].usable && machine->gpus[3].usable);

    wf_telemetry_ask(telemetry);
    uint32_t silent_ms = 0;
    for (int64_t end_ms = now_ms() + TREE_PATIENCE_MS; now_ms() < end_ms;) {
        silent_ms = wf_telemetry_read(telemetry, 1, &reading);
        (void)wf_telemetry_read(telemetry, 2, &reading);
        if (silent_ms > 1 && reading.known != 0) {
            break;
        }
        pause_a_little();
    }
    assert_true(silent_ms > 1);
    assert_true(reading.known & WF_READ_POWER);
    assert_true(wf_telemetry_read(telemetry, 1, &reading) >= silent_ms);
    assert_int_equal(reading.known, 0);
    assert_false(wf_telemetry_read_all(telemetry, 20));
    wf_telemetry_close(telemetry); // leaves its thread behind
    tree_release();
}

static void a_library_that_hangs_leaves_the_other_vendor(void **state)
{
    (void)state;
    unsigned timeout_ms;
    char why[64];
    struct wf_telemetry *telemetry = open_held("mixed", "gpus=8,held=init", 10, 2, &timeout_ms);
    const struct wf_machine *machine = wf_telemetry_machine(telemetry);
    assert_int_equal(machine->sources[0].state, WF_SOURCE_FAILED);
    snprintf(why, sizeof why, "does not answer within %u ", timeout_ms);
    assert_non_null(strstr(machine->sources[0].why, why));
    assert_int_equal(machine->gpu_count, 10);
    for (unsigned i = 0; i < machine->gpu_count; i++) {
        assert_int_equal(machine->gpus[i].usable, machine->gpus[i].vendor == WF_VENDOR_AMD);
    }
    wf_telemetry_close(telemetry);
    tree_release();
}

static void what_does_not_fit_is_counted(void **state)
{
    (void)state;
    tree_make("nvidia");
    struct wf_telemetry *telemetry = tree_open("gpus=40", false, 0);
    const struct wf_machine *machine = wf_telemetry_machine(telemetry);
    assert_int_equal(machine->gpu_count, WF_MACHINE_GPUS_MAX);
    assert_true(machine->gpus_left_out >= 8);
    wf_telemetry_close(telemetry);
}

static void a_library_of_another_root_is_not_loaded_unasked(void **state)
{
    (void)state;
    tree_make("nvidia");
    struct wf_telemetry *telemetry = tree_open(NULL, false, 0);
    const struct wf_machine *machine = wf_telemetry_machine(telemetry);
    assert_int_equal(machine->sources[0].state, WF_SOURCE_FAILED);
    assert_non_null(strstr(machine->sources[0].why, "kernel driver is loaded, but"));
    assert_int_equal(machine->gpu_count, 8);
    assert_false(machine->gpus[0].usable);
    wf_telemetry_close(telemetry);
}

static void roots_and_users_must_be_there(void **state)
{
    (void)state;
    struct wf_telemetry *telemetry;
    struct wf_error err;
    struct wf_telemetry_config config = {.sysroot = "/no/such/folder"};
    assert_int_equal(wf_telemetry_open(&config, &telemetry, &err), WF_NOTFOUND);
    assert_null(telemetry);
    assert_non_null(strstr(err.text, "/no/such/folder"));
    config = (struct wf_telemetry_config){.user = "no-such-user-here"};
    assert_int_equal(wf_telemetry_open(&config, &telemetry, &err), WF_NOTFOUND);
    wf_telemetry_close(NULL);
}

static void this_machine_is_looked_at_too(void **state)
{
    (void)state;
    struct wf_telemetry *telemetry;
    struct wf_error err;
    const struct wf_telemetry_config config = {0};
    assert_int_equal(wf_telemetry_open(&config, &telemetry, &err), WF_OK);
    assert_true(wf_telemetry_machine(telemetry)->cores > 0);
    assert_true(wf_telemetry_machine(telemetry)->memory_bytes > 0);
    wf_telemetry_close(telemetry);
}

static void throttling_has_words(void **state)
{
    (void)state;
    char text[WF_THROTTLE_TEXT_BYTES];
    assert_string_equal(wf_throttle_text(text, 0), "none");
    assert_string_equal(wf_throttle_text(text, WF_THROTTLE_POWER_CAP | WF_THROTTLE_HEAT),
                        "power cap, heat");
    assert_true(strlen(wf_throttle_text(text, UINT32_MAX)) < sizeof text - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_vendors_are_in_one_list),
        cmocka_unit_test(a_machine_without_gpus_has_none),
        cmocka_unit_test(gpus_without_a_driver_are_seen_on_the_bus),
        cmocka_unit_test(a_silent_gpu_holds_up_nobody),
        cmocka_unit_test(a_library_that_hangs_leaves_the_other_vendor),
        cmocka_unit_test(what_does_not_fit_is_counted),
        cmocka_unit_test(a_library_of_another_root_is_not_loaded_unasked),
        cmocka_unit_test(roots_and_users_must_be_there),
        cmocka_unit_test(this_machine_is_looked_at_too),
        cmocka_unit_test(throttling_has_words),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    tree_remove();
    return failed;
}
