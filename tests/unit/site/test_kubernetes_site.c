// SPDX-License-Identifier: Apache-2.0
#include "site_texts.h"

#include "text/quantity.h"

static void a_list_of_nodes_is_read(void **state)
{
    (void)state;
    struct wf_site site;
    taken(
        "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\n"
        "{\"kind\": \"Node\", \"metadata\": {\"name\": \"ip-10-0-0-1\", \"labels\": {\n"
        "  \"nvidia.com/gpu.product\": \"NVIDIA-H100-80GB-HBM3\",\n"
        "  \"node.kubernetes.io/instance-type\": \"p5.48xlarge\",\n"
        "  \"topology.kubernetes.io/region\": \"us-east-1\",\n"
        "  \"topology.kubernetes.io/zone\": \"us-east-1a\",\n"
        "  \"topology.k8s.aws/network-node-layer-3\": \"nn-1\",\n"
        "  \"team\": \"vision\"}},\n"
        " \"spec\": {\"unschedulable\": true},\n"
        " \"status\": {\"capacity\": {\"cpu\": \"192\", \"memory\": \"2097152Mi\",\n"
        "   \"nvidia.com/gpu\": \"8\", \"vpc.amazonaws.com/efa\": \"32\"},\n"
        "  \"allocatable\": {\"cpu\": \"191450m\", \"memory\": \"2090000Mi\",\n"
        "   \"nvidia.com/gpu\": \"7\"}}},\n"
        "{\"kind\": \"Node\", \"metadata\": {\"name\": \"ip-10-0-0-2\", \"labels\": {\n"
        "  \"nvidia.com/gpu.product\": \"NVIDIA-H100-80GB-HBM3\",\n"
        "  \"node.kubernetes.io/instance-type\": \"p5.48xlarge\",\n"
        "  \"topology.kubernetes.io/region\": \"us-east-1\",\n"
        "  \"topology.kubernetes.io/zone\": \"us-east-1b\"}},\n"
        " \"status\": {\"capacity\": {\"cpu\": \"192\", \"memory\": \"2097152Mi\",\n"
        "   \"nvidia.com/gpu\": 8},\n"
        "  \"allocatable\": {\"cpu\": \"191450m\", \"memory\": \"2089999Mi\"}}},\n"
        "{\"kind\": \"Node\", \"metadata\": {\"name\": \"amd-1\", \"labels\": {\n"
        "  \"amd.com/gpu.product-name\": \"AMD_Instinct_MI300X_OAM\"}},\n"
        " \"status\": {\"capacity\": {\"cpu\": \"96\", \"memory\": \"1056Gi\", \"amd.com/gpu\": \"8\"}}},\n"
        "{\"kind\": \"Node\", \"metadata\": {\"name\": \"plain\"},\n"
        " \"status\": {\"allocatable\": {\"cpu\": \"4\", \"memory\": \"16384000Ki\"}}}]}\n",
        &site);
    assert_int_equal(site.node_count, 4);
    assert_int_equal(site.pool_count, 4);
    assert_string_equal(site.pools[0].name, "p5.48xlarge");
    assert_string_equal(site.pools[1].name, "p5.48xlarge-191c-2041g");
    assert_string_equal(site.models[0], "H100");
    assert_string_equal(site.models[1], "MI300X");
    assert_int_equal(site.nodes[0].spec.gpus, 8); // one is ill for a while
    assert_int_equal(site.nodes[1].spec.gpus, 8);
    assert_int_equal(site.nodes[0].spec.cpu_milli, 191450);
    assert_int_equal(site.nodes[0].spec.memory_mib, 2090000);
    assert_string_equal(site.zones[site.pools[0].spec.place.zone], "local/us-east-1/us-east-1a");
    assert_string_equal(site.zones[site.pools[1].spec.place.zone], "local/us-east-1/us-east-1b");
    assert_int_equal(site.pools[1].spec.place.region, site.pools[0].spec.place.region);
    assert_string_equal(site.zones[site.pools[2].spec.place.zone], "local");
    assert_string_equal(site.groups[site.nodes[0].spec.group], "nn-1");
    assert_int_equal(site.nodes[1].spec.group, 0);
    assert_true(labels(&site, "team=vision") & site.nodes[0].spec.labels);
    assert_false(labels(&site, "team=vision") & site.nodes[1].spec.labels);
    assert_int_equal(site.pools[2].spec.vendor, WF_VENDOR_AMD);
    assert_int_equal(site.nodes[2].spec.memory_mib, 1056 * 1024);
    assert_true(site.pools[2].spec.price_nanousd_per_gpu_hour == INT64_C(6000000000));
    assert_int_equal(site.nodes[3].spec.gpus, 0);
    assert_int_equal(site.nodes[3].spec.memory_mib, 16000);
    says(site.origin, "(kubectl get nodes -o json): 4 nodes with 24 GPUs in 4 pools; 1 cordoned");
    wf_site_finish(&site);
}

