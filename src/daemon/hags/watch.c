// SPDX-License-Identifier: Apache-2.0
#include "daemon/hags/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uv.h>

#include "base/assert.h"
#include "hags/process.h"
#include "text/lines.h"

enum {
    RETRY_MS = 300000,    // after a look that came to nothing, or sooner
    SLEEP_MS_MAX = 60000, // the wall clock may be set meanwhile
    GRACE_MS = 3000,      // for a look that is told to end
    LINES_MAX = 20,       // of the log, after one look
    WORDS_MAX = 32,
    OUTPUT_BYTES_MAX = 512 << 20,
    INTERRUPTED = 130,
};

// An order, and what came of it.
struct post {
    struct wf_hags_order order;
    struct wf_hags_hosts *hosts;
    int64_t next_ms;
    char trouble[sizeof((struct wf_error){0}.text)];
    bool gone, again; // its order went, or became another one, while a look was under way
};

struct wf_hags_watch {
    struct wf_hags_watch_config config;
    struct post *posts[WF_HAGS_WATCHES_MAX];
    uint32_t count;
    char trouble[sizeof((struct wf_error){0}.text)];
    uv_timer_t timer;
    bool closes;
    // The look under way.
    struct post *at_work; // NULL: there is none
    int64_t started_ms;
    struct wf_process *process;
    int output; // what it prints; -1: nothing is open
    uv_work_t work;
    struct wf_hags_hosts *taken; // by the worker; NULL: it could not be read
    char path[PATH_MAX];         // where they are kept
    int64_t ended_ms;
    enum wf_status status;
    struct wf_error why;
};

static int64_t now_ms(const struct wf_hags_watch *watch)
{
    return watch->config.now_ms(watch->config.context);
}

static void say(const struct wf_hags_watch *watch, const struct post *post, const char *format, ...)
    WF_PRINTF(3, 4);

static void say(const struct wf_hags_watch *watch, const struct post *post, const char *format, ...)
{
    char words[700];
    char line[800];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    snprintf(line, sizeof line, "watch %s: %s", post->order.name, words);
    watch->config.log(watch->config.context, line);
}

static void free_post(struct post *post)
{
    wf_hags_order_finish(&post->order);
    wf_hags_hosts_destroy(post->hosts);
    free(post);
}

// Says what went wrong, or that it did not, once until it changes.
static void set_trouble(const struct wf_hags_watch *watch, struct post *post, const char *words)
{
    if (strcmp(post->trouble, words) != 0) {
        snprintf(post->trouble, sizeof post->trouble, "%s", words);
        say(watch, post, "%s", words[0] ? words : "its hosts can be looked at again");
    }
}

static void put_path(const struct wf_hags_watch *watch, const struct post *post, const char *ending,
                     char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%.3900s/hags/%s%s", watch->config.data, post->order.name, ending);
}

static void rearm(struct wf_hags_watch *watch);

// Those that got worse, as far as there is room for them.
static void tell_changes(const struct wf_hags_watch *watch, const struct post *post)
{
    uint32_t told = 0;
    uint32_t untold = 0;
    for (uint32_t i = 0; i < post->hosts->count; i++) {
        const struct wf_hags_host *host = &post->hosts->hosts[i];
        bool bad = host->state == WF_HAGS_DRIFTED || host->state == WF_HAGS_UNREACHABLE ||
                   host->state == WF_HAGS_FAILED;
        if (!bad || host->since_ms != post->hosts->looked_ms) {
            continue;
        }
        if (told == LINES_MAX) {
            untold++;
            continue;
        }
        char name[120];
        char reason[300];
        wf_lines_quote(host->name, name, sizeof name);
        wf_lines_quote(host->reason, reason, sizeof reason);
        say(watch, post, "host %s is %s: %s", name, wf_hags_state_name(host->state), reason);
        told++;
    }
    if (untold > 0) {
        say(watch, post, "and %u more hosts are drifted, unreachable or failed", untold);
    }
}

static void finish(struct wf_hags_watch *watch, bool good)
{
    struct post *post = watch->at_work;
    int64_t at_ms = now_ms(watch);
    int64_t retry_ms = post->order.every_ms < RETRY_MS ? post->order.every_ms : RETRY_MS;
    int64_t due_ms = watch->started_ms + post->order.every_ms;
    post->next_ms = post->again      ? at_ms
                    : !good          ? at_ms + retry_ms
                    : due_ms > at_ms ? due_ms
                                     : at_ms;
    post->again = false;
    if (watch->output >= 0) {
        (void)close(watch->output);
    }
    watch->output = -1;
    watch->at_work = NULL;
    watch->started_ms = 0;
    if (post->gone) {
        free_post(post);
    }
    rearm(watch);
}

