// SPDX-License-Identifier: Apache-2.0
// A metadata server that is not one: on 127.0.0.1 it answers as those of AWS, Google Cloud and
// Azure do, with the notice that it was given, and with the faults. For tests of what reads such
// servers, and for `whaleflux chaos spot`. It has threads of its own; all calls may come from any.
#pragma once

#include <stdint.h>

#include "base/error.h"

enum wf_mock_notice {
    WF_MOCK_QUIET,  // 404, FALSE, no events
    WF_MOCK_ADVICE, // a rebalance recommendation; AWS alone has one
    WF_MOCK_GOING,
};

enum wf_mock_fault {
    WF_MOCK_WELL,
    WF_MOCK_DOWN,    // every answer is 503
    WF_MOCK_GARBAGE, // every answer is 200, with a body that is cut off
    WF_MOCK_SILENT,  // no answer comes as long as this holds
};

struct wf_mock_state {
    enum wf_mock_notice notice;
    int64_t gone_ms;  // of GOING
    char machine[64]; // whom Azure's event is about; "": this one
    uint32_t number;  // of the event: another number is the same notice told anew
    enum wf_mock_fault fault;
};

#define WF_MOCK_MACHINE "test-machine" // what it is called

struct wf_mock;

// port 0: any that is free. Errors: WF_IO (the port is taken), WF_NOMEM.
enum wf_status wf_mock_open(uint16_t port, struct wf_mock **mock_out,
                            struct wf_error *err) WF_MUST_USE;
uint16_t wf_mock_port(const struct wf_mock *mock);
struct wf_mock_state wf_mock_state(struct wf_mock *mock);
void wf_mock_set(struct wf_mock *mock, const struct wf_mock_state *state);
// No token that was given out is good any more.
void wf_mock_expire_tokens(struct wf_mock *mock);

struct wf_mock_counts {
    uint64_t asked, tokens, refused; // refused: without a good token or header
};
struct wf_mock_counts wf_mock_count(struct wf_mock *mock);
// Ends what still waits for an answer. NULL is allowed.
void wf_mock_close(struct wf_mock *mock);
