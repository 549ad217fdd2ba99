// SPDX-License-Identifier: Apache-2.0
#include "core/event_text.h"

#include <string.h>

#include "base/assert.h"
#include "core/event_fields.h"

// Values in memory, whatever their size.

static uint64_t load(const void *base, const struct wf_field *field)
{
    const unsigned char *at = (const unsigned char *)base + field->at;
    uint8_t byte;
    uint16_t half;
    uint32_t word;
    uint64_t whole;
    switch (field->size) {
    case 1:
        memcpy(&byte, at, sizeof byte);
        return byte;
    case 2:
        memcpy(&half, at, sizeof half);
        return half;
    case 4:
        memcpy(&word, at, sizeof word);
        return field->type == WF_FIELD_SIGNED ? (uint64_t)(int64_t)(int32_t)word : word;
    default:
        memcpy(&whole, at, sizeof whole);
        return whole;
    }
}

static void store(void *base, const struct wf_field *field, uint64_t value)
{
    unsigned char *at = (unsigned char *)base + field->at;
    uint8_t byte = (uint8_t)value;
    uint16_t half = (uint16_t)value;
    uint32_t word = (uint32_t)value;
    switch (field->size) {
    case 1:
        memcpy(at, &byte, sizeof byte);
        break;
    case 2:
        memcpy(at, &half, sizeof half);
        break;
    case 4:
        memcpy(at, &word, sizeof word);
        break;
    default:
        memcpy(at, &value, sizeof value);
        break;
    }
}

static uint64_t largest(const struct wf_field *field)
{
    uint64_t bits = UINT64_C(8) * field->size;
    bits -= field->type == WF_FIELD_SIGNED;
    return bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

static uint32_t length_of(const char *text)
{
    uint32_t length = 0;
    while (text[length] != '\0') {
        length++;
    }
    return length;
}

// Writing. WF_EVENT_TEXT_BYTES is enough for all that the limits of lists allow.

struct pen {
    char *text;
    uint32_t length;
    struct wf_error *err;
};

static void put(struct pen *pen, char letter)
{
    WF_ASSERT(pen->length < WF_EVENT_TEXT_BYTES - 1);
    pen->text[pen->length++] = letter;
}

static void put_text(struct pen *pen, const char *text)
{
    for (; *text != '\0'; text++) {
        put(pen, *text);
    }
}

static void put_number(struct pen *pen, uint64_t number)
{
    char digits[20];
    uint32_t count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count > 0) {
        put(pen, digits[--count]);
    }
}

