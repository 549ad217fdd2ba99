// SPDX-License-Identifier: Apache-2.0
#include "hags/verdict.h"

#include <stdarg.h>
#include <string.h>

#include "base/words.h"

WF_WORDS_OF(hags_state, enum wf_hags_state, WF_HAGS_STATES);

enum { BUILD_FIRST = 19041 }; // Windows 10 2004, the first that has the setting

static const char *const effect_names[] = {"unknown", "unsupported", "not-applicable", "off", "on"};

const char *wf_hags_effect_name(enum wf_hags_effect effect)
{
    return effect_names[effect];
}

static bool all_compute_cards(const struct wf_hags_report *report)
{
    for (uint32_t i = 0; i < report->gpu_count; i++) {
        if (report->gpus[i].model != WF_HAGS_TCC) {
            return false;
        }
    }
    return report->gpu_count > 0;
}

enum wf_hags_effect wf_hags_effect(const struct wf_hags_report *report)
{
    uint32_t real = 0;
    bool off = false;
    for (uint32_t i = 0; i < report->adapter_count; i++) {
        const struct wf_hags_adapter *adapter = &report->adapters[i];
        if (adapter->software) {
            continue;
        }
        real++;
        if (adapter->enabled == WF_HAGS_YES) {
            return WF_HAGS_EFFECT_ON;
        }
        off = off || (adapter->supported == WF_HAGS_YES && adapter->enabled == WF_HAGS_NO);
    }
    if (off) {
        return WF_HAGS_EFFECT_OFF;
    }
    if (real == 0 && all_compute_cards(report)) {
        return WF_HAGS_EFFECT_NOT_APPLICABLE;
    }
    bool old = report->build > 0 && report->build < BUILD_FIRST;
    return report->adapters_known || old ? WF_HAGS_EFFECT_UNSUPPORTED : WF_HAGS_EFFECT_UNKNOWN;
}

bool wf_hags_always_on(const struct wf_hags_report *report)
{
    for (uint32_t i = 0; i < report->adapter_count; i++) {
        if (!report->adapters[i].software &&
            report->adapters[i].driver == WF_HAGS_DRIVER_ALWAYS_ON) {
            return true;
        }
    }
    return false;
}

static struct wf_hags_verdict verdict(enum wf_hags_state state, const char *format, ...)
    WF_PRINTF(2, 3);

static struct wf_hags_verdict verdict(enum wf_hags_state state, const char *format, ...)
{
    struct wf_hags_verdict made = {.state = state};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(made.reason, sizeof made.reason, format, arguments);
    va_end(arguments);
    return made;
}

static struct wf_hags_verdict change(enum wf_hags_value wish, const char *reason)
{
    struct wf_hags_verdict made = verdict(WF_HAGS_CHANGE, "%s", reason);
    made.wish = wish;
    return made;
}

// Whether it was restarted after the value was written.
static bool restarted_since(const struct wf_hags_report *report, const struct wf_hags_past *past)
{
    int64_t written_ms = past->written_ms ? past->written_ms : report->written_ms;
    return written_ms > 0 && report->boot_ms > written_ms;
}

// The value stands as wanted; what is at work is another thing.
static struct wf_hags_verdict judge_set(const struct wf_hags_report *report,
                                        const struct wf_hags_past *past, enum wf_hags_value wish)
{
    bool off = wish == WF_HAGS_OFF;
    enum wf_hags_effect effect = wf_hags_effect(report);
    if (effect == (off ? WF_HAGS_EFFECT_OFF : WF_HAGS_EFFECT_ON)) {
        bool ours = past->wish == wish;
        return verdict(off    ? ours ? WF_HAGS_OFF_VERIFIED : WF_HAGS_ALREADY_OFF
                       : ours ? WF_HAGS_ON_VERIFIED
                              : WF_HAGS_ALREADY_ON,
                       "%s", "");
    }
    if (!restarted_since(report, past)) {
        return verdict(WF_HAGS_PENDING_REBOOT, "still %s until it restarts",
                       wf_hags_effect_name(effect));
    }
    return verdict(past->verified ? WF_HAGS_DRIFTED : WF_HAGS_FAILED,
                   "the value stands and it has restarted since, yet it is %s",
                   wf_hags_effect_name(effect));
}

static bool changed_by_others(const struct wf_hags_report *report, const struct wf_hags_past *past)
{
    return past->wish != WF_HAGS_UNREAD && past->written_ms > 0 && past->wish != report->configured;
}

