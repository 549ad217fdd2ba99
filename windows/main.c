// SPDX-License-Identifier: Apache-2.0
// helper get                      tells
// helper set 1|2|absent OLD       sets, where the value is still OLD (1, 2, absent or other), and
//                                 tells what it was, what it is now and what came of it
// Exit status 0 when it told; what it told is the answer, never the status.
#include "helper.h"

#include <string.h>

enum { PROTOCOL = 1 };

static void json_mode(const char *key, struct mode mode)
{
    json_key(key);
    if (mode.status == ERROR_FILE_NOT_FOUND) {
        json_text("absent");
    } else if (mode.status != ERROR_SUCCESS) {
        json_null();
    } else if (mode.type == REG_DWORD) {
        json_number(mode.number);
    } else {
        json_text("other");
    }
}

static bool is(struct mode mode, const char *word)
{
    if (mode.status == ERROR_FILE_NOT_FOUND) {
        return strcmp(word, "absent") == 0;
    }
    if (mode.status != ERROR_SUCCESS) {
        return false;
    }
    bool number = mode.type == REG_DWORD && (mode.number == 1 || mode.number == 2);
    const char digit[] = {(char)('0' + (number ? mode.number : 0)), '\0'};
    return strcmp(word, number ? digit : "other") == 0;
}

// Returns a Win32 status; -1 where somebody else has changed the value meanwhile.
static LSTATUS set(const char *wish, const char *old)
{
    DWORD number = strcmp(wish, "absent") == 0 ? 0 : (DWORD)(wish[0] - '0');
    return is(mode_read(), old) ? mode_write(number) : -1;
}

static bool is_wish(const char *word)
{
    return strcmp(word, "1") == 0 || strcmp(word, "2") == 0 || strcmp(word, "absent") == 0;
}

int main(int argc, char **argv)
{
    bool sets = argc == 4 && strcmp(argv[1], "set") == 0 && is_wish(argv[2]);
    if (!sets && !(argc == 2 && strcmp(argv[1], "get") == 0)) {
        return 2;
    }
    json_begin('{');
    json_key("whaleflux_hags");
    json_number(PROTOCOL);
    json_key("now_ms");
    json_number(now_ms());
    if (sets) {
        json_mode("before", mode_read());
        LSTATUS status = set(argv[2], argv[3]);
        json_key("write_status");
        json_number(status);
    }
    json_mode("configured", mode_read());
    json_key("key_written_ms");
    json_number(mode_written_ms());
    json_key("windows");
    json_machine();
    json_key("adapters");
    json_adapters();
    json_key("nvidia");
    json_nvidia();
    json_key("driver_timeouts");
    json_timeouts();
    json_end('}');
    return json_write() ? 0 : 1;
}
