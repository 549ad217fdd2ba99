// SPDX-License-Identifier: Apache-2.0
#include "daemon/http/certificate.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/http/certificate_made.h"

enum { HASH_BYTES = 32 };

static const int64_t month_s = INT64_C(30) * 24 * 3600;

struct paths {
    char certificate[PATH_MAX];
    char key[PATH_MAX];
};

// What is known of a certificate without its key.
struct facts {
    bool own; // made here
    time_t begins;
    time_t ends;
};

static enum wf_status fill_paths(const char *folder, struct paths *paths, struct wf_error *err)
{
    int a = snprintf(paths->certificate, sizeof paths->certificate, "%s/cert.pem", folder);
    int b = snprintf(paths->key, sizeof paths->key, "%s/key.pem", folder);
    if (a < 0 || b < 0 || (size_t)a >= sizeof paths->certificate) {
        return wf_fail(err, WF_INVALID, "the name of the folder %.80s... is too long", folder);
    }
    return WF_OK;
}

// Prints "AB:CD:..." of the certificate's hash, and reads its times.
static enum wf_status inspect(const char *pem, struct facts *facts_out, char *fingerprint_out,
                              struct wf_error *err)
{
    gnutls_x509_crt_t certificate;
    gnutls_datum_t data = {(unsigned char *)(uintptr_t)pem, (unsigned)strlen(pem)};
    unsigned char hash[HASH_BYTES];
    size_t size = sizeof hash;
    char issuer[256] = "";
    size_t issuer_size = sizeof issuer;
    if (gnutls_x509_crt_init(&certificate) != 0) {
        return wf_fail(err, WF_NOMEM, "out of memory");
    }
    int failed = gnutls_x509_crt_import(certificate, &data, GNUTLS_X509_FMT_PEM);
    if (failed == 0) {
        failed = gnutls_x509_crt_get_fingerprint(certificate, GNUTLS_DIG_SHA256, hash, &size);
    }
    if (failed == 0) {
        facts_out->begins = gnutls_x509_crt_get_activation_time(certificate);
        facts_out->ends = gnutls_x509_crt_get_expiration_time(certificate);
        facts_out->own =
            gnutls_x509_crt_get_issuer_dn_by_oid(certificate, GNUTLS_OID_X520_ORGANIZATION_NAME, 0,
                                                 0, issuer, &issuer_size) == 0 &&
            strcmp(issuer, WF_CERTIFICATE_MAKER) == 0;
    }
    gnutls_x509_crt_deinit(certificate);
    if (failed != 0) {
        return wf_fail(err, WF_INVALID, "it is no certificate: %s", gnutls_strerror(failed));
    }
    for (size_t i = 0; i < HASH_BYTES; i++) {
        snprintf(fingerprint_out + 3 * i, 4, i + 1 < HASH_BYTES ? "%02X:" : "%02X", hash[i]);
    }
    return WF_OK;
}

static enum wf_status check_pair(const struct wf_certificate *pair, struct wf_error *err)
{
    gnutls_certificate_credentials_t credentials;
    gnutls_datum_t certificate = {(unsigned char *)pair->certificate,
                                  (unsigned)strlen(pair->certificate)};
    gnutls_datum_t key = {(unsigned char *)pair->key, (unsigned)strlen(pair->key)};
    if (gnutls_certificate_allocate_credentials(&credentials) != 0) {
        return wf_fail(err, WF_NOMEM, "out of memory");
    }
    int failed =
        gnutls_certificate_set_x509_key_mem(credentials, &certificate, &key, GNUTLS_X509_FMT_PEM);
    gnutls_certificate_free_credentials(credentials);
    if (failed < 0) {
        return wf_fail(err, WF_INVALID,
                       "cert.pem and key.pem do not belong together, or one is "
                       "damaged: %s",
                       gnutls_strerror(failed));
    }
    return WF_OK;
}

static bool is_there(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 || errno != ENOENT;
}

// Reads a whole file of text; the caller frees *text_out.
static enum wf_status read_text(const char *path, char **text_out, struct wf_error *err)
{
    gnutls_datum_t data;
    int failed = gnutls_load_file(path, &data);
    if (failed != 0) {
        return wf_fail(err, WF_IO, "cannot read %s: %s", path, strerror(errno));
    }
    *text_out = strndup((const char *)data.data, data.size);
    gnutls_memset(data.data, 0, data.size);
    gnutls_free(data.data);
    return *text_out ? WF_OK : wf_fail(err, WF_NOMEM, "out of memory");
}

