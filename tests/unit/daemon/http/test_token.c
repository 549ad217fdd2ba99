// SPDX-License-Identifier: Apache-2.0
#include "daemon/http/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/http/actor.h"

static void a_token_is_random_text(void **state)
{
    char a[WF_TOKEN_BYTES];
    char b[WF_TOKEN_BYTES];
    struct wf_error err;
    (void)state;
    assert_int_equal(wf_token_make(a, &err), WF_OK);
    assert_int_equal(wf_token_make(b, &err), WF_OK);
    assert_int_equal(strlen(a), WF_TOKEN_BYTES - 1);
    assert_memory_equal(a, "wf_", 3);
    assert_int_equal(strspn(a, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
                     strlen(a));
    assert_string_not_equal(a, b);
}

// So that all 43 letters carry something: over many tokens each place takes many values.
static void every_letter_of_a_token_varies(void **state)
{
    uint64_t seen[WF_TOKEN_BYTES][4] = {0};
    struct wf_error err;
    (void)state;
    for (int i = 0; i < 400; i++) {
        char token[WF_TOKEN_BYTES];
        assert_int_equal(wf_token_make(token, &err), WF_OK);
        for (int at = 3; token[at]; at++) {
            unsigned char letter = (unsigned char)token[at];
            seen[at][letter / 64] |= UINT64_C(1) << letter % 64;
        }
    }
    for (int at = 3; at < WF_TOKEN_BYTES - 1; at++) {
        int values = 0;
        for (int i = 0; i < 4; i++) {
            values += __builtin_popcountll(seen[at][i]);
        }
        // The last letter holds four bits only.
        assert_true(values >= (at == WF_TOKEN_BYTES - 2 ? 16 : 50));
    }
}

static void a_hash_is_the_sha256(void **state)
{
    char hash[WF_TOKEN_HASH_BYTES];
    (void)state;
    wf_token_hash("abc", hash);
    assert_string_equal(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void roles_have_names(void **state)
{
    enum wf_role role = WF_ROLE_NONE;
    (void)state;
    assert_true(wf_role_find("operator", &role));
    assert_int_equal(role, WF_ROLE_OPERATOR);
    assert_false(wf_role_find("none", &role));
    assert_false(wf_role_find("root", &role));
    assert_string_equal(wf_role_name(WF_ROLE_ADMIN), "admin");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_random_text),
        cmocka_unit_test(every_letter_of_a_token_varies),
        cmocka_unit_test(a_hash_is_the_sha256),
        cmocka_unit_test(roles_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
