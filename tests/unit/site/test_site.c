// SPDX-License-Identifier: Apache-2.0
// What holds for every format: which one a text is, prices, names that a history uses, limits.
#include <unistd.h>

#include "site_texts.h"

#include "site/source.h"
#include "text/decimal.h"

static const char nodes[] = "sn,cpu_milli,memory_mib,gpu,model\n"
                            "n0,96000,393216,8,V100M32\n"
                            "n1,96000,393216,8,V100M16\n"
                            "n2,96000,393216,8,V100M32\n"
                            "n3,32000,131072,0,\n"
                            "n4,96000,786432,8,G2\n";

static void a_trace_has_its_site(void **state)
{
    (void)state;
    struct wf_site site;
    taken(nodes, &site);
    assert_int_equal(site.node_count, 5);
    assert_int_equal(site.pool_count, 4);
    assert_string_equal(site.pools[0].name, "V100-32GBx8");
    assert_int_equal(site.nodes[2].spec.pool.index, 0);
    assert_true(site.pools[0].spec.price_nanousd_per_gpu_hour == INT64_C(2754000000));
    assert_true(site.pools[1].spec.price_nanousd_per_gpu_hour == INT64_C(3060000000));
    says(site.pools[3].price_source, "assumed");
    wf_site_finish(&site);
    refused("sn,cpu_milli,memory_mib,gpu,model\nn0,x,1,1,T4\n", WF_INVALID,
            "line 2, column 'cpu_milli': 'x' is not a whole number");
    refused("sn,cpu_milli,memory_mib,gpu,model\nn0,1,1,1,--\n", WF_INVALID,
            "'--' is no name of a GPU model");
}

static void gzipped_and_marked_texts_are_read(void **state)
{
    (void)state;
    struct wf_site site;
    struct wf_error err = {.text = ""};
    struct wf_site_config config = {.path = scratch_write_gzip("nodes.csv.gz", nodes, 1.0)};
    assert_int_equal(wf_site_read(&config, &site, &err), WF_OK);
    assert_int_equal(site.node_count, 5);
    wf_site_finish(&site);
    taken("\xef\xbb\xbfpools: [{nodes: 2}]\r\n", &site);
    assert_int_equal(site.node_count, 2);
    wf_site_finish(&site);
    config.path = scratch_write_gzip("nodes.csv.gz", nodes, 0.5);
    assert_int_equal(wf_site_read(&config, &site, &err), WF_INVALID);
    says(err.text, "the file is truncated");
}

static void what_is_no_description_is_refused(void **state)
{
    (void)state;
    struct wf_site site;
    struct wf_error err = {.text = ""};
    struct wf_site_config config = {.path = "/nowhere/cluster.yaml"};
    assert_int_equal(wf_site_read(&config, &site, &err), WF_IO);
    says(err.text, "/nowhere/cluster.yaml cannot be opened: No such file");
    refused("", WF_INVALID, "cluster.txt is empty");
    refused(" \n\t\n", WF_INVALID, "cluster.txt is empty");
    refused("hello world\n", WF_INVALID,
            "line 1: this is no description of a cluster that is known (kubectl get nodes -o json, "
            "scontrol show node, slurm.conf, a trace's table of nodes, a cluster in YAML)");
    config.path = scratch_write("zero.txt", "pools:\0x", 8);
    assert_int_equal(wf_site_read(&config, &site, &err), WF_INVALID);
    says(err.text, "holds a zero byte");
}

// Zeros, as a file with a hole costs no disk.
static void a_file_may_be_so_long_and_no_longer(void **state)
{
    (void)state;
    struct wf_source source;
    struct wf_error err = {.text = ""};
    const char *path = scratch_write_text("long.txt", "pools:");
    assert_int_equal(truncate(path, WF_SOURCE_BYTES_MAX), 0);
    assert_int_equal(wf_source_read(path, &source, &err), WF_INVALID);
    says(err.text, "holds a zero byte");
    assert_int_equal(truncate(path, WF_SOURCE_BYTES_MAX + 1), 0);
    assert_int_equal(wf_source_read(path, &source, &err), WF_LIMIT);
    says(err.text, "the limit WF_SOURCE_BYTES_MAX");
}

