// SPDX-License-Identifier: Apache-2.0
// What a run starts with: its document, read from the database where it lies safe, becomes the spec
// that the engine takes. The same run gets the same spec whenever it is made, as long as the
// machine is the same.
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "daemon/desk/run_parts.h"
#include "daemon/desk/spot_parts.h"
#include "jobfile/variables.h"

enum {
    GROUPS_MAX = 256,
    PROCESSES_MAX = 65536, // of one run: a fork bomb ends there
};
#define PATH_USUAL "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct outfit {
    struct wf_desk *desk;
    struct wf_book_run *run;
    struct wf_job_document document;
    struct wf_run_spec spec;
    struct wf_desk_made grant;
    char id[WF_RUN_ID_MAX + 1];
    const char **arguments, **environment;
    uint32_t environment_count;
    char home[4096], user[256], shell[256];
    char script[4352];
    char texts[4][4352]; // variables about the user
    gid_t groups[GROUPS_MAX];
    struct wf_job_facts facts;
    struct wf_run_variable *all_variables; // each text is of malloc
    uint32_t variable_count, variable_room;
    bool short_of_memory;
    enum wf_status status;
    struct wf_error *err;
};

static bool read_document(void *context, const struct wf_job_row *row)
{
    struct outfit *outfit = context;
    outfit->status =
        wf_job_document_parse(row->document, strlen(row->document), &outfit->document, outfit->err);
    return false;
}

static enum wf_status find_document(struct outfit *outfit, struct wf_error *err)
{
    struct wf_job_query query = {.id = outfit->run->job->id, .limit = 1};
    outfit->status = WF_NOTFOUND;
    outfit->err = err;
    enum wf_status status =
        wf_database_jobs(outfit->desk->config.db, &query, read_document, outfit, err);
    if (status == WF_OK && outfit->status == WF_NOTFOUND) {
        return wf_fail(err, WF_INVALID, "its document is not in the database");
    }
    return status == WF_OK ? outfit->status : status;
}

static enum wf_status find_user(struct outfit *outfit, struct wf_error *err)
{
    const struct wf_book_job *job = outfit->run->job;
    struct passwd entry, *found = NULL;
    char buffer[4096];
    uid_t uid = outfit->desk->config.users ? job->uid : geteuid();
    gid_t gid = outfit->desk->config.users ? job->gid : getegid();
    int count = 0;
    (void)getpwuid_r(uid, &entry, buffer, sizeof buffer, &found);
    snprintf(outfit->home, sizeof outfit->home, "%s", found ? found->pw_dir : "/");
    snprintf(outfit->user, sizeof outfit->user, "%s", found ? found->pw_name : "");
    snprintf(outfit->shell, sizeof outfit->shell, "%s",
             found && found->pw_shell[0] ? found->pw_shell : "/bin/sh");
    if (outfit->desk->config.users) {
        count = GROUPS_MAX;
        if (!found || getgrouplist(found->pw_name, gid, outfit->groups, &count) < 0) {
            outfit->groups[0] = gid;
            count = 1;
        }
        outfit->spec.switch_user = uid != geteuid() || gid != getegid();
        outfit->spec.no_new_privileges = uid != 0;
    }
    outfit->spec.user = uid;
    outfit->spec.group = gid;
    outfit->spec.groups = outfit->groups;
    outfit->spec.group_count = outfit->spec.switch_user ? (uint32_t)count : 0;
    (void)err;
    return WF_OK;
}

static enum wf_vendor vendor_of(const struct outfit *outfit)
{
    const struct wf_cluster *cluster = wf_core_cluster(outfit->desk->world.core);
    return (enum wf_vendor)cluster->pools[cluster->nodes[outfit->run->node].pool.index].spec.vendor;
}

// The folder for scripts: of ours, or one that every user can reach.
static enum wf_status make_script_folder(struct outfit *outfit, char *path, size_t size,
                                         struct wf_error *err)
{
    bool users = outfit->desk->config.users;
    snprintf(path, size, users ? "/run/whaleflux-scripts" : "%s/scripts",
             outfit->desk->config.data);
    if (mkdir(path, users ? 0711 : 0700) != 0 && errno != EEXIST) {
        return wf_fail(err, WF_IO, "%s cannot be made: %s", path, strerror(errno));
    }
    return WF_OK;
}

