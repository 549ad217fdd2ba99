// SPDX-License-Identifier: Apache-2.0
#include "telemetry/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void models_have_short_names(void **state)
{
    (void)state;
    // Names as drivers write them (nvidia-smi of seven machines, product_name of AMD's boards).
    static const char *const names[][2] = {
        {"NVIDIA H100 80GB HBM3", "H100"},
        {"NVIDIA H200", "H200"},
        {"NVIDIA H100 NVL", "H100"},
        {"NVIDIA A100-SXM4-40GB", "A100"},
        {"NVIDIA A100 80GB PCIe", "A100"},
        {"NVIDIA L40S", "L40S"},
        {"NVIDIA T4", "T4"},
        {"Tesla V100-SXM2-32GB", "V100"},
        {"Tesla T4", "T4"},
        {"NVIDIA GB300 NVL", "GB300"},
        {"NVIDIA GeForce RTX 2080 SUPER", "RTX 2080 SUPER"},
        {"NVIDIA RTX 6000 Ada Generation", "RTX 6000 Ada"},
        {"AMD Instinct MI300X OAM", "MI300X"},
        {"AMD Radeon RX 7900 XTX", "RX 7900 XTX"},
        {"NVIDIA", "NVIDIA"},
        {"", ""},
    };
    char model[32];
    for (unsigned i = 0; i < WF_COUNT_OF(names); i++) {
        wf_model_short(model, sizeof model, names[i][0]);
        assert_string_equal(model, names[i][1]);
    }
    char tiny[4];
    wf_model_short(tiny, sizeof tiny, "NVIDIA ABCDEFG");
    assert_true(strlen(tiny) < sizeof tiny);
}

static void the_first_reason_stays(void **state)
{
    (void)state;
    struct wf_gpu gpu = {.usable = true};
    wf_gpu_unusable(&gpu, "first %d", 1);
    wf_gpu_unusable(&gpu, "second");
    assert_false(gpu.usable);
    assert_string_equal(gpu.why_not, "first 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_have_short_names),
        cmocka_unit_test(the_first_reason_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
