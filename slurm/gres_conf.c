// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/gres_conf.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/compat.h"

struct gres_line {
    bool is_gpu, detects;
    char type[64];
    char flags[128];
};

static void take_word(struct gres_line *line, const char *word, size_t length)
{
    const char *const equals = memchr(word, '=', length);
    char value[128];

    if (equals == NULL) {
        return;
    }
    const size_t key = (size_t)(equals - word);
    snprintf(value, sizeof(value), "%.*s", (int)(length - key - 1), equals + 1);
    if (key == 4 && strncasecmp(word, "Name", key) == 0) {
        line->is_gpu = strcasecmp(value, "gpu") == 0;
    } else if (key == 4 && strncasecmp(word, "Type", key) == 0) {
        snprintf(line->type, sizeof(line->type), "%.63s", value);
    } else if (key == 5 && strncasecmp(word, "Flags", key) == 0) {
        snprintf(line->flags, sizeof(line->flags), "%s", value);
    } else if (key == 10 && strncasecmp(word, "AutoDetect", key) == 0) {
        line->detects = strcasecmp(value, "off") != 0;
    }
}

static bool names_any(const char *text, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcasestr(text, *words) != NULL) {
            return true;
        }
    }
    return false;
}

// Reads the words up to a comment; returns whether there was any.
static bool read_words(struct gres_line *line, const char *text, size_t length)
{
    bool any = false;

    for (size_t i = 0; i < length && text[i] != '#';) {
        size_t word = 0;
        while (i + word < length && memchr(" \t\r#", text[i + word], 4) == NULL) {
            word++;
        }
        if (word > 0) {
            take_word(line, text + i, word);
        }
        any = any || word > 0;
        i += word;
        i += i < length && text[i] != '#';
    }
    return any;
}

static void take_line(struct wf_gres_conf *conf, const char *text, size_t length)
{
    static const char *const nvidia[] = {"nvidia", "h100", "h200",  "a100", "b200", "v100",
                                         "l40",    "t4",   "gh200", "rtx",  NULL};
    static const char *const amd[] = {"amd", "mi2", "mi3", "mi1", NULL};
    struct gres_line line = {0};

    if (!read_words(&line, text, length)) {
        return;
    }
    conf->detects = conf->detects || line.detects;
    if (!line.is_gpu) {
        return;
    }
    conf->lines++;
    const bool is_amd = names_any(line.flags, amd) || names_any(line.type, amd);
    const bool is_nvidia = names_any(line.flags, nvidia) || names_any(line.type, nvidia);
    conf->amd = conf->amd || is_amd;
    conf->nvidia = conf->nvidia || is_nvidia;
    conf->other = conf->other || (!is_amd && !is_nvidia);
    if (strcasestr(line.flags, "_env") == NULL && !line.detects) {
        if (conf->lines_plain++ == 0) {
            snprintf(conf->plain_example, sizeof(conf->plain_example), "%.*s", (int)length, text);
        }
    }
}

void wf_gres_conf_read(const char *text, size_t length, struct wf_gres_conf *conf)
{
    *conf = (struct wf_gres_conf){0};
    while (length > 0) {
        const char *const end = memchr(text, '\n', length);
        const size_t line = end != NULL ? (size_t)(end - text) : length;
        take_line(conf, text, line);
        text += line + (end != NULL);
        length -= line + (end != NULL);
    }
}
