// SPDX-License-Identifier: Apache-2.0
#include "text/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "text/csv.h"

enum { PATH_SHOWN = 160, FIRST_BYTES = 65536 };

static void show_path(const char *path, struct wf_source *source)
{
    size_t length = strlen(path);
    const char *tail = length > PATH_SHOWN ? path + length - PATH_SHOWN : path;
    char shown[PATH_SHOWN + 1];
    wf_csv_quote(tail, shown, sizeof shown);
    snprintf(source->shown, sizeof source->shown, "%s%s", tail == path ? "" : "...", shown);
}

static enum wf_status fail_read(const struct wf_source *source, gzFile file, struct wf_error *err)
{
    int code = Z_OK;
    gzerror(file, &code);
    if (code == Z_BUF_ERROR) {
        return wf_fail(err, WF_INVALID,
                       "%s: the gzip data stops before its end, the file is truncated",
                       source->shown);
    }
    if (code == Z_DATA_ERROR) {
        return wf_fail(err, WF_INVALID, "%s: the gzip data is damaged", source->shown);
    }
    return wf_fail(err, WF_IO, "%s cannot be read: %s", source->shown,
                   code == Z_ERRNO ? strerror(errno) : "reading failed");
}

static enum wf_status read_all(gzFile file, struct wf_source *source, struct wf_error *err)
{
    size_t capacity = 0;
    for (;;) {
        if (source->length + 1 >= capacity) {
            if (source->length > WF_SOURCE_BYTES_MAX) {
                break;
            }
            capacity = capacity ? capacity * 2 : FIRST_BYTES;
            char *grown = realloc(source->text, capacity);
            if (!grown) {
                return wf_fail(err, WF_NOMEM, "no memory to read %s", source->shown);
            }
            source->text = grown;
        }
        int length =
            gzread(file, source->text + source->length, (unsigned)(capacity - source->length - 1));
        int code = Z_OK;
        gzerror(file, &code);
        if (length < 0 || (length == 0 && code != Z_OK && code != Z_STREAM_END)) {
            return fail_read(source, file, err);
        }
        if (length == 0) {
            break;
        }
        source->length += (size_t)length;
    }
    if (source->length > WF_SOURCE_BYTES_MAX) {
        return wf_fail(err, WF_LIMIT, "%s is longer than %d bytes, the limit WF_SOURCE_BYTES_MAX",
                       source->shown, WF_SOURCE_BYTES_MAX);
    }
    source->text[source->length] = '\0';
    return WF_OK;
}

static enum wf_status check_text(struct wf_source *source, struct wf_error *err)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    if (strncmp(source->text, byte_order_mark, 3) == 0) {
        source->length -= 3;
        memmove(source->text, source->text + 3, source->length + 1);
    }
    if (strlen(source->text) != source->length) {
        return wf_fail(err, WF_INVALID, "%s holds a zero byte, this is no text file",
                       source->shown);
    }
    if (source->text[strspn(source->text, " \t\r\n")] == '\0') {
        return wf_fail(err, WF_INVALID, "%s is empty", source->shown);
    }
    return WF_OK;
}

enum wf_status wf_source_read(const char *path, struct wf_source *source_out, struct wf_error *err)
{
    *source_out = (struct wf_source){.path = path};
    show_path(path, source_out);
    errno = 0;
    gzFile file = gzopen(path, "rb");
    if (!file) {
        return wf_fail(err, errno ? WF_IO : WF_NOMEM, "%s cannot be opened: %s", source_out->shown,
                       errno ? strerror(errno) : "no memory");
    }
    enum wf_status status = read_all(file, source_out, err);
    gzclose(file);
    if (status == WF_OK) {
        status = check_text(source_out, err);
    }
    if (status != WF_OK) {
        wf_source_finish(source_out);
    }
    return status;
}

void wf_source_finish(struct wf_source *source)
{
    if (source) {
        free(source->text);
        source->text = NULL;
        source->length = 0;
    }
}

const char *wf_source_line(const char **at, size_t *length_out, uint64_t *line)
{
    const char *start = *at;
    if (*start == '\0') {
        return NULL;
    }
    size_t length = strcspn(start, "\n");
    *at = start + length + (start[length] == '\n');
    if (length > 0 && start[length - 1] == '\r') {
        length--;
    }
    *length_out = length;
    (*line)++;
    return start;
}
