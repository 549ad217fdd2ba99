// SPDX-License-Identifier: Apache-2.0
#include "engine/local/spec.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

#define KIND "whaleflux-spec-1"
#define REGION_BYTES_MAX 200

// X(name in the file, field, most): the plain numbers of a spec.
#define NUMBERS(X)                                                                                 \
    X("tasks", tasks, WF_RUN_TASKS_MAX)                                                            \
    X("switch_user", switch_user, 1)                                                               \
    X("user", user, UINT32_MAX - 1)                                                                \
    X("group", group, UINT32_MAX - 1)                                                              \
    X("no_new_privileges", no_new_privileges, 1)                                                   \
    X("file_mask", file_mask, 0777)                                                                \
    X("nice", nice, 19)                                                                            \
    X("memory_bytes", memory_bytes, INT64_MAX)                                                     \
    X("cpu_milli", cpu_milli, WF_CPU_MILLI_MAX)                                                    \
    X("cpu_weight", cpu_weight, 10000)                                                             \
    X("processes", processes, INT32_MAX)                                                           \
    X("log_bytes", log_bytes, INT64_MAX)                                                           \
    X("log_files", log_files, 1000)                                                                \
    X("checkpoint_signal", checkpoint_signal, 64)                                                  \
    X("checkpoint_ms", checkpoint_ms, INT32_MAX)                                                   \
    X("stop_ms", stop_ms, INT32_MAX)                                                               \
    X("time_limit_ms", time_limit_ms, INT64_MAX / 1000)

bool wf_run_id_is_good(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz"
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
    return length > 0 && length <= WF_RUN_ID_MAX && text[length] == '\0' && text[0] != '.';
}

static enum wf_status check_variable(const char *text, struct wf_error *err)
{
    const char *equals = strchr(text, '=');
    return equals && equals != text
               ? WF_OK
               : wf_fail(err, WF_INVALID, "the variable '%.60s' has no NAME=", text);
}

static enum wf_status check_variables(const struct wf_run_spec *spec, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    for (const char *const *at = spec->environment; status == WF_OK && *at; at++) {
        status = check_variable(*at, err);
    }
    for (uint32_t i = 0; status == WF_OK && i < spec->variable_count; i++) {
        const struct wf_run_variable *variable = &spec->variables[i];
        status = check_variable(variable->text, err);
        if (variable->task != WF_EVERY_TASK && variable->task >= spec->tasks) {
            status = wf_fail(err, WF_INVALID, "variables name task %u of %u", variable->task,
                             spec->tasks);
        }
    }
    return status;
}

// A field of 64 bits that is past the middle counts as below zero here, and is refused as well.
static enum wf_status check_number(const char *name, int64_t number, int64_t most,
                                   struct wf_error *err)
{
    return number >= 0 && number <= most
               ? WF_OK
               : wf_fail(err, WF_LIMIT, "%s is not from 0 to %lld", name, (long long)most);
}

static enum wf_status check_numbers(const struct wf_run_spec *spec, struct wf_error *err)
{
    enum wf_status status = WF_OK;
#define CHECK_NUMBER(name, field, most)                                                            \
    if (status == WF_OK) {                                                                         \
        status = check_number(name, (int64_t)spec->field, (int64_t)(most), err);                   \
    }
    NUMBERS(CHECK_NUMBER)
#undef CHECK_NUMBER
    return status;
}

// A region is one word: it becomes a line of dmem.max.
static enum wf_status check_gpu_memory(const struct wf_run_spec *spec, struct wf_error *err)
{
    if (spec->gpu_memory_count > WF_RUN_GPU_MEMORY_MAX) {
        return wf_fail(err, WF_LIMIT, "more than %d limits of GPU memory", WF_RUN_GPU_MEMORY_MAX);
    }
    for (uint32_t i = 0; i < spec->gpu_memory_count; i++) {
        const char *region = spec->gpu_memory[i].region;
        size_t length = strcspn(region, " \t\r\n");
        if (length == 0 || region[length] != '\0' || length > REGION_BYTES_MAX) {
            return wf_fail(err, WF_INVALID, "limit of GPU memory %u names no region", i);
        }
        if (spec->gpu_memory[i].bytes > INT64_MAX) {
            return wf_fail(err, WF_LIMIT, "gpu_memory_bytes is not from 0 to %lld",
                           (long long)INT64_MAX);
        }
    }
    return WF_OK;
}

