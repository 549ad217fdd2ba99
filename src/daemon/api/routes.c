// SPDX-License-Identifier: Apache-2.0
#include "daemon/api/tokens.h"

#define GET(path, least, fn, name, ...)                                                            \
    {                                                                                              \
        .method = "GET", .pattern = (path), .role = (least), .answer = (fn), .operation = (name),  \
        .parameters = {                                                                            \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define DO(path, least, fn, name, ...)                                                             \
    {                                                                                              \
        .method = "POST", .pattern = (path), .role = (least), .answer = (fn), .operation = (name), \
        .parameters = {                                                                            \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

static const struct wf_route table[] = {
    GET("/v1/version", WF_ROLE_NONE, wf_api_version, "getVersion", NULL),
    GET("/v1/health", WF_ROLE_NONE, wf_api_health, "getHealth", NULL),
    GET("/v1/openapi.json", WF_ROLE_NONE, wf_api_openapi, "getDescription", NULL),
    GET("/metrics", WF_ROLE_VIEWER, wf_api_metrics, "getMetrics", NULL),
    GET("/v1/jobs", WF_ROLE_VIEWER, wf_api_jobs_list, "listJobs", "state", "user", "queue", "name",
        "array", "order", "after", "limit"),
    {.method = "POST",
     .pattern = "/v1/jobs",
     .role = WF_ROLE_SUBMITTER,
     .body = WF_BODY_JSON,
     .answer = wf_api_jobs_submit,
     .operation = "submitJob",
     .parameters = {"dry_run"}},
    GET("/v1/jobs/{job}", WF_ROLE_VIEWER, wf_api_jobs_get, "getJob", NULL),
    GET("/v1/jobs/{job}/runs", WF_ROLE_VIEWER, wf_api_jobs_runs, "listRuns", NULL),
    GET("/v1/jobs/{job}/explain", WF_ROLE_VIEWER, wf_api_jobs_explain, "explainJob", NULL),
    GET("/v1/jobs/{job}/logs", WF_ROLE_VIEWER, wf_api_jobs_logs, "getLogs", "task", "run", "offset",
        "limit", "follow"),
    DO("/v1/jobs/{job}/cancel", WF_ROLE_SUBMITTER, wf_api_jobs_cancel, "cancelJob", "dry_run"),
    DO("/v1/jobs/{job}/hold", WF_ROLE_SUBMITTER, wf_api_jobs_hold, "holdJob", "dry_run"),
    DO("/v1/jobs/{job}/release", WF_ROLE_SUBMITTER, wf_api_jobs_release, "releaseJob", "dry_run"),
    GET("/v1/nodes", WF_ROLE_VIEWER, wf_api_nodes_list, "listNodes", NULL),
    DO("/v1/nodes/{node}/drain", WF_ROLE_OPERATOR, wf_api_nodes_drain, "drainNode", "dry_run"),
    DO("/v1/nodes/{node}/undrain", WF_ROLE_OPERATOR, wf_api_nodes_undrain, "undrainNode",
       "dry_run"),
    GET("/v1/queues", WF_ROLE_VIEWER, wf_api_queues_list, "listQueues", NULL),
    GET("/v1/hags", WF_ROLE_VIEWER, wf_api_hags_list, "listHagsWatches", NULL),
    GET("/v1/hags/{watch}/hosts", WF_ROLE_VIEWER, wf_api_hags_hosts, "listHagsHosts", "state",
        "host", "after", "limit"),
    GET("/v1/cost", WF_ROLE_VIEWER, wf_api_cost, "getCost", "by", "user", "since", "until",
        "limit"),
    GET("/v1/events", WF_ROLE_VIEWER, wf_api_events, "watchEvents", "after", "job"),
    GET("/v1/audit", WF_ROLE_OPERATOR, wf_api_audit, "listAudit", "after", "limit"),
    GET("/v1/tokens", WF_ROLE_ADMIN, wf_api_tokens_list, "listTokens", NULL),
    {.method = "POST",
     .pattern = "/v1/tokens",
     .role = WF_ROLE_ADMIN,
     .body = WF_BODY_JSON,
     .answer = wf_api_tokens_make,
     .operation = "makeToken"},
    {.method = "DELETE",
     .pattern = "/v1/tokens/{token}",
     .role = WF_ROLE_ADMIN,
     .answer = wf_api_tokens_revoke,
     .operation = "revokeToken"},
};

struct wf_routes wf_api_routes(void)
{
    return (struct wf_routes){table, WF_COUNT_OF(table)};
}
