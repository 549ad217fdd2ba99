// SPDX-License-Identifier: Apache-2.0
// The steps from rows to offers. Internal to the market.
#pragma once

#include "market/market.h"

// Puts the prices of contracts that are about several things in place of those things' own, and a
// region's prices into its zones. What is only a part of another offer then is removed.
void wf_market_cover(struct wf_market *market);
