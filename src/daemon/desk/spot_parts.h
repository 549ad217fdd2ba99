// SPDX-License-Identifier: Apache-2.0
// The desk on a machine that may be taken away: notices, checkpoints, losses. Internal to the desk.
#pragma once

#include "daemon/desk/parts.h"

#define WF_DESK_NOTICE_BYTES 256 // of a sentence about a notice

// checkpoint.c: the files of a run that can save its work, made before it starts; looks whether it
// did; what is lost of a run that was ended. Errors: WF_IO.
#define WF_DESK_CHECKPOINT_BYTES 4352 // of a path
struct wf_desk_checkpoint_files {
    uint32_t user, group; // whose the second one is
    char advice[WF_DESK_CHECKPOINT_BYTES], done[WF_DESK_CHECKPOINT_BYTES];
};
enum wf_status wf_desk_offer_checkpoint(struct wf_desk *desk, struct wf_book_run *run,
                                        struct wf_desk_checkpoint_files *files,
                                        struct wf_error *err) WF_MUST_USE;
void wf_desk_remove_checkpoint(const struct wf_desk *desk, uint64_t job, uint32_t attempt);
void wf_desk_write_advice(struct wf_desk *desk, struct wf_book_run *run);
int64_t wf_desk_checkpoint_interval_ms(const struct wf_desk *desk, const struct wf_book_run *run);
// What the core is to take for it before it is known where the job will run.
int64_t wf_desk_saves_every_ms(const struct wf_desk *desk, const struct wf_job_document *document);
void wf_desk_mark_checkpoint(const struct wf_desk *desk, struct wf_book_run *run);
void wf_desk_look_at_checkpoints(struct wf_desk *desk, int64_t now_ms);
int64_t wf_desk_look_wake_ms(const struct wf_desk *desk);
void wf_desk_count_loss(struct wf_desk *desk, struct wf_book_run *run, const struct wf_run *fact);

// notice.c: tells the core of the notice that stands, where it does not know it.
void wf_desk_settle_notice(struct wf_desk *desk);
int64_t wf_desk_notice_wake_ms(const struct wf_desk *desk);
void wf_desk_say_notice(const struct wf_desk *desk, char *text, size_t size);

// life.c: learns from the lives in the database; this machine lives on; when to say so again.
enum wf_status wf_desk_learn_lives(struct wf_desk *desk, struct wf_error *err) WF_MUST_USE;
void wf_desk_live_on(struct wf_desk *desk, int64_t now_ms);
int64_t wf_desk_life_wake_ms(const struct wf_desk *desk);
