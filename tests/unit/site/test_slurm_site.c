// SPDX-License-Identifier: Apache-2.0
#include "site_texts.h"

// As scontrol 23.11 prints it, with a reason that looks like keys.
static const char blocks[] =
    "NodeName=gpu001 Arch=x86_64 CoresPerSocket=32 \n"
    "   CPUAlloc=64 CPUEfctv=126 CPUTot=128 CPULoad=3.10\n"
    "   AvailableFeatures=nvlink,milan\n"
    "   ActiveFeatures=nvlink,milan\n"
    "   Gres=gpu:h100:8(S:0-1),shard:64\n"
    "   NodeAddr=gpu001 NodeHostName=gpu001 Version=23.11.4\n"
    "   OS=Linux 5.15.0-91-generic #101-Ubuntu SMP Tue Nov 14 13:30:08 UTC 2023 \n"
    "   RealMemory=1031000 AllocMem=512000 FreeMem=400000 Sockets=2 Boards=1\n"
    "   MemSpecLimit=1000\n"
    "   State=MIXED ThreadsPerCore=2 TmpDisk=0 Weight=1 Owner=N/A MCS_label=N/A\n"
    "   Partitions=gpu,all \n"
    "   BootTime=2024-01-01T00:00:00 SlurmdStartTime=2024-01-01T00:01:00\n"
    "   CfgTRES=cpu=126,mem=1030000M,billing=126,gres/gpu=8,gres/gpu:h100=8\n"
    "\n"
    "NodeName=gpu002 Arch=x86_64 CoresPerSocket=32 \n"
    "   CPUAlloc=0 CPUEfctv=126 CPUTot=128 CPULoad=N/A\n"
    "   AvailableFeatures=nvlink,milan\n"
    "   ActiveFeatures=nvlink,milan\n"
    "   Gres=gpu:nvidia_h100_80gb_hbm3:8(S:0-1)\n"
    "   RealMemory=1030900 AllocMem=0 MemSpecLimit=1000\n"
    "   State=IDLE+DRAIN ThreadsPerCore=2\n"
    "   Partitions=gpu,all \n"
    "   Reason=bad link, was Gres=gpu:a100:2 RealMemory=7 [root@2024-05-01T10:00:00]\n"
    "\n"
    "NodeName=cpu001 Arch=x86_64 CoresPerSocket=24 \n"
    "   CPUAlloc=0 CPUTot=48 CPULoad=0.01\n"
    "   AvailableFeatures=(null)\n"
    "   ActiveFeatures=(null)\n"
    "   Gres=(null)\n"
    "   RealMemory=191000 AllocMem=0 FreeMem=190000 Sockets=2 Boards=1\n"
    "   State=IDLE+CLOUD+POWERED_DOWN ThreadsPerCore=1\n"
    "   Partitions=all \n\n";

static void blocks_of_scontrol_are_read(void **state)
{
    (void)state;
    struct wf_site site;
    taken(blocks, &site);
    assert_int_equal(site.node_count, 3);
    assert_int_equal(site.pool_count, 2);
    assert_string_equal(site.pools[0].name, "H100x8");
    assert_int_equal(site.nodes[0].spec.gpus, 8);
    assert_int_equal(site.nodes[0].spec.cpu_milli, 126000);
    assert_int_equal(site.nodes[0].spec.memory_mib, 1030000);
    // Memory that differs by little, and another spelling of the model, make no other pool; free
    // text makes nothing.
    assert_int_equal(site.nodes[1].spec.pool.index, 0);
    assert_int_equal(site.nodes[1].spec.memory_mib, 1029900);
    assert_int_equal(site.nodes[1].spec.gpus, 8);
    assert_int_equal(site.model_count, 1);
    assert_string_equal(site.nodes[2].name, "cpu001");
    assert_string_equal(site.pools[1].name, "cpu");
    assert_int_equal(site.nodes[2].spec.cpu_milli, 48000);
    assert_true(site.pools[1].spec.rent_by_use);
    assert_false(site.pools[0].spec.rent_by_use);
    assert_true(site.nodes[0].spec.labels ==
                labels(&site, "nvlink&milan&partition=gpu&partition=all"));
    assert_true(site.nodes[2].spec.labels == labels(&site, "partition=all"));
    says(site.origin,
         "scontrol show node): 3 nodes with 16 GPUs in 2 pools; 1 down or drained, kept");
    wf_site_finish(&site);
}

