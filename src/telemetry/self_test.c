// SPDX-License-Identifier: Apache-2.0
// What a command would see, by the rules of CUDA and of the ROCm runtime, against what was granted.
// Both cut their list at the first entry that they do not know and say nothing of it: a job would
// run on fewer GPUs than it was given, or on another's. That must not go unnoticed.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "telemetry/grant.h"
#include "telemetry/sysroot.h"
#include "telemetry/telemetry.h"

#define SEEN_MAX (WF_MACHINE_GPUS_MAX * WF_GPU_SLICES_SEEN_MAX)

// GPUs or slices in the order in which somebody counts them.
struct devices {
    uint32_t count;
    struct wf_grant_device list[SEEN_MAX];
};

struct test {
    const struct wf_machine *machine;
    const char *const *environment;
    struct devices granted;
    char faults[420]; // sentences with "; " between
};

WF_PRINTF(2, 3) static void fault(struct test *test, const char *format, ...)
{
    size_t length = strlen(test->faults);
    if (length > 0 && length + 2 < sizeof test->faults) {
        memcpy(test->faults + length, "; ", 3);
        length += 2;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(test->faults + length, sizeof test->faults - length, format, arguments);
    va_end(arguments);
}

static const char *value_of(const struct test *test, const char *name)
{
    size_t length = strlen(name);
    for (const char *const *at = test->environment; *at; at++) {
        if (strncmp(*at, name, length) == 0 && (*at)[length] == '=') {
            return *at + length + 1;
        }
    }
    return NULL;
}

static void add(struct devices *devices, uint32_t gpu, uint8_t slice)
{
    if (devices->count < SEEN_MAX) {
        devices->list[devices->count++] = (struct wf_grant_device){(uint8_t)gpu, slice};
    }
}

static bool holds(const struct devices *devices, struct wf_grant_device device)
{
    for (uint32_t i = 0; i < devices->count; i++) {
        if (devices->list[i].gpu == device.gpu && devices->list[i].slice == device.slice) {
            return true;
        }
    }
    return false;
}

static const char *name_of(const struct test *test, struct wf_grant_device device,
                           char name[WF_GPU_HANDLE_BYTES])
{
    return wf_gpu_name(&test->machine->gpus[device.gpu], device.slice, name);
}

// "GPU-1, GPU-2", or "none"; cut with dots where it does not fit.
static const char *names_of(const struct test *test, const struct devices *devices, char text[128])
{
    size_t length = 0;
    memcpy(text, "none", 5);
    for (uint32_t i = 0; i < devices->count; i++) {
        char name[WF_GPU_HANDLE_BYTES];
        name_of(test, devices->list[i], name);
        if (length + strlen(name) + 8 > 128) {
            snprintf(text + length, 128 - length, ", ...");
            break;
        }
        length += (size_t)snprintf(text + length, 128 - length, "%s%s", i ? ", " : "", name);
    }
    return text;
}

// Every GPU of a vendor, or every slice of it where it is cut, that its driver lists here.
static void list_devices(const struct wf_machine *machine, enum wf_vendor vendor,
                         struct devices *devices)
{
    devices->count = 0;
    for (uint32_t i = 0; i < machine->gpu_count; i++) {
        const struct wf_gpu *gpu = &machine->gpus[i];
        if (gpu->vendor != vendor || gpu->file_count == 0) {
            continue;
        }
        if (gpu->slice_count == 0) {
            add(devices, i, WF_WHOLE_GPU);
        }
        for (uint32_t j = 0; j < gpu->slice_count; j++) {
            add(devices, i, (uint8_t)j);
        }
    }
}

// The file that is the device's own and does not open, or NULL. Unified memory's files appear when
// the first program asks for them.
static const struct wf_device_file *closed_file(const struct wf_gpu *gpu, uint8_t slice)
{
    for (uint32_t i = 0; i < gpu->file_count; i++) {
        bool later =
            gpu->files[i].access == WF_FILE_MISSING && gpu->vendor == WF_VENDOR_NVIDIA && i > 0;
        if (gpu->files[i].access != WF_FILE_OPEN && !later) {
            return &gpu->files[i];
        }
    }
    for (uint32_t i = 0; slice != WF_WHOLE_GPU && i < gpu->slices[slice].file_count; i++) {
        if (gpu->slices[slice].files[i].access != WF_FILE_OPEN) {
            return &gpu->slices[slice].files[i];
        }
    }
    return NULL;
}

static bool opens(const struct test *test, struct wf_grant_device device)
{
    return closed_file(&test->machine->gpus[device.gpu], device.slice) == NULL;
}

static void drop_closed(const struct test *test, struct devices *devices)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < devices->count; i++) {
        if (opens(test, devices->list[i])) {
            devices->list[kept++] = devices->list[i];
        }
    }
    devices->count = kept;
}

