// SPDX-License-Identifier: Apache-2.0
// Slurm as it was told: every job, node and partition that it has, put together line by line. After
// a new connection everything is told anew; what is not told until then is gone. Whoever wants to
// know what changed asks between two lines; a thing that is gone stays until then.
#pragma once

#include "base/error.h"
#include "engine/slurm/things.h"

struct wf_slurm_picture;

// What a line was about beside the things of the picture.
struct wf_slurm_news {
    enum {
        WF_SLURM_NEWS_NOTHING, // a thing of the picture changed, or nobody needs it
        WF_SLURM_NEWS_HELLO,   // the adapter begins to tell everything
        WF_SLURM_NEWS_JOB,     // job is as it is now
        WF_SLURM_NEWS_JOB_GONE,
        WF_SLURM_NEWS_SYNCED, // the picture is whole
        WF_SLURM_NEWS_DONE,   // a request was carried out, or refused
        WF_SLURM_NEWS_REFUSED,
        WF_SLURM_NEWS_TROUBLE, // the adapter says that something is wrong, or well again
        WF_SLURM_NEWS_WELL,
        WF_SLURM_NEWS_FREED, // its watchdog has given jobs back to Slurm
    } kind;
    const struct wf_slurm_job *job; // borrowed from the picture
    uint64_t request, jobs;
    char code[32], what[32], text[512];
};

struct wf_slurm_about {
    bool synced; // it was whole at least once since the adapter was reached
    int64_t protocol;
    char slurm[32], cluster[64], user[64];
    bool is_operator;
    int64_t took_ms, behind_ms; // of the last look
    uint64_t rounds;
    uint32_t jobs, nodes;
};

enum wf_status wf_slurm_picture_create(struct wf_slurm_picture **picture_out,
                                       struct wf_error *err) WF_MUST_USE;
void wf_slurm_picture_destroy(struct wf_slurm_picture *picture);

// Takes one line. Errors: WF_INVALID (nothing changed), WF_NOMEM.
enum wf_status wf_slurm_picture_take(struct wf_slurm_picture *picture, const char *line,
                                     size_t length, struct wf_slurm_news *news_out,
                                     struct wf_error *err) WF_MUST_USE;

const struct wf_slurm_about *wf_slurm_picture_about(const struct wf_slurm_picture *picture);

// NULL: there is none. Borrowed until the next line.
const struct wf_slurm_job *wf_slurm_picture_job(const struct wf_slurm_picture *picture,
                                                const char *key);
const struct wf_slurm_node *wf_slurm_picture_node(const struct wf_slurm_picture *picture,
                                                  const char *name);

// In the order in which they were first told.
typedef void (*wf_slurm_see_job)(void *context, const struct wf_slurm_job *job);
void wf_slurm_picture_jobs(const struct wf_slurm_picture *picture, wf_slurm_see_job see,
                           void *context);
void wf_slurm_picture_nodes(const struct wf_slurm_picture *picture,
                            void (*see)(void *context, const struct wf_slurm_node *node),
                            void *context);
void wf_slurm_picture_partitions(const struct wf_slurm_picture *picture,
                                 void (*see)(void *context,
                                             const struct wf_slurm_partition *partition),
                                 void *context);
void wf_slurm_picture_accounts(const struct wf_slurm_picture *picture,
                               void (*see)(void *context, const struct wf_slurm_account *account),
                               void *context);
void wf_slurm_picture_reservations(const struct wf_slurm_picture *picture,
                                   void (*see)(void *context,
                                               const struct wf_slurm_reservation *reservation),
                                   void *context);
// NULL: there is none of that name. Borrowed until the next line.
const struct wf_slurm_reservation *
wf_slurm_picture_reservation(const struct wf_slurm_picture *picture, const char *name);
const struct wf_slurm_license *wf_slurm_picture_license(const struct wf_slurm_picture *picture,
                                                        const char *name);
// 0: no QOS of that name is known.
uint32_t wf_slurm_picture_qos_priority(const struct wf_slurm_picture *picture, const char *qos);

// Calls see for each job that changed or went since it was last asked, in the order in which they
// changed, and forgets those that went. Then likewise whether anything else changed.
void wf_slurm_picture_changed(struct wf_slurm_picture *picture,
                              void (*see)(void *context, const struct wf_slurm_job *job, bool gone),
                              void *context);
// Counts a job as changed.
void wf_slurm_picture_touch(struct wf_slurm_picture *picture, const struct wf_slurm_job *job);
bool wf_slurm_picture_cluster_changed(struct wf_slurm_picture *picture);

// A range of numbers ("0-1,3") as a set of up to 32. False: it is none, or has a higher number.
bool wf_slurm_read_set(const char *text, uint32_t *set_out);

// Calls visit for each number of "5-9,12" in order until it returns false. Returns whether it is a
// list of ascending numbers up to WF_SLURM_ARRAY_MAX, of which nothing was left out.
bool wf_slurm_read_tasks(const char *text, bool (*visit)(void *context, uint32_t task),
                         void *context);
// Whether the task is in such a list; false where it is none.
bool wf_slurm_has_task(const char *text, uint32_t task);
