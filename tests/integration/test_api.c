// SPDX-License-Identifier: Apache-2.0
// The API over HTTP, on a desk whose engine is made of memory. Every answer is held against the
// description that is served, and in the end every route has been asked.
#include <curl/curl.h>
#include <unistd.h>

#include "integration/api_client.h"

static struct api_client client;

static const json_t *at(const json_t *answer, const char *name)
{
    const json_t *value = json_object_get(answer, name);
    assert_non_null(value);
    return value;
}

static const char *text_at(const json_t *answer, const char *name)
{
    return json_string_value(at(answer, name));
}

static void assert_error(int status, const char *code, const char *field, const char *words)
{
    json_t *root = json_loads(client.text, 0, NULL);
    const json_t *error = at(root, "error");
    assert_int_equal(client.status, status);
    assert_string_equal(text_at(error, "code"), code);
    if (field) {
        assert_string_equal(text_at(error, "field"), field);
    }
    assert_non_null(strstr(text_at(error, "message"), words));
    json_decref(root);
}

// Submits one and returns its id.
static long long submit(const char *document)
{
    json_t *answer = client_get(&client, 201, "POST", "/v1/jobs", document);
    return json_integer_value(at(answer, "id"));
}

static void the_table_and_the_description_say_the_same(void **state)
{
    struct wf_routes routes = wf_api_routes();
    const char *path, *method;
    json_t *methods, *operation, *parameter;
    size_t operations = 0, i;
    (void)state;
    json_object_foreach(json_object_get(client.description, "paths"), path, methods)
    {
        json_object_foreach(methods, method, operation)
        {
            const struct wf_route *route = NULL;
            uint32_t queries = 0;
            operations++;
            for (uint32_t r = 0; r < routes.count; r++) {
                if (strcmp(routes.routes[r].pattern, path) == 0 &&
                    strcasecmp(routes.routes[r].method, method) == 0) {
                    route = &routes.routes[r];
                }
            }
            assert_non_null(route);
            assert_string_equal(text_at(operation, "operationId"), route->operation);
            assert_string_equal(text_at(operation, "x-role"), wf_role_name(route->role));
            assert_int_equal(json_object_get(operation, "requestBody") != NULL,
                             route->body == WF_BODY_JSON);
            json_array_foreach(json_object_get(operation, "parameters"), i, parameter)
            {
                const char *name = text_at(parameter, "name");
                if (strcmp(text_at(parameter, "in"), "path") == 0) {
                    assert_int_not_equal(wf_route_segment(route, name), UINT32_MAX);
                    continue;
                }
                bool known = false;
                for (uint32_t p = 0; route->parameters[p]; p++) {
                    known = known || strcmp(route->parameters[p], name) == 0;
                }
                assert_true(known);
                queries++;
            }
            uint32_t count = 0;
            while (route->parameters[count]) {
                count++;
            }
            assert_int_equal(count, queries);
        }
    }
    assert_int_equal(operations, routes.count);
}

