// SPDX-License-Identifier: Apache-2.0
#include "cli/simulate/picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/simulate/picture_count.h"

#define DEPTH_MAX 16

static char folder[] = "/tmp/test_picture.XXXXXX";
static char path[64];

static const struct wf_picture_pool pools[] = {
    {"A<1> & \"co\"", INT64_C(500000000), false},
    {"H100", INT64_C(6980000000), true},
    {"empty", 0, false},
};

static const struct wf_picture_gpu gpus_before[] = {
    {0, 190, 190}, {1, 0, 0}, {1, 1000, 1000}, {1, 1000, 250}, {0, 0, 0}, {1, 0, 0},
};
static const struct wf_picture_gpu gpus_after[] = {
    {0, 0, 0}, {1, 0, 0}, {1, 1000, 0}, {1, 0, 0}, {0, 190, 150}, {1, 0, 0},
};

static struct wf_picture small_picture(void)
{
    return (struct wf_picture){
        .title = "A small cluster",
        .subtitle = "6 GPUs, for a test",
        .footnote = "Nothing here is real.",
        .pools = pools,
        .pool_count = 3,
        .panels = {{"fgd", 100, gpus_before, 6}, {"cost-first", 100, gpus_after, 6}},
        .panel_count = 2,
    };
}

static char *read_file(const char *name)
{
    FILE *file = fopen(name, "rb");
    if (!file) {
        return NULL;
    }
    char *text = calloc(1, 4 << 20);
    assert_non_null(text);
    size_t length = fread(text, 1, (4 << 20) - 1, file);
    assert_true(length < (4 << 20) - 1);
    fclose(file);
    return text;
}

static char *write_and_read(const struct wf_picture *picture)
{
    struct wf_error err = {0};
    enum wf_status status = wf_picture_write(picture, path, &err);
    if (status != WF_OK) {
        fail_msg("%s", err.text);
    }
    char *text = read_file(path);
    assert_non_null(text);
    return text;
}

static bool starts_entity(const char *at)
{
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;"};
    for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++) {
        if (strncmp(at, entities[i], strlen(entities[i])) == 0) {
            return true;
        }
    }
    return false;
}

// Returns what is wrong with the XML, or NULL: every element is closed in its turn, and in the text
// between them no '&' stands without a name.
static const char *xml_fault(const char *at)
{
    char open[DEPTH_MAX][32];
    int depth = 0, roots = 0;
    for (; *at; at++) {
        if (*at == '&' && !starts_entity(at)) {
            return at;
        }
        if (*at != '<') {
            continue;
        }
        bool closes = at[1] == '/';
        const char *name = at + 1 + closes;
        size_t length = strcspn(name, " />\n");
        const char *end = strchr(name, '>');
        if (!end || length >= sizeof open[0] || depth >= DEPTH_MAX - 1) {
            return at;
        }
        if (closes) {
            depth--;
            if (depth < 0 || strlen(open[depth]) != length ||
                strncmp(open[depth], name, length) != 0) {
                return at;
            }
        } else if (end[-1] != '/') {
            roots += depth == 0;
            snprintf(open[depth++], sizeof open[0], "%.*s", (int)length, name);
        }
        at = end;
    }
    return depth == 0 && roots == 1 ? NULL : at;
}

static void a_small_picture_is_as_it_was(void **state)
{
    (void)state;
    const char *data = getenv("WHALEFLUX_TEST_DATA");
    char golden_path[1024];
    snprintf(golden_path, sizeof golden_path, "%s/picture_small.svg", data ? data : "tests/data");
    struct wf_picture picture = small_picture();
    char *text = write_and_read(&picture);
    char *golden = read_file(golden_path);
    if (!golden) {
        fail_msg("cannot read %s: WHALEFLUX_TEST_DATA names the folder", golden_path);
    }
    assert_string_equal(text, golden);
    free(golden);
    free(text);
}

static void a_picture_is_well_formed_xml(void **state)
{
    (void)state;
    struct wf_picture picture = small_picture();
    for (picture.panel_count = 1; picture.panel_count <= 2; picture.panel_count++) {
        char *text = write_and_read(&picture);
        const char *fault = xml_fault(text);
        if (fault) {
            fail_msg("at: %.60s", fault);
        }
        assert_non_null(strstr(text, "A&lt;1&gt; &amp; &quot;co&quot;"));
        free(text);
    }
}

