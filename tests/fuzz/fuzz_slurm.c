// SPDX-License-Identifier: GPL-3.0-or-later
// Any bytes as what the adapter for Slurm reads: a line of the daemon; Slurm's words for resources,
// tasks and comments; gres.conf. The first byte says which. No crash; an error has its sentence; a
// mark that is written is read the same again.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "slurm/gres.h"
#include "slurm/gres_conf.h"
#include "slurm/mark.h"
#include "slurm/request.h"
#include "slurm/tasks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_request(const char *text, size_t size)
{
    struct wf_request *request;
    struct wf_error err = {0};
    int64_t number;
    const char *code;
    if (wf_request_read(text, size, &request, &number, &code, &err) != WF_OK) {
        WF_ASSERT(request == NULL && err.text[0] != '\0' && code[0] != '\0' && number >= 0);
        return;
    }
    WF_ASSERT(request->number == number);
    WF_ASSERT(request->what != WF_DO_START || wf_mark_is_decision(request->decision));
    wf_request_destroy(request);
}

static void fuzz_gres(const char *text)
{
    const char *const end = text + strlen(text);
    struct wf_gres gres;
    while (wf_gres_next(&text, &gres)) {
        WF_ASSERT(gres.length > 0 && gres.text + gres.length == text && text <= end);
    }
}

static void fuzz_mark(const char *text)
{
    struct wf_mark mark;
    wf_mark_read(text, &mark);
    char *once = wf_mark_write(&mark);
    wf_mark_finish(&mark);
    wf_mark_read(once, &mark);
    char *twice = wf_mark_write(&mark);
    WF_ASSERT(strcmp(once, twice) == 0);
    wf_mark_finish(&mark);
    free(once);
    free(twice);
}

static void fuzz_tasks(const char *text)
{
    uint64_t count = 0;
    char *plain = wf_tasks_plain(text, &count);
    if (plain != NULL) {
        uint64_t again = 0;
        char *same = wf_tasks_plain(plain, &again);
        WF_ASSERT(same != NULL && strcmp(same, plain) == 0 && again == count);
        wf_tasks_have(plain, 7);
        free(same);
    }
    free(plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wf_gres_conf conf;
    if (size == 0) {
        return 0;
    }
    char *text = malloc(size);
    WF_ASSERT(text != NULL);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    switch (data[0]) {
    case 'r':
        fuzz_request(text, size - 1);
        break;
    case 'g':
        fuzz_gres(text);
        break;
    case 'm':
        fuzz_mark(text);
        break;
    case 't':
        fuzz_tasks(text);
        break;
    default:
        wf_gres_conf_read(text, size - 1, &conf);
        break;
    }
    free(text);
    return 0;
}
