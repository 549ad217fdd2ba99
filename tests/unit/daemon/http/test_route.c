// SPDX-License-Identifier: Apache-2.0
#include "daemon/http/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct wf_route table[] = {
    {.method = "GET", .pattern = "/v1/jobs", .parameters = {"state", "user", "limit"}},
    {.method = "POST", .pattern = "/v1/jobs"},
    {.method = "GET", .pattern = "/v1/jobs/all"},
    {.method = "GET", .pattern = "/v1/jobs/{job}"},
    {.method = "POST", .pattern = "/v1/jobs/{job}/{verb}"},
};
static const struct wf_routes routes = {table, WF_COUNT_OF(table)};

static struct wf_target target;
static const struct wf_route *route;
static char allow[WF_ROUTE_ALLOW_BYTES];

static enum wf_route_match match(const char *method, const char *path)
{
    struct wf_error err;
    route = NULL;
    assert_int_equal(wf_target_parse(path, strlen(path), &target, &err), WF_OK);
    return wf_routes_match(&routes, method, &target, &route, allow);
}

static void the_first_pattern_that_fits_answers(void **state)
{
    (void)state;
    assert_int_equal(match("GET", "/v1/jobs"), WF_ROUTE_FOUND);
    assert_ptr_equal(route, &table[0]);
    assert_int_equal(match("POST", "/v1/jobs"), WF_ROUTE_FOUND);
    assert_ptr_equal(route, &table[1]);
    assert_int_equal(match("GET", "/v1/jobs/all"), WF_ROUTE_FOUND);
    assert_ptr_equal(route, &table[2]);
    assert_int_equal(match("GET", "/v1/jobs/17"), WF_ROUTE_FOUND);
    assert_ptr_equal(route, &table[3]);
    assert_int_equal(match("HEAD", "/v1/jobs/17"), WF_ROUTE_FOUND);
    assert_ptr_equal(route, &table[3]);
    assert_int_equal(match("POST", "/v1/jobs/17/cancel"), WF_ROUTE_FOUND);
    assert_ptr_equal(route, &table[4]);
}

static void a_path_of_nobody_is_not_found(void **state)
{
    (void)state;
    assert_int_equal(match("GET", "/"), WF_ROUTE_NO_PATH);
    assert_int_equal(match("GET", "/v1"), WF_ROUTE_NO_PATH);
    assert_int_equal(match("GET", "/v1/job"), WF_ROUTE_NO_PATH);
    assert_int_equal(match("GET", "/v1/jobss"), WF_ROUTE_NO_PATH);
    assert_int_equal(match("GET", "/V1/jobs"), WF_ROUTE_NO_PATH);
    assert_int_equal(match("POST", "/v1/jobs/17/cancel/now"), WF_ROUTE_NO_PATH);
}

static void a_wrong_method_is_told_the_right_ones(void **state)
{
    (void)state;
    assert_int_equal(match("PUT", "/v1/jobs"), WF_ROUTE_NO_METHOD);
    assert_string_equal(allow, "GET, HEAD, POST");
    assert_int_equal(match("get", "/v1/jobs"), WF_ROUTE_NO_METHOD);
    assert_null(route);
}

static void a_strange_parameter_gets_a_suggestion(void **state)
{
    const char *near = "";
    (void)state;
    match("GET", "/v1/jobs?state=waiting&limit=3");
    assert_null(wf_route_stranger(route, &target, &near));
    match("GET", "/v1/jobs?state=waiting&limt=3");
    assert_string_equal(wf_route_stranger(route, &target, &near), "limt");
    assert_string_equal(near, "limit");
    match("GET", "/v1/jobs?zebra=3");
    assert_string_equal(wf_route_stranger(route, &target, &near), "zebra");
    assert_null(near);
}

static void segments_have_names(void **state)
{
    (void)state;
    assert_int_equal(wf_route_segment(&table[4], "job"), 2);
    assert_int_equal(wf_route_segment(&table[4], "verb"), 3);
    assert_int_equal(wf_route_segment(&table[4], "jo"), UINT32_MAX);
    assert_int_equal(wf_route_segment(&table[0], "jobs"), UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_pattern_that_fits_answers),
        cmocka_unit_test(a_path_of_nobody_is_not_found),
        cmocka_unit_test(a_wrong_method_is_told_the_right_ones),
        cmocka_unit_test(a_strange_parameter_gets_a_suggestion),
        cmocka_unit_test(segments_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
