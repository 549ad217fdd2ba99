// SPDX-License-Identifier: Apache-2.0
#include "cli/live/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/number.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
#define SMALLEST 10000 // nano-dollars that are told exactly: a thousandth of a cent

int64_t wf_word_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * SECOND_MS + now.tv_nsec / 1000000;
}

const char *wf_word_span(char *text, int64_t ms)
{
    ms = ms < 0 ? 0 : ms;
    if (ms < 2 * MINUTE_MS) {
        snprintf(text, WF_WORD_BYTES, "%" PRId64 " s", ms / SECOND_MS);
    } else if (ms < HOUR_MS) {
        snprintf(text, WF_WORD_BYTES, "%" PRId64 " min", ms / MINUTE_MS);
    } else if (ms < DAY_MS) {
        snprintf(text, WF_WORD_BYTES, "%" PRId64 " h %" PRId64 " min", ms / HOUR_MS,
                 ms % HOUR_MS / MINUTE_MS);
    } else {
        snprintf(text, WF_WORD_BYTES, "%" PRId64 " d %" PRId64 " h", ms / DAY_MS,
                 ms % DAY_MS / HOUR_MS);
    }
    return text;
}

const char *wf_word_age(char *text, int64_t ms, int64_t now_ms)
{
    char span[WF_WORD_BYTES];
    if (ms == 0) {
        return memcpy(text, "-", 2);
    }
    int64_t ago = now_ms - ms;
    wf_word_span(span, ago < 0 ? -ago : ago);
    if (ago > -SECOND_MS && ago < SECOND_MS) {
        return memcpy(text, "now", 4);
    }
    snprintf(text, WF_WORD_BYTES, "%s%.40s%s", ago < 0 ? "in " : "", span, ago < 0 ? "" : " ago");
    return text;
}

const char *wf_word_utc(char *text, int64_t ms)
{
    time_t clock = (time_t)(ms / SECOND_MS);
    struct tm at;
    if (ms == 0 || !gmtime_r(&clock, &at) ||
        strftime(text, WF_WORD_BYTES, "%Y-%m-%d %H:%M:%S UTC", &at) == 0) {
        memcpy(text, "-", 2);
    }
    return text;
}

const char *wf_word_usd(char *text, int64_t nanousd)
{
    uint64_t size = nanousd < 0 ? -(uint64_t)nanousd : (uint64_t)nanousd;
    if (size == 0 || size >= 100000000) { // ten cents
        return wf_number_dollars(text, nanousd);
    }
    if (size < SMALLEST) {
        snprintf(text, WF_WORD_BYTES, "%s<$0.00001", nanousd < 0 ? "-" : "");
        return text;
    }
    // Two digits that count: steps of a tenth of the highest power of ten in it.
    uint64_t step = 1;
    int places = 9;
    for (; size / step >= 100; step *= 10) {
        places--;
    }
    uint64_t digits = (size + step / 2) / step;
    char decimals[16];
    snprintf(decimals, sizeof decimals, "%09" PRIu64, digits * step);
    snprintf(text, WF_WORD_BYTES, "%s$0.%.*s", nanousd < 0 ? "-" : "", places, decimals);
    return text;
}

const char *wf_word_mib(char *text, int64_t mib)
{
    if (mib < 1024) {
        snprintf(text, WF_WORD_BYTES, "%" PRId64 " MiB", mib);
    } else if (mib < 10240 && mib % 1024 != 0) {
        snprintf(text, WF_WORD_BYTES, "%" PRId64 ".%" PRId64 " GiB", mib / 1024,
                 mib % 1024 * 10 / 1024);
    } else {
        snprintf(text, WF_WORD_BYTES, "%" PRId64 " GiB", mib / 1024);
    }
    return text;
}

static bool read_ago(const char *word, int64_t now_ms, int64_t *ms_out)
{
    static const struct {
        char letter;
        int64_t ms;
    } units[] = {
        {'s', SECOND_MS}, {'m', MINUTE_MS}, {'h', HOUR_MS}, {'d', DAY_MS}, {'w', 7 * DAY_MS}};
    char *end;
    long long count = strtoll(word, &end, 10);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (end > word && end[0] == units[i].letter && end[1] == '\0' && count >= 0 &&
            count < 100000) {
            *ms_out = now_ms - count * units[i].ms;
            return true;
        }
    }
    return false;
}

// Hours and minutes east of Greenwich behind a time: "Z", "+02:00".
static bool read_zone(const char *zone, int64_t *ms_out)
{
    int hours, minutes;
    *ms_out = 0;
    if (zone[0] == '\0' || strcmp(zone, "Z") == 0) {
        return true;
    }
    if ((zone[0] != '+' && zone[0] != '-') || strlen(zone) != 6 || zone[3] != ':' ||
        sscanf(zone + 1, "%2d:%2d", &hours, &minutes) != 2 || hours > 23 || minutes > 59) {
        return false;
    }
    *ms_out = (hours * HOUR_MS + minutes * MINUTE_MS) * (zone[0] == '-' ? -1 : 1);
    return true;
}

bool wf_word_read_time(const char *word, int64_t now_ms, int64_t *ms_out)
{
    struct tm at = {0};
    int64_t east_ms;
    size_t digits = strspn(word, "0123456789");
    if (digits >= 9 && digits <= 15 && word[digits] == '\0') {
        *ms_out = strtoll(word, NULL, 10);
        return true;
    }
    if (read_ago(word, now_ms, ms_out)) {
        return true;
    }
    const char *rest = strptime(word, "%Y-%m-%d", &at);
    if (rest && (*rest == 'T' || *rest == ' ')) {
        const char *clock = rest + 1;
        rest = strptime(clock, "%H:%M:%S", &at);
        rest = rest ? rest : strptime(clock, "%H:%M", &at);
    }
    if (!rest || !read_zone(rest, &east_ms)) {
        return false;
    }
    *ms_out = (int64_t)timegm(&at) * SECOND_MS - east_ms;
    return true;
}
