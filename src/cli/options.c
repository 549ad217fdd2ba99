// SPDX-License-Identifier: Apache-2.0
#include "cli/options.h"

#include <getopt.h>
#include <string.h>

#include "base/assert.h"
#include "base/nearest.h"

enum { SEEDS_MAX = 1000 };

static uint32_t count_options(const struct wf_option *options)
{
    uint32_t count = 0;
    while (options && options[count].name) {
        count++;
    }
    WF_ASSERT(count < WF_OPTIONS_MAX);
    return count;
}

static enum wf_status fail_unknown(const struct wf_option *options, const char *text,
                                   struct wf_error *err)
{
    const char *names[WF_OPTIONS_MAX];
    uint32_t count = count_options(options);
    for (uint32_t i = 0; i < count; i++) {
        names[i] = options[i].name;
    }
    char name[64];
    const char *bare = text + strspn(text, "-");
    snprintf(name, sizeof name, "%.*s", (int)strcspn(bare, "="), bare);
    uint32_t near = wf_nearest_name(name, names, count);
    if (near != UINT32_MAX) {
        return wf_fail(err, WF_INVALID, "there is no option '%.60s' (did you mean '--%s'?)", text,
                       names[near]);
    }
    return wf_fail(err, WF_INVALID, "there is no option '%.60s'", text);
}

enum wf_status wf_options_parse(const struct wf_option_reader *reader, int argc, char **argv,
                                int *words_out, struct wf_error *err)
{
    const struct wf_option *options = reader->options;
    struct option table[WF_OPTIONS_MAX + 1] = {{0}};
    uint32_t count = count_options(options);
    for (uint32_t i = 0; i < count; i++) {
        table[i].name = options[i].name;
        table[i].has_arg = options[i].argument ? required_argument : no_argument;
    }
    opterr = 0;
    optind = 0;
    for (;;) {
        int index = -1;
        int found = getopt_long(argc, argv, ":", table, &index);
        if (found == -1) {
            break;
        }
        if (found == ':') {
            return wf_fail(err, WF_INVALID, "the option '%.60s' lacks what it stands for",
                           argv[optind - 1]);
        }
        if (found == '?' || index < 0) {
            return fail_unknown(options, argv[optind - 1], err);
        }
        enum wf_status status = reader->take(reader->context, options[index].name, optarg, err);
        if (status != WF_OK) {
            return status;
        }
    }
    *words_out = optind;
    return WF_OK;
}

static bool read_digits(const char *text, size_t length, uint64_t *number_out)
{
    *number_out = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(*number_out, 10, number_out) ||
            __builtin_add_overflow(*number_out, (uint64_t)(text[i] - '0'), number_out)) {
            return false;
        }
    }
    return length > 0;
}

enum wf_status wf_option_number(const char *what, const char *text, uint64_t min, uint64_t max,
                                uint64_t *number_out, struct wf_error *err)
{
    if (!read_digits(text, strlen(text), number_out) || *number_out < min || *number_out > max) {
        return wf_fail(err, WF_INVALID,
                       "%s is '%.40s', it must be a whole number from %llu to %llu", what, text,
                       (unsigned long long)min, (unsigned long long)max);
    }
    return WF_OK;
}

enum wf_status wf_option_seeds(const char *text, uint64_t *first_out, uint64_t *last_out,
                               struct wf_error *err)
{
    size_t first = strcspn(text, "-");
    bool range = text[first] == '-';
    bool good = read_digits(text, first, first_out);
    *last_out = *first_out;
    if (good && range) {
        good = read_digits(text + first + 1, strlen(text + first + 1), last_out);
    }
    if (!good || *last_out < *first_out || *last_out > INT64_MAX) {
        return wf_fail(err, WF_INVALID,
                       "--seeds is '%.40s', it must be one seed like 42 or a range like 42-51",
                       text);
    }
    if (*last_out - *first_out >= SEEDS_MAX) {
        return wf_fail(err, WF_LIMIT, "--seeds is '%.40s', at most %d seeds run at once", text,
                       SEEDS_MAX);
    }
    return WF_OK;
}

enum wf_status wf_option_thousandths(const char *what, const char *text, uint32_t max,
                                     uint32_t *number_out, struct wf_error *err)
{
    size_t whole = strcspn(text, ".");
    const char *places = text[whole] == '.' ? text + whole + 1 : "0";
    size_t place_count = strlen(places);
    uint64_t units = 0;
    uint64_t rest = 0;
    bool good = read_digits(text, whole, &units) && place_count <= 3 && units <= max &&
                read_digits(places, place_count, &rest);
    for (size_t i = place_count; i < 3; i++) {
        rest *= 10;
    }
    uint64_t thousandths = units * 1000 + rest;
    if (!good || thousandths == 0 || thousandths > max) {
        return wf_fail(err, WF_INVALID,
                       "%s is '%.40s', it must be a number like 1.3, above 0 and at most %u.%u",
                       what, text, max / 1000, max % 1000 / 100);
    }
    *number_out = (uint32_t)thousandths;
    return WF_OK;
}
