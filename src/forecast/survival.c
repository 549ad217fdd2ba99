// SPDX-License-Identifier: Apache-2.0
#include "forecast/survival.h"

#include <math.h>
#include <stdlib.h>

#include "base/assert.h"

#define SECONDS_PER_HOUR 3600.0
#define PRIOR_SCALE 0.95
#define PRIOR_AGE_HOURS 0.5
#define CLASS_WEIGHT 3.0 // changes that a class must have seen to count as much as what is broader
#define ZONE_WEIGHT 10.0 // the same for a zone
#define HALF_LIFE_HOURS 168.0 // what was watched so long ago counts half: a week
#define Q24 16777216.0

// Classes of age: each ends at so many hours.
static const double class_end_hours[] = {0.25, 0.42, 0.6, 1, 2, 4, 8, 16, INFINITY};
enum { CLASSES = sizeof class_end_hours / sizeof *class_end_hours };

// What was seen of one way of being (there, or away): changes, and those that the prior expected.
struct tally {
    double seen[CLASSES], expected[CLASSES];
};

struct zone {
    struct tally tally[2]; // away, there
    bool known;            // was observed at all
    bool aged;             // a change was seen, so that the age is known
    bool available;
    uint32_t count;
    int64_t since_s, last_s, watched_s, available_s;
    double losses, whole_losses; // of machines, where their number is known
};

struct wf_survival_model {
    uint32_t zone_count;
    struct tally all[2];
    double losses, covered; // zones that lost spot, and those of them with another zone that had it
    double covered_log_sum; // of their ages in hours, with PRIOR_AGE_HOURS added
    double machine_losses, whole_losses;
    struct zone any;
    struct zone zones[];
};

enum wf_status wf_survival_create(uint32_t zones, struct wf_survival_model **model_out,
                                  struct wf_error *err)
{
    if (zones == 0 || zones > WF_SURVIVAL_ZONES_MAX) {
        return wf_fail(err, WF_INVALID, "a survival model has 1 to %d zones, not %u",
                       WF_SURVIVAL_ZONES_MAX, zones);
    }
    *model_out = calloc(1, sizeof **model_out + zones * sizeof(*model_out)->zones[0]);
    if (!*model_out) {
        return wf_fail(err, WF_NOMEM, "no memory for a survival model of %u zones", zones);
    }
    (*model_out)->zone_count = zones;
    return WF_OK;
}

void wf_survival_destroy(struct wf_survival_model *model)
{
    free(model);
}

static double prior_per_hour(double age_hours)
{
    return PRIOR_SCALE / (age_hours + PRIOR_AGE_HOURS);
}

static uint32_t class_of(double age_hours)
{
    uint32_t class = 0;
    while (age_hours >= class_end_hours[class]) {
        class ++;
    }
    return class;
}

static void add(struct tally *tally, double age_hours, double hours, bool changed)
{
    uint32_t class = class_of(age_hours);
    tally->expected[class] += 1 - exp(-prior_per_hour(age_hours) * hours);
    tally->seen[class] += changed;
}

// Returns whether it changed.
static bool watch(struct zone *zone, struct tally *all, uint32_t count, int64_t now_s)
{
    bool available = count > 0;
    bool changed = zone->known && available != zone->available;
    if (zone->known && zone->aged) {
        double hours = (double)(now_s - zone->last_s) / SECONDS_PER_HOUR;
        double age_hours = (double)(zone->last_s - zone->since_s) / SECONDS_PER_HOUR + hours / 2;
        add(&zone->tally[zone->available], age_hours, hours, changed);
        if (all) {
            add(&all[zone->available], age_hours, hours, changed);
        }
    }
    if (zone->known) {
        zone->watched_s += now_s - zone->last_s;
        zone->available_s += zone->available ? now_s - zone->last_s : 0;
    }
    if (changed || !zone->known) {
        zone->aged = zone->known;
        zone->since_s = now_s;
    }
    zone->known = true;
    zone->available = available;
    zone->last_s = now_s;
    return changed;
}

// The integral of the prior's hazard over the part of a class that lies between two ages.
static double prior_between(double from_hours, double to_hours)
{
    return PRIOR_SCALE * log((to_hours + PRIOR_AGE_HOURS) / (from_hours + PRIOR_AGE_HOURS));
}

