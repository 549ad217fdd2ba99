// SPDX-License-Identifier: Apache-2.0
#include "site_texts.h"

static void four_lines_are_a_cluster(void **state)
{
    (void)state;
    struct wf_site site;
    taken("pools:\n  - gpu: H100\n    nodes: 4\n    gpus_per_node: 8\n", &site);
    assert_int_equal(site.pool_count, 1);
    assert_string_equal(site.pools[0].name, "H100x8");
    assert_string_equal(site.models[0], "H100");
    assert_true(site.pools[0].spec.price_nanousd_per_gpu_hour == INT64_C(6980000000));
    says(site.pools[0].price_source, "Azure Standard_NC40ads_H100_v5");
    says(site.pools[0].price_source, "as of 2026-05-20");
    assert_int_equal(site.node_count, 4);
    assert_string_equal(site.nodes[3].name, "H100x8-004");
    assert_int_equal(site.nodes[3].spec.gpus, 8);
    assert_int_equal(site.nodes[0].spec.cpu_milli, WF_CPU_MILLI_MAX);
    assert_int_equal(site.nodes[0].spec.memory_mib, WF_MEMORY_MIB_MAX);
    assert_string_equal(site.groups[site.nodes[0].spec.group], "");
    assert_int_equal(site.zone_count, 1);
    assert_string_equal(site.zones[0], "local");
    assert_int_equal(site.queue_count, 0);
    says(site.origin, "a cluster in YAML): 4 nodes with 32 GPUs in 1 pool");
    says(site.origin, "not told");
    wf_site_finish(&site);
    wf_site_finish(NULL);
}

