// SPDX-License-Identifier: Apache-2.0
// The desk on a machine that may be taken away: notices, checkpoints, losses. Internal to the desk.
#pragma once

#include "daemon/desk/parts.h"

#define WF_DESK_NOTICE_BYTES 256 // of a sentence about a notice

// checkpoint.c: the files of a run that can save its work, made before it starts; looks whether it
// did; what is lost of a run that was ended. Errors: WF_IO.
enum wf_status wf_desk_offer_checkpoint(struct wf_desk *desk, struct wf_book_run *run,
                                        uint32_t user, uint32_t group, char *file_out,
                                        char *done_out, size_t size,
                                        struct wf_error *err) WF_MUST_USE;
void wf_desk_remove_checkpoint(const struct wf_desk *desk, uint64_t job, uint32_t attempt);
void wf_desk_write_advice(struct wf_desk *desk, struct wf_book_run *run);
int64_t wf_desk_checkpoint_interval_ms(const struct wf_desk *desk, const struct wf_book_job *job);
void wf_desk_look_at_checkpoints(struct wf_desk *desk, int64_t now_ms);
int64_t wf_desk_look_wake_ms(const struct wf_desk *desk);
void wf_desk_count_loss(struct wf_desk *desk, struct wf_book_run *run, const struct wf_run *fact);

// notice.c: tells the core of the notice that stands, where it does not know it.
void wf_desk_settle_notice(struct wf_desk *desk);
int64_t wf_desk_notice_wake_ms(const struct wf_desk *desk);
void wf_desk_say_notice(const struct wf_desk *desk, char *text, size_t size);
