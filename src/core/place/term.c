// SPDX-License-Identifier: Apache-2.0
#include "core/place/term.h"

const char *wf_term_name(enum wf_term term)
{
    switch (term) {
#define WF_TERM_CASE(code, name, text)                                                             \
    case WF_TERM_##code:                                                                           \
        return name;
        WF_TERMS(WF_TERM_CASE)
#undef WF_TERM_CASE
    }
    return "unknown term";
}

const char *wf_term_text(enum wf_term term)
{
    switch (term) {
#define WF_TERM_CASE(code, name, text)                                                             \
    case WF_TERM_##code:                                                                           \
        return text;
        WF_TERMS(WF_TERM_CASE)
#undef WF_TERM_CASE
    }
    return "unknown term";
}
