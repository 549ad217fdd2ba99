// SPDX-License-Identifier: Apache-2.0
#include "store/journal_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "core/discipline/discipline.h"
#include "core/policy/policy.h"

#define FIRST_WORDS "whaleflux journal "
enum { SEAL_BYTES = 10, QUOTE_SHOWN = 40 }; // " #" and eight digits

static const char digits_16[] = "0123456789abcdef";

static const char *const named_words[] = {
#define NAMED_WORD(code, word) [WF_JOURNAL_##code] = (word),
    WF_JOURNAL_NAMED(NAMED_WORD)
#undef NAMED_WORD
};

const char *wf_journal_named_word(enum wf_journal_named what)
{
    return named_words[what];
}

static uint32_t checksum(const char *text, size_t length, uint64_t number)
{
    uint64_t hash = wf_hash_add(number, length);
    for (size_t i = 0; i < length; i += 8) {
        uint64_t word = 0;
        for (size_t j = i; j < length && j < i + 8; j++) {
            word = word << 8 | (unsigned char)text[j];
        }
        hash = wf_hash_add(hash, word);
    }
    return (uint32_t)hash;
}

static void write_hex(char *to, uint64_t number, uint32_t digits)
{
    for (uint32_t i = digits; i > 0; i--, number >>= 4) {
        to[i - 1] = digits_16[number & 15];
    }
}

static bool read_hex(const char *from, uint32_t digits, uint64_t *number_out)
{
    uint64_t number = 0;
    for (uint32_t i = 0; i < digits; i++) {
        const char *digit = from[i] ? strchr(digits_16, from[i]) : NULL;
        if (!digit) {
            return false;
        }
        number = number << 4 | (uint64_t)(digit - digits_16);
    }
    *number_out = number;
    return true;
}

size_t wf_journal_seal(char *line, size_t length, uint64_t number)
{
    uint32_t sum = checksum(line, length, number);
    memcpy(line + length, " #", 2);
    write_hex(line + length + 2, sum, 8);
    line[length + SEAL_BYTES] = '\n';
    line[length + SEAL_BYTES + 1] = '\0';
    return length + SEAL_BYTES + 1;
}

bool wf_journal_unseal(char *line, size_t *length, uint64_t number)
{
    uint64_t sum;
    if (memchr(line, '\0', *length) || *length < SEAL_BYTES ||
        memcmp(line + *length - SEAL_BYTES, " #", 2) != 0 ||
        !read_hex(line + *length - 8, 8, &sum)) {
        return false;
    }
    *length -= SEAL_BYTES;
    bool same = sum == checksum(line, *length, number);
    line[*length] = '\0';
    return same;
}

bool wf_journal_recognise(const char *line)
{
    return strncmp(line, FIRST_WORDS, sizeof FIRST_WORDS - 1) == 0;
}

// The head. Its fields stand in one order.

static bool take_text(const char **at, const char *text)
{
    size_t length = strlen(text);
    if (strncmp(*at, text, length) != 0) {
        return false;
    }
    *at += length;
    return true;
}

static bool take_word(const char **at, const char *name, char word[WF_JOURNAL_WORD_BYTES])
{
    if (!take_text(at, name)) {
        return false;
    }
    size_t length = strcspn(*at, " ");
    if (length == 0 || length >= WF_JOURNAL_WORD_BYTES) {
        return false;
    }
    memcpy(word, *at, length);
    word[length] = '\0';
    *at += length;
    return true;
}

static bool take_number(const char **at, const char *name, uint64_t max, uint64_t *number_out)
{
    if (!take_text(at, name) || **at < '0' || **at > '9') {
        return false;
    }
    char *end;
    errno = 0;
    *number_out = strtoull(*at, &end, 10);
    *at = end;
    return errno == 0 && *number_out <= max;
}

static bool take_yes(const char **at, const char *name, bool *yes_out)
{
    char word[WF_JOURNAL_WORD_BYTES];
    bool good = take_word(at, name, word);
    *yes_out = good && strcmp(word, "yes") == 0;
    return good && (*yes_out || strcmp(word, "no") == 0);
}

