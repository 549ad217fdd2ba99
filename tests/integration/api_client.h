// SPDX-License-Identifier: Apache-2.0
// Asks an API that lives in this very thread: its loop is run while the answer is awaited. Every
// answer is held against docs/openapi.json.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/api/api.h"
#include "unit/daemon/desk_bed.h"

struct api_client {
    struct bed bed;
    uv_loop_t *loop;
    struct wf_api *api;
    struct wf_hags_watch *hags; // over two hosts, played by a script
    char plan[128], look[128];
    json_t *description;
    uint16_t port;
    char token[64];
    json_t *asked; // operations that were answered well
    int status;
    char text[256 * 1024]; // of the last answer
    size_t length;
};

void client_start(struct api_client *client);
void client_stop(struct api_client *client);

// Asks as whoever has the client's token; body may be NULL. Returns the answer, which lives until
// the next call; NULL where it is no JSON.
json_t *client_ask(struct api_client *client, const char *method, const char *path,
                   const char *body);
// Likewise, and fails the test where the status is another one.
json_t *client_get(struct api_client *client, int status, const char *method, const char *path,
                   const char *body);

// Reads of a stream until words have come; closes it then.
void client_watch(struct api_client *client, const char *path, const char *header,
                  const char *words);

// Runs loop and desk until all is calm.
void client_settle(struct api_client *client);
