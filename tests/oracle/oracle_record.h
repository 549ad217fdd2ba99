// SPDX-License-Identifier: Apache-2.0
// Figures against arrived load, averaged and rounded as the published scripts do it, so that they
// can be compared digit by digit. Any policy may feed it, the product's too.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// The state after one arrival, placed or not.
struct oracle_event {
    uint64_t arrived_gpu_milli; // so far; never falls from event to event
    uint64_t used_gpu_milli;
    double lost_gpu_milli; // fragments, see oracle_fragment_lost
    double idle_gpu_milli;
};

// Figures at one arrived load, in percent; the first two are rounded to hundredths.
struct oracle_point {
    double allocated; // of all GPU capacity
    double fragment;  // of all GPU capacity
    double ratio;     // fragment as a part of what is idle
};

struct oracle_record;

// Stops the test program when out of memory. events_max: how many events may be added.
struct oracle_record *oracle_record_create(uint64_t capacity_gpu_milli, uint32_t events_max);
void oracle_record_destroy(struct oracle_record *record);

void oracle_record_add(struct oracle_record *record, const struct oracle_event *event);

// The mean over all events at this load (in percent of capacity, rounded to a whole number); if
// there is none, over those within 1. Returns false, and leaves point_out, if there is none either.
bool oracle_record_at(const struct oracle_record *record, int load_percent,
                      struct oracle_point *point_out);
