// SPDX-License-Identifier: Apache-2.0
#include "sim/rerun/journal_check.h"

#include "sim/rerun/journal_core.h"

static enum wf_status check_records(const char *path, struct wf_journal_reader *reader,
                                    struct wf_core *core, struct wf_journal_check *check,
                                    struct wf_error *err)
{
    struct wf_journal_steps steps = {0};
    for (;;) {
        struct wf_journal_record record;
        struct wf_decisions decisions;
        bool more;
        enum wf_status status = wf_journal_next(reader, &record, &more, err);
        if (status != WF_OK || !more) {
            check->events = steps.events;
            check->hash = steps.hash;
            check->hashes = steps.hashes;
            check->unhashed = steps.unhashed;
            return status;
        }
        status = wf_journal_step(&steps, core, &record, &decisions, err);
        if (status != WF_OK) {
            return wf_error_prefix(err, status, "%s, line %llu: ", path,
                                   (unsigned long long)record.line);
        }
        check->decisions += decisions.count;
        if (record.kind == WF_JOURNAL_EVENT) {
            check->first_ms = steps.events == 1 ? record.event.time_ms : check->first_ms;
            check->last_ms = record.event.time_ms;
        }
    }
}

enum wf_status wf_journal_check(const char *path, struct wf_journal_check *check_out,
                                struct wf_error *err)
{
    struct wf_journal_reader *reader = NULL;
    struct wf_core *core = NULL;
    *check_out = (struct wf_journal_check){0};
    enum wf_status status = wf_journal_open(path, false, &reader, err);
    if (status != WF_OK) {
        return status;
    }
    const struct wf_journal_maker *maker = wf_journal_reader_maker(reader);
    snprintf(check_out->program, sizeof check_out->program, "%s", maker->program);
    snprintf(check_out->policy, sizeof check_out->policy, "%s", maker->policy);
    snprintf(check_out->discipline, sizeof check_out->discipline, "%s", maker->discipline);
    snprintf(check_out->driver, sizeof check_out->driver, "%.*s", (int)sizeof check_out->driver - 1,
             maker->driver);
    status = wf_journal_core_create(maker, &core, err);
    if (status == WF_OK) {
        status = check_records(path, reader, core, check_out, err);
        check_out->torn_bytes = wf_journal_torn_bytes(reader);
    }
    wf_core_destroy(core);
    wf_journal_reader_close(reader);
    return status;
}
