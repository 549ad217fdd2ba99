// SPDX-License-Identifier: Apache-2.0
#include "sim/rerun/journal_core.h"

enum wf_status wf_journal_core_create(const struct wf_journal_maker *maker,
                                      struct wf_core **core_out, struct wf_error *err)
{
    struct wf_core_config config;
    enum wf_status status = wf_journal_core_config(maker, &config, err);
    return status == WF_OK ? wf_core_create(&config, core_out, err) : status;
}

static enum wf_status compare_hash(struct wf_journal_steps *steps,
                                   const struct wf_journal_record *record, struct wf_error *err)
{
    if (record->hash.events != steps->events) {
        return wf_fail(err, WF_INVALID, "the journal counts %llu events here, there are %llu",
                       (unsigned long long)record->hash.events, (unsigned long long)steps->events);
    }
    if (record->hash.hash != steps->hash) {
        return wf_fail(err, WF_INVALID,
                       "this program decides otherwise than the one that made the "
                       "journal: the hash of its decisions is %016llx, not %016llx",
                       (unsigned long long)steps->hash, (unsigned long long)record->hash.hash);
    }
    steps->hashes++;
    steps->unhashed = 0;
    return WF_OK;
}

enum wf_status wf_journal_step(struct wf_journal_steps *steps, struct wf_core *core,
                               const struct wf_journal_record *record,
                               struct wf_decisions *decisions_out, struct wf_error *err)
{
    *decisions_out = (struct wf_decisions){.hash = steps->hash, .wake_ms = INT64_MAX};
    if (record->kind == WF_JOURNAL_HASH) {
        return compare_hash(steps, record, err);
    }
    if (record->kind != WF_JOURNAL_EVENT) {
        return WF_OK;
    }
    enum wf_status status = wf_core_step(core, &record->event, decisions_out, err);
    if (status != WF_OK) {
        (void)!wf_error_prefix(err, status, "the core refuses the event: ");
        if (err) {
            err->status = WF_INVALID;
        }
        return WF_INVALID;
    }
    steps->events++;
    steps->unhashed++;
    steps->hash = decisions_out->hash;
    return WF_OK;
}
