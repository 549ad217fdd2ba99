// SPDX-License-Identifier: Apache-2.0
#include "core/schedule/wait_reason.h"

#include "base/words.h"

WF_WORDS_OF(wait_reason, enum wf_wait_reason, WF_WAIT_REASONS);
WF_WORDS_OF(ahead_rule, enum wf_ahead_rule, WF_AHEAD_RULES);
WF_WORDS_OF(wait_change, enum wf_wait_change_kind, WF_WAIT_CHANGES);
