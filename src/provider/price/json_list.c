// SPDX-License-Identifier: Apache-2.0
#include "provider/price/json_list.h"

#include <ctype.h>
#include <string.h>

#include "text/lines.h"
#include "text/moment.h"
#include "text/records.h"

static enum wf_status fail_json(const struct wf_records *records, const json_error_t *why,
                                struct wf_error *err)
{
    char shown[80];
    uint64_t line = wf_records_line(records) + (why->line > 1 ? (uint64_t)why->line - 1 : 0);
    wf_lines_quote(why->text, shown, sizeof shown);
    return wf_fail(err, WF_INVALID, "%s, line %llu: this is no JSON: %s", wf_records_path(records),
                   (unsigned long long)line, shown);
}

// Who wants the records.
struct taker {
    wf_price_record_fn *fn;
    void *context;
    struct wf_price_reading *reading;
};

static enum wf_status take_record(const struct taker *taker, const struct wf_records *records,
                                  const char *text, size_t length, struct wf_error *err)
{
    json_error_t why;
    json_t *record = json_loadb(text, length, JSON_DECODE_ANY, &why);
    if (json_is_string(record)) {
        json_t *inner = json_loadb(json_string_value(record), json_string_length(record),
                                   JSON_DECODE_ANY, &why);
        why.line = 1;
        json_decref(record);
        record = inner;
    }
    if (!record) {
        return fail_json(records, &why, err);
    }
    enum wf_status status =
        json_is_object(record)
            ? taker->fn(taker->context, taker->reading, wf_records_line(records), record, err)
            : wf_fail(err, WF_INVALID, "%s, line %llu: an item of the list is no object",
                      wf_records_path(records), (unsigned long long)wf_records_line(records));
    json_decref(record);
    return status;
}

enum wf_status wf_price_each_record(struct wf_price_reading *reading, const char *const *keys,
                                    wf_price_record_fn *fn, void *context, struct wf_error *err)
{
    const struct taker taker = {fn, context, reading};
    struct wf_records *records;
    const char *text;
    size_t length = 0;
    enum wf_status status = wf_records_open(reading->import->path, keys, &records, err);
    if (status != WF_OK) {
        return status;
    }
    do {
        status = wf_records_next(records, &text, &length, err);
        if (status == WF_OK && text) {
            status = take_record(&taker, records, text, length, err);
        }
    } while (status == WF_OK && text);
    if (status == WF_OK && !wf_records_met_list(records)) {
        status = wf_fail(err, WF_INVALID, "%s has no list '%s'", reading->shown, keys[0]);
    }
    wf_records_close(records);
    return status;
}

const char *wf_price_text(const json_t *object, const char *field)
{
    const char *text = json_string_value(json_object_get(object, field));
    return text ? text : "";
}

bool wf_price_date(struct wf_price_reading *reading, uint64_t line, const json_t *object,
                   const char *field, int64_t *ms_out)
{
    const char *text = wf_price_text(object, field);
    char quoted[48];
    if (wf_moment_read(text, ms_out)) {
        return true;
    }
    wf_lines_quote(text, quoted, sizeof quoted);
    wf_price_leave_out(reading, (struct wf_price_place){line, field},
                       text[0] ? "'%s' is no date like 2026-05-20T00:00:00Z"
                               : "there is no date%s, and a price without one is never used",
                       quoted);
    return false;
}

bool wf_price_holds(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (; *text; text++) {
        size_t at = 0;
        while (at < length && text[at] &&
               tolower((unsigned char)text[at]) == tolower((unsigned char)word[at])) {
            at++;
        }
        if (at == length) {
            return true;
        }
    }
    return false;
}

bool wf_price_has_key(const char *head, const char *key)
{
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\"", key);
    size_t length = strlen(quoted);
    for (const char *at = head; (at = strstr(at, quoted)); at += length) {
        if (at[length + strspn(at + length, " \t\r\n")] == ':') {
            return true;
        }
    }
    return false;
}
