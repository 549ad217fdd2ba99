// SPDX-License-Identifier: Apache-2.0
// Small files below a root folder: the machine's own, or a tree that stands for another machine.
// Every path that telemetry reads goes through here.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compat.h"
#include "telemetry/machine.h"

#define WF_SYSROOT_PATH_BYTES 512

struct wf_sysroot {
    char root[256]; // "" for this machine, else without a slash at its end
};

// Prints a path below the root; returns path. One that does not fit becomes "", which opens
// nothing.
const char *wf_sysroot_path(const struct wf_sysroot *sysroot, char path[WF_SYSROOT_PATH_BYTES],
                            const char *format, ...) WF_PRINTF(3, 4);

// Reads at most size - 1 bytes and ends them with a zero. Returns how many, or -1 with errno.
// Retries nothing: sysfs answers a read at once or not at all.
long wf_file_bytes(const char *path, void *bytes, size_t size);

// The first line without spaces at its end. Returns false, and "", when there is none.
bool wf_file_line(const char *path, char *line, size_t size);

// A decimal or 0x number that fills the first line.
bool wf_file_number(const char *path, uint64_t *number_out);

// Reads a number from text: decimal, or hexadecimal after 0x. What follows it must be the end or
// white space.
bool wf_text_number(const char *text, uint64_t *number_out);

// Finds "name number" in the lines of text (how KFD writes its properties); false when it is not
// there or no number.
bool wf_text_property(const char *text, const char *name, uint64_t *number_out);

// How many CPUs a list like "0-3,8,10-11" names; 0 when it is none.
uint32_t wf_text_cpu_count(const char *text);

// Copies text into a field: cut to fit, and control characters become blanks, because drivers'
// texts end up on terminals. size is at least 1.
void wf_text_copy(char *field, size_t size, const char *text);

// Looks at the device file `path` ("/dev/kfd") for the identity. For the process' own user a real
// device is opened and closed again, since neither the device filter of a cgroup nor an access
// control list shows in the file's mode. bits: what it is opened for, 4 to read, 2 to write.
void wf_device_look(const struct wf_sysroot *sysroot, const struct wf_identity *identity,
                    const char *path, uint32_t bits, struct wf_device_file *file);

// May the identity do what the bits (4 read, 2 write, 1 search) say with the file, by its mode?
struct stat;
bool wf_mode_allows(const struct wf_identity *identity, const struct stat *status, uint32_t bits);
