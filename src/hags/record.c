// SPDX-License-Identifier: Apache-2.0
#include "hags/record.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define HASH_FUNCTION HASH_FNV // the default one falls through cases, which compilers refuse
#include <uthash.h>

#include "text/lines.h"

enum { LINE_BYTES_MAX = 65536, COMPACT_BYTES = 4 << 20 };

struct keyed_entry {
    struct wf_hags_entry entry;
    char *key;
    UT_hash_handle hh;
};

struct wf_hags_record {
    char path[PATH_MAX], folder[PATH_MAX];
    int lock, file; // -1: only read
    struct keyed_entry *entries;
};

static enum wf_status fail_io(const struct wf_hags_record *record, const char *what,
                              struct wf_error *err)
{
    return wf_fail(err, WF_IO, "%s cannot be %s: %s", record->path, what, strerror(errno));
}

static enum wf_status make_folders(const char *path, struct wf_error *err)
{
    char partial[PATH_MAX];
    size_t length = strlen(path);
    memcpy(partial, path, length + 1);
    for (size_t i = 1; i <= length; i++) {
        if (path[i] == '/' || path[i] == '\0') {
            partial[i] = '\0';
            if (mkdir(partial, 0700) != 0 && errno != EEXIST) {
                return wf_fail(err, WF_IO, "%s cannot be made: %s", partial, strerror(errno));
            }
            partial[i] = path[i];
        }
    }
    return WF_OK;
}

struct wf_hags_entry *wf_hags_record_find(struct wf_hags_record *record, const char *name,
                                          const char *address)
{
    char *key;
    if (asprintf(&key, "%s\n%s", name, address) < 0) {
        return NULL;
    }
    struct keyed_entry *found = NULL;
    HASH_FIND_STR(record->entries, key, found);
    if (found) {
        free(key);
        return &found->entry;
    }
    found = calloc(1, sizeof *found);
    char *name_kept = strdup(name);
    char *address_kept = strdup(address);
    if (!found || !name_kept || !address_kept) {
        free(found);
        free(name_kept);
        free(address_kept);
        free(key);
        return NULL;
    }
    found->key = key;
    found->entry =
        (struct wf_hags_entry){.name = name_kept, .address = address_kept, .timeouts_before = -1};
    HASH_ADD_KEYPTR(hh, record->entries, found->key, strlen(found->key), found);
    return &found->entry;
}

static json_t *to_json(const struct wf_hags_entry *entry)
{
    return json_pack("{ss ss ss ss ss sI sb ss sI sb sI}", "host", entry->name, "address",
                     entry->address, "prior", wf_hags_value_name(entry->past.prior), "wish",
                     wf_hags_value_name(entry->past.wish), "effect_before",
                     wf_hags_effect_name(entry->past.effect), "written_ms",
                     (json_int_t)entry->past.written_ms, "verified", entry->past.verified, "helper",
                     entry->helper, "reboot_boot_ms", (json_int_t)entry->reboot_boot_ms, "drained",
                     entry->drained, "timeouts_before", (json_int_t)entry->timeouts_before);
}

static enum wf_status write_line(int file, const struct wf_hags_entry *entry)
{
    json_t *root = to_json(entry);
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    char *line = NULL;
    int length = text ? asprintf(&line, "%s\n", text) : -1;
    free(text);
    if (length < 0) {
        return WF_NOMEM;
    }
    // One write: another reader never sees half a line that is no torn last one.
    ssize_t written = write(file, line, (size_t)length);
    free(line);
    if (written >= 0 && written != length) {
        errno = ENOSPC;
    }
    return written == length ? WF_OK : WF_IO;
}

static enum wf_hags_effect effect_find(const char *name)
{
    for (int effect = WF_HAGS_EFFECT_UNKNOWN; effect <= WF_HAGS_EFFECT_ON; effect++) {
        if (name && strcmp(name, wf_hags_effect_name((enum wf_hags_effect)effect)) == 0) {
            return (enum wf_hags_effect)effect;
        }
    }
    return WF_HAGS_EFFECT_UNKNOWN;
}

