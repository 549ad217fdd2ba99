// SPDX-License-Identifier: Apache-2.0
#include "oracle_record.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"

struct oracle_record {
    double gpus;
    uint32_t events;
    uint32_t events_max;
    struct oracle_event last;
    // One column per figure, one row per event.
    double *load;
    double *allocated;
    double *fragment; // milli
    double *ratio;
};

struct oracle_record *oracle_record_create(uint64_t capacity_gpu_milli, uint32_t events_max)
{
    struct oracle_record *record = calloc(1, sizeof(*record));
    double *columns = calloc(4 * (size_t)events_max, sizeof(*columns));
    WF_ASSERT(record != NULL && columns != NULL);
    record->gpus = (double)capacity_gpu_milli / 1000;
    record->events_max = events_max;
    record->load = columns;
    record->allocated = columns + events_max;
    record->fragment = columns + 2 * (size_t)events_max;
    record->ratio = columns + 3 * (size_t)events_max;
    return record;
}

void oracle_record_destroy(struct oracle_record *record)
{
    if (record == NULL) {
        return;
    }
    free(record->load);
    free(record);
}

// The published figures went through text: every event was printed with two decimals and read back.
static double printed(double value)
{
    char text[64];
    snprintf(text, sizeof(text), "%.2f", value);
    return strtod(text, NULL);
}

void oracle_record_add(struct oracle_record *record, const struct oracle_event *event)
{
    WF_ASSERT(record->events < record->events_max);
    uint32_t i = record->events++;
    record->load[i] = rint((double)event->arrived_gpu_milli / record->gpus / 10);
    WF_ASSERT(i == 0 || record->load[i] >= record->load[i - 1]);
    const struct oracle_event *last = &record->last;
    if (i > 0 && event->used_gpu_milli == last->used_gpu_milli &&
        event->lost_gpu_milli == last->lost_gpu_milli &&
        event->idle_gpu_milli == last->idle_gpu_milli) {
        record->allocated[i] = record->allocated[i - 1];
        record->fragment[i] = record->fragment[i - 1];
        record->ratio[i] = record->ratio[i - 1];
    } else {
        record->allocated[i] = printed((double)event->used_gpu_milli / record->gpus / 10);
        record->fragment[i] = printed(event->lost_gpu_milli);
        record->ratio[i] = printed(100 * event->lost_gpu_milli / event->idle_gpu_milli);
    }
    record->last = *event;
}

// The sum in the order of the array library that the published scripts used: eight running sums
// side by side in blocks of at most 128, halves above that. The order decides some last digits.
static double sum_of(const double *list, uint32_t count)
{
    if (count > 128) {
        uint32_t half = count / 2 / 8 * 8;
        return sum_of(list, half) + sum_of(list + half, count - half);
    }
    double lane[8] = {0};
    uint32_t i = 0;
    for (; count - i >= 8; i += 8) {
        for (uint32_t k = 0; k < 8; k++) {
            lane[k] += list[i + k];
        }
    }
    double sum =
        ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
    for (; i < count; i++) {
        sum += list[i];
    }
    return sum;
}

// That library's rounding too: not the decimal nearest to the value, but a whole number of
// hundredths after a rounded multiplication.
static double hundredths(double value)
{
    return rint(value * 100) / 100;
}

// The mean over the events whose load is `low` to `high`; they stand side by side.
static bool mean_between(const struct oracle_record *record, int low, int high,
                         struct oracle_point *point_out)
{
    uint32_t first = 0;
    while (first < record->events && record->load[first] < low) {
        first++;
    }
    uint32_t end = first;
    while (end < record->events && record->load[end] <= high) {
        end++;
    }
    if (first == end) {
        return false;
    }
    uint32_t count = end - first;
    double fragment = sum_of(record->fragment + first, count) / count;
    *point_out = (struct oracle_point){
        .allocated = hundredths(sum_of(record->allocated + first, count) / count),
        .fragment = hundredths(100 * fragment / 1000 / record->gpus),
        .ratio = sum_of(record->ratio + first, count) / count,
    };
    return true;
}

bool oracle_record_at(const struct oracle_record *record, int load_percent,
                      struct oracle_point *point_out)
{
    return mean_between(record, load_percent, load_percent, point_out) ||
           mean_between(record, load_percent - 1, load_percent + 1, point_out);
}