static enum wf_status read_priced(const char *text, const char *prices, struct wf_site *site,
                                  struct wf_error *err)
{
    char path[128];
    char prices_path[128];
    snprintf(path, sizeof path, "%s", scratch_write_text("cluster.txt", text));
    snprintf(prices_path, sizeof prices_path, "%s", scratch_write_text("prices.txt", prices));
    return wf_site_read(&(struct wf_site_config){path, prices_path}, site, err);
}

static void taken_priced(const char *text, const char *prices, struct wf_site *site)
{
    struct wf_error err = {.text = ""};
    if (read_priced(text, prices, site, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
}

#define CLUSTER                                                                                    \
    "pools:\n"                                                                                     \
    "- {name: own, gpu: H100, gpus_per_node: 8, nodes: 1, usd_per_gpu_hour: 2.5}\n"                \
    "- {name: told, gpu: T4, gpus_per_node: 8, nodes: 1}\n"                                        \
    "- {name: given, gpu: A10, gpus_per_node: 8, nodes: 1}\n"                                      \
    "- {name: table, gpu: L4, gpus_per_node: 8, nodes: 1}\n"                                       \
    "- {name: none, gpu: K80, gpus_per_node: 8, nodes: 1}\n"                                       \
    "prices: [{gpu: T4, usd_per_gpu_hour: 0.3}]\n"

static void the_nearest_word_on_a_price_counts(void **state)
{
    (void)state;
    struct wf_site site;
    taken_priced(CLUSTER,
                 "prices:\n- {gpu: H100, usd_per_gpu_hour: 9}\n- {gpu: T4, usd_per_gpu_hour: 9}\n"
                 "- {gpu: A10, usd_per_gpu_hour: 0.9, source: us, date: 2026-01-01}\n",
                 &site);
    static const int64_t prices[] = {2500000000, 300000000, 900000000, 850830000, 0};
    static const char *const words[] = {"cluster.txt, line 2, no date told", "cluster.txt, line 7",
                                        "prices.txt, line 4, us, as of 2026-01-01",
                                        "Google Cloud g2-standard-8", "no price is known"};
    for (size_t i = 0; i < WF_COUNT_OF(prices); i++) {
        assert_true(site.pools[i].spec.price_nanousd_per_gpu_hour == prices[i]);
        says(site.pools[i].price_source, words[i]);
    }
    wf_site_finish(&site);
}

#define OFFERS "cloud,gpu_model,gpu_count,gpu_mem_gib,ondemand_usd_h,date\n"

static void offers_come_to_the_median_over_clouds(void **state)
{
    (void)state;
    struct wf_site site;
    taken_priced("pools:\n"
                 "- {gpu: H100, gpus_per_node: 8, nodes: 1}\n"
                 "- {gpu: A100-80GB, gpus_per_node: 8, nodes: 1}\n"
                 "- {gpu: V100, gpus_per_node: 8, nodes: 1}\n",
                 OFFERS "a,H100,8,80,16,2026-01-01\n"            // 2
                        "a,H100,1,80,3,2026-02-01\n"             // a: median of 2, 3, 10
                        "a,NVIDIA-H100-SXM,2,80,20,2026-03-01\n" //
                        "b,H100,8,80,32,2026-05-20\n"            // b: 4
                        "c,H100,1,80,7,2026-05-20\n"             // c: mean of 5 and 7
                        "c,H100,1,80,5,\n"                       //
                        "d,H100,1,80,100,2025-05-19\n"           // too old
                        "d,H100,0.5,80,1,2026-05-20\n"           // a slice
                        "d,H100,1,80,,2026-05-20\n"              // spot only
                        "a,A100,1,80,2,2026-05-20\n"             // 80 GiB by the column
                        "b,A100-80GB,1,80,4,2026-05-20\n"        //
                        "a,A100,1,40,1,2026-05-20\n"             //
                        "a,V100,8,16,24,2026-05-20\nb,V100-32GB,8,32,8,2026-05-20\n",
                 &site);
    assert_true(site.pools[0].spec.price_nanousd_per_gpu_hour == INT64_C(4000000000));
    says(site.pools[0].price_source,
         "prices.txt, median of 3 clouds on demand, as of 2026-01-01 to 2026-05-20");
    assert_true(site.pools[1].spec.price_nanousd_per_gpu_hour == INT64_C(3000000000));
    says(site.pools[1].price_source, "median of 2 clouds on demand, as of 2026-05-20");
    assert_true(site.pools[2].spec.price_nanousd_per_gpu_hour == INT64_C(1000000000));
    says(site.pools[2].price_source, "as V100-32GB, the lowest that V100 may be");
    wf_site_finish(&site);
}

static void what_is_wrong_with_prices_is_said_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *prices, *words;
        enum wf_status status;
    } rows[] = {
        {"pools: []\n", "prices.txt, line 1: a file of prices must have the key 'prices'",
         WF_INVALID},
        {"prices:\n- {gpu: A10, usd: 1}\n", "prices.txt, line 2: a price has no key 'usd'",
         WF_INVALID},
        {"prices: {}\n", "'prices' must be a list", WF_INVALID},
        {OFFERS "a,H100,x,80,1,\n", "line 2, column 'gpu_count': 'x' is not a number", WF_INVALID},
        {OFFERS "a,H100,1,80,0.0,\n", "column 'ondemand_usd_h': the price is 0", WF_INVALID},
        {OFFERS "a,H100,1,80,-1,\n", "column 'ondemand_usd_h': -1 is negative", WF_INVALID},
        {OFFERS "a,H100,1,80,10001,\n", "column 'ondemand_usd_h': 10001 is too large", WF_LIMIT},
        {OFFERS, "there is no offer of a whole GPU on demand", WF_INVALID},
        {"cloud,gpu_model\n", "column 'gpu_count': the column is missing", WF_INVALID},
    };
    for (size_t i = 0; i < WF_COUNT_OF(rows); i++) {
        struct wf_site site;
        struct wf_error err = {.text = ""};
        assert_int_equal(read_priced(CLUSTER, rows[i].prices, &site, &err), rows[i].status);
        says(err.text, rows[i].words);
    }
}

