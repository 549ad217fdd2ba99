// SPDX-License-Identifier: Apache-2.0
#include "gpu/gpu_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gpu/gpu_parts.h"

static void spellings_come_to_one_short_name(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name;
        enum wf_vendor vendor;
    } rows[] = {
        {"H100", "H100", WF_VENDOR_NVIDIA},
        {"h100", "H100", WF_VENDOR_NVIDIA},
        {"NVIDIA-H100-80GB-HBM3", "H100", WF_VENDOR_NVIDIA},
        {"nvidia_h100_80gb_hbm3", "H100", WF_VENDOR_NVIDIA},
        {"NVIDIA H100 PCIe", "H100-PCIE", WF_VENDOR_NVIDIA},
        {"NVIDIA-H100-NVL", "H100-NVL", WF_VENDOR_NVIDIA},
        {"nvidia-h100-mega-80gb", "H100", WF_VENDOR_NVIDIA},
        {"NVIDIA-A100-SXM4-80GB", "A100-80GB", WF_VENDOR_NVIDIA},
        {"A100-80GB-SXM", "A100-80GB", WF_VENDOR_NVIDIA},
        {"NVIDIA-A100-PCIE-40GB", "A100-PCIE-40GB", WF_VENDOR_NVIDIA},
        {"NVIDIA-A100-SXM4-80GB-SHARED", "A100-80GB", WF_VENDOR_NVIDIA},
        {"NVIDIA-A100-SXM4-80GB-MIG-1g.10gb", "A100-80GB", WF_VENDOR_NVIDIA},
        {"a100", "A100", WF_VENDOR_NVIDIA},
        {"V100M32", "V100-32GB", WF_VENDOR_NVIDIA},
        {"Tesla-V100-SXM2-16GB", "V100-16GB", WF_VENDOR_NVIDIA},
        {"Tesla-P100-PCIE-16GB", "P100-PCIE", WF_VENDOR_NVIDIA},
        {"nvidia-tesla-t4", "T4", WF_VENDOR_NVIDIA},
        {"T4g", "T4G", WF_VENDOR_NVIDIA},
        {"NVIDIA-A10G", "A10G", WF_VENDOR_NVIDIA},
        {"NVIDIA-L40S", "L40S", WF_VENDOR_NVIDIA},
        {"NVIDIA-RTX-A6000", "A6000", WF_VENDOR_NVIDIA},
        {"RTXA6000", "A6000", WF_VENDOR_NVIDIA},
        {"Quadro RTX 6000", "RTX6000", WF_VENDOR_NVIDIA},
        {"NVIDIA RTX 6000 Ada Generation", "RTX6000-ADA", WF_VENDOR_NVIDIA},
        {"RTX6000-Ada", "RTX6000-ADA", WF_VENDOR_NVIDIA},
        {"NVIDIA-GeForce-RTX-4090", "RTX4090", WF_VENDOR_NVIDIA},
        {"geforce_rtx_3060_ti", "RTX3060TI", WF_VENDOR_NVIDIA},
        {"NVIDIA RTX PRO 6000 Blackwell Server Edition", "RTXPRO6000", WF_VENDOR_NVIDIA},
        {"NVIDIA-GH200-480GB", "GH200", WF_VENDOR_NVIDIA},
        {"AMD_Instinct_MI300X_OAM", "MI300X", WF_VENDOR_AMD},
        {"mi300x", "MI300X", WF_VENDOR_AMD},
        {"AMD-Instinct-MI250X", "MI250X", WF_VENDOR_AMD},
        {"Radeon Pro V520", "V520", WF_VENDOR_AMD},
        {"G2", "G2", WF_VENDOR_NVIDIA},
        {"NVIDIA", "NVIDIA", WF_VENDOR_NVIDIA},
        {"1g.5gb", "GPU", WF_VENDOR_NVIDIA},
        {"our own chip", "OUR-OWN-CHIP", WF_VENDOR_NVIDIA},
    };
    for (size_t i = 0; i < WF_COUNT_OF(rows); i++) {
        struct wf_gpu_name name;
        assert_true(wf_gpu_name_read(rows[i].text, &name));
        assert_string_equal(name.text, rows[i].name);
        assert_int_equal(name.vendor, rows[i].vendor);
        // A short name is its own short name.
        struct wf_gpu_name again;
        assert_true(wf_gpu_name_read(name.text, &again));
        assert_string_equal(again.text, name.text);
        assert_int_equal(wf_gpu_name_match(&name, &again), WF_GPU_IS);
    }
}

static void what_is_no_name_is_refused(void **state)
{
    (void)state;
    struct wf_gpu_name name;
    assert_false(wf_gpu_name_read("", &name));
    assert_false(wf_gpu_name_read(" -- ", &name));
    char text[WF_GPU_NAME_BYTES] = "";
    memset(text, 'x', WF_GPU_NAME_BYTES - 17);
    assert_true(wf_gpu_name_read(text, &name));
    text[WF_GPU_NAME_BYTES - 17] = 'x';
    assert_false(wf_gpu_name_read(text, &name));
}

