// SPDX-License-Identifier: Apache-2.0
// As the HTML standard has it (9.2.6): lines end in LF, CR or both; a line without text ends an
// event; a line that begins with a colon is a sign of life. Ids that are no numbers are none of
// ours.
#include "client/sse.h"

#include <stdlib.h>
#include <string.h>

void wf_sse_init(struct wf_sse *sse, whaleflux_event_fn *fn, void *context)
{
    *sse = (struct wf_sse){.fn = fn, .context = context};
}

void wf_sse_finish(struct wf_sse *sse)
{
    free(sse->line);
    free(sse->data);
    *sse = (struct wf_sse){.fn = NULL};
}

void wf_sse_restart(struct wf_sse *sse)
{
    sse->line_length = 0;
    sse->data_length = 0;
    sse->kind[0] = '\0';
    sse->has_data = false;
    sse->after_return = false;
}

// Adds bytes and a zero behind them.
static bool add(char **text, size_t *length, size_t *room, const char *bytes, size_t count)
{
    if (count > WF_SSE_EVENT_BYTES_MAX || *length > WF_SSE_EVENT_BYTES_MAX - count) {
        return false;
    }
    if (*length + count + 1 > *room) {
        size_t wanted = (*length + count + 1) * 2;
        char *more = realloc(*text, wanted);
        if (!more) {
            return false;
        }
        *text = more;
        *room = wanted;
    }
    memcpy(*text + *length, bytes, count);
    *length += count;
    (*text)[*length] = '\0';
    return true;
}

static bool end_event(struct wf_sse *sse)
{
    bool more = true;
    if (sse->has_data) {
        struct whaleflux_event event = {
            .number = sse->number,
            .kind = sse->kind[0] ? sse->kind : "message",
            .json = sse->data ? sse->data : "",
        };
        more = sse->fn(sse->context, &event);
    }
    sse->data_length = 0;
    if (sse->data) {
        sse->data[0] = '\0';
    }
    sse->has_data = false;
    sse->kind[0] = '\0';
    return more;
}

static bool end_line(struct wf_sse *sse)
{
    const char *line = sse->line_length > 0 ? sse->line : "";
    sse->line_length = 0;
    if (!*line) {
        return end_event(sse);
    }
    size_t name = strcspn(line, ":");
    const char *value = line[name] == ':' ? line + name + 1 : "";
    value += *value == ' ';
    if (name == 4 && memcmp(line, "data", 4) == 0) {
        bool good = !sse->has_data || add(&sse->data, &sse->data_length, &sse->data_room, "\n", 1);
        good = good && add(&sse->data, &sse->data_length, &sse->data_room, value, strlen(value));
        sse->has_data = true;
        sse->too_long |= !good;
    } else if (name == 5 && memcmp(line, "event", 5) == 0) {
        snprintf(sse->kind, sizeof sse->kind, "%s", value);
    } else if (name == 2 && memcmp(line, "id", 2) == 0 && *value >= '0' && *value <= '9') {
        sse->number = strtoull(value, NULL, 10);
    }
    return !sse->too_long;
}

bool wf_sse_take(struct wf_sse *sse, const char *bytes, size_t length)
{
    while (length > 0 && !sse->too_long) {
        if (sse->after_return && *bytes == '\n') {
            bytes++;
            length--;
        }
        sse->after_return = false;
        size_t count = 0;
        while (count < length && bytes[count] != '\n' && bytes[count] != '\r') {
            count++;
        }
        sse->too_long =
            count > 0 && !add(&sse->line, &sse->line_length, &sse->line_room, bytes, count);
        if (count == length || sse->too_long) {
            break;
        }
        sse->after_return = bytes[count] == '\r';
        bytes += count + 1;
        length -= count + 1;
        if (!end_line(sse)) {
            return false;
        }
    }
    return !sse->too_long;
}
