// SPDX-License-Identifier: Apache-2.0
// The list of sources, and what they share.
#include "telemetry/source.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

const struct wf_source *const wf_sources[] = {
    &wf_source_nvidia,
    &wf_source_amd,
    &wf_source_pci,
    NULL,
};

_Static_assert(WF_COUNT_OF(wf_sources) - 1 <= WF_SOURCES_MAX,
               "a machine has room for every source");

void wf_gpu_unusable(struct wf_gpu *gpu, const char *format, ...)
{
    if (gpu->why_not[0]) {
        return;
    }
    gpu->usable = false;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(gpu->why_not, sizeof gpu->why_not, format, arguments);
    va_end(arguments);
}

static bool is_memory_size(const char *word)
{
    size_t digits = strspn(word, "0123456789");
    return digits > 0 && (strcasecmp(word + digits, "GB") == 0);
}

// Words that say who makes it, not what it is; they stand in front.
static bool is_maker(const char *word)
{
    static const char *const makers[] = {"NVIDIA",   "AMD",    "Tesla",   "GeForce",
                                         "Instinct", "Radeon", "Graphics"};
    for (uint32_t i = 0; i < WF_COUNT_OF(makers); i++) {
        if (strcasecmp(word, makers[i]) == 0) {
            return true;
        }
    }
    return false;
}

// Words that begin what is said of the form: how it is plugged in, its memory, its edition.
static bool is_form(const char *word)
{
    static const char *const forms[] = {"SXM",        "PCI",     "HBM",    "NVL",
                                        "OAM",        "MIG",     "VF",     "LHR",
                                        "Generation", "Edition", "Server", "Workstation"};
    for (uint32_t i = 0; i < WF_COUNT_OF(forms); i++) {
        if (strncasecmp(word, forms[i], strlen(forms[i])) == 0) {
            return true;
        }
    }
    return is_memory_size(word);
}

void wf_model_short(char *model, size_t size, const char *name)
{
    char words[128];
    wf_text_copy(words, sizeof words, name);
    for (char *at = words; *at; at++) {
        if (*at == '-') {
            *at = ' ';
        }
    }
    model[0] = '\0';
    size_t length = 0;
    char *rest = NULL;
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (length == 0 && is_maker(word)) {
            continue;
        }
        if (is_form(word) && length > 0) {
            break;
        }
        int added = snprintf(model + length, size - length, "%s%s", length ? " " : "", word);
        if (added < 0 || (size_t)added >= size - length) {
            break;
        }
        length += (size_t)added;
    }
    if (length == 0) {
        wf_text_copy(model, size, name);
    }
}

int32_t wf_pci_numa_node(const struct wf_sysroot *sysroot, const char *pci)
{
    char path[WF_SYSROOT_PATH_BYTES];
    uint64_t node; // the kernel writes -1 for none, which is no number here
    if (wf_file_number(wf_sysroot_path(sysroot, path, "/sys/bus/pci/devices/%s/numa_node", pci),
                       &node) &&
        node < 1024) {
        return (int32_t)node;
    }
    return -1;
}

void wf_gpu_add_file(const struct wf_source_view *view, struct wf_gpu *gpu, const char *path)
{
    if (gpu->file_count < WF_DEVICE_FILES_MAX) {
        wf_device_look(&view->sysroot, &view->identity, path, 4 | 2,
                       &gpu->files[gpu->file_count++]);
    }
}

static void enforced(struct wf_gpu *gpu, enum wf_enforcement enforcement, const char *by)
{
    gpu->enforcement = enforcement;
    wf_text_copy(gpu->enforced_by, sizeof gpu->enforced_by, by);
}

// Finds what the dmem controller calls this GPU's memory: "drm/0000:03:00.0/vram0".
static void find_dmem_region(const struct wf_source_view *view, struct wf_gpu *gpu)
{
    char path[WF_SYSROOT_PATH_BYTES];
    char text[4096];
    if (!gpu->pci[0] || (view->controllers & WF_CONTROLLER_DMEM) == 0 ||
        wf_file_bytes(wf_sysroot_path(&view->sysroot, path, "/sys/fs/cgroup/dmem.capacity"), text,
                      sizeof text) <= 0) {
        return;
    }
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        size_t length = strcspn(line, " ");
        line[length] = '\0';
        if (strstr(line, gpu->pci) && length < sizeof gpu->dmem_region) {
            wf_text_copy(gpu->dmem_region, sizeof gpu->dmem_region, line);
            return;
        }
    }
}

// MPS limits memory from Volta (sm_70) on.
static bool limited_by_mps(const struct wf_source_view *view, const struct wf_gpu *gpu)
{
    uint64_t architecture = 0;
    return view->mps && gpu->vendor == WF_VENDOR_NVIDIA &&
           strncmp(gpu->architecture, "sm_", 3) == 0 &&
           wf_text_number(gpu->architecture + 3, &architecture) && architecture >= 70;
}

void wf_gpu_enforcement(const struct wf_source_view *view, struct wf_gpu *gpu)
{
    find_dmem_region(view, gpu);
    if (gpu->mig == WF_ON) {
        enforced(gpu, WF_ENFORCE_HARD, "MIG");
    } else if (gpu->slice_count > 1) {
        enforced(gpu, WF_ENFORCE_HARD, "partitions");
    } else if (gpu->dmem_region[0]) {
        enforced(gpu, WF_ENFORCE_HARD, "dmem cgroup");
    } else if (limited_by_mps(view, gpu)) {
        enforced(gpu, WF_ENFORCE_SOFT, "MPS");
    } else {
        enforced(gpu, WF_ENFORCE_NONE, "nothing");
    }
}
