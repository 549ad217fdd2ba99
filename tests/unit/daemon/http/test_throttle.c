// SPDX-License-Identifier: Apache-2.0
#include "daemon/http/throttle.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compat.h"

static uint64_t address(const char *text)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
        return wf_throttle_address((struct sockaddr *)&in);
    }
    assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
    return wf_throttle_address((struct sockaddr *)&in6);
}

static void so_many_attempts_and_then_one_at_a_time(void **state)
{
    struct wf_throttle *throttle = wf_throttle_create(3, 1000);
    uint64_t here = address("10.0.0.1");
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(wf_throttle_wait_ms(throttle, here, 5000), 0);
        wf_throttle_failed(throttle, here, 5000);
    }
    assert_int_equal(wf_throttle_wait_ms(throttle, here, 5000), 1000);
    assert_int_equal(wf_throttle_wait_ms(throttle, here, 5999), 1);
    assert_int_equal(wf_throttle_wait_ms(throttle, here, 6000), 0);
    wf_throttle_failed(throttle, here, 6000);
    assert_int_equal(wf_throttle_wait_ms(throttle, here, 6000), 1000);
    // After a rest all attempts are there again, and no more than that.
    for (int i = 0; i < 3; i++) {
        assert_int_equal(wf_throttle_wait_ms(throttle, here, 90000), 0);
        wf_throttle_failed(throttle, here, 90000);
    }
    assert_true(wf_throttle_wait_ms(throttle, here, 90000) > 0);
    wf_throttle_destroy(throttle);
}

static void nobody_pays_for_others(void **state)
{
    struct wf_throttle *throttle = wf_throttle_create(1, 1000);
    char text[32];
    (void)state;
    for (int i = 0; i < 60000; i++) {
        snprintf(text, sizeof text, "10.%d.%d.7", i / 256, i % 256);
        wf_throttle_failed(throttle, address(text), i);
    }
    assert_int_equal(wf_throttle_wait_ms(throttle, address("192.0.2.1"), 60000), 0);
    assert_int_equal(wf_throttle_wait_ms(throttle, wf_throttle_user(7), 60000), 0);
    wf_throttle_destroy(throttle);
}

static void a_network_of_ipv6_is_one_address(void **state)
{
    (void)state;
    assert_true(address("2001:db8:1:2::1") == address("2001:db8:1:2:ffff::9"));
    assert_true(address("2001:db8:1:2::1") != address("2001:db8:1:3::1"));
    assert_true(address("::ffff:10.0.0.1") != address("::ffff:10.0.0.2"));
    assert_true(address("10.0.0.1") != address("10.0.0.2"));
    assert_true(wf_throttle_user(1) != wf_throttle_user(2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(so_many_attempts_and_then_one_at_a_time),
        cmocka_unit_test(nobody_pays_for_others),
        cmocka_unit_test(a_network_of_ipv6_is_one_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
