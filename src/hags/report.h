// SPDX-License-Identifier: Apache-2.0
// What the helper program says of a Windows machine: one line of JSON (windows/main.c), read as
// something that a stranger wrote.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define WF_HAGS_ADAPTERS_MAX 64
#define WF_HAGS_NAME_BYTES 96

// What the registry value may hold.
enum wf_hags_value {
    WF_HAGS_UNREAD, // not asked, or it cannot be read
    WF_HAGS_OFF = 1,
    WF_HAGS_ON = 2,
    WF_HAGS_ABSENT, // there is none: the driver's own choice
    WF_HAGS_OTHER,  // something that Windows does not know
};

enum wf_hags_model { WF_HAGS_WDDM, WF_HAGS_TCC, WF_HAGS_MCDM, WF_HAGS_MODEL_UNKNOWN };
enum wf_hags_tristate { WF_HAGS_UNTOLD, WF_HAGS_NO, WF_HAGS_YES };
enum wf_hags_driver {
    WF_HAGS_DRIVER_UNTOLD,
    WF_HAGS_DRIVER_OFF,
    WF_HAGS_DRIVER_EXPERIMENTAL,
    WF_HAGS_DRIVER_STABLE,
    WF_HAGS_DRIVER_ALWAYS_ON,
};

struct wf_hags_adapter {
    char name[WF_HAGS_NAME_BYTES];
    bool software; // no GPU: Windows draws by itself
    enum wf_hags_model model;
    enum wf_hags_tristate supported, enabled, by_default;
    enum wf_hags_driver driver;
};

struct wf_hags_report {
    int64_t now_ms, written_ms, boot_ms; // the machine's own clock; 0: not known
    uint32_t build;                      // of Windows; 0: not known
    bool server;
    char product[WF_HAGS_NAME_BYTES];
    enum wf_hags_value configured;
    bool wrote;           // it was asked to set the value
    int64_t write_status; // what came of that: 0 done, -1 the value was another, else Win32's
    bool adapters_known;  // the graphics kernel answered
    uint32_t adapter_count, gpu_count;
    struct wf_hags_adapter adapters[WF_HAGS_ADAPTERS_MAX];
    struct wf_hags_adapter gpus[WF_HAGS_ADAPTERS_MAX]; // as NVIDIA's library tells them
    int64_t timeouts_since_boot, timeouts_in_30_days;  // of drivers; -1: not known
};

// Reads the last line of output that is a report; lines before it are left alone. Errors:
// WF_NOTFOUND (no such line), WF_INVALID (one that is none).
enum wf_status wf_hags_report_read(const char *output, struct wf_hags_report *report_out,
                                   struct wf_error *err) WF_MUST_USE;

// "1", "2", "absent", "other", "unread": as the helper takes them.
const char *wf_hags_value_name(enum wf_hags_value value);
// The other way round; anything else is WF_HAGS_UNREAD.
enum wf_hags_value wf_hags_value_find(const char *name);
// For people: "off", "on", "not set", "another value", "unknown".
const char *wf_hags_value_word(enum wf_hags_value value);
const char *wf_hags_model_name(enum wf_hags_model model);
const char *wf_hags_driver_name(enum wf_hags_driver driver);

// "windows10", "windows11", "windows-server" or "windows", of what the machine really is.
const char *wf_hags_os_name(const struct wf_hags_report *report);
// Whether wish names what it is: one of those words, "windows" for all, or "build>=22621".
bool wf_hags_os_is(const struct wf_hags_report *report, const char *wish);
// Whether such a wish can be one at all. Errors: WF_INVALID.
enum wf_status wf_hags_os_check(const char *wish, struct wf_error *err) WF_MUST_USE;