void wf_survival_note(struct wf_survival_model *model, uint32_t zone,
                      const struct wf_survival_stretch *stretch)
{
    WF_ASSERT(zone < model->zone_count && stretch->from_s >= 0);
    struct tally *own = &model->zones[zone].tally[stretch->available];
    struct tally *all = &model->all[stretch->available];
    double low = (double)stretch->from_s / SECONDS_PER_HOUR;
    double to_hours = (double)stretch->to_s / SECONDS_PER_HOUR;
    for (uint32_t class = class_of(low); low < to_hours; class ++) {
        double high = fmin(class_end_hours[class], to_hours);
        own->expected[class] += prior_between(low, high);
        all->expected[class] += prior_between(low, high);
        low = high;
    }
    uint32_t last = class_of(fmax(low, to_hours));
    own->seen[last] += stretch->changed;
    all->seen[last] += stretch->changed;
}

static void watch_losses(struct wf_survival_model *model, struct zone *zone, uint32_t count)
{
    // Of one machine nothing can be told about losing several together.
    if (zone->known && count < zone->count && zone->count > 1) {
        zone->losses++;
        model->machine_losses++;
        zone->whole_losses += count == 0;
        model->whole_losses += count == 0;
    }
}

// Of the zones that have spot now, the longest time for which one was known to have it.
static double oldest_hours(const struct wf_survival_model *model, const uint32_t *counts)
{
    int64_t oldest_s = 0;
    for (uint32_t i = 0; i < model->zone_count; i++) {
        const struct zone *zone = &model->zones[i];
        int64_t age_s = zone->last_s - zone->since_s;
        bool stays = counts[i] > 0 && zone->known && zone->available;
        oldest_s = stays && age_s > oldest_s ? age_s : oldest_s;
    }
    return (double)oldest_s / SECONDS_PER_HOUR;
}

static void fade(struct tally tally[2], double share)
{
    for (uint32_t way = 0; way < 2; way++) {
        for (uint32_t i = 0; i < CLASSES; i++) {
            tally[way].seen[i] *= share;
            tally[way].expected[i] *= share;
        }
    }
}

// Zones drift: what was so weeks ago says less of tomorrow than what was so yesterday.
static void fade_all(struct wf_survival_model *model, int64_t now_s)
{
    if (!model->any.known || now_s <= model->any.last_s) {
        return;
    }
    double share = exp2(-(double)(now_s - model->any.last_s) / SECONDS_PER_HOUR / HALF_LIFE_HOURS);
    fade(model->all, share);
    for (uint32_t i = 0; i < model->zone_count; i++) {
        fade(model->zones[i].tally, share);
    }
    fade(model->any.tally, share);
}

void wf_survival_observe(struct wf_survival_model *model, const uint32_t *counts, int64_t now_s)
{
    uint32_t up = 0;
    fade_all(model, now_s);
    for (uint32_t i = 0; i < model->zone_count; i++) {
        up += counts[i] > 0;
    }
    for (uint32_t i = 0; i < model->zone_count; i++) {
        struct zone *zone = &model->zones[i];
        watch_losses(model, zone, counts[i]);
        if (watch(zone, model->all, counts[i], now_s) && counts[i] == 0) {
            model->losses++;
            model->covered += up > 0;
            model->covered_log_sum +=
                up > 0 ? log(oldest_hours(model, counts) + PRIOR_AGE_HOURS) : 0;
        }
        zone->count = counts[i];
    }
    (void)watch(&model->any, NULL, up, now_s);
}

static const struct zone *zone_of(const struct wf_survival_model *model, uint32_t zone)
{
    static const struct zone unseen = {0};
    if (zone == WF_SURVIVAL_TYPICAL) {
        return &unseen;
    }
    WF_ASSERT(zone == WF_SURVIVAL_ANY || zone < model->zone_count);
    return zone == WF_SURVIVAL_ANY ? &model->any : &model->zones[zone];
}

bool wf_survival_available(const struct wf_survival_model *model, uint32_t zone)
{
    return zone_of(model, zone)->available;
}

int64_t wf_survival_age_s(const struct wf_survival_model *model, uint32_t zone)
{
    const struct zone *at = zone_of(model, zone);
    return at->last_s - at->since_s;
}

