// SPDX-License-Identifier: Apache-2.0
#include "jobfile/job_memory.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 4096 };

struct chunk {
    struct chunk *next;
    size_t used, bytes;
    max_align_t data[];
};

struct wf_job_memory {
    struct chunk *first; // the one with room; those behind it are full
};

enum wf_status wf_job_memory_fail(struct wf_error *err)
{
    return wf_fail(err, WF_NOMEM, "no memory for the job's document");
}

enum wf_status wf_job_memory_create(struct wf_job_memory **memory_out, struct wf_error *err)
{
    *memory_out = calloc(1, sizeof **memory_out);
    return *memory_out ? WF_OK : wf_job_memory_fail(err);
}

void wf_job_memory_destroy(struct wf_job_memory *memory)
{
    if (!memory) {
        return;
    }
    for (struct chunk *chunk = memory->first; chunk;) {
        struct chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    free(memory);
}

void *wf_job_memory_take(struct wf_job_memory *memory, size_t bytes)
{
    const size_t align = sizeof(max_align_t);
    struct chunk *chunk = memory->first;
    if (bytes > SIZE_MAX / 2) {
        return NULL;
    }
    bytes = (bytes + align - 1) / align * align;
    if (!chunk || chunk->bytes - chunk->used < bytes) {
        size_t size = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
        chunk = calloc(1, sizeof *chunk + size);
        if (!chunk) {
            return NULL;
        }
        chunk->bytes = size;
        chunk->next = memory->first;
        memory->first = chunk;
    }
    void *taken = (char *)chunk->data + chunk->used;
    chunk->used += bytes;
    return taken;
}

const char *wf_job_memory_copy(struct wf_job_memory *memory, const char *text, size_t length)
{
    char *copy = wf_job_memory_take(memory, length + 1);
    if (copy) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

const char *wf_job_memory_print(struct wf_job_memory *memory, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = length < 0 ? NULL : wf_job_memory_take(memory, (size_t)length + 1);
    if (text) {
        va_start(arguments, format);
        vsnprintf(text, (size_t)length + 1, format, arguments);
        va_end(arguments);
    }
    return text;
}
