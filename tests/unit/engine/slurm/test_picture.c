// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/slurm/line.h"
#include "engine/slurm/picture.h"

#define HELLO                                                                                       \
    "{\"is\":\"hello\",\"protocol\":1,\"slurm\":\"22.05.8\",\"cluster\":\"lab\",\"user\":\"root\"," \
    "\"operator\":true}"
#define SYNCED "{\"is\":\"synced\",\"round\":1,\"took_ms\":3,\"behind_ms\":2}"

static struct wf_slurm_picture *picture;
static struct wf_slurm_news news;

static int open_picture(void **unused)
{
    (void)unused;
    return wf_slurm_picture_create(&picture, NULL) == WF_OK ? 0 : -1;
}

static int close_picture(void **unused)
{
    (void)unused;
    wf_slurm_picture_destroy(picture);
    return 0;
}

static enum wf_status take(const char *line)
{
    struct wf_error err = {.text = ""};
    enum wf_status status = wf_slurm_picture_take(picture, line, strlen(line), &news, &err);
    if (status != WF_OK) {
        assert_true(strlen(err.text) > 10);
    }
    return status;
}

static uint32_t changes, went;
static char last_key[WF_SLURM_KEY_BYTES];

static void count_change(void *context, const struct wf_slurm_job *job, bool gone)
{
    (void)context;
    changes++;
    went += gone;
    memcpy(last_key, job->key, sizeof last_key);
}

static void look(uint32_t changes_expected, uint32_t went_expected)
{
    changes = went = 0;
    wf_slurm_picture_changed(picture, count_change, NULL);
    assert_int_equal(changes, changes_expected);
    assert_int_equal(went, went_expected);
}

static void a_job_has_what_its_line_says(void **unused)
{
    (void)unused;
    assert_int_equal(
        take("{\"is\":\"job\",\"id\":4711,\"array\":{\"id\":4700,\"task\":3,\"at_most\":2},"
             "\"het\":null,\"name\":\"tr\\u001bain\",\"user\":\"ada\",\"uid\":1000,"
             "\"state\":\"running\",\"held\":\"admin\",\"nodes\":[\"n1\",\"n2\"],"
             "\"allocated\":[{\"node\":\"n1\",\"cpus\":4,\"memory_mib\":100,\"gpus\":\"0-1,3\","
             "\"gpu_type\":\"h100\",\"gpu_count\":3},{\"node\":\"n2\"}],\"nodes_min\":2,"
             "\"gpus_per_node\":{\"type\":\"h100\",\"count\":2},\"limit_ms\":-1,"
             "\"start_ms\":1700000000000,\"exit\":{\"code\":3,\"signal\":0},\"new\":[{}]}"),
        WF_OK);
    assert_int_equal(news.kind, WF_SLURM_NEWS_JOB);
    const struct wf_slurm_job *job = wf_slurm_picture_job(picture, "4700_3");
    assert_ptr_equal(job, news.job);
    assert_int_equal(job->id, 4711);
    assert_int_equal(job->array_at_most, 2);
    assert_string_equal(job->name, "tr ain");
    assert_int_equal(job->state, WF_SLURM_RUNNING);
    assert_int_equal(job->base, WF_SLURM_RUNNING);
    assert_int_equal(job->held, WF_SLURM_HELD_ADMIN);
    assert_int_equal(job->node_count, 2);
    assert_string_equal(job->nodes[1], "n2");
    assert_int_equal(job->part_count, 2);
    assert_string_equal(job->parts[0].gpus, "0-1,3");
    assert_string_equal(job->parts[1].gpus, "");
    assert_int_equal(job->gpus_per_node.count, 2);
    assert_string_equal(job->gpus_per_node.type, "h100");
    assert_false(job->mixed_gpus);
    assert_int_equal(job->limit_ms, 0);
    assert_int_equal(job->exit_code, 3);
    assert_string_equal(job->account, "");
    look(1, 0);
    look(0, 0);
}

