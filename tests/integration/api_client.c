// SPDX-License-Identifier: Apache-2.0
#include "integration/api_client.h"

#include <curl/curl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/assert.h"
#include "daemon/hags/watch.h"
#include "integration/schema.h"

static json_t *last; // answer

static int64_t now_ms(void *context)
{
    const struct api_client *client = context;
    return client->bed.now_ms;
}

static void say(void *context, const char *line)
{
    (void)context;
    fprintf(stderr, "# %s\n", line);
}

static void write_file(const char *path, mode_t mode, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

// Two Windows hosts: one is as it was set, one does not answer and has a name that is a trap.
static void open_hags(struct api_client *client)
{
    struct wf_error err = {0};
    snprintf(client->plan, sizeof client->plan, "%s/watch.yaml", client->bed.folder);
    snprintf(client->look, sizeof client->look, "%s/look", client->bed.folder);
    write_file(client->plan, 0600, "watches: {prod: {inventory: /none, every: 1h}}\n");
    write_file(client->look, 0700,
               "#!/bin/sh\n"
               "[ \"$*\" = 'hags status --json --inventory /none' ] || exit 2\n"
               "cat <<'END'\n"
               "{\"goal\":\"status\",\"hosts\":[{\"host\":\"ws-1\",\"address\":\"10.0.0.1\","
               "\"state\":\"off-verified\",\"reason\":\"was set to off\",\"prior\":\"2\","
               "\"written_ms\":5,\"driver_timeouts_before\":9,\"configured\":\"1\","
               "\"effective\":\"off\",\"os\":\"windows11\",\"build\":22631,\"boot_ms\":6,"
               "\"driver_timeouts\":{\"since_boot\":null,\"in_30_days\":4}},"
               "{\"host\":\"a\\\\\\\"b\",\"address\":\"x\",\"state\":\"unreachable\","
               "\"reason\":\"it does not answer in time\",\"prior\":null,\"written_ms\":null,"
               "\"driver_timeouts_before\":null}]}\n"
               "END\n"
               "exit 1\n");
    struct wf_hags_watch_config config = {.plan = client->plan,
                                          .data = client->bed.folder,
                                          .program = client->look,
                                          .loop = client->loop,
                                          .now_ms = now_ms,
                                          .log = say,
                                          .context = client};
    assert_int_equal(wf_hags_watch_open(&config, &client->hags, &err), WF_OK);
    for (int i = 0; i < 5000 && wf_hags_watch_view(client->hags, 0).hosts->count == 0; i++) {
        uv_run(client->loop, UV_RUN_NOWAIT);
        usleep(1000);
    }
}

static void close_hags(struct api_client *client)
{
    char path[160];
    wf_hags_watch_destroy(client->hags);
    snprintf(path, sizeof path, "%s/hags/prod.json", client->bed.folder);
    assert_int_equal(unlink(path), 0); // it was kept
    *strrchr(path, '/') = '\0';
    assert_int_equal(rmdir(path), 0); // and nothing else is left there
    assert_int_equal(unlink(client->plan), 0);
    assert_int_equal(unlink(client->look), 0);
}

void client_start(struct api_client *client)
{
    struct wf_error err = {0};
    bed_make(&client->bed, BED_GPUS);
    client->loop = malloc(sizeof *client->loop);
    assert_non_null(client->loop);
    assert_int_equal(uv_loop_init(client->loop), 0);
    open_hags(client);
    struct wf_daemon_parts parts = {.loop = client->loop,
                                    .hags = client->hags,
                                    .desk = client->bed.desk,
                                    .data = client->bed.folder,
                                    .version = "1.2.3",
                                    .log = say,
                                    .log_context = client,
                                    .now_ms = now_ms,
                                    .now_context = client};
    assert_int_equal(wf_api_create(&parts, &client->api, &err), WF_OK);
    assert_int_equal(
        wf_http_listen(wf_api_http(client->api), "127.0.0.1:0", NULL, NULL, &client->port, &err),
        WF_OK);
    snprintf(client->token, sizeof client->token, "%s", wf_api_first_token(client->api));
    bed_settle(&client->bed);
    size_t length;
    const char *text = wf_api_description(&length);
    client->description = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(client->description);
    client->asked = json_object();
}

void client_stop(struct api_client *client)
{
    wf_api_close(client->api);
    wf_hags_watch_close(client->hags);
    assert_int_equal(uv_run(client->loop, UV_RUN_DEFAULT), 0);
    wf_api_destroy(client->api);
    close_hags(client);
    assert_int_equal(uv_loop_close(client->loop), 0);
    free(client->loop);
    json_decref(client->description);
    json_decref(client->asked);
    json_decref(last);
    last = NULL;
    bed_close(&client->bed);
    bed_clear(&client->bed);
}

static void run_once(struct api_client *client)
{
    uv_run(client->loop, UV_RUN_NOWAIT);
    bed_settle(&client->bed);
}

void client_settle(struct api_client *client)
{
    for (int i = 0; i < 20; i++) {
        run_once(client);
    }
}

static size_t take(char *data, size_t one, size_t size, void *context)
{
    struct api_client *client = context;
    size_t room = sizeof client->text - 1 - client->length;
    (void)one;
    size_t taken = size < room ? size : room;
    memcpy(client->text + client->length, data, taken);
    client->length += taken;
    client->text[client->length] = '\0';
    return size;
}

struct call {
    CURL *curl;
    struct curl_slist *headers;
    CURLM *multi;
};

static struct call begin(struct api_client *client, const char *method, const char *path,
                         const char *body, const char *header)
{
    struct call call = {curl_easy_init(), NULL, curl_multi_init()};
    char text[256];
    WF_ASSERT(call.curl && call.multi);
    client->length = 0;
    client->text[0] = '\0';
    snprintf(text, sizeof text, "http://127.0.0.1:%u%.200s", client->port, path);
    curl_easy_setopt(call.curl, CURLOPT_URL, text);
    snprintf(text, sizeof text, "Authorization: Bearer %s", client->token);
    call.headers = curl_slist_append(NULL, text);
    if (header) {
        call.headers = curl_slist_append(call.headers, header);
    }
    if (body) {
        call.headers = curl_slist_append(call.headers, "Content-Type: application/json");
        curl_easy_setopt(call.curl, CURLOPT_POSTFIELDS, body);
    } else if (strcmp(method, "POST") == 0) {
        curl_easy_setopt(call.curl, CURLOPT_POSTFIELDS, "");
    }
    curl_easy_setopt(call.curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(call.curl, CURLOPT_HTTPHEADER, call.headers);
    curl_easy_setopt(call.curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(call.curl, CURLOPT_WRITEDATA, client);
    curl_multi_add_handle(call.multi, call.curl);
    return call;
}

static void finish(struct call *call)
{
    curl_multi_remove_handle(call->multi, call->curl);
    curl_slist_free_all(call->headers);
    curl_easy_cleanup(call->curl);
    curl_multi_cleanup(call->multi);
}

// Lets both sides go on until the answer is there, or the words have come.
static void await(struct api_client *client, struct call *call, const char *words)
{
    int running = 1;
    for (int rounds = 0; running > 0 && rounds < 4000; rounds++) {
        curl_multi_perform(call->multi, &running);
        run_once(client);
        if (words && strstr(client->text, words)) {
            return;
        }
        usleep(running > 0 ? 1000 : 0);
    }
    assert_true(!words || strstr(client->text, words));
    assert_int_equal(running, 0);
}

// The description of what was asked; counts it as asked.
static const json_t *operation_of(struct api_client *client, const char *method, const char *path)
{
    static struct wf_target target;
    const struct wf_route *route;
    char allow[WF_ROUTE_ALLOW_BYTES];
    char lower[8] = "";
    struct wf_error err;
    struct wf_routes routes = wf_api_routes();
    if (wf_target_parse(path, strlen(path), &target, &err) != WF_OK ||
        wf_routes_match(&routes, method, &target, &route, allow) != WF_ROUTE_FOUND) {
        return NULL;
    }
    for (int i = 0; route->method[i]; i++) {
        lower[i] = (char)(route->method[i] | 0x20);
    }
    const json_t *operation = json_object_get(
        json_object_get(json_object_get(client->description, "paths"), route->pattern), lower);
    assert_non_null(operation);
    if (client->status < 300) {
        json_object_set_new(client->asked, route->operation, json_true());
    }
    return operation;
}

static void hold_against_description(struct api_client *client, const char *method,
                                     const char *path, const json_t *answer)
{
    char status[8];
    char why[256] = "";
    const json_t *operation = operation_of(client, method, path);
    const json_t *components = json_object_get(client->description, "components");
    snprintf(status, sizeof status, "%d", client->status);
    const json_t *response =
        operation ? json_object_get(json_object_get(operation, "responses"), status) : NULL;
    const json_t *content = json_object_get(response, "content");
    if (!response) {
        assert_true(client->status >= 400); // only refusals go without saying
        content = json_object_get(
            json_object_get(json_object_get(components, "responses"), "Error"), "content");
    }
    const json_t *schema = json_object_get(json_object_get(content, "application/json"), "schema");
    if (!schema) {
        assert_non_null(json_object_get(content, "text/plain"));
        return;
    }
    if (!answer || !schema_holds(client->description, schema, answer, why, sizeof why)) {
        fprintf(stderr, "%s %s: %d: %s\n%s\n", method, path, client->status, why, client->text);
        fail();
    }
}

json_t *client_ask(struct api_client *client, const char *method, const char *path,
                   const char *body)
{
    long status = 0;
    struct call call = begin(client, method, path, body, NULL);
    await(client, &call, NULL);
    curl_easy_getinfo(call.curl, CURLINFO_RESPONSE_CODE, &status);
    finish(&call);
    client->status = (int)status;
    json_decref(last);
    last = json_loadb(client->text, client->length, 0, NULL);
    hold_against_description(client, method, path, last);
    return last;
}

json_t *client_get(struct api_client *client, int status, const char *method, const char *path,
                   const char *body)
{
    json_t *answer = client_ask(client, method, path, body);
    if (client->status != status) {
        fprintf(stderr, "%s %s: %d: %s\n", method, path, client->status, client->text);
    }
    assert_int_equal(client->status, status);
    return answer;
}

void client_watch(struct api_client *client, const char *path, const char *header,
                  const char *words)
{
    struct call call = begin(client, "GET", path, NULL, header);
    await(client, &call, words);
    finish(&call);
    client->status = 200;
    operation_of(client, "GET", path);
}