// Returns false when the line is none of ours.
static bool take_line(struct wf_hags_record *record, const char *line)
{
    json_t *root = json_loads(line, 0, NULL);
    const char *name;
    const char *address;
    const char *prior;
    const char *wish;
    const char *effect;
    const char *helper;
    json_int_t written_ms;
    json_int_t boot_ms;
    json_int_t timeouts;
    int verified;
    int drained;
    bool good = root && json_unpack(root, "{ss ss ss ss ss sI sb ss sI sb sI}", "host", &name,
                                    "address", &address, "prior", &prior, "wish", &wish,
                                    "effect_before", &effect, "written_ms", &written_ms, "verified",
                                    &verified, "helper", &helper, "reboot_boot_ms", &boot_ms,
                                    "drained", &drained, "timeouts_before", &timeouts) == 0;
    struct wf_hags_entry *entry = good ? wf_hags_record_find(record, name, address) : NULL;
    if (entry) {
        entry->past = (struct wf_hags_past){
            .prior = wf_hags_value_find(prior),
            .wish = wf_hags_value_find(wish),
            .effect = effect_find(effect),
            .written_ms = written_ms,
            .verified = verified,
        };
        snprintf(entry->helper, sizeof entry->helper, "%s", helper);
        entry->reboot_boot_ms = boot_ms;
        entry->drained = drained;
        entry->timeouts_before = timeouts;
    }
    json_decref(root);
    return entry != NULL;
}

// A last line without its end is what a crash left: all that came before it counts.
static enum wf_status take_text(struct wf_hags_record *record, char *text, struct wf_error *err)
{
    uint64_t number = 0;
    for (char *end; (end = strchr(text, '\n')); text = end + 1) {
        *end = '\0';
        number++;
        if (text[0] && !take_line(record, text)) {
            return wf_fail(err, WF_INVALID, "%s: line %llu is no record of a machine", record->path,
                           (unsigned long long)number);
        }
    }
    return WF_OK;
}

static enum wf_status read_all(struct wf_hags_record *record, int64_t *size_out, bool *torn_out,
                               struct wf_error *err)
{
    *size_out = 0;
    *torn_out = false;
    int file = open(record->path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return errno == ENOENT ? WF_OK : fail_io(record, "read", err);
    }
    struct stat facts;
    char *text = NULL;
    ssize_t length = -1;
    if (fstat(file, &facts) == 0) {
        text = calloc(1, (size_t)facts.st_size + 1);
        length = text ? read(file, text, (size_t)facts.st_size) : -1;
    }
    close(file);
    enum wf_status status = WF_OK;
    if (length < 0) {
        status = fail_io(record, "read", err);
    } else {
        *size_out = length;
        *torn_out = length > 0 && text[length - 1] != '\n';
        status = take_text(record, text, err);
    }
    free(text);
    return status;
}

// One line for each machine, in place of all there were.
static enum wf_status compact(struct wf_hags_record *record, struct wf_error *err)
{
    char path[PATH_MAX + 8];
    snprintf(path, sizeof path, "%s.new", record->path);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) {
        return fail_io(record, "written", err);
    }
    enum wf_status status = WF_OK;
    for (struct keyed_entry *at = record->entries; at && status == WF_OK; at = at->hh.next) {
        status = write_line(file, &at->entry);
    }
    if (status == WF_OK && (fsync(file) != 0 || rename(path, record->path) != 0)) {
        status = WF_IO;
    }
    if (status != WF_OK) {
        status = fail_io(record, "written", err);
        (void)unlink(path);
    }
    close(file);
    return status;
}

