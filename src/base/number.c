// SPDX-License-Identifier: Apache-2.0
#include "base/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NANO_PER_CENT UINT64_C(10000000)
#define NANO_PER_MILL UINT64_C(1000000) // a thousandth of a dollar

static uint64_t size_of(int64_t number)
{
    return number < 0 ? -(uint64_t)number : (uint64_t)number;
}

static uint64_t divide_rounded(uint64_t number, uint64_t divisor)
{
    return number / divisor + (number % divisor >= divisor - divisor / 2);
}

// Prints sign, unit and digits, with a comma before every third.
static const char *print_grouped(char *text, const char *before, uint64_t number)
{
    char digits[24];
    size_t length = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, number);
    size_t at = (size_t)snprintf(text, WF_NUMBER_BYTES, "%s", before);
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) {
            text[at++] = ',';
        }
        text[at++] = digits[i];
    }
    text[at] = '\0';
    return text;
}

const char *wf_number_count(char *text, int64_t number)
{
    return print_grouped(text, number < 0 ? "-" : "", size_of(number));
}

const char *wf_number_percent(char *text, int64_t parts, int64_t whole)
{
    int64_t tenths = whole ? (parts * 1000 + whole / 2) / whole : 0;
    snprintf(text, WF_NUMBER_BYTES, "%" PRId64 ".%" PRId64 " %%", tenths / 10, tenths % 10);
    return text;
}

const char *wf_number_dollars(char *text, int64_t nanousd)
{
    const char *before = nanousd < 0 ? "-$" : "$";
    uint64_t size = size_of(nanousd);
    uint64_t mills = divide_rounded(size, NANO_PER_MILL);
    uint64_t cents = divide_rounded(size, NANO_PER_CENT);
    if (mills == 0) {
        return memcpy(text, "$0", 3);
    }
    if (mills < 100) {
        snprintf(text, WF_NUMBER_BYTES, "%s0.%03" PRIu64, before, mills);
    } else if (cents < 1000) {
        snprintf(text, WF_NUMBER_BYTES, "%s%" PRIu64 ".%02" PRIu64, before, cents / 100,
                 cents % 100);
    } else {
        print_grouped(text, before, divide_rounded(size, 100 * NANO_PER_CENT));
    }
    return text;
}

const char *wf_number_dollars_column(char *text, int64_t nanousd)
{
    uint64_t mills = divide_rounded(size_of(nanousd), NANO_PER_MILL);
    snprintf(text, WF_NUMBER_BYTES, "%s%" PRIu64 ".%03" PRIu64, nanousd < 0 && mills ? "-" : "",
             mills / 1000, mills % 1000);
    return text;
}

const char *wf_number_thousandths(char *text, uint64_t thousandths)
{
    print_grouped(text, "", thousandths / 1000);
    unsigned rest = (unsigned)(thousandths % 1000);
    unsigned places = 3;
    while (rest > 0 && rest % 10 == 0) {
        rest /= 10;
        places--;
    }
    if (rest > 0) {
        size_t length = strlen(text);
        snprintf(text + length, WF_NUMBER_BYTES - length, ".%0*u", (int)places, rest);
    }
    return text;
}
