// SPDX-License-Identifier: Apache-2.0
// Threads that ask drivers, and what they answered. One lock guards all answers; it is never held
// while a driver is asked. Whoever lets go last, the owner or a thread that comes back from a
// driver after all, frees everything: nothing is taken away under a thread that is stuck.
#include "telemetry/telemetry.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/assert.h"
#include "telemetry/facts.h"
#include "telemetry/source.h"

// How long closing waits for threads that are at work, before it leaves them behind.
#define CLOSE_MS 500

// A source while it is opened, by a thread that lives as long as that takes.
struct feed {
    struct wf_telemetry *owner;
    const struct wf_source *source;
    bool done;
    void *state;
    uint32_t count;
    struct wf_source_report report;
};

// One GPU and its thread.
struct unit {
    struct wf_telemetry *owner;
    const struct feed *feed;
    uint32_t index;
    bool asked;       // a question waits
    bool described;   // by its first answer
    int64_t since_ms; // when the question at work began; 0: at rest
    struct wf_gpu gpu;
    struct wf_gpu_reading reading;
};

struct wf_telemetry {
    struct wf_source_view view;
    struct wf_machine machine;
    uint32_t timeout_ms;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint32_t holders; // the owner and every thread
    bool closing;
    uint32_t feed_count;
    struct feed feeds[WF_SOURCES_MAX];
    uint32_t unit_count;
    struct unit units[WF_MACHINE_GPUS_MAX];
    uint32_t unit_of[WF_MACHINE_GPUS_MAX]; // of a GPU of the machine's list
};

static int64_t now_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void destroy(struct wf_telemetry *telemetry)
{
    for (uint32_t i = 0; i < telemetry->feed_count; i++) {
        telemetry->feeds[i].source->close(telemetry->feeds[i].state);
    }
    pthread_cond_destroy(&telemetry->changed);
    pthread_mutex_destroy(&telemetry->lock);
    free(telemetry);
}

// Called with the lock; gives it up, and the telemetry too.
static void let_go(struct wf_telemetry *telemetry)
{
    WF_ASSERT(telemetry->holders > 0);
    bool last = --telemetry->holders == 0;
    pthread_cond_broadcast(&telemetry->changed);
    pthread_mutex_unlock(&telemetry->lock);
    if (last) {
        destroy(telemetry);
    }
}

static void *open_source(void *context)
{
    struct feed *feed = context;
    struct wf_telemetry *telemetry = feed->owner;
    struct wf_source_report report = {.name = feed->source->name};
    void *state = NULL;
    uint32_t count = 0;
    feed->source->open(&telemetry->view, &state, &count, &report);
    pthread_mutex_lock(&telemetry->lock);
    feed->state = state;
    feed->count = count;
    feed->report = report;
    feed->done = true;
    let_go(telemetry);
    return NULL;
}

// The first question describes the GPU, every further one reads it.
static void answer(struct unit *unit, bool described)
{
    struct wf_telemetry *telemetry = unit->owner;
    const struct wf_source *source = unit->feed->source;
    if (!described) {
        struct wf_gpu gpu = {.vendor = source->vendor, .numa_node = -1};
        source->describe(unit->feed->state, unit->index, &gpu);
        pthread_mutex_lock(&telemetry->lock);
        unit->gpu = gpu;
        unit->described = true;
        return;
    }
    struct wf_gpu_reading reading = {0};
    source->read(unit->feed->state, unit->index, &reading);
    reading.taken_ms = now_ms(CLOCK_BOOTTIME);
    pthread_mutex_lock(&telemetry->lock);
    unit->reading = reading;
}

