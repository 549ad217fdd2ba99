// SPDX-License-Identifier: Apache-2.0
// A Slurm cluster and its jobs in our words: what is decided, and what is left to Slurm with a
// sentence.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/slurm/dependency.h"
#include "daemon/slurm/follow_parts.h"
#include "daemon/slurm/translate.h"

static struct wf_slurm_picture *picture;
static struct wf_list_prices prices;
static struct wf_slurm_view view;
static struct wf_slurm_cluster cluster;
static struct wf_slurm_words words;
static const char *const accounts[] = {"bio", "physics", NULL};

static void take(const char *format, ...) WF_PRINTF(1, 2);
static void take(const char *format, ...)
{
    char line[4096];
    struct wf_slurm_news news;
    struct wf_error err = {.text = ""};
    va_list values;
    va_start(values, format);
    int length = vsnprintf(line, sizeof line, format, values);
    va_end(values);
    for (int i = 0; i < length; i++) {
        line[i] = line[i] == '\'' ? '"' : line[i];
    }
    if (wf_slurm_picture_take(picture, line, (size_t)length, &news, &err) != WF_OK) {
        fail_msg("%s: %s", line, err.text);
    }
}

static void make_cluster(void)
{
    struct wf_error err = {.text = ""};
    wf_slurm_cluster_finish(&cluster);
    if (wf_slurm_cluster_init(&cluster, &view, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
}

// Two nodes of each vendor, one without GPUs, one of two kinds, one that is down.
static int open_cluster(void **unused)
{
    (void)unused;
    if (wf_slurm_picture_create(&picture, NULL) != WF_OK ||
        wf_list_prices_init(&prices, NULL, NULL) != WF_OK) {
        return -1;
    }
    view = (struct wf_slurm_view){.picture = picture, .prices = &prices, .accounts = accounts};
    for (int i = 1; i <= 2; i++) {
        take("{'is':'node','name':'h%d','cpus':64,'memory_mib':512000,'features':['ib','a'],"
             "'gpus':[{'type':'h100','count':8}],'shards':64,'partitions':['gpu','long']}",
             i);
        take("{'is':'node','name':'m%d','cpus':96,'memory_mib':1024000,'features':['a'],"
             "'gpus':[{'type':'mi300x','count':8}],'partitions':['gpu']}",
             i);
    }
    take("{'is':'node','name':'c1','cpus':32,'memory_mib':64000,'partitions':['gpu','long']}");
    take("{'is':'node','name':'x1','cpus':32,'memory_mib':64000,'gpus':[{'type':'h100','count':4},"
         "{'type':'a100','count':4}],'partitions':['gpu']}");
    take("{'is':'node','name':'d1','down':true,'cpus':64,'memory_mib':512000,'features':['far'],"
         "'gpus':[{'type':'l40s','count':4}],'partitions':['gpu']}");
    take("{'is':'node','name':'z1','drain':true,'reason':'fan','cpus':64,'memory_mib':512000,"
         "'gpus':[{'type':'h100','count':8}],'shards':64,'partitions':['gpu'],'cloud':true}");
    take("{'is':'partition','name':'gpu','nodes':['h1']}");
    take("{'is':'partition','name':'long','nodes':['h1']}");
    take("{'is':'qos','id':1,'name':'high','priority':70}");
    make_cluster();
    return 0;
}

static int close_cluster(void **unused)
{
    (void)unused;
    wf_job_document_finish(&words.document);
    words = (struct wf_slurm_words){0};
    wf_slurm_cluster_finish(&cluster);
    wf_list_prices_finish(&prices);
    wf_slurm_picture_destroy(picture);
    return 0;
}

static const struct wf_job_document *translate(const char *members)
{
    struct wf_error err = {.text = ""};
    take("{'is':'job','id':7,'name':'train','user':'ada','partition':'gpu','tasks':1,'cpus_min':4,"
         "'state':'pending'%s%s}",
         members[0] ? "," : "", members);
    wf_job_document_finish(&words.document);
    const struct wf_slurm_job *job = wf_slurm_picture_job(picture, "7");
    if (wf_slurm_translate(&cluster, &view, job, &words, &err) != WF_OK) {
        fail_msg("%s: %s", members, err.text);
    }
    return &words.document;
}

static void nodes_become_pools_of_one_kind(void **unused)
{
    (void)unused;
    const struct wf_site *site = &cluster.site;
    assert_int_equal(site->node_count, 6); // all but the one of two kinds and the one that is down
    assert_int_equal(cluster.nodes_down, 1);
    assert_non_null(strstr(cluster.note, "x1"));
    const struct wf_site_node *h1 = wf_slurm_find_node(&cluster, "h1");
    const struct wf_site_node *z1 = wf_slurm_find_node(&cluster, "z1");
    const struct wf_site_pool *pool = &site->pools[h1->spec.pool.index];
    assert_string_equal(pool->name, "H100");
    assert_int_equal(pool->spec.vendor, WF_VENDOR_NVIDIA);
    assert_int_equal(pool->spec.slices, 8);
    assert_true(pool->spec.price_nanousd_per_gpu_hour > 0);
    assert_int_equal(h1->spec.cpu_milli, 64000);
    assert_int_equal(h1->spec.gpus, 8);
    assert_string_equal(site->pools[z1->spec.pool.index].name, "H100-cloud");
    assert_true(site->pools[z1->spec.pool.index].spec.rent_by_use);
    assert_true(cluster.doors[z1 - site->nodes].closed);
    assert_string_equal(cluster.doors[z1 - site->nodes].why, "Slurm drains it: fan");
    assert_int_equal(site->pools[wf_slurm_find_node(&cluster, "m1")->spec.pool.index].spec.vendor,
                     WF_VENDOR_AMD);
    assert_true(wf_slurm_has_label(&cluster, "far"));
    assert_true(wf_slurm_has_label(&cluster, "partition:long"));
    assert_non_null(wf_slurm_find_type(&cluster, "l40s"));
}

static void the_signature_changes_with_what_matters(void **unused)
{
    (void)unused;
    uint64_t before = wf_slurm_signature(&view);
    take("{'is':'node','name':'c1','state':'mixed','cpus':32,'memory_mib':64000,"
         "'partitions':['gpu','long']}");
    assert_true(wf_slurm_signature(&view) == before);
    take("{'is':'node','name':'c1','drain':true,'cpus':32,'memory_mib':64000,"
         "'partitions':['gpu','long']}");
    assert_true(wf_slurm_signature(&view) != before);
}

static void what_a_job_has_on_one_node_is_a_task(void **unused)
{
    (void)unused;
    static const struct {
        const char *members, *model;
        uint32_t tasks, gpus, gpu_milli, cpu_milli, memory_mib;
        bool apart;
    } jobs[] = {
        {"", "", 1, 0, 0, 4000, 0, false},
        {"'gpus_per_node':{'type':'h100','count':2},'memory_mib_per_node':100", "H100", 1, 2, 1000,
         4000, 100, false},
        {"'gpus_total':{'type':'','count':4},'memory_mib_per_cpu':10", "", 1, 4, 1000, 4000, 40,
         false},
        {"'gpus_total':{'type':'h100','count':16}", "H100", 2, 8, 1000, 2000, 0, true},
        {"'gpus_per_task':{'type':'mi300x','count':2},'tasks':4,'cpus_per_task':3", "MI300X", 1, 8,
         1000, 12000, 0, false},
        {"'nodes_min':2,'gpus_per_node':{'type':'mi300x','count':8},'tasks':16", "MI300X", 2, 8,
         1000, 2000, 0, true},
        {"'tasks':8,'tasks_per_node':4,'cpus_min':8", "", 2, 0, 0, 4000, 0, true},
        {"'shards_per_node':3", "H100", 1, 1, 375, 4000, 0, false}, // others have no shares
        {"'shards_per_node':8", "H100", 1, 1, 1000, 4000, 0, false},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(jobs); i++) {
        char members[400];
        snprintf(members, sizeof members, "%s", jobs[i].members);
        struct wf_error err = {.text = ""};
        take("{'is':'job','id':7,'name':'train','user':'ada','partition':'gpu','state':'pending',"
             "%s%s%s%s}",
             strstr(members, "'tasks'") ? "" : "'tasks':1,",
             strstr(members, "'cpus_") ? "" : "'cpus_min':4,", members,
             members[0] ? ",'nice':0" : "'nice':0");
        wf_job_document_finish(&words.document);
        assert_int_equal(
            wf_slurm_translate(&cluster, &view, wf_slurm_picture_job(picture, "7"), &words, &err),
            WF_OK);
        if (words.left) {
            fail_msg("%s is left to Slurm: %s", members, words.why);
        }
        const struct wf_job_document *document = &words.document;
        assert_int_equal(document->tasks, jobs[i].tasks);
        assert_int_equal(document->gpus.gpus, jobs[i].gpus);
        assert_int_equal(document->gpus.gpu_milli, jobs[i].gpu_milli);
        assert_int_equal(document->cpu_milli, jobs[i].cpu_milli);
        assert_int_equal(document->memory_mib, jobs[i].memory_mib);
        assert_int_equal(document->apart, jobs[i].apart);
        assert_int_equal(document->gpus.choice_count, jobs[i].model[0] ? 1 : 0);
        if (jobs[i].model[0]) {
            assert_string_equal(document->gpus.choices[0].model, jobs[i].model);
        }
    }
}

static void what_we_have_no_word_for_is_left_to_slurm(void **unused)
{
    (void)unused;
    static const struct {
        const char *members, *why;
    } jobs[] = {
        {"'het':{'id':7,'offset':0}", "heterogeneous"},
        {"'gres_other':'craynetwork:1'", "craynetwork"},
        {"'gpus_per_node':[{'type':'a','count':1},{'type':'b','count':1}]", "several kinds"},
        {"'gpus_per_socket':{'type':'','count':1}", "by socket"},
        {"'shards_total':4", "otherwise than by node"},
        {"'licenses':'matlab:2'", "matlab"},
        {"'reservation':'maintenance,course'", "several reservations"},
        {"'required_nodes':['h1'],'nodes_min':2", "names 1 nodes and asks for 2"},
        {"'required_nodes':['x1']", "do not decide about: x1"},
        {"'required_nodes':['h1','m9'],'nodes_min':1", "do not decide about: m9"},
        {"'edited':true", "by hand"},
        {"'gpus_per_node':{'type':'b200','count':1}", "b200"},
        {"'gpus_per_node':{'type':'h100','count':17}", "17 GPUs"},
        {"'nodes_min':3,'gpus_total':{'type':'h100','count':8}", "no even number"},
        {"'shards_per_node':9", "more shares"},
        {"'shards_per_node':2,'gpus_per_node':{'type':'h100','count':1}", "more shares"},
        {"'exclusive':true", "not alike"},
        {"'features':'ib|a&b'", "more than a list"},
        {"'features':'[ib|a]','nodes_min':2", "more than a list"},
        {"'features':'[ib*2&a]'", "more than a list"},
        {"'features':'ib&gold'", "gold"},
        {"'dependency':'singleton(unfulfilled)'", "singleton"},
        {"'nodes_min':5000", "more nodes"},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(jobs); i++) {
        translate(jobs[i].members);
        if (!words.left || !strstr(words.why, jobs[i].why)) {
            fail_msg("%s: %s", jobs[i].members, words.left ? words.why : "it is decided");
        }
    }
}

static void our_own_pin_is_no_wish_of_its_owner(void **unused)
{
    (void)unused;
    translate("'required_nodes':['h1'],'decision':'j1-1','ours':true");
    assert_false(words.left);
    // On its way back into the queue it is held, and the pin is still there.
    translate("'required_nodes':['h1'],'pinned':true,'ours':true,'held':'admin'");
    assert_false(words.left);
}

static void a_job_keeps_its_names(void **unused)
{
    (void)unused;
    struct wf_error err = {.text = ""};
    take("{'is':'job','id':7,'name':'4 b/c','user':'ada','partition':'long','account':'bio',"
         "'qos':'high','features':'ib&a','requeue':true,'batch':true,'limit_ms':3600000,"
         "'state':'pending','folder':'/home/ada'}");
    assert_int_equal(
        wf_slurm_translate(&cluster, &view, wf_slurm_picture_job(picture, "7"), &words, &err),
        WF_OK);
    assert_false(words.left);
    assert_string_equal(words.document.name, "4_b_c");
    assert_string_equal(words.document.queue, "long.bio");
    assert_int_equal(words.document.priority, 70);
    assert_int_equal(words.document.limit_ms, 3600000);
    assert_true(words.document.preemptible);
    assert_int_equal(words.document.label_count, 3);
    assert_string_equal(words.document.labels[2], "partition:long");
    assert_string_equal(words.document.folder, "/home/ada");
}

static void a_higher_tier_goes_first_and_a_closed_partition_waits(void **unused)
{
    (void)unused;
    translate("'qos':'high'");
    assert_int_equal(words.document.priority, 70);
    uint64_t before = wf_slurm_signature(&view);
    take("{'is':'partition','name':'gpu','nodes':['h1'],'priority':9}");
    take("{'is':'partition','name':'long','nodes':['h1'],'priority':3}");
    assert_true(wf_slurm_signature(&view) != before);
    make_cluster();
    translate("");
    int32_t none = words.document.priority;
    assert_true(none > 1000000);
    translate("'qos':'high'");
    assert_int_equal(words.document.priority, none + 70);
    take("{'is':'partition','name':'gpu','nodes':['h1'],'priority':3,'state':'down'}");
    make_cluster();
    translate("'qos':'high'");
    assert_int_equal(words.document.priority, 70);
    assert_true(words.waits);
    assert_non_null(strstr(words.why, "closed in Slurm: gpu"));
}

static const struct wf_queue_spec *queue(const char *name)
{
    for (uint32_t i = 0; i < cluster.site.queue_count; i++) {
        if (strcmp(cluster.site.queues[i].name, name) == 0) {
            return &cluster.site.queues[i].spec;
        }
    }
    fail_msg("there is no queue %s", name);
    return NULL;
}

static void accounts_share_as_in_slurm(void **unused)
{
    (void)unused;
    take("{'is':'association','id':1,'account':'root','parent':'','shares':1}");
    take("{'is':'association','id':2,'account':'science','parent':'root','shares':3,"
         "'group_tres':'gres/gpu=12'}");
    take("{'is':'association','id':3,'account':'bio','parent':'science','shares':1}");
    take("{'is':'association','id':4,'account':'chem','parent':'science','shares':2}");
    take("{'is':'association','id':5,'account':'physics','parent':'root','shares':1,"
         "'group_tres':'cpu=9'}");
    make_cluster();
    assert_int_equal(queue("gpu.bio")->weight, 24999); // a third of three quarters
    assert_true(queue("gpu.bio")->limit_gpu_milli == 12000);
    assert_int_equal(queue("gpu.physics")->weight, 25000);
    assert_true(queue("long.physics")->limit_gpu_milli == 0);
    assert_int_equal(queue("gpu")->weight, 100000);
}

static void partitions_that_are_not_ours_have_no_nodes(void **unused)
{
    (void)unused;
    static const char *const ours[] = {"long", NULL};
    view.partitions = ours;
    make_cluster();
    assert_int_equal(cluster.site.node_count, 3);
    assert_null(wf_slurm_find_node(&cluster, "m1"));
    assert_null(wf_slurm_find_room(&cluster, "gpu"));
    (void)queue("other-partitions");
    assert_false(wf_slurm_is_ours(&view, "gpu"));
}

static void other_jobs_are_waited_for_until_they_are_over(void **unused)
{
    (void)unused;
    take("{'is':'job','id':1,'state':'running'}");
    take("{'is':'job','id':2,'state':'completed'}");
    take("{'is':'job','id':3,'array':{'id':3,'task':-1,'tasks':'5-9'},'state':'pending'}");
    take("{'is':'job','id':4,'array':{'id':3,'task':2},'state':'failed'}");
    static const struct {
        const char *text;
        enum wf_slurm_depends depends;
    } texts[] = {
        {"", WF_SLURM_DEPENDS_MET},
        {"afterok:2(unfulfilled)", WF_SLURM_DEPENDS_MET},
        {"afterok:1(unfulfilled)", WF_SLURM_DEPENDS_WAITS},
        {"after:1(unfulfilled)", WF_SLURM_DEPENDS_MET},
        {"afterany:2(unfulfilled),afternotok:1(unfulfilled)", WF_SLURM_DEPENDS_WAITS},
        {"afterany:2(unfulfilled)?afternotok:1(unfulfilled)", WF_SLURM_DEPENDS_MET},
        {"afterany:1(fulfilled)", WF_SLURM_DEPENDS_MET},
        {"afterok:2(failed)", WF_SLURM_DEPENDS_NEVER},
        {"afternotok:2(unfulfilled)", WF_SLURM_DEPENDS_NEVER}, // it ended well
        {"afterok:3_2(unfulfilled)", WF_SLURM_DEPENDS_NEVER},  // and this one badly
        {"afterok:3_*(unfulfilled)", WF_SLURM_DEPENDS_NEVER},
        {"afternotok:3_2(unfulfilled)", WF_SLURM_DEPENDS_MET},
        {"afternotok:2(unfulfilled),afterany:1(unfulfilled)", WF_SLURM_DEPENDS_NEVER},
        {"afternotok:2(unfulfilled)?afterany:1(unfulfilled)", WF_SLURM_DEPENDS_WAITS},
        {"afterok:99(unfulfilled)", WF_SLURM_DEPENDS_MET}, // Slurm knows better
        {"afterany:3_2(unfulfilled)", WF_SLURM_DEPENDS_MET},
        {"afterany:3_7(unfulfilled)", WF_SLURM_DEPENDS_WAITS},
        {"afterany:3_*(unfulfilled)", WF_SLURM_DEPENDS_WAITS},
        {"afterany:99(unfulfilled)", WF_SLURM_DEPENDS_MET},
        {"singleton(unfulfilled)", WF_SLURM_DEPENDS_STRANGE},
        {"aftercorr:3_*(unfulfilled)", WF_SLURM_DEPENDS_STRANGE},
        {"after:1+5(unfulfilled)", WF_SLURM_DEPENDS_STRANGE},
        {"afterok:", WF_SLURM_DEPENDS_STRANGE},
        {"afterok:1(", WF_SLURM_DEPENDS_STRANGE},
        {"afterok:99999999999", WF_SLURM_DEPENDS_STRANGE},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(texts); i++) {
        if (wf_slurm_depends(picture, texts[i].text) != texts[i].depends) {
            fail_msg("%s comes to %d", texts[i].text, wf_slurm_depends(picture, texts[i].text));
        }
    }
}

static void idling_is_dearer_than_a_restart_after_a_while(void **unused)
{
    (void)unused;
    // As dear as GPUs are in the mean: the boot's rent, and as much for who waits.
    assert_int_equal(wf_power_idle_max_ms(120000, 2000, 2000), 240000);
    // Cheap nodes may idle for longer, dear ones less long.
    assert_int_equal(wf_power_idle_max_ms(120000, 1000, 2000), 360000);
    assert_int_equal(wf_power_idle_max_ms(120000, 4000, 2000), 180000);
    assert_true(wf_power_idle_max_ms(120000, 0, 2000) == INT64_MAX);
}

int main(void)
{
#define WITH_CLUSTER(test) cmocka_unit_test_setup_teardown(test, open_cluster, close_cluster)
    const struct CMUnitTest tests[] = {
        WITH_CLUSTER(nodes_become_pools_of_one_kind),
        WITH_CLUSTER(the_signature_changes_with_what_matters),
        WITH_CLUSTER(what_a_job_has_on_one_node_is_a_task),
        cmocka_unit_test(idling_is_dearer_than_a_restart_after_a_while),
        WITH_CLUSTER(what_we_have_no_word_for_is_left_to_slurm),
        WITH_CLUSTER(our_own_pin_is_no_wish_of_its_owner),
        WITH_CLUSTER(a_job_keeps_its_names),
        WITH_CLUSTER(a_higher_tier_goes_first_and_a_closed_partition_waits),
        WITH_CLUSTER(accounts_share_as_in_slurm),
        WITH_CLUSTER(partitions_that_are_not_ours_have_no_nodes),
        WITH_CLUSTER(other_jobs_are_waited_for_until_they_are_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
