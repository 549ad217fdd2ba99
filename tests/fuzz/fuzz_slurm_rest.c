// SPDX-License-Identifier: GPL-3.0-or-later
// Any bytes as what slurmrestd answers, as a list of nodes and as a token. The first byte says
// which. No crash; what is said to be there is there; a packed list is read the same again.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "slurm/hosts.h"
#include "slurm/rest/read.h"
#include "slurm/rest/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_jobs(json_t *body)
{
    job_info_msg_t *message = wf_rest_read_jobs(body);
    for (uint32_t i = 0; i < message->record_count; i++) {
        const slurm_job_info_t *const job = &message->job_array[i];
        WF_ASSERT(job->job_id != 0);
        for (uint32_t j = 0; j < job->gres_detail_cnt; j++) {
            WF_ASSERT(job->gres_detail_str[j] == NULL ||
                      strlen(job->gres_detail_str[j]) < SIZE_MAX);
            WF_ASSERT(slurm_job_cpus_allocated_on_node_id(job->job_resrcs, (int)j) >= 0);
        }
    }
    slurm_free_job_info_msg(message);
}

static void fuzz_accounts(const json_t *body)
{
    const struct wf_rest_accounts bodies = {.associations = json_deep_copy(body),
                                            .shares = json_deep_copy(body),
                                            .qos = json_deep_copy(body),
                                            .users = json_deep_copy(body)};
    slurm_free_assoc_mgr_info_msg(wf_rest_read_accounts(&bodies));
}

static void fuzz_answer(char which, const char *text, size_t size)
{
    const char *sentence = NULL;
    json_t *const body = json_loadb(text, size, 0, NULL);

    if (wf_rest_read_error(body, &sentence) != 0) {
        WF_ASSERT(sentence != NULL && sentence[0] != '\0');
    }
    if (which == 'j') {
        fuzz_jobs(body);
    } else if (which == 'n') {
        slurm_free_node_info_msg(wf_rest_read_nodes(body));
    } else if (which == 'p') {
        slurm_free_partition_info_msg(wf_rest_read_partitions(body));
    } else if (which == 'l') {
        slurm_free_license_info_msg(wf_rest_read_licenses(body));
    } else if (which == 'r') {
        slurm_free_reservation_info_msg(wf_rest_read_reservations(body));
    } else if (which == 'c') {
        slurm_free_conf(wf_rest_read_conf(body));
    } else {
        fuzz_accounts(body);
        json_decref(body);
    }
}

static void fuzz_hosts(const char *text)
{
    char *const packed = wf_hosts_sorted(text);
    if (packed == NULL) {
        WF_ASSERT(wf_hosts_count(text) == 0);
        return;
    }
    WF_ASSERT(wf_hosts_same(packed, text) && wf_hosts_have_all(text, packed));
    free(packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[64];
    if (size == 0) {
        return 0;
    }
    char *text = malloc(size);
    WF_ASSERT(text != NULL);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    if (data[0] == 'h') {
        fuzz_hosts(text);
    } else if (data[0] == 't') {
        wf_token_user(text, name, sizeof(name));
    } else {
        fuzz_answer((char)data[0], text, size - 1);
    }
    free(text);
    return 0;
}
