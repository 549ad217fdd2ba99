// SPDX-License-Identifier: Apache-2.0
// The desk from within: what its files share. A world is all that can be had again from the
// database; the desk is a world, what is on its way to the disk, and whom it serves. Internal.
#pragma once

#include "core/cluster.h"
#include "daemon/desk/book.h"
#include "daemon/desk/deeds.h"
#include "daemon/desk/desk.h"
#include "daemon/desk/diary.h"
#include "daemon/desk/directory.h"
#include "forecast/lifetimes.h"
#include "forecast/run_time.h"
#include "forecast/start_watch.h"

#define WF_DESK_RETRY_MS 1000        // what failed is tried again after so long
#define WF_DESK_LIMIT_SLACK_MS 15000 // the core's limit is so much longer than the engine's,
#define WF_DESK_BLOCKED_MS 10000     // and who finds no room for so long is placed anew
#define WF_DESK_RUNS_KEPT 4096       // ended runs whose logs are kept
#define WF_DESK_WATCH_MS 20000       // between looks at those that wait, for estimates of starts
#define WF_DESK_FEED_KEPT 100000     // rows of the feed

struct wf_world {
    struct wf_core *core;
    struct wf_directory directory;
    struct wf_book book;
    struct wf_run_time_model *run_times;
    struct wf_names *names;         // of jobs, for run_times
    struct wf_start_watch *starts;  // learns when those that wait start
    struct wf_lifetimes *lifetimes; // learns how long machines live before they are taken
    struct wf_diary *diary;
    uint64_t lines, events, hashed; // of the journal; events up to its last hash
    uint64_t hash_line;             // where that hash stands
    uint64_t saved_lines;           // of the journal that a snapshot has
    uint64_t hash;
    int64_t time_ms; // of the last event
    int64_t wake_ms; // when the core wants to be asked again
    uint64_t next_job, next_token, feed;
};

// Ids of ended runs whose logs the engine still keeps, the oldest first.
struct wf_kept_runs {
    struct {
        uint64_t job;
        uint32_t attempt;
    } ring[WF_DESK_RUNS_KEPT];
    uint32_t first, count;
};

struct wf_over_work; // keys of work that is over, as long as no row says so

// Work that others asked for (foreign.h).
struct wf_foreign_desk {
    bool is_looking;   // in the midst of a look: the core starts nothing yet,
    int64_t at_ms;     // and it is that late;
    uint64_t events;   // the journal had so many when it began
    bool is_whole;     // all was told
    bool is_to_resume; // what was to be stopped before the daemon started is told so again
    uint64_t round;    // of looks that make a whole one
    struct wf_over_work *over, *over_writing;
    struct wf_node_notice *notices; // of nodes that go: foreign_notice.c
    uint64_t told, found, elsewhere, lost_starts;
};

struct wf_desk {
    struct wf_desk_config config;
    char policy[WF_JOURNAL_WORD_BYTES], discipline[WF_JOURNAL_WORD_BYTES];
    struct wf_core_config core;
    char **price_sources; // by pool
    uint64_t model_memory_mib[WF_MODELS_MAX];
    struct wf_world world;
    struct wf_deeds deeds, writing;
    bool is_writing;
    bool is_stalled; // what was to be written is not on the disk: nothing new is taken
    bool is_broken;  // the core took what no journal could: the world is to be read again
    bool has_room;   // something ended: those that are ready may find room
    int64_t retry_ms;
    struct wf_error stall;
    uint64_t lines_handed; // of the journal, in batches that were handed out
    uint64_t trimmed;      // where the feed ended when it was last trimmed
    struct wf_kept_runs kept;
    struct wf_foreign_desk foreign;
    struct wf_desk_counts counts;
    struct {
        bool known; // somebody says how it stands
        int64_t gone_ms;
        char source[32], what[64];
        char reason[320]; // why nothing starts
    } notice;
    struct {
        bool lives; // it is in the lifetimes
        char boot[40];
        uint32_t pool;
        int64_t booted_ms, from_ms, gone_ms; // gone_ms as the row has it
        int64_t look_ms;                     // when to write again that it lives
    } life;                                  // of this machine
    void (*watch)(void *context, const struct wf_feed_row *row);
    void *watch_context;
};

