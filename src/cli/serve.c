// SPDX-License-Identifier: Apache-2.0
// The verb serve: becomes the daemon.
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "core/limits.h"
#include "daemon/api/api.h"
#include "daemon/daemon.h"
#include "engine/engine.h"
#include "jobfile/spelling.h"
#include "text/decimal.h"

#define HEARTBEAT "/run/whaleflux/slurm.heartbeat"

// What the options come to.
struct wish {
    struct wf_daemon_config daemon;
    struct wf_slurm_config slurm;
    const char *moves;
    const char *slurm_mode, *partitions, *silence, *boot, *power;
    const char *names[WF_SLURM_NAMES_MAX + 1];
    char text[WF_SLURM_NAMES_BYTES];
};

static const struct wf_option options[] = {
    {"data-dir", "DIR", "keeps everything there (~/.whaleflux)"},
    {"site", "FILE", "prices and queues, as `replay --cluster` reads them; SIGHUP reads it again"},
    {"listen", "ADDRESS", "where HTTPS is served (127.0.0.1:7171)"},
    {"core-hour", "DOLLARS", "what a CPU core costs by the hour (nothing)"},
    {"discipline", "NAME", "who goes first; fixed when the data folder is made (foresight)"},
    {"policy", "NAME", "where work is placed; likewise (the discipline's own)"},
    {"moves", "DOLLARS",
     "stops work that may start anew and moves it, so that large work starts, where that costs less "
     "than it brings and no more than so many dollars; any: whatever is worth it (nothing moves)"},
    {"watch", "FILE", "looks at Windows hosts on a schedule (docs/hags.md); SIGHUP reads it again"},
    {"spot", "SOURCE",
     "who says that this machine is taken away: aws, gcp, azure, file:PATH (none)"},
    {"cgroup", "DIR", "makes the cgroups of runs below this one; none: without (found out)"},
    {"sysroot", "DIR", "looks for GPUs in sys, proc and dev below this folder"},
    {"nvml", "FILE", "takes this file for NVIDIA's library"},
    {"slurm", "MODE", "a Slurm cluster in place of this machine: observe, advise, decide"},
    {"slurm-partitions", "NAME[,NAME...]", "of the cluster, these alone (all)"},
    {"slurm-silence", "TIME", "without a daemon for so long, Slurm decides again (60s)"},
    {"slurm-boot", "TIME",
     "what a cloud node takes to come up, at least (as seen; before that 2m)"},
    {"slurm-power", "WHO", "who has cloud nodes idle or not: plan, slurm (plan)"},
    {"slurm-conf", "FILE", "the cluster's slurm.conf (where Slurm looks)"},
    {"slurm-rest", "URL", "asks slurmrestd there (unix:/PATH, http://HOST:PORT), without libslurm"},
    {"slurm-token", "FILE", "has the token for slurmrestd (the variable SLURM_JWT, or none)"},
    {"slurm-heartbeat", "FILE",
     "tells slurm/job_submit.lua that a daemon decides (/run/whaleflux/slurm.heartbeat)"},
    {NULL, NULL, NULL},
};

static enum wf_status take(void *context, const char *name, const char *value, struct wf_error *err)
{
    struct wish *wish = context;
    struct wf_daemon_config *config = &wish->daemon;
    const struct {
        const char *name;
        const char **place;
    } texts[] = {
        {"data-dir", &config->data},
        {"site", &config->site},
        {"listen", &config->listen},
        {"policy", &config->policy},
        {"discipline", &config->discipline},
        {"cgroup", &config->cgroup},
        {"sysroot", &config->sysroot},
        {"nvml", &config->nvml_path},
        {"spot", &config->spot},
        {"moves", &wish->moves},
        {"slurm", &wish->slurm_mode},
        {"slurm-partitions", &wish->partitions},
        {"slurm-silence", &wish->silence},
        {"slurm-boot", &wish->boot},
        {"slurm-power", &wish->power},
        {"slurm-conf", &wish->slurm.conf},
        {"slurm-rest", &wish->slurm.rest},
        {"slurm-token", &wish->slurm.token_file},
        {"slurm-heartbeat", &wish->slurm.heartbeat},
        {"watch", &config->watch},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(texts); i++) {
        if (strcmp(name, texts[i].name) == 0) {
            *texts[i].place = value;
            return WF_OK;
        }
    }
    if (wf_decimal_read(value, 9, WF_PRICE_NANOUSD_MAX, &config->core_price_nanousd_per_hour) !=
        WF_DECIMAL_READ) {
        return wf_fail(err, WF_INVALID, "--core-hour: '%s' is no price in dollars, such as 0.04",
                       value);
    }
    return WF_OK;
}

static enum wf_status read_moves(struct wish *wish, struct wf_error *err)
{
    struct wf_daemon_config *config = &wish->daemon;
    config->moves = wish->moves != NULL;
    if (!wish->moves || strcmp(wish->moves, "any") == 0) {
        return WF_OK;
    }
    enum wf_decimal read =
        wf_decimal_read(wish->moves, 9, WF_PRICE_NANOUSD_MAX, &config->move_cost_max_nanousd);
    return read == WF_DECIMAL_READ && config->move_cost_max_nanousd > 0
               ? WF_OK
               : wf_fail(err, WF_INVALID,
                         "--moves: '%.100s' is no price in dollars, such as 2.50, nor any",
                         wish->moves);
}

