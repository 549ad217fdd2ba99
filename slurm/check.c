// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "slurm/adapter.h"
#include "slurm/line.h"
#include "slurm/look_site.h"

#define GRES_CONF_MAX (1 << 20)

static json_t *integer(int64_t number)
{
    return json_integer((json_int_t)number);
}

// gres.conf stands beside the slurm.conf that slurmctld reads, where we are on the same host.
static char *read_gres(const char *slurm_conf, struct wf_site_facts *facts)
{
    const char *const slash = slurm_conf != NULL ? strrchr(slurm_conf, '/') : NULL;
    char *path = NULL, *text = malloc(GRES_CONF_MAX);
    size_t length = 0;

    WF_ASSERT(text != NULL);
    if (slash != NULL &&
        asprintf(&path, "%.*s/gres.conf", (int)(slash - slurm_conf), slurm_conf) < 0) {
        path = NULL;
    }
    FILE *in = path != NULL ? fopen(path, "re") : NULL;
    if (in != NULL) {
        length = fread(text, 1, GRES_CONF_MAX, in);
        fclose(in);
        facts->has_gres_conf = true;
        facts->gres_path = path;
        wf_gres_conf_read(text, length, &facts->gres);
    }
    free(text);
    return path;
}

static json_t *tell_facts(const struct wf_site_facts *facts)
{
    const slurm_conf_t *const conf = facts->conf;
    json_t *told = json_object();
    char version[16];

    WF_ASSERT(told != NULL);
    wf_line_text(told, "slurm", conf->version);
    wf_line_text(told, "libslurm", wf_slurm_version(version, sizeof(version)));
    wf_line_text(told, "cluster", conf->cluster_name);
    json_object_set_new(told, "operator", json_boolean(facts->is_operator));
    wf_line_text(told, "scheduler_parameters", conf->sched_params);
    wf_line_text(told, "select_type", conf->select_type);
    wf_line_text(told, "job_submit_plugins", conf->job_submit_plugins);
    wf_line_text(told, "accounting", conf->accounting_storage_type);
    wf_line_text(told, "priority", conf->priority_type);
    json_object_set_new(told, "private_data", integer(conf->private_data));
    json_object_set_new(told, "jobs", integer(facts->jobs));
    json_object_set_new(told, "jobs_max", integer(conf->max_job_cnt));
    json_object_set_new(told, "min_job_age_s", integer(conf->min_job_age));
    json_object_set_new(told, "message_timeout_s", integer(conf->msg_timeout));
    json_object_set_new(told, "suspend_time_s",
                        integer(conf->suspend_time == INFINITE || conf->suspend_time == NO_VAL
                                    ? -1
                                    : (int64_t)conf->suspend_time));
    json_object_set_new(told, "clock_off_s", integer(facts->clock_off_s));
    wf_line_text(told, "gres_conf", facts->gres_path);
    return told;
}

static void print_plain(const json_t *told, const json_t *findings)
{
    size_t i;
    const json_t *finding;

    printf("Slurm %s, cluster %s\n", json_string_value(json_object_get(told, "slurm")),
           json_string_value(json_object_get(told, "cluster")));
    for (i = 0; (finding = json_array_get(findings, i)) != NULL; i++) {
        printf("\n%-6s  %s\n", json_string_value(json_object_get(finding, "level")),
               json_string_value(json_object_get(finding, "found")));
        printf("        change: %s\n", json_string_value(json_object_get(finding, "change")));
        printf("        why:    %s\n", json_string_value(json_object_get(finding, "why")));
    }
    if (json_array_size(findings) == 0) {
        puts("all is as it should be");
    }
}

static bool has_must(const json_t *findings)
{
    size_t i;
    const json_t *finding;

    for (i = 0; (finding = json_array_get(findings, i)) != NULL; i++) {
        if (strcmp(json_string_value(json_object_get(finding, "level")), "must") == 0) {
            return true;
        }
    }
    return false;
}

static int64_t clock_off(void)
{
    stats_info_request_msg_t request = {.command_id = STAT_COMMAND_GET};
    stats_info_response_msg_t *found = NULL;
    const time_t before = time(NULL);

    if (slurm_get_statistics(&found, &request) != 0) {
        return 0;
    }
    const int64_t off = (int64_t)found->req_time - before;
    const int64_t took = time(NULL) - before;
    slurm_free_stats_response_msg(found);
    return off < -2 || off > took + 2 ? off : 0;
}

static uint32_t count_jobs(void)
{
    job_info_msg_t *found = NULL;

    if (slurm_load_jobs(0, &found, SHOW_ALL | SHOW_LOCAL) != 0) {
        return 0;
    }
    const uint32_t count = found->record_count;
    wf_slurm_free_jobs(found);
    return count;
}

static int report(const slurm_conf_t *conf, bool is_operator, bool json)
{
    struct wf_site_facts facts = {.conf = conf, .is_operator = is_operator};
    json_t *findings = json_array();

    WF_ASSERT(findings != NULL);
    facts.jobs = count_jobs();
    facts.clock_off_s = clock_off();
    char *path = read_gres(conf->slurm_conf, &facts);
    wf_check_findings(&facts, findings);
    json_t *told = tell_facts(&facts);
    const int status = has_must(findings) ? 1 : 0;
    if (json) {
        json_t *all = json_pack("{s:o,s:o}", "site", told, "findings", findings);
        WF_ASSERT(all != NULL && json_dumpf(all, stdout, JSON_INDENT(2)) == 0);
        putchar('\n');
        json_decref(all);
    } else {
        print_plain(told, findings);
        json_decref(told);
        json_decref(findings);
    }
    free(path);
    return status;
}

int wf_check(bool json)
{
    struct wf_adapter adapter;
    slurm_conf_t *conf = NULL;
    int status = 3;

    wf_adapter_init(&adapter, NULL);
    const int errnum = wf_look_site(&adapter);
    if (errnum == 0 && slurm_load_ctl_conf(0, &conf) == 0) {
        status = report(conf, adapter.is_operator, json);
        wf_slurm_free_conf(conf);
    } else if (json) {
        json_t *findings = json_array();
        WF_ASSERT(findings != NULL);
        wf_check_add(findings, WF_CHECK_MUST, "away", slurm_strerror(errnum),
                     "start slurmctld, munge; see that SLURM_CONF names the right file",
                     "slurmctld does not answer us");
        json_t *all = json_pack("{s:{},s:o}", "site", "findings", findings);
        WF_ASSERT(all != NULL && json_dumpf(all, stdout, JSON_INDENT(2)) == 0);
        putchar('\n');
        json_decref(all);
    } else {
        fprintf(stderr, "whaleflux-slurm: slurmctld does not answer: %s\n", slurm_strerror(errnum));
    }
    wf_adapter_finish(&adapter);
    return status;
}
