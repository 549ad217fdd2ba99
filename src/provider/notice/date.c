// SPDX-License-Identifier: Apache-2.0
#include "provider/notice/date.h"

#include <stddef.h>
#include <string.h>

struct date {
    int64_t year, month, day, hour, minute, second;
};

// Reads so many digits and goes past them.
static bool read_digits(const char **at, uint32_t digits, int64_t *out)
{
    *out = 0;
    for (uint32_t i = 0; i < digits; i++) {
        char digit = **at;
        if (digit < '0' || digit > '9') {
            return false;
        }
        *out = *out * 10 + (digit - '0');
        (*at)++;
    }
    return true;
}

static bool skip(const char **at, const char *text)
{
    size_t length = strlen(text);
    if (strncmp(*at, text, length) != 0) {
        return false;
    }
    *at += length;
    return true;
}

// Days from 1970 to a day of the Gregorian calendar: years begin with March, so that the leap day
// is their last.
static int64_t days_of(const struct date *date)
{
    int64_t year = date->year - (date->month <= 2);
    int64_t month = (date->month + 9) % 12;
    int64_t day_of_year = (153 * month + 2) / 5 + date->day - 1;
    return 365 * year + year / 4 - year / 100 + year / 400 + day_of_year - 719468;
}

static bool to_ms(const struct date *date, int64_t *ms_out)
{
    bool good = date->year >= 1970 && date->month >= 1 && date->month <= 12 && date->day >= 1 &&
                date->day <= 31 && date->hour <= 23 && date->minute <= 59 && date->second <= 60;
    if (good) {
        int64_t hours = days_of(date) * 24 + date->hour;
        *ms_out = ((hours * 60 + date->minute) * 60 + date->second) * 1000;
    }
    return good;
}

static bool read_time(const char **at, struct date *date)
{
    return read_digits(at, 2, &date->hour) && skip(at, ":") && read_digits(at, 2, &date->minute) &&
           skip(at, ":") && read_digits(at, 2, &date->second);
}

// "Z", "+02:00" or "-0330".
static bool read_offset(const char **at, int64_t *offset_ms_out)
{
    int64_t hours = 0, minutes = 0, sign = **at == '-' ? -1 : 1;
    bool good = skip(at, "Z");
    if (!good) {
        good = (skip(at, "+") || skip(at, "-")) && read_digits(at, 2, &hours) &&
               (skip(at, ":") || true) && read_digits(at, 2, &minutes) && hours <= 23 &&
               minutes <= 59;
    }
    *offset_ms_out = sign * (hours * 60 + minutes) * 60000;
    return good;
}

static bool read_iso(const char *at, int64_t *ms_out)
{
    struct date date = {0};
    int64_t offset_ms = 0;
    bool good = read_digits(&at, 4, &date.year) && skip(&at, "-") &&
                read_digits(&at, 2, &date.month) && skip(&at, "-") &&
                read_digits(&at, 2, &date.day) && (skip(&at, "T") || skip(&at, " ")) &&
                read_time(&at, &date);
    if (good && skip(&at, ".")) {
        at += strspn(at, "0123456789"); // a notice is not that exact
    }
    good = good && read_offset(&at, &offset_ms) && *at == '\0' && to_ms(&date, ms_out);
    *ms_out -= good ? offset_ms : 0;
    return good;
}

static bool read_month(const char **at, int64_t *month_out)
{
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    for (int64_t i = 0; i < 12; i++) {
        if (skip(at, months[i])) {
            *month_out = i + 1;
            return true;
        }
    }
    return false;
}

static bool read_http(const char *at, int64_t *ms_out)
{
    struct date date = {0};
    at += strcspn(at, ","); // the day of the week says nothing new
    return skip(&at, ", ") && read_digits(&at, 2, &date.day) && skip(&at, " ") &&
           read_month(&at, &date.month) && skip(&at, " ") && read_digits(&at, 4, &date.year) &&
           skip(&at, " ") && read_time(&at, &date) && (skip(&at, " GMT") || skip(&at, " UTC")) &&
           *at == '\0' && to_ms(&date, ms_out);
}

bool wf_date_read(const char *text, int64_t *ms_out)
{
    return read_iso(text, ms_out) || read_http(text, ms_out);
}
