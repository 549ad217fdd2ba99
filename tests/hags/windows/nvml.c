// SPDX-License-Identifier: Apache-2.0
// Plays NVIDIA's library on a machine whose one GPU is a compute card (TCC).
#include <string.h>

__declspec(dllexport) int nvmlInit_v2(void);
__declspec(dllexport) int nvmlShutdown(void);
__declspec(dllexport) int nvmlDeviceGetCount_v2(unsigned *count);
__declspec(dllexport) int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device);
__declspec(dllexport) int nvmlDeviceGetName(void *device, char *name, unsigned size);
__declspec(dllexport) int nvmlDeviceGetDriverModel_v2(void *device, int *now, int *pending);

int nvmlInit_v2(void)
{
    return 0;
}

int nvmlShutdown(void)
{
    return 0;
}

int nvmlDeviceGetCount_v2(unsigned *count)
{
    *count = 1;
    return 0;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device)
{
    static char only;
    *device = &only;
    return index == 0 ? 0 : 2;
}

int nvmlDeviceGetName(void *device, char *name, unsigned size)
{
    static const char text[] = "Stand-in P40";
    if (!device || size < sizeof text) {
        return 7;
    }
    memcpy(name, text, sizeof text);
    return 0;
}

int nvmlDeviceGetDriverModel_v2(void *device, int *now, int *pending)
{
    *now = *pending = 1;
    return device ? 0 : 2;
}