// One node with these labels and this capacity.
static void read_node(const char *node_labels, const char *capacity, struct wf_site *site)
{
    char text[1024];
    snprintf(text, sizeof text,
             "{\"kind\": \"Node\", \"metadata\": {\"name\": \"n\", \"labels\": {%s}},"
             " \"status\": {\"capacity\": {\"cpu\": \"8\", \"memory\": \"8Gi\", %s}}}",
             node_labels, capacity);
    taken(text, site);
}

#define PRODUCT(name) "\"nvidia.com/gpu.product\": \"" name "\""

static void slices_and_replicas_come_to_gpus(void **state)
{
    (void)state;
    static const struct {
        const char *labels, *capacity, *model;
        unsigned gpus, slices;
    } rows[] = {
        {PRODUCT("NVIDIA-A100-SXM4-40GB"), "\"nvidia.com/mig-1g.5gb\": \"56\"", "A100-40GB", 8, 7},
        {PRODUCT("NVIDIA-A100-SXM4-40GB"),
         "\"nvidia.com/gpu\": \"0\", \"nvidia.com/mig-3g.20gb\": \"4\"", "A100-40GB", 2, 2},
        {PRODUCT("NVIDIA-A100-SXM4-40GB"),
         "\"nvidia.com/gpu\": \"4\", \"nvidia.com/mig-3g.20gb\": \"8\"", "A100-40GB", 8, 7},
        {PRODUCT("NVIDIA-A100-SXM4-40GB-MIG-1g.5gb"), "\"nvidia.com/gpu\": \"56\"", "A100-40GB", 8,
         7},
        {PRODUCT("Tesla-T4-SHARED") ", \"nvidia.com/gpu.replicas\": \"4\"",
         "\"nvidia.com/gpu\": \"16\"", "T4", 4, 4},
        {PRODUCT("Tesla-T4") ", \"nvidia.com/gpu.replicas\": \"4\"",
         "\"nvidia.com/gpu.shared\": \"16\"", "T4", 4, 4},
        {PRODUCT("Tesla-T4") ", \"nvidia.com/gpu.replicas\": \"1\"", "\"nvidia.com/gpu\": \"2\"",
         "T4", 2, 0},
        {"\"cloud.google.com/gke-accelerator\": \"nvidia-tesla-v100\"", "\"nvidia.com/gpu\": \"2\"",
         "V100", 2, 0},
        {"\"a\": \"b\"", "\"nvidia.com/gpu\": \"2\"", "GPU", 2, 0},
        {"\"a\": \"b\"", "\"nvidia.com/gpu.memory\": \"2\", \"amd.com/gpu\": \"1\"", "GPU", 1, 0},
    };
    for (size_t i = 0; i < WF_COUNT_OF(rows); i++) {
        struct wf_site site;
        read_node(rows[i].labels, rows[i].capacity, &site);
        assert_int_equal(site.nodes[0].spec.gpus, rows[i].gpus);
        assert_int_equal(site.pools[0].spec.slices, rows[i].slices);
        assert_string_equal(site.models[0], rows[i].model);
        wf_site_finish(&site);
    }
    struct wf_site site;
    read_node("\"a\": \"b\"", "\"amd.com/gpu\": \"1\"", &site);
    assert_int_equal(site.pools[0].spec.vendor, WF_VENDOR_AMD);
    wf_site_finish(&site);
}

