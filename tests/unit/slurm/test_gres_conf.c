// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/gres_conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct wf_gres_conf read(const char *text)
{
    struct wf_gres_conf conf;
    wf_gres_conf_read(text, strlen(text), &conf);
    return conf;
}

static void a_flag_of_a_vendor_is_enough(void **state)
{
    (void)state;
    struct wf_gres_conf conf =
        read("# GPUs\n"
             "NodeName=h[1-4] Name=gpu Type=h100 File=/dev/nvidia[0-7] Flags=nvidia_gpu_env\n"
             "NodeName=m1 name=GPU type=mi300x flags=AMD_GPU_ENV # by hand\n"
             "NodeName=h[1-4] Name=shard Count=64\n");
    assert_int_equal(conf.lines, 2);
    assert_int_equal(conf.lines_plain, 0);
    assert_true(conf.nvidia && conf.amd && !conf.other && !conf.detects);
}

static void lines_without_a_flag_are_counted_and_shown(void **state)
{
    (void)state;
    struct wf_gres_conf conf = read("NodeName=h1 Name=gpu File=/dev/nvidia0\r\n"
                                    "NodeName=h2 Name=gpu Type=mi250 # Flags=amd_gpu_env\n");
    assert_int_equal(conf.lines_plain, 2);
    assert_non_null(strstr(conf.plain_example, "NodeName=h1"));
    assert_true(conf.amd && conf.other);
}

static void what_is_detected_needs_no_flag(void **state)
{
    (void)state;
    assert_true(read("AutoDetect=nvml\nName=gpu").detects);
    assert_false(read("AutoDetect=off\nName=gpu").detects);
    assert_int_equal(read("Name=gpu AutoDetect=rsmi").lines_plain, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flag_of_a_vendor_is_enough),
        cmocka_unit_test(lines_without_a_flag_are_counted_and_shown),
        cmocka_unit_test(what_is_detected_needs_no_flag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
