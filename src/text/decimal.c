// SPDX-License-Identifier: Apache-2.0
#include "text/decimal.h"

#include <stdbool.h>

static bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

// Takes in one digit; a number past max becomes and stays the largest there is.
static int64_t with_digit(int64_t number, int digit, int64_t max)
{
    return number > (max - digit) / 10 ? INT64_MAX : number * 10 + digit;
}

// Takes in places digits, of which the text may have fewer or, cut off, more. Returns where it
// ends.
static const char *read_fraction(const char *at, unsigned places, int64_t max, int64_t *number)
{
    for (unsigned place = 0; place < places; place++) {
        *number = with_digit(*number, is_digit(*at) ? *at++ - '0' : 0, max);
    }
    while (is_digit(*at)) {
        at++;
    }
    return at;
}

enum wf_decimal wf_decimal_read(const char *text, unsigned places, int64_t max, int64_t *number_out)
{
    bool negative = text[0] == '-';
    const char *at = text + negative;
    int64_t number = 0;
    if (!is_digit(*at)) {
        return WF_DECIMAL_WRONG;
    }
    for (; is_digit(*at); at++) {
        number = with_digit(number, *at - '0', max);
    }
    bool point = *at == '.';
    if ((point && (places == 0 || !is_digit(at[1]))) || (!point && *at != '\0')) {
        return WF_DECIMAL_WRONG;
    }
    at = read_fraction(at + point, places, max, &number);
    if (*at != '\0') {
        return WF_DECIMAL_WRONG;
    }
    *number_out = number;
    if (negative) {
        return WF_DECIMAL_NEGATIVE;
    }
    return number > max ? WF_DECIMAL_TOO_LARGE : WF_DECIMAL_READ;
}
