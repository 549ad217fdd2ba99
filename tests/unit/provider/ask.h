// SPDX-License-Identifier: Apache-2.0
// Plays a provider's questions and answers by hand.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "provider/notice/probe.h"

#define NOW_MS INT64_C(1505722800000) // 2017-09-18T08:20:00Z

// Asks, wants the question to be for that path, and answers.
static inline enum wf_heard answer_to(const struct wf_provider *provider, struct wf_probe *probe,
                                      const char *path, struct wf_answer answer,
                                      struct wf_notice *notice_out)
{
    struct wf_question question = {0};
    *notice_out = (struct wf_notice){0};
    provider->ask(probe, &question);
    assert_string_equal(question.path, path);
    answer.body = answer.body ? answer.body : "";
    answer.etag = answer.etag ? answer.etag : "";
    answer.length = strlen(answer.body);
    return provider->hear(probe, &answer, notice_out);
}