static void *serve_unit(void *context)
{
    struct unit *unit = context;
    struct wf_telemetry *telemetry = unit->owner;
    pthread_mutex_lock(&telemetry->lock);
    while (!telemetry->closing) {
        if (!unit->asked) {
            pthread_cond_wait(&telemetry->changed, &telemetry->lock);
            continue;
        }
        bool described = unit->described;
        unit->asked = false;
        unit->since_ms = now_ms(CLOCK_MONOTONIC);
        pthread_mutex_unlock(&telemetry->lock);
        answer(unit, described); // takes the lock again
        unit->since_ms = 0;
        pthread_cond_broadcast(&telemetry->changed);
    }
    let_go(telemetry);
    return NULL;
}

static enum wf_status start_thread(struct wf_telemetry *telemetry, void *(*run)(void *),
                                   void *context, struct wf_error *err)
{
    pthread_t thread;
    pthread_mutex_lock(&telemetry->lock);
    telemetry->holders++;
    pthread_mutex_unlock(&telemetry->lock);
    int error = pthread_create(&thread, NULL, run, context);
    if (error != 0) {
        pthread_mutex_lock(&telemetry->lock);
        telemetry->holders--;
        pthread_mutex_unlock(&telemetry->lock);
        return wf_fail(err, WF_LIMIT, "no thread to ask a driver with: %s", strerror(error));
    }
    pthread_detach(thread);
    return WF_OK;
}

// Waits, with the lock, until done says so or the time is over. Returns whether it did.
static bool wait_until(struct wf_telemetry *telemetry, bool (*done)(const struct wf_telemetry *),
                       uint32_t timeout_ms)
{
    int64_t end_ms = now_ms(CLOCK_MONOTONIC) + timeout_ms;
    struct timespec end = {.tv_sec = end_ms / 1000, .tv_nsec = end_ms % 1000 * 1000000};
    while (!done(telemetry)) {
        if (pthread_cond_timedwait(&telemetry->changed, &telemetry->lock, &end) != 0) {
            return done(telemetry);
        }
    }
    return true;
}

static bool all_opened(const struct wf_telemetry *telemetry)
{
    for (uint32_t i = 0; i < telemetry->feed_count; i++) {
        if (!telemetry->feeds[i].done) {
            return false;
        }
    }
    return true;
}

static bool all_at_rest(const struct wf_telemetry *telemetry)
{
    for (uint32_t i = 0; i < telemetry->unit_count; i++) {
        if (telemetry->units[i].asked || telemetry->units[i].since_ms != 0) {
            return false;
        }
    }
    return true;
}

static bool all_gone(const struct wf_telemetry *telemetry)
{
    return telemetry->holders == 1;
}

static enum wf_status open_sources(struct wf_telemetry *telemetry, struct wf_error *err)
{
    for (uint32_t i = 0; wf_sources[i]; i++) {
        struct feed *feed = &telemetry->feeds[telemetry->feed_count++];
        *feed = (struct feed){.owner = telemetry, .source = wf_sources[i]};
        enum wf_status status = start_thread(telemetry, open_source, feed, err);
        if (status != WF_OK) {
            return status;
        }
    }
    pthread_mutex_lock(&telemetry->lock);
    (void)wait_until(telemetry, all_opened, telemetry->timeout_ms);
    struct wf_machine *machine = &telemetry->machine;
    machine->source_count = telemetry->feed_count;
    for (uint32_t i = 0; i < telemetry->feed_count; i++) {
        const struct feed *feed = &telemetry->feeds[i];
        struct wf_source_report *report = &machine->sources[i];
        *report = feed->report;
        if (!feed->done) {
            report->name = feed->source->name;
            report->state = WF_SOURCE_FAILED;
            snprintf(report->why, sizeof report->why,
                     "the driver does not answer within %u milliseconds", telemetry->timeout_ms);
        }
    }
    pthread_mutex_unlock(&telemetry->lock);
    return WF_OK;
}

