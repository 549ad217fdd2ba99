// SPDX-License-Identifier: Apache-2.0
// Any bytes as the answers of metadata servers: no crash, questions that are well-formed whatever
// was answered, and times that are times. The first byte says which provider, each answer begins
// with a byte for its status and goes to the next zero byte.
#include <stdint.h>
#include <string.h>

#include "base/assert.h"
#include "provider/notice/probe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_question(const struct wf_provider *provider, const struct wf_question *question)
{
    WF_ASSERT((question->method != NULL) == (provider->address != NULL));
    WF_ASSERT(strpbrk(question->path, " \r\n") == NULL && question->header_count <= 2);
    for (uint32_t i = 0; i < question->header_count; i++) {
        WF_ASSERT(strpbrk(question->headers[i], "\r\n") == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int32_t statuses[] = {200, 200, 200, 404, 401, 503, 0, 403};
    static char body[WF_PROBE_BODY_BYTES + 1];
    struct wf_probe probe = {.now_ms = INT64_C(1505722800000), .file = "/run/notice"};
    const struct wf_provider *provider = wf_providers[size > 0 ? data[0] % 4 : 0];
    for (size_t at = 1; at < size;) {
        struct wf_question question = {0};
        struct wf_notice notice = {0};
        provider->ask(&probe, &question);
        check_question(provider, &question);
        int32_t status = statuses[data[at++] % 8];
        const void *zero = at < size ? memchr(data + at, 0, size - at) : NULL;
        size_t length = zero ? (size_t)((const uint8_t *)zero - data) - at : size - at;
        length = length < WF_PROBE_BODY_BYTES ? length : WF_PROBE_BODY_BYTES;
        memcpy(body, data + at, length);
        body[length] = '\0';
        struct wf_answer answer = {.status = status,
                                   .body = body,
                                   .length = length,
                                   .etag = length < 100 ? body : "",
                                   .changed_ms = probe.now_ms};
        enum wf_heard heard = provider->hear(&probe, &answer, &notice);
        WF_ASSERT(heard != WF_HEARD_NOTICE ||
                  (notice.kind == WF_NOTICE_GOING) == (notice.gone_ms > 0));
        WF_ASSERT(notice.gone_ms >= 0 && notice.gone_ms < INT64_C(254000000000000));
        at += length + 1;
        probe.now_ms += 1000;
    }
    return 0;
}
