// SPDX-License-Identifier: Apache-2.0
#include "core/schedule/wait_reason.h"

// One row of a table as a case of a switch.
#define NAME_OF(code, name, text)                                                                  \
    case ENTRY(code):                                                                              \
        return name;
#define TEXT_OF(code, name, text)                                                                  \
    case ENTRY(code):                                                                              \
        return text;

#define ENTRY(code) WF_WAIT_##code
const char *wf_wait_reason_name(enum wf_wait_reason reason)
{
    switch (reason) {
        WF_WAIT_REASONS(NAME_OF)
    }
    return "unknown";
}

const char *wf_wait_reason_text(enum wf_wait_reason reason)
{
    switch (reason) {
        WF_WAIT_REASONS(TEXT_OF)
    }
    return "waits";
}
#undef ENTRY

#define ENTRY(code) WF_AHEAD_##code
const char *wf_ahead_rule_name(enum wf_ahead_rule rule)
{
    switch (rule) {
        WF_AHEAD_RULES(NAME_OF)
    }
    return "unknown";
}

const char *wf_ahead_rule_text(enum wf_ahead_rule rule)
{
    switch (rule) {
        WF_AHEAD_RULES(TEXT_OF)
    }
    return "go first";
}
#undef ENTRY

#define ENTRY(code) WF_WAIT_CHANGE_##code
const char *wf_wait_change_name(enum wf_wait_change_kind kind)
{
    switch (kind) {
        WF_WAIT_CHANGES(NAME_OF)
    }
    return "unknown";
}

const char *wf_wait_change_text(enum wf_wait_change_kind kind)
{
    switch (kind) {
        WF_WAIT_CHANGES(TEXT_OF)
    }
    return "changes";
}
#undef ENTRY
