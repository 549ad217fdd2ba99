// SPDX-License-Identifier: Apache-2.0
#include "hags/report.h"

#include <jansson.h>
#include <string.h>

#include "base/words.h"
#include "text/decimal.h"

enum { PROTOCOL = 1, BUILD_WINDOWS_11 = 22000, BUILD_MAX = 1000000 };

static const char *const value_names[] = {"unread", "1", "2", "absent", "other"};
static const char *const model_names[] = {"wddm", "tcc", "mcdm", "unknown"};
static const char *const driver_names[] = {"unknown", "off", "experimental", "stable", "always-on"};

// Returns where the text stands in the list, or 0.
static uint32_t place(const char *const *list, uint32_t count, const char *text)
{
    for (uint32_t i = 0; text && i < count; i++) {
        if (strcmp(list[i], text) == 0) {
            return i;
        }
    }
    return 0;
}

const char *wf_hags_value_name(enum wf_hags_value value)
{
    return value_names[value];
}

const char *wf_hags_value_word(enum wf_hags_value value)
{
    static const char *const words[] = {"unknown", "off", "on", "not set", "another value"};
    return words[value];
}

enum wf_hags_value wf_hags_value_find(const char *name)
{
    return (enum wf_hags_value)place(value_names, WF_COUNT_OF(value_names), name);
}

const char *wf_hags_model_name(enum wf_hags_model model)
{
    return model_names[model];
}

const char *wf_hags_driver_name(enum wf_hags_driver driver)
{
    return driver_names[driver];
}

static int64_t number(const json_t *object, const char *key, int64_t otherwise)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

// Texts of drivers go to terminals and pages: those take what is printable.
static void text(const json_t *object, const char *key, char *out, size_t size)
{
    const char *value = json_string_value(json_object_get(object, key));
    snprintf(out, size, "%s", value ? value : "");
    // A cut in the middle of a character leaves none of it.
    size_t length = strlen(out);
    if (value && length + 1 == size) {
        while (length > 0 && ((unsigned char)out[length - 1] & 0xc0) == 0x80) {
            length--;
        }
        out[length > 0 ? length - 1 : 0] = '\0';
    }
}

static enum wf_hags_tristate tristate(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_true(value) ? WF_HAGS_YES : json_is_false(value) ? WF_HAGS_NO : WF_HAGS_UNTOLD;
}

static enum wf_hags_value value_of(const json_t *value)
{
    if (json_is_integer(value)) {
        json_int_t held = json_integer_value(value);
        return held == 1 ? WF_HAGS_OFF : held == 2 ? WF_HAGS_ON : WF_HAGS_OTHER;
    }
    return wf_hags_value_find(json_string_value(value));
}

static uint32_t read_adapters(const json_t *array, struct wf_hags_adapter *adapters)
{
    uint32_t count = 0;
    size_t index;
    json_t *entry;
    json_array_foreach(array, index, entry)
    {
        if (!json_is_object(entry) || count == WF_HAGS_ADAPTERS_MAX) {
            continue;
        }
        struct wf_hags_adapter *adapter = &adapters[count++];
        *adapter = (struct wf_hags_adapter){
            .software = json_is_true(json_object_get(entry, "software")),
            .supported = tristate(entry, "supported"),
            .enabled = tristate(entry, "enabled"),
            .by_default = tristate(entry, "enabled_by_default"),
        };
        text(entry, "name", adapter->name, sizeof adapter->name);
        const char *model = json_string_value(json_object_get(entry, "model"));
        adapter->model =
            model ? (enum wf_hags_model)place(model_names, 3, model) : WF_HAGS_MODEL_UNKNOWN;
        adapter->driver =
            (enum wf_hags_driver)place(driver_names, WF_COUNT_OF(driver_names),
                                       json_string_value(json_object_get(entry, "driver")));
    }
    return count;
}

// Both kinds of events together: a driver writes the one or the other.
static int64_t timeouts(const json_t *counts, const char *display, const char *nvidia)
{
    int64_t first = number(counts, display, -1);
    int64_t second = number(counts, nvidia, -1);
    if (first < 0 && second < 0) {
        return -1;
    }
    return (first < 0 ? 0 : first % INT32_MAX) + (second < 0 ? 0 : second % INT32_MAX);
}

