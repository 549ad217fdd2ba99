// SPDX-License-Identifier: Apache-2.0
// Snapshots of the core (store/snapshot.h) from the desk's side: when one can be made, what else of
// the world goes with it, and whether one fits the journal. What rows tell is not in it: jobs that
// are not over, run times learned from the newest that are.
#include <stdlib.h>

#include "daemon/desk/parts.h"

void wf_desk_say(const struct wf_desk *desk, const char *sentence)
{
    if (desk->config.say) {
        desk->config.say(desk->config.context, sentence);
    }
}

uint64_t wf_desk_lines(const struct wf_desk *desk)
{
    return desk->world.lines;
}

uint64_t wf_desk_unsaved(const struct wf_desk *desk)
{
    const struct wf_world *world = &desk->world;
    bool can = desk->config.snapshot && !desk->is_stalled && !desk->is_broken &&
               world->hash_line == world->lines && world->hashed == world->events &&
               desk->lines_handed >= world->lines;
    return can ? world->lines - world->saved_lines : 0;
}

enum wf_status wf_desk_save(const struct wf_desk *desk, struct wf_error *err)
{
    const struct wf_world *world = &desk->world;
    struct wf_snapshot snapshot = {.core = world->core,
                                   .mark = {.lines = world->lines,
                                            .events = world->events,
                                            .hash = world->hash,
                                            .time_ms = world->time_ms,
                                            .wake_ms = world->wake_ms}};
    enum wf_status status =
        wf_directory_write(&world->directory, &snapshot.notes, &snapshot.notes_bytes, err);
    status = status == WF_OK ? wf_snapshot_write(desk->config.snapshot, &snapshot, err) : status;
    free(snapshot.notes);
    return status;
}

enum wf_status wf_desk_keep_snapshot(struct wf_desk *desk, uint64_t lines, struct wf_error *err)
{
    enum wf_status status = wf_snapshot_keep(desk->config.snapshot, err);
    if (status == WF_OK) {
        desk->world.saved_lines = lines;
    }
    return status;
}

// Whether the journal has at the snapshot's last line the hash that the snapshot has, and before it
// an event of the time that the snapshot knows: jobs that wait are in no decision.
static enum wf_status check_journal(struct wf_journal_reader *reader,
                                    const struct wf_snapshot_mark *mark, struct wf_error *err)
{
    struct wf_journal_record record;
    bool more = false;
    enum wf_status status = wf_journal_go_to(reader, mark->lines - 1, err);
    status = status == WF_OK ? wf_journal_next(reader, &record, &more, err) : status;
    bool same_time = status == WF_OK && more &&
                     (record.kind != WF_JOURNAL_EVENT || record.event.time_ms == mark->time_ms);
    status = status == WF_OK ? wf_journal_next(reader, &record, &more, err) : status;
    if (status == WF_OK && (!same_time || !more || record.kind != WF_JOURNAL_HASH ||
                            record.hash.events != mark->events || record.hash.hash != mark->hash)) {
        status = wf_fail(err, WF_INVALID, "it was made after another journal than this one");
    }
    return status;
}

static void take(struct wf_world *world, const struct wf_snapshot *snapshot)
{
    const struct wf_snapshot_mark *mark = &snapshot->mark;
    world->core = snapshot->core;
    world->events = world->hashed = mark->events;
    world->hash = mark->hash;
    world->hash_line = world->saved_lines = mark->lines;
    world->time_ms = mark->time_ms;
    world->wake_ms = mark->wake_ms;
}

void wf_world_unrestore(struct wf_world *world)
{
    wf_core_destroy(world->core);
    wf_directory_finish(&world->directory);
    take(world, &(struct wf_snapshot){.mark.wake_ms = INT64_MAX});
}

bool wf_world_restore(struct wf_desk *desk, struct wf_journal_reader *reader)
{
    struct wf_snapshot snapshot;
    struct wf_error err, ignored;
    if (!desk->config.snapshot) {
        return false;
    }
    enum wf_status status = wf_snapshot_read(desk->config.snapshot, &desk->core, &snapshot, &err);
    if (status == WF_NOTFOUND) {
        return false;
    }
    if (status == WF_OK) {
        status = check_journal(reader, &snapshot.mark, &err);
        if (status == WF_OK) {
            status = wf_directory_read(&desk->world.directory, snapshot.notes, snapshot.notes_bytes,
                                       &err);
        }
        if (status == WF_OK) {
            take(&desk->world, &snapshot);
        } else {
            wf_directory_finish(&desk->world.directory);
            wf_core_destroy(snapshot.core);
            // It was there when the journal was opened.
            (void)!wf_journal_go_to(reader, WF_JOURNAL_HEAD_LINES + 1, &ignored);
        }
        free(snapshot.notes);
    }
    if (status != WF_OK) {
        (void)wf_error_prefix(&err, status,
                              "the snapshot of the core is of no use, the whole "
                              "journal is stepped: ");
        wf_desk_say(desk, err.text);
    }
    return status == WF_OK;
}
