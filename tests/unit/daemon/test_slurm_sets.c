// SPDX-License-Identifier: Apache-2.0
#include "daemon/slurm/sets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/slurm/translate.h"

enum { NOW_MS = 1000000, MINUTE_MS = 60000 };

static struct wf_slurm_picture *picture;
static struct wf_slurm_cluster cluster;
static struct wf_list_prices prices;
static struct wf_slurm_sets sets;
static struct wf_slurm_view view;
static struct wf_slurm_words words;

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

static int open_cluster(void **unused)
{
    (void)unused;
    if (wf_slurm_picture_create(&picture, NULL) != WF_OK ||
        wf_list_prices_init(&prices, NULL, NULL) != WF_OK) {
        return -1;
    }
    view = (struct wf_slurm_view){
        .picture = picture, .prices = &prices, .sets = &sets, .now_ms = NOW_MS};
    for (int i = 1; i <= 4; i++) {
        take("{'is':'node','name':'n%d','cpus':8,'memory_mib':1000,'features':['%s'],"
             "'partitions':['p']}",
             i,
             i == 1   ? "ib"
             : i == 2 ? "roce"
                      : "slow");
    }
    take("{'is':'partition','name':'p','nodes':['n1']}");
    return 0;
}

static int close_cluster(void **unused)
{
    (void)unused;
    wf_job_document_finish(&words.document);
    words = (struct wf_slurm_words){0};
    wf_slurm_sets_finish(&sets);
    wf_slurm_cluster_finish(&cluster);
    wf_list_prices_finish(&prices);
    wf_slurm_picture_destroy(picture);
    return 0;
}

