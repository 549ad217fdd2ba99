// SPDX-License-Identifier: Apache-2.0
// How often Windows had to restart a display driver (TDR), from the System log: event 4101 of
// Display, and 153 of nvlddmkm, which newer drivers of NVIDIA write instead. Counted since the
// start and over 30 days, so that a before and an after can be told.
#include "helper.h"

typedef HANDLE(WINAPI *query_function)(HANDLE, const WCHAR *, const WCHAR *, DWORD);
typedef BOOL(WINAPI *next_function)(HANDLE, DWORD, HANDLE *, DWORD, DWORD, DWORD *);
typedef BOOL(WINAPI *close_function)(HANDLE);

struct event_log {
    query_function query;
    next_function next;
    close_function close;
};

enum { COUNT_MAX = 100000 };

// Returns how many events match, or -1 where the log cannot be read.
static int64_t count(const struct event_log *log, const WCHAR *query)
{
    enum { CHANNEL = 1 };
    HANDLE found = log->query(NULL, L"System", query, CHANNEL);
    if (!found) {
        return -1;
    }
    int64_t total = 0;
    HANDLE events[64];
    DWORD got = 0;
    while (total < COUNT_MAX && log->next(found, 64, events, 5000, 0, &got) && got > 0) {
        for (DWORD i = 0; i < got; i++) {
            log->close(events[i]);
        }
        total += got;
    }
    log->close(found);
    return total;
}

static WCHAR *append(WCHAR *at, const WCHAR *text)
{
    while (*text) {
        *at++ = *text++;
    }
    *at = L'\0';
    return at;
}

static void json_count(const struct event_log *log, const char *key, const WCHAR *event,
                       int64_t span_ms)
{
    WCHAR query[256];
    WCHAR digits[24];
    WCHAR *digit = digits + 23;
    *digit = L'\0';
    do {
        *--digit = (WCHAR)(L'0' + span_ms % 10);
        span_ms /= 10;
    } while (span_ms > 0);
    WCHAR *at = append(query, L"*[System[");
    at = append(at, event);
    at = append(at, L" and TimeCreated[timediff(@SystemTime) <= ");
    at = append(at, digit);
    append(at, L"]]]");
    int64_t total = count(log, query);
    json_key(key);
    if (total < 0) {
        json_null();
    } else {
        json_number(total);
    }
}

void json_timeouts(void)
{
    static const WCHAR display[] = L"Provider[@Name='Display'] and EventID=4101";
    static const WCHAR nvidia[] = L"Provider[@Name='nvlddmkm'] and EventID=153";
    const int64_t month_ms = INT64_C(30) * 24 * 60 * 60 * 1000;
    HMODULE library = system_library(L"wevtapi.dll");
    struct event_log log = {
        (query_function)library_function(library, "EvtQuery"),
        (next_function)library_function(library, "EvtNext"),
        (close_function)library_function(library, "EvtClose"),
    };
    if (!log.query || !log.next || !log.close) {
        json_null();
        return;
    }
    int64_t up_ms = (int64_t)GetTickCount64();
    json_begin('{');
    json_count(&log, "display_4101_since_boot", display, up_ms);
    json_count(&log, "nvlddmkm_153_since_boot", nvidia, up_ms);
    json_count(&log, "display_4101_in_30_days", display, month_ms);
    json_count(&log, "nvlddmkm_153_in_30_days", nvidia, month_ms);
    json_end('}');
}