static void put_signed(struct pen *pen, int64_t number)
{
    if (number < 0) {
        put(pen, '-');
    }
    put_number(pen, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

static void put_set(struct pen *pen, uint64_t set)
{
    if (set == 0) {
        put_text(pen, "none");
    }
    for (bool first = true; set > 0; set &= set - 1, first = false) {
        if (!first) {
            put(pen, '+');
        }
        put_number(pen, (uint64_t)__builtin_ctzll(set));
    }
}

static enum wf_status put_word(struct pen *pen, const char *const *words, uint64_t value)
{
    for (uint64_t i = 0; words[i]; i++) {
        if (i == value) {
            put_text(pen, words[i]);
            return WF_OK;
        }
    }
    return wf_fail(pen->err, WF_INVALID, "the value %llu has no name", (unsigned long long)value);
}

static void put_run(struct pen *pen, const struct wf_field *field, const void *base)
{
    struct wf_run_time run;
    memcpy(&run, (const unsigned char *)base + field->at, sizeof run);
    for (uint32_t i = 0; i < WF_RUN_TIME_POINTS; i++) {
        if (i > 0) {
            put(pen, ',');
        }
        put_signed(pen, run.ms[i]);
    }
}

static enum wf_status put_after(struct pen *pen, const struct wf_wait_spec *wait)
{
    enum wf_status status = WF_OK;
    for (uint32_t i = 0; i < wait->after_count && status == WF_OK; i++) {
        if (i > 0) {
            put(pen, ',');
        }
        put_number(pen, wait->after[i].job.number);
        put(pen, ':');
        status = put_word(pen, wf_event_after_words, wait->after[i].after);
    }
    return status;
}

static enum wf_status put_value(struct pen *pen, const struct wf_field *field, const void *base)
{
    const struct wf_event *event = base;
    switch ((enum wf_field_type)field->type) {
    case WF_FIELD_NUMBER:
        put_number(pen, load(base, field));
        return WF_OK;
    case WF_FIELD_SIGNED:
        put_signed(pen, (int64_t)load(base, field));
        return WF_OK;
    case WF_FIELD_YES:
        put_text(pen, load(base, field) ? "yes" : "no");
        return WF_OK;
    case WF_FIELD_SET:
        put_set(pen, load(base, field));
        return WF_OK;
    case WF_FIELD_WORD:
        return put_word(pen, field->words, load(base, field));
    case WF_FIELD_RUN:
        put_run(pen, field, base);
        return WF_OK;
    case WF_FIELD_AFTER:
        return put_after(pen, &event->job_submit.wait);
    case WF_FIELD_CLASS:
        break;
    }
    return WF_OK;
}

static bool is_left_out(const struct wf_field *field, const void *base)
{
    const struct wf_event *event = base;
    static const struct wf_run_time unknown;
    switch ((enum wf_field_type)field->type) {
    case WF_FIELD_RUN:
        return memcmp((const unsigned char *)base + field->at, &unknown, sizeof unknown) == 0;
    case WF_FIELD_AFTER:
        return event->job_submit.wait.after_count == 0;
    case WF_FIELD_CLASS:
        return true; // each has a field of its own
    case WF_FIELD_NUMBER:
    case WF_FIELD_SIGNED:
    case WF_FIELD_YES:
    case WF_FIELD_SET:
    case WF_FIELD_WORD:
        break;
    }
    return !field->always && load(base, field) == field->usual;
}

// Writes "name=value" for each field, with a letter before each but the first.
static enum wf_status put_form(struct pen *pen, const struct wf_form *form, const void *base,
                               char between, char equals)
{
    bool first = between == ',';
    for (uint32_t i = 0; i < form->count; i++) {
        const struct wf_field *field = &form->fields[i];
        if (is_left_out(field, base)) {
            continue;
        }
        if (!first) {
            put(pen, between);
        }
        first = false;
        put_text(pen, field->name);
        put(pen, equals);
        enum wf_status status = put_value(pen, field, base);
        if (status != WF_OK) {
            return wf_error_prefix(pen->err, status, "%s, field %s: ", form->name, field->name);
        }
    }
    return WF_OK;
}

static enum wf_status put_classes(struct pen *pen, const struct wf_event *event)
{
    enum wf_status status = WF_OK;
    for (uint32_t i = 0; i < event->mix.count && status == WF_OK; i++) {
        put_text(pen, " class=");
        status = put_form(pen, &wf_event_class, &event->mix.classes[i], ',', ':');
    }
    return status;
}

static enum wf_status check_lists(const struct wf_event *event, struct wf_error *err)
{
    if (event->kind == WF_EVENT_MIX && event->mix.count > WF_MIX_CLASSES_MAX) {
        return wf_fail(err, WF_LIMIT, "a mix of %u classes is past the limit of %d",
                       event->mix.count, WF_MIX_CLASSES_MAX);
    }
    if (event->kind == WF_EVENT_JOB_SUBMIT &&
        event->job_submit.wait.after_count > WF_JOB_AFTER_MAX) {
        return wf_fail(err, WF_LIMIT, "a job that waits for %u others is past the limit of %d",
                       event->job_submit.wait.after_count, WF_JOB_AFTER_MAX);
    }
    return WF_OK;
}

const char *wf_event_kind_name(enum wf_event_kind kind)
{
    return (uint32_t)kind < wf_event_form_count ? wf_event_forms[kind].name : NULL;
}

enum wf_status wf_event_write(const struct wf_event *event, char text[WF_EVENT_TEXT_BYTES],
                              size_t *length_out, struct wf_error *err)
{
    struct pen pen = {.text = text, .err = err};
    const char *name = wf_event_kind_name(event->kind);
    if (!name) {
        return wf_fail(err, WF_INVALID, "there is no event kind %d", (int)event->kind);
    }
    enum wf_status status = check_lists(event, err);
    if (status != WF_OK) {
        return status;
    }
    put_text(&pen, name);
    put_text(&pen, " time=");
    put_signed(&pen, event->time_ms);
    put_text(&pen, event->more ? " more=yes" : "");
    status = put_form(&pen, &wf_event_forms[event->kind], event, ' ', '=');
    if (status == WF_OK && event->kind == WF_EVENT_MIX) {
        status = put_classes(&pen, event);
    }
    text[pen.length] = '\0';
    if (length_out) {
        *length_out = pen.length;
    }
    return status;
}

// Reading. A span is a part of the line.

struct span {
    const char *at;
    uint32_t length;
};

struct reader {
    const struct wf_form *form;
    struct wf_event_lists *lists;
    struct wf_event *event;
    struct wf_error *err;
};

static bool is_same(struct span span, const char *text)
{
    return span.length == length_of(text) && memcmp(span.at, text, span.length) == 0;
}

// For a sentence: no more of it than fits.
static int shown(struct span span)
{
    return (int)(span.length < WF_EVENT_QUOTE_BYTES_MAX ? span.length : WF_EVENT_QUOTE_BYTES_MAX);
}

// Takes what stands before the next such letter off the span, and the letter.
static struct span take_until(struct span *span, char letter)
{
    struct span taken = {.at = span->at};
    while (taken.length < span->length && span->at[taken.length] != letter) {
        taken.length++;
    }
    uint32_t used = taken.length + (taken.length < span->length);
    span->at += used;
    span->length -= used;
    return taken;
}

static bool has(struct span span, char letter)
{
    for (uint32_t i = 0; i < span.length; i++) {
        if (span.at[i] == letter) {
            return true;
        }
    }
    return false;
}

static bool read_number(struct span span, uint64_t max, uint64_t *number_out)
{
    uint64_t number = 0;
    for (uint32_t i = 0; i < span.length; i++) {
        uint64_t digit = (uint64_t)(unsigned char)span.at[i] - '0';
        if (digit > 9 || digit > max || number > (max - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
    }
    *number_out = number;
    return span.length > 0;
}

// Reads a number with a sign; max is the largest, and one more may be negative.
static bool read_signed(struct span span, uint64_t max, uint64_t *number_out)
{
    bool negative = span.length > 0 && span.at[0] == '-';
    if (!negative) {
        return read_number(span, max, number_out);
    }
    struct span digits = {.at = span.at + 1, .length = span.length - 1};
    bool good = read_number(digits, max + 1, number_out);
    *number_out = 0 - *number_out;
    return good;
}

static bool read_set(struct span span, uint64_t max, uint64_t *set_out)
{
    uint64_t set = 0, bits = (uint64_t)__builtin_popcountll(max);
    *set_out = is_same(span, "any") ? max : 0;
    if (is_same(span, "any") || is_same(span, "none")) {
        return true;
    }
    bool more = true;
    while (more) {
        uint64_t member = 0;
        more = has(span, '+');
        if (!read_number(take_until(&span, '+'), bits - 1, &member) || (set >> member & 1) != 0) {
            return false;
        }
        set |= UINT64_C(1) << member;
    }
    *set_out = set;
    return true;
}

static bool read_word(struct span span, const char *const *words, uint64_t *value_out)
{
    for (uint64_t i = 0; words[i]; i++) {
        if (is_same(span, words[i])) {
            *value_out = i;
            return true;
        }
    }
    return false;
}

static bool read_run(struct span span, const struct wf_field *field, void *base)
{
    struct wf_run_time run;
    for (uint32_t i = 0; i < WF_RUN_TIME_POINTS; i++) {
        uint64_t number = 0;
        bool last = i == WF_RUN_TIME_POINTS - 1;
        if (has(span, ',') == last || !read_signed(take_until(&span, ','), INT64_MAX, &number)) {
            return false;
        }
        run.ms[i] = (int64_t)number;
    }
    memcpy((unsigned char *)base + field->at, &run, sizeof run);
    return true;
}

static enum wf_status refuse_value(const struct reader *reader, const struct wf_field *field,
                                   struct span value)
{
    static const char *const wanted[] = {
        [WF_FIELD_NUMBER] = "a whole number that it can hold",
        [WF_FIELD_SIGNED] = "a whole number that it can hold",
        [WF_FIELD_YES] = "yes or no",
        [WF_FIELD_SET] = "a set like 0+3, any or none",
        [WF_FIELD_WORD] = "a word that it may be",
        [WF_FIELD_RUN] = "five whole numbers with commas between",
        [WF_FIELD_AFTER] = "a list like 17:end,18:success",
        [WF_FIELD_CLASS] = "a class like count:3,gpus:1,gpu_milli:1000",
    };
    return wf_fail(reader->err, WF_INVALID, "%s: the value '%.*s' of %s is not %s",
                   reader->form->name, shown(value), value.at, field->name, wanted[field->type]);
}

static enum wf_status read_after(const struct reader *reader, const struct wf_field *field,
                                 struct span value)
{
    struct wf_wait_spec *wait = &reader->event->job_submit.wait;
    struct span rest = value;
    for (bool more = true; more;) {
        uint64_t job = 0, after = 0;
        more = has(rest, ',');
        struct span one = take_until(&rest, ',');
        if (!has(one, ':') || !read_number(take_until(&one, ':'), UINT64_MAX, &job) ||
            !read_word(one, wf_event_after_words, &after)) {
            return refuse_value(reader, field, value);
        }
        if (wait->after_count == WF_JOB_AFTER_MAX) {
            return wf_fail(reader->err, WF_LIMIT,
                           "a job that waits for more than %d others is past the limit",
                           WF_JOB_AFTER_MAX);
        }
        reader->lists->after[wait->after_count++] =
            (struct wf_dependency){.job = {job}, .after = (enum wf_after)after};
    }
    wait->after = reader->lists->after;
    return WF_OK;
}

static void set_usual(const struct wf_form *form, void *base)
{
    for (uint32_t i = 0; i < form->count; i++) {
        const struct wf_field *field = &form->fields[i];
        if (field->usual != 0) {
            store(base, field, field->usual);
        }
    }
}

static enum wf_status read_class(const struct reader *reader, struct span value);

static enum wf_status read_value(const struct reader *reader, const struct wf_field *field,
                                 struct span value, void *base)
{
    uint64_t number = 0;
    bool good = false;
    switch ((enum wf_field_type)field->type) {
    case WF_FIELD_NUMBER:
        good = read_number(value, largest(field), &number);
        break;
    case WF_FIELD_SIGNED:
        good = read_signed(value, largest(field), &number);
        break;
    case WF_FIELD_YES:
        number = is_same(value, "yes");
        good = number == 1 || is_same(value, "no");
        break;
    case WF_FIELD_SET:
        good = read_set(value, largest(field), &number);
        break;
    case WF_FIELD_WORD:
        good = read_word(value, field->words, &number);
        break;
    case WF_FIELD_RUN:
        return read_run(value, field, base) ? WF_OK : refuse_value(reader, field, value);
    case WF_FIELD_AFTER:
        return read_after(reader, field, value);
    case WF_FIELD_CLASS:
        return read_class(reader, value);
    }
    if (!good) {
        return refuse_value(reader, field, value);
    }
    store(base, field, number);
    return WF_OK;
}

// Finds a field by its name; time and more belong to every event.
static const struct wf_field *find_field(const struct wf_form *form, struct span name,
                                         uint32_t *place_out)
{
    for (uint32_t i = 0; i < form->count; i++) {
        if (is_same(name, form->fields[i].name)) {
            *place_out = i;
            return &form->fields[i];
        }
    }
    const struct wf_field *const of_all[] = {&wf_event_time, &wf_event_more};
    for (uint32_t i = 0; i < WF_COUNT_OF(of_all) && form != &wf_event_class; i++) {
        if (is_same(name, of_all[i]->name)) {
            *place_out = form->count + i;
            return of_all[i];
        }
    }
    return NULL;
}

static enum wf_status check_present(const struct reader *reader, uint64_t seen)
{
    const struct wf_form *form = reader->form;
    bool timed = form == &wf_event_class || (seen >> form->count & 1) != 0;
    const char *missing = timed ? NULL : wf_event_time.name;
    for (uint32_t i = 0; i < form->count && !missing; i++) {
        if (form->fields[i].always && (seen >> i & 1) == 0) {
            missing = form->fields[i].name;
        }
    }
    return missing ? wf_fail(reader->err, WF_INVALID, "%s lacks its field %s", form->name, missing)
                   : WF_OK;
}

static enum wf_status read_form(const struct reader *reader, struct span rest, void *base,
                                char between, char equals)
{
    const struct wf_form *form = reader->form;
    uint64_t seen = 0;
    for (bool more = rest.length > 0; more;) {
        more = has(rest, between);
        struct span value = take_until(&rest, between);
        if (!has(value, equals)) {
            return wf_fail(reader->err, WF_INVALID, "%s: '%.*s' is no field with a value",
                           form->name, shown(value), value.at);
        }
        struct span name = take_until(&value, equals);
        uint32_t place;
        const struct wf_field *field = find_field(form, name, &place);
        if (!field) {
            return wf_fail(reader->err, WF_NOTFOUND, "%s has no field '%.*s'", form->name,
                           shown(name), name.at);
        }
        if ((seen >> place & 1) != 0 && field->type != WF_FIELD_CLASS) {
            return wf_fail(reader->err, WF_EXISTS, "%s: the field %s is there twice", form->name,
                           field->name);
        }
        seen |= UINT64_C(1) << place;
        enum wf_status status = read_value(reader, field, value, base);
        if (status != WF_OK) {
            return status;
        }
    }
    return check_present(reader, seen);
}

static enum wf_status read_class(const struct reader *reader, struct span value)
{
    struct wf_event *event = reader->event;
    if (event->mix.count == WF_MIX_CLASSES_MAX) {
        return wf_fail(reader->err, WF_LIMIT, "a mix of more than %d classes is past the limit",
                       WF_MIX_CLASSES_MAX);
    }
    struct reader inner = *reader;
    inner.form = &wf_event_class;
    struct wf_mix_class *class = &reader->lists->classes[event->mix.count];
    memset(class, 0, sizeof *class);
    set_usual(inner.form, class);
    enum wf_status status = read_form(&inner, value, class, ',', ':');
    event->mix.count += status == WF_OK;
    event->mix.classes = reader->lists->classes;
    return status == WF_OK ? WF_OK : wf_error_prefix(reader->err, status, "mix: ");
}

enum wf_status wf_event_read(const char *text, size_t length, struct wf_event_lists *lists,
                             struct wf_event *event_out, struct wf_error *err)
{
    if (length >= WF_EVENT_TEXT_BYTES) {
        return wf_fail(err, WF_LIMIT, "an event takes less than %d bytes", WF_EVENT_TEXT_BYTES);
    }
    struct span rest = {.at = text, .length = (uint32_t)length};
    struct span name = take_until(&rest, ' ');
    uint32_t kind = 0;
    while (kind < wf_event_form_count && !is_same(name, wf_event_forms[kind].name)) {
        kind++;
    }
    if (kind == wf_event_form_count) {
        return wf_fail(err, WF_NOTFOUND, "there is no event '%.*s'", shown(name), name.at);
    }
    memset(event_out, 0, sizeof *event_out);
    event_out->kind = (enum wf_event_kind)kind;
    set_usual(&wf_event_forms[kind], event_out);
    const struct reader reader = {
        .form = &wf_event_forms[kind], .lists = lists, .event = event_out, .err = err};
    return read_form(&reader, rest, event_out, ' ', '=');
}
