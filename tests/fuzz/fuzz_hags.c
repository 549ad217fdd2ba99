// SPDX-License-Identifier: Apache-2.0
// Any bytes as what a host's helper tells, as an inventory in whichever form, as a file of watches,
// or as what a look printed and what is kept of it: no crash, no leak, an error has its sentence,
// and nothing is taken that could end a line of ssh's configuration. The first byte chooses.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/assert.h"
#include "daemon/hags/hosts_json.h"
#include "daemon/hags/plan.h"
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

static void fuzz_plan(const uint8_t *data, size_t size)
{
    char path[32];
    struct wf_hags_plan plan;
    struct wf_error err = {.text = ""};
    int descriptor = (int)syscall(SYS_memfd_create, "plan", 0);
    WF_ASSERT(descriptor >= 0 && write(descriptor, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    enum wf_status status = wf_hags_plan_read(path, &plan, &err);
    WF_ASSERT(status == WF_OK || (err.status == status && err.text[0] != '\0'));
    for (uint32_t i = 0; status == WF_OK && i < plan.count; i++) {
        const struct wf_hags_order *order = &plan.orders[i];
        WF_ASSERT(order->inventory && order->name[0] && !strchr(order->name, '/'));
        WF_ASSERT(order->every_ms >= WF_HAGS_EVERY_MS_MIN && order->limit_ms > 0);
    }
    wf_hags_plan_finish(&plan);
    close(descriptor);
}

// What was printed is taken twice, the second time after the first, and kept; what was kept is the
// same.
static void fuzz_hosts(const char *text, size_t size, bool kept)
{
    struct wf_hags_hosts *first;
    struct wf_hags_hosts *second = NULL;
    struct wf_error err = {.text = ""};
    enum wf_status status = kept ? wf_hags_hosts_parse(text, size, true, &first, &err)
                                 : wf_hags_hosts_take(text, size, NULL, 1000, &first, &err);
    WF_ASSERT(status == WF_OK ? first != NULL : !first && err.text[0] != '\0');
    if (status == WF_OK && !kept) {
        WF_ASSERT(wf_hags_hosts_take(text, size, first, 2000, &second, &err) == WF_OK);
        WF_ASSERT(second->count == first->count && second->last_id == first->last_id);
    }
    for (uint32_t i = 0; first && i < first->count; i++) {
        json_t *object = wf_hags_host_json(&first->hosts[i]);
        WF_ASSERT(object);
        json_decref(object);
    }
    wf_hags_hosts_destroy(first);
    wf_hags_hosts_destroy(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == 'p') {
        fuzz_plan(data + 1, size - 1);
    } else if (size > 0 && (data[0] == 'l' || data[0] == 'k')) {
        fuzz_hosts((const char *)data + 1, size - 1, data[0] == 'k');
    } else if (size > 0 && data[0] % 4 == 0) {
        fuzz_report(data + 1, size - 1);
    } else if (size > 0) {
        fuzz_inventory(data + 1, size - 1);
    }
    return 0;
}
