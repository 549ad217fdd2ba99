// SPDX-License-Identifier: Apache-2.0
#include "daemon/http/token.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "base/assert.h"

enum { SECRET_BYTES = 32, HASH_BYTES = 32 };

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

enum wf_status wf_token_make(char *secret_out, struct wf_error *err)
{
    unsigned char bytes[SECRET_BYTES + 1] = {0}; // and what fills up the last letter
    if (gnutls_rnd(GNUTLS_RND_KEY, bytes, SECRET_BYTES) != 0) {
        return wf_fail(err, WF_IO, "the system gives no random bytes for a token");
    }
    size_t at = strlen(WF_TOKEN_PREFIX);
    memcpy(secret_out, WF_TOKEN_PREFIX, at);
    for (size_t bit = 0; bit < (size_t)SECRET_BYTES * 8; bit += 6) {
        unsigned pair = ((unsigned)bytes[bit / 8] << 8) | bytes[bit / 8 + 1];
        secret_out[at++] = letters[(pair >> (10 - bit % 8)) & 0x3f];
    }
    secret_out[at] = '\0';
    WF_ASSERT(at + 1 == WF_TOKEN_BYTES);
    gnutls_memset(bytes, 0, sizeof bytes);
    return WF_OK;
}

void wf_token_hash(const char *secret, char *hash_out)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char hash[HASH_BYTES];
    WF_ASSERT(gnutls_hash_fast(GNUTLS_DIG_SHA256, secret, strlen(secret), hash) == 0);
    for (size_t i = 0; i < HASH_BYTES; i++) {
        hash_out[2 * i] = digits[hash[i] >> 4];
        hash_out[2 * i + 1] = digits[hash[i] & 0xf];
    }
    hash_out[WF_TOKEN_HASH_BYTES - 1] = '\0';
}