static void a_job_goes_from_submission_to_its_cost(void **state)
{
    char path[128];
    (void)state;
    long long id =
        submit("{\"name\":\"train\",\"command\":[\"sleep\",\"9\"],\"gpus\":\"H100:1\",\"cpus\":2}");
    client_settle(&client);
    json_t *answer = client_get(&client, 200, "GET", "/v1/jobs/train", NULL);
    assert_int_equal(json_integer_value(at(answer, "id")), id);
    assert_int_equal(json_integer_value(at(answer, "gpus")), 1);
    assert_string_equal(json_string_value(json_array_get(at(answer, "models"), 0)), "H100");
    assert_true(json_is_object(at(answer, "document")));
    char run[32];
    snprintf(run, sizeof run, "j%lld-1", id);
    bed_begin(&client.bed, run);
    client_settle(&client);
    snprintf(path, sizeof path, "/v1/jobs/%lld", id);
    assert_string_equal(text_at(client_get(&client, 200, "GET", path, NULL), "state"), "running");
    assert_true(json_is_string(at(client_get(&client, 200, "GET", path, NULL), "node")));
    answer = client_get(&client, 200, "GET", "/v1/jobs/train/explain", NULL);
    assert_string_equal(text_at(answer, "state"), "running");
    // Its own GPU counts as free: the one node there is, and what it costs by the policy's terms.
    const json_t *chosen = json_array_get(at(answer, "candidates"), 0);
    assert_true(json_is_true(at(chosen, "runs_here")));
    assert_true(json_array_size(at(chosen, "terms")) > 0);
    assert_true(json_is_integer(at(json_array_get(at(chosen, "terms"), 0), "nanousd_per_hour")));
    const json_t *placed =
        json_array_get(at(answer, "history"), json_array_size(at(answer, "history")) - 1);
    assert_string_equal(text_at(placed, "what"), "placed");
    assert_string_equal(text_at(placed, "node"), "here");
    assert_non_null(strstr(text_at(answer, "text"), "It runs on here, GPU 0, since "));
    assert_non_null(strstr(text_at(answer, "text"), "What there is to choose from now"));
    assert_non_null(strstr(text_at(answer, "text"), "total"));
    bed_later(&client.bed, 3600000);
    bed_end(&client.bed, run, WF_RUN_END_EXIT, 0);
    client_settle(&client);
    answer = client_get(&client, 200, "GET", path, NULL);
    assert_string_equal(text_at(answer, "state"), "done");
    assert_int_equal(json_integer_value(at(at(answer, "exit"), "code")), 0);
    // An hour of one GPU at a dollar.
    assert_int_equal(json_integer_value(at(answer, "cost_nanousd")), 1000000000);
    answer = client_get(&client, 200, "GET", "/v1/cost?by=job", NULL);
    assert_int_equal(json_integer_value(at(at(answer, "total"), "cost_nanousd")), 1000000000);
    assert_int_equal(json_array_size(at(answer, "rows")), 1);
    snprintf(path, sizeof path, "/v1/jobs/%lld/runs", id);
    answer = client_get(&client, 200, "GET", path, NULL);
    assert_int_equal(json_array_size(at(answer, "runs")), 1);
    client_get(&client, 200, "GET", "/v1/jobs/train/explain", NULL);
    assert_non_null(strstr(client.text, "It is over since"));
}

static void what_waits_is_explained_held_released_and_cancelled(void **state)
{
    (void)state;
    submit("{\"name\":\"all\",\"command\":[\"x\"],\"gpus\":\"H100:4\"}");
    long long id = submit("{\"name\":\"next\",\"command\":[\"x\"],\"gpus\":\"H100:4\"}");
    client_settle(&client);
    json_t *answer = client_get(&client, 200, "GET", "/v1/jobs/next/explain", NULL);
    assert_int_equal(json_integer_value(at(answer, "id")), id);
    assert_string_equal(text_at(answer, "state"), "waiting");
    assert_true(json_array_size(at(answer, "blockers")) > 0);
    const char *text = text_at(answer, "text");
    assert_non_null(strstr(text, "1. It "));
    assert_non_null(strstr(text, "nodes can take it now"));
    assert_non_null(strstr(text, "It is expected to start at "));
    assert_non_null(strstr(text, "8 of 10 such jobs start between "));
    assert_non_null(strstr(text, "How it came about:"));
    const json_t *start = at(answer, "expected_start_ms");
    int64_t middle_ms = json_integer_value(at(start, "p50"));
    assert_true(json_integer_value(at(start, "p10")) <= middle_ms);
    assert_true(middle_ms < json_integer_value(at(start, "p90"))); // nobody is certain
    assert_true(middle_ms >= json_integer_value(at(answer, "asked_ms")));
    const json_t *step = json_array_get(at(answer, "history"), 0);
    assert_string_equal(text_at(step, "what"), "waits");
    assert_string_equal(text_at(step, "reason"), "room");
    client_get(&client, 200, "POST", "/v1/jobs/next/hold?dry_run=true", NULL);
    client_get(&client, 200, "POST", "/v1/jobs/next/hold", NULL);
    client_settle(&client);
    answer = client_get(&client, 200, "GET", "/v1/jobs/next/explain", NULL);
    assert_true(json_is_null(at(answer, "expected_start_ms"))); // that is up to somebody
    assert_non_null(strstr(text_at(answer, "text"), "cannot be estimated"));
    answer = client_get(&client, 200, "GET", "/v1/jobs?state=held", NULL);
    assert_int_equal(json_array_size(at(answer, "jobs")), 1);
    client_get(&client, 200, "POST", "/v1/jobs/next/release", NULL);
    client_get(&client, 200, "POST", "/v1/jobs/next/cancel", NULL);
    client_settle(&client);
    answer = client_get(&client, 200, "GET", "/v1/jobs/next", NULL);
    assert_string_equal(text_at(answer, "state"), "cancelled");
    client_ask(&client, "POST", "/v1/jobs/next/hold", NULL);
    assert_true(client.status == 409 || client.status == 404);
}