// desk.c: the time of the next event, and one event on its way: into the batch, through the core,
// its decisions into the book. Errors: the core's; nothing changed then.
int64_t wf_desk_now_ms(const struct wf_desk *desk);
enum wf_status wf_desk_step(struct wf_desk *desk, struct wf_event *event,
                            struct wf_error *err) WF_MUST_USE;
enum wf_status wf_desk_refuse_stalled(const struct wf_desk *desk, struct wf_error *err) WF_MUST_USE;
// Gives a number to a name, and tells the journal.
enum wf_status wf_desk_name_it(struct wf_desk *desk, enum wf_journal_named what, uint32_t number,
                               const char *name, struct wf_error *err) WF_MUST_USE;

// carry.c: decisions into the book, and what comes of them.
void wf_desk_take(struct wf_desk *desk, const struct wf_decision *decision);
void wf_desk_start_ready(struct wf_desk *desk); // those that find room
void wf_desk_stop_run(struct wf_desk *desk, struct wf_book_run *run, enum wf_run_stop why);
void wf_desk_tell_stop(struct wf_desk *desk, struct wf_book_run *run);
void wf_desk_make_ready(struct wf_desk *desk, uint64_t job, uint32_t attempt);
// A run that never got to the engine is no more.
void wf_desk_drop_run(struct wf_desk *desk, struct wf_book_run *run, enum wf_run_end why);

// feed.c
void wf_desk_tell_job(struct wf_desk *desk, const struct wf_book_job *job, const char *kind,
                      const char *reason);
void wf_desk_tell_node(struct wf_desk *desk, const char *node, const char *kind);
void wf_desk_tell_node_why(struct wf_desk *desk, const char *node, const char *kind,
                           const char *reason);

// ask_spec.c: a document for the core, without id and dependencies.
enum wf_status wf_desk_read_document(struct wf_desk *desk, const struct wf_job_document *document,
                                     struct wf_desk_ask *ask, struct wf_job_spec *spec_out,
                                     struct wf_error *err) WF_MUST_USE;
void wf_desk_predict(const struct wf_desk *desk, const struct wf_job_document *document,
                     struct wf_job_spec *spec);
uint64_t wf_desk_shape(const struct wf_request *request, uint32_t tasks);
int64_t wf_desk_core_limit_ms(const struct wf_job_document *document);
void wf_desk_fill_job(struct wf_book_job *job, const struct wf_job_document *document,
                      const struct wf_job_spec *spec);
struct wf_run_time_key wf_desk_run_key(const struct wf_book_job *job);

// world.c: everything from the database; reconcile.c: then the engine; machines.c: then the site.
enum wf_status wf_world_read(struct wf_desk *desk, struct wf_error *err) WF_MUST_USE;
void wf_world_finish(struct wf_world *world);
// snapshot.c: makes core, names and numbers of the world from the snapshot, if there is one that
// fits the journal, and goes to the line behind it. Returns whether it did; else nothing changed.
bool wf_world_restore(struct wf_desk *desk, struct wf_journal_reader *reader);
void wf_world_unrestore(struct wf_world *world);
void wf_desk_say(const struct wf_desk *desk, const char *sentence);
enum wf_status wf_desk_begin_journal(struct wf_desk *desk, struct wf_error *err) WF_MUST_USE;
void wf_desk_reconcile(struct wf_desk *desk);
enum wf_status wf_desk_tell_site(struct wf_desk *desk, const struct wf_site *site,
                                 struct wf_error *err) WF_MUST_USE;
