// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/event_text.h"

static char text[WF_EVENT_TEXT_BYTES];
static struct wf_event_lists lists;

static void writes(const struct wf_event *event, const char *expected)
{
    struct wf_error err = {.text = ""};
    size_t length = 0;
    if (wf_event_write(event, text, &length, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    assert_string_equal(text, expected);
    assert_int_equal(length, strlen(expected));
}

static struct wf_event reads(const char *line)
{
    struct wf_error err = {.text = ""};
    struct wf_event event;
    if (wf_event_read(line, strlen(line), &lists, &event, &err) != WF_OK) {
        fail_msg("%s: %s", line, err.text);
    }
    return event;
}

static void refuses(const char *line, enum wf_status status, const char *sentence)
{
    struct wf_error err = {.text = ""};
    struct wf_event event;
    assert_int_equal(wf_event_read(line, strlen(line), &lists, &event, &err), status);
    assert_int_equal(err.status, status);
    assert_string_equal(err.text, sentence);
}

static void a_job_is_written_so_that_people_can_read_it(void **state)
{
    (void)state;
    const struct wf_dependency after[] = {{{16}, WF_AFTER_END}, {{9}, WF_AFTER_SUCCESS}};
    struct wf_event event = {
        .time_ms = 86400000,
        .kind = WF_EVENT_JOB_SUBMIT,
        .job_submit =
            {
                .id = {17},
                .tasks = 2,
                .gang = true,
                .request = {.cpu_milli = 4000,
                            .gpus = 8,
                            .gpu_milli = 1000,
                            .models = 5,
                            .labels = 9,
                            .place = {WF_ANYWHERE, WF_ANYWHERE, 3}},
                .wait = {.queue = {4},
                         .user = 12,
                         .priority = -5,
                         .within = WF_WITHIN_ZONE,
                         .limit_ms = 7200000,
                         .run = {{1, 2, 3, 4, 5}},
                         .after = after,
                         .after_count = 2},
            },
    };
    writes(&event, "submit time=86400000 job=17 tasks=2 gang=yes cpu_milli=4000 gpus=8 "
                   "gpu_milli=1000 models=0+2 labels=0+3 zone=3 queue=4 user=12 priority=-5 "
                   "within=zone limit_ms=7200000 run_ms=1,2,3,4,5 after=16:end,9:success");
}

static void what_is_usual_is_left_out(void **state)
{
    (void)state;
    struct wf_event event = {
        .kind = WF_EVENT_JOB_SUBMIT,
        .job_submit = {.tasks = 1,
                       .request = {.models = WF_ANY_MODEL,
                                   .place = {WF_ANYWHERE, WF_ANYWHERE, WF_ANYWHERE}}},
    };
    writes(&event, "submit time=0 job=0 tasks=1");
    event.job_submit.request.models = 0;
    event.job_submit.request.place.site = 0;
    writes(&event, "submit time=0 job=0 tasks=1 models=none site=0");
}

static void every_kind_has_its_word(void **state)
{
    (void)state;
    const char *const lines[] = {
        ("pool time=1 pool=3 site=1 region=2 zone=3 model=4 vendor=amd slices=7 rent_by_use=yes "
         "speed_permille=1500 price_nanousd_per_gpu_hour=2500000000"),
        "node-up time=-1 node=0 pool=3 cpu_milli=64000 memory_mib=1024 gpus=8 group=2 labels=63",
        "node-down time=1 node=5",
        "node-drain time=1 node=5 closed=yes",
        "submit time=0 job=18446744073709551615 tasks=1",
        "end time=2 job=17 failed=yes again=yes",
        ("found time=3 job=17 task=1 node=4 gpu_set=0+7 gpus=2 gpu_milli=1000 apart=yes "
         "started_ms=2 anyway=yes"),
        "mix time=4 class=count:12,gpus:1,gpu_milli:500,models:1 class=count:1,cpu_milli:4000",
        "moves time=5 allowed=0 cost_max_nanousd=1 value_nanousd_per_gpu_hour=2",
        "wake time=6",
        ("queue time=7 queue=2 parent=1 weight=3 guarantee_gpu_milli=96000 limit_gpu_milli=128000 "
         "hour_budget_nanousd=1 hour_budget_action=hold day_budget_action=lower "
         "month_budget_nanousd=9"),
        "hold time=8 job=17 held=no",
        "saved time=9 job=17",
        "change time=9 job=17 tasks=1 gpus=1 gpu_milli=500 limit_ms=60000 run_ms=1,2,3,4,5",
        "node-notice time=10 node=3 gone_ms=20 shun_ms=30",
        "watch time=11 watches=yes",
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(lines); i++) {
        struct wf_event event = reads(lines[i]);
        assert_int_equal(event.kind, i);
        writes(&event, lines[i]);
    }
    assert_null(wf_event_kind_name((enum wf_event_kind)WF_COUNT_OF(lines)));
    assert_string_equal(wf_event_kind_name(WF_EVENT_JOB_SAVED), "saved");
}

static void fields_may_come_in_any_order(void **state)
{
    (void)state;
    struct wf_event event = reads("end failed=yes job=17 time=2");
    assert_int_equal(event.job_end.id.number, 17);
    assert_true(event.job_end.failed);
    assert_int_equal(event.time_ms, 2);
    assert_false(event.more);
}

static void any_event_may_be_one_of_several(void **state)
{
    (void)state;
    const char *line = "end time=2 more=yes job=17";
    struct wf_event event = reads(line);
    assert_true(event.more);
    writes(&event, line);
    assert_false(reads("wake more=no time=2").more);
    refuses("wake time=2 more=yes more=yes", WF_EXISTS, "wake: the field more is there twice");
}

static void what_is_not_told_is_usual(void **state)
{
    (void)state;
    struct wf_event event = reads("submit time=2 job=1 tasks=1 models=any labels=none");
    assert_true(event.job_submit.request.models == WF_ANY_MODEL);
    assert_int_equal(event.job_submit.request.place.zone, WF_ANYWHERE);
    assert_int_equal(event.job_submit.request.labels, 0);
    event = reads("queue time=2 queue=1");
    assert_int_equal(event.queue.spec.parent.index, WF_NONE);
}

static void what_is_not_understood_is_refused(void **state)
{
    (void)state;
    refuses("", WF_NOTFOUND, "there is no event ''");
    refuses("launch time=1", WF_NOTFOUND, "there is no event 'launch'");
    refuses("wake", WF_INVALID, "wake lacks its field time");
    refuses("end time=1", WF_INVALID, "end lacks its field job");
    refuses("end time=1 job=2 ", WF_INVALID, "end: '' is no field with a value");
    refuses("end time=1  job=2", WF_INVALID, "end: '' is no field with a value");
    refuses("end time=1 job", WF_INVALID, "end: 'job' is no field with a value");
    refuses("end time=1 job=1 exit=3", WF_NOTFOUND, "end has no field 'exit'");
    refuses("end time=1 job=1 job=1", WF_EXISTS, "end: the field job is there twice");
    refuses("end time=1 time=1 job=1", WF_EXISTS, "end: the field time is there twice");
    refuses("end time=1 job=", WF_INVALID,
            "end: the value '' of job is not a whole number that it can hold");
    refuses("end time=1 job=18446744073709551616", WF_INVALID,
            "end: the value '18446744073709551616' of job is not a whole number that it can hold");
    refuses("end time=-9223372036854775809 job=1", WF_INVALID,
            "end: the value '-9223372036854775809' of time is not a whole number that it can hold");
    refuses("end time=9223372036854775808 job=1", WF_INVALID,
            "end: the value '9223372036854775808' of time is not a whole number that it can hold");
    refuses("end time=1 job=-1", WF_INVALID,
            "end: the value '-1' of job is not a whole number that it can hold");
    refuses("change time=1 job=1 tasks=1 after=2:end", WF_NOTFOUND, "change has no field 'after'");
    refuses("end time=1 job=1 failed=1", WF_INVALID,
            "end: the value '1' of failed is not yes or no");
}

static void a_value_that_cannot_be_held_is_refused(void **state)
{
    (void)state;
#define SUBMIT "submit time=1 job=1 tasks=1 "
    refuses(SUBMIT "gpus=256", WF_INVALID,
            "submit: the value '256' of gpus is not a whole number that it can hold");
    refuses(SUBMIT "priority=2147483648", WF_INVALID,
            "submit: the value '2147483648' of priority is not a whole number that it can hold");
    refuses(SUBMIT "within=rack", WF_INVALID,
            "submit: the value 'rack' of within is not a word that it may be");
    refuses(SUBMIT "labels=64", WF_INVALID,
            "submit: the value '64' of labels is not a set like 0+3, any or none");
    refuses(SUBMIT "labels=1+1", WF_INVALID,
            "submit: the value '1+1' of labels is not a set like 0+3, any or none");
    refuses(SUBMIT "labels=1+", WF_INVALID,
            "submit: the value '1+' of labels is not a set like 0+3, any or none");
    refuses("found time=1 job=1 task=1 node=1 gpu_set=32", WF_INVALID,
            "found: the value '32' of gpu_set is not a set like 0+3, any or none");
    refuses(SUBMIT "run_ms=1,2,3,4", WF_INVALID,
            "submit: the value '1,2,3,4' of run_ms is not five whole numbers with commas between");
    refuses(SUBMIT "run_ms=1,2,3,4,5,6", WF_INVALID,
            "submit: the value '1,2,3,4,5,6' of run_ms is not five whole numbers with commas "
            "between");
    refuses(SUBMIT "after=", WF_INVALID,
            "submit: the value '' of after is not a list like 17:end,18:success");
    refuses(SUBMIT "after=1:end,2:done", WF_INVALID,
            "submit: the value '1:end,2:done' of after is not a list like 17:end,18:success");
    refuses("mix time=1 class=", WF_INVALID, "mix: a class lacks its field count");
    refuses("mix time=1 class=count:1,time:3", WF_NOTFOUND, "mix: a class has no field 'time'");
    refuses("mix time=1 class=count=1", WF_INVALID,
            "mix: a class: 'count=1' is no field with a value");
}

static void a_list_may_be_as_long_as_the_core_takes_and_no_longer(void **state)
{
    (void)state;
    struct wf_dependency after[WF_JOB_AFTER_MAX + 1];
    struct wf_mix_class classes[WF_MIX_CLASSES_MAX + 1];
    for (uint32_t i = 0; i < WF_COUNT_OF(after); i++) {
        after[i] = (struct wf_dependency){{UINT64_MAX}, WF_AFTER_SUCCESS};
    }
    for (uint32_t i = 0; i < WF_COUNT_OF(classes); i++) {
        classes[i] = (struct wf_mix_class){UINT32_MAX, UINT8_MAX, UINT16_MAX, WF_ANY_MODEL - 1,
                                           UINT32_MAX}; // the longest
    }
    struct wf_event job = {.time_ms = INT64_MIN, .kind = WF_EVENT_JOB_SUBMIT};
    job.job_submit.wait.after = after;
    job.job_submit.wait.after_count = WF_JOB_AFTER_MAX;
    struct wf_event mix = {.time_ms = INT64_MIN, .kind = WF_EVENT_MIX};
    mix.mix.classes = classes;
    mix.mix.count = WF_MIX_CLASSES_MAX;
    struct wf_error err;
    assert_int_equal(wf_event_write(&job, text, NULL, &err), WF_OK);
    assert_int_equal(reads(text).job_submit.wait.after_count, WF_JOB_AFTER_MAX);
    static char longer[WF_EVENT_TEXT_BYTES + 32];
    snprintf(longer, sizeof longer, "%s,1:end", text);
    refuses(longer, WF_LIMIT, "a job that waits for more than 64 others is past the limit");
    assert_int_equal(wf_event_write(&mix, text, NULL, &err), WF_OK);
    assert_int_equal(reads(text).mix.count, WF_MIX_CLASSES_MAX);
    for (uint32_t i = 0; i < WF_MIX_CLASSES_MAX; i++) {
        assert_true(lists.classes[i].models == classes[i].models);
        assert_true(lists.classes[i].count == classes[i].count);
    }
    static char more[WF_EVENT_TEXT_BYTES + 32];
    snprintf(more, sizeof more, "%s class=count:1", text);
    refuses(more, WF_LIMIT, "a mix of more than 256 classes is past the limit");
    job.job_submit.wait.after_count++;
    mix.mix.count++;
    assert_int_equal(wf_event_write(&job, text, NULL, &err), WF_LIMIT);
    assert_int_equal(wf_event_write(&mix, text, NULL, &err), WF_LIMIT);
}

static void what_has_no_name_is_not_written(void **state)
{
    (void)state;
    struct wf_error err;
    // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): the very case under test
    struct wf_event event = {.kind = (enum wf_event_kind)77};
    assert_int_equal(wf_event_write(&event, text, NULL, &err), WF_INVALID);
    assert_string_equal(err.text, "there is no event kind 77");
    event = (struct wf_event){.kind = WF_EVENT_POOL, .pool = {.spec = {.vendor = 2}}};
    assert_int_equal(wf_event_write(&event, text, NULL, &err), WF_INVALID);
    assert_string_equal(err.text, "pool, field vendor: the value 2 has no name");
}

// A field that is added to one of these needs its line in event_fields.c; then the number here.
static void no_field_is_forgotten(void **state)
{
    (void)state;
    assert_int_equal(sizeof(struct wf_pool_spec), 24);
    assert_int_equal(sizeof(struct wf_node_spec), 24);
    assert_int_equal(sizeof(struct wf_request), 40);
    assert_int_equal(sizeof(struct wf_mix_class), 24);
    assert_int_equal(sizeof(struct wf_queue_spec), 72);
    assert_int_equal(sizeof(struct wf_wait_spec), 64 + 16 + sizeof(struct wf_run_time));
    assert_int_equal(sizeof(struct wf_job_spec), sizeof(struct wf_wait_spec) + 72);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_is_written_so_that_people_can_read_it),
        cmocka_unit_test(what_is_usual_is_left_out),
        cmocka_unit_test(every_kind_has_its_word),
        cmocka_unit_test(fields_may_come_in_any_order),
        cmocka_unit_test(any_event_may_be_one_of_several),
        cmocka_unit_test(what_is_not_told_is_usual),
        cmocka_unit_test(what_is_not_understood_is_refused),
        cmocka_unit_test(a_value_that_cannot_be_held_is_refused),
        cmocka_unit_test(a_list_may_be_as_long_as_the_core_takes_and_no_longer),
        cmocka_unit_test(what_has_no_name_is_not_written),
        cmocka_unit_test(no_field_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