static enum wf_status make_units(struct wf_telemetry *telemetry, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    for (uint32_t i = 0; i < telemetry->feed_count && status == WF_OK; i++) {
        struct feed *feed = &telemetry->feeds[i];
        // One that failed to open in time may come to itself at any moment; it stays out.
        bool ready = telemetry->machine.sources[i].state == WF_SOURCE_READY;
        for (uint32_t j = 0; ready && j < feed->count && status == WF_OK; j++) {
            if (telemetry->unit_count == WF_MACHINE_GPUS_MAX) {
                telemetry->machine.gpus_left_out++;
                continue;
            }
            struct unit *unit = &telemetry->units[telemetry->unit_count];
            *unit = (struct unit){.owner = telemetry, .feed = feed, .index = j, .asked = true};
            status = start_thread(telemetry, serve_unit, unit, err);
            telemetry->unit_count += status == WF_OK;
        }
    }
    return status;
}

// pci, the last source, sees what the others see too, and knows less of it. A GPU that was lost
// does not tell its address: it is the first of its vendor that the driver has and nobody has
// named, since both lists are in the order of the bus.
static bool listed_already(struct wf_machine *machine, const struct wf_gpu *gpu)
{
    struct wf_gpu *nameless = NULL;
    for (uint32_t i = 0; i < machine->gpu_count; i++) {
        struct wf_gpu *other = &machine->gpus[i];
        if (strcmp(other->pci, gpu->pci) == 0) {
            return true;
        }
        if (!nameless && !other->pci[0] && other->vendor == gpu->vendor) {
            nameless = other;
        }
    }
    if (nameless && strcmp(gpu->driver, "nvidia") == 0) {
        memcpy(nameless->pci, gpu->pci, sizeof nameless->pci);
        nameless->numa_node = gpu->numa_node;
        return true;
    }
    return false;
}

static void list_gpus(struct wf_telemetry *telemetry)
{
    struct wf_machine *machine = &telemetry->machine;
    pthread_mutex_lock(&telemetry->lock);
    (void)wait_until(telemetry, all_at_rest, telemetry->timeout_ms);
    for (uint32_t i = 0; i < telemetry->unit_count; i++) {
        struct unit *unit = &telemetry->units[i];
        struct wf_gpu *gpu = &machine->gpus[machine->gpu_count];
        *gpu = unit->gpu;
        if (!unit->described) {
            *gpu = (struct wf_gpu){
                .vendor = unit->feed->source->vendor, .index = unit->index, .numa_node = -1};
            snprintf(gpu->enforced_by, sizeof gpu->enforced_by, "nothing");
            wf_gpu_unusable(gpu, "it does not answer within %u milliseconds",
                            telemetry->timeout_ms);
        }
        bool extra = unit->feed->source == &wf_source_pci && listed_already(machine, gpu);
        if (!extra) {
            telemetry->unit_of[machine->gpu_count++] = i;
        } else {
            *gpu = (struct wf_gpu){0};
        }
    }
    pthread_mutex_unlock(&telemetry->lock);
}

static enum wf_status look_at(struct wf_telemetry *telemetry,
                              const struct wf_telemetry_config *config, struct wf_error *err)
{
    struct wf_machine *machine = &telemetry->machine;
    struct wf_source_view *view = &telemetry->view;
    enum wf_status status = wf_identity_find(config->user, &machine->identity, err);
    if (status != WF_OK) {
        return status;
    }
    char home[WF_HOME_BYTES];
    char folder[WF_HOME_BYTES + 16];
    (void)wf_identity_home(&machine->identity, home);
    snprintf(folder, sizeof folder, "%s%s", home, home[0] ? "/.whaleflux" : "");
    wf_machine_facts(&view->sysroot, config->data_folder ? config->data_folder : folder, machine);
    view->identity = machine->identity;
    view->controllers = machine->cgroup.controllers;
    view->mps = machine->mps_folder[0] != '\0';
    status = open_sources(telemetry, err);
    if (status == WF_OK) {
        status = make_units(telemetry, err);
    }
    if (status == WF_OK) {
        list_gpus(telemetry);
    }
    return status;
}

