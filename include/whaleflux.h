// SPDX-License-Identifier: Apache-2.0
// libwhaleflux: asks a WhaleFlux daemon, from C. docs/examples/submit.c is a whole program.
// Every call waits for its answer. A handle belongs to one thread at a time; there may be several.
// Texts that a call is given are borrowed for the call. Times are milliseconds since 1970, money is
// nano-dollars. A job is called by id or name: your newest that is not over, else your newest.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WHALEFLUX_API __attribute__((visibility("default")))

// Goes up when something is added; what breaks programs changes the soname.
#define WHALEFLUX_API_VERSION 1
WHALEFLUX_API int whaleflux_api_version(void); // of the library that is loaded

enum whaleflux_status {
    WHALEFLUX_OK,
    WHALEFLUX_FAILED,      // not your fault: no memory, a full disk, too many requests
    WHALEFLUX_INVALID,     // what you asked makes no sense; field may name where
    WHALEFLUX_NOTFOUND,    // no such job, node, token
    WHALEFLUX_REFUSED,     // you may not, or the job's state forbids it
    WHALEFLUX_UNREACHABLE, // no daemon answers
    WHALEFLUX_STOPPED,     // by whaleflux_stop, by your callback, or its time is over
};

struct whaleflux_error {
    enum whaleflux_status status;
    int http_status; // 0: it did not get so far
    char code[24];   // of the daemon's answer: "conflict", "not_found"; or ""
    char field[64];  // of a job document, or a parameter; or ""
    char text[512];  // one sentence without a full stop
};

// Where the daemon is. Set size to sizeof(struct whaleflux_config), all that is not needed to 0.
struct whaleflux_config {
    size_t size;
    const char *url;         // "https://host:7171"; NULL: $WHALEFLUX_URL, else the Unix socket
    const char *data_folder; // with the socket; NULL: ~/.whaleflux, else /var/lib/whaleflux
    const char *token;       // NULL: $WHALEFLUX_TOKEN; the socket needs none
    const char *authority;   // file of certificates (PEM) to trust; NULL: $WHALEFLUX_CA, else, of a
                             // daemon on this machine, its own certificate, else the system's
    const char *fingerprint; // SHA-256 of the daemon's certificate, "AB:CD:...", to be trusted
                             // whoever signed it; NULL: $WHALEFLUX_FINGERPRINT
    int timeout_ms;          // for a whole answer; 0: a minute. Streams have none
};

// config may be NULL. The caller closes *handle_out. Nothing is sent yet.
struct whaleflux;
WHALEFLUX_API enum whaleflux_status whaleflux_open(const struct whaleflux_config *config,
                                                   struct whaleflux **handle_out,
                                                   struct whaleflux_error *err);
WHALEFLUX_API void whaleflux_close(struct whaleflux *handle); // NULL is fine
// Where it is, for people: a URL or the path of a socket. Lives as long as the handle.
WHALEFLUX_API const char *whaleflux_where(const struct whaleflux *handle);
// Ends the call under way, or else the next one; from any thread, also in a signal's handler.
WHALEFLUX_API void whaleflux_stop(struct whaleflux *handle);

// What a daemon answered, by path: "exit.code", "jobs.0.name". The caller frees it; texts live as
// long. What is not there is NULL, or the number otherwise; a list that is not there has 0 entries.
struct whaleflux_answer;
WHALEFLUX_API void whaleflux_answer_free(struct whaleflux_answer *answer); // NULL is fine
WHALEFLUX_API const char *whaleflux_answer_json(const struct whaleflux_answer *answer); // all of it
WHALEFLUX_API const char *whaleflux_answer_text(const struct whaleflux_answer *answer,
                                                const char *path);
WHALEFLUX_API int64_t whaleflux_answer_number(const struct whaleflux_answer *answer,
                                              const char *path, int64_t otherwise);
WHALEFLUX_API bool whaleflux_answer_flag(const struct whaleflux_answer *answer, const char *path);
WHALEFLUX_API size_t whaleflux_answer_count(const struct whaleflux_answer *answer,
                                            const char *path);