uint32_t wf_survival_available_permille(const struct wf_survival_model *model, uint32_t zone)
{
    const struct zone *at = zone_of(model, zone);
    return at->watched_s > 0 ? (uint32_t)(at->available_s * 1000 / at->watched_s) : 0;
}

static double shrunk(double seen, double expected, double weight)
{
    return (seen + weight) / (expected + weight);
}

// By how much the prior is off in each class, for one zone and one way of being.
static void factors_of(const struct wf_survival_model *model, const struct zone *zone,
                       bool available, double factors_out[CLASSES])
{
    const struct tally *all = &model->all[available];
    const struct tally *own = &zone->tally[available];
    double seen = 0, expected = 0;
    for (uint32_t i = 0; i < CLASSES; i++) {
        factors_out[i] = shrunk(all->seen[i], all->expected[i], CLASS_WEIGHT);
        seen += own->seen[i];
        expected += own->expected[i] * factors_out[i];
    }
    double whole = shrunk(seen, expected, ZONE_WEIGHT);
    for (uint32_t i = 0; i < CLASSES; i++) {
        double broad = factors_out[i] * whole;
        factors_out[i] = broad * shrunk(own->seen[i], own->expected[i] * broad, CLASS_WEIGHT);
    }
}

// The integral of the hazard from one age to another: that of the prior has a closed form.
static double risk_between(const double factors[CLASSES], double from_hours, double to_hours)
{
    double sum = 0;
    double low = from_hours;
    for (uint32_t class = class_of(from_hours); low < to_hours; class ++) {
        double high = fmin(class_end_hours[class], to_hours);
        sum += factors[class] * prior_between(low, high);
        low = high;
    }
    return sum;
}

double wf_survival_change(const struct wf_survival_model *model, uint32_t zone, bool available,
                          int64_t age_s, int64_t within_s)
{
    double factors[CLASSES];
    factors_of(model, zone_of(model, zone), available, factors);
    return 1 - exp(-risk_between(factors, (double)age_s / SECONDS_PER_HOUR,
                                 (double)(age_s + within_s) / SECONDS_PER_HOUR));
}

uint32_t wf_survival_change_q24(const struct wf_survival_model *model, uint32_t zone,
                                bool available, int64_t age_s, int64_t within_s)
{
    return (uint32_t)lround(wf_survival_change(model, zone, available, age_s, within_s) * Q24);
}

int64_t wf_survival_rest_s(const struct wf_survival_model *model, uint32_t zone, bool available,
                           int64_t age_s, int64_t most_s)
{
    enum { PIECES = 64 };
    double factors[CLASSES];
    factors_of(model, zone_of(model, zone), available, factors);
    double from_hours = (double)age_s / SECONDS_PER_HOUR;
    double piece_hours = (double)most_s / SECONDS_PER_HOUR / (double)PIECES;
    double sum_hours = 0, risk = 0;
    for (uint32_t i = 0; i < PIECES; i++) {
        double low = from_hours + piece_hours * i;
        double middle = low + piece_hours / 2;
        sum_hours += exp(-risk - risk_between(factors, low, middle)) * piece_hours;
        risk += risk_between(factors, low, low + piece_hours);
    }
    return (int64_t)(sum_hours * SECONDS_PER_HOUR);
}

uint32_t wf_survival_elsewhere_q24(const struct wf_survival_model *model)
{
    double chance = model->zone_count > 1 ? (model->covered + 1) / (model->losses + 2) : 0;
    return (uint32_t)lround(chance * Q24);
}

int64_t wf_survival_elsewhere_age_s(const struct wf_survival_model *model)
{
    double mean = (model->covered_log_sum + log(2)) / (model->covered + 1);
    return (int64_t)(fmax(exp(mean) - PRIOR_AGE_HOURS, 0) * SECONDS_PER_HOUR);
}

// Before anything is seen: four in ten, as published for two sets of many machines.
uint32_t wf_survival_all_lost_permille(const struct wf_survival_model *model, uint32_t zone)
{
    const struct zone *own = zone_of(model, zone);
    double all =
        (model->whole_losses + 0.4 * CLASS_WEIGHT) / (model->machine_losses + CLASS_WEIGHT);
    double share = (own->whole_losses + all * CLASS_WEIGHT) / (own->losses + CLASS_WEIGHT);
    return (uint32_t)lround(share * 1000);
}
