// SPDX-License-Identifier: Apache-2.0
// What a run and the desk tell each other about checkpoints, by two files (docs/jobs.md): one that
// we write, how often to save and whether the machine is to go; one that the run touches when what
// it saved is safe. The folder and our file are ours, the other file is the run's user's: nobody
// can have us write, or look, elsewhere.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/hash.h"
#include "daemon/desk/outlook.h"
#include "daemon/desk/run_parts.h"
#include "daemon/desk/spot_parts.h"
#include "forecast/checkpoint.h"

enum { LOOK_MS = 1000, LOOK_SOON_MS = 100, PATH_BYTES = WF_DESK_CHECKPOINT_BYTES };

static void folder_of(const struct wf_desk *desk, uint64_t job, uint32_t attempt, const char *file,
                      char *path)
{
    char id[WF_RUN_ID_MAX + 1];
    wf_desk_run_id(job, attempt, id);
    if (desk->config.users) {
        // Two daemons with data of their own have runs of the same ids.
        snprintf(path, PATH_BYTES, "/run/whaleflux-checkpoints/%016" PRIx64 "-%s/%s",
                 wf_hash_text(desk->config.data), id, file);
    } else {
        snprintf(path, PATH_BYTES, "%s/checkpoints/%s/%s", desk->config.data, id, file);
    }
}

static bool make_folder(const struct wf_desk *desk, const struct wf_book_run *run, char *path)
{
    char parent[PATH_BYTES];
    folder_of(desk, run->job->id, run->attempt, "", path);
    snprintf(parent, sizeof parent, "%s", path);
    parent[strlen(parent) - 1] = '\0';
    *strrchr(parent, '/') = '\0';
    bool good = mkdir(parent, 0711) == 0 || errno == EEXIST;
    return good && (mkdir(path, 0755) == 0 || errno == EEXIST);
}

// As often as pays where the machine may be taken; where nobody takes it, as seldom as makes sense.
static int64_t paying_interval_ms(const struct wf_desk *desk, uint32_t pool, uint32_t save_ms)
{
    struct wf_desk_outlook outlook;
    bool spot = wf_desk_outlook(desk, pool, 0, &outlook);
    return wf_checkpoint_interval_ms(save_ms, spot ? outlook.hazard_per_hour : 0);
}

int64_t wf_desk_saves_every_ms(const struct wf_desk *desk, const struct wf_job_document *document)
{
    return document->checkpoint_auto ? paying_interval_ms(desk, WF_NONE, document->checkpoint_ms)
                                     : document->checkpoint_every_ms;
}

int64_t wf_desk_checkpoint_interval_ms(const struct wf_desk *desk, const struct wf_book_run *run)
{
    const struct wf_book_job *job = run->job;
    const struct wf_cluster *cluster = wf_core_cluster(desk->world.core);
    uint32_t pool = run->node < cluster->nodes_end ? cluster->nodes[run->node].pool.index : WF_NONE;
    bool own_time = !job->saves_when_it_pays && (job->prompts || !desk->config.spot);
    return own_time ? job->checkpoint_every_ms : paying_interval_ms(desk, pool, job->checkpoint_ms);
}

// A hazard changes with every second; who is told would not care.
static bool is_much_the_same(int64_t advised_ms, int64_t interval_ms)
{
    int64_t off_ms = interval_ms > advised_ms ? interval_ms - advised_ms : advised_ms - interval_ms;
    return advised_ms >= 0 && off_ms <= advised_ms / 16;
}

// Written beside it and moved there, so that nobody reads half of it.
void wf_desk_write_advice(struct wf_desk *desk, struct wf_book_run *run)
{
    char path[PATH_BYTES], beside[PATH_BYTES], text[256];
    int64_t interval_ms = wf_desk_checkpoint_interval_ms(desk, run);
    int64_t gone_ms = desk->notice.gone_ms;
    if (is_much_the_same(run->advised_ms, interval_ms) && run->advised_gone_ms == gone_ms) {
        return;
    }
    folder_of(desk, run->job->id, run->attempt, "advice", path);
    folder_of(desk, run->job->id, run->attempt, ".advice", beside);
    int length = snprintf(text, sizeof text, "interval_seconds=%" PRId64 "\ngoing_at=%" PRId64 "\n",
                          (interval_ms + 999) / 1000, gone_ms / 1000);
    int file = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (file < 0) {
        return; // advice that cannot be given is told again with the next look
    }
    bool good = fchmod(file, 0644) == 0 && write(file, text, (size_t)length) == length;
    (void)close(file);
    if (good && rename(beside, path) == 0) {
        run->advised_ms = interval_ms;
        run->advised_gone_ms = gone_ms;
    }
}

