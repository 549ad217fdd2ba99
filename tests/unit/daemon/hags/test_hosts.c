// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/hags/hosts.h"
#include "unit/scratch.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)

// What a look tells of a host.
struct told {
    const char *name, *state;
    int on; // at work; -1: it does not answer
    int64_t boot_ms;
    int timeouts, before; // before: -1, it was never set from here
};

static struct wf_hags_hosts *take(const struct told *told, size_t count,
                                  struct wf_hags_hosts *before, int64_t now_ms)
{
    char text[8192] = "{\"goal\":\"status\",\"hosts\":[";
    struct wf_hags_hosts *hosts;
    struct wf_error err = {.text = ""};
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(text);
        char recorded[16] = "null";
        char report[400] = "";
        if (told[i].before >= 0) {
            snprintf(recorded, sizeof recorded, "%d", told[i].before);
        }
        if (told[i].on >= 0) {
            snprintf(report, sizeof report,
                     ",\"configured\":\"%d\",\"effective\":\"%s\",\"os\":\"windows11\",\"build\":"
                     "22631,\"boot_ms\":%lld,\"driver_timeouts\":{\"since_boot\":0,\"in_30_days\":"
                     "%d}",
                     told[i].on + 1, told[i].on ? "on" : "off", (long long)told[i].boot_ms,
                     told[i].timeouts);
        }
        snprintf(text + length, sizeof text - length,
                 "%s{\"host\":\"%s\",\"address\":\"10.0.0.1\",\"state\":\"%s\",\"reason\":\"why\","
                 "\"prior\":null,\"written_ms\":null,\"driver_timeouts_before\":%s%s}",
                 i > 0 ? "," : "", told[i].name, told[i].state, recorded, report);
    }
    snprintf(text + strlen(text), sizeof text - strlen(text), "]}");
    if (wf_hags_hosts_take(text, strlen(text), before, now_ms, &hosts, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    wf_hags_hosts_destroy(before);
    return hosts;
}

#define TAKE(before, now_ms, ...)                                                                  \
    take((struct told[]){__VA_ARGS__}, sizeof((struct told[]){__VA_ARGS__}) / sizeof(struct told), \
         before, now_ms)

static void a_state_is_known_since_the_first_look_that_found_it(void **state)
{
    (void)state;
    struct wf_hags_hosts *hosts =
        TAKE(NULL, 1000, {"a", "off-verified", 0, 10, 1, 9}, {"b", "unreachable", -1, 0, 0, -1});
    assert_int_equal(hosts->count, 2);
    assert_int_equal(hosts->hosts[0].since_ms, 1000);
    assert_int_equal(hosts->hosts[0].previous, WF_HAGS_UNKNOWN);
    assert_int_equal(hosts->hosts[1].seen_ms, 0);
    hosts = TAKE(hosts, 2000, {"a", "off-verified", 0, 10, 1, 9}, {"b", "already-on", 1, 5, 2, -1});
    assert_int_equal(hosts->hosts[0].since_ms, 1000);
    assert_int_equal(hosts->hosts[0].seen_ms, 2000);
    assert_int_equal(hosts->hosts[1].since_ms, 2000);
    assert_int_equal(hosts->hosts[1].previous, WF_HAGS_UNREACHABLE);
    hosts = TAKE(hosts, 3000, {"a", "drifted", 0, 10, 1, 9}, {"b", "already-on", 1, 5, 2, -1});
    assert_int_equal(hosts->hosts[0].since_ms, 3000);
    assert_int_equal(hosts->hosts[0].previous, WF_HAGS_OFF_VERIFIED);
    wf_hags_hosts_destroy(hosts);
}

static void who_does_not_answer_keeps_what_it_said(void **state)
{
    (void)state;
    struct wf_hags_hosts *hosts = TAKE(NULL, 1000, {"a", "off-verified", 0, 10, 4, 9});
    hosts = TAKE(hosts, 2000, {"a", "unreachable", -1, 0, 0, 9});
    const struct wf_hags_host *host = &hosts->hosts[0];
    assert_int_equal(host->state, WF_HAGS_UNREACHABLE);
    assert_int_equal(host->seen_ms, 1000);
    assert_int_equal(host->effect, WF_HAGS_EFFECT_OFF);
    assert_int_equal(host->timeouts_in_30_days, 4);
    assert_int_equal(host->effect_since_ms, 10);
    wf_hags_hosts_destroy(hosts);
}

static void numbers_stay_with_their_hosts(void **state)
{
    (void)state;
    struct wf_hags_hosts *hosts =
        TAKE(NULL, 1, {"b", "already-on", 1, 1, 0, -1}, {"c", "already-on", 1, 1, 0, -1});
    hosts = TAKE(hosts, 2, {"a", "already-on", 1, 1, 0, -1}, {"c", "already-on", 1, 1, 0, -1});
    assert_int_equal(hosts->count, 2); // b is in the inventory no more
    assert_string_equal(hosts->hosts[0].name, "c");
    assert_int_equal(hosts->hosts[0].id, 2);
    assert_string_equal(hosts->hosts[1].name, "a");
    assert_int_equal(hosts->hosts[1].id, 3);
    hosts = TAKE(hosts, 3, {"b", "already-on", 1, 1, 0, -1});
    assert_int_equal(hosts->hosts[0].id, 4); // no number is used again
    wf_hags_hosts_destroy(hosts);
}

static void time_outs_can_be_compared_once_30_days_lie_after_the_change(void **state)
{
    (void)state;
    int64_t boot_ms = 100 * DAY_MS;
    struct wf_hags_hosts *hosts =
        TAKE(NULL, boot_ms + DAY_MS, {"a", "off-verified", 0, boot_ms, 6, 9});
    assert_int_equal(wf_hags_host_timeouts_before(&hosts->hosts[0]), 9);
    assert_false(wf_hags_host_is_comparable(&hosts->hosts[0]));
    // Another start in between with the same at work changes nothing.
    hosts =
        TAKE(hosts, boot_ms + 29 * DAY_MS, {"a", "off-verified", 0, boot_ms + 20 * DAY_MS, 3, 9});
    assert_false(wf_hags_host_is_comparable(&hosts->hosts[0]));
    hosts =
        TAKE(hosts, boot_ms + 30 * DAY_MS, {"a", "off-verified", 0, boot_ms + 20 * DAY_MS, 2, 9});
    assert_true(wf_hags_host_is_comparable(&hosts->hosts[0]));
    // While it does not answer, nothing new is known and nothing is claimed.
    hosts = TAKE(hosts, boot_ms + 40 * DAY_MS, {"a", "unreachable", -1, 0, 0, 9});
    assert_false(wf_hags_host_is_comparable(&hosts->hosts[0]));
    hosts = TAKE(hosts, boot_ms + 41 * DAY_MS, {"a", "drifted", 0, boot_ms + 20 * DAY_MS, 2, 9});
    assert_false(wf_hags_host_is_comparable(&hosts->hosts[0]));
    wf_hags_hosts_destroy(hosts);
}

static void what_others_change_is_counted_from_what_was_seen_before(void **state)
{
    (void)state;
    struct wf_hags_hosts *hosts = TAKE(NULL, DAY_MS, {"a", "already-on", 1, 1, 8, -1});
    assert_int_equal(wf_hags_host_timeouts_before(&hosts->hosts[0]), -1);
    // By Group Policy, say, with a restart between two looks.
    hosts = TAKE(hosts, 3 * DAY_MS, {"a", "already-off", 0, 2 * DAY_MS, 8, -1});
    assert_int_equal(wf_hags_host_timeouts_before(&hosts->hosts[0]), 8);
    assert_int_equal(hosts->hosts[0].effect_since_ms, 2 * DAY_MS);
    assert_false(wf_hags_host_is_comparable(&hosts->hosts[0]));
    hosts = TAKE(hosts, 32 * DAY_MS, {"a", "already-off", 0, 2 * DAY_MS, 1, -1});
    assert_true(wf_hags_host_is_comparable(&hosts->hosts[0]));
    wf_hags_hosts_destroy(hosts);
}

static void what_is_kept_is_there_again(void **state)
{
    (void)state;
    char path[600];
    struct wf_hags_hosts *again;
    struct wf_error err;
    struct wf_hags_hosts *hosts = TAKE(NULL, DAY_MS, {"a \\\"b\\\" ü", "already-on", 1, 1, 8, -1},
                                       {"gone", "unreachable", -1, 0, 0, 3});
    hosts = TAKE(hosts, 3 * DAY_MS, {"a \\\"b\\\" ü", "drifted", 0, 2 * DAY_MS, 7, -1},
                 {"gone", "unreachable", -1, 0, 0, 3});
    snprintf(path, sizeof path, "%s", scratch_write_text("kept.json", "{"));
    assert_int_equal(wf_hags_hosts_load(path, &again, &err), WF_INVALID);
    assert_non_null(strstr(err.text, "kept.json"));
    assert_int_equal(wf_hags_hosts_save(hosts, path, &err), WF_OK);
    assert_int_equal(wf_hags_hosts_load(path, &again, &err), WF_OK);
    assert_int_equal(again->looked_ms, 3 * DAY_MS);
    assert_int_equal(again->last_id, 2);
    assert_int_equal(again->count, 2);
    for (uint32_t i = 0; i < 2; i++) {
        json_t *one = wf_hags_host_json(&hosts->hosts[i]);
        json_t *other = wf_hags_host_json(&again->hosts[i]);
        assert_true(one && json_equal(one, other));
        json_decref(one);
        json_decref(other);
        assert_int_equal(hosts->hosts[i].timeouts_noted, again->hosts[i].timeouts_noted);
        assert_int_equal(hosts->hosts[i].timeouts_recorded, again->hosts[i].timeouts_recorded);
    }
    wf_hags_hosts_destroy(again);
    assert_int_equal(wf_hags_hosts_save(hosts, "/nonexistent/kept.json", &err), WF_IO);
    assert_int_equal(wf_hags_hosts_load("/nonexistent/kept.json", &again, &err), WF_NOTFOUND);
    wf_hags_hosts_destroy(hosts);
    wf_hags_hosts_destroy(NULL);
}

static void what_is_no_list_of_hosts_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "[]",
        "{}",
        "{\"hosts\":3}",
        "{\"hosts\":[3]}",
        "{\"hosts\":[{\"host\":\"a\"}]}",
        "{\"hosts\":[{\"host\":\"a\",\"state\":\"fine\"}]}",
        "{\"hosts\":[{\"host\":\"a\",\"state\":\"drifted\"},{\"host\":\"a\",\"state\":\"failed\"}]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct wf_hags_hosts *hosts;
        struct wf_error err = {.text = ""};
        assert_int_equal(wf_hags_hosts_take(texts[i], strlen(texts[i]), NULL, 1, &hosts, &err),
                         WF_INVALID);
        assert_null(hosts);
        assert_true(err.text[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_is_known_since_the_first_look_that_found_it),
        cmocka_unit_test(who_does_not_answer_keeps_what_it_said),
        cmocka_unit_test(numbers_stay_with_their_hosts),
        cmocka_unit_test(time_outs_can_be_compared_once_30_days_lie_after_the_change),
        cmocka_unit_test(what_others_change_is_counted_from_what_was_seen_before),
        cmocka_unit_test(what_is_kept_is_there_again),
        cmocka_unit_test(what_is_no_list_of_hosts_is_refused),
    };
    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