static enum wf_status write_script(struct outfit *outfit, struct wf_error *err)
{
    char folder[4096];
    enum wf_status status = make_script_folder(outfit, folder, sizeof folder, err);
    if (status != WF_OK) {
        return status;
    }
    snprintf(outfit->script, sizeof outfit->script, "%s/%s", folder, outfit->id);
    (void)unlink(outfit->script);
    int file = open(outfit->script, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRWXU);
    size_t length = strlen(outfit->document.script);
    bool good = file >= 0 && write(file, outfit->document.script, length) == (ssize_t)length;
    good = good && fchmod(file, 0500) == 0;
    if (good && outfit->spec.switch_user) {
        good = fchown(file, outfit->spec.user, outfit->spec.group) == 0;
    }
    if (!good) {
        status = wf_fail(err, WF_IO, "%s cannot be written: %s", outfit->script, strerror(errno));
    }
    if (file >= 0) {
        (void)close(file);
    }
    return status;
}

void wf_desk_clean_up_run(const struct wf_desk *desk, uint64_t job, uint32_t attempt)
{
    char path[4352], id[WF_RUN_ID_MAX + 1];
    wf_desk_run_id(job, attempt, id);
    if (desk->config.users) {
        snprintf(path, sizeof path, "/run/whaleflux-scripts/%s", id);
    } else {
        snprintf(path, sizeof path, "%s/scripts/%s", desk->config.data, id);
    }
    (void)unlink(path);
    wf_desk_remove_checkpoint(desk, job, attempt);
    if (desk->config.granter && desk->config.granter->release) {
        desk->config.granter->release(desk->config.granter->context, id);
    }
}

static uint32_t count_words(const char *const *words)
{
    uint32_t count = 0;
    while (words[count]) {
        count++;
    }
    return count;
}

// The words of the command, behind those of the grant.
static enum wf_status set_command(struct outfit *outfit, struct wf_error *err)
{
    const struct wf_job_document *document = &outfit->document;
    wf_job_texts command = wf_job_document_command(document, vendor_of(outfit));
    static const char *const nothing[] = {NULL};
    const char *const *prefix = outfit->grant.prefix ? outfit->grant.prefix : nothing;
    enum wf_status status = WF_OK;
    uint32_t words = 0;
    uint32_t most = document->argument_count + 2 + count_words(prefix) + count_words(command);
    outfit->arguments = calloc(most, sizeof *outfit->arguments);
    if (!outfit->arguments) {
        return wf_fail(err, WF_NOMEM, "no memory for a command");
    }
    for (uint32_t i = 0; prefix[i]; i++) {
        outfit->arguments[words++] = prefix[i];
    }
    for (uint32_t i = 0; command[i]; i++) {
        outfit->arguments[words++] = command[i];
    }
    if (!command[0]) {
        status = document->script ? write_script(outfit, err)
                                  : wf_fail(err, WF_INVALID, "it has no command for these GPUs");
        outfit->arguments[words++] = outfit->script;
        memcpy(outfit->arguments + words, document->arguments,
               document->argument_count * sizeof *outfit->arguments);
    }
    outfit->spec.arguments = outfit->arguments;
    return status;
}

static bool has_variable(const struct outfit *outfit, const char *name, size_t length)
{
    for (uint32_t i = 0; i < outfit->environment_count; i++) {
        WF_ASSERT(outfit->environment[i]);
        if (strncmp(outfit->environment[i], name, length) == 0 &&
            outfit->environment[i][length] == '=') {
            return true;
        }
    }
    return false;
}

// What everybody has, unless the document says otherwise.
static enum wf_status set_environment(struct outfit *outfit, struct wf_error *err)
{
    const struct wf_job_document *document = &outfit->document;
    const struct wf_job_variant *variant = &document->variants[vendor_of(outfit)];
    uint32_t count = document->environment_count + variant->environment_count;
    outfit->environment_count = 0;
    outfit->environment = calloc(count + 8, sizeof *outfit->environment);
    if (!outfit->environment) {
        return wf_fail(err, WF_NOMEM, "no memory for an environment");
    }
    for (uint32_t i = 0; i < variant->environment_count; i++) {
        outfit->environment[outfit->environment_count++] = variant->environment[i];
    }
    for (uint32_t i = 0; i < document->environment_count; i++) {
        size_t length = strcspn(document->environment[i], "=");
        if (!has_variable(outfit, document->environment[i], length)) {
            outfit->environment[outfit->environment_count++] = document->environment[i];
        }
    }
    static const char *const names[] = {"HOME", "USER", "LOGNAME", "SHELL"};
    const char *const values[] = {outfit->home, outfit->user, outfit->user, outfit->shell};
    for (uint32_t i = 0; i < WF_COUNT_OF(names); i++) {
        if (values[i][0] != '\0' && !has_variable(outfit, names[i], strlen(names[i]))) {
            snprintf(outfit->texts[i], sizeof outfit->texts[i], "%s=%s", names[i], values[i]);
            outfit->environment[outfit->environment_count++] = outfit->texts[i];
        }
    }
    if (!has_variable(outfit, "PATH", 4)) {
        outfit->environment[outfit->environment_count++] = PATH_USUAL;
    }
    outfit->spec.environment = outfit->environment;
    return WF_OK;
}

