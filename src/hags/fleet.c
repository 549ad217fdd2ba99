// SPDX-License-Identifier: Apache-2.0
#include "hags/fleet.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hags/fleet_parts.h"

enum { TICK_MS = 50, BACKOFF_MS = 1000, BACKOFF_MS_MAX = 15000 };

const char *wf_fleet_step_text(enum wf_fleet_step step)
{
    static const char *const texts[] = {
#define STEP_TEXT(code, text) text,
        WF_FLEET_STEPS(STEP_TEXT)
#undef STEP_TEXT
    };
    return texts[step];
}

uint32_t wf_fleet_count(const struct wf_fleet *fleet)
{
    return fleet->config.count;
}

const struct wf_fleet_row *wf_fleet_row(const struct wf_fleet *fleet, uint32_t index)
{
    return &fleet->places[index].row;
}

int64_t wf_fleet_now_ms(const struct wf_fleet *fleet)
{
    return (int64_t)uv_now(&fleet->loop);
}

void wf_fleet_go(struct wf_fleet_place *place, enum wf_fleet_step step, uint32_t after_ms)
{
    place->row.tries = place->row.step == step ? place->row.tries : 0;
    place->row.step = step;
    place->ready_ms = wf_fleet_now_ms(place->fleet) + after_ms;
    place->fleet->done += step == WF_FLEET_DONE;
}

void wf_fleet_keep(struct wf_fleet_place *place)
{
    struct wf_fleet *fleet = place->fleet;
    if (fleet->status == WF_OK) {
        fleet->status = wf_hags_record_keep(fleet->config.record, place->row.entry,
                                            place->row.step != WF_FLEET_REMOVE, fleet->err);
    }
}

// Steps that tell the machine nothing: those go on whatever came of them.
static bool is_cleaning(enum wf_fleet_step step)
{
    return step == WF_FLEET_REMOVE || step == WF_FLEET_CLOSE || step == WF_FLEET_UNDRAIN;
}

// Programs that run here, not there: what they exit with is theirs.
static bool is_local(enum wf_fleet_step step)
{
    return step == WF_FLEET_DRAIN || step == WF_FLEET_UNDRAIN || step == WF_FLEET_CLOSE;
}

static void retry_or_lose(struct wf_fleet_place *place, const struct wf_process_result *result)
{
    char words[200];
    bool final = !result->timed_out && !wf_ssh_may_mend(result->complaint);
    wf_ssh_words(result->timed_out ? "timed out" : result->complaint, words, sizeof words);
    if (!final && place->row.tries < place->fleet->config.retries) {
        uint32_t after_ms = BACKOFF_MS << (place->row.tries < 4 ? place->row.tries : 4);
        place->row.tries++;
        snprintf(place->row.reason, sizeof place->row.reason, "%s; tried again", words);
        // What a lost write came to is found out by looking.
        enum wf_fleet_step step =
            place->row.step == WF_FLEET_WRITE ? WF_FLEET_LOOK : place->row.step;
        uint32_t tries = place->row.tries;
        wf_fleet_go(place, step, after_ms < BACKOFF_MS_MAX ? after_ms : BACKOFF_MS_MAX);
        place->row.tries = tries;
        return;
    }
    wf_fleet_lost(place, words[0] ? words : "the connection ended without a word");
}

static void pump(struct wf_fleet *fleet);

static void ended(void *context, const struct wf_process_result *result)
{
    struct wf_fleet_place *place = context;
    struct wf_fleet *fleet = place->fleet;
    enum { SSH_FAILED = 255 };
    place->process = NULL;
    fleet->at_work--;
    if (fleet->interrupted || fleet->status != WF_OK) {
        return;
    }
    bool local = is_local(place->row.step);
    bool copy_failed = place->row.step == WF_FLEET_COPY && result->status != 0 &&
                       strstr(result->complaint, "onnection closed");
    if (!local &&
        (result->timed_out || result->status < 0 || result->status == SSH_FAILED || copy_failed)) {
        retry_or_lose(place, result);
    } else {
        place->connected |= !local;
        wf_fleet_answer(place, result);
    }
    pump(fleet);
}