static void fail(struct wf_hags_watch *watch, const char *words)
{
    if (!watch->closes) {
        set_trouble(watch, watch->at_work, words);
    }
    finish(watch, false);
}

// What the program printed, in the worker.
static char *read_output(struct wf_hags_watch *watch, size_t *length_out)
{
    struct stat facts;
    *length_out = 0;
    if (fstat(watch->output, &facts) != 0 || facts.st_size > OUTPUT_BYTES_MAX) {
        return NULL;
    }
    char *text = malloc((size_t)facts.st_size + 1);
    while (text && *length_out < (size_t)facts.st_size) {
        ssize_t length = pread(watch->output, text + *length_out,
                               (size_t)facts.st_size - *length_out, (off_t)*length_out);
        if (length <= 0) {
            free(text);
            return NULL;
        }
        *length_out += (size_t)length;
    }
    return text;
}

static void take_output(uv_work_t *work)
{
    struct wf_hags_watch *watch = work->data;
    size_t length;
    char *text = read_output(watch, &length);
    watch->status = text ? wf_hags_hosts_take(text, length, watch->at_work->hosts, watch->ended_ms,
                                              &watch->taken, &watch->why)
                         : wf_fail(&watch->why, WF_IO, "what the look printed cannot be read");
    free(text);
    if (watch->status == WF_OK) {
        watch->status = wf_hags_hosts_save(watch->taken, watch->path, &watch->why);
    }
}

// Back in the loop's thread. What cannot be kept is shown all the same.
static void after_take(uv_work_t *work, int cancelled)
{
    struct wf_hags_watch *watch = work->data;
    struct post *post = watch->at_work;
    WF_ASSERT(cancelled == 0); // nothing here cancels work
    if (!watch->taken) {
        fail(watch, watch->why.text);
        return;
    }
    wf_hags_hosts_destroy(post->hosts);
    post->hosts = watch->taken;
    watch->taken = NULL;
    if (!post->gone) {
        set_trouble(watch, post, watch->status == WF_OK ? "" : watch->why.text);
        tell_changes(watch, post);
    }
    finish(watch, true);
}

// The program's last line on stderr, as a sentence of ours.
static void put_complaint(const struct wf_process_result *result, char *words, size_t size)
{
    static const char prefix[] = "whaleflux: ";
    size_t end = strlen(result->complaint);
    while (end > 0 && strchr("\r\n \t", result->complaint[end - 1])) {
        end--;
    }
    size_t start = end;
    while (start > 0 && result->complaint[start - 1] != '\n') {
        start--;
    }
    char line[400];
    snprintf(line, sizeof line, "%.*s", (int)(end - start < 390 ? end - start : 390),
             result->complaint + start);
    bool ours = strncmp(line, prefix, strlen(prefix)) == 0;
    wf_lines_quote(ours ? line + strlen(prefix) : line, words, (uint32_t)size);
    if (!words[0]) {
        snprintf(words, size, "the look ended with exit status %lld and without a word",
                 (long long)result->status);
    }
}

static void ended(void *context, const struct wf_process_result *result)
{
    struct wf_hags_watch *watch = context;
    struct post *post = watch->at_work;
    struct stat facts;
    char words[420];
    watch->process = NULL;
    watch->ended_ms = now_ms(watch);
    if (result->timed_out) {
        snprintf(words, sizeof words, "the look took longer than its limit of %lld s and was ended",
                 (long long)(post->order.limit_ms / 1000));
        fail(watch, words);
        return;
    }
    bool printed = fstat(watch->output, &facts) == 0 && facts.st_size > 0;
    if (watch->closes || result->status < 0 || result->status == INTERRUPTED || !printed) {
        put_complaint(result, words, sizeof words);
        fail(watch, words);
        return;
    }
    put_path(watch, post, ".json", watch->path);
    watch->work.data = watch;
    int refused = uv_queue_work(watch->config.loop, &watch->work, take_output, after_take);
    WF_ASSERT(refused == 0);
}

static enum wf_status open_output(struct wf_hags_watch *watch, struct wf_error *err)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%.3900s/hags", watch->config.data);
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return wf_fail(err, WF_IO, "%s cannot be made: %s", path, strerror(errno));
    }
    put_path(watch, watch->at_work, ".look", path);
    watch->output = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (watch->output < 0) {
        return wf_fail(err, WF_IO, "%s cannot be written: %s", path, strerror(errno));
    }
    (void)unlink(path); // it goes with its descriptor
    return WF_OK;
}

