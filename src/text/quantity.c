// SPDX-License-Identifier: Apache-2.0
#include "text/quantity.h"

#include <stddef.h>
#include <string.h>

#define MOST (INT64_C(1) << 62)
enum { DIGITS_MAX = 18 };

static bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

// The unit behind a number: powers of ten, or of 1,024.
static bool read_unit(const char *text, int *tens_out, int *kibis_out)
{
    static const struct {
        const char *unit;
        int tens, kibis;
    } units[] = {
        {"", 0, 0},   {"n", -9, 0}, {"u", -6, 0}, {"m", -3, 0}, {"k", 3, 0},  {"M", 6, 0},
        {"G", 9, 0},  {"T", 12, 0}, {"P", 15, 0}, {"E", 18, 0}, {"Ki", 0, 1}, {"Mi", 0, 2},
        {"Gi", 0, 3}, {"Ti", 0, 4}, {"Pi", 0, 5}, {"Ei", 0, 6},
    };
    for (size_t i = 0; i < WF_COUNT_OF(units); i++) {
        if (strcmp(text, units[i].unit) == 0) {
            *tens_out = units[i].tens;
            *kibis_out = units[i].kibis;
            return true;
        }
    }
    *kibis_out = 0;
    if (*text != 'e' && *text != 'E') {
        return false;
    }
    bool minus = text[1] == '-';
    const char *at = text + 1 + (minus || text[1] == '+');
    int tens = 0;
    if (!is_digit(*at)) {
        return false;
    }
    for (; is_digit(*at) && tens < 100; at++) {
        tens = tens * 10 + *at - '0';
    }
    *tens_out = minus ? -tens : tens;
    return *at == '\0';
}

// Reads digits with at most one point; *tens falls by one for each digit behind it. Returns where
// the unit begins, or NULL where there is no number, or one too long.
static const char *read_digits(const char *text, wf_int128 *number_out, int *tens)
{
    int digits = 0; // without zeros in front
    bool point = false;
    bool any = false;
    const char *at = text;
    *number_out = 0;
    for (; is_digit(*at) || (*at == '.' && !point); at++) {
        if (*at == '.') {
            point = true;
            continue;
        }
        any = true;
        *number_out = *number_out * 10 + (*at - '0');
        *tens -= point;
        digits += digits > 0 || *at != '0';
        if (digits > DIGITS_MAX) {
            return NULL;
        }
    }
    return any ? at : NULL;
}

bool wf_quantity_read(const char *text, int64_t *milli_out)
{
    wf_int128 number;
    int tens = 3; // thousandths
    int unit_tens = 0;
    int kibis = 0;
    const char *unit = read_digits(text, &number, &tens);
    if (!unit || !read_unit(unit, &unit_tens, &kibis)) {
        return false;
    }
    tens += unit_tens;
    for (; kibis > 0 && number <= MOST; kibis--) {
        number *= 1024;
    }
    for (; tens > 0 && number > 0 && number <= MOST; tens--) {
        number *= 10;
    }
    for (; tens < 0 && number > 0; tens++) {
        number /= 10;
    }
    *milli_out = (int64_t)number;
    return number <= MOST;
}