static struct wf_hags_verdict judge_look(const struct wf_hags_report *report,
                                         const struct wf_hags_past *past)
{
    enum wf_hags_effect effect = wf_hags_effect(report);
    if (changed_by_others(report, past)) {
        return verdict(WF_HAGS_DRIFTED, "set to %s from here, now %s",
                       wf_hags_value_word(past->wish), wf_hags_value_word(report->configured));
    }
    if (report->configured == WF_HAGS_OFF || report->configured == WF_HAGS_ON) {
        if (report->configured == WF_HAGS_OFF && wf_hags_always_on(report)) {
            return verdict(WF_HAGS_REFUSED, "set to off, but its driver is always on");
        }
        return judge_set(report, past, report->configured);
    }
    return verdict(effect == WF_HAGS_EFFECT_ON ? WF_HAGS_ALREADY_ON : WF_HAGS_ALREADY_OFF,
                   "no value is set: the driver's own choice");
}

static struct wf_hags_verdict judge_turn(const struct wf_hags_report *report,
                                         const struct wf_hags_past *past, enum wf_hags_value wish)
{
    if (wish == WF_HAGS_OFF && wf_hags_always_on(report)) {
        return verdict(WF_HAGS_REFUSED, "%s", "");
    }
    if (report->configured == wish) {
        return judge_set(report, past, wish);
    }
    if (report->configured == WF_HAGS_OTHER) {
        return verdict(WF_HAGS_FAILED, "HwSchMode holds what Windows does not know: not touched");
    }
    return change(wish, changed_by_others(report, past) ? "had been changed by somebody else" : "");
}

static struct wf_hags_verdict judge_restore(const struct wf_hags_report *report,
                                            const struct wf_hags_past *past)
{
    if (past->prior == WF_HAGS_UNREAD) {
        return verdict(WF_HAGS_UNTOUCHED, "%s", "");
    }
    if (report->configured != past->prior) {
        return change(past->prior, "");
    }
    if (wf_hags_effect(report) == past->effect || restarted_since(report, past)) {
        return verdict(WF_HAGS_RESTORED, "%s", "");
    }
    return verdict(WF_HAGS_PENDING_REBOOT, "as it was before, once it has restarted");
}

struct wf_hags_verdict wf_hags_judge(const struct wf_hags_report *report,
                                     const struct wf_hags_past *past, enum wf_hags_goal goal)
{
    enum wf_hags_effect effect = wf_hags_effect(report);
    if (effect == WF_HAGS_EFFECT_NOT_APPLICABLE) {
        return verdict(WF_HAGS_NOT_APPLICABLE, "%s", "");
    }
    if (goal == WF_HAGS_RESTORE) {
        return judge_restore(report, past);
    }
    if (effect == WF_HAGS_EFFECT_UNSUPPORTED) {
        return report->build > 0 && report->build < BUILD_FIRST
                   ? verdict(WF_HAGS_UNSUPPORTED, "Windows build %u is older than 10 2004",
                             report->build)
                   : verdict(WF_HAGS_UNSUPPORTED, "no driver here offers it");
    }
    if (effect == WF_HAGS_EFFECT_UNKNOWN || report->configured == WF_HAGS_UNREAD) {
        return verdict(WF_HAGS_FAILED, "%s cannot be read",
                       effect == WF_HAGS_EFFECT_UNKNOWN ? "what is at work" : "HwSchMode");
    }
    if (goal == WF_HAGS_LOOK) {
        return judge_look(report, past);
    }
    return judge_turn(report, past, goal == WF_HAGS_TURN_OFF ? WF_HAGS_OFF : WF_HAGS_ON);
}

bool wf_hags_state_good(enum wf_hags_state state, enum wf_hags_goal goal)
{
    static const uint32_t good[] = {
        [WF_HAGS_LOOK] = 1U << WF_HAGS_ALREADY_OFF | 1U << WF_HAGS_ALREADY_ON |
                         1U << WF_HAGS_OFF_VERIFIED | 1U << WF_HAGS_ON_VERIFIED |
                         1U << WF_HAGS_UNSUPPORTED | 1U << WF_HAGS_NOT_APPLICABLE |
                         1U << WF_HAGS_OTHER_OS,
        [WF_HAGS_TURN_OFF] = 1U << WF_HAGS_ALREADY_OFF | 1U << WF_HAGS_OFF_VERIFIED |
                             1U << WF_HAGS_UNSUPPORTED | 1U << WF_HAGS_NOT_APPLICABLE |
                             1U << WF_HAGS_OTHER_OS,
        [WF_HAGS_TURN_ON] =
            1U << WF_HAGS_ALREADY_ON | 1U << WF_HAGS_ON_VERIFIED | 1U << WF_HAGS_OTHER_OS,
        [WF_HAGS_RESTORE] = 1U << WF_HAGS_RESTORED | 1U << WF_HAGS_UNTOUCHED |
                            1U << WF_HAGS_NOT_APPLICABLE | 1U << WF_HAGS_OTHER_OS,
    };
    return good[goal] >> state & 1;
}
