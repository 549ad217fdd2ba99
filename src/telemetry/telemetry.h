// SPDX-License-Identifier: Apache-2.0
// What this machine is and what its GPUs do, of both vendors, with nothing to set.
//
// Drivers hang. Each GPU is therefore asked by a thread of its own, so that one that does not
// answer holds up neither the others nor the caller: wf_telemetry_ask and wf_telemetry_read never
// block. Only opening waits, and never longer than the time-out for each of its two steps (finding
// GPUs, describing them).
#pragma once

#include "base/error.h"
#include "telemetry/grant.h"
#include "telemetry/inventory.h"
#include "telemetry/machine.h"

#define WF_TELEMETRY_TIMEOUT_MS 10000 // where the config says 0

struct wf_telemetry_config {
    const char *sysroot;     // NULL: this machine; else a folder with sys/, proc/, dev/ below it. A
                             // driver's library of another root is not loaded unless it is named.
    const char *nvml_path;   // NULL: the library is looked for
    const char *user;        // NULL: this process; else whose rights are looked at: name or number
    const char *data_folder; // NULL: ~/.whaleflux of the user
    uint32_t timeout_ms;     // 0: WF_TELEMETRY_TIMEOUT_MS
};

struct wf_telemetry;

// Finds out what the machine is. A source or a GPU that fails is reported in the machine and is no
// error here. Errors: WF_NOTFOUND (no such user or sysroot), WF_NOMEM, WF_LIMIT (no thread).
enum wf_status wf_telemetry_open(const struct wf_telemetry_config *config,
                                 struct wf_telemetry **telemetry_out,
                                 struct wf_error *err) WF_MUST_USE;

// A thread that is stuck in a driver is left behind, with what it uses; NULL is fine.
void wf_telemetry_close(struct wf_telemetry *telemetry);

// As it was when it was opened; valid until close. Open anew to see changes of GPUs and slices.
const struct wf_machine *wf_telemetry_machine(const struct wf_telemetry *telemetry);

// Starts one reading of each GPU that is not being read. Never blocks.
void wf_telemetry_ask(struct wf_telemetry *telemetry);

// Copies the last finished reading of a GPU of the machine's list. Returns for how many
// milliseconds the GPU has not answered the question that it works on, 0 when it is at rest. A GPU
// that was never read has a reading with nothing known and taken_ms 0. Never blocks.
uint32_t wf_telemetry_read(struct wf_telemetry *telemetry, uint32_t gpu,
                           struct wf_gpu_reading *reading_out);

// Asks, and waits until every GPU has answered or the time is over. Returns whether all did. For
// commands; no loop should call it.
bool wf_telemetry_read_all(struct wf_telemetry *telemetry, uint32_t timeout_ms);

// Words for people and for JSON.
const char *wf_vendor_text(enum wf_vendor vendor);
const char *wf_enforcement_text(enum wf_enforcement enforcement);

#define WF_THROTTLE_TEXT_BYTES 96
// "power cap, heat", or "none"; returns text.
const char *wf_throttle_text(char *text, uint32_t throttle);

// What is wrong with a machine, or good to know about it: the table of docs/doctor.md.
enum wf_severity {
    WF_SEVERITY_FINE,
    WF_SEVERITY_NOTE,    // works, with less than there could be
    WF_SEVERITY_WARNING, // some work will not run, or not be held to its limits
    WF_SEVERITY_STOPS,   // no work can run
};

#define WF_FINDINGS_MAX 160

struct wf_finding {
    enum wf_severity severity;
    const char *code; // "gpu-files"; stable, for programs
    char text[320];   // what was found
    char mend[320];   // what to do, or ""
};

struct wf_findings {
    uint32_t count;
    struct wf_finding list[WF_FINDINGS_MAX];
};

// Fills findings in the order in which a person would look: machine, cgroups, GPUs.
void wf_machine_check(const struct wf_machine *machine, struct wf_findings *findings);

const char *wf_severity_text(enum wf_severity severity);

// All codes that a finding may have, ending with NULL.
const char *const *wf_finding_codes(void);