static enum wf_status read_partitions(struct wish *wish, struct wf_error *err)
{
    uint32_t count = 0;
    char *rest = wish->text, *name;
    if (!wish->partitions) {
        return WF_OK;
    }
    snprintf(wish->text, sizeof wish->text, "%s", wish->partitions);
    while ((name = strsep(&rest, ",")) != NULL) {
        if (name[0] == '\0' || count == WF_SLURM_NAMES_MAX ||
            strlen(wish->partitions) >= sizeof wish->text) {
            return wf_fail(err, WF_INVALID,
                           "--slurm-partitions: '%.100s' is no list of up to %d names such as "
                           "gpu,long",
                           wish->partitions, WF_SLURM_NAMES_MAX);
        }
        wish->names[count++] = name;
    }
    wish->slurm.partitions = wish->names;
    return WF_OK;
}

// Between signs of life there are seconds, and who hears of a death after hours hears too late.
static enum wf_status read_silence(struct wish *wish, struct wf_error *err)
{
    int64_t silence_ms = WF_SLURM_SILENCE_MS;
    if (wish->silence && (!wf_job_span_read(wish->silence, &silence_ms) || silence_ms < 5000 ||
                          silence_ms > 3600000)) {
        return wf_fail(err, WF_INVALID, "--slurm-silence: '%.100s' is no time from 5s to 1h",
                       wish->silence);
    }
    wish->slurm.silence_ms = (uint32_t)silence_ms;
    return WF_OK;
}

static enum wf_status read_power(struct wish *wish, struct wf_error *err)
{
    int64_t boot_ms = 0;
    if (wish->boot &&
        (!wf_job_span_read(wish->boot, &boot_ms) || boot_ms < 1000 || boot_ms > 3600000)) {
        return wf_fail(err, WF_INVALID, "--slurm-boot: '%.100s' is no time from 1s to 1h",
                       wish->boot);
    }
    wish->slurm.boot_ms = (uint32_t)boot_ms;
    wish->slurm.leaves_power = wish->power && strcmp(wish->power, "slurm") == 0;
    if (wish->power && !wish->slurm.leaves_power && strcmp(wish->power, "plan") != 0) {
        return wf_fail(err, WF_INVALID, "--slurm-power: '%.100s' is none of plan, slurm",
                       wish->power);
    }
    return WF_OK;
}

static bool tells_of_slurm(const struct wish *wish)
{
    const struct wf_slurm_config *slurm = &wish->slurm;
    return wish->partitions || wish->silence || wish->boot || wish->power || slurm->conf ||
           slurm->rest || slurm->token_file || slurm->heartbeat;
}

static enum wf_status check_place(const struct wf_slurm_config *slurm, struct wf_error *err)
{
    bool mixed = slurm->rest ? slurm->conf != NULL : slurm->token_file != NULL;
    return mixed ? wf_fail(err, WF_INVALID,
                           "--slurm-conf is for libslurm, --slurm-token for --slurm-rest")
                 : WF_OK;
}

// The options about Slurm, which mean nothing without --slurm.
static enum wf_status read_slurm(struct wish *wish, struct wf_error *err)
{
    const struct wf_daemon_config *daemon = &wish->daemon;
    if (!wish->slurm_mode) {
        return tells_of_slurm(wish)
                   ? wf_fail(err, WF_INVALID, "options about Slurm need --slurm=MODE")
                   : WF_OK;
    }
    if (!wf_slurm_mode_read(wish->slurm_mode, &wish->slurm.mode)) {
        return wf_fail(err, WF_INVALID, "--slurm: '%.100s' is none of observe, advise, decide",
                       wish->slurm_mode);
    }
    if (daemon->spot || daemon->cgroup || daemon->sysroot || daemon->nvml_path) {
        return wf_fail(err, WF_INVALID,
                       "--spot, --cgroup, --sysroot and --nvml are about this "
                       "machine, on which nothing runs with --slurm");
    }
    if (wish->slurm.rest ? wish->slurm.conf != NULL : wish->slurm.token_file != NULL) {
        return wf_fail(err, WF_INVALID,
                       "--slurm-conf is for libslurm, --slurm-token for slurmrestd");
    }
    if (!wish->slurm.heartbeat && wish->slurm.mode == WF_SLURM_DECIDE) {
        wish->slurm.heartbeat = HEARTBEAT;
    }
    wish->daemon.slurm = &wish->slurm;
    enum wf_status status = check_place(&wish->slurm, err);
    status = status == WF_OK ? read_silence(wish, err) : status;
    status = status == WF_OK ? read_power(wish, err) : status;
    return status == WF_OK ? read_partitions(wish, err) : status;
}

static enum wf_status serve(int argc, char **argv, struct wf_error *err)
{
    struct wish wish = {
        .daemon = {.version = WF_VERSION, .front = &wf_api_front, .out = stdout, .ready = -1}};
    const struct wf_option_reader reader = {options, take, &wish};
    int words = 0;
    enum wf_status status = wf_options_parse(&reader, argc, argv, &words, err);
    if (status == WF_OK && words < argc) {
        status = wf_fail(err, WF_INVALID, "serve takes no words, '%s' is one", argv[words]);
    }
    status = status == WF_OK ? read_moves(&wish, err) : status;
    status = status == WF_OK ? read_slurm(&wish, err) : status;
    return status == WF_OK ? wf_daemon_serve(&wish.daemon, err) : status;
}

const struct wf_command wf_command_serve = {
    .name = "serve",
    .usage = "[--data-dir DIR] [--site FILE] [--listen ADDRESS]",
    .summary = "takes jobs for this machine, or follows a Slurm cluster, and says what they cost",
    .options = options,
    .more = "SIGTERM ends it; what runs goes on, and the next serve takes it up. As root it runs "
            "work as whoever submitted it. With --slurm it starts nothing here: jobs are Slurm's.\n"
            "Example: whaleflux serve --data-dir /var/lib/whaleflux --listen :7171\n"
            "Example: whaleflux serve --data-dir ~/slurm --slurm observe\n",
    .run = serve,
};
