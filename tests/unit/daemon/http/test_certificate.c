// SPDX-License-Identifier: Apache-2.0
#include "daemon/http/certificate.h"

#include <libgen.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <gnutls/x509.h>

#include "unit/scratch.h"

static const int64_t now_ms = INT64_C(1800000000000);
static const int64_t day_ms = INT64_C(86400000);

static char folder[PATH_MAX];
static char path[PATH_MAX + 16];

// A folder of its own that is not there yet.
static void choose_folder(const char *name)
{
    char file[PATH_MAX];
    snprintf(file, sizeof file, "%s", scratch_write_text("marker", ""));
    snprintf(folder, sizeof folder, "%.4000s/%s", dirname(file), name);
}

static const char *in_folder(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void remove_folder(const char *name)
{
    choose_folder(name);
    (void)unlink(in_folder("cert.pem"));
    (void)unlink(in_folder("key.pem"));
    (void)rmdir(folder);
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(in_folder(name), "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static bool names_host(const char *pem, const char *host)
{
    gnutls_x509_crt_t certificate;
    gnutls_datum_t data = {(unsigned char *)(uintptr_t)pem, (unsigned)strlen(pem)};
    assert_int_equal(gnutls_x509_crt_init(&certificate), 0);
    assert_int_equal(gnutls_x509_crt_import(certificate, &data, GNUTLS_X509_FMT_PEM), 0);
    bool names = gnutls_x509_crt_check_hostname(certificate, host) != 0;
    gnutls_x509_crt_deinit(certificate);
    return names;
}

static void the_first_start_makes_a_pair_and_later_ones_find_it(void **state)
{
    struct wf_certificate made;
    struct wf_certificate found;
    struct wf_error err;
    struct stat status;
    (void)state;
    choose_folder("first");
    assert_int_equal(wf_certificate_load(folder, "gpu7.example", now_ms, &made, &err), WF_OK);
    assert_int_equal(strlen(made.fingerprint), 32 * 3 - 1);
    assert_true(names_host(made.certificate, "localhost"));
    assert_true(names_host(made.certificate, "127.0.0.1"));
    assert_true(names_host(made.certificate, "gpu7.example"));
    assert_false(names_host(made.certificate, "example.org"));
    assert_int_equal(stat(in_folder("key.pem"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(wf_certificate_load(folder, NULL, now_ms + day_ms, &found, &err), WF_OK);
    assert_string_equal(made.fingerprint, found.fingerprint);
    assert_string_equal(made.key, found.key);
    wf_certificate_finish(&made);
    wf_certificate_finish(&found);
}

static void our_own_is_made_anew_before_it_runs_out(void **state)
{
    struct wf_certificate old;
    struct wf_certificate new;
    struct wf_error err;
    (void)state;
    choose_folder("renewed");
    assert_int_equal(wf_certificate_load(folder, NULL, now_ms, &old, &err), WF_OK);
    assert_int_equal(wf_certificate_load(folder, NULL, now_ms + 3640 * day_ms, &new, &err), WF_OK);
    assert_string_not_equal(old.fingerprint, new.fingerprint);
    assert_string_equal(old.key, new.key);
    wf_certificate_finish(&old);
    wf_certificate_finish(&new);
}

// Somebody's own key, or what a start leaves that was killed in between.
static void a_key_that_is_there_is_kept(void **state)
{
    struct wf_certificate first;
    struct wf_certificate second;
    struct wf_error err;
    (void)state;
    choose_folder("key");
    assert_int_equal(wf_certificate_load(folder, NULL, now_ms, &first, &err), WF_OK);
    assert_int_equal(unlink(in_folder("cert.pem")), 0);
    assert_int_equal(wf_certificate_load(folder, NULL, now_ms, &second, &err), WF_OK);
    assert_string_equal(first.key, second.key);
    assert_string_not_equal(first.certificate, second.certificate);
    wf_certificate_finish(&first);
    wf_certificate_finish(&second);
}

static void damage_is_told_and_nothing_is_written_over(void **state)
{
    struct wf_certificate pair;
    struct wf_certificate other;
    struct wf_error err;
    (void)state;
    choose_folder("other");
    assert_int_equal(wf_certificate_load(folder, NULL, now_ms, &other, &err), WF_OK);
    choose_folder("damaged");
    assert_int_equal(wf_certificate_load(folder, NULL, now_ms, &pair, &err), WF_OK);
    write_file("key.pem", other.key);
    wf_certificate_finish(&pair);
    assert_int_equal(wf_certificate_load(folder, NULL, now_ms, &pair, &err), WF_INVALID);
    assert_non_null(strstr(err.text, "do not belong together"));
    assert_null(pair.key);
    write_file("cert.pem", "nonsense\n");
    assert_int_equal(wf_certificate_load(folder, NULL, now_ms, &pair, &err), WF_INVALID);
    assert_non_null(strstr(err.text, "it is no certificate"));
    write_file("cert.pem", other.certificate);
    assert_int_equal(wf_certificate_load(folder, NULL, now_ms - 2 * day_ms, &pair, &err),
                     WF_INVALID);
    assert_non_null(strstr(err.text, "not valid yet"));
    assert_int_equal(unlink(in_folder("key.pem")), 0);
    assert_int_equal(wf_certificate_load(folder, NULL, now_ms, &pair, &err), WF_IO);
    wf_certificate_finish(&other);
}

static int begin(void **state)
{
    (void)state;
    scratch_init();
    return 0;
}

static int finish(void **state)
{
    static const char *const names[] = {"first", "renewed", "key", "other", "damaged"};
    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(names); i++) {
        remove_folder(names[i]);
    }
    scratch_finish();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_start_makes_a_pair_and_later_ones_find_it),
        cmocka_unit_test(our_own_is_made_anew_before_it_runs_out),
        cmocka_unit_test(a_key_that_is_there_is_kept),
        cmocka_unit_test(damage_is_told_and_nothing_is_written_over),
    };
    return cmocka_run_group_tests(tests, begin, finish);
}
