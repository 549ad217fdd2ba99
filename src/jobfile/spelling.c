// SPDX-License-Identifier: Apache-2.0
#include "jobfile/spelling.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/compat.h"

#define MOST (INT64_C(1) << 62)
enum { DIGITS_MAX = 18 };

// A number with at most one point in it. *thousandths_out cuts what is finer. Returns where it
// ends, or NULL where there is none or it is too long.
static const char *read_number(const char *text, int64_t *thousandths_out)
{
    int64_t number = 0;
    int places = -1; // behind the point
    int digits = 0;
    for (; isdigit((unsigned char)*text) || (*text == '.' && places < 0); text++) {
        if (*text == '.') {
            places = 0;
        } else if (places < 3) {
            number = number * 10 + (*text - '0');
            places += places >= 0;
            if (++digits > DIGITS_MAX - 3) {
                return NULL;
            }
        }
    }
    for (int i = places < 0 ? 0 : places; i < 3; i++) {
        number *= 10;
    }
    *thousandths_out = number;
    return digits > 0 && text[-1] != '.' ? text : NULL;
}

static uint32_t word_length(const char *text)
{
    uint32_t length = 0;
    while (isalpha((unsigned char)text[length])) {
        length++;
    }
    return length;
}

bool wf_job_span_read(const char *text, int64_t *ms_out)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"w", 604800000}, {"d", 86400000}, {"h", 3600000},
                 {"m", 60000},     {"s", 1000},     {"ms", 1}};
    wf_int128 sum = 0;
    size_t next = 0; // units only get smaller
    if (!*text) {
        return false;
    }
    while (*text) {
        int64_t thousandths;
        const char *unit = read_number(text, &thousandths);
        uint32_t length = unit ? word_length(unit) : 0;
        size_t i = next;
        if (length == 3 && strncmp(unit, "min", 3) == 0 && next <= 3) {
            i = 3;
        } else {
            while (i < WF_COUNT_OF(units) &&
                   (strlen(units[i].name) != length || strncmp(units[i].name, unit, length) != 0)) {
                i++;
            }
        }
        if (!unit || i == WF_COUNT_OF(units)) {
            return false;
        }
        sum += (wf_int128)thousandths * units[i].ms / 1000;
        text = unit + length;
        next = i + 1;
    }
    *ms_out = (int64_t)sum;
    return sum <= MOST;
}

bool wf_job_bytes_read(const char *text, int64_t *bytes_out)
{
    static const struct {
        const char *name;
        int64_t base;
        int power;
    } units[] = {
        {"", 1, 0},       {"B", 1, 0},      {"K", 1024, 1},   {"KI", 1024, 1},  {"KIB", 1024, 1},
        {"KB", 1000, 1},  {"M", 1024, 2},   {"MI", 1024, 2},  {"MIB", 1024, 2}, {"MB", 1000, 2},
        {"G", 1024, 3},   {"GI", 1024, 3},  {"GIB", 1024, 3}, {"GB", 1000, 3},  {"T", 1024, 4},
        {"TI", 1024, 4},  {"TIB", 1024, 4}, {"TB", 1000, 4},  {"P", 1024, 5},   {"PI", 1024, 5},
        {"PIB", 1024, 5}, {"PB", 1000, 5},
    };
    int64_t thousandths;
    const char *unit = read_number(text, &thousandths);
    while (unit && *unit == ' ') {
        unit++;
    }
    for (size_t i = 0; unit && i < WF_COUNT_OF(units); i++) {
        if (strcasecmp(unit, units[i].name) == 0) {
            wf_int128 bytes = thousandths;
            for (int power = units[i].power; power > 0 && bytes <= (wf_int128)MOST * 1000;
                 power--) {
                bytes *= units[i].base;
            }
            // A part of a byte is a byte: "0.1B" is not nothing.
            bytes = (bytes + 999) / 1000;
            *bytes_out = (int64_t)bytes;
            return bytes <= MOST;
        }
    }
    return false;
}

