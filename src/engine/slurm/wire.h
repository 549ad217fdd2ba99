// SPDX-License-Identifier: Apache-2.0
// The connection to whaleflux-slurm: lines both ways over its Unix socket, which is connected again
// whenever it breaks; the adapter is started where nobody listens. Nothing here waits. Internal to
// the engine.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define WF_WIRE_BEAT_MS 2000    // between signs of life
#define WF_WIRE_DEAD_MS 20000   // the adapter tells something every second: silence is a fault
#define WF_WIRE_OUT_MAX 8388608 // bytes that wait to be sent; past that it is connected anew

struct wf_wire_config {
    const char *socket;
    const char *const *program; // arguments that start the adapter, NULL ends; NULL: nobody does
    const char *log;            // file for what the adapter says; NULL: nowhere
    // It is connected: mode first, then whatever else is to be said by wf_wire_say.
    void (*begin)(void *context);
    void (*end)(void *context, const char *why); // it was, and is no more
    void (*hear)(void *context, const char *line, size_t length);
    void *context;
};

struct wf_wire;

// Errors: WF_LIMIT (the path is too long), WF_IO, WF_NOMEM. That nobody listens is none.
enum wf_status wf_wire_open(const struct wf_wire_config *config, struct wf_wire **wire_out,
                            struct wf_error *err) WF_MUST_USE;
void wf_wire_close(struct wf_wire *wire); // the adapter goes on

// Readable when there is something to do, which wf_wire_work then does.
int wf_wire_descriptor(const struct wf_wire *wire);
void wf_wire_work(struct wf_wire *wire);

// Sends a line, which has no end of line in it. False: there is no connection.
bool wf_wire_say(struct wf_wire *wire, const char *line, size_t length);
bool wf_wire_is_up(const struct wf_wire *wire);
// Why there is no connection, or "".
const char *wf_wire_trouble(const struct wf_wire *wire);
// It is broken off and connected anew.
void wf_wire_drop(struct wf_wire *wire, const char *why);