// A GPU costs a dollar an hour there.
static void a_dry_run_tells_offers_and_changes_nothing(void **state)
{
    (void)state;
    client_settle(&client);
    json_t *answer =
        client_get(&client, 200, "POST", "/v1/jobs?dry_run=true",
                   "{\"command\":[\"x\"],\"gpus\":\"H100:2\",\"limit\":\"3h\",\"expect\":\"2h\"}");
    const json_t *offer = json_array_get(at(answer, "offers"), 0);
    assert_true(json_is_true(json_object_get(offer, "chosen")));
    assert_string_equal(text_at(offer, "pool"), "pool");
    assert_string_equal(text_at(offer, "price_source"), "a test");
    assert_int_equal(json_integer_value(at(answer, "nanousd_per_hour")), INT64_C(2000000000));
    assert_true(json_integer_value(at(answer, "nanousd_p90")) <= INT64_C(6000000000));
    assert_string_equal(text_at(at(answer, "start"), "when"), "now");
    assert_non_null(strstr(text_at(answer, "text"), "It costs $2.00 an hour"));
    answer = client_get(&client, 200, "GET", "/v1/jobs?state=live", NULL);
    size_t before = json_array_size(at(answer, "jobs"));
    long long full = submit("{\"name\":\"full\",\"command\":[\"x\"],\"gpus\":\"H100:4\"}");
    client_settle(&client);
    answer = client_get(&client, 200, "POST", "/v1/jobs?dry_run=true",
                        "{\"command\":[\"x\"],\"gpus\":\"H100:4\"}");
    assert_string_not_equal(text_at(at(answer, "start"), "when"), "now");
    assert_true(json_is_null(at(answer, "id")));
    answer = client_get(&client, 200, "GET", "/v1/jobs?state=live", NULL);
    assert_int_equal(json_array_size(at(answer, "jobs")), before + 1);
    client_get(&client, 200, "POST", "/v1/jobs/full/cancel", NULL);
    client_settle(&client);
    char run[32];
    snprintf(run, sizeof run, "j%lld-1", full);
    bed_end(&client.bed, run, WF_RUN_END_CANCELLED, -1);
    client_settle(&client);
}

static void jobs_come_in_pages(void **state)
{
    json_t *answer;
    (void)state;
    answer = client_get(&client, 201, "POST", "/v1/jobs",
                        "{\"command\":[\"x\"],\"name\":\"many\",\"array\":{\"indices\":\"0-24\"}}");
    assert_int_equal(json_array_size(at(answer, "ids")), 25);
    client_settle(&client);
    answer = client_get(&client, 200, "GET", "/v1/jobs?name=many&limit=10", NULL);
    assert_int_equal(json_array_size(at(answer, "jobs")), 10);
    char path[64];
    uint32_t seen = 10;
    while (json_is_integer(at(answer, "next"))) {
        snprintf(path, sizeof path, "/v1/jobs?name=many&limit=10&after=%lld",
                 (long long)json_integer_value(at(answer, "next")));
        answer = client_get(&client, 200, "GET", path, NULL);
        seen += (uint32_t)json_array_size(at(answer, "jobs"));
    }
    assert_int_equal(seen, 25);
    answer = client_get(&client, 200, "GET", "/v1/jobs?order=newest&limit=1", NULL);
    assert_int_equal(json_array_size(at(answer, "jobs")), 1);
}

