// SPDX-License-Identifier: Apache-2.0
#include "store/rows.h"

#include <string.h>

#include "base/compat.h"

static const char *const state_words[] = {
#define STATE_WORD(name, word) [WF_JOB_STATE_##name] = (word),
    WF_JOB_STATES(STATE_WORD)
#undef STATE_WORD
};
_Static_assert(WF_COUNT_OF(state_words) == WF_JOB_STATE_COUNT, "the count of the states");

const char *wf_job_state_word(enum wf_job_state state)
{
    return state_words[state];
}

bool wf_job_state_find(const char *word, enum wf_job_state *state_out)
{
    for (uint32_t i = 0; i < WF_JOB_STATE_COUNT; i++) {
        if (strcmp(word, state_words[i]) == 0) {
            *state_out = (enum wf_job_state)i;
            return true;
        }
    }
    return false;
}
