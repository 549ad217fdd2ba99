// SPDX-License-Identifier: Apache-2.0
#include "cli/figures.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/compat.h"

#define MS_PER_SECOND 1000.0
#define MS_PER_MINUTE 60000.0
#define MS_PER_HOUR 3600000.0
#define MS_PER_DAY 86400000.0
#define NUMBER_MAX 1e17 // past this digits mean nothing, and integers end soon

const char *wf_figure_duration(char *text, double ms)
{
    static const struct {
        double below_ms; // what rounds to less than a whole of the next unit
        double unit_ms;
        const char *unit;
    } units[] = {
        {59.5 * MS_PER_SECOND, MS_PER_SECOND, "s"},
        {59.5 * MS_PER_MINUTE, MS_PER_MINUTE, "min"},
        {47.5 * MS_PER_HOUR, MS_PER_HOUR, "h"},
        {INFINITY, MS_PER_DAY, "d"},
    };
    char number[WF_NUMBER_BYTES];
    double size = fmin(fabs(ms), NUMBER_MAX);
    uint32_t i = 0;
    while (size >= units[i].below_ms) {
        i++;
    }
    int64_t tenths = llround(10 * size / units[i].unit_ms);
    const char *sign = ms < 0 && tenths > 0 ? "-" : "";
    if (tenths == 0) {
        snprintf(text, WF_NUMBER_BYTES, "0 s");
    } else if (tenths < 100) {
        snprintf(text, WF_NUMBER_BYTES, "%s%" PRId64 ".%" PRId64 " %s", sign, tenths / 10,
                 tenths % 10, units[i].unit);
    } else {
        wf_number_count(number, llround(size / units[i].unit_ms));
        snprintf(text, WF_NUMBER_BYTES, "%s%.40s %s", sign, number, units[i].unit);
    }
    return text;
}

// Prints a size of less than a thousand with so many places.
static void print_places(char *text, double size, int places)
{
    int64_t scale = 1;
    for (int i = 0; i < places; i++) {
        scale *= 10;
    }
    int64_t scaled = llround(size * (double)scale);
    if (places == 0) {
        snprintf(text, WF_NUMBER_BYTES, "%" PRId64, scaled);
    } else {
        snprintf(text, WF_NUMBER_BYTES, "%" PRId64 ".%0*" PRId64, scaled / scale, places,
                 scaled % scale);
    }
}

// Prints what a number is without its sign.
static void print_size(char *text, double size)
{
    const int places_max = 6;
    double step = 1; // ten to the power that leaves three digits
    int places = 2;
    if (size < 5e-7) {
        snprintf(text, WF_NUMBER_BYTES, "0");
        return;
    }
    for (double of = size; of < 0.9995 && places < places_max; of *= 10) {
        places++;
    }
    if (size < 999.5) {
        places = size >= 99.95 ? 0 : size >= 9.995 ? 1 : places;
        print_places(text, size, places);
        return;
    }
    while (size / step >= 999.5) {
        step *= 10;
    }
    wf_number_count(text, llround(size / step) * llround(step));
}

const char *wf_figure_number(char *text, double number)
{
    char size[WF_NUMBER_BYTES];
    print_size(size, fmin(fabs(number), NUMBER_MAX));
    snprintf(text, WF_NUMBER_BYTES, "%s%.60s", number < 0 && strcmp(size, "0") != 0 ? "-" : "",
             size);
    return text;
}

const char *wf_figure_usd(char *text, double usd)
{
    char size[WF_NUMBER_BYTES];
    print_size(size, fmin(fabs(usd), NUMBER_MAX));
    snprintf(text, WF_NUMBER_BYTES, "%s%.60s", usd < 0 && strcmp(size, "0") != 0 ? "-$" : "$",
             size);
    return text;
}

const char *wf_figure_change(char *text, double fraction)
{
    char size[WF_NUMBER_BYTES];
    double percent = fmin(fabs(fraction) * 100, NUMBER_MAX);
    if (percent < 0.05) {
        snprintf(text, WF_NUMBER_BYTES, "0 %%");
        return text;
    }
    if (percent < 9.95) {
        print_places(size, percent, 1);
    } else {
        wf_number_count(size, llround(percent));
    }
    snprintf(text, WF_NUMBER_BYTES, "%s%.60s %%", fraction < 0 ? "-" : "+", size);
    return text;
}

const char *wf_figure_percent(char *text, double percent)
{
    char size[WF_NUMBER_BYTES];
    double of = fmin(fabs(percent), NUMBER_MAX);
    if (of >= 99.95 && of < 100.05) {
        snprintf(size, sizeof size, "100");
    } else if (of >= 0.95 && of < 999.5) {
        print_places(size, of, 1);
    } else if (of < 0.005) {
        snprintf(size, sizeof size, "0");
    } else if (of < 1) {
        print_places(size, of, 2);
    } else {
        print_size(size, of);
    }
    snprintf(text, WF_NUMBER_BYTES, "%s%.60s %%", percent <= -0.005 ? "-" : "", size);
    return text;
}
