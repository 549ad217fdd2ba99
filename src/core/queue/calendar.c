// SPDX-License-Identifier: Apache-2.0
#include "core/queue/calendar.h"

#include "base/assert.h"
#include "base/divide.h"
#include "core/limits.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

// The Gregorian calendar repeats itself after so many.
enum { CYCLE_YEARS = 400, CYCLE_DAYS = 146097 };

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

// Leap years up to and with this one, less those before the year 1: only differences mean
// something.
static int64_t leap_years(int64_t year)
{
    return wf_divide_down(year, 4) - wf_divide_down(year, 100) + wf_divide_down(year, 400);
}

// Days from 1970-01-01 to the first of January of the year.
static int64_t year_start(int64_t year)
{
    return 365 * (year - 1970) + leap_years(year - 1) - leap_years(1969);
}

static int64_t month_days(int64_t year, uint32_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month] + (month == 1 && is_leap(year));
}

struct days {
    int64_t start, end;
};

// The month that holds the day, in days from 1970-01-01.
static struct days month_of(int64_t day)
{
    // Off by at most one, since leap years are not spread evenly.
    int64_t year = 1970 + wf_divide_down(day * CYCLE_YEARS, CYCLE_DAYS);
    while (year_start(year) > day) {
        year--;
    }
    while (year_start(year + 1) <= day) {
        year++;
    }
    int64_t start = year_start(year);
    uint32_t month = 0;
    while (start + month_days(year, month) <= day) {
        start += month_days(year, month++);
    }
    return (struct days){start, start + month_days(year, month)};
}

struct span {
    int64_t start_ms, end_ms;
};

static struct span span_of(enum wf_budget_window window, int64_t at_ms)
{
    WF_ASSERT(at_ms >= -WF_TIME_MS_MAX && at_ms <= WF_TIME_MS_MAX);
    if (window == WF_WINDOW_MONTH) {
        struct days month = month_of(wf_divide_down(at_ms, DAY_MS));
        return (struct span){month.start * DAY_MS, month.end * DAY_MS};
    }
    int64_t length_ms = window == WF_WINDOW_DAY ? DAY_MS : HOUR_MS;
    int64_t start_ms = wf_divide_down(at_ms, length_ms) * length_ms;
    return (struct span){start_ms, start_ms + length_ms};
}

int64_t wf_calendar_start_ms(enum wf_budget_window window, int64_t at_ms)
{
    return span_of(window, at_ms).start_ms;
}

int64_t wf_calendar_end_ms(enum wf_budget_window window, int64_t at_ms)
{
    return span_of(window, at_ms).end_ms;
}
