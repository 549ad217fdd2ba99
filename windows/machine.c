// SPDX-License-Identifier: Apache-2.0
// Which Windows this is and since when it runs. The build number is read from the registry: what
// GetVersion says depends on the program's manifest.
#include "helper.h"

#define KEY_VERSION L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"

int64_t file_time_ms(uint64_t ticks)
{
    return ticks == 0 ? 0 : (int64_t)(ticks / 10000) - INT64_C(11644473600000);
}

int64_t now_ms(void)
{
    FILETIME time;
    GetSystemTimeAsFileTime(&time);
    return file_time_ms((uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime);
}

HMODULE system_library(const WCHAR *name)
{
    return LoadLibraryExW(name, NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
}

any_function library_function(HMODULE library, const char *name)
{
    return library ? (any_function)(uintptr_t)GetProcAddress(library, name) : NULL;
}

static void json_version_text(HKEY key, const char *name, const WCHAR *value)
{
    WCHAR text[128] = {0};
    DWORD size = sizeof text - sizeof text[0];
    DWORD type = 0;
    json_key(name);
    if (RegQueryValueExW(key, value, NULL, &type, (BYTE *)text, &size) == ERROR_SUCCESS &&
        type == REG_SZ) {
        json_wide(text);
    } else {
        json_null();
    }
}

// The build is a text of digits; older places hold it as such too.
static void json_build(HKEY key)
{
    WCHAR text[16] = {0};
    DWORD size = sizeof text - sizeof text[0];
    DWORD type = 0;
    int64_t build = 0;
    json_key("build");
    if (RegQueryValueExW(key, L"CurrentBuildNumber", NULL, &type, (BYTE *)text, &size) !=
            ERROR_SUCCESS ||
        type != REG_SZ) {
        json_null();
        return;
    }
    for (const WCHAR *at = text; *at >= L'0' && *at <= L'9'; at++) {
        build = build * 10 + (*at - L'0');
    }
    json_number(build);
}

// As the kernel keeps it: the time since the start does not run while a machine sleeps.
static int64_t boot_ms(void)
{
    struct {
        LARGE_INTEGER boot, now, bias;
        ULONG zone, reserved;
        ULONGLONG boot_bias, sleep_bias;
    } times = {0};
    typedef LONG(WINAPI * query)(int, void *, ULONG, ULONG *);
    query ask = (query)library_function(GetModuleHandleW(L"ntdll.dll"), "NtQuerySystemInformation");
    enum { TIME_OF_DAY = 3 };
    if (!ask || ask(TIME_OF_DAY, &times, sizeof times, NULL) < 0) {
        return now_ms() - (int64_t)GetTickCount64();
    }
    return file_time_ms((uint64_t)times.boot.QuadPart);
}

void json_machine(void)
{
    HKEY key;
    json_begin('{');
    if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, KEY_VERSION, 0, KEY_QUERY_VALUE | KEY_WOW64_64KEY,
                      &key) == ERROR_SUCCESS) {
        json_build(key);
        json_version_text(key, "product", L"ProductName");
        json_version_text(key, "installation", L"InstallationType");
        json_version_text(key, "release", L"DisplayVersion");
        RegCloseKey(key);
    }
    json_key("boot_ms");
    json_number(boot_ms());
    json_end('}');
}
