// SPDX-License-Identifier: Apache-2.0
#include "helper.h"

// Of a 64-bit view always, also should this program be built for 32 bits one day.
static LSTATUS open_key(REGSAM access, HKEY *key_out)
{
    return RegOpenKeyExW(HKEY_LOCAL_MACHINE, KEY_GRAPHICS, 0, access | KEY_WOW64_64KEY, key_out);
}

struct mode mode_read(void)
{
    struct mode mode = {0};
    HKEY key;
    mode.status = open_key(KEY_QUERY_VALUE, &key);
    if (mode.status != ERROR_SUCCESS) {
        return mode;
    }
    BYTE bytes[16] = {0};
    DWORD size = sizeof bytes;
    mode.status = RegQueryValueExW(key, VALUE_MODE, NULL, &mode.type, bytes, &size);
    RegCloseKey(key);
    if (mode.status == ERROR_MORE_DATA) {
        mode.status = ERROR_SUCCESS; // a text, say: its type alone matters
    } else if (mode.status == ERROR_SUCCESS && mode.type == REG_DWORD) {
        mode.number =
            bytes[0] | (DWORD)bytes[1] << 8 | (DWORD)bytes[2] << 16 | (DWORD)bytes[3] << 24;
    }
    return mode;
}

LSTATUS mode_write(DWORD number)
{
    HKEY key;
    LSTATUS status = open_key(KEY_SET_VALUE, &key);
    if (status != ERROR_SUCCESS) {
        return status;
    }
    if (number == 0) {
        status = RegDeleteValueW(key, VALUE_MODE);
        status = status == ERROR_FILE_NOT_FOUND ? ERROR_SUCCESS : status;
    } else {
        status =
            RegSetValueExW(key, VALUE_MODE, 0, REG_DWORD, (const BYTE *)&number, sizeof number);
    }
    if (status == ERROR_SUCCESS) {
        // To the disk before anybody is told, since a reboot may come next.
        status = RegFlushKey(key);
    }
    RegCloseKey(key);
    return status;
}

int64_t mode_written_ms(void)
{
    HKEY key;
    FILETIME time = {0};
    if (open_key(KEY_QUERY_VALUE, &key) != ERROR_SUCCESS) {
        return 0;
    }
    LSTATUS status =
        RegQueryInfoKeyW(key, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, &time);
    RegCloseKey(key);
    return status == ERROR_SUCCESS
               ? file_time_ms((uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime)
               : 0;
}
