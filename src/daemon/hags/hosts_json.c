// SPDX-License-Identifier: Apache-2.0
#include "daemon/hags/hosts_json.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VERSION = 1, HOSTS_MAX = 100000, FILE_BYTES_MAX = 512 << 20 };

static int64_t number(const json_t *object, const char *name, int64_t otherwise)
{
    const json_t *value = json_object_get(object, name);
    return json_is_integer(value) && json_integer_value(value) >= 0 ? json_integer_value(value)
                                                                    : otherwise;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static bool find_state(const char *name, enum wf_hags_state *state_out)
{
    for (int state = 0; state < WF_HAGS_STATE_COUNT; state++) {
        if (strcmp(wf_hags_state_name((enum wf_hags_state)state), name) == 0) {
            *state_out = (enum wf_hags_state)state;
            return true;
        }
    }
    return false;
}

static enum wf_hags_effect find_effect(const char *name)
{
    for (int effect = WF_HAGS_EFFECT_UNKNOWN; effect <= WF_HAGS_EFFECT_ON; effect++) {
        if (strcmp(name, wf_hags_effect_name((enum wf_hags_effect)effect)) == 0) {
            return (enum wf_hags_effect)effect;
        }
    }
    return WF_HAGS_EFFECT_UNKNOWN;
}

static void take_facts(const json_t *object, struct wf_hags_host *host)
{
    const json_t *timeouts = json_object_get(object, "driver_timeouts");
    int64_t build = number(object, "build", 0);
    host->configured = wf_hags_value_find(text_of(object, "configured"));
    host->effect = find_effect(text_of(object, "effective"));
    snprintf(host->os, sizeof host->os, "%s", text_of(object, "os"));
    host->build = build <= UINT32_MAX ? (uint32_t)build : 0;
    host->boot_ms = number(object, "boot_ms", 0);
    host->timeouts_in_30_days = number(timeouts, "in_30_days", -1);
    host->timeouts_since_boot = number(timeouts, "since_boot", -1);
}

// Only what the file of a watch has.
static bool take_kept(const json_t *object, struct wf_hags_host *host)
{
    const char *previous = text_of(object, "previous_state");
    host->id = (uint64_t)number(object, "id", 0);
    host->since_ms = number(object, "since_ms", 0);
    host->seen_ms = number(object, "seen_ms", 0);
    host->effect_since_ms = number(object, "effective_since_ms", 0);
    host->timeouts_noted = number(object, "timeouts_noted", -1);
    host->timeouts_recorded = number(object, "timeouts_recorded", -1);
    return host->id > 0 && (!previous[0] || find_state(previous, &host->previous));
}

// Returns false where it is no host.
static bool take_host(const json_t *object, bool kept, struct wf_hags_host *host)
{
    const char *name = text_of(object, "host");
    if (!name[0] || !find_state(text_of(object, "state"), &host->state)) {
        return false;
    }
    host->timeouts_in_30_days = host->timeouts_since_boot = -1;
    host->timeouts_noted = host->timeouts_recorded = -1;
    host->prior = wf_hags_value_find(text_of(object, "prior"));
    host->written_ms = number(object, "written_ms", 0);
    if (kept && !take_kept(object, host)) {
        return false;
    }
    if (!kept) {
        host->timeouts_recorded = number(object, "driver_timeouts_before", -1);
        host->seen_ms = json_object_get(object, "configured") ? 1 : 0; // when is not told
    }
    if (host->seen_ms > 0) {
        take_facts(object, host);
    }
    host->name = strdup(name);
    host->address = strdup(text_of(object, "address"));
    host->reason = strdup(text_of(object, "reason"));
    return true;
}

static bool take_list(const json_t *list, bool kept, struct wf_hags_hosts *hosts)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct wf_hags_host *host = &hosts->hosts[hosts->count++];
        if (!take_host(json_array_get(list, i), kept, host)) {
            return false;
        }
        if (kept && i > 0 && host->id <= host[-1].id) {
            return false;
        }
    }
    return true;
}

static bool has_memory(const struct wf_hags_hosts *hosts)
{
    for (uint32_t i = 0; i < hosts->count; i++) {
        const struct wf_hags_host *host = &hosts->hosts[i];
        if (!host->name || !host->address || !host->reason) {
            return false;
        }
    }
    return true;
}

// Room for so many, and none in it yet.
static struct wf_hags_hosts *create_room(size_t count)
{
    struct wf_hags_hosts *hosts = wf_hags_hosts_create();
    if (hosts) {
        hosts->hosts = calloc(count + 1, sizeof *hosts->hosts);
    }
    if (hosts && !hosts->hosts) {
        wf_hags_hosts_destroy(hosts);
        return NULL;
    }
    return hosts;
}

enum wf_status wf_hags_hosts_parse(const char *text, size_t length, bool kept,
                                   struct wf_hags_hosts **hosts_out, struct wf_error *err)
{
    *hosts_out = NULL;
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    const json_t *list = json_object_get(root, "hosts");
    size_t count = json_array_size(list);
    bool good = json_is_array(list) && count <= HOSTS_MAX &&
                (!kept || number(root, "version", 0) == VERSION);
    struct wf_hags_hosts *hosts = good ? create_room(count) : NULL;
    if (good && !hosts) {
        json_decref(root);
        return wf_fail(err, WF_NOMEM, "there is no memory for the hosts");
    }
    good = good && take_list(list, kept, hosts);
    if (good && kept) {
        hosts->looked_ms = number(root, "looked_ms", 0);
        hosts->last_id = (uint64_t)number(root, "last_id", 0);
        good = count == 0 || hosts->hosts[count - 1].id <= hosts->last_id;
    }
    json_decref(root);
    if (good && has_memory(hosts)) {
        *hosts_out = hosts;
        return WF_OK;
    }
    wf_hags_hosts_destroy(hosts);
    return good ? wf_fail(err, WF_NOMEM, "there is no memory for the hosts")
                : wf_fail(err, WF_INVALID, "this is no list of Windows hosts");
}

