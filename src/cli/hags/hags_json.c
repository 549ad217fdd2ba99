// SPDX-License-Identifier: Apache-2.0
#include "cli/hags/hags_view.h"
#include "cli/json.h"

const char *wf_hags_goal_name(enum wf_hags_goal goal)
{
    static const char *const names[] = {"status", "off", "on", "restore"};
    return names[goal];
}

static json_t *count_or_null(int64_t count)
{
    return count < 0 ? json_null() : json_integer(count);
}

static json_t *text_or_null(const char *text)
{
    return text && text[0] ? json_string(text) : json_null();
}

static json_t *tristate(enum wf_hags_tristate state)
{
    return state == WF_HAGS_UNTOLD ? json_null() : json_boolean(state == WF_HAGS_YES);
}

// Names come from drivers: what is no UTF-8 becomes null.
static json_t *adapters_json(struct wf_json *json, const struct wf_hags_adapter *adapters,
                             uint32_t count)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < count; i++) {
        json_t *object = json_object();
        wf_json_set(json, object, "name", text_or_null(adapters[i].name));
        wf_json_set(json, object, "model", json_string(wf_hags_model_name(adapters[i].model)));
        wf_json_set(json, object, "software", json_boolean(adapters[i].software));
        wf_json_set(json, object, "supported", tristate(adapters[i].supported));
        wf_json_set(json, object, "enabled", tristate(adapters[i].enabled));
        wf_json_set(json, object, "enabled_by_default", tristate(adapters[i].by_default));
        wf_json_set(json, object, "driver", json_string(wf_hags_driver_name(adapters[i].driver)));
        wf_json_append(json, array, object);
    }
    return array;
}

static void set_report(struct wf_json *json, json_t *object, const struct wf_hags_report *report)
{
    json_t *timeouts = json_object();
    wf_json_set(json, object, "configured", json_string(wf_hags_value_name(report->configured)));
    wf_json_set(json, object, "effective",
                json_string(wf_hags_effect_name(wf_hags_effect(report))));
    wf_json_set(json, object, "os", json_string(wf_hags_os_name(report)));
    wf_json_set(json, object, "build", json_integer(report->build));
    wf_json_set(json, object, "product", text_or_null(report->product));
    wf_json_set(json, object, "boot_ms", json_integer(report->boot_ms));
    wf_json_set(json, object, "key_written_ms", json_integer(report->written_ms));
    wf_json_set(json, object, "adapters",
                adapters_json(json, report->adapters, report->adapter_count));
    wf_json_set(json, object, "nvidia", adapters_json(json, report->gpus, report->gpu_count));
    wf_json_set(json, timeouts, "since_boot", count_or_null(report->timeouts_since_boot));
    wf_json_set(json, timeouts, "in_30_days", count_or_null(report->timeouts_in_30_days));
    wf_json_set(json, object, "driver_timeouts", timeouts);
}

static json_t *row_json(struct wf_json *json, const struct wf_fleet_row *row)
{
    const struct wf_hags_entry *entry = row->entry;
    json_t *object = json_object();
    wf_json_set(json, object, "host", json_string(row->host->name));
    wf_json_set(json, object, "address", json_string(row->host->ways.address));
    wf_json_set(json, object, "state", json_string(wf_hags_state_name(row->state)));
    wf_json_set(json, object, "reason",
                json_string(row->reason[0] ? row->reason : wf_hags_state_text(row->state)));
    wf_json_set(json, object, "prior",
                entry->past.prior == WF_HAGS_UNREAD
                    ? json_null()
                    : json_string(wf_hags_value_name(entry->past.prior)));
    wf_json_set(json, object, "written_ms",
                entry->past.written_ms ? json_integer(entry->past.written_ms) : json_null());
    wf_json_set(json, object, "driver_timeouts_before", count_or_null(entry->timeouts_before));
    wf_json_set(json, object, "helper_left", text_or_null(entry->helper));
    if (row->report) {
        set_report(json, object, row->report);
    }
    return object;
}

enum wf_status wf_hags_json_print(const struct wf_fleet *fleet, const struct wf_hags_counts *counts,
                                  enum wf_hags_goal goal, struct wf_error *err)
{
    struct wf_json json = {false};
    json_t *root = json_object();
    json_t *hosts = json_array();
    json_t *states = json_object();
    for (uint32_t i = 0; i < counts->all; i++) {
        wf_json_append(&json, hosts, row_json(&json, wf_fleet_row(fleet, i)));
    }
    for (uint32_t i = 0; i < WF_HAGS_STATE_COUNT; i++) {
        if (counts->of[i] > 0) {
            wf_json_set(&json, states, wf_hags_state_name((enum wf_hags_state)i),
                        json_integer(counts->of[i]));
        }
    }
    wf_json_set(&json, root, "goal", json_string(wf_hags_goal_name(goal)));
    wf_json_set(&json, root, "all_as_wanted", json_boolean(counts->good && counts->chosen > 0));
    wf_json_set(&json, root, "states", states);
    wf_json_set(&json, root, "hosts", hosts);
    return wf_json_print(&json, root, err);
}
