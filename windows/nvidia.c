// SPDX-License-Identifier: Apache-2.0
// NVIDIA's GPUs may run without the graphics kernel (TCC): then it does not know them, and hardware
// scheduling has no meaning for them. NVIDIA's own library tells.
#include "helper.h"

typedef int (*init_function)(void);
typedef int (*count_function)(unsigned *);
typedef int (*handle_function)(unsigned, void **);
typedef int (*name_function)(void *, char *, unsigned);
typedef int (*model_function)(void *, int *, int *);

struct nvml {
    init_function init, shutdown;
    count_function count;
    handle_function handle;
    name_function name;
    model_function model;
};

static bool find(struct nvml *nvml)
{
    HMODULE library = system_library(L"nvml.dll");
    nvml->init = (init_function)library_function(library, "nvmlInit_v2");
    nvml->shutdown = (init_function)library_function(library, "nvmlShutdown");
    nvml->count = (count_function)library_function(library, "nvmlDeviceGetCount_v2");
    nvml->handle = (handle_function)library_function(library, "nvmlDeviceGetHandleByIndex_v2");
    nvml->name = (name_function)library_function(library, "nvmlDeviceGetName");
    nvml->model = (model_function)library_function(library, "nvmlDeviceGetDriverModel_v2");
    if (!nvml->model) {
        nvml->model = (model_function)library_function(library, "nvmlDeviceGetDriverModel");
    }
    return nvml->init && nvml->shutdown && nvml->count && nvml->handle && nvml->name && nvml->model;
}

static void json_model(int model)
{
    static const char *const words[] = {"wddm", "tcc", "mcdm"};
    if (model >= 0 && model < 3) {
        json_text(words[model]);
    } else {
        json_null();
    }
}

static void json_gpu(const struct nvml *nvml, unsigned index)
{
    void *device = NULL;
    char name[96] = "";
    int current = -1;
    int pending = -1;
    if (nvml->handle(index, &device) != 0) {
        return;
    }
    if (nvml->name(device, name, sizeof name) != 0) {
        name[0] = '\0';
    }
    if (nvml->model(device, &current, &pending) != 0) {
        current = pending = -1;
    }
    json_begin('{');
    json_key("name");
    json_text(name);
    json_key("model");
    json_model(current);
    json_key("model_after_reboot");
    json_model(pending);
    json_end('}');
}

void json_nvidia(void)
{
    struct nvml nvml;
    unsigned count = 0;
    if (!find(&nvml) || nvml.init() != 0) {
        json_null();
        return;
    }
    json_begin('[');
    if (nvml.count(&count) == 0) {
        for (unsigned i = 0; i < count && i < 64; i++) {
            json_gpu(&nvml, i);
        }
    }
    json_end(']');
    nvml.shutdown();
}