static enum wf_status take_root(struct wf_sysroot *sysroot, const char *root, struct wf_error *err)
{
    struct stat status;
    size_t length = root ? strlen(root) : 0;
    if (root && (stat(root, &status) != 0 || !S_ISDIR(status.st_mode))) {
        return wf_fail(err, WF_NOTFOUND, "there is no folder %s to look at", root);
    }
    while (length > 0 && root[length - 1] == '/') {
        length--;
    }
    if (length >= sizeof sysroot->root) {
        return wf_fail(err, WF_NOTFOUND, "the folder to look at has too long a name");
    }
    if (length > 0) {
        memcpy(sysroot->root, root, length);
    }
    return WF_OK;
}

static void init_lock(struct wf_telemetry *telemetry)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&telemetry->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&telemetry->lock, NULL);
    telemetry->holders = 1;
}

enum wf_status wf_telemetry_open(const struct wf_telemetry_config *config,
                                 struct wf_telemetry **telemetry_out, struct wf_error *err)
{
    struct wf_telemetry *telemetry = calloc(1, sizeof *telemetry);
    *telemetry_out = NULL;
    if (!telemetry) {
        return wf_fail(err, WF_NOMEM, "no memory to look at the machine");
    }
    init_lock(telemetry);
    telemetry->timeout_ms = config->timeout_ms ? config->timeout_ms : WF_TELEMETRY_TIMEOUT_MS;
    enum wf_status status = take_root(&telemetry->view.sysroot, config->sysroot, err);
    if (config->nvml_path) {
        snprintf(telemetry->view.nvml_path, sizeof telemetry->view.nvml_path, "%s",
                 config->nvml_path);
    }
    if (status == WF_OK) {
        status = look_at(telemetry, config, err);
    }
    if (status != WF_OK) {
        wf_telemetry_close(telemetry);
        return status;
    }
    *telemetry_out = telemetry;
    return WF_OK;
}

void wf_telemetry_close(struct wf_telemetry *telemetry)
{
    if (!telemetry) {
        return;
    }
    pthread_mutex_lock(&telemetry->lock);
    telemetry->closing = true;
    pthread_cond_broadcast(&telemetry->changed);
    (void)wait_until(telemetry, all_gone, CLOSE_MS);
    let_go(telemetry);
}

const struct wf_machine *wf_telemetry_machine(const struct wf_telemetry *telemetry)
{
    return &telemetry->machine;
}

void wf_telemetry_ask(struct wf_telemetry *telemetry)
{
    pthread_mutex_lock(&telemetry->lock);
    for (uint32_t i = 0; i < telemetry->machine.gpu_count; i++) {
        struct unit *unit = &telemetry->units[telemetry->unit_of[i]];
        unit->asked = unit->asked || unit->since_ms == 0;
    }
    pthread_cond_broadcast(&telemetry->changed);
    pthread_mutex_unlock(&telemetry->lock);
}

uint32_t wf_telemetry_read(struct wf_telemetry *telemetry, uint32_t gpu,
                           struct wf_gpu_reading *reading_out)
{
    WF_ASSERT(gpu < telemetry->machine.gpu_count);
    const struct unit *unit = &telemetry->units[telemetry->unit_of[gpu]];
    pthread_mutex_lock(&telemetry->lock);
    *reading_out = unit->reading;
    int64_t silent_ms = unit->since_ms ? now_ms(CLOCK_MONOTONIC) - unit->since_ms : 0;
    pthread_mutex_unlock(&telemetry->lock);
    return silent_ms > UINT32_MAX ? UINT32_MAX : (uint32_t)silent_ms;
}

bool wf_telemetry_read_all(struct wf_telemetry *telemetry, uint32_t timeout_ms)
{
    wf_telemetry_ask(telemetry);
    pthread_mutex_lock(&telemetry->lock);
    bool all = wait_until(telemetry, all_at_rest, timeout_ms);
    pthread_mutex_unlock(&telemetry->lock);
    return all;
}
