// SPDX-License-Identifier: Apache-2.0
// What the tests of the formats have in common: a site from a text, or a sentence.
#pragma once

#include "site/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unit/scratch.h"

static inline enum wf_status read_site(const char *text, struct wf_site *site, struct wf_error *err)
{
    struct wf_site_config config = {.path = scratch_write_text("cluster.txt", text)};
    return wf_site_read(&config, site, err);
}

static inline void taken(const char *text, struct wf_site *site)
{
    struct wf_error err = {.text = ""};
    if (read_site(text, site, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
}

static inline void refused(const char *text, enum wf_status status, const char *words)
{
    struct wf_site site;
    struct wf_error err = {.text = ""};
    assert_int_equal(read_site(text, &site, &err), status);
    if (!strstr(err.text, words)) {
        fail_msg("'%s' lacks '%s'", err.text, words);
    }
    assert_int_equal(err.status, status);
    assert_null(site.nodes);
    assert_int_equal(site.pool_count, 0);
}

static inline void says(const char *sentence, const char *words)
{
    if (!strstr(sentence, words)) {
        fail_msg("'%s' lacks '%s'", sentence, words);
    }
}

// The set of a site's labels by their names.
static inline uint64_t labels(const struct wf_site *site, const char *names)
{
    uint64_t set = 0;
    struct wf_error err = {.text = ""};
    if (wf_site_labels(site, names, &set, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    return set;
}