static void oneliners_are_read_alike(void **state)
{
    (void)state;
    struct wf_site site;
    char lines[sizeof blocks];
    size_t length = 0;
    for (const char *at = blocks; *at; at++) {
        bool within = *at == '\n' && at[1] != '\n' && at[1] != '\0';
        lines[length++] = within && strncmp(at + 1, "NodeName", 8) != 0 ? ' ' : *at;
    }
    lines[length] = '\0';
    taken(lines, &site);
    assert_int_equal(site.node_count, 3);
    assert_int_equal(site.pool_count, 2);
    assert_int_equal(site.nodes[1].spec.gpus, 8);
    assert_int_equal(site.nodes[1].spec.memory_mib, 1029900);
    assert_true(site.nodes[0].spec.labels == labels(&site, "nvlink&partition=gpu&partition=all"));
    wf_site_finish(&site);
}

static void read_node(const char *features, const char *gres, struct wf_site *site)
{
    char text[512];
    snprintf(text, sizeof text,
             "NodeName=n CPUTot=64 RealMemory=8000 AvailableFeatures=%s Gres=%s State=IDLE\n",
             features, gres);
    taken(text, site);
}

static void gres_is_read_in_its_spellings(void **state)
{
    (void)state;
    static const struct {
        const char *features, *gres, *model;
        unsigned gpus, slices;
    } rows[] = {
        {"(null)", "gpu:4", "GPU", 4, 0},
        {"infiniband,h100", "gpu:4(S:0)", "H100", 4, 0},
        {"a100-80gb", "gpu:8", "A100-80GB", 8, 0},
        {"(null)", "gpu", "GPU", 1, 0},
        {"(null)", "gpu:v100", "V100", 1, 0},
        {"(null)", "gpu:h100:no_consume:2", "H100", 2, 0},
        {"(null)", "gpu:tesla:2", "TESLA", 2, 0},
        {"(null)", "gpu:a100:4(S:0,2),gpu:a100:4(S:1,3)", "A100", 8, 0},
        {"(null)", "craynetwork:4,mps:800,gpu:mi300x:8(IDX:0-7)", "MI300X", 8, 0},
        {"(null)", "gpu:a100_1g.5gb:28", "A100", 4, 7},
        {"(null)", "gpu:nvidia_a100_80gb_pcie_3g.40gb:4(S:0)", "A100-PCIE-80GB", 2, 2},
        {"(null)", "gpu:1g.10gb:7", "GPU", 1, 7},
        {"(null)", "gpu:a100:2,gpu:a100_2g.10gb:6", "A100", 4, 7},
        {"(null)", "shard:8", NULL, 0, 0},
        {"(null)", "gpu:0", NULL, 0, 0},
    };
    for (size_t i = 0; i < WF_COUNT_OF(rows); i++) {
        struct wf_site site;
        read_node(rows[i].features, rows[i].gres, &site);
        assert_int_equal(site.node_count, 1);
        assert_int_equal(site.nodes[0].spec.gpus, rows[i].gpus);
        assert_int_equal(site.pools[0].spec.slices, rows[i].slices);
        assert_int_equal(site.model_count, rows[i].model ? 1 : 0);
        if (rows[i].model) {
            assert_string_equal(site.models[0], rows[i].model);
        }
        wf_site_finish(&site);
    }
}

static void a_node_with_two_models_counts_as_two(void **state)
{
    (void)state;
    struct wf_site site;
    read_node("big", "gpu:a100:6,gpu:t4:2", &site);
    assert_int_equal(site.node_count, 2);
    assert_string_equal(site.nodes[0].name, "n");
    assert_string_equal(site.nodes[1].name, "n:T4");
    assert_int_equal(site.nodes[0].spec.cpu_milli, 48000);
    assert_int_equal(site.nodes[1].spec.cpu_milli, 16000);
    assert_int_equal(site.nodes[0].spec.memory_mib, 6000);
    assert_int_equal(site.nodes[1].spec.memory_mib, 2000);
    assert_true(site.nodes[1].spec.labels == labels(&site, "big"));
    says(site.origin, "1 with GPUs of several models");
    wf_site_finish(&site);
}

#define NODE "NodeName=n CPUTot=2 RealMemory=9"

static void what_is_wrong_with_a_node_is_said_with_its_line(void **state)
{
    (void)state;
    refused("NodeName=n CPUTot=x RealMemory=9\n", WF_INVALID, "line 1: CPUTot=x: that is no whole");
    refused(NODE "\nNodeName=m CPUTot=2\n", WF_INVALID, "line 2: the node has no RealMemory");
    refused("NodeName=n RealMemory=9 CPUAlloc=0\n", WF_INVALID, "the node has no CPUTot");
    refused(NODE " MemSpecLimit=9\n", WF_INVALID, "the node has no RealMemory");
    refused("NodeName= CPUTot=2 RealMemory=9\n", WF_INVALID, "the name of a node is missing");
    refused(NODE "\n\n" NODE "\n", WF_EXISTS, "line 3: the node 'n' is there already, in line 1");
    refused(NODE " Gres=gpu:--:2\n", WF_INVALID, "'--' of the node's Gres is no name");
    refused(NODE " Gres=gpu:h100:17\n", WF_LIMIT, "17 GPUs, more than 16, the limit WF_NODE_GPUS");
    refused(NODE " Gres=gpu:a:1,gpu:b:1,gpu:c:1,gpu:d:1,gpu:e:1,gpu:f:1,gpu:g:1,gpu:h:1,gpu:i:1\n",
            WF_LIMIT, "GPUs of more than 8 models");
    refused("NodeName=n CPUTot=4001 RealMemory=9\n", WF_LIMIT, "CPUTot=4001 is more than 4000");
    refused("NodeName=n CPUTot=2 RealMemory=1073741825\n", WF_LIMIT, "more than 1073741824");
    char text[5000] = NODE " AvailableFeatures=";
    memset(text + strlen(text), 'f', 4096);
    refused(text, WF_LIMIT, "the limit WF_SLURM_VALUE_BYTES");
}