static void a_wrong_line_changes_nothing_and_has_a_sentence(void **unused)
{
    (void)unused;
    static const char *const lines[] = {
        "",
        "nonsense",
        "[]",
        "7",
        "{}",
        "{\"is\":7}",
        "{\"is\":\"job\"}",
        "{\"is\":\"job\",\"id\":0}",
        "{\"is\":\"job\",\"id\":-1}",
        "{\"is\":\"job\",\"id\":67108864}",
        "{\"is\":\"job\",\"id\":4711.0}",
        "{\"is\":\"job\",\"id\":\"4711\"}",
        "{\"is\":\"job\",\"id\":1,\"id\":2}",
        "{\"is\":\"job\",\"id\":4711,\"state\":\"dreaming\"}",
        "{\"is\":\"job\",\"id\":4711,\"state\":5}",
        "{\"is\":\"job\",\"id\":4711,\"name\":[]}",
        "{\"is\":\"job\",\"id\":4711,\"name\":\"a\\u0000b\"}",
        "{\"is\":\"job\",\"id\":4711,\"nodes\":\"n1\"}",
        "{\"is\":\"job\",\"id\":4711,\"nodes\":[1]}",
        "{\"is\":\"job\",\"id\":4711,\"nodes\":[\"\"]}",
        "{\"is\":\"job\",\"id\":4711,\"array\":7}",
        "{\"is\":\"job\",\"id\":4711,\"array\":{\"id\":1,\"task\":4000001}}",
        "{\"is\":\"job\",\"id\":4711,\"allocated\":[7]}",
        "{\"is\":\"job\",\"id\":4711,\"allocated\":[{}]}",
        "{\"is\":\"job\",\"id\":4711,\"gpus_total\":7}",
        "{\"is\":\"job\",\"id\":4711,\"gpus_total\":{\"type\":\"a\"}}",
        "{\"is\":\"job\",\"id\":4711,\"gpus_total\":{\"type\":1,\"count\":2}}",
        "{\"is\":\"job\",\"id\":4711,\"limit_ms\":9300000000000000}",
        "{\"is\":\"job\",\"id\":4711,\"limit_ms\":99999999999999999999}",
        "{\"is\":\"job\",\"id\":4711,\"requeue\":1}",
        "{\"is\":\"node\"}",
        "{\"is\":\"node\",\"name\":\"\"}",
        "{\"is\":\"node\",\"name\":\"n\",\"gpus\":[[]]}",
        "{\"is\":\"node\",\"name\":\"n\",\"gpus\":[{\"count\":-1}]}",
        "{\"is\":\"node\",\"name\":\"n\",\"power\":\"hm\"}",
        "{\"is\":\"association\",\"id\":3}",
        "{\"is\":\"job\",\"id\":4711",
        "{\"is\":\"job\",\"id\":4711}{\"is\":\"job\",\"id\":4712}",
        "{\"is\":\"job\",\"id\":4711,\"name\":\"\xff\"}",
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(lines); i++) {
        if (take(lines[i]) == WF_OK) {
            fail_msg("this line was taken: %s", lines[i]);
        }
    }
    look(0, 0);
    assert_false(wf_slurm_picture_cluster_changed(picture));
    assert_int_equal(wf_slurm_picture_about(picture)->jobs, 0);
}

static void what_is_not_told_again_is_gone(void **unused)
{
    (void)unused;
    assert_int_equal(take(HELLO), WF_OK);
    assert_int_equal(news.kind, WF_SLURM_NEWS_HELLO);
    assert_int_equal(take("{\"is\":\"node\",\"name\":\"n1\",\"gpus\":[{\"type\":\"h100\","
                          "\"count\":8}],\"features\":[\"ib\"]}"),
                     WF_OK);
    assert_int_equal(take("{\"is\":\"node\",\"name\":\"n2\"}"), WF_OK);
    assert_int_equal(take("{\"is\":\"job\",\"id\":1}"), WF_OK);
    assert_int_equal(take("{\"is\":\"job\",\"id\":2}"), WF_OK);
    assert_false(wf_slurm_picture_about(picture)->synced);
    assert_int_equal(take(SYNCED), WF_OK);
    assert_true(wf_slurm_picture_about(picture)->synced);
    assert_true(wf_slurm_picture_about(picture)->is_operator);
    look(2, 0);
    assert_true(wf_slurm_picture_cluster_changed(picture));
    assert_int_equal(take(SYNCED), WF_OK); // nothing was told, and nothing is gone
    look(0, 0);
    assert_int_equal(take(HELLO), WF_OK);
    assert_int_equal(take("{\"is\":\"node\",\"name\":\"n1\"}"), WF_OK);
    assert_int_equal(take("{\"is\":\"job\",\"id\":2}"), WF_OK);
    assert_int_equal(take(SYNCED), WF_OK);
    look(2, 1);
    assert_string_equal(last_key, "1");
    assert_null(wf_slurm_picture_job(picture, "1"));
    assert_non_null(wf_slurm_picture_job(picture, "2"));
    assert_int_equal(wf_slurm_picture_node(picture, "n1")->gpus_count, 0);
    assert_null(wf_slurm_picture_node(picture, "n2"));
    assert_int_equal(wf_slurm_picture_about(picture)->jobs, 1);
}

static void a_job_that_is_gone_may_come_back_before_anybody_looked(void **unused)
{
    (void)unused;
    assert_int_equal(take("{\"is\":\"job\",\"id\":5}"), WF_OK);
    look(1, 0);
    assert_int_equal(take("{\"is\":\"job_gone\",\"id\":5}"), WF_OK);
    assert_int_equal(news.kind, WF_SLURM_NEWS_JOB_GONE);
    assert_int_equal(take("{\"is\":\"job_gone\",\"id\":5}"), WF_OK);
    assert_int_equal(take("{\"is\":\"job\",\"id\":5,\"name\":\"again\"}"), WF_OK);
    look(1, 0);
    assert_string_equal(wf_slurm_picture_job(picture, "5")->name, "again");
    // The record of an array becomes its last task: the same number under another key.
    assert_int_equal(take("{\"is\":\"job\",\"id\":5,\"array\":{\"id\":5,\"task\":9}}"), WF_OK);
    assert_null(wf_slurm_picture_job(picture, "5"));
    assert_int_equal(wf_slurm_picture_job(picture, "5_9")->id, 5);
    assert_int_equal(wf_slurm_picture_about(picture)->jobs, 1);
    // Two records of one task are no Slurm's; none of them is lost from memory.
    assert_int_equal(take("{\"is\":\"job\",\"id\":6,\"array\":{\"id\":5,\"task\":9}}"), WF_OK);
    assert_int_equal(wf_slurm_picture_job(picture, "5_9")->id, 6);
    assert_int_equal(take("{\"is\":\"job_gone\",\"id\":5}"), WF_OK);
    assert_int_equal(wf_slurm_picture_job(picture, "5_9")->id, 6);
    look(2, 1);
}

