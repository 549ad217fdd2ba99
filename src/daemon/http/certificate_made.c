// SPDX-License-Identifier: Apache-2.0
#include "daemon/http/certificate_made.h"

#include <arpa/inet.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <limits.h>
#include <unistd.h>

enum { SERIAL_BYTES = 16, KEY_ID_BYTES = 20 };

static const int64_t ten_years_s = INT64_C(3652) * 24 * 3600;
static const int64_t hour_s = 3600;

// Each part does nothing once one has failed; what gnutls says of the failure is kept.
struct maker {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t certificate;
    int failed;
};

static void keep(struct maker *maker, int result)
{
    if (maker->failed == 0 && result < 0) {
        maker->failed = result;
    }
}

static void take_key(struct maker *maker, const char *pem)
{
    if (maker->failed != 0) {
        return;
    }
    if (!pem) {
        keep(maker,
             gnutls_x509_privkey_generate(maker->key, GNUTLS_PK_ECDSA,
                                          GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
        return;
    }
    gnutls_datum_t data = {(unsigned char *)(uintptr_t)pem, (unsigned)strlen(pem)};
    keep(maker, gnutls_x509_privkey_import2(maker->key, &data, GNUTLS_X509_FMT_PEM, NULL, 0));
}

static void add_name(struct maker *maker, const char *name)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    if (maker->failed != 0 || !name || !*name) {
        return;
    }
    int length = inet_pton(AF_INET, name, bytes) == 1    ? 4
                 : inet_pton(AF_INET6, name, bytes) == 1 ? 16
                                                         : 0;
    keep(maker, gnutls_x509_crt_set_subject_alt_name(
                    maker->certificate, length > 0 ? GNUTLS_SAN_IPADDRESS : GNUTLS_SAN_DNSNAME,
                    length > 0 ? (const void *)bytes : name,
                    length > 0 ? (unsigned)length : (unsigned)strlen(name), GNUTLS_FSAN_APPEND));
}

static void describe(struct maker *maker, const char *host)
{
    gnutls_x509_crt_t certificate = maker->certificate;
    unsigned char serial[SERIAL_BYTES];
    keep(maker, gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial));
    serial[0] &= 0x7f; // a serial number is positive
    keep(maker, gnutls_x509_crt_set_version(certificate, 3));
    keep(maker, gnutls_x509_crt_set_serial(certificate, serial, sizeof serial));
    keep(maker, gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_ORGANIZATION_NAME, 0,
                                              WF_CERTIFICATE_MAKER,
                                              (unsigned)strlen(WF_CERTIFICATE_MAKER)));
    // A common name has at most 64 letters.
    keep(maker, gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, host,
                                              (unsigned)strnlen(host, 64)));
}

// What the certificate is for: it vouches for nobody but itself.
static void restrict_use(struct maker *maker, int64_t now_s)
{
    gnutls_x509_crt_t certificate = maker->certificate;
    unsigned char id[KEY_ID_BYTES];
    size_t id_size = sizeof id;
    // An hour back, for clients whose clock is late.
    keep(maker, gnutls_x509_crt_set_activation_time(certificate, (time_t)(now_s - hour_s)));
    keep(maker, gnutls_x509_crt_set_expiration_time(certificate, (time_t)(now_s + ten_years_s)));
    keep(maker, gnutls_x509_crt_set_key(certificate, maker->key));
    keep(maker, gnutls_x509_crt_set_basic_constraints(certificate, 0, -1));
    keep(maker, gnutls_x509_crt_set_key_usage(certificate, GNUTLS_KEY_DIGITAL_SIGNATURE));
    keep(maker, gnutls_x509_crt_set_key_purpose_oid(certificate, GNUTLS_KP_TLS_WWW_SERVER, 0));
    keep(maker, gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA1, id, &id_size));
    keep(maker, gnutls_x509_crt_set_subject_key_id(certificate, id, id_size));
}

static char *take_text(gnutls_datum_t *data)
{
    char *text = strndup((const char *)data->data, data->size);
    gnutls_memset(data->data, 0, data->size);
    gnutls_free(data->data);
    return text;
}

static enum wf_status print(struct maker *maker, char **key, char **certificate_out,
                            struct wf_error *err)
{
    gnutls_datum_t data;
    keep(maker, gnutls_x509_crt_export2(maker->certificate, GNUTLS_X509_FMT_PEM, &data));
    if (maker->failed == 0) {
        *certificate_out = take_text(&data);
        if (!*certificate_out) {
            return wf_fail(err, WF_NOMEM, "out of memory");
        }
    }
    if (maker->failed == 0 && !*key) {
        keep(maker, gnutls_x509_privkey_export2(maker->key, GNUTLS_X509_FMT_PEM, &data));
        *key = maker->failed == 0 ? take_text(&data) : NULL;
        if (maker->failed == 0 && !*key) {
            return wf_fail(err, WF_NOMEM, "out of memory");
        }
    }
    return maker->failed == 0 ? WF_OK
                              : wf_fail(err, WF_INVALID, "cannot make a certificate: %s",
                                        gnutls_strerror(maker->failed));
}

enum wf_status wf_certificate_make(const char *address, int64_t now_s, char **key,
                                   char **certificate_out, struct wf_error *err)
{
    struct maker maker = {0};
    char host[HOST_NAME_MAX + 1] = "";
    *certificate_out = NULL;
    if (gethostname(host, sizeof host - 1) != 0 || !*host) {
        snprintf(host, sizeof host, "localhost");
    }
    if (gnutls_x509_privkey_init(&maker.key) != 0) {
        return wf_fail(err, WF_NOMEM, "out of memory");
    }
    if (gnutls_x509_crt_init(&maker.certificate) != 0) {
        gnutls_x509_privkey_deinit(maker.key);
        return wf_fail(err, WF_NOMEM, "out of memory");
    }
    take_key(&maker, *key);
    describe(&maker, host);
    restrict_use(&maker, now_s);
    add_name(&maker, "localhost");
    add_name(&maker, host);
    add_name(&maker, "127.0.0.1");
    add_name(&maker, "::1");
    add_name(&maker, address);
    keep(&maker, gnutls_x509_crt_sign2(maker.certificate, maker.certificate, maker.key,
                                       GNUTLS_DIG_SHA256, 0));
    enum wf_status status = print(&maker, key, certificate_out, err);
    gnutls_x509_crt_deinit(maker.certificate);
    gnutls_x509_privkey_deinit(maker.key);
    return status;
}
