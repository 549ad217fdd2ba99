// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/mark.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

static const char prefix[] = "whaleflux:";

bool wf_mark_is_decision(const char *text)
{
    const size_t length = strlen(text);

    if (length == 0 || length > 48 || strcmp(text, "held") == 0 || strcmp(text, "user-held") == 0) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (!isalnum((unsigned char)text[i]) && strchr("-_.", text[i]) == NULL) {
            return false;
        }
    }
    return true;
}

static char *copy(const char *text, size_t length)
{
    char *made = strndup(text, length);

    WF_ASSERT(made != NULL);
    return made;
}

static bool read_span(const char *text, struct wf_mark *mark)
{
    char *end;

    if (!isdigit((unsigned char)text[0])) {
        return false;
    }
    mark->nodes_min = (uint32_t)strtoul(text, &end, 10);
    if (*end != '-' || !isdigit((unsigned char)end[1])) {
        return false;
    }
    mark->nodes_max = (uint32_t)strtoul(end + 1, &end, 10);
    mark->spans = true;
    return *end == '\0';
}

// One part between the semicolons of the mark.
static bool read_part(const char *part, bool first, struct wf_mark *mark)
{
    if (first) {
        if (strcmp(part, "held") == 0) {
            return true;
        }
        if (!wf_mark_is_decision(part)) {
            return false;
        }
        snprintf(mark->decision, sizeof(mark->decision), "%s", part);
        return true;
    }
    if (strncmp(part, "pin=", 4) == 0 && mark->pin == NULL && part[4] != '\0') {
        mark->pin = copy(part + 4, strlen(part + 4));
        return true;
    }
    if (strncmp(part, "was=", 4) == 0 && mark->was == NULL && part[4] != '\0') {
        mark->was = copy(part + 4, strlen(part + 4));
        return true;
    }
    return strncmp(part, "span=", 5) == 0 && !mark->spans && read_span(part + 5, mark);
}

static bool read_mark(char *word, struct wf_mark *mark)
{
    char *next = word;

    for (bool first = true; next != NULL; first = false) {
        char *const part = next;
        next = strchr(part, ';');
        if (next != NULL) {
            *next++ = '\0';
        }
        if (!read_part(part, first, mark)) {
            return false;
        }
    }
    return true;
}

void wf_mark_read(const char *comment, struct wf_mark *mark)
{
    *mark = (struct wf_mark){0};
    if (comment == NULL || comment[0] == '\0') {
        return;
    }
    if (strncmp(comment, prefix, sizeof(prefix) - 1) == 0) {
        const char *const start = comment + sizeof(prefix) - 1;
        const size_t length = strcspn(start, " ");
        char *word = copy(start, length);
        mark->users = strcmp(word, "user-held") == 0;
        mark->ours = !mark->users && read_mark(word, mark);
        free(word);
        if (mark->ours || mark->users) {
            if (start[length] == ' ' && start[length + 1] != '\0') {
                mark->rest = copy(start + length + 1, strlen(start + length + 1));
            }
            return;
        }
        wf_mark_finish(mark);
    }
    mark->rest = copy(comment, strlen(comment));
}

void wf_mark_finish(struct wf_mark *mark)
{
    if (mark == NULL) {
        return;
    }
    free(mark->pin);
    free(mark->was);
    free(mark->rest);
    *mark = (struct wf_mark){0};
}

char *wf_mark_write(const struct wf_mark *mark)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    WF_ASSERT(out != NULL);
    if (mark->ours) {
        fprintf(out, "%s%s", prefix, mark->decision[0] ? mark->decision : "held");
        if (mark->pin != NULL) {
            fprintf(out, ";pin=%s", mark->pin);
        }
        if (mark->was != NULL) {
            fprintf(out, ";was=%s", mark->was);
        }
        if (mark->spans) {
            fprintf(out, ";span=%" PRIu32 "-%" PRIu32, mark->nodes_min, mark->nodes_max);
        }
    }
    if (mark->rest != NULL) {
        fprintf(out, "%s%s", mark->ours ? " " : "", mark->rest);
    }
    WF_ASSERT(fclose(out) == 0);
    return text;
}