static void figures_are_counted_from_the_cells(void **state)
{
    (void)state;
    struct wf_picture picture = small_picture();
    struct wf_picture_count count = wf_picture_count(&picture, 0, WF_PICTURE_POOLS_MAX);
    assert_int_equal(count.gpus, 6);
    assert_int_equal(count.used_milli, 6000 - 2190);
    assert_int_equal(count.stranded_milli, 1440);
    // 0.19 of a GPU at half a dollar and 1.25 at 6.98 dollars.
    assert_true(count.used_nanousd_per_hour == INT64_C(905000000) + 2 * INT64_C(6980000000));
    assert_true(count.stranded_nanousd_per_hour == INT64_C(95000000) + INT64_C(8725000000));
    assert_true(count.assumed);
    assert_false(count.unpriced);
    count = wf_picture_count(&picture, 1, 1);
    assert_int_equal(count.gpus, 4);
    assert_int_equal(count.stranded_milli, 0);
    assert_false(count.assumed);
}

static void values_out_of_range_are_refused_and_nothing_is_written(void **state)
{
    (void)state;
    struct wf_error err;
    struct wf_picture_gpu gpus[] = {{0, 500, 501}};
    struct wf_picture picture = small_picture();
    unlink(path);
    picture.panels[0] = (struct wf_picture_panel){"fgd", 100, gpus, 1};
    assert_int_equal(wf_picture_write(&picture, path, &err), WF_INVALID);
    gpus[0] = (struct wf_picture_gpu){0, 1001, 0};
    assert_int_equal(wf_picture_write(&picture, path, &err), WF_INVALID);
    gpus[0] = (struct wf_picture_gpu){3, 0, 0};
    assert_int_equal(wf_picture_write(&picture, path, &err), WF_INVALID);
    picture = small_picture();
    picture.panel_count = 3;
    assert_int_equal(wf_picture_write(&picture, path, &err), WF_INVALID);
    picture = small_picture();
    picture.panels[1].gpu_count = WF_PICTURE_GPUS_MAX + 1;
    assert_int_equal(wf_picture_write(&picture, path, &err), WF_LIMIT);
    picture = small_picture();
    picture.pool_count = WF_PICTURE_POOLS_MAX + 1;
    assert_int_equal(wf_picture_write(&picture, path, &err), WF_LIMIT);
    assert_true(access(path, F_OK) != 0);
    assert_int_equal(
        wf_picture_write(&(struct wf_picture){.panel_count = 1}, "/nowhere/x.svg", &err), WF_IO);
    assert_non_null(strstr(err.text, "/nowhere/x.svg"));
}

static void every_state_of_every_gpu_may_differ(void **state)
{
    (void)state;
    static struct wf_picture_gpu gpus[6212];
    for (uint32_t i = 0; i < 6212; i++) {
        uint32_t free_milli = i * 619 % 1001;
        gpus[i] = (struct wf_picture_gpu){(uint16_t)(i % 3), (uint16_t)free_milli,
                                          (uint16_t)(free_milli ? i % free_milli : 0)};
    }
    struct wf_picture picture = small_picture();
    picture.panels[0] = (struct wf_picture_panel){"fgd", 100, gpus, 6212};
    picture.panels[1] = picture.panels[0];
    char *text = write_and_read(&picture);
    assert_null(xml_fault(text));
    assert_true(strlen(text) < 1500000);
    free(text);
}

static void a_cluster_without_gpus_has_a_picture(void **state)
{
    (void)state;
    struct wf_picture picture = small_picture();
    picture.panels[0].gpu_count = 0;
    picture.panels[1].gpu_count = 0;
    char *text = write_and_read(&picture);
    assert_null(xml_fault(text));
    free(text);
}

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/picture.svg", folder);
    return 0;
}

// The folder can only be removed when no temporary file was left in it.
static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_picture_is_as_it_was),
        cmocka_unit_test(a_picture_is_well_formed_xml),
        cmocka_unit_test(figures_are_counted_from_the_cells),
        cmocka_unit_test(values_out_of_range_are_refused_and_nothing_is_written),
        cmocka_unit_test(every_state_of_every_gpu_may_differ),
        cmocka_unit_test(a_cluster_without_gpus_has_a_picture),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