static bool take_made(const char *at, struct wf_journal_maker *maker)
{
    uint64_t seed, half_life, after;
    bool good = take_word(&at, "made program=", maker->program) &&
                take_word(&at, " policy=", maker->policy) &&
                take_word(&at, " discipline=", maker->discipline) &&
                take_number(&at, " seed=", UINT64_MAX, &seed) &&
                take_yes(&at, " plain=", &maker->core.plain) &&
                take_number(&at, " fair_share_half_life_ms=", INT64_MAX, &half_life) &&
                take_number(&at, " preempt_after_ms=", INT64_MAX, &after) && *at == '\0';
    if (good) {
        maker->core.seed = seed;
        maker->core.fair_share_half_life_ms = (int64_t)half_life;
        maker->core.preempt_after_ms = (int64_t)after;
        if (strcmp(maker->discipline, "none") == 0) {
            maker->discipline[0] = '\0';
        }
    }
    return good;
}

static bool take_limits(const char *at, struct wf_limits *limits)
{
    const struct {
        const char *name;
        uint32_t *place;
    } fields[] = {
        {"limits models=", &limits->models},
        {" pools=", &limits->pools},
        {" nodes=", &limits->nodes},
        {" jobs=", &limits->jobs},
        {" placements=", &limits->placements},
        {" classes=", &limits->classes},
        {" queues=", &limits->queues},
        {" lanes=", &limits->lanes},
        {" reservations=", &limits->reservations},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(fields); i++) {
        uint64_t number;
        if (!take_number(&at, fields[i].name, UINT32_MAX, &number)) {
            return false;
        }
        *fields[i].place = (uint32_t)number;
    }
    return take_yes(&at, " moves=", &limits->moves) && *at == '\0';
}

static bool take_driver(const char *at, char driver[WF_JOURNAL_DRIVER_BYTES])
{
    return take_text(&at, "driver ") &&
           snprintf(driver, WF_JOURNAL_DRIVER_BYTES, "%s", at) < WF_JOURNAL_DRIVER_BYTES;
}

static enum wf_status parse_head(struct wf_journal_parser *parser, const char *line,
                                 struct wf_error *err)
{
    bool good = false;
    switch (parser->heads++) {
    case 0:
        if (!take_text(&line, FIRST_WORDS)) {
            return wf_fail(err, WF_INVALID, "this is no journal");
        }
        if (strcmp(line, "1") != 0) {
            return wf_fail(err, WF_INVALID,
                           "this is a journal of version %.20s, only version %d is known", line,
                           WF_JOURNAL_VERSION);
        }
        return WF_OK;
    case 1:
        good = take_made(line, &parser->maker);
        break;
    case 2:
        good = take_limits(line, &parser->maker.core.limits);
        break;
    default:
        good = take_driver(line, parser->maker.driver);
        parser->has_maker = good;
        break;
    }
    return good ? WF_OK
                : wf_fail(err, WF_INVALID, "the journal does not say what made it: '%.*s'",
                          QUOTE_SHOWN, line);
}

static void write_made(const struct wf_journal_maker *maker, char *line, size_t size)
{
    snprintf(line, size,
             "made program=%s policy=%s discipline=%s seed=%llu plain=%s "
             "fair_share_half_life_ms=%lld preempt_after_ms=%lld",
             maker->program, maker->policy, maker->discipline[0] ? maker->discipline : "none",
             (unsigned long long)maker->core.seed, maker->core.plain ? "yes" : "no",
             (long long)maker->core.fair_share_half_life_ms,
             (long long)maker->core.preempt_after_ms);
}

static void write_limits(const struct wf_limits *limits, char *line, size_t size)
{
    snprintf(line, size,
             "limits models=%u pools=%u nodes=%u jobs=%u placements=%u classes=%u queues=%u "
             "lanes=%u reservations=%u moves=%s",
             limits->models, limits->pools, limits->nodes, limits->jobs, limits->placements,
             limits->classes, limits->queues, limits->lanes, limits->reservations,
             limits->moves ? "yes" : "no");
}

