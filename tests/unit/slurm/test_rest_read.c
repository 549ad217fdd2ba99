// SPDX-License-Identifier: GPL-3.0-or-later
// Answers of a real slurmrestd (Slurm 26.05.5, data parser v0.0.45), in tests/slurm/answers; the
// cores of allocated nodes and the statistics that nobody reads were taken out.
#include "slurm/rest/read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static json_t *answer(const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/slurm/answers/%s.json", getenv("WHALEFLUX_SOURCE"), name);
    json_t *body = json_load_file(path, 0, NULL);
    assert_non_null(body);
    return body;
}

static const slurm_job_info_t *job_with(const job_info_msg_t *message, const char *submitted)
{
    const json_t *const jobs = json_object_get(message->body, "jobs");
    for (uint32_t i = 0; i < message->record_count; i++) {
        const char *line =
            json_string_value(json_object_get(json_array_get(jobs, i), "submit_line"));
        if (strstr(line, submitted)) {
            return &message->job_array[i];
        }
    }
    fail_msg("no job was submitted with %s", submitted);
    return NULL;
}

static void a_running_job(const job_info_msg_t *message)
{
    const slurm_job_info_t *job = job_with(message, "--gres=gpu:h100:2");
    assert_int_equal(job->job_state, JOB_RUNNING);
    assert_string_equal(job->user_name, "games");
    assert_int_equal(job->user_id, 5);
    assert_string_equal(job->nodes, "h1");
    assert_string_equal(job->comment, "mine");
    assert_string_equal(job->tres_per_node, "gres/gpu:h100:2");
    assert_int_equal(job->cpus_per_task, 2);
    assert_int_equal(job->pn_min_memory, 1000);
    assert_int_equal(job->time_limit, 60);
    assert_int_equal(job->gres_detail_cnt, 1);
    assert_string_equal(job->gres_detail_str[0], "gpu:h100:2(IDX:0-1)");
    assert_int_equal(slurm_job_cpus_allocated_on_node_id(job->job_resrcs, 0), 2);
    assert_int_equal(slurm_job_cpus_allocated_on_node_id(job->job_resrcs, 1), 0);
    assert_int_equal(job->nice, NICE_OFFSET);
    assert_int_equal(job->array_task_id, NO_VAL);
    assert_int_equal(job->state_reason, WAIT_NO_REASON);
    assert_true(job->start_time >= job->submit_time && job->submit_time > 1700000000);
    assert_true(job->requeue && job->batch_flag && !job->exclusive);
    assert_null(job->req_nodes);
}

static void waiting_jobs(const job_info_msg_t *message)
{
    const slurm_job_info_t *job = job_with(message, "--array=1-9:2%2");
    assert_int_equal(job->job_state, JOB_PENDING);
    assert_string_equal(job->array_task_str, "1,3,5,7,9%2");
    assert_int_equal(job->array_job_id, job->job_id);
    assert_int_equal(job->array_max_tasks, 2);
    assert_int_equal(job->priority, 0);
    assert_int_equal(job->state_reason, WAIT_HELD_USER);
    assert_string_equal(job->req_nodes, "h1");
    assert_string_equal(job->exc_nodes, "m[1-2]");
    assert_true((job->pn_min_memory & MEM_PER_CPU) != 0);
    job = job_with(message, "--nice=50");
    assert_int_equal(job->nice, NICE_OFFSET + 50);
    assert_int_equal(job->num_nodes, 2);
    assert_int_equal(job->max_nodes, 3);
    assert_string_equal(job->partition, "plain,gpu");
    assert_string_equal(job->tres_per_job, "gres/gpu:4");
    assert_non_null(strstr(job->dependency, "afterok:"));
    assert_true(job->eligible_time > job->submit_time + 7000);
    job = job_with(message, "-p gpu -H --gres=gpu:1");
    assert_string_equal(job->admin_comment, "whaleflux:held");
    assert_string_equal(job->reason_word, "JobHeldAdmin");
    assert_true(job->state_reason != WAIT_HELD_USER && job->state_reason != WAIT_NO_REASON);
}

