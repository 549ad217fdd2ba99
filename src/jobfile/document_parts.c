// SPDX-License-Identifier: Apache-2.0
// variants, array, after: the parts of a document that are maps and lists of their own.
#include <stdio.h>
#include <string.h>

#include "jobfile/document_check.h"
#include "jobfile/spelling.h"
#include "text/decimal.h"

// Fields of a variant go to the variant of reader->vendor, which wf_job_take_variants lends for it.
static struct wf_job_variant *variant_of(struct wf_job_reader *reader)
{
    return &reader->document->variants[reader->vendor];
}

static enum wf_status take_command(struct wf_job_reader *reader, const json_t *value)
{
    struct wf_job_variant *variant = variant_of(reader);
    return wf_job_read_command(reader, value, &variant->command, &variant->command_count);
}

static enum wf_status take_environment(struct wf_job_reader *reader, const json_t *value)
{
    struct wf_job_variant *variant = variant_of(reader);
    return wf_job_read_environment(reader, value, &variant->environment,
                                   &variant->environment_count);
}

static enum wf_status take_image(struct wf_job_reader *reader, const json_t *value)
{
    return wf_job_read_text(reader, value, WF_JOB_PATH_BYTES_MAX, "WF_JOB_PATH_BYTES_MAX",
                            &variant_of(reader)->image);
}

static enum wf_status take_variant(struct wf_job_reader *reader, const json_t *value,
                                   enum wf_vendor vendor)
{
    static const struct wf_job_field fields[] = {
        {"command", take_command}, {"environment", take_environment}, {"image", take_image}};
    enum wf_vendor before = reader->vendor;
    reader->vendor = vendor;
    enum wf_status status = wf_job_read_map(reader, value, fields, WF_COUNT_OF(fields));
    reader->vendor = before;
    reader->document->variants[vendor].told = true;
    return status;
}

static enum wf_status take_nvidia(struct wf_job_reader *reader, const json_t *value)
{
    return take_variant(reader, value, WF_VENDOR_NVIDIA);
}

static enum wf_status take_amd(struct wf_job_reader *reader, const json_t *value)
{
    return take_variant(reader, value, WF_VENDOR_AMD);
}

enum wf_status wf_job_take_variants(struct wf_job_reader *reader, const json_t *value)
{
    static const struct wf_job_field fields[] = {{"nvidia", take_nvidia}, {"amd", take_amd}};
    return wf_job_read_map(reader, value, fields, WF_COUNT_OF(fields));
}

static enum wf_status read_indices(struct wf_job_reader *reader, const char *text)
{
    struct wf_error err = {.status = WF_OK};
    struct wf_job_indices indices;
    enum wf_status status = wf_job_indices_read(text, reader->document->memory, &indices, &err);
    if (status != WF_OK) {
        return wf_job_reader_fail(reader, status, "%s", err.text);
    }
    reader->document->indices = indices.index;
    reader->document->index_count = indices.count;
    if (indices.at_most > 0) {
        reader->document->array_at_most = indices.at_most;
    }
    return WF_OK;
}

static enum wf_status take_indices(struct wf_job_reader *reader, const json_t *value)
{
    char number[24];
    const char *text = json_string_value(value);
    if (json_is_integer(value) && json_integer_value(value) >= 0) {
        snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
        text = number;
    }
    if (!text) {
        return wf_job_reader_fail(reader, WF_INVALID, "must be a text such as '0-9,20'");
    }
    return read_indices(reader, text);
}

static enum wf_status take_at_most(struct wf_job_reader *reader, const json_t *value)
{
    int64_t number = 0;
    enum wf_status status = wf_job_read_number(
        reader, value, (struct wf_job_range){1, WF_JOB_ARRAY_MAX, "WF_JOB_ARRAY_MAX"}, &number);
    reader->document->array_at_most = (uint32_t)number;
    return status;
}

enum wf_status wf_job_take_array(struct wf_job_reader *reader, const json_t *value)
{
    static const struct wf_job_field fields[] = {{"indices", take_indices},
                                                 {"at_most", take_at_most}};
    if (!json_is_object(value)) {
        return take_indices(reader, value);
    }
    enum wf_status status = wf_job_read_map(reader, value, fields, WF_COUNT_OF(fields));
    if (status == WF_OK && reader->document->index_count == 0) {
        return wf_job_reader_fail(reader, WF_INVALID, "needs 'indices', such as '0-9'");
    }
    return status;
}

// One of the jobs that this one waits for; lent to the takers by wf_job_take_after.
static struct wf_job_after *last_after(struct wf_job_reader *reader)
{
    return (struct wf_job_after *)&reader->document->after[reader->document->after_count];
}

// A number, also as a text, or a name.
static enum wf_status take_job(struct wf_job_reader *reader, const json_t *value)
{
    struct wf_job_after *after = last_after(reader);
    const char *text = json_string_value(value);
    int64_t number = json_integer_value(value);
    bool digits = text && text[0] && text[strspn(text, "0123456789")] == '\0';
    if (text && !digits) {
        return wf_job_read_name(reader, value, &after->name);
    }
    if (digits && wf_decimal_read(text, 0, INT64_MAX - 1, &number) != WF_DECIMAL_READ) {
        number = 0;
    }
    after->number = number > 0 ? (uint64_t)number : 0;
    if (number <= 0) {
        return wf_job_reader_fail(reader, WF_INVALID, "must be the number or the name of a job");
    }
    return WF_OK;
}

static enum wf_status take_when(struct wf_job_reader *reader, const json_t *value)
{
    static const char *const words[] = {"end", "success", "failure", "start"}; // by enum wf_after
    uint32_t word = 0;
    enum wf_status status = wf_job_read_word(reader, value, words, WF_COUNT_OF(words), &word);
    last_after(reader)->when = (enum wf_after)word;
    return status;
}

static enum wf_status take_one(struct wf_job_reader *reader, const json_t *value)
{
    static const struct wf_job_field fields[] = {{"job", take_job}, {"when", take_when}};
    struct wf_job_after *after = last_after(reader);
    after->when = WF_AFTER_SUCCESS;
    enum wf_status status = json_is_object(value)
                                ? wf_job_read_map(reader, value, fields, WF_COUNT_OF(fields))
                                : take_job(reader, value);
    if (status == WF_OK && after->number == 0 && !after->name) {
        return wf_job_reader_fail(reader, WF_INVALID, "needs 'job', the number or name of one");
    }
    return status;
}

enum wf_status wf_job_take_after(struct wf_job_reader *reader, const json_t *value)
{
    struct wf_job_document *document = reader->document;
    size_t count = json_is_array(value) ? json_array_size(value) : 1;
    if (count > WF_JOB_AFTER_MAX) {
        return wf_job_reader_fail(reader, WF_LIMIT,
                                  "has %zu items, more than %d, the limit WF_JOB_AFTER_MAX", count,
                                  WF_JOB_AFTER_MAX);
    }
    document->after = wf_job_memory_take(document->memory, (count + 1) * sizeof document->after[0]);
    if (!document->after) {
        return wf_job_reader_no_memory(reader);
    }
    for (size_t i = 0; i < count; i++) {
        bool list = json_is_array(value);
        size_t length = reader->length;
        if (list) {
            wf_job_reader_enter_item(reader, i);
        }
        enum wf_status status = take_one(reader, list ? json_array_get(value, i) : value);
        if (status != WF_OK) {
            return status;
        }
        document->after_count++;
        wf_job_reader_leave(reader, length);
    }
    return WF_OK;
}
