// SPDX-License-Identifier: Apache-2.0
#include "provider/price/importer.h"

#include <stdarg.h>
#include <string.h>
#include <zlib.h>

#include "base/assert.h"
#include "base/number.h"
#include "core/limits.h"
#include "gpu/gpu_name.h"
#include "text/decimal.h"
#include "text/lines.h"

enum { PATH_SHOWN = 160, QUOTE_SHOWN = 48 };

void wf_price_leave_out(struct wf_price_reading *reading, struct wf_price_place place,
                        const char *format, ...)
{
    char reason[320], text[560];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    snprintf(text, sizeof text, "%s, line %llu%s%s: %s", reading->shown,
             (unsigned long long)place.line, place.field ? ", " : "",
             place.field ? place.field : "", reason);
    reading->count->left_out++;
    reading->import->leave_out(reading->import->context, text);
}

bool wf_price_money(struct wf_price_reading *reading, struct wf_price_place place, const char *text,
                    int64_t *nanousd_out)
{
    char quoted[QUOTE_SHOWN];
    wf_lines_quote(text, quoted, sizeof quoted);
    switch (wf_decimal_read(text, 9, WF_PRICE_NANOUSD_MAX * WF_PRICE_GPUS_MAX, nanousd_out)) {
    case WF_DECIMAL_READ:
        if (*nanousd_out > 0) {
            return true;
        }
        wf_price_leave_out(reading, place,
                           "the price is %s dollars, and a price of nothing is never used", quoted);
        return false;
    case WF_DECIMAL_NEGATIVE:
        wf_price_leave_out(reading, place, "the price %s is negative", quoted);
        return false;
    case WF_DECIMAL_TOO_LARGE:
        wf_price_leave_out(reading, place, "the price %s is absurd", quoted);
        return false;
    case WF_DECIMAL_WRONG:
        break;
    }
    wf_price_leave_out(reading, place, "the price '%s' is not a number", quoted);
    return false;
}

int64_t wf_price_seen(const struct wf_price_reading *reading, int64_t from_ms)
{
    int64_t as_of = reading->import->as_of_ms;
    return as_of != WF_PRICE_NOT_TOLD && as_of > from_ms ? as_of : from_ms;
}

const char *wf_price_source_text(const struct wf_price_reading *reading, const char *what,
                                 char *text, size_t size)
{
    char file[QUOTE_SHOWN];
    wf_lines_quote(reading->file, file, sizeof file);
    snprintf(text, size, "%s, %s", what, file);
    return text;
}

// What a GPU-hour comes to must be a price that somebody may really ask.
static bool is_sane(struct wf_price_reading *reading, struct wf_price_place place,
                    const struct wf_price_row *row)
{
    wf_int128 exact = (wf_int128)row->nanousd_per_hour * WF_GPU_MILLI / row->gpu_milli;
    int64_t per_gpu = exact > INT64_MAX ? INT64_MAX : (int64_t)exact;
    char price[WF_NUMBER_BYTES];
    if (per_gpu < WF_PRICE_ABSURD_LOW_NANOUSD || per_gpu > WF_PRICE_ABSURD_HIGH_NANOUSD) {
        wf_price_leave_out(reading, place,
                           "the price comes to %s a GPU-hour of %s, which is absurd: below $0.001 "
                           "or above $1,000",
                           wf_number_dollars(price, per_gpu), row->model);
        return false;
    }
    return true;
}

// The memory is always told of models that are sold with several sizes: the smaller is the one
// that lists name without it.
static bool read_gpu(const char *text, struct wf_gpu_name *gpu)
{
    static const struct {
        const char *name, *as;
    } unsaid[] = {{"A100", "A100-40GB"}, {"V100", "V100-16GB"}};
    if (!wf_gpu_name_read(text, gpu)) {
        return false;
    }
    for (uint32_t i = 0; i < WF_COUNT_OF(unsaid); i++) {
        if (strcmp(gpu->text, unsaid[i].name) == 0) {
            return wf_gpu_name_read(unsaid[i].as, gpu);
        }
    }
    return true;
}

