// SPDX-License-Identifier: Apache-2.0
#include "cli/live/offers.h"

#include <string.h>

#include "base/number.h"
#include "cli/live/grid.h"
#include "cli/live/live.h"
#include "cli/live/words.h"
#include "cli/paragraph.h"

enum { WIDTH = 100 };

static const char *money(char *text, const json_t *object, const char *field)
{
    const json_t *value = json_object_get(object, field);
    return json_is_integer(value) ? wf_word_usd(text, json_integer_value(value)) : "-";
}

bool wf_offers_cost(const json_t *answer)
{
    return wf_live_number(answer, "nanousd_per_hour") > 0;
}

static void add_offer(struct wf_grid *grid, const json_t *offer)
{
    char text[WF_WORD_BYTES];
    bool chosen = json_is_true(json_object_get(offer, "chosen"));
    wf_grid_add_shaded(grid, chosen ? "✓" : "", WF_SHADE_GOOD);
    wf_grid_add(grid, wf_live_text(offer, "pool"));
    wf_grid_add(grid, money(text, offer, "nanousd_per_hour"));
    wf_grid_add(grid, money(text, offer, "nanousd_p50"));
    wf_grid_add(grid, money(text, offer, "nanousd_p90"));
    wf_grid_add(grid, wf_number_count(text, wf_live_number(offer, "tasks_now")));
    wf_grid_add(grid, wf_live_text(offer, "text"));
}

static void print_sources(FILE *out, const json_t *offers)
{
    for (size_t i = 0; i < json_array_size(offers); i++) {
        const json_t *offer = json_array_get(offers, i);
        const char *source = wf_live_text(offer, "price_source");
        bool told = wf_live_number(offer, "price_nanousd_per_gpu_hour") > 0 && source[0];
        if (json_is_true(json_object_get(offer, "chosen")) && told) {
            char text[640];
            snprintf(text, sizeof text, "Price of %s: %s.", wf_live_text(offer, "pool"), source);
            wf_paragraph_print(out, text, WIDTH);
        }
    }
}

enum wf_status wf_live_offers_print(FILE *out, const json_t *answer, struct wf_error *err)
{
    static const struct wf_grid_column columns[] = {
        {"", false, 0},           {"POOL", false, 40},  {"$ AN HOUR", true, 0},
        {"$ WHOLE JOB", true, 0}, {"AT MOST", true, 0}, {"FIT NOW", true, 0},
        {"WHY NOT", false, 100},
    };
    struct wf_grid grid;
    const json_t *offers = json_object_get(answer, "offers");
    wf_grid_init(&grid, columns, WF_COUNT_OF(columns));
    for (size_t i = 0; i < json_array_size(offers); i++) {
        add_offer(&grid, json_array_get(offers, i));
    }
    enum wf_status status = wf_grid_print(&grid, out, err);
    wf_grid_finish(&grid);
    if (status == WF_OK) {
        fputc('\n', out);
        wf_paragraph_print(out, wf_live_text(answer, "text"), WIDTH);
        print_sources(out, offers);
    }
    return status;
}