static enum wf_status check_lists(const struct wf_run_spec *spec, struct wf_error *err)
{
    if (spec->tasks == 0 || spec->log_files == 0) {
        return wf_fail(err, WF_INVALID, "%s is 0", spec->tasks ? "log_files" : "tasks");
    }
    if (spec->device_count > WF_RUN_DEVICE_RULES_MAX || spec->group_count > WF_RUN_GROUPS_MAX) {
        return wf_fail(err, WF_LIMIT, "more than %d device rules or %d groups",
                       WF_RUN_DEVICE_RULES_MAX, WF_RUN_GROUPS_MAX);
    }
    for (uint32_t i = 0; i < spec->device_count; i++) {
        const struct wf_device_rule *rule = &spec->devices[i];
        if ((rule->type != 'c' && rule->type != 'b') || rule->major < -1 || rule->minor < -1) {
            return wf_fail(err, WF_INVALID, "device rule %u is no rule", i);
        }
    }
    return check_gpu_memory(spec, err);
}

enum wf_status wf_spec_check(const struct wf_run_spec *spec, struct wf_error *err)
{
    WF_ASSERT(spec->id && spec->arguments && spec->environment && spec->folder);
    if (!wf_run_id_is_good(spec->id)) {
        return wf_fail(err, strlen(spec->id) > WF_RUN_ID_MAX ? WF_LIMIT : WF_INVALID,
                       "'%.120s' is no id of a run: letters, digits, '-', '_' and '.', at most %d",
                       spec->id, WF_RUN_ID_MAX);
    }
    if (!spec->arguments[0] || spec->arguments[0][0] == '\0') {
        return wf_fail(err, WF_INVALID, "run %s has no command", spec->id);
    }
    if (spec->folder[0] != '/') {
        return wf_fail(err, WF_INVALID, "the folder '%.200s' of run %s is not absolute",
                       spec->folder, spec->id);
    }
    enum wf_status status = check_numbers(spec, err);
    if (status == WF_OK) {
        status = check_lists(spec, err);
    }
    if (status == WF_OK) {
        status = check_variables(spec, err);
    }
    return status == WF_OK ? WF_OK : wf_error_prefix(err, status, "run %s: ", spec->id);
}

static void write_lists(const struct wf_run_spec *spec, struct wf_sheet *sheet)
{
    for (const char *const *at = spec->arguments; *at; at++) {
        wf_sheet_add(sheet, "argument", *at);
    }
    for (const char *const *at = spec->environment; *at; at++) {
        wf_sheet_add(sheet, "environment", *at);
    }
    for (uint32_t i = 0; i < spec->variable_count; i++) {
        int64_t task = spec->variables[i].task;
        wf_sheet_add_number(sheet, "for_task", task == WF_EVERY_TASK ? -1 : task);
        wf_sheet_add(sheet, "variable", spec->variables[i].text);
    }
    for (uint32_t i = 0; i < spec->device_count; i++) {
        const struct wf_device_rule *rule = &spec->devices[i];
        wf_sheet_add_number(sheet, "device_major", rule->major);
        wf_sheet_add_number(sheet, "device_minor", rule->minor);
        wf_sheet_add(sheet, rule->allow ? "allow" : "deny", rule->type == 'c' ? "c" : "b");
    }
    for (uint32_t i = 0; i < spec->gpu_memory_count; i++) {
        wf_sheet_add_number(sheet, "gpu_memory_bytes", (int64_t)spec->gpu_memory[i].bytes);
        wf_sheet_add(sheet, "gpu_memory", spec->gpu_memory[i].region);
    }
    for (uint32_t i = 0; i < spec->group_count; i++) {
        wf_sheet_add_number(sheet, "also_group", spec->groups[i]);
    }
}

