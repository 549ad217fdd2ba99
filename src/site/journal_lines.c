// SPDX-License-Identifier: Apache-2.0
#include "site/journal_lines.h"

#include "store/store.h"

static enum wf_status read_rows(void *context, char *buffer, size_t size, size_t *length_out,
                                struct wf_error *err)
{
    return wf_journal_rows_read(context, buffer, size, length_out, err);
}

static void close_rows(void *context)
{
    wf_journal_rows_close(context);
}

enum wf_status wf_journal_lines_open(const char *path, uint32_t bytes_max,
                                     struct wf_lines **lines_out, struct wf_error *err)
{
    if (!wf_journal_is_database(path)) {
        return wf_lines_open(path, bytes_max, lines_out, err);
    }
    struct wf_journal_rows *rows = NULL;
    enum wf_status status = wf_journal_rows_open(path, &rows, err);
    if (status != WF_OK) {
        return status;
    }
    struct wf_lines_source source = {.read = read_rows, .close = close_rows, .context = rows};
    return wf_lines_open_source(path, &source, bytes_max, lines_out, err);
}