static void read_example(const char *name, struct wf_site *site)
{
    char path[512];
    struct wf_error err = {.text = ""};
    snprintf(path, sizeof path, "%s/docs/examples/%s", getenv("WHALEFLUX_SOURCE"), name);
    if (wf_site_read(&(struct wf_site_config){.path = path}, site, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
}

static char *read_file(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", getenv("WHALEFLUX_SOURCE"), name);
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, 65536);
    assert_true(file && text && fread(text, 1, 65535, file) > 0);
    fclose(file);
    return text;
}

static void the_man_page_has_the_examples_word_for_word(void **state)
{
    (void)state;
    static const char *const names[] = {"docs/examples/cluster-small.yaml",
                                        "docs/examples/cluster.yaml"};
    char *page = read_file("docs/man/whaleflux.1.scd");
    for (size_t i = 0; i < WF_COUNT_OF(names); i++) {
        char *example = read_file(names[i]);
        assert_non_null(strstr(page, example));
        free(example);
    }
    free(page);
}

static void the_pools_of_the_example_are_read(void **state)
{
    (void)state;
    struct wf_site site;
    read_example("cluster-small.yaml", &site);
    assert_int_equal(site.node_count, 4);
    wf_site_finish(&site);

    read_example("cluster.yaml", &site);
    assert_int_equal(site.pool_count, 4);
    assert_int_equal(site.node_count, 28);
    const struct wf_site_pool *h100 = &site.pools[0];
    const struct wf_site_node *gpu009 = &site.nodes[8];
    assert_string_equal(gpu009->name, "gpu009");
    assert_int_equal(gpu009->spec.cpu_milli, 128000);
    assert_int_equal(gpu009->spec.memory_mib, 2048 * 1024);
    assert_string_equal(site.groups[gpu009->spec.group], "rack2");
    assert_string_equal(site.groups[site.nodes[7].spec.group], "rack1");
    assert_true(gpu009->spec.labels == labels(&site, "nvlink&infiniband"));
    assert_string_equal(site.zones[h100->spec.place.zone], "hall-1");
    assert_int_equal(h100->spec.speed_permille, 1000);
    // (280000 / (4 * 8766) + 10.2 * 0.12 + 9000 / 8766) / 8
    assert_true(h100->spec.price_nanousd_per_gpu_hour == INT64_C(1279511521));
    says(h100->price_source, "line 18: owned, $280,000 a node over 4 years");

    const struct wf_site_pool *slices = &site.pools[1];
    assert_int_equal(slices->spec.slices, 7);
    assert_string_equal(site.groups[site.nodes[17].spec.group], "rack3");
    assert_true(slices->spec.price_nanousd_per_gpu_hour == INT64_C(1800000000));
    says(slices->price_source, "as A100, the lowest that A100-40GB may be");
    says(slices->price_source, "what the last cluster cost, as of 2025-12-31");

    const struct wf_site_pool *cloud = &site.pools[2];
    assert_int_equal(cloud->spec.vendor, WF_VENDOR_AMD);
    assert_true(cloud->spec.rent_by_use);
    assert_int_equal(cloud->spec.speed_permille, 1200);
    assert_true(cloud->spec.price_nanousd_per_gpu_hour == INT64_C(4750000000));
    says(cloud->price_source, "contract of 2026, as of 2026-10-01");
    assert_string_equal(site.zones[cloud->spec.place.zone], "azure/eastus2/eastus2-1");
    assert_int_equal(cloud->spec.place.site, 1);
    assert_string_equal(site.nodes[21].name, "mi300x-cloud-004");
    assert_string_equal(site.groups[site.nodes[21].spec.group], "mi300x-cloud/1");
    assert_string_equal(site.groups[site.nodes[22].spec.group], "mi300x-cloud/2");

    assert_int_equal(site.nodes[27].spec.gpus, 0);
    says(site.pools[3].price_source, "no GPUs");
    wf_site_finish(&site);
}

static void the_queues_of_the_example_are_read_parents_first(void **state)
{
    (void)state;
    struct wf_site site;
    read_example("cluster.yaml", &site);
    assert_int_equal(site.queue_count, 4);
    assert_string_equal(site.queues[0].name, "research");
    assert_string_equal(site.queues[1].name, "production");
    assert_string_equal(site.queues[2].name, "research/vision");
    assert_string_equal(site.queues[3].name, "research/language");
    assert_int_equal(site.queues[0].spec.parent.index, WF_NONE);
    assert_int_equal(site.queues[3].spec.parent.index, 0);
    assert_int_equal(site.queues[3].spec.weight, 3);
    assert_int_equal(site.queues[2].spec.weight, 1);
    assert_int_equal(site.queues[2].spec.guarantee_gpu_milli, 32000);
    assert_int_equal(site.queues[2].spec.limit_gpu_milli, 128000);
    const struct wf_budget *month = &site.queues[0].spec.budgets[WF_WINDOW_MONTH];
    assert_true(month->limit_nanousd == INT64_C(250000000000000));
    assert_int_equal(month->action, WF_BUDGET_LOWER);
    assert_int_equal(site.queues[1].spec.budgets[WF_WINDOW_DAY].action, WF_BUDGET_HOLD);
    assert_int_equal(site.queues[1].spec.budgets[WF_WINDOW_HOUR].action, WF_BUDGET_ADMIT);
    assert_true(site.queues[1].spec.budgets[WF_WINDOW_MONTH].limit_nanousd == 0);
    wf_site_finish(&site);
}

static void a_model_without_a_price_says_so(void **state)
{
    (void)state;
    struct wf_site site;
    taken("pools: [{gpu: K80, nodes: 1, gpus_per_node: 2}]", &site);
    assert_true(site.pools[0].spec.price_nanousd_per_gpu_hour == 0);
    assert_string_equal(site.pools[0].price_source, "no price is known");
    wf_site_finish(&site);
}

#define POOL "pools:\n- gpu: H100\n  gpus_per_node: 8\n  nodes: 4\n"

static void what_is_wrong_with_a_pool_is_said_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"pool: []", "line 1: the file has no key 'pool' (did you mean 'pools'?)"},
        {POOL "  cpu: 4\n", "line 5: a pool has no key 'cpu' (did you mean 'gpu'?)"},
        {POOL "  colour: red\n", "line 5: a pool has no key 'colour' (known: name, gpu"},
        {POOL "  nodes: 5\n", "line 5: a pool has the key 'nodes' twice"},
        {"queues: []", "the file must have the key 'pools'"},
        {"pools: []", "there is no node"},
        {"pools: 4", "'pools' must be a list"},
        {"pools:\n- 4\n", "line 2: a pool must be a map"},
        {"pools:\n- gpu: H100\n  nodes: 1\n", "line 2: the pool names a GPU, so it must tell"},
        {"pools:\n- nodes: 1\n  gpus_per_node: 1\n", "so it must name its 'gpu'"},
        {"pools:\n- gpu: '--'\n  nodes: 1\n  gpus_per_node: 1\n", "no name of a GPU model"},
        {"pools:\n- gpu: H100\n  gpus_per_node: 8\n", "the pool must tell its 'nodes'"},
        {"pools:\n- nodes: 0\n", "line 2: 'nodes' is 0, it must be at least 1"},
        {"pools:\n- nodes: -1\n", "line 2: 'nodes' is -1, it must be at least 1"},
        {"pools:\n- nodes: 1.5\n", "line 2: 'nodes' is '1.5', it must be a whole number"},
        {"pools:\n- nodes: []\n", "line 2: the pool has no node"},
        {"pools:\n- nodes: {a: b}\n", "nodes are told as a count, a range"},
        {"pools:\n- nodes: gpu[1-\n", "line 2: 'gpu[1-' is no list of nodes"},
        {"pools:\n- nodes: 1\n  cpus_per_node: x\n", "line 3: 'cpus_per_node' is 'x'"},
        {"pools:\n- nodes: 1\n  cpus_per_node: [1]\n", "line 3: 'cpus_per_node' is ''"},
        {POOL "  speed: 0\n", "line 5: 'speed' is 0, it must be at least 0.001"},
        {POOL "  vendor: intel\n", "line 5: 'vendor' is 'intel', it must be nvidia or amd"},
        {POOL "  zone: a/b\n", "the name of a zone may not hold '/'"},
        {POOL "  labels: nvlink\n", "line 5: 'labels' must be a list"},
        {POOL "  labels: [a&b]\n", "line 5: a label may hold neither '&' nor '|'"},
        {POOL "  labels: ['']\n", "line 5: a label is missing"},
        {POOL "  group: r\n  group_size: 2\n", "one of 'group', 'group_size' and 'groups'"},
        {POOL "  groups: r\n", "line 5: 'groups' must be a map"},
        {POOL "  groups: {r: gpu1}\n", "line 5: the group 'r' names 'gpu1', which is no node of"},
        {POOL "  groups: {r: H100x8-001, s: H100x8-001}\n", "'H100x8-001' is in two groups"},
        {POOL "  usd_per_gpu_hour: 1,5\n", "line 5: 'usd_per_gpu_hour' is '1,5'"},
        {POOL "  usd_per_gpu_hour: -1\n", "line 5: 'usd_per_gpu_hour' is -1, it must be at least"},
        {POOL "  price_date: 2026\n", "'price_date' is told, and no 'usd_per_gpu_hour'"},
        {POOL "  rent_by_use: maybe\n", "line 5: 'rent_by_use' is 'maybe', it must be true or"},
        {POOL "  usd_per_gpu_hour: 1\n  owned: {}\n", "one of 'usd_per_gpu_hour' and 'owned'"},
        {POOL "  owned: {years: 1}\n", "line 5: 'owned' must tell 'usd_per_node'"},
        {POOL "  owned: {usd_per_node: 1}\n", "line 5: 'owned' must tell 'years'"},
        {POOL "  owned: {usd_per_node: 1, years: 0}\n", "'years' is 0, it must be at least 0.001"},
        {POOL "  owned: {usd_per_node: 1, years: 1, watts_per_node: 1}\n", "tell 'usd_per_kwh'"},
        {POOL "  owned: {usd_per_nod: 1}\n", "'owned' has no key 'usd_per_nod' (did you mean"},
        {POOL "  owned: {usd_per_node: 1, years: 1}\n  rent_by_use: true\n", "paid at all hours"},
        {"pools:\n- nodes: 1\n  usd_per_gpu_hour: 1\n", "by the GPU, and the pool has none"},
        {POOL "prices: [{usd_per_gpu_hour: 1}]", "line 5: the price must tell 'gpu'"},
        {POOL "prices: [{gpu: A100, usd_per_gpu_hour: 0.0}]",
         "line 5: 'usd_per_gpu_hour' is 0: a price of nothing is never used"},
        {POOL "prices: [{gpu: A100}]", "line 5: the price must tell 'usd_per_gpu_hour'"},
        {POOL "? [a]\n: b\n", "a key of the file must be a word"},
        {POOL "---\na: b\n", "line 6: a second YAML document begins"},
        {"pools:\n- gpu: [\n", "this is no YAML"},
        {"pools: *nobody\n", "this is no YAML: found undefined alias"},
        {"- a\n", "line 1: the file must be a map"},
        {"apiVersion: v1\nkind: List\n", "`kubectl get nodes -o json` prints what can be read"},
    };
    for (size_t i = 0; i < WF_COUNT_OF(rows); i++) {
        refused(rows[i].text, WF_INVALID, rows[i].words);
    }
    refused(POOL "- gpu: H100\n  gpus_per_node: 8\n  nodes: x\n  name: H100x8\n", WF_EXISTS,
            "line 8: the pool 'H100x8' is there already");
    refused("pools:\n- nodes: a\n- nodes: [b, a]\n", WF_EXISTS,
            "line 3: the node 'a' is there already, in line 2");
    refused("pools:\n- nodes: [a, a]\n  groups: {r: a}\n", WF_EXISTS, "'a' is there twice");
    refused(POOL "prices:\n- {gpu: A10, usd_per_gpu_hour: 1}\n- {gpu: a10, usd_per_gpu_hour: 1}\n",
            WF_EXISTS, "line 7: A10 has a price already");
}

