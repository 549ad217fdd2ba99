// SPDX-License-Identifier: GPL-3.0-or-later
// What libslurm can do at most: the adapter's update of a job (pin, release, mark), one after the
// other, with nothing around it. Reads "JOB NODE" lines, prints updates per second.
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "slurm/compat.h"

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(void)
{
    static unsigned jobs[10000];
    static char nodes[10000][64];
    size_t count = 0, failed = 0;

    slurm_init(NULL);
    while (count < 10000 && scanf("%u %63s", &jobs[count], nodes[count]) == 2) {
        count++;
    }
    const double start = seconds();
    for (size_t i = 0; i < count; i++) {
        job_desc_msg_t change;
        char comment[128];
        snprintf(comment, sizeof(comment), "whaleflux:b%u-1;pin=%.63s;span=1-0", jobs[i], nodes[i]);
        slurm_init_job_desc_msg(&change);
        wf_slurm_desc_job_id(&change) = jobs[i];
        change.req_nodes = nodes[i];
        change.min_nodes = 1;
        change.max_nodes = 1;
        change.priority = INFINITE;
        change.admin_comment = comment;
        failed += slurm_update_job(&change) != 0;
    }
    const double took = seconds() - start;
    printf("%.1f %zu\n", (double)count / took, failed);
    slurm_fini();
    return failed > 0;
}
