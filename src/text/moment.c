// SPDX-License-Identifier: Apache-2.0
#include "text/moment.h"

#include <stdio.h>
#include <time.h>

enum { MS_PER_MINUTE = 60000 };
#define MS_PER_DAY INT64_C(86400000)
#define MS_MAX INT64_C(253402300799999) // the end of the year 9999

static bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

// Takes so many digits from *at, a number from min to max.
static bool take(const char **at, unsigned digits, int min, int max, int *number_out)
{
    int number = 0;
    for (unsigned i = 0; i < digits; i++) {
        if (!is_digit(**at)) {
            return false;
        }
        number = number * 10 + (*(*at)++ - '0');
    }
    *number_out = number;
    return number >= min && number <= max;
}

static bool skip(const char **at, char letter)
{
    bool there = **at == letter;
    *at += there;
    return there;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

static bool take_date(const char **at, int64_t *ms_out)
{
    int year, month, day;
    if (!take(at, 4, 1970, 9999, &year) || !skip(at, '-') || !take(at, 2, 1, 12, &month) ||
        !skip(at, '-') || !take(at, 2, 1, days_of_month(year, month), &day)) {
        return false;
    }
    struct tm date = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
    *ms_out = (int64_t)timegm(&date) * 1000;
    return true;
}

// What may stand behind the seconds: a fraction, and how far the clock is from UTC.
static bool take_end(const char *at, int64_t *ms)
{
    if (*at == '.' && is_digit(at[1])) {
        at++;
        for (int64_t worth = 100; is_digit(*at); at++, worth /= 10) {
            *ms += worth * (*at - '0');
        }
    }
    if (*at == 'Z') {
        at++;
    } else if (*at == '+' || *at == '-') {
        int sign = *at++ == '+' ? 1 : -1;
        int hours, minutes;
        if (!take(&at, 2, 0, 23, &hours)) {
            return false;
        }
        at += *at == ':';
        if (!take(&at, 2, 0, 59, &minutes)) {
            return false;
        }
        *ms -= (int64_t)sign * (hours * 60 + minutes) * MS_PER_MINUTE;
    }
    return *at == '\0';
}

bool wf_moment_read(const char *text, int64_t *ms_out)
{
    int64_t ms;
    int hour, minute, second;
    if (!take_date(&text, &ms)) {
        return false;
    }
    if (*text != '\0') {
        if (*text != 'T' && *text != ' ') {
            return false;
        }
        text++;
        if (!take(&text, 2, 0, 23, &hour) || !skip(&text, ':') || !take(&text, 2, 0, 59, &minute) ||
            !skip(&text, ':') || !take(&text, 2, 0, 60, &second)) {
            return false;
        }
        ms += ((int64_t)(hour * 60 + minute) * 60 + second) * 1000;
        if (!take_end(text, &ms)) {
            return false;
        }
    }
    *ms_out = ms;
    return ms >= 0 && ms <= MS_MAX;
}

static const char *write(char *text, int64_t ms, const char *format)
{
    struct tm parts = {0};
    time_t seconds = (time_t)(ms / 1000);
    gmtime_r(&seconds, &parts);
    if (strftime(text, WF_MOMENT_BYTES, format, &parts) == 0) {
        snprintf(text, WF_MOMENT_BYTES, "?");
    }
    return text;
}

const char *wf_moment_date(char *text, int64_t ms)
{
    return write(text, ms, "%Y-%m-%d");
}

const char *wf_moment_seconds(char *text, int64_t ms)
{
    return write(text, ms, "%Y-%m-%dT%H:%M:%SZ");
}