static enum wf_status open_for_writing(struct wf_hags_record *record, bool anew,
                                       struct wf_error *err)
{
    if (anew) {
        enum wf_status status = compact(record, err);
        if (status != WF_OK) {
            return status;
        }
    }
    record->file = open(record->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    int folder = open(record->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = record->file >= 0 && folder >= 0 && fsync(folder) == 0;
    if (folder >= 0) {
        close(folder);
    }
    return good ? WF_OK : fail_io(record, "written", err);
}

// The lock's file says what it is held for: a run that sets machines, or something brief.
static const char set_mark[] = "set\n";

static enum wf_status take_lock(struct wf_hags_record *record, enum wf_hags_access access,
                                struct wf_error *err)
{
    char path[PATH_MAX + 8];
    snprintf(path, sizeof path, "%s.lock", record->path);
    record->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (record->lock < 0) {
        return fail_io(record, "locked", err);
    }
    if (flock(record->lock, LOCK_EX | LOCK_NB) != 0) {
        return wf_fail(err, WF_EXISTS, "another run is at work with %s; wait until it is done",
                       record->path);
    }
    size_t length = access == WF_HAGS_RECORD_SET ? strlen(set_mark) : 0;
    if (ftruncate(record->lock, 0) != 0 ||
        (length > 0 && pwrite(record->lock, set_mark, length, 0) != (ssize_t)length)) {
        return fail_io(record, "locked", err);
    }
    return WF_OK;
}

bool wf_hags_record_is_brief(const char *folder)
{
    char path[PATH_MAX];
    char text[sizeof set_mark] = "";
    snprintf(path, sizeof path, "%.4000s/hags.jsonl.lock", folder);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file >= 0 ? read(file, text, sizeof text - 1) : -1;
    if (file >= 0) {
        close(file);
    }
    return length >= 0 && strcmp(text, set_mark) != 0;
}

static enum wf_status open_record(struct wf_hags_record *record, enum wf_hags_access access,
                                  struct wf_error *err)
{
    bool write = access != WF_HAGS_RECORD_READ;
    int64_t size;
    bool torn;
    enum wf_status status = WF_OK;
    if (write) {
        status = make_folders(record->folder, err);
        status = status == WF_OK ? take_lock(record, access, err) : status;
    }
    if (status == WF_OK) {
        status = read_all(record, &size, &torn, err);
    }
    return status == WF_OK && write ? open_for_writing(record, torn || size > COMPACT_BYTES, err)
                                    : status;
}

enum wf_status wf_hags_record_open(const char *folder, enum wf_hags_access access,
                                   struct wf_hags_record **record_out, struct wf_error *err)
{
    *record_out = NULL;
    if (strlen(folder) >= PATH_MAX - 32) {
        return wf_fail(err, WF_IO, "the name of the folder of records is too long");
    }
    struct wf_hags_record *record = calloc(1, sizeof *record);
    if (!record) {
        return wf_fail(err, WF_NOMEM, "there is no memory for the record");
    }
    record->lock = record->file = -1;
    snprintf(record->folder, sizeof record->folder, "%s", folder);
    snprintf(record->path, sizeof record->path, "%s/hags.jsonl", folder);
    enum wf_status status = open_record(record, access, err);
    if (status != WF_OK) {
        wf_hags_record_close(record);
        return status;
    }
    *record_out = record;
    return WF_OK;
}

void wf_hags_record_close(struct wf_hags_record *record)
{
    if (!record) {
        return;
    }
    struct keyed_entry *entry = record->entries;
    HASH_CLEAR(hh, record->entries);
    while (entry) {
        struct keyed_entry *next = entry->hh.next;
        free(entry->entry.name);
        free(entry->entry.address);
        free(entry->key);
        free(entry);
        entry = next;
    }
    if (record->file >= 0) {
        close(record->file);
    }
    if (record->lock >= 0) {
        close(record->lock);
    }
    free(record);
}

enum wf_status wf_hags_record_keep(struct wf_hags_record *record, const struct wf_hags_entry *entry,
                                   bool sync, struct wf_error *err)
{
    if (record->file < 0) {
        return WF_OK;
    }
    enum wf_status status = write_line(record->file, entry);
    if (status == WF_NOMEM) {
        return wf_fail(err, status, "there is no memory to record what is done");
    }
    if (status != WF_OK || (sync && fdatasync(record->file) != 0)) {
        return fail_io(record, "written", err);
    }
    return WF_OK;
}