static void bad_requests_name_the_field(void **state)
{
    static const struct {
        const char *method, *path, *body;
        int status;
        const char *code, *field, *words;
    } cases[] = {
        {"POST", "/v1/jobs", "{", 400, "invalid", NULL, ""},
        {"POST", "/v1/jobs", "[]", 400, "invalid", NULL, ""},
        {"POST", "/v1/jobs", "{\"command\":[\"x\"],\"gpu\":1}", 400, "invalid", "gpu", "gpus"},
        {"POST", "/v1/jobs", "{\"command\":7}", 400, "invalid", "command", ""},
        {"POST", "/v1/jobs", "{\"command\":[\"x\"],\"gpus\":\"H100:x\"}", 400, "invalid", "gpus",
         ""},
        {"POST", "/v1/jobs", "{\"command\":[\"x\"],\"queue\":\"nowhere\"}", 400, "invalid", "queue",
         "nowhere"},
        {"GET", "/v1/jobs/999999", NULL, 404, "not_found", "job", "there is no job"},
        {"GET", "/v1/jobs/nobody/explain", NULL, 404, "not_found", "job", "there is no job"},
        {"GET", "/v1/jobs?state=waitin", NULL, 400, "invalid", "state", "did you mean 'waiting'"},
        {"GET", "/v1/jobs?limit=0", NULL, 400, "invalid", "limit", ""},
        {"GET", "/v1/jobs?limit=1001", NULL, 400, "invalid", "limit", "0 to 1000"},
        {"GET", "/v1/jobs?after=-1", NULL, 400, "invalid", "after", ""},
        {"GET", "/v1/jobs?lmit=1", NULL, 400, "invalid", "lmit", "did you mean 'limit'"},
        {"GET", "/v1/cost?by=colour", NULL, 400, "invalid", "by", "user, queue, job, pool"},
        {"GET", "/v1/jobs/train/logs?task=x", NULL, 400, "invalid", "task", ""},
        {"GET", "/v1/jobs/train/logs?run=99", NULL, 404, "not_found", "run", ""},
        {"POST", "/v1/nodes/nowhere/drain", NULL, 404, "not_found", NULL, "nowhere"},
        {"DELETE", "/v1/tokens/99", NULL, 404, "not_found", "token", "there is no token 99"},
        {"DELETE", "/v1/tokens/x", NULL, 404, "not_found", "token", ""},
        {"POST", "/v1/tokens", "{\"name\":\"a\",\"role\":\"king\"}", 400, "invalid", "role",
         "king"},
        {"POST", "/v1/tokens", "{\"role\":\"viewer\"}", 400, "invalid", "name", "needs a name"},
        {"POST", "/v1/tokens", "{\"name\":\"a\",\"role\":\"viewer\",\"days\":0}", 400, "invalid",
         "days", ""},
        {"POST", "/v1/tokens", "{\"name\":\"a\",\"rol\":\"viewer\"}", 400, "invalid", "rol", ""},
        {"PUT", "/v1/jobs", NULL, 405, "method_not_allowed", "method", "GET, HEAD, POST"},
    };
    (void)state;
    submit("{\"name\":\"train\",\"command\":[\"x\"]}");
    client_settle(&client);
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        client_ask(&client, cases[i].method, cases[i].path, cases[i].body);
        if (client.status != cases[i].status) {
            fprintf(stderr, "# %s %s: %s\n", cases[i].method, cases[i].path, client.text);
        }
        assert_error(cases[i].status, cases[i].code, cases[i].field, cases[i].words);
    }
}

