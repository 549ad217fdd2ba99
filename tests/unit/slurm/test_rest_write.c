// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/rest/write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "slurm/rest/token.h"

// Takes made over.
static void is(json_t *made, const char *wanted)
{
    char *text = json_dumps(made, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(text, wanted);
    free(text);
    json_decref(made);
}

static void pin_and_release_are_one_change(void **state)
{
    job_desc_msg_t change;
    (void)state;
    slurm_init_job_desc_msg(&change);
    is(wf_rest_write_job(&change), "{}");
    change.req_nodes = (char *)"n[1-2]";
    change.min_nodes = 2;
    change.max_nodes = 2;
    change.priority = INFINITE;
    change.admin_comment = (char *)"whaleflux:j1-1;pin=n[1-2]";
    is(wf_rest_write_job(&change),
       "{\"admin_comment\":\"whaleflux:j1-1;pin=n[1-2]\",\"hold\":false,\"maximum_nodes\":2,"
       "\"minimum_nodes\":2,\"required_nodes\":[\"n1\",\"n2\"]}");
}

static void hold_takes_the_pin_off(void **state)
{
    job_desc_msg_t change;
    (void)state;
    slurm_init_job_desc_msg(&change);
    change.req_nodes = (char *)"";
    change.priority = 0;
    change.begin_time = 1700000000;
    is(wf_rest_write_job(&change), "{\"begin_time\":{\"number\":1700000000,\"set\":true},"
                                   "\"hold\":true,\"required_nodes\":[\"\"]}");
}

static void jobs_are_killed_and_requeued_by_name(void **state)
{
    (void)state;
    is(wf_rest_write_kill("4700_[1-3]", 9, 0), "{\"jobs\":[\"4700_[1-3]\"],\"signal\":\"9\"}");
    is(wf_rest_write_kill("7", 10, KILL_JOB_BATCH),
       "{\"flags\":[\"BATCH_JOB\"],\"jobs\":[\"7\"],\"signal\":\"10\"}");
    is(wf_rest_write_kill("7", 10, KILL_FULL_JOB),
       "{\"flags\":[\"FULL_JOB\"],\"jobs\":[\"7\"],\"signal\":\"10\"}");
    is(wf_rest_write_requeue("7", JOB_REQUEUE_HOLD), "{\"flags\":[\"Hold\"],\"jobs\":[\"7\"]}");
}

static void nodes_are_changed(void **state)
{
    update_node_msg_t change;
    (void)state;
    slurm_init_update_node_msg(&change);
    change.node_state = NODE_STATE_DRAIN;
    change.reason = (char *)"ours";
    is(wf_rest_write_node(&change), "{\"reason\":\"ours\",\"state\":[\"DRAIN\"]}");
    slurm_init_update_node_msg(&change);
    change.node_state = NODE_RESUME;
    is(wf_rest_write_node(&change), "{\"state\":[\"RESUME\"]}");
    change.node_state = NODE_STATE_POWER_UP;
    is(wf_rest_write_node(&change), "{\"state\":[\"POWER_UP\"]}");
    change.node_state = NODE_STATE_POWER_DOWN | NODE_STATE_POWER_DRAIN;
    is(wf_rest_write_node(&change), "{\"state\":[\"POWER_DOWN\",\"POWER_DRAIN\"]}");
    char *path = wf_rest_node_path("n-1.b/?");
    assert_string_equal(path, "/slurm/node/n-1.b%2F%3F");
    free(path);
}

static void tokens_say_for_whom_they_are(void **state)
{
    // {"alg":"HS256","typ":"JWT"} {"exp":1,"iat":1,"sun":"daemon"}
    static const char token[] = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
                                "eyJleHAiOjEsImlhdCI6MSwic3VuIjoiZGFlbW9uIn0.c2ln";
    char path[] = "/tmp/whaleflux-token-XXXXXX", read[256], name[16];
    (void)state;
    const int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, "SLURM_JWT=", 10), 10);
    assert_int_equal(write(file, token, sizeof(token) - 1), sizeof(token) - 1);
    assert_int_equal(write(file, "\n", 1), 1);
    close(file);
    assert_true(wf_token_read(path, read, sizeof(read)));
    assert_string_equal(read, token);
    assert_true(wf_token_user(read, name, sizeof(name)));
    assert_string_equal(name, "daemon");
    assert_false(wf_token_user(read, name, 4));
    assert_false(wf_token_read(path, read, 20));
    unlink(path);
    assert_false(wf_token_read(path, read, sizeof(read)));
    assert_false(wf_token_user("", name, sizeof(name)));
    assert_false(wf_token_user("a.!!.b", name, sizeof(name)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pin_and_release_are_one_change),
        cmocka_unit_test(hold_takes_the_pin_off),
        cmocka_unit_test(jobs_are_killed_and_requeued_by_name),
        cmocka_unit_test(nodes_are_changed),
        cmocka_unit_test(tokens_say_for_whom_they_are),
    };
    return cmocka_run_group_tests_name("slurm/rest/write", tests, NULL, NULL);
}
