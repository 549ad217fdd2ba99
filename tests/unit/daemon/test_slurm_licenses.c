// SPDX-License-Identifier: Apache-2.0
#include "daemon/slurm/licenses.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct wf_slurm_picture *picture;

static void take(const char *line)
{
    char text[1024];
    struct wf_slurm_news news;
    int length = snprintf(text, sizeof text, "%s", line);
    for (int i = 0; i < length; i++) {
        text[i] = text[i] == '\'' ? '"' : text[i];
    }
    assert_int_equal(wf_slurm_picture_take(picture, text, (size_t)length, &news, NULL), WF_OK);
}

static int open_picture(void **unused)
{
    (void)unused;
    if (wf_slurm_picture_create(&picture, NULL) != WF_OK) {
        return -1;
    }
    take("{'is':'license','name':'solver','total':4}");
    take("{'is':'license','name':'mesh','total':9,'reserved':2}");
    take("{'is':'license','name':'far@db','total':9}");
    return 0;
}

static int close_picture(void **unused)
{
    (void)unused;
    wf_slurm_picture_destroy(picture);
    return 0;
}

static const struct wf_slurm_job *job(const char *state, int id, const char *licenses)
{
    char line[512], key[16];
    snprintf(line, sizeof line, "{'is':'job','id':%d,'state':'%s','licenses':'%s'}", id, state,
             licenses);
    take(line);
    snprintf(key, sizeof key, "%d", id);
    return wf_slurm_picture_job(picture, key);
}

static void what_is_more_than_a_list_is_not_ours(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *why;
    } lists[] = {
        {"solver", ""},
        {"solver:4,mesh:2", ""},
        {"solver|mesh", "more than a list"},
        {"solver:0", "more than a list"},
        {"solver:x", "more than a list"},
        {"solver:", "more than a list"},
        {":2", "more than a list"},
        {"solver(2)", "more than a list"},
        {"solver:99999999999", "more than a list"},
        {"solver:5", "more licences than there are: solver:5"},
        {"matlab", "not known: matlab"},
        {"far@db:2", "other clusters share"},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(lists); i++) {
        char why[WF_SLURM_WHY_BYTES];
        wf_licenses_judge(picture, job("pending", 7, lists[i].text), why, sizeof why);
        if (lists[i].why[0] ? !strstr(why, lists[i].why) : why[0] != '\0') {
            fail_msg("%s: %s", lists[i].text, why);
        }
    }
}

static void what_runs_has_its_licences_and_the_rest_is_given_out(void **unused)
{
    (void)unused;
    struct wf_license_rests rests;
    char text[WF_SLURM_WHY_BYTES];
    (void)job("running", 1, "solver:2,mesh");
    (void)job("completed", 2, "solver:2");
    const struct wf_slurm_job *one = job("pending", 3, "solver");
    wf_licenses_count(&rests, picture);
    assert_int_equal(wf_licenses_take(&rests, one, 9), 2);
    assert_int_equal(wf_licenses_take(&rests, one, 1), 0);
    wf_licenses_say(&rests, one, text, sizeof text);
    assert_string_equal(text, "it waits for licences: solver, and 0 of 4 are free");
    // Six of mesh are left: two are reserved, one is used.
    const struct wf_slurm_job *both = job("pending", 4, "mesh:3,solver");
    assert_int_equal(wf_licenses_take(&rests, both, 1), 0);
    const struct wf_slurm_job *mesh = job("pending", 5, "mesh:3");
    assert_int_equal(wf_licenses_take(&rests, mesh, 9), 2);
    assert_int_equal(wf_licenses_take(&rests, job("pending", 6, "matlab"), 1), 0);
    wf_licenses_count(&rests, picture);
    wf_licenses_keep(&rests, job("pending", 8, "solver:3"));
    one = job("pending", 3, "solver");
    assert_int_equal(wf_licenses_take(&rests, one, 1), 0);
    wf_licenses_say(&rests, one, text, sizeof text);
    assert_string_equal(text, "it waits for licences: solver, and 0 of 4 are free");
    (void)job("completed", 1, "solver:2,mesh");
    wf_licenses_count(&rests, picture);
    both = job("pending", 4, "mesh:3,solver");
    assert_int_equal(wf_licenses_take(&rests, both, 9), 2);
}

int main(void)
{
#define WITH_PICTURE(test) cmocka_unit_test_setup_teardown(test, open_picture, close_picture)
    const struct CMUnitTest tests[] = {
        WITH_PICTURE(what_is_more_than_a_list_is_not_ours),
        WITH_PICTURE(what_runs_has_its_licences_and_the_rest_is_given_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