static void what_is_wrong_with_a_queue_is_said_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
        enum wf_status status;
    } rows[] = {
        {"- weight: 1\n", "line 6: the queue must have a 'name'", WF_INVALID},
        {"- name: a\n  size: 1\n", "line 7: a queue has no key 'size'", WF_INVALID},
        {"- name: a//b\n", "a level without a name", WF_INVALID},
        {"- name: a\n  weight: 0\n", "line 7: 'weight' is 0, it must be at least 1", WF_INVALID},
        {"- name: a\n  limit_gpus: 0\n", "nothing could ever run", WF_INVALID},
        {"- name: a\n  limit_gpus: 1\n  guarantee_gpus: 2\n", "is more than its", WF_INVALID},
        {"- name: a\n  guarantee_gpus: 30\n- name: b\n  guarantee_gpus: 3\n",
         "line 6: the queues are guaranteed 33 GPUs together, and the pools have 32", WF_INVALID},
        {"- name: a\n  budgets: {}\n", "line 7: 'budgets' must be a list", WF_INVALID},
        {"- name: a\n  budgets: [{usd: 1, action: hold}]\n", "must tell 'window'", WF_INVALID},
        {"- name: a\n  budgets: [{usd: 1, window: year, action: hold}]\n",
         "line 7: 'window' is 'year', it must be hour, day or month", WF_INVALID},
        {"- name: a\n  budgets: [{window: day, action: hold}]\n", "must tell 'usd'", WF_INVALID},
        {"- name: a\n  budgets: [{usd: 0, window: day, action: hold}]\n", "'usd' is 0", WF_INVALID},
        {"- name: a\n  budgets:\n  - {usd: 1, window: day, action: hold}\n"
         "  - {usd: 1, window: day, action: hold}\n",
         "line 9: the queue has a budget for the day already", WF_EXISTS},
        {"- name: a\n- name: a\n", "line 7: the queue 'a' is there already", WF_EXISTS},
        {"- name: research\n- name: a\n  parent: reserch\n",
         "line 7: there is no queue 'reserch' to be the parent (did you mean 'research'?)",
         WF_NOTFOUND},
        {"- name: a/b\n", "line 6: there is no queue 'a' to be the parent", WF_NOTFOUND},
    };
    for (size_t i = 0; i < WF_COUNT_OF(rows); i++) {
        char text[512];
        snprintf(text, sizeof text, POOL "queues:\n%s", rows[i].text);
        refused(text, rows[i].status, rows[i].words);
    }
}