enum wf_status wf_desk_offer_checkpoint(struct wf_desk *desk, struct wf_book_run *run,
                                        struct wf_desk_checkpoint_files *files,
                                        struct wf_error *err)
{
    char path[PATH_BYTES];
    static const struct timespec never[2] = {{0}, {0}};
    folder_of(desk, run->job->id, run->attempt, "advice", files->advice);
    folder_of(desk, run->job->id, run->attempt, "done", files->done);
    if (!make_folder(desk, run, path)) {
        return wf_fail(err, WF_IO, "%s cannot be made: %s", path, strerror(errno));
    }
    int file = open(files->done, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    bool good = file >= 0 && fchmod(file, 0644) == 0 && futimens(file, never) == 0;
    if (good && desk->config.users) {
        good = fchown(file, files->user, files->group) == 0;
    }
    if (file >= 0) {
        (void)close(file);
    }
    if (!good) {
        return wf_fail(err, WF_IO, "%s cannot be made: %s", files->done, strerror(errno));
    }
    run->advised_ms = run->advised_gone_ms = -1;
    wf_desk_write_advice(desk, run);
    return WF_OK;
}

void wf_desk_remove_checkpoint(const struct wf_desk *desk, uint64_t job, uint32_t attempt)
{
    static const char *const files[] = {"done", "advice", ".advice"};
    char path[PATH_BYTES];
    for (uint32_t i = 0; i < WF_COUNT_OF(files); i++) {
        folder_of(desk, job, attempt, files[i], path);
        (void)unlink(path);
    }
    folder_of(desk, job, attempt, "", path);
    (void)rmdir(path);
}

// When the run's file was touched last, in nanoseconds; 0: there is none.
static int64_t touched_ns(const struct wf_desk *desk, const struct wf_book_run *run)
{
    struct stat facts;
    char path[PATH_BYTES];
    folder_of(desk, run->job->id, run->attempt, "done", path);
    bool good = lstat(path, &facts) == 0 && S_ISREG(facts.st_mode);
    return good ? (int64_t)facts.st_mtim.tv_sec * 1000000000 + facts.st_mtim.tv_nsec : 0;
}

// Before it is told to stop. Our clock is no measure of whether it saved since: it is not the
// kernel's for files, and may be ahead of it.
void wf_desk_mark_checkpoint(const struct wf_desk *desk, struct wf_book_run *run)
{
    run->told_touched_ns = run->job->saves ? touched_ns(desk, run) : 0;
}

// Notes when the run last said that its work is saved. Returns whether that is news. Times before
// its start or to come are none.
static bool look(struct wf_desk *desk, struct wf_book_run *run, int64_t until_ms)
{
    int64_t at_ms = touched_ns(desk, run) / 1000000;
    at_ms = at_ms < until_ms ? at_ms : until_ms;
    if (at_ms <= run->saved_ms || run->started_ms <= 0 || at_ms < run->started_ms) {
        return false;
    }
    run->saved_ms = at_ms;
    return true;
}

// A run that was told to stop has saved its work: it need not use up the rest of its time for that.
static void hurry(struct wf_desk *desk, struct wf_book_run *run)
{
    const struct wf_book_job *job = run->job;
    char id[WF_RUN_ID_MAX + 1];
    if (run->acknowledged || !run->stop_wanted || run->stop_failed || run->told_ms == 0 ||
        touched_ns(desk, run) == run->told_touched_ns || job->checkpoint_signal == 0) {
        return;
    }
    run->acknowledged = true;
    wf_desk_tell_job(desk, job, "checkpointed", "its work is saved: it is ended");
    wf_desk_run_id(job->id, run->attempt, id);
    // A shorter grace ends the time for the checkpoint, too.
    uint32_t grace_ms = job->stop_ms > 0 ? job->stop_ms - 1 : 0;
    (void)desk->config.kind->stop(desk->config.engine, id, run->stop_why, grace_ms, NULL);
}

static void tell_core(struct wf_desk *desk, struct wf_book_run *run)
{
    const struct wf_book_job *job = run->job;
    struct wf_event event = {.kind = WF_EVENT_JOB_SAVED, .job_saved = {{job->id}}};
    if (run->known_ms >= run->saved_ms) {
        return; // a daemon before this one did
    }
    run->known_ms = wf_desk_now_ms(desk);
    desk->counts.checkpoints++;
    if (job->in_core && job->run == run) {
        enum wf_status status = wf_desk_step(desk, &event, NULL);
        WF_ASSERT(status == WF_OK); // it runs in the core, too
    }
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

// When to tell it that it is time to save its work; INT64_MAX: it needs nobody for that. One that
// has just saved by itself is not told.
static int64_t prompt_due_ms(const struct wf_desk *desk, const struct wf_book_run *run)
{
    if (!run->job->prompts || run->stop_wanted || run->started_ms <= 0) {
        return INT64_MAX;
    }
    int64_t saved_ms = later(later(run->saved_ms, run->known_ms), run->started_ms);
    return later(saved_ms, run->prompted_ms) + wf_desk_checkpoint_interval_ms(desk, run);
}

static void prompt(struct wf_desk *desk, struct wf_book_run *run, int64_t now_ms)
{
    char id[WF_RUN_ID_MAX + 1];
    wf_desk_run_id(run->job->id, run->attempt, id);
    if (desk->config.kind->checkpoint(desk->config.engine, id, NULL) == WF_OK) {
        run->prompted_ms = now_ms;
        desk->counts.prompts++;
    }
}

static bool is_looked_at(const struct wf_book_run *run)
{
    return run->phase == WF_BOOK_STARTED && run->job->saves;
}

void wf_desk_look_at_checkpoints(struct wf_desk *desk, int64_t now_ms)
{
    for (struct wf_book_run *run = desk->world.book.runs; run; run = run->next) {
        if (!is_looked_at(run) || now_ms < run->look_ms) {
            continue;
        }
        run->look_ms = now_ms + (run->stop_wanted ? LOOK_SOON_MS : LOOK_MS);
        wf_desk_write_advice(desk, run);
        if (look(desk, run, now_ms)) {
            tell_core(desk, run);
            hurry(desk, run);
        }
        if (now_ms >= prompt_due_ms(desk, run)) {
            prompt(desk, run, now_ms);
        }
        int64_t due_ms = prompt_due_ms(desk, run);
        run->look_ms = due_ms > now_ms && due_ms < run->look_ms ? due_ms : run->look_ms;
    }
}

int64_t wf_desk_look_wake_ms(const struct wf_desk *desk)
{
    int64_t wake_ms = INT64_MAX;
    for (const struct wf_book_run *run = desk->world.book.runs; run; run = run->next) {
        if (is_looked_at(run) && run->look_ms < wake_ms) {
            wake_ms = run->look_ms;
        }
    }
    return wake_ms;
}

// A run that gave way to a notice did so because the machine goes, not for others.
static const char *loss_word(const struct wf_desk *desk, const struct wf_book_run *run,
                             enum wf_run_end end)
{
    const struct wf_cluster *cluster = wf_core_cluster(desk->world.core);
    bool leaves =
        run->leaves || (run->node < cluster->nodes_end && cluster->nodes[run->node].gone_ms > 0);
    return end == WF_RUN_END_PREEMPTED && leaves ? "notice" : wf_run_end_text(end);
}

void wf_desk_count_loss(struct wf_desk *desk, struct wf_book_run *run, const struct wf_run *fact)
{
    const struct wf_book_job *job = run->job;
    bool taken = fact->end == WF_RUN_END_PREEMPTED || fact->end == WF_RUN_END_RESTARTED ||
                 fact->end == WF_RUN_END_UNKNOWN;
    if (run->started_ms <= 0 || !taken || job->cancelled || job->timed_out) {
        return;
    }
    if (job->saves) {
        (void)look(desk, run, fact->ended_ms);
    }
    // Where the file went with the machine, the journal knows.
    int64_t saved_ms = run->saved_ms > 0 ? run->saved_ms : run->known_ms;
    int64_t from_ms = saved_ms > run->started_ms ? saved_ms : run->started_ms;
    struct wf_charge charge = wf_desk_charge_between(desk, run, from_ms, fact->ended_ms);
    if (fact->ended_ms <= from_ms) {
        return;
    }
    wf_batch_loss(
        desk->deeds.rows,
        &(struct wf_loss_row){
            .job = job->id,
            .attempt = run->attempt,
            .from_ms = from_ms,
            .to_ms = fact->ended_ms,
            .user = wf_directory_name(&desk->world.directory, WF_JOURNAL_USER, job->user),
            .queue = wf_directory_name(&desk->world.directory, WF_JOURNAL_QUEUE, job->queue),
            .why = loss_word(desk, run, fact->end),
            .gpu_ms = charge.gpu_ms,
            .cost_nanousd = charge.cost_nanousd});
    desk->counts.losses++;
    desk->counts.lost_ms += (uint64_t)(fact->ended_ms - from_ms);
    desk->counts.lost_nanousd += charge.cost_nanousd;
    char reason[300];
    snprintf(reason, sizeof reason, "%.3f s of work are lost, worth %.6f dollars: %s, and %s",
             (double)(fact->ended_ms - from_ms) / 1000, (double)charge.cost_nanousd / 1e9,
             wf_run_end_text(fact->end),
             saved_ms > run->started_ms ? "saved that long before" : "never saved");
    wf_desk_tell_job(desk, job, "work-lost", reason);
}
