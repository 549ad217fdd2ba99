// SPDX-License-Identifier: Apache-2.0
// A snapshot with any bytes of it changed, cut anywhere: it is refused with a sentence, or what
// came of it is a core. The first byte of the input says whether the head is sealed anew, the next
// three how much is cut off; then a place in three bytes and what stands there.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/assert.h"
#include "core/policy/policy.h"
#include "store/snapshot_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BYTES_MAX = 1 << 20, HEAD_OF_INPUT = 4, CHANGE_BYTES = 4 };

static uint8_t whole[BYTES_MAX], content[BYTES_MAX];
static size_t whole_bytes;

static struct wf_core_config config(void)
{
    return (struct wf_core_config){
        .limits = {.models = 1, .pools = 1, .nodes = 2, .jobs = 4, .placements = 4, .classes = 2},
        .policy = &wf_policy_best_fit,
    };
}

static void make(void)
{
    char folder[] = "/tmp/fuzz-snapshot-XXXXXX", path[64];
    const struct wf_core_config made = config();
    struct wf_snapshot snapshot = {.notes = folder, .notes_bytes = 13};
    WF_ASSERT(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/core", folder);
    WF_ASSERT(wf_core_create(&made, &snapshot.core, NULL) == WF_OK);
    WF_ASSERT(wf_snapshot_write(path, &snapshot, NULL) == WF_OK);
    WF_ASSERT(wf_snapshot_keep(path, NULL) == WF_OK);
    wf_core_destroy(snapshot.core);
    FILE *file = fopen(path, "rb");
    WF_ASSERT(file);
    whole_bytes = fread(whole, 1, sizeof whole, file);
    WF_ASSERT(whole_bytes > sizeof(struct wf_snapshot_head) && whole_bytes < sizeof whole);
    (void)fclose(file);
    (void)unlink(path);
    (void)rmdir(folder);
}

static void use(const char *path)
{
    struct wf_error err = {0};
    struct wf_snapshot snapshot;
    const struct wf_core_config wanted = config();
    enum wf_status status = wf_snapshot_read(path, &wanted, &snapshot, &err);
    if (status != WF_OK) {
        WF_ASSERT(err.status == status && err.text[0] != '\0');
        return;
    }
    const struct wf_event event = {.kind = WF_EVENT_POOL, .pool = {{0}, {.model = 0}}};
    struct wf_decisions decisions;
    WF_ASSERT(wf_core_step(snapshot.core, &event, &decisions, &err) == WF_OK);
    wf_core_destroy(snapshot.core);
    free(snapshot.notes);
}

static size_t number(const uint8_t *at)
{
    return (size_t)at[0] << 16 | (size_t)at[1] << 8 | at[2];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    if (whole_bytes == 0) {
        make();
    }
    if (size < HEAD_OF_INPUT) {
        return 0;
    }
    size_t bytes = whole_bytes - number(data + 1) % whole_bytes;
    memcpy(content, whole, whole_bytes);
    for (size_t at = HEAD_OF_INPUT; at + CHANGE_BYTES <= size; at += CHANGE_BYTES) {
        content[number(data + at) % whole_bytes] = data[at + 3];
    }
    if (data[0] % 2 == 0) {
        struct wf_snapshot_head head;
        memcpy(&head, content, sizeof head);
        head.check = wf_snapshot_head_check(&head);
        memcpy(content, &head, sizeof head);
    }
    int file = (int)syscall(SYS_memfd_create, "snapshot", 0U);
    WF_ASSERT(file >= 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    WF_ASSERT(write(file, content, bytes) == (ssize_t)bytes);
    use(path);
    (void)close(file);
    return 0;
}