static uint32_t number_of(const struct wf_machine *machine, struct wf_grant_device device)
{
    const struct wf_gpu *gpu = &machine->gpus[device.gpu];
    return device.slice == WF_WHOLE_GPU ? gpu->number : gpu->slices[device.slice].number;
}

// The ROCm runtime counts in the order of the kernel's topology.
static void sort_by_number(const struct wf_machine *machine, struct devices *devices)
{
    for (uint32_t i = 1; i < devices->count; i++) {
        struct wf_grant_device device = devices->list[i];
        uint32_t at = i;
        while (at > 0 && number_of(machine, devices->list[at - 1]) > number_of(machine, device)) {
            devices->list[at] = devices->list[at - 1];
            at--;
        }
        devices->list[at] = device;
    }
}

// The device that an entry of a list means, UINT32_MAX: none. Numbers count in devices, in which
// UUIDs may be shortened as long as they mean one.
static uint32_t meant(const struct test *test, const struct devices *devices, const char *entry,
                      size_t length)
{
    char word[WF_GPU_HANDLE_BYTES];
    uint32_t found = UINT32_MAX;
    uint64_t number;
    if (length == 0 || length >= sizeof word) {
        return UINT32_MAX;
    }
    memcpy(word, entry, length);
    word[length] = '\0';
    if (wf_text_number(word, &number)) {
        return number < devices->count ? (uint32_t)number : UINT32_MAX;
    }
    for (uint32_t i = 0; length > 4 && i < devices->count; i++) {
        const struct wf_gpu *gpu = &test->machine->gpus[devices->list[i].gpu];
        uint8_t slice = devices->list[i].slice;
        const char *uuid = slice == WF_WHOLE_GPU ? gpu->uuid : gpu->slices[slice].uuid;
        if (strncasecmp(uuid, word, length) == 0) {
            if (found != UINT32_MAX) {
                return UINT32_MAX;
            }
            found = i;
        }
    }
    return found;
}

// Cuts devices to what the variable names, in its order; as it is where it is not set.
static void choose(struct test *test, const char *variable, struct devices *devices)
{
    const char *entry = value_of(test, variable);
    static const struct devices none;
    struct devices chosen = none;
    if (!entry) {
        return;
    }
    while (*entry) {
        size_t length = strcspn(entry, ",");
        uint32_t place = meant(test, devices, entry, length);
        if (place == UINT32_MAX) {
            fault(test, "%s names '%.*s', which is not there: what comes after it is lost",
                  variable, length < 60 ? (int)length : 60, entry);
            break;
        }
        if (holds(&chosen, devices->list[place])) {
            fault(test, "%s names '%.*s' twice", variable, length < 60 ? (int)length : 60, entry);
            break;
        }
        chosen.list[chosen.count++] = devices->list[place];
        entry += length + (entry[length] == ',');
    }
    *devices = chosen;
}

static void see(struct test *test, enum wf_vendor vendor, struct devices *seen)
{
    list_devices(test->machine, vendor, seen);
    drop_closed(test, seen);
    if (vendor == WF_VENDOR_AMD) {
        sort_by_number(test->machine, seen);
        choose(test, "ROCR_VISIBLE_DEVICES", seen);
        return;
    }
    choose(test, "CUDA_VISIBLE_DEVICES", seen);
    // Of MIG devices, a process gets the first and no other.
    if (seen->count > 1 && seen->list[0].slice != WF_WHOLE_GPU) {
        seen->count = 1;
    }
}

static void tell_failed_sources(struct test *test)
{
    for (uint32_t i = 0; i < test->machine->source_count; i++) {
        const struct wf_source_report *report = &test->machine->sources[i];
        if (report->state == WF_SOURCE_FAILED && !strstr(test->faults, report->why)) {
            fault(test, "%s", report->why);
        }
    }
}

static void tell_closed(struct test *test, const struct wf_gpu *gpu, const char *name,
                        const struct wf_device_file *closed)
{
    if (closed) {
        fault(test, "%s was granted, but %s %s", name, closed->path,
              closed->access == WF_FILE_MISSING ? "is not there" : "does not open");
    } else if (!gpu->usable && gpu->slice_count == 0) {
        fault(test, "%s was granted, but %s", name, gpu->why_not);
    }
}

