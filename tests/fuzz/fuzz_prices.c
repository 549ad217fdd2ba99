// SPDX-License-Identifier: Apache-2.0
// Any bytes as a list of prices, in whichever format they are recognised as: no crash, no leak, an
// error has its sentence, and a price that is given away is one that may be used.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/assert.h"
#include "core/limits.h"
#include "provider/provider.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum wf_status take(void *context, const struct wf_price_row *row, struct wf_error *err)
{
    (void)context;
    (void)err;
    WF_ASSERT(row->provider && row->region && row->zone && row->instance && row->source);
    WF_ASSERT(row->model[0] != '\0' && row->gpu_milli > 0);
    WF_ASSERT(row->kind == WF_PRICE_ON_DEMAND || row->kind == WF_PRICE_SPOT);
    WF_ASSERT(row->from_ms >= 0 && row->seen_ms >= row->from_ms && row->until_ms >= 0);
    wf_int128 per_gpu = (wf_int128)row->nanousd_per_hour * WF_GPU_MILLI / row->gpu_milli;
    WF_ASSERT(per_gpu >= WF_PRICE_ABSURD_LOW_NANOUSD && per_gpu <= WF_PRICE_ABSURD_HIGH_NANOUSD);
    return WF_OK;
}

static enum wf_status take_risk(void *context, const struct wf_risk_row *row, struct wf_error *err)
{
    (void)context;
    (void)err;
    WF_ASSERT(row->low_permille < row->high_permille && row->high_permille <= 1000);
    return WF_OK;
}

static void leave_out(void *context, const char *sentence)
{
    (void)context;
    WF_ASSERT(strstr(sentence, ", line "));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    int file = (int)syscall(SYS_memfd_create, "prices", 0);
    char path[32];
    WF_ASSERT(file >= 0 && write(file, data + 1, size - 1) == (ssize_t)(size - 1));
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    // The first byte says what the user told: whose they are, and of when.
    const struct wf_price_import import = {
        .path = path,
        .provider = data[0] % 4 == 0   ? NULL
                    : data[0] % 4 == 1 ? "gcp"
                                       : "aws",
        .as_of_ms = data[0] % 8 < 4 ? INT64_C(1779235200000) : WF_PRICE_NOT_TOLD,
        .take = take,
        .take_risk = take_risk,
        .leave_out = leave_out,
    };
    struct wf_price_imported imported;
    struct wf_error err = {0};
    enum wf_status status = wf_price_import(&import, &imported, &err);
    WF_ASSERT(status == WF_OK || (err.status == status && err.text[0] != '\0'));
    WF_ASSERT(status != WF_OK || (imported.format && imported.taken + imported.left_out > 0));
    close(file);
    return 0;
}