static void labels_past_the_limit_are_left_out_and_counted(void **state)
{
    (void)state;
    struct wf_site site;
    char *text = malloc(70 * 128);
    uint64_t set;
    struct wf_error err = {.text = ""};
    assert_non_null(text);
    for (unsigned count = 63; count <= 65; count++) {
        size_t length = 0;
        for (unsigned i = 0; i < count; i++) {
            length += (size_t)snprintf(
                text + length, 128, "NodeName=n%u CPUTot=2 RealMemory=9 ActiveFeatures=all,l%02u\n",
                i, i);
        }
        taken(text, &site);
        assert_int_equal(site.label_numbers, 64);
        assert_int_equal(site.labels_dropped, count - 63);
        assert_true(labels(&site, "all") == 1);
        wf_site_finish(&site);
    }
    taken(text, &site);
    says(site.origin, "; 2 labels of the fewest nodes left out");
    unsigned missing = 0;
    for (unsigned i = 0; i < 65; i++) {
        char name[8];
        snprintf(name, sizeof name, "l%02u", i);
        if (wf_site_labels(&site, name, &set, &err) == WF_NOTFOUND) {
            missing++;
            says(err.text, "2 labels of the fewest nodes are left out, the limit WF_LABELS_MAX");
        }
    }
    assert_int_equal(missing, 2);
    wf_site_finish(&site);
    free(text);
}

static void the_nodes_of_a_slurm_conf_are_read(void **state)
{
    (void)state;
    struct wf_site site;
    taken("# a cluster\n"
          "ClusterName=demo\n"
          "SlurmctldHost=head\n"
          "NodeName=DEFAULT Sockets=2 CoresPerSocket=32 ThreadsPerCore=2 State=UNKNOWN # common\n"
          "nodename=gpu[001-003,010] realmemory=1031000 MemSpecLimit=1000 \\\n"
          "   Gres=gpu:h100:8,shard:64 Feature=\"nvlink,ib\"   # the new ones\n"
          "NodeName=old[1-2],older CPUs=16 RealMemory=64000 Gres=gpu:2 Features=v100,ib\n"
          "NodeName=burst[01-02] Procs=8 RealMemory=32000 State=CLOUD\n"
          "NodeName=tiny Boards=1 SocketsPerBoard=1 Sockets=0 CoresPerSocket=4 ThreadsPerCore=1\n"
          "PartitionName=gpu Nodes=gpu[001-010],old1 Default=YES \\\n"
          "   MaxTime=2-00:00:00\n"
          "PartitionName=all Nodes=ALL\n"
          "PartitionName=DEFAULT Nodes=tiny\n"
          "PartitionName=sets Nodes=some_set\n",
          &site);
    assert_int_equal(site.node_count, 10);
    assert_int_equal(site.pool_count, 4);
    assert_string_equal(site.nodes[3].name, "gpu010");
    assert_int_equal(site.nodes[3].spec.cpu_milli, 128000);
    assert_int_equal(site.nodes[3].spec.memory_mib, 1030000);
    assert_int_equal(site.nodes[3].spec.gpus, 8);
    assert_true(site.nodes[3].spec.labels ==
                labels(&site, "nvlink&ib&partition=gpu&partition=all"));
    assert_string_equal(site.nodes[6].name, "older");
    assert_string_equal(site.models[1], "V100");
    assert_true(site.nodes[6].spec.labels == labels(&site, "v100&ib&partition=all"));
    assert_true(site.nodes[4].spec.labels == labels(&site, "v100&ib&partition=gpu&partition=all"));
    // V100 does not say its memory: the cheaper of both sizes.
    says(site.pools[1].price_source, "as V100-32GB, the lowest that V100 may be: Azure");
    assert_string_equal(site.nodes[8].name, "burst02");
    assert_int_equal(site.nodes[8].spec.cpu_milli, 8000);
    assert_true(site.pools[site.nodes[8].spec.pool.index].spec.rent_by_use);
    assert_int_equal(site.nodes[9].spec.cpu_milli, 4000);
    assert_int_equal(site.nodes[9].spec.memory_mib, 1);
    assert_true(site.nodes[9].spec.labels == labels(&site, "partition=all"));
    says(site.origin, "(slurm.conf): 10 nodes with 38 GPUs in 4 pools");
    wf_site_finish(&site);
}

