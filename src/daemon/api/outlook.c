// SPDX-License-Identifier: Apache-2.0
// How likely this machine is to be taken, and how good such forecasts were so far.
#include "daemon/api/outlook.h"

#include <math.h>

#include "daemon/desk/outlook.h"

#define HOUR_MS 3600000.0

static json_t *permille(double part)
{
    return wf_api_number(lround(part * 1000));
}

static json_t *tell_score(const struct wf_desk_outlook *outlook)
{
    const struct wf_lifetimes_score *score = &outlook->score;
    json_t *root = wf_api_object();
    wf_api_set(root, "scored", json_boolean(score->is_scored));
    wf_api_set(root, "machines", wf_api_number((int64_t)score->lives));
    wf_api_set(root, "machines_taken", wf_api_number((int64_t)score->taken));
    wf_api_set(root, "forecasts", wf_api_number((int64_t)score->samples));
    wf_api_set(root, "brier_permille", score->is_scored ? permille(score->brier) : NULL);
    wf_api_set(root, "brier_skill_permille", score->is_scored ? permille(score->skill) : NULL);
    wf_api_set(root, "calibration_error_permille",
               score->is_scored ? permille(score->calibration) : NULL);
    wf_api_set(root, "text", wf_api_text(outlook->words));
    return root;
}

json_t *wf_api_spot_risk(const struct wf_api *api, uint32_t pool, int64_t within_ms)
{
    struct wf_desk_outlook outlook;
    if (!wf_desk_outlook(api->desk, pool, within_ms, &outlook)) {
        return NULL;
    }
    json_t *root = wf_api_object();
    wf_api_set(root, "age_ms", wf_api_number(outlook.age_ms));
    wf_api_set(root, "within_ms", wf_api_number(within_ms));
    wf_api_set(root, "taken_permille", permille(outlook.chance));
    wf_api_set(root, "hazard_permille_per_hour", permille(outlook.hazard_per_hour));
    wf_api_set(root, "forecast", tell_score(&outlook));
    return root;
}

void wf_api_print_spot_risk(const struct wf_api *api, uint32_t pool, int64_t within_ms, FILE *out)
{
    struct wf_desk_outlook outlook;
    if (wf_desk_outlook(api->desk, pool, within_ms, &outlook)) {
        fprintf(out,
                "Its machine may be taken away: it is %.1f h old, and %.0f %% of such are taken "
                "within %.1f h (forecast %s).",
                (double)outlook.age_ms / HOUR_MS, outlook.chance * 100, (double)within_ms / HOUR_MS,
                outlook.words);
    }
}
