// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "sim/history/slurm_value.h"
#include "sim/history/text.h"

struct kind {
    const char *slurm, *word;
    bool per_element; // an element waits for the one of the same number in the other array
};

static const struct kind kinds[] = {
    {"afterany:", "end", false}, {"afterok:", "ok", false},  {"afternotok:", "fail", false},
    {"aftercorr:", "ok", true},  {"after:", "start", false},
};

// Adds one job, "12", "12_3" or "12_*" with what may stand behind it ("+5" minutes, "(failed)").
static bool add(const struct kind *kind, const char *id, size_t length, const char *element,
                char *after)
{
    size_t number = strspn(id, "0123456789");
    size_t whole = number;
    bool good = number > 0 && number <= 20;
    if (number < length && id[number] == '_' && id[number + 1] != '*') {
        size_t more = strspn(id + number + 1, "0123456789");
        good = good && more > 0 && more <= 20;
        whole += 1 + more;
    }
    size_t used = strlen(after);
    int added = good ? snprintf(after + used, WF_SLURM_AFTER_BYTES - used, "%s%s:%.*s%s",
                                used > 0 ? " " : "", kind->word, (int)whole, id,
                                kind->per_element && whole == number ? element : "")
                     : -1;
    if (added < 0 || (size_t)added >= WF_SLURM_AFTER_BYTES - used) {
        after[used] = '\0';
        return false;
    }
    return true;
}

// Adds the jobs of one kind: "afterok:12:13".
static bool add_all(const char *text, size_t length, const char *element, char *after)
{
    const struct kind *kind = NULL;
    for (size_t i = 0; i < WF_COUNT_OF(kinds) && !kind; i++) {
        kind = wf_text_begins(text, kinds[i].slurm) ? &kinds[i] : NULL;
    }
    if (!kind) {
        return false;
    }
    bool all = true;
    for (size_t at = strlen(kind->slurm); at <= length;) {
        size_t one = strcspn(text + at, ":,");
        one = one < length - at ? one : length - at;
        all = add(kind, text + at, one, element, after) && all;
        at += one + 1;
    }
    return all;
}

bool wf_slurm_after(const char *text, const char *element, char after_out[WF_SLURM_AFTER_BYTES])
{
    after_out[0] = '\0';
    bool nothing = (text[0] | 0x20) < 'a' || (text[0] | 0x20) > 'z' || wf_text_same(text, "None");
    if (nothing || strchr(text, '?')) {
        return nothing;
    }
    bool all = true;
    while (*text) {
        size_t length = strcspn(text, ",");
        all = add_all(text, length, element, after_out) && all;
        text += length + (text[length] == ',');
    }
    return all;
}
