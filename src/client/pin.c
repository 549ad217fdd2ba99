// SPDX-License-Identifier: Apache-2.0
// Trust in one certificate, whoever signed it. libcurl can be told which key a server must have but
// not which certificate, so the certificate is looked at first, before anything secret is said, and
// requests then go to the holder of its key alone.
#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <string.h>

#include "client/client.h"

enum { HASH_BYTES = 32, CONNECT_MS = 10000 };

static int digit_of(char letter)
{
    if (letter >= '0' && letter <= '9') {
        return letter - '0';
    }
    letter = (char)(letter | 0x20);
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

// "AB:CD:..." or "abcd...".
static bool read_hash(const char *text, unsigned char *hash)
{
    size_t count = 0;
    for (; *text; text += text[0] == ':') {
        int high = digit_of(text[0]);
        int low = high < 0 ? -1 : digit_of(text[1]);
        if (low < 0 || count == HASH_BYTES) {
            return false;
        }
        hash[count++] = (unsigned char)(high << 4 | low);
        text += 2;
    }
    return count == HASH_BYTES;
}

static bool pin_of_key(gnutls_x509_crt_t certificate, char *pin, size_t size)
{
    gnutls_pubkey_t key;
    gnutls_datum_t der = {0};
    gnutls_datum_t coded = {0};
    unsigned char hash[HASH_BYTES];
    size_t length = sizeof hash;
    if (gnutls_pubkey_init(&key) < 0) {
        return false;
    }
    bool good = gnutls_pubkey_import_x509(key, certificate, 0) >= 0 &&
                gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &der) >= 0 &&
                gnutls_fingerprint(GNUTLS_DIG_SHA256, &der, hash, &length) >= 0;
    gnutls_datum_t raw = {hash, HASH_BYTES};
    if (good && gnutls_base64_encode2(&raw, &coded) >= 0) {
        snprintf(pin, size, "sha256//%.*s", (int)coded.size, (const char *)coded.data);
    }
    gnutls_free(coded.data);
    gnutls_free(der.data);
    gnutls_pubkey_deinit(key);
    return pin[0] != '\0';
}

static enum whaleflux_status look(struct whaleflux *handle, const char *pem,
                                  struct whaleflux_error *err)
{
    gnutls_x509_crt_t certificate;
    gnutls_datum_t text = {(unsigned char *)(uintptr_t)pem, (unsigned)strlen(pem)};
    unsigned char wanted[HASH_BYTES];
    unsigned char shown[HASH_BYTES];
    size_t length = sizeof shown;
    if (!read_hash(handle->fingerprint, wanted)) {
        return wf_client_fail(err, WHALEFLUX_INVALID,
                              "'%.120s' is no fingerprint: 32 bytes in hexadecimal, AB:CD:...",
                              handle->fingerprint);
    }
    if (gnutls_x509_crt_init(&certificate) < 0) {
        return wf_client_no_memory(err);
    }
    bool good =
        gnutls_x509_crt_import(certificate, &text, GNUTLS_X509_FMT_PEM) >= 0 &&
        gnutls_x509_crt_get_fingerprint(certificate, GNUTLS_DIG_SHA256, shown, &length) >= 0;
    bool same = good && memcmp(shown, wanted, HASH_BYTES) == 0;
    good = same && pin_of_key(certificate, handle->pin, sizeof handle->pin);
    gnutls_x509_crt_deinit(certificate);
    if (!same) {
        return wf_client_fail(err, WHALEFLUX_UNREACHABLE,
                              "the certificate of %s has another fingerprint than the one named",
                              handle->base);
    }
    return good ? WHALEFLUX_OK : wf_client_no_memory(err);
}

// The certificate itself, of all that curl tells of the first in the chain.
static const char *shown_certificate(CURL *curl)
{
    struct curl_certinfo *chain = NULL;
    if (curl_easy_getinfo(curl, CURLINFO_CERTINFO, &chain) != CURLE_OK || !chain ||
        chain->num_of_certs < 1) {
        return NULL;
    }
    for (const struct curl_slist *line = chain->certinfo[0]; line; line = line->next) {
        if (strncmp(line->data, "Cert:", 5) == 0) {
            return line->data + 5;
        }
    }
    return NULL;
}

enum whaleflux_status wf_client_pin(struct whaleflux *handle, struct whaleflux_error *err)
{
    CURL *curl = curl_easy_init();
    if (!curl) {
        return wf_client_no_memory(err);
    }
    curl_easy_setopt(curl, CURLOPT_URL, handle->base);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L); // what it shows is compared below
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    CURLcode code = curl_easy_perform(curl);
    const char *pem = code == CURLE_OK ? shown_certificate(curl) : NULL;
    enum whaleflux_status status =
        pem ? look(handle, pem, err)
            : wf_client_fail(
                  err, WHALEFLUX_UNREACHABLE, "no daemon answers at %s: %s", handle->base,
                  code == CURLE_OK ? "it shows no certificate" : curl_easy_strerror(code));
    curl_easy_cleanup(curl);
    return status;
}
