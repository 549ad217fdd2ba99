// SPDX-License-Identifier: Apache-2.0
// What the answer of a step means. An exit status is never taken for proof: what counts is what the
// helper tells afterwards.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "hags/fleet_parts.h"
#include "text/lines.h"

enum { ACCESS_DENIED = 5 };

static bool said(const struct wf_process_result *result, const char *word)
{
    return strstr(result->output, word) != NULL;
}

// What comes before a machine is done: its work back, the helper gone, the connection closed.
static void clean_up(struct wf_fleet_place *place)
{
    const struct wf_hags_entry *entry = place->row.entry;
    enum wf_hags_state state = place->row.state;
    bool came_back = state != WF_HAGS_UNREACHABLE && state != WF_HAGS_PENDING_REBOOT;
    if (entry->drained && (came_back || place->undo_drain) && place->row.step < WF_FLEET_UNDRAIN) {
        wf_fleet_go(place, WF_FLEET_UNDRAIN, 0);
    } else if (entry->helper[0] && place->copied && state != WF_HAGS_UNREACHABLE &&
               place->row.step < WF_FLEET_REMOVE) {
        wf_fleet_go(place, WF_FLEET_REMOVE, 0);
    } else {
        wf_fleet_go(place, place->connected ? WF_FLEET_CLOSE : WF_FLEET_DONE, 0);
    }
}

void wf_fleet_settle(struct wf_fleet_place *place, enum wf_hags_state state, const char *reason)
{
    place->row.state = state;
    snprintf(place->row.reason, sizeof place->row.reason, "%s", reason);
    if (place->restarting) {
        place->restarting = false;
        place->fleet->restarting--;
    }
    place->wait_until_ms = 0;
    clean_up(place);
}

void wf_fleet_lost(struct wf_fleet_place *place, const char *why)
{
    char reason[240];
    struct wf_fleet *fleet = place->fleet;
    switch (place->row.step) {
    case WF_FLEET_AWAIT:
        wf_fleet_go(place, WF_FLEET_AWAIT, fleet->config.poll_ms);
        if (wf_fleet_now_ms(fleet) >= place->wait_until_ms) {
            fleet->stop_restarts = fleet->stop_restarts || place->restarting;
            snprintf(reason, sizeof reason, "did not come back in time: %.150s", why);
            wf_fleet_settle(place, WF_HAGS_UNREACHABLE, reason);
        }
        return;
    case WF_FLEET_REMOVE:
        // Noted, and done at the next run: its state is known all the same.
        wf_fleet_go(place, WF_FLEET_CLOSE, 0);
        return;
    case WF_FLEET_COPY:
    case WF_FLEET_CHECK:
    case WF_FLEET_ASK_OS:
    case WF_FLEET_ASK_UNIX:
        wf_fleet_settle(place, WF_HAGS_UNREACHABLE, why);
        return;
    case WF_FLEET_LOOK:
    case WF_FLEET_WRITE:
    case WF_FLEET_RESTART:
    case WF_FLEET_DRAIN:
    case WF_FLEET_UNDRAIN:
    case WF_FLEET_CLOSE:
    case WF_FLEET_DONE:
        break;
    }
    snprintf(reason, sizeof reason, "lost on the way: %.150s; run it again to go on", why);
    wf_fleet_settle(place, WF_HAGS_UNREACHABLE, reason);
}

static void answer_os(struct wf_fleet_place *place, const struct wf_process_result *result)
{
    char line[80];
    char words[160];
    if (place->row.step == WF_FLEET_ASK_OS) {
        bool windows = said(result, "Microsoft Windows");
        wf_fleet_go(place, windows ? WF_FLEET_COPY : WF_FLEET_ASK_UNIX, 0);
        return;
    }
    snprintf(line, sizeof line, "%.*s", (int)strcspn(result->output, "\r\n"), result->output);
    wf_lines_quote(line, words, sizeof words);
    if (result->status == 0 && line[0]) {
        char reason[200];
        snprintf(reason, sizeof reason, "it runs %s", words);
        wf_fleet_settle(place, WF_HAGS_NO_SUCH_SETTING, reason);
    } else {
        wf_fleet_settle(place, WF_HAGS_FAILED, "it says neither that it is Windows nor a Unix");
    }
}

static void answer_copy(struct wf_fleet_place *place, const struct wf_process_result *result)
{
    char words[160];
    char reason[240];
    if (result->status == 0) {
        wf_fleet_go(place, WF_FLEET_CHECK, 0);
        return;
    }
    wf_ssh_words(result->complaint, words, sizeof words);
    snprintf(reason, sizeof reason, "the helper cannot be copied there: %.150s", words);
    wf_fleet_settle(place, WF_HAGS_FAILED, reason);
}