static void tokens_have_rights_and_an_end(void **state)
{
    char first[64], path[64];
    (void)state;
    snprintf(first, sizeof first, "%s", client.token);
    json_t *answer = client_get(&client, 201, "POST", "/v1/tokens",
                                "{\"name\":\"eve\",\"role\":\"submitter\",\"user\":\"nobody\","
                                "\"days\":2}");
    long long id = json_integer_value(at(answer, "id"));
    char eve[64];
    snprintf(eve, sizeof eve, "%s", text_at(answer, "token"));
    long long mine = submit("{\"name\":\"mine\",\"command\":[\"x\"],\"hold\":true}");

    snprintf(client.token, sizeof client.token, "%s", eve);
    client_get(&client, 403, "GET", "/v1/tokens", NULL);
    client_get(&client, 403, "POST", "/v1/nodes/n/drain", NULL);
    snprintf(path, sizeof path, "/v1/jobs/%lld/cancel", mine);
    client_ask(&client, "POST", path, NULL);
    assert_true(client.status == 403 || client.status == 404);
    snprintf(path, sizeof path, "/v1/jobs/%lld/logs", mine);
    client_get(&client, 403, "GET", path, NULL);
    snprintf(path, sizeof path, "/v1/jobs/%lld", mine);
    assert_true(json_is_null(at(client_get(&client, 200, "GET", path, NULL), "document")));
    bed_later(&client.bed, INT64_C(3) * 86400000);
    client_get(&client, 401, "GET", "/v1/nodes", NULL);
    assert_error(401, "unauthenticated", NULL, "expired");

    snprintf(client.token, sizeof client.token, "%s", first);
    snprintf(path, sizeof path, "/v1/tokens/%lld", id);
    answer = client_get(&client, 200, "DELETE", path, NULL);
    assert_true(json_is_integer(at(answer, "revoked_ms")));
    answer = client_get(&client, 200, "GET", "/v1/tokens", NULL);
    assert_int_equal(json_array_size(at(answer, "tokens")), 2);
    assert_null(strstr(client.text, "hash"));
    snprintf(client.token, sizeof client.token, "%s", eve);
    client_get(&client, 401, "GET", "/v1/nodes", NULL);
    assert_error(401, "unauthenticated", NULL, "no such token");
    snprintf(client.token, sizeof client.token, "%s", first);
    // All of it is in the audit.
    client_settle(&client);
    client_get(&client, 200, "GET", "/v1/audit?limit=1000", NULL);
    assert_non_null(strstr(client.text, "\"actor\":\"first\""));
    assert_non_null(strstr(client.text, "submit"));
    // Who was refused for a token or a role, too: without the secret, and with the place.
    assert_non_null(
        strstr(client.text, "\"status\":401,\"why\":\"no such token\",\"from\":\"127.0.0.1\""));
    assert_non_null(strstr(client.text, "\"status\":403,\"why\":\"needs the role admin\""));
    assert_non_null(strstr(client.text, "\"outcome\":\"refused\""));
    assert_null(strstr(client.text, "wf_"));
    uint32_t refused = 0;
    for (const char *row = client.text; (row = strstr(row, "\"action\":\"ask\"")); row++) {
        refused++;
    }
    // Asked again and again, it is not told again and again.
    answer =
        client_get(&client, 201, "POST", "/v1/tokens", "{\"name\":\"screen\",\"role\":\"viewer\"}");
    snprintf(client.token, sizeof client.token, "%s", text_at(answer, "token"));
    for (uint32_t i = 0; i < 300; i++) {
        client_get(&client, 403, "GET", "/v1/audit", NULL);
    }
    snprintf(client.token, sizeof client.token, "%s", first);
    client_settle(&client);
    client_get(&client, 200, "GET", "/v1/audit?limit=1000", NULL);
    uint32_t told = 0;
    for (const char *row = client.text; (row = strstr(row, "\"action\":\"ask\"")); row++) {
        told++;
    }
    assert_true(told > refused && told < refused + 100);
}

