// SPDX-License-Identifier: Apache-2.0
// What the GPUs of machines that are owned come to by the hour.
#pragma once

#include <stdint.h>

// What a node that is owned costs.
struct wf_owned_node {
    int64_t nanousd_per_node; // its price when it was bought, switches and racks included
    int64_t years_milli;      // over how many thousandths of a year it is written off
    int64_t watts_per_node;   // drawn at the wall, cooling included, at all hours
    int64_t nanousd_per_kwh;
    int64_t nanousd_per_year; // everything else by the node and year: room, hands, support
};

// Nano-dollars of one GPU for one hour, at a year of 8,766 hours:
//
//   (price / (years * 8766) + watts / 1000 * price of a kWh + yearly / 8766) / GPUs of the node
//
// which is what a rented GPU costs by the hour, as an owned machine is paid at all hours, too.
int64_t wf_owned_price(const struct wf_owned_node *owned, uint32_t gpus);
