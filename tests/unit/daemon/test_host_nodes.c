// SPDX-License-Identifier: Apache-2.0
// Which GPU has which number: from one daemon to the next, and while GPUs come and go.
#include "daemon/host_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char data[] = "/tmp/whaleflux-nodes-XXXXXX";
static struct wf_machine machine;
static struct wf_host_nodes nodes;

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(data) ? 0 : -1;
}

static int clear_folder(void **state)
{
    char path[64];
    (void)state;
    snprintf(path, sizeof path, "%s/gpus.json", data);
    (void)unlink(path);
    return rmdir(data);
}

// A machine with H100 of these letters, in this order; a lower one cannot be used.
static void machine_of(const char *letters)
{
    machine = (struct wf_machine){.hostname = "here"};
    for (; *letters; letters++) {
        struct wf_gpu *gpu = &machine.gpus[machine.gpu_count++];
        bool usable = *letters >= 'A' && *letters <= 'Z';
        *gpu = (struct wf_gpu){.vendor = WF_VENDOR_NVIDIA,
                               .usable = usable,
                               .model = "H100",
                               .memory_bytes = UINT64_C(80) << 30};
        snprintf(gpu->uuid, sizeof gpu->uuid, "GPU-%c", usable ? *letters : *letters - 32);
    }
}

// The letters of a node's GPUs by their numbers, in lower case those that are not in the machine.
static const char *numbers(uint32_t node)
{
    static char text[WF_NODE_GPUS_MAX + 1];
    uint32_t i = 0;
    assert_true(node < nodes.inventory.node_count);
    for (; i < nodes.inventory.nodes[node].gpu_count; i++) {
        const struct wf_inventory_gpu *gpu = &nodes.inventory.nodes[node].gpus[i];
        bool there = gpu->gpu < machine.gpu_count;
        text[i] = (char)(gpu->name[4] + (there ? 0 : 32));
        assert_true(!there || strcmp(machine.gpus[gpu->gpu].uuid, gpu->name) == 0);
    }
    text[i] = '\0';
    return text;
}

static void look(const char *letters, bool busy)
{
    machine_of(letters);
    wf_host_nodes_look(&nodes, &machine, busy);
}

