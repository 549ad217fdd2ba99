// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/post.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void ask(struct wf_post *post)
{
    static const char text[] = "{\"do\":\"hold\",\"request\":7,\"job\":12}";
    struct wf_request *request;
    struct wf_error err = {0};
    int64_t number;
    const char *code;
    if (wf_request_read(text, strlen(text), &request, &number, &code, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    assert_true(wf_post_request(post, request));
}

static bool has_request(struct wf_post *post)
{
    struct wf_turn turn;
    wf_post_wait(post, 0, &turn);
    bool has = turn.request != NULL;
    wf_request_destroy(turn.request);
    return has;
}

static void what_a_silent_daemon_asked_for_is_dropped(void **state)
{
    (void)state;
    struct wf_post *post = wf_post_create();
    assert_non_null(post);
    wf_post_connect(post);
    ask(post);
    wf_post_silence(post, true);
    assert_true(wf_post_drop(post));
    assert_false(has_request(post));
    wf_post_destroy(post);
}

// It was silent when the turn began, and is heard before the turn drops anything.
static void what_it_asks_for_once_it_is_heard_again_stays(void **state)
{
    (void)state;
    struct wf_post *post = wf_post_create();
    struct wf_turn turn;
    assert_non_null(post);
    wf_post_connect(post);
    wf_post_silence(post, true);
    wf_post_wait(post, 0, &turn);
    assert_true(turn.silent);
    wf_post_silence(post, false);
    ask(post);
    assert_false(wf_post_drop(post));
    assert_true(has_request(post));
    wf_post_destroy(post);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_silent_daemon_asked_for_is_dropped),
        cmocka_unit_test(what_it_asks_for_once_it_is_heard_again_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