// Exactly count digits.
static const char *fixed(const char *text, int count, int64_t *number_out)
{
    *number_out = 0;
    for (int i = 0; i < count; i++) {
        if (!text || !isdigit((unsigned char)text[i])) {
            return NULL;
        }
        *number_out = *number_out * 10 + (text[i] - '0');
    }
    return text + count;
}

static const char *sign(const char *text, const char *signs)
{
    return text && *text && strchr(signs, *text) ? text + 1 : NULL;
}

// Days since 1970 of a day in the calendar of today (proleptic Gregorian).
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    static const int16_t before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t whole = year - 1; // years that are over; year is at least 1
    int64_t days = whole * 365 + whole / 4 - whole / 100 + whole / 400;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days + before[month - 1] + (leap && month > 2) + day - 1 - 719162;
}

static bool is_day(int64_t year, int64_t month, int64_t day)
{
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return year >= 1970 && month >= 1 && month <= 12 && day >= 1 &&
           day <= days[month - 1] + (leap && month == 2);
}

// "Z", "+02:00": minutes ahead of UTC.
static const char *read_zone(const char *text, int64_t *minutes_out)
{
    int64_t hours;
    int64_t minutes;
    const char *at = sign(text, "Zz");
    *minutes_out = 0;
    if (at) {
        return at;
    }
    at = fixed(sign(text, "+-"), 2, &hours);
    at = fixed(sign(at, ":"), 2, &minutes);
    if (!at || hours > 23 || minutes > 59) {
        return NULL;
    }
    *minutes_out = (hours * 60 + minutes) * (text[0] == '-' ? -1 : 1);
    return at;
}

bool wf_job_time_read(const char *text, int64_t *ms_out)
{
    int64_t year;
    int64_t month;
    int64_t day;
    int64_t hour;
    int64_t minute;
    int64_t second;
    int64_t milli = 0;
    int64_t zone;
    const char *at = fixed(text, 4, &year);
    at = fixed(sign(at, "-"), 2, &month);
    at = fixed(sign(at, "-"), 2, &day);
    at = fixed(sign(at, "Tt "), 2, &hour);
    at = fixed(sign(at, ":"), 2, &minute);
    at = fixed(sign(at, ":"), 2, &second);
    if (!at || !is_day(year, month, day) || hour > 23 || minute > 59 || second > 60) {
        return false;
    }
    if (*at == '.') {
        int64_t unit = 100;
        at++;
        for (; isdigit((unsigned char)*at); at++) {
            milli += (*at - '0') * unit;
            unit /= 10;
        }
    }
    at = read_zone(at, &zone);
    if (!at || *at) {
        return false;
    }
    int64_t minutes = (days_of(year, month, day) * 24 + hour) * 60 + minute - zone;
    *ms_out = (minutes * 60 + second) * 1000 + milli;
    return *ms_out >= 0;
}

static const struct {
    const char *name;
    uint32_t number;
} signals[] = {
    {"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT},   {"USR1", SIGUSR1},
    {"USR2", SIGUSR2}, {"TERM", SIGTERM}, {"CONT", SIGCONT},   {"ALRM", SIGALRM},
    {"URG", SIGURG},   {"XCPU", SIGXCPU}, {"WINCH", SIGWINCH},
};

bool wf_job_signal_read(const char *text, uint32_t *signal_out)
{
    const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
    for (size_t i = 0; i < WF_COUNT_OF(signals); i++) {
        char number[16];
        snprintf(number, sizeof number, "%u", signals[i].number);
        if (strcasecmp(name, signals[i].name) == 0 || strcmp(text, number) == 0) {
            *signal_out = signals[i].number;
            return true;
        }
    }
    return false;
}

const char *wf_job_signal_name(uint32_t number)
{
    for (size_t i = 0; i < WF_COUNT_OF(signals); i++) {
        if (signals[i].number == number) {
            return signals[i].name;
        }
    }
    return NULL;
}