// What a daemon finds that comes after this one.
static void next_daemon(void)
{
    struct wf_error err = {.text = ""};
    assert_int_equal(wf_host_nodes_write(&nodes, data, &err), WF_OK);
    nodes = (struct wf_host_nodes){.waits = false};
    if (wf_host_nodes_read(&nodes, data, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
}

static void begin(const char *letters)
{
    nodes = (struct wf_host_nodes){.waits = false};
    look(letters, false);
    assert_string_equal(numbers(0), letters);
}

static void numbers_outlive_the_daemon_whatever_the_order(void **state)
{
    (void)state;
    begin("ABCD");
    next_daemon();
    look("DCBA", true);
    assert_string_equal(numbers(0), "ABCD");
    assert_string_equal(nodes.names[0], "here");
    assert_string_equal(nodes.closed[0], "");
    assert_false(nodes.waits);
    next_daemon();
    look("BADC", false); // nothing runs, and still there is no reason to change
    assert_string_equal(numbers(0), "ABCD");
}

static void a_gpu_that_vanished_closes_its_node_while_work_runs(void **state)
{
    (void)state;
    begin("ABCD");
    next_daemon();
    look("ACD", true);
    assert_string_equal(numbers(0), "AbCD"); // nobody else becomes GPU 1
    assert_non_null(strstr(nodes.closed[0], "its GPU 1 (GPU-B) is not there any more"));
    assert_true(nodes.waits);
    // The next one finds it still closed, and shrinks it as soon as nothing runs.
    next_daemon();
    look("ACD", true);
    assert_string_not_equal(nodes.closed[0], "");
    look("ACD", false);
    assert_string_equal(numbers(0), "ACD");
    assert_string_equal(nodes.closed[0], "");
    assert_true(nodes.was_closed[0]);
    assert_false(nodes.waits);
    look("ACD", false);
    assert_false(nodes.was_closed[0]); // it is opened once
}

static void one_that_comes_back_opens_its_node(void **state)
{
    (void)state;
    begin("AB");
    look("A", true);
    assert_string_not_equal(nodes.closed[0], "");
    look("BA", true);
    assert_string_equal(numbers(0), "AB");
    assert_string_equal(nodes.closed[0], "");
    assert_true(nodes.was_closed[0]);
}

static void one_that_cannot_be_used_counts_as_missing(void **state)
{
    (void)state;
    begin("AB");
    look("Ab", true);
    assert_non_null(strstr(nodes.closed[0], "its GPU 1 (GPU-B) cannot be used"));
    look("Ab", false);
    assert_string_equal(numbers(0), "A");
}

static void one_that_is_new_waits_until_nothing_runs(void **state)
{
    (void)state;
    begin("AB");
    look("CAB", true);
    assert_string_equal(numbers(0), "AB");
    assert_true(nodes.waits);
    assert_string_equal(nodes.closed[0], ""); // nothing is wrong with what is there
    look("CAB", false);
    assert_string_equal(numbers(0), "ABC"); // the new one comes last
    assert_false(nodes.waits);
}

static void names_of_nodes_stay(void **state)
{
    (void)state;
    begin("AB");
    machine_of("ABC");
    snprintf(machine.gpus[2].model, sizeof machine.gpus[2].model, "A100");
    wf_host_nodes_look(&nodes, &machine, false);
    assert_int_equal(nodes.inventory.node_count, 2);
    assert_string_equal(nodes.names[0], "here");
    assert_string_equal(nodes.names[1], "here-0");
    next_daemon();
    // The first goes: the second keeps its own.
    machine_of("C");
    snprintf(machine.gpus[0].model, sizeof machine.gpus[0].model, "A100");
    wf_host_nodes_look(&nodes, &machine, false);
    assert_int_equal(nodes.inventory.node_count, 1);
    assert_string_equal(nodes.names[0], "here-0");
    assert_string_equal(numbers(0), "C");
}

static void put(const char *text)
{
    char path[64];
    snprintf(path, sizeof path, "%s/gpus.json", data);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void a_file_that_is_none_of_ours_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{\"version\":2,\"nodes\":[]}",
        "{\"version\":1}",
        "{\"version\":1,\"nodes\":[{}]}",
        "{\"version\":1,\"nodes\":[{\"name\":\"a\",\"model\":\"H100\",\"gpus\":[]}]}",
        "{\"version\":1,\"nodes\":[{\"name\":\"a\",\"model\":\"H100\",\"gpus\":[7]}]}",
        "{\"version\":1,\"nodes\":[{\"name\":\"a\",\"model\":\"H100\",\"slices\":99,\"gpus\":[\"G\"]}]}",
    };
    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(texts); i++) {
        struct wf_error err = {.text = ""};
        nodes = (struct wf_host_nodes){.waits = false};
        put(texts[i]);
        assert_int_equal(wf_host_nodes_read(&nodes, data, &err), WF_INVALID);
        assert_non_null(strstr(err.text, "gpus.json is not as a daemon writes it"));
        assert_int_equal(nodes.inventory.node_count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_outlive_the_daemon_whatever_the_order),
        cmocka_unit_test(a_gpu_that_vanished_closes_its_node_while_work_runs),
        cmocka_unit_test(one_that_comes_back_opens_its_node),
        cmocka_unit_test(one_that_cannot_be_used_counts_as_missing),
        cmocka_unit_test(one_that_is_new_waits_until_nothing_runs),
        cmocka_unit_test(names_of_nodes_stay),
        cmocka_unit_test(a_file_that_is_none_of_ours_is_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, clear_folder);
}
