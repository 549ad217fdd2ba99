// SPDX-License-Identifier: Apache-2.0
#include "provider/provider.h"

#include <stdio.h>
#include <string.h>

#include "provider/notice/probe.h"

const struct wf_provider *const wf_providers[] = {&wf_provider_aws, &wf_provider_gcp,
                                                  &wf_provider_azure, &wf_provider_file, NULL};

const struct wf_provider *wf_provider_find(const char *name)
{
    for (uint32_t i = 0; wf_providers[i]; i++) {
        if (strcmp(wf_providers[i]->name, name) == 0) {
            return wf_providers[i];
        }
    }
    return NULL;
}

const char *wf_provider_name(const struct wf_provider *provider)
{
    return provider->name;
}

struct wf_notice wf_notice_going(const struct wf_probe *probe, int64_t gone_ms, const char *what)
{
    struct wf_notice notice = {
        .kind = WF_NOTICE_GOING, .gone_ms = gone_ms > 0 ? gone_ms : 1, .seen_ms = probe->now_ms};
    snprintf(notice.what, sizeof notice.what, "%s", what);
    // It is told to people and written into JSON.
    for (char *at = notice.what; *at; at++) {
        if (*at < ' ' || *at > '~' || *at == '"' || *at == '\\') {
            *at = '?';
        }
    }
    return notice;
}
