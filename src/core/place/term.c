// SPDX-License-Identifier: Apache-2.0
#include "core/place/term.h"

#include "base/words.h"

WF_WORDS_OF(term, enum wf_term, WF_TERMS);
