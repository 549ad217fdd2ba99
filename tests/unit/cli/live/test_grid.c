// SPDX-License-Identifier: Apache-2.0
// Tables: columns as wide as what is in them, harmless text, no colour outside of a terminal.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/live/grid.h"

static const struct wf_grid_column columns[] = {
    {"ID", true, 0}, {"NAME", false, 6}, {"LAST", false, 0}};

static char *printed(const struct wf_grid *grid)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_int_equal(wf_grid_print(grid, out, NULL), WF_OK);
    fclose(out);
    return text;
}

static void columns_stand_below_one_another(void **state)
{
    struct wf_grid grid;
    (void)state;
    wf_grid_init(&grid, columns, WF_COUNT_OF(columns));
    wf_grid_add(&grid, "7");
    wf_grid_add(&grid, "ab");
    wf_grid_add_shaded(&grid, "x", WF_SHADE_BAD);
    wf_grid_add(&grid, "1234");
    wf_grid_add(&grid, "abcdefghij");
    wf_grid_add(&grid, "");
    char *text = printed(&grid);
    assert_string_equal(text, "  ID  NAME    LAST\n"
                              "   7  ab      x\n"
                              "1234  abcde…  \n");
    free(text);
    wf_grid_finish(&grid);
}

static void what_others_wrote_is_harmless(void **state)
{
    struct wf_grid grid;
    (void)state;
    wf_grid_init(&grid, columns, WF_COUNT_OF(columns));
    wf_grid_add(&grid, "1");
    wf_grid_add(&grid, "\033[2Jx");
    wf_grid_add(&grid, "a\nb\xff");
    char *text = printed(&grid);
    assert_null(strchr(text, '\033'));
    assert_non_null(strstr(text, "a b\xef\xbf\xbd"));
    free(text);
    wf_grid_finish(&grid);
}

static void states_have_shades(void **state)
{
    (void)state;
    assert_int_equal(wf_shade_of_state("failed"), WF_SHADE_BAD);
    assert_int_equal(wf_shade_of_state("running"), WF_SHADE_GOOD);
    assert_int_equal(wf_shade_of_state("anything"), WF_SHADE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_stand_below_one_another),
        cmocka_unit_test(what_others_wrote_is_harmless),
        cmocka_unit_test(states_have_shades),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
