// SPDX-License-Identifier: Apache-2.0
// The verb serve: becomes the daemon.
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "core/limits.h"
#include "daemon/api/api.h"
#include "daemon/daemon.h"
#include "text/decimal.h"

static const struct wf_option options[] = {
    {"data-dir", "DIR", "keeps everything there (~/.whaleflux)"},
    {"site", "FILE", "prices and queues, as `replay --cluster` reads them; SIGHUP reads it again"},
    {"listen", "ADDRESS", "where HTTPS is served (127.0.0.1:7171)"},
    {"core-hour", "DOLLARS", "what a CPU core costs by the hour (nothing)"},
    {"discipline", "NAME", "who goes first; fixed when the data folder is made (foresight)"},
    {"policy", "NAME", "where work is placed; likewise (the discipline's own)"},
    {"watch", "FILE", "looks at Windows hosts on a schedule (docs/hags.md); SIGHUP reads it again"},
    {"spot", "SOURCE",
     "who says that this machine is taken away: aws, gcp, azure, file:PATH (none)"},
    {"cgroup", "DIR", "makes the cgroups of runs below this one; none: without (found out)"},
    {"sysroot", "DIR", "looks for GPUs in sys, proc and dev below this folder"},
    {"nvml", "FILE", "takes this file for NVIDIA's library"},
    {NULL, NULL, NULL},
};

static enum wf_status take(void *context, const char *name, const char *value, struct wf_error *err)
{
    struct wf_daemon_config *config = context;
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

static enum wf_status serve(int argc, char **argv, struct wf_error *err)
{
    struct wf_daemon_config config = {
        .version = WF_VERSION, .front = &wf_api_front, .out = stdout, .ready = -1};
    const struct wf_option_reader reader = {options, take, &config};
    int words = 0;
    enum wf_status status = wf_options_parse(&reader, argc, argv, &words, err);
    if (status == WF_OK && words < argc) {
        status = wf_fail(err, WF_INVALID, "serve takes no words, '%s' is one", argv[words]);
    }
    return status == WF_OK ? wf_daemon_serve(&config, err) : status;
}

const struct wf_command wf_command_serve = {
    .name = "serve",
    .usage = "[--data-dir DIR] [--site FILE] [--listen ADDRESS]",
    .summary = "takes jobs for this machine, runs them, and says what they cost",
    .options = options,
    .more = "SIGTERM ends it; what runs goes on, and the next serve takes it up. As root it runs "
            "work as whoever submitted it.\n"
            "Example: whaleflux serve --data-dir /var/lib/whaleflux --listen :7171\n",
    .run = serve,
};