static void limits_hold_and_are_named(void **state)
{
    (void)state;
    struct wf_site site;
    taken("pools:\n- {gpu: H100, gpus_per_node: 16, nodes: 1, slices: 31, cpus_per_node: 4000,\n"
          "   memory_gib_per_node: 1048576, speed: 65.535, usd_per_gpu_hour: 10000}\n",
          &site);
    assert_int_equal(site.nodes[0].spec.gpus, WF_NODE_GPUS_MAX);
    assert_int_equal(site.nodes[0].spec.memory_mib, WF_MEMORY_MIB_MAX);
    assert_true(site.pools[0].spec.price_nanousd_per_gpu_hour == WF_PRICE_NANOUSD_MAX);
    wf_site_finish(&site);
    static const struct {
        const char *key, *words;
    } rows[] = {
        {"slices: 32", "'slices' is 32, more than 31, the limit WF_SLICES_MAX"},
        {"cpus_per_node: 4000.001", "more than 4000, the limit WF_CPU_MILLI_MAX"},
        {"memory_gib_per_node: 1048577", "more than 1048576, the limit WF_MEMORY_MIB_MAX"},
        {"speed: 65.536", "'speed' is 65.536, more than 65.535"},
        {"usd_per_gpu_hour: 10000.000000001", "more than 10000, the limit WF_PRICE_NANOUSD_MAX"},
        {"owned: {usd_per_node: 1000000000, years: 0.1}", "the limit WF_PRICE_NANOUSD_MAX"},
    };
    for (size_t i = 0; i < WF_COUNT_OF(rows); i++) {
        char text[256];
        snprintf(text, sizeof text, POOL "  %s\n", rows[i].key);
        refused(text, WF_LIMIT, rows[i].words);
    }
    refused("pools:\n- gpu: H100\n  gpus_per_node: 17\n  nodes: 1\n", WF_LIMIT, "WF_NODE_GPUS_MAX");
    refused("pools:\n- nodes: 262145\n", WF_LIMIT, "the limit WF_SITE_NODES_MAX");
    refused("pools:\n- nodes: 262144\n- nodes: 1\n", WF_LIMIT, "the limit WF_SITE_NODES_MAX");
    taken("pools:\n- nodes: 262144\n  cpus_per_node: 1\n", &site);
    assert_int_equal(site.node_count, WF_SITE_NODES_MAX);
    assert_string_equal(site.nodes[262143].name, "cpu-262144");
    wf_site_finish(&site);
    refused(POOL "queues:\n- name: a/b/c/d/e/f/g/h/i\n", WF_LIMIT, "WF_QUEUE_DEPTH_MAX");
    refused(POOL "queues:\n- name: a\n  weight: 1000001\n", WF_LIMIT, "WF_QUEUE_WEIGHT_MAX");
}