enum wf_status wf_price_take(struct wf_price_reading *reading, struct wf_price_place place,
                             const char *gpu, struct wf_price_row *row, struct wf_error *err)
{
    struct wf_gpu_name name;
    if (!read_gpu(gpu, &name)) {
        char quoted[QUOTE_SHOWN];
        wf_lines_quote(gpu, quoted, sizeof quoted);
        wf_price_leave_out(reading, place, "'%s' is no name of a GPU model", quoted);
        return WF_OK;
    }
    row->model = name.text;
    row->seen_ms = row->seen_ms ? row->seen_ms : wf_price_seen(reading, row->from_ms);
    if (!is_sane(reading, place, row)) {
        return WF_OK;
    }
    reading->count->taken++;
    return reading->import->take(reading->import->context, row, err);
}

// Reads the beginning of a file, plain or gzipped; "" where it cannot be read.
static enum wf_status read_head(const struct wf_price_reading *reading, char *head,
                                struct wf_error *err)
{
    gzFile file = gzopen(reading->import->path, "rb");
    int length = file ? gzread(file, head, WF_PRICE_HEAD_BYTES - 1) : -1;
    if (file) {
        gzclose(file);
    }
    if (length < 0) {
        return wf_fail(err, WF_IO, "%s cannot be read", reading->shown);
    }
    head[length] = '\0';
    return length > 0 ? WF_OK : wf_fail(err, WF_INVALID, "%s is empty", reading->shown);
}

static const struct wf_price_importer *recognise(const char *head)
{
    for (unsigned i = 0; wf_price_importers[i]; i++) {
        if (wf_price_importers[i]->recognise(head)) {
            return wf_price_importers[i];
        }
    }
    return NULL;
}

static enum wf_status fail_unknown(const struct wf_price_reading *reading, struct wf_error *err)
{
    char names[320] = "";
    size_t length = 0;
    for (unsigned i = 0; wf_price_importers[i] && length < sizeof names - 48; i++) {
        length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", i ? ", " : "",
                                   wf_price_importers[i]->name);
    }
    return wf_fail(err, WF_INVALID, "%s, line 1: this is no list of prices that is known (%s)",
                   reading->shown, names);
}

static void name_reading(const struct wf_price_import *import, struct wf_price_reading *reading)
{
    const char *path = import->path;
    size_t length = strlen(path);
    const char *slash = strrchr(path, '/');
    reading->file = slash ? slash + 1 : path;
    wf_lines_quote(length > PATH_SHOWN ? path + length - PATH_SHOWN : path, reading->shown,
                   sizeof reading->shown);
    snprintf(reading->provider, sizeof reading->provider, "%s",
             import->provider ? import->provider : "");
}

enum wf_status wf_price_import(const struct wf_price_import *import,
                               struct wf_price_imported *imported_out, struct wf_error *err)
{
    struct wf_price_reading reading = {.import = import, .count = imported_out};
    *imported_out = (struct wf_price_imported){0};
    name_reading(import, &reading);
    char *head = malloc(WF_PRICE_HEAD_BYTES);
    if (!head) {
        return wf_fail(err, WF_NOMEM, "no memory to read %s", reading.shown);
    }
    enum wf_status status = read_head(&reading, head, err);
    const char *mark = status == WF_OK && strncmp(head, "\xef\xbb\xbf", 3) == 0 ? head + 3 : head;
    const struct wf_price_importer *importer = status == WF_OK ? recognise(mark) : NULL;
    free(head);
    if (status == WF_OK && !importer) {
        status = fail_unknown(&reading, err);
    }
    if (status != WF_OK) {
        return status;
    }
    WF_ASSERT(importer);
    imported_out->format = importer->name;
    status = importer->read(&reading, err);
    if (status == WF_OK && imported_out->taken == 0 && imported_out->left_out == 0) {
        status = wf_fail(err, WF_INVALID,
                         "%s (%s): there is no price of a machine with GPUs by the hour in it",
                         reading.shown, importer->name);
    }
    return status;
}
