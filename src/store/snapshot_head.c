// SPDX-License-Identifier: Apache-2.0
// What the writer and the reader of snapshots share.
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "core/discipline/discipline.h"
#include "core/policy/policy.h"
#include "store/snapshot_file.h"

struct build {
    uint8_t *bytes;
    uint64_t *length;
};

static uint64_t to_whole(uint64_t bytes)
{
    return (bytes + 3) / 4 * 4;
}

// Looks for the note with the build id among those of one segment.
static void search_notes(const uint8_t *at, const uint8_t *end, const struct build *build)
{
    ElfW(Nhdr) note;
    while ((size_t)(end - at) >= sizeof note) {
        memcpy(&note, at, sizeof note);
        uint64_t name = to_whole(note.n_namesz), text = to_whole(note.n_descsz);
        at += sizeof note;
        if (name + text > (uint64_t)(end - at)) {
            return;
        }
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && memcmp(at, "GNU", 4) == 0 &&
            note.n_descsz <= WF_SNAPSHOT_BUILD_BYTES) {
            memcpy(build->bytes, at + name, note.n_descsz);
            *build->length = note.n_descsz;
        }
        at += name + text;
    }
}

// The program itself is told of first: that ends the search.
static int search_program(struct dl_phdr_info *program, size_t size, void *context)
{
    (void)size;
    for (uint32_t i = 0; i < program->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &program->dlpi_phdr[i];
        if (part->p_type == PT_NOTE) {
            // NOLINTNEXTLINE(performance-no-int-to-ptr): the loader tells addresses as numbers
            const uint8_t *at = (const uint8_t *)(program->dlpi_addr + part->p_vaddr);
            search_notes(at, at + part->p_memsz, context);
        }
    }
    return 1;
}

void wf_snapshot_build(uint8_t build[WF_SNAPSHOT_BUILD_BYTES], uint64_t *bytes_out)
{
    struct build found = {build, bytes_out};
    memset(build, 0, WF_SNAPSHOT_BUILD_BYTES);
    *bytes_out = 0;
    (void)dl_iterate_phdr(search_program, &found);
}

struct wf_snapshot_config wf_snapshot_config_of(const struct wf_core_config *config)
{
    const struct wf_limits *limits = &config->limits;
    const struct wf_core_config whole = wf_core_complete(config);
    struct wf_snapshot_config flat = {
        .numbers = {limits->models, limits->pools, limits->nodes, limits->jobs, limits->placements,
                    limits->classes, limits->moves, limits->queues, limits->lanes,
                    limits->reservations, (uint64_t)whole.fair_share_half_life_ms,
                    (uint64_t)config->preempt_after_ms, config->seed, config->plain}};
    snprintf(flat.policy, sizeof flat.policy, "%s", config->policy->name);
    snprintf(flat.discipline, sizeof flat.discipline, "%s",
             config->discipline ? config->discipline->name : "");
    return flat;
}

uint64_t wf_snapshot_check_add(uint64_t check, const void *bytes, size_t size)
{
    const char *at = bytes;
    for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, at + i, sizeof word);
        check = wf_hash_add(check, word);
    }
    return check;
}

uint64_t wf_snapshot_head_check(const struct wf_snapshot_head *head)
{
    return wf_snapshot_check_add(0, head, offsetof(struct wf_snapshot_head, check));
}

enum wf_status wf_snapshot_new_path(const char *path, char new_path[WF_SNAPSHOT_PATH_BYTES],
                                    struct wf_error *err)
{
    int length = snprintf(new_path, WF_SNAPSHOT_PATH_BYTES, "%s.new", path);
    if (length < 0 || length >= WF_SNAPSHOT_PATH_BYTES) {
        return wf_fail(err, WF_LIMIT, "the path of a snapshot is too long");
    }
    return WF_OK;
}

enum wf_status wf_snapshot_fail(const char *path, const char *what, struct wf_error *err)
{
    return wf_fail(err, WF_IO, "%s cannot be %s: %s", path, what, strerror(errno));
}
