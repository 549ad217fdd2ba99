// SPDX-License-Identifier: Apache-2.0
#include "chaos/script.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MOST_MS (INT64_C(366) * 86400 * 1000)

static const char *const words[] = {
#define SCRIPT_WORD(name, word) [WF_SCRIPT_##name] = (word),
    WF_SCRIPT_ACTIONS(SCRIPT_WORD)
#undef SCRIPT_WORD
};

const char *wf_script_word(enum wf_script_action action)
{
    return words[action];
}

// Takes the next word of a step. Returns its length, 0: there is none.
static size_t next_word(const char **at, const char *end, const char **word_out)
{
    while (*at < end && **at == ' ') {
        (*at)++;
    }
    *word_out = *at;
    while (*at < end && **at != ' ') {
        (*at)++;
    }
    return (size_t)(*at - *word_out);
}

// "500ms", "30s", "2m".
static bool read_span(const char *word, size_t length, int64_t *ms_out)
{
    size_t at = 0;
    int64_t number = 0, unit = 0;
    while (at < length && word[at] >= '0' && word[at] <= '9' && number <= MOST_MS) {
        number = number * 10 + (word[at++] - '0');
    }
    size_t left = length - at;
    if (left == 2 && strncmp(word + at, "ms", 2) == 0) {
        unit = 1;
    } else if (left == 1) {
        unit = word[at] == 's' ? 1000 : word[at] == 'm' ? 60000 : 0;
    }
    *ms_out = number <= MOST_MS ? number * unit : 0;
    return at > 0 && unit > 0 && number <= MOST_MS && *ms_out <= MOST_MS;
}

static bool find_action(const char *word, size_t length, enum wf_script_action *action_out)
{
    for (uint32_t i = 0; i < WF_COUNT_OF(words); i++) {
        if (strlen(words[i]) == length && strncmp(words[i], word, length) == 0) {
            *action_out = (enum wf_script_action)i;
            return true;
        }
    }
    return false;
}

static bool read_step(const char *at, const char *end, struct wf_script_step *step)
{
    const char *word;
    size_t length = next_word(&at, end, &word);
    if (!read_span(word, length, &step->wait_ms)) {
        return false;
    }
    length = next_word(&at, end, &word);
    if (!find_action(word, length, &step->action)) {
        return false;
    }
    if (step->action == WF_SCRIPT_NOTICE || step->action == WF_SCRIPT_LATE) {
        length = next_word(&at, end, &word);
        if (!read_span(word, length, &step->ms)) {
            return false;
        }
    }
    return next_word(&at, end, &word) == 0;
}

enum wf_status wf_script_read(const char *text, struct wf_script *script_out, struct wf_error *err)
{
    *script_out = (struct wf_script){0};
    for (const char *at = text;;) {
        size_t length = strcspn(at, ",");
        if (script_out->count == WF_SCRIPT_STEPS_MAX) {
            return wf_fail(err, WF_LIMIT, "a script has %d steps at most", WF_SCRIPT_STEPS_MAX);
        }
        if (!read_step(at, at + length, &script_out->steps[script_out->count++])) {
            return wf_fail(err, WF_INVALID,
                           "step %u of the script, '%.*s', is none: one is '2s notice 30s' or '5s "
                           "withdraw'",
                           script_out->count, (int)(length < 60 ? length : 60), at);
        }
        if (at[length] == '\0') {
            return WF_OK;
        }
        at += length + 1;
    }
}

void wf_script_play(struct wf_mock *mock, const struct wf_script_step *step, int64_t now_ms)
{
    struct wf_mock_state state = wf_mock_state(mock);
    switch (step->action) {
    case WF_SCRIPT_NOTICE:
    case WF_SCRIPT_LATE:
        state.notice = WF_MOCK_GOING;
        state.gone_ms = now_ms + (step->action == WF_SCRIPT_NOTICE ? step->ms : -step->ms);
        state.number++;
        break;
    case WF_SCRIPT_ADVICE:
        state.notice = WF_MOCK_ADVICE;
        state.gone_ms = now_ms;
        break;
    case WF_SCRIPT_WITHDRAW:
        state.notice = WF_MOCK_QUIET;
        break;
    case WF_SCRIPT_AGAIN:
        state.number++;
        break;
    case WF_SCRIPT_EXPIRE:
        wf_mock_expire_tokens(mock);
        return;
    case WF_SCRIPT_DOWN:
        state.fault = WF_MOCK_DOWN;
        break;
    case WF_SCRIPT_GARBAGE:
        state.fault = WF_MOCK_GARBAGE;
        break;
    case WF_SCRIPT_SILENT:
        state.fault = WF_MOCK_SILENT;
        break;
    case WF_SCRIPT_WELL:
        state.fault = WF_MOCK_WELL;
        break;
    }
    wf_mock_set(mock, &state);
}