// Prints head, then count lines, each with its number in place of '#'.
static char *many(const char *head, const char *line, unsigned count)
{
    size_t size = strlen(head) + (size_t)count * (strlen(line) + 12) + 1;
    char *text = malloc(size);
    assert_non_null(text);
    size_t length = (size_t)snprintf(text, size, "%s", head);
    for (unsigned i = 0; i < count; i++) {
        const char *mark = strchr(line, '#');
        length += (size_t)snprintf(text + length, size - length, "%.*s%u%s", (int)(mark - line),
                                   line, i, mark + 1);
    }
    return text;
}

static void counts_are_limited_at_the_limit(void **state)
{
    (void)state;
    struct wf_site site;
    static const struct {
        const char *head, *line, *words;
        unsigned most;
    } rows[] = {
        {"pools:\n", "- {nodes: n#}\n", "the limit WF_POOLS_MAX", WF_POOLS_MAX},
        {"pools:\n", "- {nodes: 1, gpu: X#, gpus_per_node: 1}\n", "the limit WF_MODELS_MAX",
         WF_MODELS_MAX},
        {"pools:\n", "- {nodes: 1, labels: [l#, all]}\n", "the limit WF_LABELS_MAX",
         WF_LABELS_MAX - 1},
        {POOL "queues:\n", "- name: q#\n", "the limit WF_QUEUES_MAX", WF_QUEUES_MAX},
    };
    for (size_t i = 0; i < WF_COUNT_OF(rows); i++) {
        char *text = many(rows[i].head, rows[i].line, rows[i].most);
        taken(text, &site);
        wf_site_finish(&site);
        free(text);
        text = many(rows[i].head, rows[i].line, rows[i].most + 1);
        refused(text, WF_LIMIT, rows[i].words);
        free(text);
    }
}

