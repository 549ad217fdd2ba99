// SPDX-License-Identifier: Apache-2.0
// GPUs that stand in the machine and that no driver offers to work: seen on the PCI bus only. They
// are listed, as not usable, with the reason; a GPU that another source lists too is dropped later.
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "telemetry/source.h"

#define DEVICES "/sys/bus/pci/devices"

enum { FOUND_MAX = 64 };

struct found {
    char pci[WF_PCI_BYTES];
    enum wf_vendor vendor;
    uint32_t device_id;
};

struct pci {
    const struct wf_source_view *view;
    uint32_t count;
    struct found found[FOUND_MAX];
};

static bool read_hex(const struct wf_source_view *view, const char *device, const char *name,
                     uint64_t *number_out)
{
    char path[WF_SYSROOT_PATH_BYTES];
    return wf_file_number(wf_sysroot_path(&view->sysroot, path, DEVICES "/%s/%s", device, name),
                          number_out);
}

static void look_at(struct pci *pci, const char *name)
{
    uint64_t class_number = 0;
    uint64_t vendor = 0;
    uint64_t device = 0;
    if (strlen(name) >= WF_PCI_BYTES || !read_hex(pci->view, name, "class", &class_number) ||
        class_number >> 16 != 0x03 || !read_hex(pci->view, name, "vendor", &vendor) ||
        (vendor != 0x10de && vendor != 0x1002) || pci->count == FOUND_MAX) {
        return;
    }
    (void)read_hex(pci->view, name, "device", &device);
    struct found *found = &pci->found[pci->count++];
    wf_text_copy(found->pci, sizeof found->pci, name);
    found->vendor = vendor == 0x10de ? WF_VENDOR_NVIDIA : WF_VENDOR_AMD;
    found->device_id = (uint32_t)device;
}

static void pci_open(const struct wf_source_view *view, void **state_out, uint32_t *count_out,
                     struct wf_source_report *report)
{
    struct pci *pci = calloc(1, sizeof *pci);
    struct dirent **list = NULL;
    char path[WF_SYSROOT_PATH_BYTES];
    *state_out = pci;
    int count =
        pci ? scandir(wf_sysroot_path(&view->sysroot, path, DEVICES), &list, NULL, alphasort) : 0;
    if (pci) {
        pci->view = view;
    }
    for (int i = 0; i < count; i++) {
        look_at(pci, list[i]->d_name);
        free(list[i]);
    }
    free(list);
    *count_out = pci ? pci->count : 0;
    report->state = *count_out > 0 ? WF_SOURCE_READY : WF_SOURCE_ABSENT;
}

static void pci_close(void *state)
{
    free(state);
}

static void pci_describe(void *state, uint32_t index, struct wf_gpu *gpu)
{
    const struct pci *pci = state;
    const struct found *found = &pci->found[index];
    char path[WF_SYSROOT_PATH_BYTES];
    char link[256] = "";
    gpu->vendor = found->vendor;
    gpu->index = index;
    memcpy(gpu->pci, found->pci, sizeof gpu->pci);
    gpu->numa_node = wf_pci_numa_node(&pci->view->sysroot, gpu->pci);
    snprintf(gpu->name, sizeof gpu->name, "%s GPU, device %04x",
             found->vendor == WF_VENDOR_NVIDIA ? "NVIDIA" : "AMD", found->device_id & 0xffff);
    wf_text_copy(gpu->model, sizeof gpu->model, "unknown");
    wf_sysroot_path(&pci->view->sysroot, path, DEVICES "/%s/driver", found->pci);
    ssize_t length = readlink(path, link, sizeof link - 1);
    const char *slash = length > 0 ? strrchr(link, '/') : NULL;
    const char *driver = slash ? slash + 1 : link;
    wf_text_copy(gpu->driver, sizeof gpu->driver, driver);
    wf_gpu_enforcement(pci->view, gpu);
    if (length <= 0) {
        wf_gpu_unusable(gpu, "no driver is loaded for it");
    } else if (strcmp(driver, "vfio-pci") == 0) {
        wf_gpu_unusable(gpu, "it is set aside for virtual machines (vfio-pci)");
    } else if (strcmp(driver, "nouveau") == 0 || strcmp(driver, "radeon") == 0) {
        wf_gpu_unusable(gpu, "the driver '%s' has it, which runs no compute work", driver);
    } else {
        wf_gpu_unusable(gpu, "the driver '%.60s' has it, but does not offer it for compute work",
                        driver);
    }
}

static void pci_read(void *state, uint32_t index, struct wf_gpu_reading *reading)
{
    const struct pci *pci = state;
    snprintf(reading->trouble, sizeof reading->trouble, "no driver tells anything of %s",
             pci->found[index].pci);
}

const struct wf_source wf_source_pci = {
    .name = "pci",
    .open = pci_open,
    .describe = pci_describe,
    .read = pci_read,
    .close = pci_close,
};
