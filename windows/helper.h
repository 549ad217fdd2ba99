// SPDX-License-Identifier: Apache-2.0
// The program that `whaleflux disable_hags` puts on a Windows machine for a moment: it tells, as
// one line of JSON, what the machine's GPU scheduling is set to and what it really does, and sets
// it. It looks at one registry value, asks the drivers through documented calls, and writes nothing
// else. Everything that is newer than Windows 10 1809 is looked up when it runs, so that it starts
// on older machines too and can say what they lack.
#pragma once

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <stdbool.h>
#include <stdint.h>

#define KEY_GRAPHICS L"SYSTEM\\CurrentControlSet\\Control\\GraphicsDrivers"
#define VALUE_MODE L"HwSchMode"

// JSON that is written as it is made, into memory; what does not fit makes the whole fail.
void json_begin(char bracket);
void json_end(char bracket);
void json_key(const char *key);
void json_text(const char *text);
void json_wide(const WCHAR *text);
void json_number(int64_t number);
void json_bool(bool value);
void json_null(void);
// Writes what was made and a line end. Returns false when it did not fit or could not be written.
bool json_write(void);

// The value as it stands: its type (0: there is none), and its number where it is a DWORD.
struct mode {
    LSTATUS status; // of reading; ERROR_FILE_NOT_FOUND is no failure
    DWORD type, number;
};
struct mode mode_read(void);
// Sets the value, or deletes it where number is 0. Returns a Win32 status.
LSTATUS mode_write(DWORD number);
// When something in the key was last written, in milliseconds since 1970; 0: not known.
int64_t mode_written_ms(void);

int64_t file_time_ms(uint64_t ticks); // of 100 ns since 1601
int64_t now_ms(void);

// Each writes one value: an object or an array.
void json_machine(void);  // which Windows, since when it runs
void json_adapters(void); // what the graphics kernel says of each adapter
void json_nvidia(void);   // what NVIDIA's library says of driver models; null without it
void json_timeouts(void); // how often drivers were restarted, from the event log

// Loads a library from the system's folder only: what lies beside this program is not run.
HMODULE system_library(const WCHAR *name);
// A function of a library that may not have it, or NULL.
typedef void (*any_function)(void);
any_function library_function(HMODULE library, const char *name);