// Finds the granted devices by their names. What is not there, or does not open, is told at once:
// it is the reason for everything else that would be different.
static void find_granted(struct test *test, const char *names)
{
    struct devices all;
    struct devices amd;
    list_devices(test->machine, WF_VENDOR_NVIDIA, &all);
    list_devices(test->machine, WF_VENDOR_AMD, &amd);
    for (uint32_t i = 0; i < amd.count; i++) {
        add(&all, amd.list[i].gpu, amd.list[i].slice);
    }
    for (const char *at = names; *at && strcmp(names, "none") != 0;) {
        int length = (int)strcspn(at, ",");
        bool found = false;
        for (uint32_t i = 0; i < all.count && !found; i++) {
            char name[WF_GPU_HANDLE_BYTES];
            name_of(test, all.list[i], name);
            found = strlen(name) == (size_t)length && strncmp(name, at, (size_t)length) == 0;
            if (found) {
                const struct wf_gpu *gpu = &test->machine->gpus[all.list[i].gpu];
                const struct wf_device_file *closed = closed_file(gpu, all.list[i].slice);
                add(&test->granted, all.list[i].gpu, all.list[i].slice);
                tell_closed(test, gpu, name, closed);
            }
        }
        if (!found) {
            fault(test, "%.*s was granted, but no driver lists it here", length < 70 ? length : 70,
                  at);
            tell_failed_sources(test);
        }
        at += length + (at[length] == ',');
    }
}

static void compare(struct test *test, enum wf_vendor vendor, const struct devices *wanted)
{
    char seen_text[128];
    char wanted_text[128];
    struct devices seen;
    see(test, vendor, &seen);
    bool same = seen.count == wanted->count;
    for (uint32_t i = 0; same && i < seen.count; i++) {
        same =
            seen.list[i].gpu == wanted->list[i].gpu && seen.list[i].slice == wanted->list[i].slice;
    }
    if (!same) {
        fault(test, "of %s it would see %s, and was granted %s", wf_vendor_text(vendor),
              names_of(test, &seen, seen_text), names_of(test, wanted, wanted_text));
    }
}

static void check_choosers(struct test *test)
{
    static const char *const others[] = {"HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES",
                                         "GPU_DEVICE_ORDINAL"};
    for (uint32_t i = 0; i < WF_COUNT_OF(others); i++) {
        const char *value = value_of(test, others[i]);
        if (value && value[0]) {
            fault(test, "%s=%.40s would choose again among what was granted", others[i], value);
        }
    }
}

static void check_filter(struct test *test, enum wf_vendor vendor)
{
    struct devices all;
    list_devices(test->machine, vendor, &all);
    for (uint32_t i = 0; i < all.count; i++) {
        char name[WF_GPU_HANDLE_BYTES];
        const struct wf_gpu *gpu = &test->machine->gpus[all.list[i].gpu];
        // MIG devices whose files the driver does not tell cannot be kept apart, nor told apart.
        bool told = all.list[i].slice == WF_WHOLE_GPU || gpu->slices[all.list[i].slice].file_count;
        if (told && !holds(&test->granted, all.list[i]) && opens(test, all.list[i])) {
            fault(test, "%s opens and was not granted: the device filter does not hold",
                  name_of(test, all.list[i], name));
            return;
        }
    }
}

enum wf_status wf_telemetry_self_test(const struct wf_machine *machine,
                                      const char *const *environment, const char *names,
                                      bool filtered, struct wf_error *err)
{
    static const struct devices none;
    struct test test = {.machine = machine, .environment = environment};
    find_granted(&test, names);
    if (test.faults[0] == '\0') {
        bool any = test.granted.count > 0;
        bool amd = any && machine->gpus[test.granted.list[0].gpu].vendor == WF_VENDOR_AMD;
        // HIP would take CUDA's list for its own, so an AMD job cannot have NVIDIA's GPUs hidden by
        // it.
        if (!amd) {
            compare(&test, WF_VENDOR_NVIDIA, any ? &test.granted : &none);
        } else {
            check_choosers(&test);
        }
        compare(&test, WF_VENDOR_AMD, amd ? &test.granted : &none);
    }
    if (filtered) {
        check_filter(&test, WF_VENDOR_NVIDIA);
        check_filter(&test, WF_VENDOR_AMD);
    }
    if (test.faults[0]) {
        return wf_fail(err, WF_UNFIT, "its GPUs are not as they were granted: %s", test.faults);
    }
    return WF_OK;
}
