// SPDX-License-Identifier: Apache-2.0
// What telemetry's numbers are called.
#include <stdio.h>

#include "telemetry/telemetry.h"

const char *wf_vendor_text(enum wf_vendor vendor)
{
    return vendor == WF_VENDOR_AMD ? "AMD" : "NVIDIA";
}

const char *wf_enforcement_text(enum wf_enforcement enforcement)
{
    switch (enforcement) {
    case WF_ENFORCE_NONE:
        return "none";
    case WF_ENFORCE_SOFT:
        return "soft";
    case WF_ENFORCE_HARD:
        return "hard";
    }
    return "none";
}

const char *wf_severity_text(enum wf_severity severity)
{
    switch (severity) {
    case WF_SEVERITY_FINE:
        return "fine";
    case WF_SEVERITY_NOTE:
        return "note";
    case WF_SEVERITY_WARNING:
        return "warning";
    case WF_SEVERITY_STOPS:
        return "stops";
    }
    return "stops";
}

const char *wf_throttle_text(char *text, uint32_t throttle)
{
    static const struct {
        uint32_t bit;
        const char *word;
    } words[] = {
        {WF_THROTTLE_IDLE, "idle"},
        {WF_THROTTLE_POWER_CAP, "power cap"},
        {WF_THROTTLE_HEAT, "heat"},
        {WF_THROTTLE_POWER_BRAKE, "power brake"},
        {WF_THROTTLE_CLOCK_SETTING, "clock setting"},
        {WF_THROTTLE_OTHER, "other"},
    };
    size_t length = 0;
    snprintf(text, WF_THROTTLE_TEXT_BYTES, "none");
    for (uint32_t i = 0; i < WF_COUNT_OF(words); i++) {
        if (throttle & words[i].bit) {
            length += (size_t)snprintf(text + length, WF_THROTTLE_TEXT_BYTES - length, "%s%s",
                                       length ? ", " : "", words[i].word);
        }
    }
    return text;
}
