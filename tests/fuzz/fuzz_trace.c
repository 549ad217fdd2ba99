// SPDX-License-Identifier: Apache-2.0
// Any bytes as a table of nodes, of pods or of orders, plain or gzipped: no crash, no leak, and an
// error has its sentence. The first byte chooses the table.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/assert.h"
#include "sim/placement/published_mix.h"
#include "sim/placement/workload.h"
#include "trace/trace_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char nodes[] = "sn,cpu_milli,memory_mib,gpu,model\na,1000,1024,2,T4\nb,9,9,1,A10\n";
static const char pods[] = "name,cpu_milli,memory_mib,num_gpu,gpu_milli\np,1,1,1,500\n";

// A file in memory, by a path.
struct memory_file {
    int descriptor;
    char path[32];
};

static struct memory_file open_file(const void *content, size_t size)
{
    struct memory_file file = {.descriptor = (int)syscall(SYS_memfd_create, "table", 0)};
    WF_ASSERT(file.descriptor >= 0);
    WF_ASSERT(write(file.descriptor, content, size) == (ssize_t)size);
    snprintf(file.path, sizeof file.path, "/proc/self/fd/%d", file.descriptor);
    return file;
}

static void use(const struct wf_trace *trace)
{
    struct wf_published_mix mix;
    struct wf_error err = {0};
    WF_ASSERT(wf_published_mix_make(trace, &mix, &err) == WF_OK);
    WF_ASSERT(mix.count <= mix.distinct);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct memory_file any = open_file(data + 1, size - 1);
    struct memory_file node_file = open_file(nodes, sizeof nodes - 1);
    struct memory_file pod_file = open_file(pods, sizeof pods - 1);
    struct wf_trace trace;
    struct wf_error err = {0};
    enum wf_status status =
        wf_trace_read(data[0] % 3 == 0 ? any.path : node_file.path,
                      data[0] % 3 == 1 ? any.path : pod_file.path, &trace, &err);
    if (status == WF_OK) {
        use(&trace);
        struct wf_workload workload;
        if (data[0] % 3 == 2) {
            status = wf_workload_read(&trace, any.path, "pods.csv", 1, &workload, &err);
            wf_workload_finish(&workload);
        }
        wf_trace_finish(&trace);
    }
    WF_ASSERT(status == WF_OK || (err.status == status && err.text[0] != '\0'));
    close(any.descriptor);
    close(node_file.descriptor);
    close(pod_file.descriptor);
    return 0;
}