static void nodes_queues_and_the_rest_are_told(void **state)
{
    (void)state;
    json_t *answer = client_get(&client, 200, "GET", "/v1/nodes", NULL);
    const json_t *node = json_array_get(at(answer, "nodes"), 0);
    assert_int_equal(json_integer_value(at(node, "gpus")), BED_GPUS);
    char path[128];
    snprintf(path, sizeof path, "/v1/nodes/%.60s/drain", text_at(node, "name"));
    client_get(&client, 200, "POST", path, NULL);
    client_settle(&client);
    answer = client_get(&client, 200, "GET", "/v1/nodes", NULL);
    node = json_array_get(at(answer, "nodes"), 0);
    assert_string_equal(text_at(node, "state"), "drained");
    snprintf(path, sizeof path, "/v1/nodes/%.60s/undrain", text_at(node, "name"));
    client_get(&client, 200, "POST", path, NULL);
    answer = client_get(&client, 200, "GET", "/v1/queues", NULL);
    assert_true(json_array_size(at(answer, "queues")) > 0);
    answer = client_get(&client, 200, "GET", "/v1/version", NULL);
    assert_string_equal(text_at(answer, "version"), "1.2.3");
    client_get(&client, 200, "GET", "/v1/health", NULL);
    client_get(&client, 200, "GET", "/v1/openapi.json", NULL);
    client_get(&client, 200, "GET", "/metrics", NULL);
    assert_non_null(strstr(client.text, "\nwhaleflux_info{version=\"1.2.3\"} 1\n"));
    assert_non_null(strstr(client.text, "\nwhaleflux_jobs{state=\"waiting\"} "));
}

static void windows_hosts_are_told_in_pages(void **state)
{
    (void)state;
    const json_t *answer = client_get(&client, 200, "GET", "/v1/hags", NULL);
    const json_t *watch = json_array_get(at(answer, "watches"), 0);
    assert_string_equal(text_at(watch, "name"), "prod");
    assert_true(json_is_null(at(watch, "message")));
    assert_int_equal(json_integer_value(at(watch, "hosts")), 2);
    assert_int_equal(json_integer_value(at(at(watch, "driver_timeouts"), "before")), 9);
    answer = client_get(&client, 200, "GET", "/v1/hags/prod/hosts?limit=1", NULL);
    const json_t *host = json_array_get(at(answer, "hosts"), 0);
    assert_string_equal(text_at(host, "host"), "ws-1");
    assert_true(json_is_true(at(at(host, "driver_timeouts"), "comparable")));
    char path[80];
    snprintf(path, sizeof path, "/v1/hags/prod/hosts?limit=1&after=%lld",
             (long long)json_integer_value(at(answer, "next")));
    answer = client_get(&client, 200, "GET", path, NULL);
    assert_true(json_is_null(at(answer, "next")));
    assert_string_equal(text_at(json_array_get(at(answer, "hosts"), 0), "state"), "unreachable");
    answer =
        client_get(&client, 200, "GET", "/v1/hags/prod/hosts?state=drifted,off-verified", NULL);
    assert_int_equal(json_array_size(at(answer, "hosts")), 1);
    answer = client_get(&client, 200, "GET", "/v1/hags/prod/hosts?host=ws-2", NULL);
    assert_int_equal(json_array_size(at(answer, "hosts")), 0);
    client_ask(&client, "GET", "/v1/hags/lab/hosts", NULL);
    assert_error(404, "not_found", "watch", "no watch 'lab'");
    client_ask(&client, "GET", "/v1/hags/prod/hosts?state=drifted,", NULL);
    assert_error(400, "invalid", "state", "'' is no state");
    client_ask(&client, "GET", "/v1/hags/prod/hosts?limit=1001", NULL);
    assert_error(400, "invalid", "limit", "");
    client_get(&client, 200, "GET", "/metrics", NULL);
    assert_non_null(strstr(client.text, "\nwhaleflux_hags_state{watch=\"prod\",host=\"a\\\\\\\"b\","
                                        "state=\"unreachable\"} 1\n"));
}

