// SPDX-License-Identifier: Apache-2.0
// A local engine in a folder of its own, short ways to run shell scripts with it, and a look at the
// end for what should not be there any more. Process ends come to this process, as to process 1.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"

#define BED_RUNS_MAX 64

struct bed {
    struct wf_engine *engine;
    char data[64];
    const char *cgroup;               // as in struct wf_engine_config
    struct wf_run seen[BED_RUNS_MAX]; // as last told
    uint32_t ends[BED_RUNS_MAX];      // how often its end was told by this engine
    uint32_t count;
};

// The program under test, from the environment; ends the test program, skipped, where it cannot
// test: no program, or cgroups are asked for (WHALEFLUX_TEST_CGROUP is not "none") and none are
// there.
void bed_require(void);

void bed_make(struct bed *bed);
void bed_open(struct bed *bed);
void bed_close(struct bed *bed); // runs go on
// Forgets every run, then fails the test when a process, a zombie or a cgroup is left.
void bed_clear(struct bed *bed);

// A spec that runs `sh -c script` once; change it as you like. Valid until the next call.
struct wf_run_spec *bed_script(const char *id, const char *script);
void bed_start(struct bed *bed, const struct wf_run_spec *spec);

// Takes what the engine tells now.
void bed_listen(struct bed *bed);
// Waits until the run is told to be in that phase or a later one. Fails after a while.
const struct wf_run *bed_await(struct bed *bed, const char *id, enum wf_run_phase phase);
// Starts a script, waits for its end.
const struct wf_run *bed_run(struct bed *bed, const struct wf_run_spec *spec);

// What a task wrote, as a string (binary output may hold zeros: length_out); valid until the next
// call.
const char *bed_log(struct bed *bed, const char *id, uint32_t task, size_t *length_out);
// The first number in a file of the run's folder or any other; waits until there is one.
long bed_number(const char *path);
// The supervisor of a run, from its state.
long bed_supervisor(const struct bed *bed, const char *id);

// Sends SIGKILL to it, if it is there and is one. Returns whether it was.
bool bed_kill_supervisor(const struct bed *bed, const char *id);
// Writes a run's state anew as if it came from before the machine's last start.
void bed_pretend_other_boot(const struct bed *bed, const char *id);

bool bed_is_alive(long pid); // zombies are not
void bed_sleep_ms(int64_t ms);
int64_t bed_clock_us(void);