enum wf_status wf_journal_write_head(const struct wf_journal_maker *maker,
                                     char text[WF_JOURNAL_HEAD_BYTES], size_t *length_out,
                                     struct wf_error *err)
{
    size_t length = 0;
    struct wf_journal_parser parser = {.heads = 0};
    for (uint32_t i = 0; i < WF_JOURNAL_HEAD_LINES; i++) {
        char line[WF_JOURNAL_DRIVER_BYTES + 32] = FIRST_WORDS "1";
        if (i == 1) {
            write_made(maker, line, sizeof line);
        } else if (i == 2) {
            write_limits(&maker->core.limits, line, sizeof line);
        } else if (i == 3) {
            snprintf(line, sizeof line, "driver %s", maker->driver);
        }
        // What could not be read again must not be written.
        enum wf_status status = parse_head(&parser, line, err);
        if (status != WF_OK || strchr(line, '\n')) {
            return status != WF_OK ? status
                                   : wf_fail(err, WF_INVALID, "the driver's words are two lines");
        }
        snprintf(text + length, WF_JOURNAL_HEAD_BYTES - length, "%s", line);
        length += wf_journal_seal(text + length, strlen(line), i + 1);
    }
    *length_out = length;
    return WF_OK;
}

void wf_journal_maker_init(struct wf_journal_maker *maker, const struct wf_core_config *core,
                           const char *program, const char *driver)
{
    *maker = (struct wf_journal_maker){.core = *core};
    maker->core.policy = NULL;
    maker->core.discipline = NULL;
    snprintf(maker->program, sizeof maker->program, "%s", program);
    snprintf(maker->policy, sizeof maker->policy, "%s", core->policy->name);
    snprintf(maker->discipline, sizeof maker->discipline, "%s",
             core->discipline ? core->discipline->name : "");
    snprintf(maker->driver, sizeof maker->driver, "%s", driver);
    for (char *at = maker->driver; *at; at++) {
        if ((unsigned char)*at < ' ') {
            *at = ' ';
        }
    }
}

enum wf_status wf_journal_core_config(const struct wf_journal_maker *maker,
                                      struct wf_core_config *config_out, struct wf_error *err)
{
    *config_out = maker->core;
    config_out->policy = wf_policy_find(maker->policy);
    if (!config_out->policy) {
        return wf_fail(err, WF_NOTFOUND,
                       "the journal was made with the placement policy '%s', which this program "
                       "does not know",
                       maker->policy);
    }
    if (maker->discipline[0]) {
        config_out->discipline = wf_discipline_find(maker->discipline);
        if (!config_out->discipline) {
            return wf_fail(err, WF_NOTFOUND,
                           "the journal was made with the discipline '%s', which this program "
                           "does not know",
                           maker->discipline);
        }
    }
    return WF_OK;
}

// Records.

static enum wf_status parse_hash(const char *at, struct wf_journal_record *record,
                                 struct wf_error *err)
{
    record->kind = WF_JOURNAL_HASH;
    const char *rest = strlen(at) > 16 ? at + 16 : "";
    if (!read_hex(at, strlen(at) > 16 ? 16 : 0, &record->hash.hash) ||
        !take_number(&rest, " events=", UINT64_MAX, &record->hash.events) || *rest != '\0') {
        return wf_fail(err, WF_INVALID, "'%.*s' is no hash of decisions", QUOTE_SHOWN, at);
    }
    return WF_OK;
}

static enum wf_status parse_name(const char *at, struct wf_journal_record *record,
                                 struct wf_error *err)
{
    const char *from = at;
    record->kind = WF_JOURNAL_NAME;
    for (uint32_t i = 0; i < WF_COUNT_OF(named_words); i++) {
        size_t length = strlen(named_words[i]);
        if (strncmp(at, named_words[i], length) == 0 && at[length] == ' ') {
            at += length;
            record->name.what = (enum wf_journal_named)i;
            if (take_number(&at, " ", UINT64_MAX, &record->name.number) && *at == ' ') {
                record->name.text = at + 1;
                return WF_OK;
            }
            break;
        }
    }
    return wf_fail(err, WF_INVALID, "'%.*s' names nothing that is known", QUOTE_SHOWN, from);
}

enum wf_status wf_journal_parse(struct wf_journal_parser *parser, const char *line, size_t length,
                                uint64_t number, struct wf_journal_record *record_out,
                                struct wf_error *err)
{
    record_out->kind = WF_JOURNAL_HEAD;
    record_out->line = number;
    if (parser->heads < WF_JOURNAL_HEAD_LINES) {
        return parse_head(parser, line, err);
    }
    if (strncmp(line, "hash ", 5) == 0) {
        return parse_hash(line + 5, record_out, err);
    }
    if (strncmp(line, "name ", 5) == 0) {
        return parse_name(line + 5, record_out, err);
    }
    record_out->kind = WF_JOURNAL_EVENT;
    return wf_event_read(line, length, &parser->lists, &record_out->event, err);
}
