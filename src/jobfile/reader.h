// SPDX-License-Identifier: Apache-2.0
// Reads values of a document's tree. Knows at which field it is, so that every sentence begins with
// the field's path. What is null counts as not told.
#pragma once

#include "jobfile/document.h"
#include "jobfile/job_memory.h"

struct wf_job_reader {
    struct wf_job_document *document;
    struct wf_error *err;
    char path[256];
    size_t length;    // of path
    bool prompt_told; // by "checkpoint.prompt": else it goes by "checkpoint.every"
    bool vendor_told; // by the field "vendor", which restricts "gpus" when both are read
    enum wf_vendor vendor;
};

// A field of a map: its name and who takes its value, which is not null.
struct wf_job_field {
    const char *name;
    enum wf_status (*take)(struct wf_job_reader *reader, const json_t *value);
};

enum wf_status wf_job_reader_fail(struct wf_job_reader *reader, enum wf_status status,
                                  const char *format, ...) WF_PRINTF(3, 4);
enum wf_status wf_job_reader_no_memory(struct wf_job_reader *reader);

// Goes into a field or an item, and, with the length that was returned, out of it again.
size_t wf_job_reader_enter(struct wf_job_reader *reader, const char *name);
size_t wf_job_reader_enter_item(struct wf_job_reader *reader, size_t item);
void wf_job_reader_leave(struct wf_job_reader *reader, size_t length);

// Hands each field of a map to who takes it. A field that is not in the list is refused with the
// nearest name. Up to 64 fields.
enum wf_status wf_job_read_map(struct wf_job_reader *reader, const json_t *value,
                               const struct wf_job_field *fields, uint32_t count) WF_MUST_USE;

// The value of the field at which the reader is. Texts live as long as the document.
enum wf_status wf_job_read_text(struct wf_job_reader *reader, const json_t *value, size_t bytes_max,
                                const char *limit, const char **out) WF_MUST_USE;
enum wf_status wf_job_read_name(struct wf_job_reader *reader, const json_t *value,
                                const char **out) WF_MUST_USE;
enum wf_status wf_job_read_path(struct wf_job_reader *reader, const json_t *value,
                                const char **out) WF_MUST_USE;
enum wf_status wf_job_read_flag(struct wf_job_reader *reader, const json_t *value,
                                bool *out) WF_MUST_USE;

// What a number may be; limit names the rule that sets max, or is NULL.
struct wf_job_range {
    int64_t min, max;
    const char *limit;
};
enum wf_status wf_job_read_number(struct wf_job_reader *reader, const json_t *value,
                                  struct wf_job_range range, int64_t *out) WF_MUST_USE;
// "0.5" and 0.5 are 500.
enum wf_status wf_job_read_milli(struct wf_job_reader *reader, const json_t *value,
                                 struct wf_job_range range, int64_t *out) WF_MUST_USE;
// A text (spelling.h), or milliseconds.
enum wf_status wf_job_read_span(struct wf_job_reader *reader, const json_t *value,
                                struct wf_job_range range, int64_t *out) WF_MUST_USE;
enum wf_status wf_job_read_time(struct wf_job_reader *reader, const json_t *value,
                                int64_t *out) WF_MUST_USE;
// A text (spelling.h), or bytes.
enum wf_status wf_job_read_bytes(struct wf_job_reader *reader, const json_t *value,
                                 struct wf_job_range range, int64_t *out) WF_MUST_USE;
// One of count words.
enum wf_status wf_job_read_word(struct wf_job_reader *reader, const json_t *value,
                                const char *const *words, uint32_t count,
                                uint32_t *out) WF_MUST_USE;

// A list of texts, with what they may come to.
struct wf_job_list_limits {
    size_t count_max;
    const char *count_limit;
    size_t item_bytes_max;
    const char *item_limit;
    size_t bytes_max; // of all, with their zeros
    const char *bytes_limit;
};
enum wf_status wf_job_read_list(struct wf_job_reader *reader, const json_t *value,
                                const struct wf_job_list_limits *limits, wf_job_texts *out,
                                uint32_t *count_out) WF_MUST_USE;
// A map of names and values as NAME=value, by name.
enum wf_status wf_job_read_environment(struct wf_job_reader *reader, const json_t *value,
                                       wf_job_texts *out, uint32_t *count_out) WF_MUST_USE;
// A list of words, or a text for the shell.
enum wf_status wf_job_read_command(struct wf_job_reader *reader, const json_t *value,
                                   wf_job_texts *out, uint32_t *count_out) WF_MUST_USE;