// Starts the look at the hosts of at_work.
static enum wf_status start(struct wf_hags_watch *watch, struct wf_error *err)
{
    const struct wf_hags_order *order = &watch->at_work->order;
    const char *argv[WORDS_MAX] = {watch->config.program, "hags", "status", "--json"};
    uint32_t count = 4;
    const struct {
        const char *option, *value;
    } options[] = {
        {"--inventory", order->inventory},
        {"--cluster", order->cluster},
        {"--os", order->os},
        {"--user", order->user},
        {"--key", order->key},
        {"--jump", order->jump},
        {"--state-dir", order->state_folder},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(options); i++) {
        if (options[i].value) {
            argv[count++] = options[i].option;
            argv[count++] = options[i].value;
        }
    }
    enum wf_status status = open_output(watch, err);
    if (status != WF_OK) {
        return status;
    }
    const struct wf_process_call call = {.argv = argv,
                                         .timeout_ms = (uint32_t)order->limit_ms,
                                         .end = ended,
                                         .context = watch,
                                         .output = watch->output,
                                         .grace_ms = GRACE_MS};
    return wf_process_start(watch->config.loop, &call, &watch->process, err);
}

static struct post *next_post(const struct wf_hags_watch *watch)
{
    struct post *next = NULL;
    for (uint32_t i = 0; i < watch->count; i++) {
        if (!next || watch->posts[i]->next_ms < next->next_ms) {
            next = watch->posts[i];
        }
    }
    return next;
}

static void wake(uv_timer_t *timer)
{
    struct wf_hags_watch *watch = timer->data;
    struct post *post = next_post(watch);
    struct wf_error err;
    if (watch->at_work || !post || post->next_ms > now_ms(watch)) {
        rearm(watch);
        return;
    }
    watch->at_work = post;
    watch->started_ms = now_ms(watch);
    if (start(watch, &err) != WF_OK) {
        fail(watch, err.text);
    }
}

// Nothing is due while a look is under way: its end comes back here.
static void rearm(struct wf_hags_watch *watch)
{
    const struct post *post = next_post(watch);
    if (watch->closes || watch->at_work || !post) {
        return;
    }
    int64_t sleep_ms = post->next_ms - now_ms(watch);
    sleep_ms = sleep_ms < 0 ? 0 : sleep_ms > SLEEP_MS_MAX ? SLEEP_MS_MAX : sleep_ms;
    (void)uv_timer_start(&watch->timer, wake, (uint64_t)sleep_ms, 0);
}

// What is known of its hosts from an earlier daemon; due when that look's time is over.
static enum wf_status load_post(const struct wf_hags_watch *watch, struct post *post,
                                struct wf_error *err)
{
    char path[PATH_MAX];
    put_path(watch, post, ".json", path);
    enum wf_status status = wf_hags_hosts_load(path, &post->hosts, err);
    if (status == WF_OK) {
        // Not later than that from now, should the clock have been set back.
        int64_t due_ms = now_ms(watch);
        due_ms = due_ms < post->hosts->looked_ms ? due_ms : post->hosts->looked_ms;
        post->next_ms = due_ms + post->order.every_ms;
        return WF_OK;
    }
    if (status != WF_NOTFOUND && status != WF_NOMEM) {
        char aside[PATH_MAX];
        put_path(watch, post, ".damaged", aside);
        say(watch, post, "%s; it is put aside as %s.damaged, and begun anew", err->text,
            post->order.name);
        (void)rename(path, aside);
    }
    post->hosts = wf_hags_hosts_create();
    return post->hosts ? WF_OK : wf_fail(err, WF_NOMEM, "there is no memory to watch hosts");
}

// Takes the post of that name out of the list; NULL where there is none.
static struct post *take_post(struct wf_hags_watch *watch, const char *name)
{
    for (uint32_t i = 0; i < watch->count; i++) {
        struct post *post = watch->posts[i];
        if (strcmp(post->order.name, name) == 0) {
            watch->posts[i] = watch->posts[--watch->count];
            return post;
        }
    }
    return NULL;
}