// Writes a file that is there whole or not at all, whatever stops us.
static enum wf_status write_text(const char *path, mode_t mode, const char *text,
                                 struct wf_error *err)
{
    char draft[PATH_MAX + 8];
    size_t length = strlen(text);
    snprintf(draft, sizeof draft, "%s.new", path);
    unlink(draft);
    int descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    bool written = descriptor >= 0 && write(descriptor, text, length) == (ssize_t)length &&
                   fsync(descriptor) == 0;
    int why = errno;
    if (descriptor >= 0 && close(descriptor) != 0) {
        written = false;
    }
    if (!written || rename(draft, path) != 0) {
        why = written ? errno : why;
        unlink(draft);
        return wf_fail(err, WF_IO, "cannot write %s: %s", path, strerror(why));
    }
    return WF_OK;
}

static enum wf_status read_pair(const struct paths *paths, struct wf_certificate *pair,
                                struct facts *facts_out, struct wf_error *err)
{
    enum wf_status status = read_text(paths->certificate, &pair->certificate, err);
    if (status == WF_OK) {
        status = read_text(paths->key, &pair->key, err);
    }
    if (status != WF_OK) {
        return status;
    }
    status = inspect(pair->certificate, facts_out, pair->fingerprint, err);
    if (status == WF_OK) {
        status = check_pair(pair, err);
    }
    return status == WF_OK ? WF_OK : wf_error_prefix(err, status, "%s: ", paths->certificate);
}

// Makes the certificate, and the key where there is none: one alone is what a start leaves that was
// killed in between, or is somebody's own.
static enum wf_status make_pair(const char *folder, const struct paths *paths, const char *address,
                                int64_t now_s, struct wf_certificate *pair, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    bool new_key = !is_there(paths->key);
    if (!new_key) {
        status = read_text(paths->key, &pair->key, err);
    }
    if (status == WF_OK) {
        status = wf_certificate_make(address, now_s, &pair->key, &pair->certificate, err);
    }
    if (status == WF_OK && mkdir(folder, 0700) != 0 && errno != EEXIST) {
        status = wf_fail(err, WF_IO, "cannot make the folder %s: %s", folder, strerror(errno));
    }
    if (status == WF_OK && new_key) {
        status = write_text(paths->key, 0600, pair->key, err);
    }
    if (status == WF_OK) {
        status = write_text(paths->certificate, 0644, pair->certificate, err);
    }
    return status;
}

static enum wf_status check_times(const struct facts *facts, const char *path, int64_t now_s,
                                  struct wf_error *err)
{
    if (facts->ends <= now_s) {
        return wf_fail(err, WF_INVALID, "the certificate %s has run out", path);
    }
    if (facts->begins > now_s) {
        return wf_fail(err, WF_INVALID, "the certificate %s is not valid yet", path);
    }
    return WF_OK;
}

enum wf_status wf_certificate_load(const char *folder, const char *address, int64_t now_ms,
                                   struct wf_certificate *certificate_out, struct wf_error *err)
{
    struct paths paths = {0};
    struct facts facts = {0};
    int64_t now_s = now_ms / 1000;
    *certificate_out = (struct wf_certificate){0};
    enum wf_status status = fill_paths(folder, &paths, err);
    if (status != WF_OK) {
        return status;
    }
    bool make = !is_there(paths.certificate);
    if (!make) {
        status = read_pair(&paths, certificate_out, &facts, err);
        make = status == WF_OK && facts.own && facts.ends - now_s < month_s;
    }
    if (make) {
        wf_certificate_finish(certificate_out);
        status = make_pair(folder, &paths, address, now_s, certificate_out, err);
        if (status == WF_OK) {
            status =
                inspect(certificate_out->certificate, &facts, certificate_out->fingerprint, err);
        }
    }
    if (status == WF_OK) {
        status = check_times(&facts, paths.certificate, now_s, err);
    }
    if (status != WF_OK) {
        wf_certificate_finish(certificate_out);
    }
    return status;
}

void wf_certificate_finish(struct wf_certificate *certificate)
{
    if (!certificate) {
        return;
    }
    if (certificate->key) {
        gnutls_memset(certificate->key, 0, strlen(certificate->key));
    }
    free(certificate->certificate);
    free(certificate->key);
    *certificate = (struct wf_certificate){0};
}
