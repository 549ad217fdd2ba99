// SPDX-License-Identifier: Apache-2.0
#include "client/path.h"

#include <inttypes.h>
#include <string.h>

#include "client/client.h"

static void put(struct wf_path *path, char byte)
{
    if (path->length + 1 < sizeof path->text) {
        path->text[path->length++] = byte;
        path->text[path->length] = '\0';
    } else {
        path->too_long = true;
    }
}

void wf_path_add(struct wf_path *path, const char *text)
{
    while (*text) {
        put(path, *text++);
    }
}

void wf_path_escape(struct wf_path *path, const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    static const char digits[] = "0123456789ABCDEF";
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (strchr(plain, *text)) {
            put(path, *text);
        } else {
            put(path, '%');
            put(path, digits[byte >> 4]);
            put(path, digits[byte & 15]);
        }
    }
}

void wf_path_number(struct wf_path *path, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, number);
    wf_path_add(path, text);
}

enum whaleflux_status wf_path_job(struct wf_path *path, const char *job, const char *after,
                                  struct whaleflux_error *err)
{
    path->length = 0;
    path->too_long = false;
    if (!job || !job[0]) {
        return wf_client_fail(err, WHALEFLUX_INVALID, "a job has a number or a name, not nothing");
    }
    wf_path_add(path, "/v1/jobs/");
    wf_path_escape(path, job);
    wf_path_add(path, after);
    if (path->too_long) {
        return wf_client_fail(err, WHALEFLUX_INVALID, "no job has such a long name");
    }
    return WHALEFLUX_OK;
}
