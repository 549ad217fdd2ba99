// SPDX-License-Identifier: Apache-2.0
// A folder that looks like another machine (tests/stubs/fake-machine), and ways to break it.
#pragma once

#include "telemetry/telemetry.h"

// How long a test waits for what must come; only one that fails ever waits for so long.
#define TREE_PATIENCE_MS 60000

// Makes a machine of the kind in a folder of its own and returns the folder, valid until the next
// call. The one before is removed; ends the program where that fails.
const char *tree_make(const char *kind);
void tree_remove(void);

// Below the folder: writes a line, takes away a file, sets its mode.
void tree_write(const char *name, const char *text);
void tree_write_bytes(const char *name, const void *bytes, unsigned long length);
void tree_delete(const char *name);
void tree_mode(const char *name, unsigned mode);

// Opens the last folder for the user 65534, who is nobody and in no group. stub: what the stub of
// NVIDIA's library plays (its variable), NULL: none. old: the stub of an old library.
struct wf_telemetry *tree_open(const char *stub, bool old, unsigned timeout_ms);

// Lets the threads go that the stub holds (its word held), and waits until they have ended. To be
// called when all telemetry is closed.
void tree_release(void);