static void look(void)
{
    struct wf_error err = {.text = ""};
    wf_slurm_sets_look(&sets, &view);
    wf_slurm_cluster_finish(&cluster);
    if (wf_slurm_cluster_init(&cluster, &view, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
}

// The job as it is told now; nodes: those that it may start on, by the labels that it gets.
static void may_start_on(const char *members, const char *nodes)
{
    struct wf_error err = {.text = ""};
    char found[64] = "";
    take("{'is':'job','id':7,'user':'ada','partition':'p','state':'pending'%s%s%s}",
         strstr(members, "limit_ms") ? "" : ",'limit_ms':600000", members[0] ? "," : "", members);
    look();
    wf_job_document_finish(&words.document);
    assert_int_equal(
        wf_slurm_translate(&cluster, &view, wf_slurm_picture_job(picture, "7"), &words, &err),
        WF_OK);
    if (words.left) {
        fail_msg("%s: %s", members, words.why);
    }
    for (uint32_t i = 0; i < cluster.site.node_count; i++) {
        const struct wf_site_node *node = &cluster.site.nodes[i];
        bool all = true;
        for (uint32_t j = 0; j < words.document.label_count; j++) {
            bool has = false;
            for (uint32_t k = 0; k < cluster.site.label_count; k++) {
                const struct wf_site_label *label = &cluster.site.labels[k];
                has = has || (strcmp(label->name, words.document.labels[j]) == 0 &&
                              (node->spec.labels >> label->number & 1) != 0);
            }
            all = all && has;
        }
        size_t used = strlen(found);
        if (all) {
            snprintf(found + used, sizeof found - used, "%s%s", used > 0 ? " " : "", node->name);
        }
    }
    if (strcmp(found, nodes) != 0) {
        fail_msg("%s: it may start on %s, not on %s", members, found, nodes);
    }
}

static void a_job_starts_on_nodes_that_it_wants(void **unused)
{
    (void)unused;
    may_start_on("", "n1 n2 n3 n4");
    assert_int_equal(words.document.label_count, 0);
    may_start_on("'required_nodes':['n2']", "n2");
    may_start_on("'required_nodes':['n2'],'decision':'j1-1','ours':true", "n1 n2 n3 n4");
    may_start_on("'required_nodes':['n2'],'decision':'j1-1','ours':true,'wanted_nodes':['n3']",
                 "n3");
    may_start_on("'excluded_nodes':['n2','n3']", "n1 n4");
    may_start_on("'features':'ib|roce'", "n1 n2");
    may_start_on("'features':'[ib|roce]','excluded_nodes':['n1']", "n2");
    may_start_on("'features':'ib|roce','required_nodes':['n3']", ""); // it waits for ever
    may_start_on("'required_nodes':['n4','n2'],'nodes_min':2", "n2 n4");
    assert_int_equal(words.document.tasks, 2);
    assert_true(words.document.apart);
}

static void sets_stay_while_somebody_has_them(void **unused)
{
    (void)unused;
    may_start_on("'required_nodes':['n2']", "n2");
    uint64_t version = sets.version;
    look();
    assert_true(sets.version == version);
    for (int i = 0; i < WF_SLURM_SETS_MAX + 2; i++) {
        take("{'is':'job','id':%d,'user':'ada','partition':'p','state':'pending',"
             "'excluded_nodes':['m%d']}",
             100 + i, i);
    }
    look();
    may_start_on("'required_nodes':['n2']", "n2");
    struct wf_error err = {.text = ""};
    wf_job_document_finish(&words.document);
    assert_int_equal(
        wf_slurm_translate(&cluster, &view, wf_slurm_picture_job(picture, "125"), &words, &err),
        WF_OK);
    assert_true(words.left);
    assert_non_null(strstr(words.why, "too many lists"));
    for (int i = 0; i < WF_SLURM_SETS_MAX; i++) {
        take("{'is':'job','id':%d,'user':'ada','partition':'p','state':'running'}", 100 + i);
    }
    look();
    wf_job_document_finish(&words.document);
    assert_int_equal(
        wf_slurm_translate(&cluster, &view, wf_slurm_picture_job(picture, "125"), &words, &err),
        WF_OK);
    assert_false(words.left);
}

static void nothing_starts_that_would_run_into_a_reservation(void **unused)
{
    (void)unused;
    take("{'is':'reservation','name':'late','nodes':['n3'],'start_ms':%d,'end_ms':%d}",
         NOW_MS + 30 * MINUTE_MS, NOW_MS + 90 * MINUTE_MS);
    take("{'is':'reservation','name':'now','nodes':['n1'],'start_ms':%d,'end_ms':%d}", NOW_MS / 2,
         NOW_MS + 90 * MINUTE_MS);
    take("{'is':'reservation','name':'licences','start_ms':%d,'end_ms':%d}", NOW_MS / 2,
         NOW_MS + 90 * MINUTE_MS);
    may_start_on("", "n2 n3 n4");
    // It may not any more half a minute before the reservation and its ten minutes.
    assert_true(sets.turn_ms == NOW_MS + 20 * MINUTE_MS - WF_SLURM_WINDOW_MARGIN_MS);
    view.now_ms = sets.turn_ms + 1;
    may_start_on("", "n2 n4");
    view.now_ms = NOW_MS;
    may_start_on("'begin_ms':2500000", "n2 n4");
    may_start_on("'limit_ms':-1", "n2 n4");
    may_start_on("'reservation':'now'", "n1");
    assert_true(words.document.begin_ms == NOW_MS / 2);
    may_start_on("'reservation':'late','required_nodes':['n3']", "n3");
    assert_true(words.document.begin_ms == NOW_MS + 30 * MINUTE_MS);
    may_start_on("'reservation':'never'", "");
    assert_true(words.waits);
    assert_non_null(strstr(words.why, "not there: never"));
    take("{'is':'partition','name':'p','nodes':['n1'],'limit_ms':60000}");
    may_start_on("'limit_ms':-1", "n2 n3 n4");
    take("{'is':'reservation_gone','name':'now'}");
    may_start_on("", "n1 n2 n3 n4");
}

static void many_reservations_come_to_few_sets(void **unused)
{
    (void)unused;
    for (int i = 0; i < WF_SLURM_WINDOWS_MAX + 6; i++) {
        take("{'is':'reservation','name':'r%d','nodes':['n%d'],'start_ms':%d,'end_ms':99999999}", i,
             i < 4    ? 1
             : i == 4 ? 2
                      : 3,
             NOW_MS + (90 - i) * MINUTE_MS);
    }
    // Of those the first 64, by their start, are looked at, which are all of n3.
    assert_int_equal(sets.window_count, 0);
    may_start_on("'limit_ms':1320000", "n1 n2 n4"); // the first begins in 21 minutes
    may_start_on("'limit_ms':6000000", "n1 n2 n4");
    assert_int_equal(sets.window_count, WF_SLURM_WINDOWS_MAX);
    uint32_t used = 0;
    for (int i = 0; i < 200; i++) {
        take("{'is':'job','id':%d,'user':'ada','partition':'p','state':'pending','limit_ms':%d}",
             100 + i, (i + 1) * MINUTE_MS);
    }
    look();
    for (uint32_t i = 0; i < WF_SLURM_SETS_MAX; i++) {
        used += sets.sets[i].rule && sets.sets[i].wanted;
    }
    assert_true(used > 1 && used <= 6);
}

int main(void)
{
#define WITH_CLUSTER(test) cmocka_unit_test_setup_teardown(test, open_cluster, close_cluster)
    const struct CMUnitTest tests[] = {
        WITH_CLUSTER(a_job_starts_on_nodes_that_it_wants),
        WITH_CLUSTER(sets_stay_while_somebody_has_them),
        WITH_CLUSTER(nothing_starts_that_would_run_into_a_reservation),
        WITH_CLUSTER(many_reservations_come_to_few_sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
