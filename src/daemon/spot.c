// SPDX-License-Identifier: Apache-2.0
#include "daemon/spot.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/desk/desk.h"
#include "provider/provider.h"

struct wf_spot {
    struct wf_spot_config config;
    const struct wf_provider *provider;
    struct wf_watch *watch;
    bool goes;
};

static int64_t now_ms(void *context)
{
    const struct wf_spot *spot = context;
    return spot->config.now_ms(spot->config.context);
}

static void hear(void *context, const struct wf_notice *notice)
{
    struct wf_spot *spot = context;
    const char *name = wf_provider_name(spot->provider);
    char line[200];
    if (notice->kind == WF_NOTICE_ADVICE) {
        wf_desk_advice(spot->config.desk, name, notice->what);
    }
    bool goes = notice->kind == WF_NOTICE_GOING;
    wf_desk_notice(spot->config.desk,
                   &(struct wf_desk_notice){.gone_ms = goes ? notice->gone_ms : 0,
                                            .source = name,
                                            .what = notice->what});
    if (goes) {
        snprintf(line, sizeof line,
                 "%s says '%s': this machine goes in %.1f s; its work is stopped", name,
                 notice->what, (double)(notice->gone_ms - now_ms(spot)) / 1000);
        spot->config.log(spot->config.context, line);
    } else if (spot->goes) {
        spot->config.log(spot->config.context, "the notice is withdrawn: this machine stays");
    }
    spot->goes = goes;
}

static void hear_trouble(void *context, const char *text)
{
    struct wf_spot *spot = context;
    spot->config.log(spot->config.context, text);
}

static enum wf_status read_source(struct wf_spot *spot, const char **where_out,
                                  struct wf_error *err)
{
    char name[16];
    const char *source = spot->config.source;
    size_t length = strcspn(source, ":");
    *where_out = source[length] == ':' ? source + length + 1 : NULL;
    snprintf(name, sizeof name, "%.*s", (int)(length < 15 ? length : 15), source);
    spot->provider = wf_provider_find(name);
    if (!spot->provider) {
        return wf_fail(err, WF_INVALID,
                       "--spot: '%.100s' is none of aws, gcp, azure, file:PATH, none", source);
    }
    return WF_OK;
}

enum wf_status wf_spot_open(const struct wf_spot_config *config, struct wf_spot **spot_out,
                            struct wf_error *err)
{
    *spot_out = NULL;
    if (!config->source || strcmp(config->source, "none") == 0) {
        return WF_OK;
    }
    struct wf_spot *spot = calloc(1, sizeof *spot);
    if (!spot) {
        return wf_fail(err, WF_NOMEM, "no memory to hear of notices");
    }
    const char *where = NULL;
    spot->config = *config;
    enum wf_status status = read_source(spot, &where, err);
    struct wf_watch_config watch = {.provider = spot->provider,
                                    .where = where,
                                    .loop = config->loop,
                                    .now_ms = now_ms,
                                    .hear = hear,
                                    .trouble = hear_trouble,
                                    .context = spot};
    status = status == WF_OK ? wf_watch_open(&watch, &spot->watch, err) : status;
    if (status != WF_OK) {
        free(spot);
        return status;
    }
    *spot_out = spot;
    return WF_OK;
}

void wf_spot_close(struct wf_spot *spot)
{
    if (spot) {
        wf_watch_close(spot->watch);
    }
}

void wf_spot_destroy(struct wf_spot *spot)
{
    if (spot) {
        wf_watch_destroy(spot->watch);
        free(spot);
    }
}