// A restart waits for its turn in the wave.
static bool may_begin(const struct wf_fleet_place *place, int64_t now_ms)
{
    const struct wf_fleet *fleet = place->fleet;
    enum wf_fleet_step step = place->row.step;
    if (place->process || step == WF_FLEET_DONE || place->ready_ms > now_ms) {
        return false;
    }
    bool begins = step == WF_FLEET_DRAIN || step == WF_FLEET_RESTART;
    return !begins || place->restarting || fleet->restarting < fleet->config.wave;
}

static void begin(struct wf_fleet_place *place)
{
    struct wf_fleet *fleet = place->fleet;
    enum wf_fleet_step step = place->row.step;
    const char *argv[WF_SSH_ARGUMENTS_MAX];
    uint32_t timeout_ms;
    if ((step == WF_FLEET_DRAIN || step == WF_FLEET_RESTART) && !place->restarting) {
        if (fleet->stop_restarts) {
            wf_fleet_settle(place, WF_HAGS_PENDING_REBOOT,
                            "not restarted: another machine did not come back");
            return;
        }
        place->restarting = true;
        fleet->restarting++;
    }
    enum wf_status status = wf_fleet_step_record(place, fleet->err);
    if (status == WF_OK) {
        const char *const *words = wf_fleet_step_words(place, argv, &timeout_ms);
        const struct wf_process_call call = {
            .argv = words, .timeout_ms = timeout_ms, .end = ended, .context = place};
        status = wf_process_start(&fleet->loop, &call, &place->process, fleet->err);
    }
    if (status == WF_UNFIT && is_local(step)) {
        const struct wf_process_result none = {
            .status = 127, .output = "", .complaint = "the command cannot be started"};
        wf_fleet_answer(place, &none);
        return;
    }
    fleet->status = status;
    fleet->at_work += status == WF_OK;
}

static void stop(struct wf_fleet *fleet)
{
    for (uint32_t i = 0; i < fleet->config.count; i++) {
        if (fleet->places[i].process) {
            wf_process_kill(fleet->places[i].process);
        }
    }
    for (uint32_t i = 0; i < 2; i++) {
        uv_close((uv_handle_t *)&fleet->signals[i], NULL);
    }
    uv_close((uv_handle_t *)&fleet->timer, NULL);
}

// Those that clean up go first: they are nearly done.
static void pump(struct wf_fleet *fleet)
{
    const struct wf_fleet_config *config = &fleet->config;
    if (uv_is_closing((uv_handle_t *)&fleet->timer)) {
        return;
    }
    int64_t now_ms = wf_fleet_now_ms(fleet);
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0;
             i < config->count && fleet->at_work < config->at_once && fleet->status == WF_OK; i++) {
            struct wf_fleet_place *place = &fleet->places[i];
            if ((round > 0 || is_cleaning(place->row.step)) && may_begin(place, now_ms)) {
                begin(place);
            }
        }
    }
    if (fleet->done == config->count || fleet->status != WF_OK) {
        stop(fleet);
    }
}

static void ticked(uv_timer_t *timer)
{
    struct wf_fleet *fleet = timer->data;
    pump(fleet);
    if (fleet->config.changed) {
        fleet->config.changed(fleet->config.context, fleet);
    }
}

static void signalled(uv_signal_t *handle, int number)
{
    struct wf_fleet *fleet = handle->data;
    (void)number;
    fleet->interrupted = true;
    stop(fleet);
}

