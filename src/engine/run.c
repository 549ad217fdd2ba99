// SPDX-License-Identifier: Apache-2.0
#include "engine/run.h"

const char *wf_run_phase_text(enum wf_run_phase phase)
{
    switch (phase) {
#define WF_RUN_PHASE_CASE(name, text)                                                              \
    case WF_RUN_##name:                                                                            \
        return text;
        WF_RUN_PHASES(WF_RUN_PHASE_CASE)
#undef WF_RUN_PHASE_CASE
    }
    return "no such phase";
}

const char *wf_run_end_text(enum wf_run_end end)
{
    switch (end) {
#define WF_RUN_END_CASE(name, text)                                                                \
    case WF_RUN_END_##name:                                                                        \
        return text;
        WF_RUN_ENDS(WF_RUN_END_CASE)
#undef WF_RUN_END_CASE
    }
    return "no such end";
}