static uint64_t models(const struct wf_site *site, const char *names)
{
    uint64_t set = 0;
    struct wf_error err = {.text = ""};
    if (wf_site_models(site, names, &set, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    return set;
}

static void a_history_s_names_of_models_become_sets(void **state)
{
    (void)state;
    struct wf_site site;
    uint64_t set;
    struct wf_error err = {.text = ""};
    taken(nodes, &site); // V100-32GB, V100-16GB, G2 or in another order
    assert_true(models(&site, "") == WF_ANY_MODEL);
    uint64_t large = models(&site, "V100M32");
    uint64_t small = models(&site, "Tesla-V100-SXM2-16GB");
    assert_true(large != small && large != 0 && small != 0);
    assert_true(models(&site, "V100M16|V100M32") == (large | small));
    assert_true(models(&site, "v100") == (large | small));
    assert_true(models(&site, "g2|v100") == 7);
    assert_int_equal(wf_site_models(&site, "G22", &set, &err), WF_NOTFOUND);
    says(err.text, "no node has a GPU of the model 'G22' (did you mean 'G2'?)");
    assert_int_equal(wf_site_models(&site, "V100M16|MI300X", &set, &err), WF_NOTFOUND);
    says(err.text, "'MI300X' (known: ");
    assert_int_equal(wf_site_models(&site, "G2|", &set, &err), WF_NOTFOUND);
    wf_site_finish(&site);
    // A model of that very name leaves those alone that only may be it.
    taken("pools:\n- {gpu: A100, gpus_per_node: 1, nodes: 1}\n"
          "- {gpu: A100-80GB, gpus_per_node: 1, nodes: 1}\n",
          &site);
    assert_true(models(&site, "a100") == 1);
    assert_true(models(&site, "NVIDIA-A100-SXM4-80GB") == 2);
    assert_true(models(&site, "A100-40GB") == 1);
    wf_site_finish(&site);
}

static void a_label_nobody_carries_is_refused_with_the_nearest(void **state)
{
    (void)state;
    struct wf_site site;
    uint64_t set;
    struct wf_error err = {.text = ""};
    taken("pools: [{nodes: 1, labels: [nvlink, milan]}]\n", &site);
    assert_int_equal(wf_site_labels(&site, "milan&nvlnk", &set, &err), WF_NOTFOUND);
    says(err.text, "no node carries the label 'nvlnk' (did you mean 'nvlink'?)");
    assert_int_equal(wf_site_labels(&site, "milan&", &set, &err), WF_NOTFOUND);
    wf_site_finish(&site);
}

static void decimals_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned places;
        int64_t max, number;
        enum wf_decimal read;
    } rows[] = {
        {"0", 0, 9, 0, WF_DECIMAL_READ},
        {"2.49", 9, INT64_MAX - 1, 2490000000, WF_DECIMAL_READ},
        {"1.23456", 3, 9999, 1234, WF_DECIMAL_READ},
        {"10", 0, 10, 10, WF_DECIMAL_READ},
        {"11", 0, 10, 0, WF_DECIMAL_TOO_LARGE},
        {"1.0", 0, 10, 0, WF_DECIMAL_WRONG},
        {"9223372036854775806", 0, INT64_MAX - 1, INT64_MAX - 1, WF_DECIMAL_READ},
        {"9223372036854775808", 0, INT64_MAX - 1, 0, WF_DECIMAL_TOO_LARGE},
        {"99999999999999999999999", 9, 100, 0, WF_DECIMAL_TOO_LARGE},
        {"-1", 0, 10, 0, WF_DECIMAL_NEGATIVE},
        {"-1.x", 3, 10, 0, WF_DECIMAL_WRONG},
        {"1.", 3, 10000, 0, WF_DECIMAL_WRONG},
        {".5", 3, 10000, 0, WF_DECIMAL_WRONG},
        {"", 3, 10000, 0, WF_DECIMAL_WRONG},
        {"1e3", 3, 10000, 0, WF_DECIMAL_WRONG},
        {"1.5x", 3, 10000, 0, WF_DECIMAL_WRONG},
    };
    for (size_t i = 0; i < WF_COUNT_OF(rows); i++) {
        int64_t number = -1;
        assert_int_equal(wf_decimal_read(rows[i].text, rows[i].places, rows[i].max, &number),
                         rows[i].read);
        assert_true(rows[i].read != WF_DECIMAL_READ || number == rows[i].number);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trace_has_its_site),
        cmocka_unit_test(gzipped_and_marked_texts_are_read),
        cmocka_unit_test(what_is_no_description_is_refused),
        cmocka_unit_test(a_file_may_be_so_long_and_no_longer),
        cmocka_unit_test(the_nearest_word_on_a_price_counts),
        cmocka_unit_test(offers_come_to_the_median_over_clouds),
        cmocka_unit_test(what_is_wrong_with_prices_is_said_with_its_line),
        cmocka_unit_test(a_history_s_names_of_models_become_sets),
        cmocka_unit_test(a_label_nobody_carries_is_refused_with_the_nearest),
        cmocka_unit_test(decimals_are_exact),
    };
    scratch_init();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_finish();
    return failed;
}