#define CONF "ClusterName=x\n"

static void what_is_wrong_with_a_slurm_conf_is_said_with_its_line(void **state)
{
    (void)state;
    refused(CONF, WF_INVALID, "there is no NodeName line");
    refused(CONF "include /etc/slurm/nodes.conf\n", WF_INVALID,
            "there is no NodeName line (it includes /etc/slurm/nodes.conf, which may have them)");
    refused(CONF "\n\nNodeName=a[1-2 CPUs=2\n", WF_INVALID, "line 4: 'a[1-2' is no list of nodes");
    refused(CONF "NodeName=a \\\nCPUs=two\n", WF_INVALID, "line 2: CPUs=two: that is no whole");
    refused(CONF "NodeName=a CPUs=2 RealMemory=5 MemSpecLimit=5\n", WF_INVALID, "no RealMemory");
    refused(CONF "NodeName=a CoresPerSocket=0\n", WF_INVALID, "the nodes have no CPUs");
    refused(CONF "NodeName=a CPUs=2\nNodeName=b,a CPUs=2\n", WF_EXISTS,
            "line 3: the node 'a' is there already, in line 2");
    refused(CONF "NodeName=a CPUs=4001\n", WF_LIMIT, "the limit WF_CPU_MILLI_MAX");
    refused(CONF "NodeName=a Sockets=900000000 CoresPerSocket=900000000\n", WF_LIMIT,
            "the limit WF_CPU_MILLI_MAX");
    refused(CONF "NodeName=a[1-262145]\n", WF_LIMIT, "the limit WF_SITE_NODES_MAX");
    refused(CONF "NodeName=a RealMemory=99999999999\n", WF_INVALID, "or too large");
    refused(CONF "NodeName=a\nPartitionName=p Nodes=a[\n", WF_INVALID, "line 3: 'a['");
    char *text = malloc(70000);
    assert_non_null(text);
    size_t head = (size_t)snprintf(text, 70000, CONF "# ");
    memset(text + head, 'x', 66000);
    text[head + 66000] = '\0';
    refused(text, WF_INVALID, "there is no NodeName line"); // a comment may be long
    memcpy(text + head - 2, "NodeName=", 9);
    refused(text, WF_LIMIT, "line 2: the line is longer than 65535 bytes");
    text[head + 4200] = '\0';
    refused(text, WF_LIMIT, "NodeName is longer than 4095 bytes, the limit WF_SLURM_VALUE_BYTES");
    free(text);
}

static void ranges_of_names_are_spread(void **state)
{
    (void)state;
    struct wf_site site;
    taken(CONF "NodeName=r[1-2]n[08-10,3]x,login\n", &site);
    static const char *const names[] = {"r1n08x", "r1n09x", "r1n10x", "r1n3x", "r2n08x",
                                        "r2n09x", "r2n10x", "r2n3x",  "login"};
    assert_int_equal(site.node_count, WF_COUNT_OF(names));
    for (size_t i = 0; i < WF_COUNT_OF(names); i++) {
        assert_string_equal(site.nodes[i].name, names[i]);
    }
    wf_site_finish(&site);
    static const char *const wrong[] = {
        "a[",    "a]",     "a[]",  "a[1-]",  "a[2-1]",        "a,",          ",a",
        "a[1]]", "a[[1]]", "a[x]", "a[1;2]", "a[1234567890]", "[1][1][1][1]"};
    for (size_t i = 0; i < WF_COUNT_OF(wrong); i++) {
        char text[64];
        snprintf(text, sizeof text, CONF "NodeName=%s\n", wrong[i]);
        refused(text, WF_INVALID, "is no list of nodes");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_of_scontrol_are_read),
        cmocka_unit_test(oneliners_are_read_alike),
        cmocka_unit_test(gres_is_read_in_its_spellings),
        cmocka_unit_test(a_node_with_two_models_counts_as_two),
        cmocka_unit_test(what_is_wrong_with_a_node_is_said_with_its_line),
        cmocka_unit_test(labels_past_the_limit_are_left_out_and_counted),
        cmocka_unit_test(the_nodes_of_a_slurm_conf_are_read),
        cmocka_unit_test(what_is_wrong_with_a_slurm_conf_is_said_with_its_line),
        cmocka_unit_test(ranges_of_names_are_spread),
    };
    scratch_init();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_finish();
    return failed;
}