#define NODE(rest) "{\"kind\": \"Node\", \"metadata\": {\"name\": \"n\"}" rest "}"

static void what_is_wrong_is_said_with_its_place(void **state)
{
    (void)state;
    refused("{\n\"kind\": \n}", WF_INVALID, "line 3: this is no JSON:");
    refused("{}", WF_INVALID, "item 1: this is nothing, not a Node");
    refused("{\"items\": []}", WF_INVALID, "there is no node");
    refused("{\"items\": 4}", WF_INVALID, "there is no node");
    refused("{\"items\": [" NODE("") ", {\"kind\": \"Pod\"}]}", WF_INVALID,
            "item 2: this is Pod, not a Node");
    refused("{\"items\": [4]}", WF_INVALID, "item 1: this is nothing, not a Node");
    refused("{\"kind\": \"Node\"}", WF_INVALID, "the node has no metadata.name");
    refused("{\"items\": [" NODE("") ", " NODE("") "]}", WF_EXISTS,
            "the node 'n' is there already");
    refused(NODE(", \"status\": {\"capacity\": {\"cpu\": \"many\"}}"), WF_INVALID,
            "item 1: the node 'n' has 'many' of 'cpu', which is no quantity");
    refused(NODE(", \"status\": {\"capacity\": {\"memory\": {}}}"), WF_INVALID, "of 'memory'");
    refused(NODE(", \"status\": {\"capacity\": {\"nvidia.com/mig-big\": \"1\"}}"), WF_INVALID,
            "has 'nvidia.com/mig-big' of 'a MIG profile'");
    refused(NODE(", \"status\": {\"capacity\": {\"nvidia.com/gpu\": \"17\"}}"), WF_LIMIT,
            "17 GPUs, more than 16, the limit WF_NODE_GPUS_MAX");
    refused(NODE(", \"status\": {\"capacity\": {\"cpu\": \"4000001m\"}}"), WF_LIMIT,
            "the limit WF_CPU_MILLI_MAX");
    refused(NODE(", \"status\": {\"capacity\": {\"memory\": \"1073741825Mi\"}}"), WF_LIMIT,
            "the limit WF_MEMORY_MIB_MAX");
}

static void quantities_are_read_exactly(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t milli;
    } rows[] = {
        {"0", 0},
        {"96", 96000},
        {"95500m", 95500},
        {"0.5", 500},
        {"1.2345", 1234},
        {"1k", 1000000},
        {"2Ki", 2048000},
        {"1.5Gi", INT64_C(1610612736000)},
        {"1e3", 1000000},
        {"12E-1", 1200},
        {"1E+2", 100000},
        {"250000u", 250},
        {"7n", 0},
        {"00000000000000000000001", 1000},
        {"5.", 5000},
        {"4611686018427387904m", -1},
        {"999999999999999999m", INT64_C(999999999999999999)},
        {"", -1},
        {".", -1},
        {"-1", -1},
        {"1x", -1},
        {"1 ", -1},
        {"1e", -1},
        {"1.2.3", -1},
        {"9999999999Ei", -1},
        {"1e99", -1},
        {"0e99", 0},
        {"Ki", -1},
    };
    for (size_t i = 0; i < WF_COUNT_OF(rows); i++) {
        int64_t milli = -2;
        bool read = wf_quantity_read(rows[i].text, &milli);
        if (read != (rows[i].milli >= 0) || (read && milli != rows[i].milli)) {
            fail_msg("'%s' is read as %lld", rows[i].text, read ? (long long)milli : -1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_of_nodes_is_read),
        cmocka_unit_test(slices_and_replicas_come_to_gpus),
        cmocka_unit_test(what_is_wrong_is_said_with_its_place),
        cmocka_unit_test(quantities_are_read_exactly),
    };
    scratch_init();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_finish();
    return failed;
}