// Asks anything of the API ("GET", "/v1/nodes", NULL). In all calls answer_out and err may be NULL;
// *answer_out is NULL after a failure.
WHALEFLUX_API enum whaleflux_status whaleflux_ask(struct whaleflux *handle, const char *method,
                                                  const char *path, const char *json,
                                                  struct whaleflux_answer **answer_out,
                                                  struct whaleflux_error *err);

// Submits a job document (JSON); only_checked: tells what it would cost and starts nothing.
WHALEFLUX_API enum whaleflux_status whaleflux_submit(struct whaleflux *handle, const char *document,
                                                     bool only_checked,
                                                     struct whaleflux_answer **answer_out,
                                                     struct whaleflux_error *err);
// One job; a page by a query ("state=running&limit=10", NULL); why one waits or runs.
WHALEFLUX_API enum whaleflux_status whaleflux_get(struct whaleflux *handle, const char *job,
                                                  struct whaleflux_answer **answer_out,
                                                  struct whaleflux_error *err);
WHALEFLUX_API enum whaleflux_status whaleflux_list(struct whaleflux *handle, const char *query,
                                                   struct whaleflux_answer **answer_out,
                                                   struct whaleflux_error *err);
WHALEFLUX_API enum whaleflux_status whaleflux_explain(struct whaleflux *handle, const char *job,
                                                      struct whaleflux_answer **answer_out,
                                                      struct whaleflux_error *err);
// change: "cancel", "hold" or "release".
WHALEFLUX_API enum whaleflux_status whaleflux_change(struct whaleflux *handle, const char *job,
                                                     const char *change,
                                                     struct whaleflux_answer **answer_out,
                                                     struct whaleflux_error *err);
// What was spent by "user", "queue", "job" or "pool" from since_ms until until_ms (0: without end).
WHALEFLUX_API enum whaleflux_status whaleflux_cost(struct whaleflux *handle, const char *by,
                                                   int64_t since_ms, int64_t until_ms,
                                                   struct whaleflux_answer **answer_out,
                                                   struct whaleflux_error *err);
// Until the job is over, timeout_ms at most (negative: however long), through restarts of the
// daemon. The answer is the job as it is then. WHALEFLUX_STOPPED: it is not over yet.
WHALEFLUX_API enum whaleflux_status whaleflux_wait(struct whaleflux *handle, const char *job,
                                                   int64_t timeout_ms,
                                                   struct whaleflux_answer **answer_out,
                                                   struct whaleflux_error *err);

// A part of a log, as the job wrote it. Return false to stop.
typedef bool whaleflux_log_fn(void *context, const char *bytes, size_t length);
struct whaleflux_log {
    size_t size;       // sizeof(struct whaleflux_log)
    int task, attempt; // attempt 0: the newest
    int64_t offset;    // from its first byte that is still kept
    bool follow;       // until the attempt is over
};
WHALEFLUX_API enum whaleflux_status whaleflux_logs(struct whaleflux *handle, const char *job,
                                                   const struct whaleflux_log *log,
                                                   whaleflux_log_fn *fn, void *context,
                                                   struct whaleflux_error *err);

// What happens, as it happens. Texts live until fn returns; return false to stop.
struct whaleflux_event {
    uint64_t number;  // to go on after it another time
    const char *kind; // "submitted", "started", "ended", ...
    const char *json;
};
typedef bool whaleflux_event_fn(void *context, const struct whaleflux_event *event);
#define WHALEFLUX_FROM_NOW UINT64_MAX
struct whaleflux_watch {
    size_t size;     // sizeof(struct whaleflux_watch)
    const char *job; // NULL: all
    uint64_t after;  // those after this number (0: all that are kept), or WHALEFLUX_FROM_NOW
    int64_t lost_ms; // so long a connection that breaks is tried again, to go on where it was
};
WHALEFLUX_API enum whaleflux_status whaleflux_events(struct whaleflux *handle,
                                                     const struct whaleflux_watch *watch,
                                                     whaleflux_event_fn *fn, void *context,
                                                     struct whaleflux_error *err);

#ifdef __cplusplus
} // extern "C"
#endif
