// SPDX-License-Identifier: Apache-2.0
// Inside the API: what its files share.
#pragma once

#include <jansson.h>
// The usual one falls through between its cases, which clang tells again and again.
#define HASH_FUNCTION HASH_FNV
#include <uthash.h>
#include <uv.h>

#include "daemon/api/api.h"
#include "daemon/desk/desk.h"
#include "daemon/http/token.h"

#define WF_API_PAGE_DEFAULT 100
#define WF_API_PAGE_MAX 1000

struct wf_api_token {
    uint64_t id;
    char hash[WF_TOKEN_HASH_BYTES];
    char name[WF_ACTOR_NAME_BYTES];
    char user[WF_ACTOR_NAME_BYTES];
    enum wf_role role;
    int64_t created_ms;
    int64_t expires_ms; // 0: never
    int64_t revoked_ms; // 0: it is good
    UT_hash_handle hh;  // by hash
};

struct wf_api {
    struct wf_daemon_parts parts;
    struct wf_desk *desk;
    struct wf_http *http;
    struct wf_api_token *tokens;
    struct wf_api_watch *watches;  // streams of events (events.c)
    struct wf_api_follow *follows; // streams of logs (logs.c)
    struct wf_api_story *stories;  // answers on their way (copy.c)
    uint32_t story_count;
    uint32_t refusals_left, refusals_untold; // refusals.c: for the audit
    int64_t refusal_ms;
    uv_timer_t look; // at logs that are followed
    bool looking;
    int64_t opened_ms;
    char first_token[WF_TOKEN_BYTES];
    char fingerprint[96];
    char address[300];
    uint16_t port;
};

int64_t wf_api_now_ms(const struct wf_api *api);

// answer.c. Building answers: without memory the daemon ends, as it does where the desk finds none;
// jobs run on.
json_t *wf_api_object(void);
json_t *wf_api_list(void);
void wf_api_set(json_t *object, const char *name, json_t *value); // takes value over; NULL: null
void wf_api_add(json_t *list, json_t *value);
json_t *wf_api_text(const char *text); // NULL and what is no UTF-8 too
json_t *wf_api_number(int64_t number);
json_t *wf_api_time(int64_t ms); // null where it is 0
// Parses what the database holds as JSON; null where it is none.
json_t *wf_api_parse(const char *text);
void wf_api_send(struct wf_http_request *request, unsigned status, json_t *root, // taken over
                 const char *location);
// Answers with what a function returned; field may be NULL.
void wf_api_refuse(struct wf_http_request *request, enum wf_status status, const char *field,
                   const struct wf_error *err);
// Likewise of what was asked of the desk.
void wf_api_refuse_ask(struct wf_http_request *request, enum wf_status status,
                       const struct wf_desk_ask *ask, const struct wf_error *err);

// query.c. Reading parameters; each answers the request and returns false when one is not as it
// should be.
bool wf_api_query_number(struct wf_http_request *request, const char *name, uint64_t max,
                         uint64_t otherwise, uint64_t *number_out);
bool wf_api_query_flag(struct wf_http_request *request, const char *name, bool *flag_out);
bool wf_api_query_page(struct wf_http_request *request, uint64_t *after_out, uint32_t *limit_out);
// The job that the path names.
bool wf_api_find_job(struct wf_api *api, struct wf_http_request *request, uint64_t *id_out);

// asking.c. Who asks, as the desk wants to know it.
struct wf_asker wf_api_asker(const struct wf_http_request *request);
bool wf_api_is_operator(const struct wf_http_request *request);
// A request that waits for the desk; freed by its answer. make gives the body of a good answer.
struct wf_api_wait {
    struct wf_api *api;
    struct wf_http_request *request;
    struct wf_asker asker;
    struct wf_desk_ask ask;
    unsigned status; // of a good answer
    json_t *(*make)(struct wf_api_wait *wait, const struct wf_desk_answer *answer);
    struct wf_api_token *token; // of tokens.c
    char *secret;               // likewise
    char text[WF_ACTOR_NAME_BYTES + 8];
};
struct wf_api_wait *wf_api_wait(struct wf_api *api, struct wf_http_request *request); // not NULL
// What a call to the desk with wait->ask returned: refuses, or lets it wait.
void wf_api_asked(struct wf_api_wait *wait, enum wf_status status, const struct wf_error *err);

json_t *wf_api_sharing(const struct wf_desk_sharing *sharing); // fleet.c
// job_json.c. A job as answers tell it, of its row and what is live about it.
json_t *wf_api_job(struct wf_api *api, const struct wf_job_row *row);
// Calls fn with the row, or not at all; false where it cannot be read: then the request is
// answered.
bool wf_api_read_job(struct wf_api *api, struct wf_http_request *request, uint64_t id,
                     wf_job_row_fn *fn, void *context);
json_t *wf_api_end(const struct wf_run_row *run); // null while it is not over

// copy.c. Answers with what make returns: JSON in a text of malloc, or NULL. It is called in a copy
// of the process, so it may change what it likes, the core as well.
void wf_api_in_copy(struct wf_api *api, struct wf_http_request *request,
                    char *(*make)(void *context), void *context);

// refusals.c. Writes down that somebody was refused for who they are.
void wf_api_refused(void *api, const struct wf_http_request *request, unsigned status,
                    const char *why);

// offers.c. Answers a dry run: what the job would cost where, and when it would start.
void wf_api_offer(struct wf_api *api, struct wf_http_request *request,
                  const struct wf_job_document *document);

// Ends of streams, before the desk goes.
void wf_api_on_feed(void *api, const struct wf_feed_row *row);
void wf_api_on_look(uv_timer_t *timer);
void wf_api_end_stories(struct wf_api *api);

// The routes' answers, by file; those of tokens stand in tokens.h.
void wf_api_version(void *api, struct wf_http_request *request);
void wf_api_health(void *api, struct wf_http_request *request);
void wf_api_openapi(void *api, struct wf_http_request *request);
void wf_api_metrics(void *api, struct wf_http_request *request);
void wf_api_jobs_list(void *api, struct wf_http_request *request);
void wf_api_jobs_submit(void *api, struct wf_http_request *request);
void wf_api_jobs_get(void *api, struct wf_http_request *request);
void wf_api_jobs_runs(void *api, struct wf_http_request *request);
void wf_api_jobs_explain(void *api, struct wf_http_request *request);
void wf_api_jobs_logs(void *api, struct wf_http_request *request);
void wf_api_jobs_cancel(void *api, struct wf_http_request *request);
void wf_api_jobs_hold(void *api, struct wf_http_request *request);
void wf_api_jobs_release(void *api, struct wf_http_request *request);
void wf_api_nodes_list(void *api, struct wf_http_request *request);
void wf_api_nodes_drain(void *api, struct wf_http_request *request);
void wf_api_nodes_undrain(void *api, struct wf_http_request *request);
void wf_api_queues_list(void *api, struct wf_http_request *request);
void wf_api_hags_list(void *api, struct wf_http_request *request);
void wf_api_hags_hosts(void *api, struct wf_http_request *request);
void wf_api_cost(void *api, struct wf_http_request *request);
void wf_api_events(void *api, struct wf_http_request *request);
void wf_api_audit(void *api, struct wf_http_request *request);