static enum wf_gpu_match match(const char *left, const char *right)
{
    struct wf_gpu_name a;
    struct wf_gpu_name b;
    assert_true(wf_gpu_name_read(left, &a));
    assert_true(wf_gpu_name_read(right, &b));
    assert_int_equal(wf_gpu_name_match(&b, &a), wf_gpu_name_match(&a, &b));
    return wf_gpu_name_match(&a, &b);
}

static void models_match_loosely_only_where_one_says_less(void **state)
{
    (void)state;
    assert_int_equal(match("NVIDIA-A100-SXM4-80GB", "a100_80gb"), WF_GPU_IS);
    assert_int_equal(match("A100", "A100-80GB"), WF_GPU_MAY_BE);
    assert_int_equal(match("A100-40GB", "A100-80GB"), WF_GPU_DIFFERS);
    assert_int_equal(match("A100-PCIE", "A100-80GB"), WF_GPU_MAY_BE);
    assert_int_equal(match("H100-PCIE", "H100-NVL"), WF_GPU_DIFFERS);
    assert_int_equal(match("A10", "A100"), WF_GPU_DIFFERS);
    assert_int_equal(match("A10", "A10G"), WF_GPU_DIFFERS);
    assert_int_equal(match("L40", "L40S"), WF_GPU_DIFFERS);
    assert_int_equal(match("L4", "L40"), WF_GPU_DIFFERS);
    assert_int_equal(match("RTX6000", "RTX6000-Ada"), WF_GPU_DIFFERS);
    assert_int_equal(match("H100", "H200"), WF_GPU_DIFFERS);
}

static void a_gpu_is_told_from_another_feature(void **state)
{
    (void)state;
    static const char *const gpus[] = {"h100", "a100-80gb", "V100", "mi300x", "rtx4090", "T4"};
    static const char *const others[] = {"nvlink", "infiniband", "avx512", "rack1", "G2", "milan"};
    struct wf_gpu_name name;
    for (size_t i = 0; i < WF_COUNT_OF(gpus); i++) {
        assert_true(wf_gpu_name_read(gpus[i], &name) && wf_gpu_name_known(&name));
        assert_true(wf_gpu_name_read(others[i], &name) && !wf_gpu_name_known(&name));
    }
}

static void sum(const char *names[], const int64_t *counts, int64_t whole, int64_t gpus,
                int64_t slices)
{
    struct wf_gpu_parts parts = {.whole = whole};
    struct wf_gpu_name name = {.text = ""};
    for (size_t i = 0; names[i]; i++) {
        assert_true(wf_gpu_name_read(names[i], &name));
        wf_gpu_parts_add(&parts, &name, counts[i]);
    }
    int64_t gpus_sum;
    int64_t slices_sum;
    wf_gpu_parts_sum(&parts, &name, &gpus_sum, &slices_sum);
    assert_int_equal(gpus_sum, gpus);
    assert_int_equal(slices_sum, slices);
}

static void parts_come_to_gpus_and_slices(void **state)
{
    (void)state;
    sum((const char *[]){"a100_1g.5gb", NULL}, (int64_t[]){56}, 0, 8, 7);
    sum((const char *[]){"a100_2g.10gb", NULL}, (int64_t[]){24}, 0, 8, 3);
    sum((const char *[]){"a100_3g.20gb", NULL}, (int64_t[]){16}, 0, 8, 2);
    sum((const char *[]){"a100_7g.40gb", NULL}, (int64_t[]){8}, 0, 8, 1);
    sum((const char *[]){"a30_1g.6gb", NULL}, (int64_t[]){8}, 0, 2, 4);
    // Memory may allow fewer than the units do.
    sum((const char *[]){"a100_80gb_1g.20gb", NULL}, (int64_t[]){8}, 0, 2, 4);
    // Unlike parts are on the grid of units: 4 GPUs of 1 + 1 + 2 + 3.
    sum((const char *[]){"a100_1g.5gb", "a100_2g.10gb", "a100_3g.20gb", NULL}, (int64_t[]){8, 4, 4},
        0, 4, 7);
    // So are parts beside whole GPUs.
    sum((const char *[]){"a100_3g.20gb", NULL}, (int64_t[]){4}, 2, 4, 7);
    sum((const char *[]){"h100", NULL}, (int64_t[]){0}, 8, 8, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings_come_to_one_short_name),
        cmocka_unit_test(what_is_no_name_is_refused),
        cmocka_unit_test(models_match_loosely_only_where_one_says_less),
        cmocka_unit_test(a_gpu_is_told_from_another_feature),
        cmocka_unit_test(parts_come_to_gpus_and_slices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