// Whether the digest is in the text, in either case; older Windows parts its bytes with blanks.
static bool has_digest(const char *text, const char *digest)
{
    for (; *text; text++) {
        const char *at = text;
        const char *wish = digest;
        while (*wish && (*at == ' ' || tolower((unsigned char)*at) == *wish)) {
            wish += *at++ != ' ';
        }
        if (*wish == '\0') {
            return true;
        }
    }
    return false;
}

// A file that is not what was sent is sent once more, and never run.
static void answer_check(struct wf_fleet_place *place, const struct wf_process_result *result)
{
    enum { COPIES_MAX = 2 };
    if (has_digest(result->output, place->fleet->digest)) {
        wf_fleet_go(place, place->wait_until_ms ? WF_FLEET_AWAIT : WF_FLEET_LOOK, 0);
    } else if (++place->mismatches < COPIES_MAX) {
        wf_fleet_go(place, WF_FLEET_COPY, 0);
    } else {
        wf_fleet_settle(place, WF_HAGS_FAILED,
                        "the helper there is not what was sent, or its checksum cannot be "
                        "reckoned: it was not run");
    }
}

// Takes the report of an answer. Returns false when it settled the matter.
static bool take_report(struct wf_fleet_place *place, const struct wf_process_result *result)
{
    struct wf_error err = {.text = ""};
    if (!place->row.report) {
        place->row.report = calloc(1, sizeof *place->row.report);
    }
    if (!place->row.report) {
        wf_fleet_settle(place, WF_HAGS_FAILED, "there is no memory for its report");
        return false;
    }
    struct wf_hags_report report;
    if (wf_hags_report_read(result->output, &report, &err) == WF_OK) {
        *place->row.report = report;
        return true;
    }
    wf_fleet_settle(place, WF_HAGS_FAILED, err.text);
    return false;
}

static void note_removed(struct wf_fleet_place *place, const struct wf_process_result *result)
{
    if (said(result, "whaleflux-left")) {
        return; // tried again at the next run, which finds its name
    }
    place->row.entry->helper[0] = '\0';
    wf_fleet_keep(place);
}

// Counts of a machine that nobody wrote to yet: the before of before and after.
static void note_prior(struct wf_fleet_place *place, enum wf_hags_value wish)
{
    struct wf_hags_past *past = &place->row.entry->past;
    const struct wf_hags_report *report = place->row.report;
    place->saved = *past;
    if (past->prior == WF_HAGS_UNREAD) {
        past->prior = report->configured;
        past->effect = wf_hags_effect(report);
        place->row.entry->timeouts_before = report->timeouts_in_30_days;
    }
    past->wish = wish;
    past->written_ms = 0; // meant, and not known to be done
    past->verified = false;
}

// What a verdict after which nothing is to be written leaves in the record.
static void note_verdict(struct wf_fleet_place *place, enum wf_hags_state state)
{
    struct wf_hags_entry *entry = place->row.entry;
    bool verified = state == WF_HAGS_OFF_VERIFIED || state == WF_HAGS_ON_VERIFIED;
    if (state == WF_HAGS_RESTORED) {
        entry->past = (struct wf_hags_past){.prior = WF_HAGS_UNREAD};
        entry->timeouts_before = -1;
    } else if (verified && !entry->past.verified) {
        entry->past.verified = true;
    } else {
        return;
    }
    entry->reboot_boot_ms = 0;
    wf_fleet_keep(place);
}

// It is set, and takes effect with a restart: ours, somebody's, or none that is waited for.
static void seek_restart(struct wf_fleet_place *place, const struct wf_hags_verdict *verdict)
{
    struct wf_fleet *fleet = place->fleet;
    const struct wf_fleet_config *config = &fleet->config;
    bool changes = config->goal != WF_HAGS_LOOK && !config->dry_run;
    if (changes && config->reboot != WF_FLEET_NEVER) {
        snprintf(place->row.reason, sizeof place->row.reason, "its turn to restart will come");
        wf_fleet_go(place,
                    config->reboot == WF_FLEET_DRAINED && !place->row.entry->drained
                        ? WF_FLEET_DRAIN
                        : WF_FLEET_RESTART,
                    0);
    } else if (changes && config->wait) {
        place->wait_until_ms = wf_fleet_now_ms(fleet) + INT64_C(1000) * config->wait_timeout_s;
        snprintf(place->row.reason, sizeof place->row.reason, "%s", verdict->reason);
        wf_fleet_go(place, WF_FLEET_AWAIT, config->poll_ms);
    } else {
        wf_fleet_settle(place, WF_HAGS_PENDING_REBOOT, verdict->reason);
    }
}

