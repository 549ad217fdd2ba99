// SPDX-License-Identifier: Apache-2.0
// Which nodes a machine is to the core, and that numbers which were granted keep their meaning.
#include "telemetry/telemetry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tree.h"

static struct wf_inventory inventory;

// What of a machine is given work; kept: after what was there before.
static void take(const char *stub, bool kept)
{
    struct wf_telemetry *telemetry = tree_open(stub, false, 0);
    wf_telemetry_inventory(wf_telemetry_machine(telemetry), kept ? &inventory : NULL, &inventory);
    wf_telemetry_close(telemetry);
}

static void check_node(uint32_t index, const char *model, uint32_t slices, bool single,
                       uint32_t gpus)
{
    const struct wf_inventory_node *node = &inventory.nodes[index];
    assert_true(index < inventory.node_count);
    assert_string_equal(node->model, model);
    assert_int_equal(node->slices, slices);
    assert_int_equal(node->single, single);
    assert_int_equal(node->gpu_count, gpus);
}

static void gpus_that_are_alike_are_one_node(void **state)
{
    (void)state;
    tree_make("nvidia");
    take("gpus=8", false);
    assert_int_equal(inventory.node_count, 1);
    check_node(0, "H100", 0, false, 8);
    assert_true(inventory.nodes[0].memory_bytes == UINT64_C(81559) << 20);
    assert_string_equal(inventory.nodes[0].gpus[6].name,
                        "GPU-01000100-0000-0000-0000-000000000006");
    assert_int_equal(inventory.nodes[0].gpus[6].gpu, 6);
    assert_int_equal(inventory.nodes[0].gpus[6].slice, WF_WHOLE_GPU);
}

static void vendors_are_nodes_of_their_own(void **state)
{
    (void)state;
    tree_make("mixed");
    take("gpus=8", false);
    assert_int_equal(inventory.node_count, 2);
    check_node(0, "H100", 0, false, 8);
    check_node(1, "MI300X", 0, false, 2);
    assert_int_equal(inventory.nodes[1].vendor, WF_VENDOR_AMD);
    assert_int_equal(inventory.nodes[1].gpus[0].gpu, 8);
}

static void a_machine_without_usable_gpus_has_no_node(void **state)
{
    (void)state;
    tree_make("no-driver");
    take(NULL, false);
    assert_int_equal(inventory.node_count, 0);
}

static void slices_that_are_alike_are_shares_of_their_gpu(void **state)
{
    (void)state;
    tree_make("nvidia");
    take("gpus=2,mig=1,alike=1", false);
    assert_int_equal(inventory.node_count, 2);
    check_node(0, "H100", 0, false, 1);
    check_node(1, "H100 1g.10gb", 3, true, 1);
    assert_int_equal(inventory.nodes[1].gpus[0].slice, WF_WHOLE_GPU);
    tree_make("mi300x-cpx");
    take(NULL, false);
    assert_int_equal(inventory.node_count, 1);
    check_node(0, "MI300X CPX", 8, false, 2);
}

static void slices_that_are_not_alike_are_gpus_of_their_own(void **state)
{
    (void)state;
    tree_make("nvidia");
    take("gpus=2,mig=0", false);
    assert_int_equal(inventory.node_count, 4);
    check_node(0, "H100 3g.40gb", 1, true, 1);
    check_node(1, "H100 2g.20gb", 1, true, 1);
    check_node(2, "H100 1g.10gb", 1, true, 1);
    check_node(3, "H100", 0, false, 1);
    assert_true(inventory.nodes[1].memory_bytes == UINT64_C(20096) << 20);
    assert_string_equal(inventory.nodes[1].gpus[0].name,
                        "MIG-01000100-0000-0000-0002-000000000000");
    assert_int_equal(inventory.nodes[1].gpus[0].slice, 1);
}

static void a_gpu_that_went_leaves_its_number_behind(void **state)
{
    (void)state;
    tree_make("nvidia");
    take("gpus=8", false);
    take("gpus=8,handle=2:15", true);
    assert_int_equal(inventory.node_count, 1);
    check_node(0, "H100", 0, false, 8);
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(inventory.nodes[0].gpus[i].gpu, i == 2 ? WF_NOT_THERE : i);
    }
    take("gpus=8", true);
    assert_int_equal(inventory.nodes[0].gpus[2].gpu, 2);
    check_node(0, "H100", 0, false, 8);
}

static void a_gpu_that_is_new_comes_last(void **state)
{
    (void)state;
    tree_make("nvidia");
    take("gpus=4,handle=0:15", false);
    check_node(0, "H100", 0, false, 3);
    assert_int_equal(inventory.nodes[0].gpus[0].gpu, 1);
    take("gpus=4", true);
    check_node(0, "H100", 0, false, 4);
    assert_int_equal(inventory.nodes[0].gpus[0].gpu, 1);
    assert_int_equal(inventory.nodes[0].gpus[3].gpu, 0);
}

static void more_than_a_node_holds_are_two(void **state)
{
    (void)state;
    char file[32];
    tree_make("nvidia");
    for (int i = 8; i < 17; i++) {
        snprintf(file, sizeof file, "dev/nvidia%d", i);
        tree_write(file, "");
        tree_mode(file, 0666);
    }
    take("gpus=17", false);
    assert_int_equal(inventory.node_count, 2);
    check_node(0, "H100", 0, false, WF_NODE_GPUS_MAX);
    check_node(1, "H100", 0, false, 1);
    assert_int_equal(inventory.left_out, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gpus_that_are_alike_are_one_node),
        cmocka_unit_test(vendors_are_nodes_of_their_own),
        cmocka_unit_test(a_machine_without_usable_gpus_has_no_node),
        cmocka_unit_test(slices_that_are_alike_are_shares_of_their_gpu),
        cmocka_unit_test(slices_that_are_not_alike_are_gpus_of_their_own),
        cmocka_unit_test(a_gpu_that_went_leaves_its_number_behind),
        cmocka_unit_test(a_gpu_that_is_new_comes_last),
        cmocka_unit_test(more_than_a_node_holds_are_two),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    tree_remove();
    return failed;
}