static enum wf_status write_helper(struct wf_fleet *fleet, struct wf_error *err)
{
    const struct wf_fleet_config *config = &fleet->config;
    unsigned char digest[32];
    unsigned char name[8];
    if (gnutls_hash_fast(GNUTLS_DIG_SHA256, config->helper, config->helper_length, digest) != 0 ||
        gnutls_rnd(GNUTLS_RND_NONCE, name, sizeof name) != 0) {
        return wf_fail(err, WF_UNFIT, "the helper's checksum cannot be made");
    }
    for (uint32_t i = 0; i < sizeof digest; i++) {
        snprintf(fleet->digest + 2 * (size_t)i, 3, "%02x", digest[i]);
    }
    size_t length = (size_t)snprintf(fleet->helper_name, sizeof fleet->helper_name, "whaleflux-");
    for (uint32_t i = 0; i < sizeof name; i++) {
        length += (size_t)snprintf(fleet->helper_name + length, sizeof fleet->helper_name - length,
                                   "%02x", name[i]);
    }
    snprintf(fleet->helper_name + length, sizeof fleet->helper_name - length, ".exe");
    snprintf(fleet->helper_path, sizeof fleet->helper_path, "%s/helper.exe", fleet->ssh.folder);
    int file = open(fleet->helper_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good = file >= 0 && write(file, config->helper, config->helper_length) ==
                                 (ssize_t)config->helper_length;
    good = file >= 0 && close(file) == 0 && good;
    return good ? WF_OK
                : wf_fail(err, WF_IO, "%s cannot be written: %s", fleet->helper_path,
                          strerror(errno));
}

static enum wf_status fill(struct wf_fleet *fleet, struct wf_error *err)
{
    const struct wf_fleet_config *config = &fleet->config;
    fleet->places = calloc(config->count + 1, sizeof *fleet->places);
    if (!fleet->places) {
        return wf_fail(err, WF_NOMEM, "there is no memory for the hosts");
    }
    for (uint32_t i = 0; i < config->count; i++) {
        struct wf_fleet_place *place = &fleet->places[i];
        const struct wf_host *host = config->hosts[i];
        char address[WF_INVENTORY_TEXT_BYTES_MAX + 16];
        snprintf(address, sizeof address, "%s:%u", host->ways.address, host->ways.port);
        place->fleet = fleet;
        place->index = i;
        place->row.host = host;
        place->row.entry = wf_hags_record_find(config->record, host->name, address);
        if (!place->row.entry) {
            return wf_fail(err, WF_NOMEM, "there is no memory for the hosts");
        }
    }
    const struct wf_ssh_settings settings = {config->connect_timeout_s, config->accept_new};
    enum wf_status status = wf_ssh_open(config->hosts, config->count, &settings, &fleet->ssh, err);
    return status == WF_OK ? write_helper(fleet, err) : status;
}

enum wf_status wf_fleet_create(const struct wf_fleet_config *config, struct wf_fleet **fleet_out,
                               struct wf_error *err)
{
    *fleet_out = NULL;
    struct wf_fleet *fleet = calloc(1, sizeof *fleet);
    if (!fleet) {
        return wf_fail(err, WF_NOMEM, "there is no memory for the hosts");
    }
    fleet->config = *config;
    enum wf_status status = fill(fleet, err);
    if (status != WF_OK) {
        wf_fleet_destroy(fleet);
        return status;
    }
    *fleet_out = fleet;
    return WF_OK;
}

void wf_fleet_destroy(struct wf_fleet *fleet)
{
    if (!fleet) {
        return;
    }
    for (uint32_t i = 0; fleet->places && i < fleet->config.count; i++) {
        free(fleet->places[i].row.report);
    }
    wf_ssh_close(&fleet->ssh);
    free(fleet->places);
    free(fleet);
}

enum wf_status wf_fleet_run(struct wf_fleet *fleet, bool *interrupted_out, struct wf_error *err)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    *interrupted_out = false;
    if (fleet->config.count == 0) {
        return WF_OK;
    }
    if (uv_loop_init(&fleet->loop) != 0) {
        return wf_fail(err, WF_UNFIT, "no event loop can be made");
    }
    fleet->err = err;
    uv_timer_init(&fleet->loop, &fleet->timer);
    fleet->timer.data = fleet;
    uv_timer_start(&fleet->timer, ticked, 0, TICK_MS);
    for (uint32_t i = 0; i < 2; i++) {
        uv_signal_init(&fleet->loop, &fleet->signals[i]);
        fleet->signals[i].data = fleet;
        uv_signal_start(&fleet->signals[i], signalled, numbers[i]);
    }
    uv_run(&fleet->loop, UV_RUN_DEFAULT);
    uv_loop_close(&fleet->loop);
    *interrupted_out = fleet->interrupted;
    if (fleet->config.changed) {
        fleet->config.changed(fleet->config.context, fleet);
    }
    return fleet->status;
}
