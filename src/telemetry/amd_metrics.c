// SPDX-License-Identifier: Apache-2.0
// The table gpu_metrics: a header of size, format and content version, then fields whose places
// depend on the version. The places are those of Linux' kgd_pp_interface.h for versions 1.1 to 1.6
// (discrete GPUs from MI100 and RDNA to MI300); other versions are not guessed at. Never tried on a
// real GPU.
#include <string.h>

#include "telemetry/amd.h"

struct layout {
    uint8_t content;          // version 1.<content>
    uint16_t energy;          // where the 64-bit counter stands, in units of 2^-16 J
    uint16_t throttle;        // 32 bits whose meaning is the model's
    uint16_t throttle_common; // 64 bits with the same meaning for all; 0: not there
    uint16_t size;            // that the table needs
};

static const struct layout layouts[] = {
    {1, 24, 68, 0, 72}, {2, 24, 68, 0, 72},   {3, 24, 68, 112, 120},
    {4, 24, 40, 0, 44}, {5, 88, 104, 0, 108}, {6, 88, 128, 0, 132},
};

// The common bits: 0 to 7 power, 16 to 23 current, 32 to 47 temperature.
static uint32_t throttle_common(uint64_t bits)
{
    uint32_t throttle = 0;
    throttle |= bits & UINT64_C(0x0000000000ffffff) ? WF_THROTTLE_POWER_CAP : 0;
    throttle |= bits & UINT64_C(0x0000ffff00000000) ? WF_THROTTLE_HEAT : 0;
    throttle |= bits & UINT64_C(0xffff0000ff000000) ? WF_THROTTLE_OTHER : 0;
    return throttle;
}

// The driver fills what the firmware does not tell with ones.
static uint64_t take(const uint8_t *bytes, uint32_t place, uint32_t width, bool *told)
{
    uint64_t value = 0;
    for (uint32_t i = width; i > 0; i--) {
        value = value << 8 | bytes[place + i - 1];
    }
    *told = value != (width == 8 ? UINT64_MAX : UINT32_MAX);
    return value;
}

bool wf_amd_metrics_parse(const void *bytes, size_t length, struct wf_amd_metrics *metrics)
{
    const uint8_t *table = bytes;
    *metrics = (struct wf_amd_metrics){0};
    if (length < 4) {
        return false;
    }
    size_t size = (size_t)(table[0] | table[1] << 8);
    const struct layout *layout = NULL;
    for (uint32_t i = 0; i < WF_COUNT_OF(layouts) && table[2] == 1; i++) {
        layout = layouts[i].content == table[3] ? &layouts[i] : layout;
    }
    if (!layout || size < layout->size || length < layout->size) {
        return false;
    }
    uint64_t energy = take(table, layout->energy, 8, &metrics->has_energy);
    // Times 1000 / 65536, without running over: 64 bits of energy would be more than a year of all
    // the world's power, but nobody promises a sane table.
    metrics->energy_mj =
        metrics->has_energy ? energy / 65536 * 1000 + energy % 65536 * 1000 / 65536 : 0;
    if (layout->throttle_common) {
        uint64_t bits = take(table, layout->throttle_common, 8, &metrics->has_throttle);
        metrics->throttle = metrics->has_throttle ? throttle_common(bits) : 0;
    }
    if (!metrics->has_throttle) {
        uint64_t bits = take(table, layout->throttle, 4, &metrics->has_throttle);
        metrics->throttle = metrics->has_throttle && bits ? WF_THROTTLE_OTHER : 0;
    }
    return true;
}
