// SPDX-License-Identifier: GPL-3.0-or-later
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "slurm/check.h"
#include "slurm/line.h"

#define TEXT_BYTES 300

void wf_check_add(json_t *findings, enum wf_check_level level, const char *code, const char *found,
                  const char *change, const char *why)
{
    static const char *const words[] = {"must", "should", "note"};
    json_t *finding = json_object();

    WF_ASSERT(finding != NULL);
    wf_line_text(finding, "code", code);
    wf_line_text(finding, "level", words[level]);
    wf_line_text(finding, "found", found);
    wf_line_text(finding, "change", change);
    wf_line_text(finding, "why", why);
    WF_ASSERT(json_array_append_new(findings, finding) == 0);
}

int64_t wf_check_parameter(const char *parameters, const char *name, int64_t without)
{
    const size_t length = strlen(name);

    for (const char *at = parameters; at != NULL && *at != '\0';) {
        if (strncasecmp(at, name, length) == 0 && at[length] == '=') {
            return strtoll(at + length + 1, NULL, 10);
        }
        at += strcspn(at, ",");
        at += *at == ',';
    }
    return without;
}

static void check_pace(const slurm_conf_t *conf, json_t *findings)
{
    const int64_t delay = wf_check_parameter(conf->sched_params, "batch_sched_delay", 3);
    const int64_t interval = wf_check_parameter(conf->sched_params, "bf_interval", 30);
    const int64_t requeue = wf_check_parameter(conf->sched_params, "requeue_delay", -1);
    const int64_t expire = wf_check_parameter(conf->authinfo, "cred_expire", 120);
    const int64_t wait = requeue >= 0 && requeue < expire ? requeue : expire;
    char found[TEXT_BYTES];

    if (delay > 0) {
        snprintf(found, sizeof(found), "batch_sched_delay is %" PRId64 " s", delay);
        wf_check_add(findings, WF_CHECK_SHOULD, "batch-delay", found,
                     "SchedulerParameters=...,batch_sched_delay=0",
                     "slurmctld lets a released job wait so long before it looks at it");
    }
    if (interval > 5) {
        snprintf(found, sizeof(found), "bf_interval is %" PRId64 " s", interval);
        wf_check_add(
            findings, WF_CHECK_SHOULD, "backfill-interval", found,
            "SchedulerParameters=...,bf_interval=1",
            "a released job that the quick pass leaves out starts at the next backfill pass");
    }
    if (wait > 10) {
        snprintf(found, sizeof(found), "a requeued job may wait %" PRId64 " s", wait + 1);
        wf_check_add(findings, WF_CHECK_SHOULD, "requeue-delay", found,
                     "AuthInfo=...,cred_expire=5 (before Slurm 23.02), or "
                     "SchedulerParameters=...,requeue_delay=1",
                     "slurmctld keeps a requeued job back for the life of its old credential; we "
                     "reset its begin time, a job that Slurm itself requeues waits all of it");
    }
    if (conf->msg_timeout > 30) {
        snprintf(found, sizeof(found), "MessageTimeout is %u s", (unsigned)conf->msg_timeout);
        wf_check_add(findings, WF_CHECK_NOTE, "message-timeout", found, "MessageTimeout=10",
                     "so long does a call last when slurmctld hangs, before we know");
    }
}

static void check_jobs(const struct wf_site_facts *facts, json_t *findings)
{
    const slurm_conf_t *const conf = facts->conf;
    char found[TEXT_BYTES];

    if (conf->job_submit_plugins == NULL || strstr(conf->job_submit_plugins, "lua") == NULL) {
        wf_check_add(
            findings, WF_CHECK_MUST, "no-job-submit",
            "JobSubmitPlugins has no lua: nothing holds jobs for us",
            "JobSubmitPlugins=lua, and job_submit.lua beside slurm.conf",
            "Slurm starts a job as soon as it can, before WhaleFlux has decided; observe and "
            "advise need no hold");
    }
    if (conf->min_job_age < 30) {
        snprintf(found, sizeof(found), "MinJobAge is %" PRIu32 " s", conf->min_job_age);
        wf_check_add(findings, WF_CHECK_SHOULD, "job-age", found, "MinJobAge=300",
                     "Slurm forgets an ended job before we are sure to have seen how it ended");
    }
    if (conf->job_requeue == 0) {
        wf_check_add(
            findings, WF_CHECK_SHOULD, "no-requeue", "JobRequeue is 0", "JobRequeue=1",
            "jobs cannot be moved off a node that is taken away unless they say --requeue");
    }
    if (facts->jobs >= conf->max_job_cnt - conf->max_job_cnt / 10) {
        snprintf(found, sizeof(found), "%" PRIu32 " jobs of at most %" PRIu32, facts->jobs,
                 conf->max_job_cnt);
        wf_check_add(findings, WF_CHECK_SHOULD, "table-full", found, "MaxJobCount=...",
                     "slurmctld refuses new jobs when its table is full");
    }
    if (conf->preempt_mode != PREEMPT_MODE_OFF) {
        wf_check_add(findings, WF_CHECK_NOTE, "preemption", "Slurm preempts jobs by itself",
                     "PreemptMode=OFF where WhaleFlux decides",
                     "two deciders may take turns at the same job");
    }
}

