// SPDX-License-Identifier: Apache-2.0
#include "sim/outcome/size_class.h"

#include "base/assert.h"

static const struct {
    uint32_t most_gpu_milli;
    const char *text, *brief, *key;
} classes[WF_SIZE_CLASSES] = {
    {0, "no GPU", "none", "no_gpu"},
    {1000, "up to 1 GPU", "<=1", "up_to_1_gpu"},
    {7999, "2 to 7 GPUs", "2-7", "2_to_7_gpus"},
    {8000, "8 GPUs", "8", "8_gpus"},
    {31999, "9 to 31 GPUs", "9-31", "9_to_31_gpus"},
    {127999, "32 to 127 GPUs", "32-127", "32_to_127_gpus"},
    {UINT32_MAX, "128 GPUs or more", ">=128", "128_gpus_or_more"},
};

enum wf_size_class wf_size_class_of(uint32_t gpu_milli)
{
    enum wf_size_class size = WF_SIZE_NO_GPU;
    while (gpu_milli > classes[size].most_gpu_milli) {
        size++;
    }
    return size;
}

const char *wf_size_class_text(enum wf_size_class size)
{
    WF_ASSERT(size < WF_SIZE_CLASSES);
    return classes[size].text;
}

const char *wf_size_class_short(enum wf_size_class size)
{
    WF_ASSERT(size < WF_SIZE_CLASSES);
    return classes[size].brief;
}

const char *wf_size_class_key(enum wf_size_class size)
{
    WF_ASSERT(size < WF_SIZE_CLASSES);
    return classes[size].key;
}