static enum wf_status grant(struct outfit *outfit, struct wf_error *err)
{
    const struct wf_desk *desk = outfit->desk;
    const struct wf_book_run *run = outfit->run;
    const struct wf_desk_granter *granter = desk->config.granter;
    const char *node = wf_directory_name(&desk->world.directory, WF_JOURNAL_NODE, run->node);
    struct wf_desk_want want = {.id = outfit->id,
                                .node = node ? node : "",
                                .task_gpus = run->task_gpus,
                                .tasks = run->job->tasks,
                                .gpu_milli = run->gpu_milli};
    enum wf_status status =
        granter ? granter->grant(granter->context, &want, &outfit->grant, err) : WF_OK;
    free(outfit->run->warnings);
    outfit->run->warnings = outfit->grant.warnings;
    if (status == WF_OK) {
        outfit->spec.devices = outfit->grant.devices;
        outfit->spec.device_count = outfit->grant.device_count;
        outfit->spec.gpu_memory = outfit->grant.gpu_memory;
        outfit->spec.gpu_memory_count = outfit->grant.gpu_memory_count;
    }
    return status;
}

// Those of our own that are for every task are at the front; text is taken over.
static void add_variable(struct outfit *outfit, uint32_t task, char *text)
{
    if (outfit->variable_count == outfit->variable_room) {
        uint32_t room = outfit->variable_room * 2 + 32;
        struct wf_run_variable *more = realloc(outfit->all_variables, room * sizeof *more);
        if (!more) {
            free(text);
            outfit->short_of_memory = true;
            return;
        }
        outfit->all_variables = more;
        outfit->variable_room = room;
    }
    outfit->short_of_memory |= !text;
    outfit->all_variables[outfit->variable_count++] = (struct wf_run_variable){task, text};
}

// What the first task sees everybody sees; of the others what differs is told for each.
static void tell_variable(void *context, const char *name, const char *value)
{
    struct outfit *outfit = context;
    char *text = NULL;
    if (asprintf(&text, "%s=%s", name, value) < 0) {
        text = NULL;
    }
    if (outfit->facts.task == 0 || !text) {
        add_variable(outfit, WF_EVERY_TASK, text);
        return;
    }
    for (uint32_t i = 0; i < outfit->variable_count; i++) {
        const struct wf_run_variable *there = &outfit->all_variables[i];
        if (there->task == WF_EVERY_TASK && there->text && strcmp(there->text, text) == 0) {
            free(text);
            return;
        }
    }
    add_variable(outfit, outfit->facts.task, text);
}

// Where a run that can save its work is told how often, and says that it did.
static enum wf_status offer_checkpoint(struct outfit *outfit, struct wf_error *err)
{
    struct wf_desk_checkpoint_files files = {.user = outfit->spec.user,
                                             .group = outfit->spec.group};
    char *text = NULL;
    if (!outfit->run->job->saves) {
        return WF_OK;
    }
    enum wf_status status = wf_desk_offer_checkpoint(outfit->desk, outfit->run, &files, err);
    if (status == WF_OK) {
        add_variable(outfit, WF_EVERY_TASK,
                     asprintf(&text, "WHALEFLUX_CHECKPOINT_FILE=%s", files.advice) < 0 ? NULL
                                                                                       : text);
        add_variable(outfit, WF_EVERY_TASK,
                     asprintf(&text, "WHALEFLUX_CHECKPOINT_DONE=%s", files.done) < 0 ? NULL : text);
    }
    return status;
}

// What a run is, in our words and those of the scheduler that its file was written for, and the
// variables of the grant.
static enum wf_status set_variables(struct outfit *outfit, struct wf_error *err)
{
    const struct wf_desk *desk = outfit->desk;
    const struct wf_book_job *job = outfit->run->job;
    const char *node =
        wf_directory_name(&desk->world.directory, WF_JOURNAL_NODE, outfit->run->node);
    const char **nodes = calloc(job->tasks, sizeof *nodes);
    for (uint32_t task = 0; nodes && task < job->tasks; task++) {
        nodes[task] = node ? node : "";
    }
    const char *queue = wf_directory_name(&desk->world.directory, WF_JOURNAL_QUEUE, job->queue);
    bool in_array = job->array > 0 && job->id - job->array < outfit->document.index_count;
    outfit->facts = (struct wf_job_facts){
        .id = job->id,
        .attempt = outfit->run->attempt,
        .user = outfit->user,
        .queue = queue,
        .nodes = nodes,
        .array_id = in_array ? job->array : 0,
        .array_place = in_array ? (uint32_t)(job->id - job->array) : 0,
    };
    for (uint32_t task = 0; nodes && task < job->tasks && !outfit->short_of_memory; task++) {
        outfit->facts.task = task;
        wf_job_variables(&outfit->document, &outfit->facts, tell_variable, outfit);
    }
    for (uint32_t i = 0; i < outfit->grant.variable_count; i++) {
        const struct wf_run_variable *granted = &outfit->grant.variables[i];
        add_variable(outfit, granted->task, strdup(granted->text));
    }
    enum wf_status status = offer_checkpoint(outfit, err);
    bool good = nodes && !outfit->short_of_memory;
    free(nodes);
    outfit->facts.nodes = NULL;
    outfit->spec.variables = outfit->all_variables;
    outfit->spec.variable_count = outfit->variable_count;
    return good ? status : wf_fail(err, WF_NOMEM, "no memory for variables");
}