static void judge(struct wf_fleet_place *place)
{
    const struct wf_fleet_config *config = &place->fleet->config;
    const struct wf_hags_report *report = place->row.report;
    struct wf_hags_past *past = &place->row.entry->past;
    if (config->os && !wf_hags_os_is(report, config->os)) {
        char reason[160];
        snprintf(reason, sizeof reason, "it is %s, build %u", wf_hags_os_name(report),
                 report->build);
        wf_fleet_settle(place, WF_HAGS_OTHER_OS, reason);
        return;
    }
    if (past->wish != WF_HAGS_UNREAD && past->wish == report->configured && past->written_ms == 0) {
        // A run that was interrupted wrote it and could not say so.
        past->written_ms = report->written_ms ? report->written_ms : report->now_ms;
        wf_fleet_keep(place);
    }
    struct wf_hags_verdict verdict = wf_hags_judge(report, past, config->goal);
    if (verdict.state == WF_HAGS_CHANGE && config->dry_run) {
        char reason[240];
        snprintf(reason, sizeof reason, "from %s to %s%s%s", wf_hags_value_word(report->configured),
                 wf_hags_value_word(verdict.wish), verdict.reason[0] ? "; " : "", verdict.reason);
        wf_fleet_settle(place, WF_HAGS_WOULD_CHANGE, reason);
    } else if (verdict.state == WF_HAGS_CHANGE) {
        note_prior(place, verdict.wish);
        wf_fleet_go(place, WF_FLEET_WRITE, 0);
    } else if (verdict.state == WF_HAGS_PENDING_REBOOT) {
        seek_restart(place, &verdict);
    } else {
        note_verdict(place, verdict.state);
        wf_fleet_settle(place, verdict.state, verdict.reason);
    }
}

static void answer_look(struct wf_fleet_place *place, const struct wf_process_result *result)
{
    const struct wf_fleet_config *config = &place->fleet->config;
    if (!take_report(place, result)) {
        return;
    }
    if (config->goal == WF_HAGS_LOOK || config->dry_run) {
        note_removed(place, result);
    }
    judge(place);
}

// The report of the program that set the value, which stands before that of the one that looked.
static bool read_set(const struct wf_process_result *result, struct wf_hags_report *report)
{
    const char *end = strstr(result->output, "\n{\"whaleflux_hags\":");
    char *first = end ? strndup(result->output, (size_t)(end - result->output)) : NULL;
    bool good = first && wf_hags_report_read(first, report, NULL) == WF_OK && report->wrote;
    free(first);
    return good;
}

static void answer_write(struct wf_fleet_place *place, const struct wf_process_result *result)
{
    struct wf_hags_entry *entry = place->row.entry;
    struct wf_hags_report set = {0};
    char reason[200];
    if (!take_report(place, result)) {
        return;
    }
    bool told = read_set(result, &set);
    if (place->row.report->configured == entry->past.wish) {
        entry->past.written_ms = told ? set.now_ms : place->row.report->now_ms;
        wf_fleet_keep(place);
        judge(place);
        return;
    }
    // Nothing was changed, so nothing was done: the record says what it said before.
    entry->past = place->saved;
    wf_fleet_keep(place);
    if (told && set.write_status > 0) {
        snprintf(reason, sizeof reason, "Windows refused to set it (error %lld%s)",
                 (long long)set.write_status,
                 set.write_status == ACCESS_DENIED ? ": ssh's user must be an administrator" : "");
    } else if (told && set.write_status < 0) {
        snprintf(reason, sizeof reason, "somebody else has changed it meanwhile; run it again");
    } else {
        snprintf(reason, sizeof reason,
                 "it was told to set the value, answered, and has not: still %s",
                 wf_hags_value_word(place->row.report->configured));
    }
    wf_fleet_settle(place, WF_HAGS_FAILED, reason);
}

// Whether a drain that failed may have taken the host out of use: the inventory's command may have
// got anywhere; ours says by its exit status that only the work did not leave.
static bool has_begun(const struct wf_fleet_place *place, const struct wf_process_result *result)
{
    enum { NOT_EMPTY = 1, NOT_STARTED = 127 };
    bool own = !place->row.host->ways.drain;
    return result->timed_out || (own ? result->status == NOT_EMPTY : result->status != NOT_STARTED);
}

