// SPDX-License-Identifier: Apache-2.0
// Any bytes as what a host's helper tells, or as an inventory in whichever form: no crash, no leak,
// an error has its sentence, and nothing is taken that could end a line of ssh's configuration. The
// first byte chooses.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/assert.h"
#include "hags/inventory.h"
#include "hags/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_report(const uint8_t *data, size_t size)
{
    static const struct wf_hags_past past = {.prior = WF_HAGS_UNREAD};
    struct wf_hags_report report;
    struct wf_error err = {.text = ""};
    char *text = strndup((const char *)data, size);
    WF_ASSERT(text);
    enum wf_status status = wf_hags_report_read(text, &report, &err);
    WF_ASSERT(status == WF_OK || (err.status == status && err.text[0] != '\0'));
    if (status == WF_OK) {
        WF_ASSERT(report.adapter_count <= WF_HAGS_ADAPTERS_MAX);
        WF_ASSERT(report.timeouts_in_30_days >= -1);
        for (int goal = WF_HAGS_LOOK; goal <= WF_HAGS_RESTORE; goal++) {
            struct wf_hags_verdict verdict = wf_hags_judge(&report, &past, (enum wf_hags_goal)goal);
            WF_ASSERT(verdict.state > WF_HAGS_UNKNOWN && verdict.state < WF_HAGS_STATE_COUNT);
        }
    }
    free(text);
}

static void check_text(const char *text)
{
    WF_ASSERT(!text || (text[0] != '-' && !strpbrk(text, "\"\n\r")));
}

static void fuzz_inventory(const uint8_t *data, size_t size)
{
    char path[32];
    struct wf_inventory *inventory;
    struct wf_error err = {.text = ""};
    int descriptor = (int)syscall(SYS_memfd_create, "inventory", 0);
    WF_ASSERT(descriptor >= 0 && write(descriptor, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    enum wf_status status = wf_inventory_read(path, &inventory, &err);
    WF_ASSERT(status == WF_OK || (err.status == status && err.text[0] != '\0' && !inventory));
    for (uint32_t i = 0; inventory && i < wf_inventory_count(inventory); i++) {
        const struct wf_host *host = wf_inventory_host(inventory, i);
        check_text(host->name);
        check_text(host->ways.address);
        check_text(host->ways.user);
        check_text(host->ways.key);
        check_text(host->ways.jump);
        WF_ASSERT(host->ways.port <= 65535);
    }
    wf_inventory_destroy(inventory);
    close(descriptor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] % 4 == 0) {
        fuzz_report(data + 1, size - 1);
    } else if (size > 0) {
        fuzz_inventory(data + 1, size - 1);
    }
    return 0;
}