enum wf_status wf_spec_write(const struct wf_run_spec *spec, struct wf_sheet *sheet,
                             struct wf_error *err)
{
    wf_sheet_init(sheet, KIND);
    wf_sheet_add(sheet, "id", spec->id);
    wf_sheet_add(sheet, "folder", spec->folder);
#define WRITE_NUMBER(name, field, most) wf_sheet_add_number(sheet, name, (int64_t)spec->field);
    NUMBERS(WRITE_NUMBER)
#undef WRITE_NUMBER
    write_lists(spec, sheet);
    enum wf_status status = wf_sheet_seal(sheet, err);
    if (status == WF_OK && sheet->length > WF_RUN_SPEC_MAX) {
        status = wf_fail(err, WF_LIMIT, "run %s: command and variables take more than %d bytes",
                         spec->id, WF_RUN_SPEC_MAX);
    }
    return status;
}

// Where the lists of a spec that is being read stand. Environment comes after all arguments.
struct reading {
    struct wf_spec_store *store;
    uint32_t words;
    uint32_t arguments;
    int64_t task;
    int64_t major;
    int64_t minor;
    int64_t gpu_memory_bytes;
};

static enum wf_status read_device(struct reading *reading, const char *name, const char *value,
                                  struct wf_error *err)
{
    struct wf_run_spec *spec = &reading->store->spec;
    if (spec->device_count == WF_RUN_DEVICE_RULES_MAX || (value[0] != 'c' && value[0] != 'b')) {
        return wf_fail(err, WF_INVALID, "it has too many device rules, or a wrong one");
    }
    reading->store->devices[spec->device_count++] =
        (struct wf_device_rule){.type = value[0],
                                .major = (int32_t)reading->major,
                                .minor = (int32_t)reading->minor,
                                .allow = name[0] == 'a'};
    return WF_OK;
}

static enum wf_status read_gpu_memory(struct reading *reading, const char *region,
                                      struct wf_error *err)
{
    struct wf_run_spec *spec = &reading->store->spec;
    if (spec->gpu_memory_count == WF_RUN_GPU_MEMORY_MAX) {
        return wf_fail(err, WF_INVALID, "it has too many limits of GPU memory");
    }
    reading->store->gpu_memory[spec->gpu_memory_count++] =
        (struct wf_gpu_memory){region, (uint64_t)reading->gpu_memory_bytes};
    return WF_OK;
}

static enum wf_status read_word(struct reading *reading, const char *name, const char *value,
                                struct wf_error *err)
{
    if (strcmp(name, "argument") == 0) {
        if (reading->words != reading->arguments) {
            return wf_fail(err, WF_INVALID, "it has an argument behind the environment");
        }
        reading->arguments++;
    } else if (reading->words == reading->arguments) {
        reading->words++; // the NULL between
    }
    reading->store->words[reading->words++] = value;
    return WF_OK;
}

static enum wf_status read_number(struct reading *reading, const char *name, const char *value,
                                  struct wf_error *err)
{
    struct wf_run_spec *spec = &reading->store->spec;
    int64_t number = 0;
    enum wf_status status;
#define READ_NUMBER(text, field, most)                                                             \
    if (strcmp(name, text) == 0) {                                                                 \
        status = wf_sheet_number(name, value, 0, (int64_t)(most), &number, err);                   \
        spec->field = (__typeof__(spec->field))number;                                             \
        return status;                                                                             \
    }
    NUMBERS(READ_NUMBER)
#undef READ_NUMBER
    return wf_fail(err, WF_INVALID, "it has an unknown line '%.40s'", name);
}

