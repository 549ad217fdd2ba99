// SPDX-License-Identifier: Apache-2.0
#include "sim/history/text.h"

#include <string.h>
#include <strings.h>

#include "base/compat.h"

static const int64_t seconds_max = INT64_C(10000000000);
static const int64_t epoch_max = INT64_C(253402300799); // the last second of the year 9999

static bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

bool wf_text_digits(const char **at, int64_t max, int64_t *number_out)
{
    const char *text = *at;
    int64_t number = 0;
    if (!is_digit(*text)) {
        return false;
    }
    for (; is_digit(*text); text++) {
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, *text - '0', &number) || number > max) {
            return false;
        }
    }
    *at = text;
    *number_out = number;
    return true;
}

bool wf_text_whole(const char *text, int64_t max, int64_t *number_out)
{
    int64_t number;
    if (!wf_text_digits(&text, max, &number) || *text != '\0') {
        return false;
    }
    *number_out = number;
    return true;
}

bool wf_text_decimal(const char **at, int64_t *milli_out)
{
    const char *text = *at;
    int64_t number = 0;
    if (*text != '.' && !wf_text_digits(&text, INT64_C(1000000000000000), &number)) {
        return false;
    }
    int64_t milli = number * 1000;
    if (*text == '.') {
        text++;
        if (!is_digit(*text)) {
            return false;
        }
        bool more = false;
        for (int64_t worth = 100; is_digit(*text); text++, worth /= 10) {
            milli += worth * (*text - '0');
            more = more || (worth == 0 && *text != '0');
        }
        milli += more;
    }
    *at = text;
    *milli_out = milli;
    return true;
}

// Days since 1970 of a date in the Gregorian calendar, years counted from March so that the
// leap day is the last of its year.
static int64_t days_since_1970(int64_t year, int64_t month, int64_t day)
{
    int64_t from_march = (month + 9) % 12;
    int64_t shifted = year - (month <= 2);
    int64_t days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400;
    return days + (153 * from_march + 2) / 5 + day - 1 - 719468;
}

static int64_t days_of_month(int64_t year, int64_t month)
{
    if (month == 2) {
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
    }
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// Two digits from *at, up to max, behind the letter that must stand before them (0: none).
static bool take_two(const char **at, char letter, int64_t max, int64_t *number_out)
{
    const char *text = *at + (letter != 0);
    if ((letter && **at != letter) || !is_digit(text[0]) || !is_digit(text[1])) {
        return false;
    }
    *number_out = (text[0] - '0') * 10 + (text[1] - '0');
    *at = text + 2;
    return *number_out <= max;
}

// The fraction of a second and the distance from UTC.
static bool take_time_end(const char *text, int64_t *ms)
{
    if (*text == '.') {
        text++;
        for (int64_t worth = 100; is_digit(*text); text++, worth /= 10) {
            *ms += worth * (*text - '0');
        }
    }
    if (*text == 'Z') {
        text++;
    } else if (*text == '+' || *text == '-') {
        int64_t sign = *text == '+' ? 1 : -1;
        int64_t hours;
        int64_t minutes;
        text++;
        if (!take_two(&text, 0, 23, &hours) ||
            !take_two(&text, *text == ':' ? ':' : 0, 59, &minutes)) {
            return false;
        }
        *ms -= sign * (hours * 60 + minutes) * 60000;
    }
    return *text == '\0';
}

// "2026-05-01" at *at, in days since 1970.
static bool take_date(const char **at, int64_t *days_out)
{
    int64_t year;
    int64_t month;
    int64_t day;
    if (!wf_text_digits(at, 9999, &year) || year < 1970 || !take_two(at, '-', 12, &month) ||
        !take_two(at, '-', 31, &day)) {
        return false;
    }
    *days_out = days_since_1970(year, month, day);
    return month >= 1 && day >= 1 && day <= days_of_month(year, month);
}

bool wf_text_time(const char *text, int64_t *ms_out)
{
    int64_t seconds;
    if (wf_text_whole(text, epoch_max, &seconds)) {
        *ms_out = seconds * 1000;
        return true;
    }
    int64_t days;
    int64_t hour;
    int64_t minute;
    int64_t second;
    if (!take_date(&text, &days) || !take_two(&text, *text == ' ' ? ' ' : 'T', 23, &hour) ||
        !take_two(&text, ':', 59, &minute) || !take_two(&text, ':', 60, &second)) {
        return false;
    }
    int64_t ms = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000;
    if (!take_time_end(text, &ms) || ms < 0 || ms > epoch_max * 1000) {
        return false;
    }
    *ms_out = ms;
    return true;
}

bool wf_text_time_or_date(const char *text, int64_t *ms_out)
{
    int64_t days;
    const char *end = text;
    if (take_date(&end, &days) && *end == '\0') {
        *ms_out = days * 86400000;
        return true;
    }
    return wf_text_time(text, ms_out);
}

bool wf_text_duration(const char *text, int64_t *ms_out)
{
    int64_t days = 0;
    int64_t parts[3];
    uint32_t count = 0;
    const char *dash = strchr(text, '-');
    if (dash) {
        if (!wf_text_digits(&text, seconds_max / 86400, &days) || text != dash) {
            return false;
        }
        text++;
    }
    for (bool more = true; more; count++) {
        if (count == 3 || !wf_text_digits(&text, seconds_max, &parts[count])) {
            return false;
        }
        more = *text == ':';
        text += more;
    }
    if (*text == '.') { // Slurm prints thousandths of used CPU time
        for (text++; is_digit(*text); text++) {
        }
    }
    if (*text != '\0') {
        return false;
    }
    // What the first number counts depends on what is there: D-H.., H:M:S, M:S or M.
    static const int64_t worth[] = {3600, 60, 1};
    uint32_t first = dash || count == 3 ? 0 : 1;
    int64_t seconds = days * 86400;
    for (uint32_t i = 0; i < count; i++) {
        if (parts[i] > seconds_max / worth[first + i]) {
            return false;
        }
        seconds += parts[i] * worth[first + i];
    }
    *ms_out = seconds * 1000;
    return seconds <= seconds_max;
}

bool wf_text_same(const char *text, const char *other)
{
    return strcasecmp(text, other) == 0;
}

bool wf_text_begins(const char *text, const char *start)
{
    return strncasecmp(text, start, strlen(start)) == 0;
}

size_t wf_text_stem(const char *name)
{
    size_t length = strlen(name);
    for (;;) {
        size_t digits = length;
        while (digits > 0 && is_digit(name[digits - 1])) {
            digits--;
        }
        if (digits == length || digits < 2 || !strchr("-_.:", name[digits - 1])) {
            return length;
        }
        length = digits - 1;
        while (length > 1 && strchr("-_.:", name[length - 1])) {
            length--;
        }
    }
}
