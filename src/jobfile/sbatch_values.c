// SPDX-License-Identifier: Apache-2.0
// How Slurm writes times and sizes.
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "jobfile/sbatch.h"

#define TIME_MS_MAX INT64_C(31622400000000) // a thousand years; what is more is no time

static const char *read_number(const char *text, int64_t *number_out)
{
    int64_t number = 0;
    const char *at = text;
    for (; isdigit((unsigned char)*at); at++) {
        number = number * 10 + (*at - '0');
        if (number > INT32_MAX) {
            return NULL;
        }
    }
    *number_out = number;
    return at == text ? NULL : at;
}

// Up to three numbers with colons between them.
static const char *read_colons(const char *text, int64_t number[3], int *count_out)
{
    int count = 0;
    const char *at = text;
    do {
        at = read_number(at + (count > 0), &number[count]);
        count++;
    } while (at && *at == ':' && count < 3);
    *count_out = count;
    return at;
}

bool wf_sbatch_time(const char *text, int64_t *ms_out)
{
    static const char *const none[] = {"UNLIMITED", "INFINITE", "-1"};
    int64_t part[3] = {0};
    int64_t days = 0;
    int count;
    *ms_out = 0;
    for (size_t i = 0; i < WF_COUNT_OF(none); i++) {
        if (strcasecmp(text, none[i]) == 0) {
            return true;
        }
    }
    const char *at = read_colons(text, part, &count);
    bool with_days = at && *at == '-' && count == 1;
    if (with_days) {
        days = part[0];
        part[0] = 0;
        at = read_colons(at + 1, part, &count);
    }
    if (!at || *at) {
        return false;
    }
    // Behind days hours come first; else it is minutes, minutes and seconds, or all three.
    int64_t hours = with_days || count == 3 ? part[0] : 0;
    int64_t minutes = with_days || count == 3 ? part[1] : part[0];
    int64_t seconds = with_days || count == 3 ? part[2] : part[1];
    *ms_out = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
    return *ms_out < TIME_MS_MAX;
}

bool wf_sbatch_size(const char *text, int64_t *mib_out)
{
    static const char units[] = "KMGT";
    int64_t number;
    const char *at = read_number(text, &number);
    if (!at) {
        return false;
    }
    const char *unit = *at ? strchr(units, toupper((unsigned char)*at)) : units + 1;
    if (!unit || (*at && at[1] && !(toupper((unsigned char)at[1]) == 'B' && !at[2]))) {
        return false;
    }
    *mib_out = number;
    if (unit == units) {
        *mib_out = (number + 1023) / 1024;
    }
    for (const char *i = units + 1; i < unit; i++) {
        *mib_out *= 1024;
    }
    return true;
}

// "now", "now+1hour", "now+60".
static bool read_now(const char *text, int64_t now_ms, int64_t *ms_out)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"", 1000},        {"second", 1000},  {"minute", 60000},
                 {"hour", 3600000}, {"day", 86400000}, {"week", 604800000}};
    int64_t number = 0;
    *ms_out = now_ms;
    if (*text == '\0') {
        return true;
    }
    const char *at = *text == '+' ? read_number(text + 1, &number) : NULL;
    for (size_t i = 0; at && i < WF_COUNT_OF(units); i++) {
        size_t length = strlen(units[i].name);
        if (strncasecmp(at, units[i].name, length) == 0 &&
            (at[length] == '\0' || (length > 0 && strcasecmp(at + length, "s") == 0))) {
            *ms_out += number * units[i].ms;
            return true;
        }
    }
    return false;
}

// "16:00", "16:00:30", "midnight", "noon", "fika", "teatime".
static bool read_time_of_day(const char *text, struct tm *tm)
{
    static const struct {
        const char *name;
        int hour;
    } names[] = {{"midnight", 0}, {"noon", 12}, {"fika", 15}, {"teatime", 16}};
    int64_t part[3] = {0};
    int count = 0;
    tm->tm_min = 0;
    tm->tm_sec = 0;
    for (size_t i = 0; i < WF_COUNT_OF(names); i++) {
        if (strcasecmp(text, names[i].name) == 0) {
            tm->tm_hour = names[i].hour;
            return true;
        }
    }
    const char *at = read_colons(text, part, &count);
    if (!at || *at || count < 2 || part[0] > 23 || part[1] > 59 || part[2] > 59) {
        return false;
    }
    tm->tm_hour = (int)part[0];
    tm->tm_min = (int)part[1];
    tm->tm_sec = (int)part[2];
    return true;
}

static bool read_date(const char *text, struct tm *tm)
{
    int year;
    int month;
    int day;
    int end = 0;
    if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &end) != 3 || year < 1970 || month < 1 ||
        month > 12 || day < 1 || day > 31) {
        return false;
    }
    *tm = (struct tm){.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
    return text[end] == '\0' || (text[end] == 'T' && read_time_of_day(text + end + 1, tm));
}

bool wf_sbatch_clock(const char *text, int64_t now_ms, int64_t *ms_out)
{
    struct tm tm;
    time_t now = (time_t)(now_ms / 1000);
    bool later = false; // a time of day that is over today is one of tomorrow
    if (strncasecmp(text, "now", 3) == 0) {
        return read_now(text + 3, now_ms, ms_out);
    }
    if (!localtime_r(&now, &tm)) {
        return false;
    }
    if (strcasecmp(text, "today") == 0) {
        *ms_out = now_ms;
        return true;
    }
    if (strcasecmp(text, "tomorrow") == 0) {
        tm.tm_mday++;
        tm.tm_hour = 0;
        tm.tm_min = 0;
        tm.tm_sec = 0;
    } else if (read_time_of_day(text, &tm)) {
        later = true;
    } else if (!read_date(text, &tm)) {
        return false;
    }
    tm.tm_isdst = -1;
    struct tm copy = tm;
    time_t time = mktime(&copy);
    if (later && time <= now) {
        tm.tm_mday++;
        time = mktime(&tm);
    }
    *ms_out = (int64_t)time * 1000;
    return time > 0;
}
