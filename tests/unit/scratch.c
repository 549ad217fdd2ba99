// SPDX-License-Identifier: Apache-2.0
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { FILES_MAX = 64 };

static char folder[64];
static char names[FILES_MAX][64];
static char path[sizeof folder + sizeof names]; // gcc 14 wants room for all names in one
static unsigned name_count;

static void stop(const char *what)
{
    perror(what);
    exit(99);
}

void scratch_init(void)
{
    snprintf(folder, sizeof folder, "/tmp/whaleflux-test-XXXXXX");
    if (!mkdtemp(folder)) {
        stop("mkdtemp");
    }
}

void scratch_finish(void)
{
    for (unsigned i = 0; i < name_count; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

static const char *place(const char *name)
{
    unsigned i = 0;
    while (i < name_count && strcmp(names[i], name) != 0) {
        i++;
    }
    if (i == name_count && name_count < FILES_MAX) {
        snprintf(names[name_count++], sizeof names[0], "%s", name);
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

const char *scratch_write(const char *name, const void *content, size_t length)
{
    FILE *file = fopen(place(name), "wb");
    if (!file || fwrite(content, 1, length, file) != length || fclose(file) != 0) {
        stop(path);
    }
    return path;
}

const char *scratch_write_text(const char *name, const char *text)
{
    return scratch_write(name, text, strlen(text));
}

const char *scratch_write_gzip(const char *name, const char *text, double keep)
{
    gzFile file = gzopen(place(name), "wb");
    if (!file || gzwrite(file, text, (unsigned)strlen(text)) != (int)strlen(text) ||
        gzclose(file) != Z_OK) {
        stop(path);
    }
    FILE *size = fopen(path, "rb");
    if (!size || fseek(size, 0, SEEK_END) != 0) {
        stop(path);
    }
    long length = ftell(size);
    fclose(size);
    if (truncate(path, (long)((double)length * keep)) != 0) {
        stop(path);
    }
    return path;
}

const char *scratch_write_repeated(const char *name, const char *head, const char *line,
                                   size_t times)
{
    FILE *file = fopen(place(name), "wb");
    if (!file) {
        stop(path);
    }
    fputs(head, file);
    for (size_t i = 0; i < times; i++) {
        fputs(line, file);
    }
    if (fclose(file) != 0) {
        stop(path);
    }
    return path;
}

int scratch_begin(void **state)
{
    (void)state;
    scratch_init();
    return 0;
}

int scratch_end(void **state)
{
    (void)state;
    scratch_finish();
    return 0;
}