static json_t *word_or_null(const char *word, bool known)
{
    return known ? json_string(word) : json_null();
}

static json_t *time_or_null(int64_t ms)
{
    return ms > 0 ? json_integer(ms) : json_null();
}

static json_t *count_or_null(int64_t count)
{
    return count >= 0 ? json_integer(count) : json_null();
}

json_t *wf_hags_host_json(const struct wf_hags_host *host)
{
    bool seen = host->seen_ms > 0;
    return json_pack(
        "{sI ss ss ss ss sI so sb so so so so so so so so so s{so so so sb}}", "id",
        (json_int_t)host->id, "host", host->name, "address", host->address, "state",
        wf_hags_state_name(host->state), "reason", host->reason, "since_ms",
        (json_int_t)host->since_ms, "previous_state",
        word_or_null(wf_hags_state_name(host->previous), host->previous != WF_HAGS_UNKNOWN),
        "drifted", host->state == WF_HAGS_DRIFTED, "seen_ms", time_or_null(host->seen_ms),
        "configured", word_or_null(wf_hags_value_name(host->configured), seen), "effective",
        word_or_null(wf_hags_effect_name(host->effect), seen), "effective_since_ms",
        time_or_null(host->effect_since_ms), "os", word_or_null(host->os, host->os[0] != '\0'),
        "build", host->build > 0 ? json_integer(host->build) : json_null(), "boot_ms",
        time_or_null(host->boot_ms), "prior",
        word_or_null(wf_hags_value_name(host->prior), host->prior != WF_HAGS_UNREAD), "written_ms",
        time_or_null(host->written_ms), "driver_timeouts", "before",
        count_or_null(wf_hags_host_timeouts_before(host)), "in_30_days",
        count_or_null(host->timeouts_in_30_days), "since_boot",
        count_or_null(host->timeouts_since_boot), "comparable", wf_hags_host_is_comparable(host));
}

static json_t *to_json(const struct wf_hags_hosts *hosts)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < hosts->count; i++) {
        const struct wf_hags_host *host = &hosts->hosts[i];
        json_t *object = wf_hags_host_json(host);
        // json_array_append_new tells of an object that could not be made.
        if (json_object_set_new(object, "timeouts_noted", count_or_null(host->timeouts_noted)) !=
                0 ||
            json_object_set_new(object, "timeouts_recorded",
                                count_or_null(host->timeouts_recorded)) != 0 ||
            json_array_append(list, object) != 0) {
            json_decref(object);
            json_decref(list);
            return NULL;
        }
        json_decref(object);
    }
    return json_pack("{si sI sI so}", "version", VERSION, "looked_ms", (json_int_t)hosts->looked_ms,
                     "last_id", (json_int_t)hosts->last_id, "hosts", list);
}

static bool write_all(int file, const char *text, size_t length)
{
    for (size_t at = 0; at < length;) {
        ssize_t written = write(file, text + at, length - at);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        at += (size_t)written;
    }
    return fsync(file) == 0;
}

// The folder's entry is to be on the disk, too.
static bool sync_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = file >= 0 && fsync(file) == 0;
    if (file >= 0) {
        (void)close(file);
    }
    return good;
}

enum wf_status wf_hags_hosts_save(const struct wf_hags_hosts *hosts, const char *path,
                                  struct wf_error *err)
{
    char fresh[PATH_MAX];
    json_t *root = to_json(hosts);
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    if (!text) {
        return wf_fail(err, WF_NOMEM, "there is no memory to keep what was seen of the hosts");
    }
    snprintf(fresh, sizeof fresh, "%.4000s.new", path);
    int file = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool good = file >= 0 && write_all(file, text, strlen(text));
    int why = errno;
    if (file >= 0) {
        (void)close(file);
    }
    free(text);
    if (good && (rename(fresh, path) != 0 || !sync_folder(path))) {
        good = false;
        why = errno;
    }
    return good ? WF_OK : wf_fail(err, WF_IO, "%s cannot be written: %s", path, strerror(why));
}

enum wf_status wf_hags_hosts_load(const char *path, struct wf_hags_hosts **hosts_out,
                                  struct wf_error *err)
{
    struct stat facts;
    *hosts_out = NULL;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return wf_fail(err, errno == ENOENT ? WF_NOTFOUND : WF_IO, "%s cannot be read: %s", path,
                       strerror(errno));
    }
    bool sized = fstat(file, &facts) == 0 && facts.st_size <= FILE_BYTES_MAX;
    char *text = sized ? malloc((size_t)facts.st_size + 1) : NULL;
    ssize_t length = text ? read(file, text, (size_t)facts.st_size) : -1;
    (void)close(file);
    enum wf_status status = length < 0
                                ? wf_fail(err, WF_IO, "%s cannot be read", path)
                                : wf_hags_hosts_parse(text, (size_t)length, true, hosts_out, err);
    free(text);
    return status == WF_INVALID ? wf_error_prefix(err, status, "%s: ", path) : status;
}