static void every_metric_is_in_the_documents(void **state)
{
    char path[512], name[80];
    static char page[65536];
    const char *source = getenv("WHALEFLUX_SOURCE");
    (void)state;
    assert_non_null(source);
    snprintf(path, sizeof path, "%s/docs/metrics.md", source);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    page[fread(page, 1, sizeof page - 1, file)] = '\0';
    fclose(file);
    client_get(&client, 200, "GET", "/metrics", NULL);
    const char *prefix = "# TYPE whaleflux_";
    uint32_t count = 0;
    for (const char *line = client.text; (line = strstr(line, prefix)); count++) {
        line += strlen(prefix);
        snprintf(name, sizeof name, "| `%.*s` |", (int)strcspn(line, " "), line);
        if (!strstr(page, name)) {
            fail_msg("docs/metrics.md lacks %s", name);
        }
    }
    assert_true(count > 20);
}

static void events_are_missed_by_nobody(void **state)
{
    (void)state;
    submit("{\"name\":\"early\",\"command\":[\"x\"],\"hold\":true}");
    client_settle(&client);
    client_watch(&client, "/v1/events?after=0", NULL, "\"name\":\"early\"");
    char *first = strstr(client.text, "id: ");
    assert_non_null(first);
    char header[64];
    snprintf(header, sizeof header, "Last-Event-ID: %lld", strtoll(first + 4, NULL, 10));
    submit("{\"name\":\"late\",\"command\":[\"x\"],\"hold\":true}");
    client_settle(&client);
    client_watch(&client, "/v1/events", header, "\"name\":\"late\"");
    client_ask(&client, "GET", "/v1/events?after=x", NULL);
    assert_error(400, "invalid", "after", "");
}

static void logs_are_read_from_where_one_likes(void **state)
{
    char path[160];
    (void)state;
    long long id = submit("{\"name\":\"talk\",\"command\":[\"x\"]}");
    client_settle(&client);
    char run[WF_RUN_ID_MAX + 1];
    wf_desk_run_id((uint64_t)id, 1, run);
    bed_begin(&client.bed, run);
    client_settle(&client);
    snprintf(path, sizeof path, "%s/%s-0.log", client.bed.engine->logs, run);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs("older\nnewer\n", out);
    fclose(out);
    client_get(&client, 200, "GET", "/v1/jobs/talk/logs", NULL);
    assert_string_equal(client.text, "older\nnewer\n");
    client_get(&client, 200, "GET", "/v1/jobs/talk/logs?offset=3&limit=5", NULL);
    assert_string_equal(client.text, "er\nne");
    client_watch(&client, "/v1/jobs/talk/logs?follow=true", NULL, "newer");
    unlink(path);
}

// After all of the above.
static void every_route_was_asked(void **state)
{
    struct wf_routes routes = wf_api_routes();
    (void)state;
    for (uint32_t i = 0; i < routes.count; i++) {
        if (!json_object_get(client.asked, routes.routes[i].operation)) {
            fail_msg("%s was never answered well", routes.routes[i].operation);
        }
    }
}

static int start(void **state)
{
    (void)state;
    curl_global_init(CURL_GLOBAL_ALL);
    client_start(&client);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    client_stop(&client);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_and_the_description_say_the_same),
        cmocka_unit_test(a_job_goes_from_submission_to_its_cost),
        cmocka_unit_test(a_dry_run_tells_offers_and_changes_nothing),
        cmocka_unit_test(logs_are_read_from_where_one_likes),
        cmocka_unit_test(what_waits_is_explained_held_released_and_cancelled),
        cmocka_unit_test(jobs_come_in_pages),
        cmocka_unit_test(bad_requests_name_the_field),
        cmocka_unit_test(tokens_have_rights_and_an_end),
        cmocka_unit_test(nodes_queues_and_the_rest_are_told),
        cmocka_unit_test(windows_hosts_are_told_in_pages),
        cmocka_unit_test(every_metric_is_in_the_documents),
        cmocka_unit_test(events_are_missed_by_nobody),
        cmocka_unit_test(every_route_was_asked),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