static void read_windows(const json_t *windows, struct wf_hags_report *report)
{
    int64_t build = number(windows, "build", 0);
    report->build = build > 0 && build <= BUILD_MAX ? (uint32_t)build : 0;
    report->boot_ms = number(windows, "boot_ms", 0);
    const char *installation = json_string_value(json_object_get(windows, "installation"));
    report->server = installation && strncmp(installation, "Server", 6) == 0;
    text(windows, "product", report->product, sizeof report->product);
}

static enum wf_status read_tree(const json_t *root, struct wf_hags_report *report,
                                struct wf_error *err)
{
    if (number(root, "whaleflux_hags", 0) != PROTOCOL) {
        return wf_fail(err, WF_INVALID, "the helper on the machine is of another version");
    }
    const json_t *adapters = json_object_get(root, "adapters");
    const json_t *counts = json_object_get(root, "driver_timeouts");
    report->now_ms = number(root, "now_ms", 0);
    report->written_ms = number(root, "key_written_ms", 0);
    report->configured = value_of(json_object_get(root, "configured"));
    report->wrote = json_object_get(root, "write_status") != NULL;
    report->write_status = number(root, "write_status", 0);
    report->adapters_known = json_is_array(adapters);
    report->adapter_count = read_adapters(adapters, report->adapters);
    report->gpu_count = read_adapters(json_object_get(root, "nvidia"), report->gpus);
    report->timeouts_since_boot =
        timeouts(counts, "display_4101_since_boot", "nvlddmkm_153_since_boot");
    report->timeouts_in_30_days =
        timeouts(counts, "display_4101_in_30_days", "nvlddmkm_153_in_30_days");
    read_windows(json_object_get(root, "windows"), report);
    return WF_OK;
}

enum wf_status wf_hags_report_read(const char *output, struct wf_hags_report *report_out,
                                   struct wf_error *err)
{
    static const char mark[] = "{\"whaleflux_hags\":";
    const char *last = NULL;
    *report_out = (struct wf_hags_report){0};
    for (const char *at = output; (at = strstr(at, mark)); at++) {
        last = at == output || at[-1] == '\n' ? at : last;
    }
    if (!last) {
        return wf_fail(err, WF_NOTFOUND, "the helper told nothing");
    }
    json_t *root = json_loadb(last, strcspn(last, "\r\n"), 0, NULL);
    if (!root) {
        return wf_fail(err, WF_INVALID, "what the helper told stops in the middle");
    }
    enum wf_status status = read_tree(root, report_out, err);
    json_decref(root);
    return status;
}

const char *wf_hags_os_name(const struct wf_hags_report *report)
{
    if (report->server) {
        return "windows-server";
    }
    return report->build == 0                 ? "windows"
           : report->build < BUILD_WINDOWS_11 ? "windows10"
                                              : "windows11";
}

static bool read_build(const char *wish, int64_t *build_out)
{
    static const char mark[] = "build>=";
    return strncmp(wish, mark, sizeof mark - 1) == 0 &&
           wf_decimal_read(wish + sizeof mark - 1, 0, BUILD_MAX, build_out) == WF_DECIMAL_READ;
}

bool wf_hags_os_is(const struct wf_hags_report *report, const char *wish)
{
    int64_t build;
    if (read_build(wish, &build)) {
        return report->build >= (uint64_t)build;
    }
    return strcmp(wish, "windows") == 0 || strcmp(wish, wf_hags_os_name(report)) == 0;
}

enum wf_status wf_hags_os_check(const char *wish, struct wf_error *err)
{
    static const char *const names[] = {"windows", "windows10", "windows11", "windows-server"};
    int64_t build;
    if (read_build(wish, &build)) {
        return WF_OK;
    }
    for (uint32_t i = 0; i < WF_COUNT_OF(names); i++) {
        if (strcmp(wish, names[i]) == 0) {
            return WF_OK;
        }
    }
    if (strcmp(wish, "linux") == 0) {
        return wf_fail(err, WF_INVALID,
                       "GPU scheduling by hardware is a setting of Windows; Linux has none");
    }
    return wf_fail(err, WF_INVALID,
                   "--os is '%.40s', it must be windows, windows10, windows11, windows-server or "
                   "build>=NUMBER",
                   wish);
}