static void names_are_limited(void **state)
{
    (void)state;
    char text[700];
    struct wf_site site;
    char name[300];
    memset(name, 'n', sizeof name);
    snprintf(text, sizeof text, "pools:\n- nodes: 1\n  name: %.255s\n", name);
    taken(text, &site);
    wf_site_finish(&site);
    snprintf(text, sizeof text, "pools:\n- nodes: 1\n  name: %.256s\n", name);
    refused(text, WF_LIMIT, "the limit WF_SITE_NAME_BYTES_MAX");
    snprintf(text, sizeof text, "pools:\n- nodes: %.256s\n", name);
    refused(text, WF_INVALID, "a name is too long");
    snprintf(text, sizeof text, POOL "queues:\n- name: %.256s\n", name);
    refused(text, WF_LIMIT, "the limit WF_SITE_NAME_BYTES_MAX");
    refused("pools:\n- nodes: 1\n  name: \"a\\tb\"\n", WF_INVALID, "holds a control character");
}

static void labels_of_the_same_nodes_share_a_number(void **state)
{
    (void)state;
    struct wf_site site;
    taken("pools:\n- {nodes: a, labels: [x, y, all]}\n- {nodes: b, labels: [z, all, all]}\n",
          &site);
    assert_int_equal(site.label_count, 4);
    assert_int_equal(site.label_numbers, 3);
    assert_true(labels(&site, "x") == labels(&site, "y"));
    assert_true(labels(&site, "x&all") == site.nodes[0].spec.labels);
    assert_true(labels(&site, "z&all") == site.nodes[1].spec.labels);
    assert_true(labels(&site, "") == 0);
    wf_site_finish(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_lines_are_a_cluster),
        cmocka_unit_test(the_man_page_has_the_examples_word_for_word),
        cmocka_unit_test(the_pools_of_the_example_are_read),
        cmocka_unit_test(the_queues_of_the_example_are_read_parents_first),
        cmocka_unit_test(a_model_without_a_price_says_so),
        cmocka_unit_test(what_is_wrong_with_a_pool_is_said_with_its_line),
        cmocka_unit_test(what_is_wrong_with_a_queue_is_said_with_its_line),
        cmocka_unit_test(limits_hold_and_are_named),
        cmocka_unit_test(counts_are_limited_at_the_limit),
        cmocka_unit_test(names_are_limited),
        cmocka_unit_test(labels_of_the_same_nodes_share_a_number),
    };
    scratch_init();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_finish();
    return failed;
}