static void answer_drain(struct wf_fleet_place *place, const struct wf_process_result *result)
{
    char words[160];
    char reason[240];
    if (result->status == 0 && !result->timed_out) {
        wf_fleet_go(place, WF_FLEET_RESTART, 0);
        return;
    }
    place->undo_drain = has_begun(place, result);
    place->row.entry->drained = place->undo_drain;
    wf_fleet_keep(place);
    wf_ssh_words(result->timed_out ? "it took too long" : result->complaint, words, sizeof words);
    snprintf(reason, sizeof reason, "not restarted: its work cannot be moved away: %.150s", words);
    wf_fleet_settle(place, WF_HAGS_PENDING_REBOOT, reason);
}

static void answer_restart(struct wf_fleet_place *place)
{
    const struct wf_fleet_config *config = &place->fleet->config;
    // Whether it does is seen when it is back, whatever the command exited with.
    place->wait_until_ms = wf_fleet_now_ms(place->fleet) + INT64_C(1000) * config->wait_timeout_s;
    snprintf(place->row.reason, sizeof place->row.reason, "was told to restart");
    wf_fleet_go(place, WF_FLEET_AWAIT, config->poll_ms);
}

static void answer_await(struct wf_fleet_place *place, const struct wf_process_result *result)
{
    enum { BOOT_SLACK_MS = 2000 };
    struct wf_fleet *fleet = place->fleet;
    const struct wf_hags_entry *entry = place->row.entry;
    struct wf_hags_report told;
    if (wf_hags_report_read(result->output, &told, NULL) != WF_OK &&
        wf_fleet_now_ms(fleet) < place->wait_until_ms) {
        wf_fleet_go(place, WF_FLEET_AWAIT, fleet->config.poll_ms); // a machine half up
        return;
    }
    if (!take_report(place, result)) {
        return;
    }
    const struct wf_hags_report *report = place->row.report;
    struct wf_hags_verdict verdict = wf_hags_judge(report, &entry->past, fleet->config.goal);
    bool restarted = place->restarting && report->boot_ms > entry->reboot_boot_ms + BOOT_SLACK_MS;
    if (verdict.state == WF_HAGS_PENDING_REBOOT && !restarted) {
        if (wf_fleet_now_ms(fleet) < place->wait_until_ms) {
            wf_fleet_go(place, WF_FLEET_AWAIT, fleet->config.poll_ms);
        } else {
            fleet->stop_restarts = fleet->stop_restarts || place->restarting;
            wf_fleet_settle(place, WF_HAGS_PENDING_REBOOT, "it has not restarted in time");
        }
        return;
    }
    if (verdict.state == WF_HAGS_CHANGE) {
        wf_fleet_settle(place, WF_HAGS_DRIFTED, "somebody changed the value while it restarted");
        return;
    }
    note_verdict(place, verdict.state);
    wf_fleet_settle(place, verdict.state, verdict.reason);
}

static void answer_undrain(struct wf_fleet_place *place, const struct wf_process_result *result)
{
    if (result->status == 0) {
        place->row.entry->drained = false;
        wf_fleet_keep(place);
    } else {
        size_t length = strlen(place->row.reason);
        snprintf(place->row.reason + length, sizeof place->row.reason - length,
                 "%sit could not be given work again", length ? "; " : "");
    }
    clean_up(place);
}

void wf_fleet_answer(struct wf_fleet_place *place, const struct wf_process_result *result)
{
    switch (place->row.step) {
    case WF_FLEET_ASK_OS:
    case WF_FLEET_ASK_UNIX:
        answer_os(place, result);
        return;
    case WF_FLEET_COPY:
        answer_copy(place, result);
        return;
    case WF_FLEET_CHECK:
        answer_check(place, result);
        return;
    case WF_FLEET_LOOK:
        answer_look(place, result);
        return;
    case WF_FLEET_WRITE:
        answer_write(place, result);
        return;
    case WF_FLEET_DRAIN:
        answer_drain(place, result);
        return;
    case WF_FLEET_RESTART:
        answer_restart(place);
        return;
    case WF_FLEET_AWAIT:
        answer_await(place, result);
        return;
    case WF_FLEET_UNDRAIN:
        answer_undrain(place, result);
        return;
    case WF_FLEET_REMOVE:
        note_removed(place, result);
        clean_up(place);
        return;
    case WF_FLEET_CLOSE:
        wf_fleet_go(place, WF_FLEET_DONE, 0);
        return;
    case WF_FLEET_DONE:
        return;
    }
}
