// SPDX-License-Identifier: Apache-2.0
// Options of submit and run become fields of a document.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/live/wish.h"

static struct wf_wish wish;
static struct wf_error err;

static enum wf_status say(const char *name, const char *value)
{
    bool taken = false;
    enum wf_status status = wf_wish_take(&wish, name, value, &taken, &err);
    assert_true(taken);
    return status;
}

// The document {"command": ["true"]} with what was said; "" where it is refused.
static char *document(void)
{
    char *text = NULL;
    json_t *tree = json_pack("{s:[s],s:{s:s}}", "command", "true", "environment", "KEPT", "1");
    if (wf_wish_document(&wish, tree, &text, &err) != WF_OK) {
        text = strdup("");
    }
    json_decref(tree);
    return text;
}

static void assert_has(const char *part)
{
    char *text = document();
    if (!strstr(text, part)) {
        fail_msg("no %s in %s (%s)", part, text, err.text);
    }
    free(text);
}

static int begin(void **state)
{
    (void)state;
    return wf_wish_init(&wish, &err) == WF_OK ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    wf_wish_finish(&wish);
    return 0;
}

static void fields_are_set_and_normal(void **state)
{
    (void)state;
    assert_int_equal(say("name", "x"), WF_OK);
    assert_int_equal(say("gpus", "gpu:h100:8"), WF_OK);
    assert_int_equal(say("tasks", "2"), WF_OK);
    assert_int_equal(say("cpus", "0.5"), WF_OK);
    assert_int_equal(say("hold", NULL), WF_OK);
    assert_has("\"name\":\"x\"");
    assert_has("\"H100:8\"");
    assert_has("\"tasks\":2");
    assert_has("\"hold\":true");
    assert_has("\"KEPT\":\"1\"");
}

static void variables_come_to_those_of_the_document(void **state)
{
    (void)state;
    setenv("WISH_TEST", "from here", 1);
    assert_int_equal(say("env", "A=b=c"), WF_OK);
    assert_int_equal(say("env", "WISH_TEST"), WF_OK);
    assert_has("\"A\":\"b=c\"");
    assert_has("\"KEPT\":\"1\"");
    assert_has("\"WISH_TEST\":\"from here\"");
    assert_int_equal(say("env", "=x"), WF_INVALID);
    assert_int_equal(say("env", "NOT_SET_AT_ALL"), WF_INVALID);
    assert_int_equal(say("env", "BAD=\xff"), WF_INVALID);
}

static void others_are_waited_for_by_number_and_name(void **state)
{
    (void)state;
    assert_int_equal(say("after", "17,train:success"), WF_OK);
    assert_has("\"job\":17");
    assert_has("\"job\":\"train\"");
    assert_has("\"when\":\"success\"");
}

static void an_array_may_have_a_most(void **state)
{
    (void)state;
    assert_int_equal(say("array", "0-9%4"), WF_OK);
    assert_has("\"indices\":\"0-9\"");
    assert_has("\"at_most\":4");
}

static void what_makes_no_sense_is_refused_by_its_field(void **state)
{
    static const char *const wrong[][2] = {{"gpus", "H100:0"},     {"tasks", "-1"},
                                           {"limit", "soon"},      {"array", "0-9%x"},
                                           {"after", "1:somehow"}, {"memory", "-4GiB"}};
    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(wrong); i++) {
        wf_wish_finish(&wish);
        assert_int_equal(wf_wish_init(&wish, &err), WF_OK);
        assert_int_equal(say(wrong[i][0], wrong[i][1]), WF_OK);
        char *text = document();
        assert_string_equal(text, "");
        assert_memory_equal(err.text, wrong[i][0], strlen(wrong[i][0]));
        free(text);
    }
}

static void other_options_are_left_to_others(void **state)
{
    bool taken = true;
    (void)state;
    assert_int_equal(wf_wish_take(&wish, "colour", "red", &taken, &err), WF_OK);
    assert_false(taken);
    assert_int_equal(say("yes", NULL), WF_OK);
    assert_int_equal(say("dry-run", NULL), WF_OK);
    assert_true(wish.yes && wish.dry_run && !wish.parsable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fields_are_set_and_normal, begin, end),
        cmocka_unit_test_setup_teardown(variables_come_to_those_of_the_document, begin, end),
        cmocka_unit_test_setup_teardown(others_are_waited_for_by_number_and_name, begin, end),
        cmocka_unit_test_setup_teardown(an_array_may_have_a_most, begin, end),
        cmocka_unit_test_setup_teardown(what_makes_no_sense_is_refused_by_its_field, begin, end),
        cmocka_unit_test_setup_teardown(other_options_are_left_to_others, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
