// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/rest/token.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/assert.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

bool wf_token_read(const char *path, char *token_out, size_t size)
{
    static const char prefix[] = "SLURM_JWT=";
    char line[8192];
    FILE *in = fopen(path, "re");

    if (in == NULL) {
        return false;
    }
    const char *token = fgets(line, sizeof(line), in) != NULL ? line : "";
    fclose(in);
    if (strncmp(token, prefix, sizeof(prefix) - 1) == 0) {
        token += sizeof(prefix) - 1;
    }
    const size_t length = strcspn(token, "\r\n");
    for (size_t i = 0; i < length; i++) {
        if (token[i] != '.' && strchr(letters, token[i]) == NULL) {
            return false;
        }
    }
    if (length == 0 || length >= size) {
        return false;
    }
    memcpy(token_out, token, length);
    token_out[length] = '\0';
    return true;
}

// Base64 as URLs have it, without its padding. Returns how many bytes it makes.
static size_t decode(const char *text, size_t length, char *bytes)
{
    uint32_t word = 0;
    unsigned bits = 0;
    size_t count = 0;

    for (size_t i = 0; i < length; i++) {
        const char *const letter = text[i] != '\0' ? strchr(letters, text[i]) : NULL;
        if (letter == NULL) {
            break;
        }
        word = (word << 6 | (uint32_t)(letter - letters)) & 0xffffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes[count++] = (char)(word >> bits & 0xff);
        }
    }
    return count;
}

bool wf_token_user(const char *token, char *name_out, size_t size)
{
    const char *const dot = strchr(token, '.');
    const size_t length = dot != NULL ? strcspn(dot + 1, ".") : 0;

    if (length == 0) {
        return false;
    }
    char *const bytes = malloc(length);
    WF_ASSERT(bytes != NULL);
    json_t *const claims = json_loadb(bytes, decode(dot + 1, length, bytes), 0, NULL);
    const char *const name = json_string_value(json_object_get(claims, "sun"));
    const bool known = name != NULL && strlen(name) < size;
    if (known) {
        memcpy(name_out, name, strlen(name) + 1);
    }
    json_decref(claims);
    free(bytes);
    return known;
}