static void set_limits(struct outfit *outfit)
{
    const struct wf_job_document *document = &outfit->document;
    const struct wf_book_job *job = outfit->run->job;
    struct wf_run_spec *spec = &outfit->spec;
    uint64_t cpu_milli = (uint64_t)job->request.cpu_milli * job->tasks;
    uint64_t weight = cpu_milli / 10; // 100, the usual weight, for a core
    spec->id = outfit->id;
    spec->tasks = job->tasks;
    spec->folder = document->folder ? document->folder : outfit->home;
    spec->file_mask = document->file_mask;
    spec->nice = document->nice;
    spec->memory_bytes = (uint64_t)document->memory_mib * job->tasks << 20;
    spec->cpu_milli = document->cpu_milli > 0 ? (uint32_t)cpu_milli : 0;
    spec->cpu_weight = weight < 1 ? 1 : (weight > 10000 ? 10000 : (uint32_t)weight);
    spec->processes = PROCESSES_MAX;
    spec->log_bytes = document->log_bytes;
    spec->log_files = document->log_files;
    spec->checkpoint_signal = document->checkpoint_signal;
    spec->checkpoint_ms = document->checkpoint_ms;
    spec->stop_ms = document->stop_ms;
    spec->time_limit_ms = (uint64_t)document->limit_ms;
}

// Whether the engine has it written down and has not begun.
struct intention {
    const char *id;
    bool found;
};

static void look(void *context, const struct wf_run *run)
{
    struct intention *intention = context;
    intention->found =
        intention->found || (run->phase == WF_RUN_INTENDED && strcmp(run->id, intention->id) == 0);
}

static enum wf_status start(struct outfit *outfit, struct wf_error *err)
{
    const struct wf_desk_config *config = &outfit->desk->config;
    enum wf_status status = config->kind->start(config->engine, &outfit->spec, err);
    struct intention intention = {.id = outfit->id};
    if (status == WF_EXISTS) {
        config->kind->list(config->engine, look, &intention);
    }
    if (intention.found) {
        // It was written down otherwise by a daemon before this one.
        status = config->kind->forget(config->engine, outfit->id, err);
        status = status == WF_OK ? config->kind->start(config->engine, &outfit->spec, err) : status;
    }
    return status;
}

static void finish(struct outfit *outfit)
{
    for (uint32_t i = 0; i < outfit->grant.variable_count; i++) {
        free((void *)outfit->grant.variables[i].text);
    }
    free(outfit->grant.variables);
    free(outfit->arguments);
    free(outfit->environment);
    for (uint32_t i = 0; i < outfit->variable_count; i++) {
        free((void *)(uintptr_t)outfit->all_variables[i].text);
    }
    free(outfit->all_variables);
    wf_job_document_finish(&outfit->document);
    free(outfit);
}

enum wf_status wf_desk_start_run(struct wf_desk *desk, struct wf_book_run *run,
                                 struct wf_error *err)
{
    struct outfit *outfit = calloc(1, sizeof *outfit);
    if (!outfit) {
        return wf_fail(err, WF_NOMEM, "no memory to start a run");
    }
    outfit->desk = desk;
    outfit->run = run;
    wf_desk_run_id(run->job->id, run->attempt, outfit->id);
    enum wf_status status = find_document(outfit, err);
    status = status == WF_OK ? find_user(outfit, err) : status;
    status = status == WF_OK ? grant(outfit, err) : status;
    status = status == WF_OK ? set_command(outfit, err) : status;
    status = status == WF_OK ? set_environment(outfit, err) : status;
    status = status == WF_OK ? set_variables(outfit, err) : status;
    if (status == WF_OK) {
        set_limits(outfit);
        status = start(outfit, err);
    }
    finish(outfit);
    return status;
}