static void other_jobs(const job_info_msg_t *message)
{
    const slurm_job_info_t *job = job_with(message, "--exclusive");
    assert_true(job->exclusive);
    assert_string_equal(job->tres_per_task, "gres/gpu:mi300x=1");
    assert_string_equal(job->licenses, "solver:1");
    assert_int_equal(slurm_job_cpus_allocated_on_node_id(job->job_resrcs, 0), 64);
    job = job_with(message, "--gres=shard:3");
    assert_string_equal(job->nodes, "h[1-2]");
    assert_int_equal(job->gres_detail_cnt, 2);
    assert_int_equal(slurm_job_cpus_allocated_on_node_id(job->job_resrcs, 0), 2);
    assert_int_equal(slurm_job_cpus_allocated_on_node_id(job->job_resrcs, 1), 1);
    job = job_with(message, "-n1 : -n1");
    assert_int_equal(job->het_job_id, job->job_id);
    assert_int_equal(job->het_job_offset, 0);
    // The first one was ended by SIGUSR1.
    job = &message->job_array[0];
    assert_int_equal(job->job_state, JOB_FAILED);
    assert_int_equal(job->exit_code, 10);
    for (uint32_t i = 0; i < message->record_count; i++) {
        job = &message->job_array[i];
        if (job->reason_word && strcmp(job->reason_word, "NonZeroExitCode") == 0) {
            assert_int_equal(job->exit_code, 3 << 8);
        }
        if ((job->job_state & JOB_CONFIGURING) != 0) {
            assert_string_equal(job->nodes, "c1");
        }
    }
}

static void jobs_are_read(void **state)
{
    (void)state;
    job_info_msg_t *message = wf_rest_read_jobs(answer("jobs"));
    assert_int_equal(message->record_count, 11);
    assert_true(message->last_update > 1700000000);
    a_running_job(message);
    waiting_jobs(message);
    other_jobs(message);
    slurm_free_job_info_msg(message);
}

static void nodes_and_partitions_are_read(void **state)
{
    (void)state;
    node_info_msg_t *nodes = wf_rest_read_nodes(answer("nodes"));
    assert_int_equal(nodes->record_count, 5);
    const node_info_t *node = &nodes->node_array[0];
    assert_string_equal(node->name, "c1");
    assert_int_equal(node->node_state, NODE_STATE_MIXED | NODE_STATE_CLOUD);
    node = &nodes->node_array[1];
    assert_string_equal(node->name, "h1");
    assert_int_equal(node->node_state, NODE_STATE_MIXED);
    assert_string_equal(node->features_act, "nvidia,h100,nvlink");
    assert_int_equal(node->cpus_efctv, 64);
    assert_int_equal(node->real_memory, 512000);
    assert_int_equal(json_array_size(node->partitions), 2);
    assert_non_null(strstr(node->gres, "gpu:h100:8"));
    slurm_free_node_info_msg(nodes);
    nodes = wf_rest_read_nodes(
        json_pack("{s:[{s:[s,s,s]}]}", "nodes", "state", "DOWN", "DRAIN", "NOT_RESPONDING"));
    assert_int_equal(nodes->node_array[0].node_state,
                     NODE_STATE_DOWN | NODE_STATE_DRAIN | NODE_STATE_NO_RESPOND);
    slurm_free_node_info_msg(nodes);
    partition_info_msg_t *partitions = wf_rest_read_partitions(answer("partitions"));
    assert_int_equal(partitions->record_count, 2);
    const partition_info_t *gpu = &partitions->partition_array[0];
    assert_string_equal(gpu->name, "gpu");
    assert_string_equal(gpu->nodes, "c1,h[1-2],m[1-2]");
    assert_int_equal(gpu->state_up, PARTITION_UP);
    assert_int_equal(gpu->flags, PART_FLAG_DEFAULT);
    assert_int_equal(gpu->max_time, INFINITE);
    assert_int_equal(gpu->default_time, NO_VAL);
    slurm_free_partition_info_msg(partitions);
}

static void the_site_is_read(void **state)
{
    (void)state;
    slurm_conf_t *conf = wf_rest_read_conf(answer("conf"));
    assert_string_equal(conf->version, "26.05.5");
    assert_string_equal(conf->cluster_name, "lab");
    assert_string_equal(conf->accounting_storage_type, "accounting_storage/slurmdbd");
    assert_non_null(strstr(conf->sched_params, "batch_sched_delay=0,bf_interval=1"));
    assert_string_equal(conf->job_submit_plugins, "lua");
    assert_int_equal(conf->max_job_cnt, 50000);
    assert_int_equal(conf->preempt_mode, PREEMPT_MODE_OFF);
    assert_int_equal(conf->private_data, 0);
    slurm_free_conf(conf);
    license_info_msg_t *licenses = wf_rest_read_licenses(answer("licenses"));
    assert_int_equal(licenses->num_lic, 1);
    assert_string_equal(licenses->lic_array[0].name, "solver");
    assert_int_equal(licenses->lic_array[0].total, 4);
    assert_int_equal(licenses->lic_array[0].in_use, 1);
    slurm_free_license_info_msg(licenses);
    reserve_info_msg_t *reservations = wf_rest_read_reservations(answer("reservations"));
    assert_int_equal(reservations->record_count, 1);
    const reserve_info_t *maint = &reservations->reservation_array[0];
    assert_string_equal(maint->name, "maint");
    assert_string_equal(maint->node_list, "m2");
    assert_string_equal(maint->users, "games");
    assert_true((maint->flags & RESERVE_FLAG_MAINT) && (maint->flags & RESERVE_FLAG_IGN_JOBS));
    assert_int_equal(maint->end_time - maint->start_time, 3600);
    slurm_free_reservation_info_msg(reservations);
}