static void accounts_and_their_limits_are_known(void **unused)
{
    (void)unused;
    assert_int_equal(take("{\"is\":\"qos\",\"id\":1,\"name\":\"high\",\"priority\":100}"), WF_OK);
    assert_int_equal(take("{\"is\":\"association\",\"id\":2,\"account\":\"bio\",\"user\":\"\","
                          "\"parent\":\"root\",\"shares\":3,\"group_tres\":\"cpu=8,gres/gpu=4\"}"),
                     WF_OK);
    assert_int_equal(take("{\"is\":\"association\",\"id\":3,\"account\":\"bio\",\"user\":\"ada\"}"),
                     WF_OK);
    assert_int_equal(wf_slurm_picture_qos_priority(picture, "high"), 100);
    assert_int_equal(wf_slurm_picture_qos_priority(picture, "low"), 0);
    assert_int_equal(take("{\"is\":\"qos_gone\",\"id\":1}"), WF_OK);
    assert_int_equal(wf_slurm_picture_qos_priority(picture, "high"), 0);
}

static bool add(void *context, uint32_t task)
{
    uint32_t *sum = context;
    *sum += task;
    return true;
}

static void lists_of_tasks_and_gpus_are_read_or_refused(void **unused)
{
    (void)unused;
    uint32_t sum = 0, set;
    assert_true(wf_slurm_read_tasks("5-9,12", add, &sum));
    assert_int_equal(sum, 5 + 6 + 7 + 8 + 9 + 12);
    static const char *const bad[] = {"",        "-",         "5-",  "a",           "5,",   ",5",
                                      "9-5",     "5,5",       "5,4", "5-9,9",       "5;6",  "5--6",
                                      "4000001", "0-4000001", " 5",  "99999999999", "5-9:2"};
    for (uint32_t i = 0; i < WF_COUNT_OF(bad); i++) {
        assert_false(wf_slurm_read_tasks(bad[i], add, &sum));
    }
    assert_true(wf_slurm_has_task("5-9,12", 5) && wf_slurm_has_task("5-9,12", 12));
    assert_false(wf_slurm_has_task("5-9,12", 10) || wf_slurm_has_task("", 0));
    assert_false(wf_slurm_has_task("a", 0) || wf_slurm_has_task("5;7", 7));
    assert_true(wf_slurm_read_set("", &set));
    assert_int_equal(set, 0);
    assert_true(wf_slurm_read_set("0-1,31", &set));
    assert_true(set == (UINT32_C(1) << 31 | 3));
    assert_false(wf_slurm_read_set("0-32", &set));
    assert_false(wf_slurm_read_set("x", &set));
}

static void requests_and_troubles_are_told(void **unused)
{
    (void)unused;
    assert_int_equal(take("{\"is\":\"refused\",\"request\":7,\"code\":\"edited\",\"text\":\"no\"}"),
                     WF_OK);
    assert_int_equal(news.kind, WF_SLURM_NEWS_REFUSED);
    assert_int_equal(news.request, 7);
    assert_string_equal(news.code, "edited");
    assert_int_equal(take("{\"is\":\"trouble\",\"what\":\"slurmctld\",\"text\":\"silent\"}"),
                     WF_OK);
    assert_int_equal(news.kind, WF_SLURM_NEWS_TROUBLE);
    assert_string_equal(news.text, "silent");
    assert_int_equal(take("{\"is\":\"something new\",\"request\":8}"), WF_OK);
    assert_int_equal(news.kind, WF_SLURM_NEWS_NOTHING);
}

int main(void)
{
#define WITH_PICTURE(test) cmocka_unit_test_setup_teardown(test, open_picture, close_picture)
    const struct CMUnitTest tests[] = {
        WITH_PICTURE(a_job_has_what_its_line_says),
        WITH_PICTURE(a_wrong_line_changes_nothing_and_has_a_sentence),
        WITH_PICTURE(what_is_not_told_again_is_gone),
        WITH_PICTURE(a_job_that_is_gone_may_come_back_before_anybody_looked),
        WITH_PICTURE(accounts_and_their_limits_are_known),
        WITH_PICTURE(lists_of_tasks_and_gpus_are_read_or_refused),
        WITH_PICTURE(requests_and_troubles_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
