// SPDX-License-Identifier: Apache-2.0
// Our own: what spot's age says of how long it will last (or stay away), and the best way through
// all that may then come, solved beforehand (core/spot/table.h). The zone is the one where a useful
// hour is expected to cost least.
//
// Where the zones together have had spot for more of the time than the job needs, the slack is kept
// for the bad times that the table, which knows ages only, does not see coming: work is held in
// step with time, as Uniform Progress does, in the zone where spot is expected to last.
#include "core/spot/table.h"
#include "core/spot/wish.h"

// How long no zone has had spot: as long as the one that lost it last.
static uint32_t gone_s(const struct wf_spot_view *view)
{
    uint32_t least_s = UINT32_MAX;
    for (uint32_t i = 0; i < view->zone_count; i++) {
        least_s = view->zones[i].age_s < least_s ? view->zones[i].age_s : least_s;
    }
    return least_s;
}

static struct wf_spot_action choose(const struct wf_spot_view *view)
{
    if (!view->table) {
        return wf_spot_if_any(view); // nothing is known: greedy with the safety net
    }
    if (view->zone_count > 1 && view->plenty) {
        return wf_spot_policy_uniform_progress.choose(view);
    }
    uint32_t zone = wf_spot_best_zone(view);
    bool any = zone != UINT32_MAX;
    uint32_t age_s = any ? view->zones[zone].age_s : gone_s(view);
    enum wf_spot_mode mode = wf_spot_table_look(view->table, view, any, age_s);
    if (mode == WF_SPOT_HELD && !any) {
        mode = WF_SPOT_IDLE;
    }
    return (struct wf_spot_action){.mode = mode, .zone = any ? zone : 0};
}

const struct wf_spot_policy wf_spot_policy_foresight = {
    .name = "foresight",
    .summary = "weighs every way on by how long spot is expected to last (ours)",
    .wants_table = true,
    .choose = choose,
};
