// SPDX-License-Identifier: Apache-2.0
#include "helper.h"

#include <string.h>

static char text[60000];
static DWORD length;
static bool failed, comma;

static void put(const char *bytes, size_t count)
{
    if (count > sizeof text - length) {
        failed = true;
        return;
    }
    memcpy(text + length, bytes, count);
    length += (DWORD)count;
}

static void put_comma(void)
{
    if (comma) {
        put(",", 1);
    }
    comma = true;
}

void json_begin(char bracket)
{
    put_comma();
    put(&bracket, 1);
    comma = false;
}

void json_end(char bracket)
{
    put(&bracket, 1);
    comma = true;
}

void json_key(const char *key)
{
    json_text(key);
    put(":", 1);
    comma = false;
}

void json_text(const char *value)
{
    put_comma();
    put("\"", 1);
    for (; *value; value++) {
        unsigned char byte = (unsigned char)*value;
        if (byte == '"' || byte == '\\') {
            put("\\", 1);
            put(value, 1);
        } else if (byte < 0x20) {
            static const char digits[] = "0123456789abcdef";
            const char escape[] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
            put(escape, sizeof escape);
        } else {
            put(value, 1);
        }
    }
    put("\"", 1);
}

void json_wide(const WCHAR *value)
{
    char narrow[1024];
    int count = WideCharToMultiByte(CP_UTF8, 0, value, -1, narrow, sizeof narrow, NULL, NULL);
    json_text(count > 0 ? narrow : "");
}

void json_number(int64_t number)
{
    char digits[24];
    char *at = digits + sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0) {
        *--at = '-';
    }
    put_comma();
    put(at, (size_t)(digits + sizeof digits - at));
}

void json_bool(bool value)
{
    put_comma();
    put(value ? "true" : "false", value ? 4 : 5);
}

void json_null(void)
{
    put_comma();
    put("null", 4);
}

bool json_write(void)
{
    DWORD written = 0;
    put("\n", 1);
    return !failed &&
           WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), text, length, &written, NULL) != 0 &&
           written == length;
}