// Takes the order over, with what is known of its hosts already.
static enum wf_status make_post(struct wf_hags_watch *watch, struct wf_hags_order *order,
                                struct post **post_out, struct wf_error *err)
{
    struct post *post = take_post(watch, order->name);
    if (post) {
        bool same = wf_hags_order_same(&post->order, order);
        int64_t due_ms = post->hosts->looked_ms + order->every_ms;
        post->next_ms = same && post->hosts->looked_ms > 0 && !post->trouble[0] ? due_ms : 0;
        post->again = post == watch->at_work && !same;
        wf_hags_order_finish(&post->order);
    } else {
        post = calloc(1, sizeof *post);
    }
    *post_out = post;
    if (!post) {
        return wf_fail(err, WF_NOMEM, "there is no memory to watch hosts");
    }
    post->order = *order;
    *order = (struct wf_hags_order){.name = ""};
    return post->hosts ? WF_OK : load_post(watch, post, err);
}

static void drop_post(const struct wf_hags_watch *watch, struct post *post)
{
    if (post == watch->at_work) {
        post->gone = true;
        if (watch->process) {
            wf_process_stop(watch->process, GRACE_MS);
        }
    } else {
        free_post(post);
    }
}

// A file of orders that cannot be used changes nothing.
static void take_plan(struct wf_hags_watch *watch)
{
    struct wf_hags_plan plan;
    struct wf_error err = {.text = ""};
    enum wf_status status = wf_hags_plan_read(watch->config.plan, &plan, &err);
    struct post *posts[WF_HAGS_WATCHES_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; status == WF_OK && i < plan.count; i++) {
        status = make_post(watch, &plan.orders[i], &posts[count], &err);
        count += posts[count] != NULL;
    }
    if (status == WF_OK) {
        for (uint32_t i = 0; i < watch->count; i++) {
            drop_post(watch, watch->posts[i]);
        }
        watch->count = 0;
    }
    wf_hags_plan_finish(&plan);
    for (uint32_t i = 0; i < count; i++) {
        if (watch->count < WF_HAGS_WATCHES_MAX) {
            watch->posts[watch->count++] = posts[i];
        } else {
            drop_post(watch, posts[i]);
        }
    }
    snprintf(watch->trouble, sizeof watch->trouble, "%s", status == WF_OK ? "" : err.text);
    if (status != WF_OK) {
        char line[700];
        snprintf(line, sizeof line, "the file of --watch is not taken: %s", err.text);
        watch->config.log(watch->config.context, line);
    }
}

enum wf_status wf_hags_watch_open(const struct wf_hags_watch_config *config,
                                  struct wf_hags_watch **watch_out, struct wf_error *err)
{
    *watch_out = NULL;
    if (!config->plan) {
        return WF_OK;
    }
    struct wf_hags_watch *watch = calloc(1, sizeof *watch);
    if (!watch) {
        return wf_fail(err, WF_NOMEM, "there is no memory to watch hosts");
    }
    watch->config = *config;
    watch->output = -1;
    if (uv_timer_init(config->loop, &watch->timer) != 0) {
        free(watch);
        return wf_fail(err, WF_IO, "there is no timer to watch hosts with");
    }
    watch->timer.data = watch;
    take_plan(watch);
    rearm(watch);
    *watch_out = watch;
    return WF_OK;
}

void wf_hags_watch_renew(struct wf_hags_watch *watch)
{
    if (watch && !watch->closes) {
        take_plan(watch);
        rearm(watch);
    }
}

void wf_hags_watch_close(struct wf_hags_watch *watch)
{
    if (watch && !watch->closes) {
        watch->closes = true;
        uv_close((uv_handle_t *)&watch->timer, NULL);
        if (watch->process) {
            wf_process_stop(watch->process, GRACE_MS);
        }
    }
}

void wf_hags_watch_destroy(struct wf_hags_watch *watch)
{
    if (watch) {
        WF_ASSERT(!watch->at_work);
        for (uint32_t i = 0; i < watch->count; i++) {
            free_post(watch->posts[i]);
        }
        free(watch);
    }
}

uint32_t wf_hags_watch_count(const struct wf_hags_watch *watch)
{
    return watch ? watch->count : 0;
}

struct wf_hags_view wf_hags_watch_view(const struct wf_hags_watch *watch, uint32_t index)
{
    const struct post *post = watch->posts[index];
    return (struct wf_hags_view){.order = &post->order,
                                 .hosts = post->hosts,
                                 .started_ms = post == watch->at_work ? watch->started_ms : 0,
                                 .next_ms = post->next_ms,
                                 .trouble = post->trouble};
}

const char *wf_hags_watch_trouble(const struct wf_hags_watch *watch)
{
    return watch ? watch->trouble : "";
}
