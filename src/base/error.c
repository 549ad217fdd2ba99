// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"

const char *wf_status_text(enum wf_status status)
{
    switch (status) {
#define WF_STATUS_CASE(name, text)                                                                 \
    case WF_##name:                                                                                \
        return text;
        WF_STATUSES(WF_STATUS_CASE)
#undef WF_STATUS_CASE
    }
    return "unknown status";
}

enum wf_status wf_fail(struct wf_error *err, enum wf_status status, const char *format, ...)
{
    WF_ASSERT(status != WF_OK);
    if (err) {
        va_list arguments;
        va_start(arguments, format);
        err->status = status;
        vsnprintf(err->text, sizeof err->text, format, arguments);
        va_end(arguments);
    }
    return status;
}

enum wf_status wf_error_prefix(struct wf_error *err, enum wf_status status, const char *format, ...)
{
    WF_ASSERT(status != WF_OK);
    if (err) {
        char inner[sizeof err->text];
        memcpy(inner, err->text, sizeof inner);
        va_list arguments;
        va_start(arguments, format);
        int length = vsnprintf(err->text, sizeof err->text, format, arguments);
        va_end(arguments);
        if (length >= 0 && (size_t)length < sizeof err->text) {
            snprintf(err->text + length, sizeof err->text - (size_t)length, "%s", inner);
        }
    }
    return status;
}