static enum wf_status read_list_number(struct reading *reading, const char *name, const char *value,
                                       struct wf_error *err)
{
    struct wf_run_spec *spec = &reading->store->spec;
    if (strcmp(name, "for_task") == 0) {
        return wf_sheet_number(name, value, -1, WF_RUN_TASKS_MAX, &reading->task, err);
    }
    if (strcmp(name, "device_major") == 0) {
        return wf_sheet_number(name, value, -1, INT32_MAX, &reading->major, err);
    }
    if (strcmp(name, "device_minor") == 0) {
        return wf_sheet_number(name, value, -1, INT32_MAX, &reading->minor, err);
    }
    if (strcmp(name, "gpu_memory_bytes") == 0) {
        return wf_sheet_number(name, value, 0, INT64_MAX, &reading->gpu_memory_bytes, err);
    }
    if (strcmp(name, "also_group") == 0) {
        int64_t number = 0;
        if (spec->group_count == WF_RUN_GROUPS_MAX) {
            return wf_fail(err, WF_INVALID, "it has too many groups");
        }
        enum wf_status status = wf_sheet_number(name, value, 0, UINT32_MAX - 1, &number, err);
        reading->store->groups[spec->group_count++] = (uint32_t)number;
        return status;
    }
    return read_number(reading, name, value, err);
}

static enum wf_status read_line(struct reading *reading, const char *name, const char *value,
                                struct wf_error *err)
{
    struct wf_spec_store *store = reading->store;
    if (strcmp(name, "id") == 0) {
        store->spec.id = value;
    } else if (strcmp(name, "folder") == 0) {
        store->spec.folder = value;
    } else if (strcmp(name, "argument") == 0 || strcmp(name, "environment") == 0) {
        return read_word(reading, name, value, err);
    } else if (strcmp(name, "variable") == 0) {
        store->variables[store->spec.variable_count++] = (struct wf_run_variable){
            reading->task < 0 ? WF_EVERY_TASK : (uint32_t)reading->task, value};
    } else if (strcmp(name, "allow") == 0 || strcmp(name, "deny") == 0) {
        return read_device(reading, name, value, err);
    } else if (strcmp(name, "gpu_memory") == 0) {
        return read_gpu_memory(reading, value, err);
    } else {
        return read_list_number(reading, name, value, err);
    }
    return WF_OK;
}

static enum wf_status read_lines(struct wf_spec_store *store, struct wf_sheet_reader *reader,
                                 size_t lines, struct wf_error *err)
{
    store->words = calloc(lines + 3, sizeof *store->words);
    store->variables = calloc(lines + 1, sizeof *store->variables);
    store->devices = calloc(WF_RUN_DEVICE_RULES_MAX, sizeof *store->devices);
    store->groups = calloc(WF_RUN_GROUPS_MAX, sizeof *store->groups);
    store->gpu_memory = calloc(WF_RUN_GPU_MEMORY_MAX, sizeof *store->gpu_memory);
    if (!store->words || !store->variables || !store->devices || !store->groups ||
        !store->gpu_memory) {
        return wf_fail(err, WF_NOMEM, "no memory for it");
    }
    struct reading reading = {.store = store, .task = -1, .major = -1, .minor = -1};
    store->spec.id = "";
    store->spec.folder = "";
    const char *value;
    enum wf_status status = WF_OK;
    for (const char *name; status == WF_OK && (name = wf_sheet_next(reader, &value));) {
        status = read_line(&reading, name, value, err);
    }
    store->spec.arguments = store->words;
    store->spec.environment = store->words + reading.arguments + 1;
    store->spec.variables = store->variables;
    store->spec.devices = store->devices;
    store->spec.groups = store->groups;
    store->spec.gpu_memory = store->gpu_memory;
    return status;
}

enum wf_status wf_spec_read(struct wf_spec_store *store, char *text, size_t length,
                            struct wf_error *err)
{
    *store = (struct wf_spec_store){.text = text};
    size_t lines = 0;
    for (size_t i = 0; i < length; i++) {
        lines += text[i] == '\n';
    }
    struct wf_sheet_reader reader;
    enum wf_status status = wf_sheet_open(&reader, text, length, KIND, err);
    if (status == WF_OK) {
        status = read_lines(store, &reader, lines, err);
    }
    if (status == WF_OK) {
        status = wf_spec_check(&store->spec, err);
    }
    if (status != WF_OK) {
        wf_spec_finish(store);
        return wf_error_prefix(err, status, "spec: ");
    }
    return WF_OK;
}

void wf_spec_finish(struct wf_spec_store *store)
{
    free(store->text);
    free(store->words);
    free(store->variables);
    free(store->devices);
    free(store->groups);
    free(store->gpu_memory);
    *store = (struct wf_spec_store){0};
}
