// SPDX-License-Identifier: Apache-2.0
#include "telemetry/sysroot.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/assert.h"

const char *wf_sysroot_path(const struct wf_sysroot *sysroot, char path[WF_SYSROOT_PATH_BYTES],
                            const char *format, ...)
{
    int root = snprintf(path, WF_SYSROOT_PATH_BYTES, "%s", sysroot->root);
    WF_ASSERT(root >= 0 && root < WF_SYSROOT_PATH_BYTES);
    size_t room = WF_SYSROOT_PATH_BYTES - (size_t)root;
    va_list arguments;
    va_start(arguments, format);
    int rest = vsnprintf(path + root, room, format, arguments);
    va_end(arguments);
    if (rest < 0 || (size_t)rest >= room) {
        path[0] = '\0';
    }
    return path;
}

long wf_file_bytes(const char *path, void *bytes, size_t size)
{
    WF_ASSERT(size > 0);
    ((char *)bytes)[0] = '\0';
    // A fake tree may hold a pipe where a file should be: never wait for its other end.
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) {
        return -1;
    }
    size_t length = 0;
    while (length < size - 1) {
        ssize_t got = read(file, (char *)bytes + length, size - 1 - length);
        if (got < 0) {
            int error = errno;
            close(file);
            errno = error;
            return -1;
        }
        if (got == 0) {
            break;
        }
        length += (size_t)got;
    }
    close(file);
    ((char *)bytes)[length] = '\0';
    return (long)length;
}

bool wf_file_line(const char *path, char *line, size_t size)
{
    char text[512];
    long length = wf_file_bytes(path, text, sizeof text);
    line[0] = '\0';
    if (length <= 0) {
        return false;
    }
    size_t end = strcspn(text, "\n");
    while (end > 0 && isspace((unsigned char)text[end - 1])) {
        end--;
    }
    text[end] = '\0';
    wf_text_copy(line, size, text);
    return line[0] != '\0';
}

bool wf_file_number(const char *path, uint64_t *number_out)
{
    char line[64];
    return wf_file_line(path, line, sizeof line) && wf_text_number(line, number_out);
}

bool wf_text_number(const char *text, uint64_t *number_out)
{
    bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    const char *digits = hexadecimal ? text + 2 : text;
    // strtoull takes signs and blanks, which no file of the kernel has here.
    if (!isxdigit((unsigned char)digits[0])) {
        return false;
    }
    char *end;
    errno = 0;
    unsigned long long number = strtoull(digits, &end, hexadecimal ? 16 : 10);
    if (errno != 0 || end == digits || (*end != '\0' && !isspace((unsigned char)*end))) {
        return false;
    }
    *number_out = number;
    return true;
}

bool wf_text_property(const char *text, const char *name, uint64_t *number_out)
{
    size_t length = strlen(name);
    for (const char *line = text; line && *line;) {
        if (strncmp(line, name, length) == 0 && line[length] == ' ') {
            return wf_text_number(line + length + 1, number_out);
        }
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    return false;
}

static bool read_small(const char **text, uint32_t *number_out)
{
    uint32_t number = 0;
    const char *digit = *text;
    for (; *digit >= '0' && *digit <= '9' && digit - *text < 7; digit++) {
        number = number * 10 + (uint32_t)(*digit - '0');
    }
    bool good = digit != *text;
    *text = digit;
    *number_out = number;
    return good;
}

uint32_t wf_text_cpu_count(const char *text)
{
    uint32_t count = 0;
    for (;;) {
        uint32_t first;
        uint32_t last;
        if (!read_small(&text, &first)) {
            return 0;
        }
        last = first;
        if (*text == '-') {
            text++;
            if (!read_small(&text, &last) || last < first) {
                return 0;
            }
        }
        count += last - first + 1;
        if (*text != ',') {
            return *text == '\0' || *text == '\n' ? count : 0;
        }
        text++;
    }
}

void wf_text_copy(char *field, size_t size, const char *text)
{
    size_t i = 0;
    for (; i + 1 < size && text[i]; i++) {
        field[i] = iscntrl((unsigned char)text[i]) ? ' ' : text[i];
    }
    field[i] = '\0';
}

bool wf_mode_allows(const struct wf_identity *identity, const struct stat *status, uint32_t bits)
{
    if (identity->user == 0) {
        return true;
    }
    if (identity->user == status->st_uid) {
        return (status->st_mode >> 6 & bits) == bits;
    }
    bool member = identity->group == status->st_gid;
    for (uint32_t i = 0; i < identity->group_count && !member; i++) {
        member = identity->groups[i] == status->st_gid;
    }
    return (status->st_mode >> (member ? 3 : 0) & bits) == bits;
}

void wf_device_look(const struct wf_sysroot *sysroot, const struct wf_identity *identity,
                    const char *path, uint32_t bits, struct wf_device_file *file)
{
    char full[WF_SYSROOT_PATH_BYTES];
    struct stat status;
    *file = (struct wf_device_file){0};
    wf_text_copy(file->path, sizeof file->path, path);
    if (stat(wf_sysroot_path(sysroot, full, "%s", path), &status) != 0) {
        file->access = errno == EACCES ? WF_FILE_DENIED : WF_FILE_MISSING;
        return;
    }
    file->device = S_ISCHR(status.st_mode);
    file->major_number = file->device ? major(status.st_rdev) : 0;
    file->minor_number = file->device ? minor(status.st_rdev) : 0;
    file->group = status.st_gid;
    bool allowed = wf_mode_allows(identity, &status, bits);
    if (identity->self && file->device) {
        int how = bits & 2 ? O_RDWR : O_RDONLY;
        int opened = open(full, how | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        allowed = opened >= 0;
        if (opened >= 0) {
            close(opened);
        }
    }
    file->access = allowed ? WF_FILE_OPEN : WF_FILE_DENIED;
}