static const slurmdb_qos_rec_t *qos_named(const assoc_mgr_info_msg_t *accounts, const char *name)
{
    list_itr_t *every = slurm_list_iterator_create(accounts->qos_list);
    const slurmdb_qos_rec_t *qos;
    while ((qos = slurm_list_next(every)) && strcmp(qos->name, name) != 0) {
    }
    slurm_list_iterator_destroy(every);
    assert_non_null(qos);
    return qos;
}

static void accounts_are_read(void **state)
{
    (void)state;
    const struct wf_rest_accounts bodies = {.associations = answer("associations"),
                                            .shares = answer("shares"),
                                            .qos = answer("qos"),
                                            .users = answer("users")};
    assoc_mgr_info_msg_t *accounts = wf_rest_read_accounts(&bodies);
    const slurmdb_qos_rec_t *limited = qos_named(accounts, "limited");
    assert_int_equal(limited->priority, 10);
    assert_string_equal(limited->grp_tres, "cpu=64,gres/gpu=8");
    assert_string_equal(limited->max_tres_pu, "gres/gpu=4");
    assert_int_equal(limited->max_jobs_pu, 5);
    assert_int_equal(limited->max_wall_pj, 120);
    assert_int_equal(limited->grp_jobs, 20);
    assert_int_equal(limited->max_submit_jobs_pu, INFINITE);
    list_itr_t *every = slurm_list_iterator_create(accounts->assoc_list);
    const slurmdb_assoc_rec_t *record;
    bool seen = false;
    while ((record = slurm_list_next(every))) {
        if (record->user && strcmp(record->user, "games") == 0 &&
            strcmp(record->acct, "red") == 0) {
            seen = true;
            assert_int_equal(record->max_jobs, 7);
            assert_string_equal(record->grp_tres, "gres/gpu=6");
            assert_int_equal(record->def_qos_id, 1);
            assert_string_equal(record->qos_list->items[1], "2");
            assert_null(record->qos_list->items[2]);
        }
    }
    slurm_list_iterator_destroy(every);
    assert_true(seen);
    const slurmdb_user_rec_t *user = accounts->user_list->items[0];
    assert_string_equal(user->name, "daemon");
    assert_int_equal(user->admin_level, SLURMDB_ADMIN_SUPER_USER);
    slurm_free_assoc_mgr_info_msg(accounts);
}

static void error_is(const char *name, int number, const char *word)
{
    json_t *body = answer(name);
    const char *text = NULL;
    assert_int_equal(wf_rest_read_error(body, &text), number);
    if (number != 0) {
        assert_non_null(strstr(text, word));
    }
    json_decref(body);
}

static void errors_are_read(void **state)
{
    (void)state;
    error_is("unknown-job", ESLURM_INVALID_JOB_ID, "Invalid job id");
    error_is("unknown-node", ESLURM_INVALID_NODE_NAME, "Invalid node name");
    error_is("kill-refused", ESLURM_INVALID_JOB_ID, "Invalid job id");
    error_is("task-refused", 9000, "instead of array task");
    error_is("pinned", 0, "");
    error_is("no-change", 0, "");
    error_is("jobs", 0, "");
}

static void an_empty_answer_is_an_empty_message(void **state)
{
    (void)state;
    job_info_msg_t *jobs = wf_rest_read_jobs(json_object());
    assert_int_equal(jobs->record_count, 0);
    slurm_free_job_info_msg(jobs);
    jobs = wf_rest_read_jobs(json_pack("{s:[{},n,i,s]}", "jobs", 3, "x"));
    assert_int_equal(jobs->record_count, 0);
    slurm_free_job_info_msg(jobs);
    slurm_free_node_info_msg(wf_rest_read_nodes(json_pack("{s:[{},n]}", "nodes")));
    slurm_free_conf(wf_rest_read_conf(json_null()));
    slurm_free_assoc_mgr_info_msg(wf_rest_read_accounts(&(struct wf_rest_accounts){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_are_read),    cmocka_unit_test(nodes_and_partitions_are_read),
        cmocka_unit_test(the_site_is_read), cmocka_unit_test(accounts_are_read),
        cmocka_unit_test(errors_are_read),  cmocka_unit_test(an_empty_answer_is_an_empty_message),
    };
    return cmocka_run_group_tests_name("slurm/rest/read", tests, NULL, NULL);
}
