// SPDX-License-Identifier: Apache-2.0
// Inside libwhaleflux: what its files share. Programs include include/whaleflux.h.
#pragma once

#include <curl/curl.h>
#include <jansson.h>
#include <whaleflux.h>

#include "base/compat.h"

struct whaleflux {
    char *base;   // "https://host:7171"; with a socket what stands for it in a request
    char *socket; // path of the Unix socket; NULL: there is a URL
    char *token, *authority, *fingerprint; // "" where there is none
    char pin[64];                          // of the daemon's key, once its certificate is proven
    long timeout_ms;
    CURLM *multi;
    int wake; // eventfd that whaleflux_stop writes
};

// client.c. Both return status, so that failing is one line.
enum whaleflux_status wf_client_fail(struct whaleflux_error *err, enum whaleflux_status status,
                                     const char *format, ...) WF_PRINTF(3, 4);
enum whaleflux_status wf_client_no_memory(struct whaleflux_error *err);
int64_t wf_client_now_ms(void); // of a clock that only goes up
// Waits, ms at most. Returns false once whaleflux_stop was called.
bool wf_client_sleep(struct whaleflux *handle, int64_t ms);

// answer.c. Takes text, which is of malloc, over.
enum whaleflux_status wf_client_answer(char *text, struct whaleflux_answer **answer_out,
                                       struct whaleflux_error *err);
// The answer as a tree of jansson, borrowed.
json_t *wf_client_tree(const struct whaleflux_answer *answer);

// pin.c. Looks at the certificate that the daemon shows, which must have the handle's fingerprint,
// and fills in handle->pin.
enum whaleflux_status wf_client_pin(struct whaleflux *handle, struct whaleflux_error *err);