static void check_power(const slurm_conf_t *conf, json_t *findings)
{
    const bool resumes = conf->resume_program != NULL && conf->resume_program[0] != '\0';
    const bool hides =
        WF_SLURM_SHOWS_CLOUD != 0 && (conf->private_data & WF_SLURM_SHOWS_CLOUD) == 0;
    const bool suspends = conf->suspend_time != INFINITE && conf->suspend_time != NO_VAL;
    char found[TEXT_BYTES];

    if (resumes && !suspends) {
        wf_check_add(findings, WF_CHECK_MUST, "suspend-off",
                     "there is a ResumeProgram, and SuspendTime is off", "SuspendTime=31536000",
                     "Slurm then runs no ResumeProgram: nodes that we power up never come");
    }
    if (resumes && suspends && conf->suspend_time < 86400) {
        snprintf(found, sizeof(found), "SuspendTime is %" PRIu32 " s", conf->suspend_time);
        wf_check_add(findings, WF_CHECK_SHOULD, "suspend-time", found, "SuspendTime=31536000",
                     "Slurm powers nodes down on its own that we keep for a job to come");
    }
    if (resumes && hides) {
        wf_check_add(findings, WF_CHECK_MUST, "cloud-hidden",
                     "Slurm hides cloud nodes that are powered down", "PrivateData=cloud",
                     "(that word shows them) what cannot be seen is never powered up for a job");
    }
}

static void check_nodes(const struct wf_site_facts *facts, json_t *findings)
{
    const slurm_conf_t *const conf = facts->conf;
    char found[TEXT_BYTES];

    if (conf->select_type == NULL || strstr(conf->select_type, "cons_tres") == NULL) {
        wf_check_add(findings, WF_CHECK_MUST, "select-type", "SelectType is not select/cons_tres",
                     "SelectType=select/cons_tres, SelectTypeParameters=CR_Core_Memory",
                     "without it Slurm shares no node and hands out no GPUs one by one");
    }
    if (!facts->has_gres_conf) {
        wf_check_add(findings, WF_CHECK_NOTE, "gres-unread", "gres.conf cannot be read here",
                     "run this where slurmctld runs",
                     "which variables tell a job its GPUs stands only there");
    } else if (facts->gres.lines_plain > 0 && !facts->gres.detects) {
        snprintf(found, sizeof(found),
                 "%s: %" PRIu32 " of %" PRIu32 " lines for GPUs have no flag: %s", facts->gres_path,
                 facts->gres.lines_plain, facts->gres.lines, facts->gres.plain_example);
        wf_check_add(
            findings, facts->gres.nvidia && facts->gres.amd ? WF_CHECK_MUST : WF_CHECK_SHOULD,
            "gres-flags", found,
            "Flags=nvidia_gpu_env for NVIDIA, amd_gpu_env for AMD, intel_gpu_env for Intel, "
            "one line for each kind of node",
            "without a flag Slurm sets the variables of every vendor at once");
    }
}

static void check_sight(const struct wf_site_facts *facts, json_t *findings)
{
    const slurm_conf_t *const conf = facts->conf;
    char found[TEXT_BYTES];

    if (!facts->is_operator) {
        wf_check_add(findings, WF_CHECK_MUST, "rights",
                     "our account may not change other people's jobs",
                     "run as SlurmUser or root, or sacctmgr modify user NAME set adminlevel=admin",
                     "marking a job by its AdminComment is an administrator's, and more than an "
                     "operator's; observe needs no rights");
    }
    if ((conf->private_data & ~WF_SLURM_SHOWS_CLOUD) != 0 && !facts->is_operator) {
        wf_check_add(findings, WF_CHECK_MUST, "private-data",
                     "PrivateData hides other people's jobs or nodes from us",
                     "take jobs, nodes, reservations and usage out of PrivateData, or see `rights`",
                     "the picture has holes: room that others use looks free");
    }
    if (facts->clock_off_s != 0) {
        snprintf(found, sizeof(found), "slurmctld's clock is %" PRId64 " s off ours",
                 facts->clock_off_s);
        wf_check_add(findings, WF_CHECK_SHOULD, "clock", found, "run a time service on both hosts",
                     "waits, limits and forecasts are off by that");
    }
    if (conf->accounting_storage_type == NULL ||
        strstr(conf->accounting_storage_type, "slurmdbd") == NULL) {
        wf_check_add(findings, WF_CHECK_NOTE, "no-accounting", "there is no slurmdbd",
                     "AccountingStorageType=accounting_storage/slurmdbd",
                     "no accounts, shares and limits are known, and nothing can be replayed");
    }
}

void wf_check_findings(const struct wf_site_facts *facts, json_t *findings)
{
    check_sight(facts, findings);
    check_jobs(facts, findings);
    check_nodes(facts, findings);
    check_power(facts->conf, findings);
    check_pace(facts->conf, findings);
}
