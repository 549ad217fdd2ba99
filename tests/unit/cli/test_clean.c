// SPDX-License-Identifier: Apache-2.0
#include "cli/clean.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cli/paragraph.h"
#include "cli/xml.h"

static char text[64];

static const char *clean(const char *from)
{
    return wf_clean_text(text, sizeof text, from, 60);
}

static void good_text_stays_as_it_is(void **state)
{
    (void)state;
    assert_string_equal(clean("anna"), "anna");
    assert_string_equal(clean("Zoë 李 😀"), "Zoë 李 😀");
    assert_int_equal(wf_clean_width("Zoë 李 😀"), 7);
}

static void what_could_harm_is_replaced(void **state)
{
    (void)state;
    assert_string_equal(clean("a\x1b[31mb\n"), "a [31mb ");
    assert_string_equal(clean("a\x9b!"), "a\xef\xbf\xbd!");
    assert_string_equal(clean("a\xc2\x9b!"), "a !");                    // the same in UTF-8
    assert_string_equal(clean("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd"); // '/' in two bytes
    assert_string_equal(clean("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    assert_string_equal(clean("\xe2\x80\xaegnp.exe"), "\xef\xbf\xbdgnp.exe"); // turns around
    assert_string_equal(clean("\xe6\x9d"), "\xef\xbf\xbd\xef\xbf\xbd");       // ends in the middle
}

static void what_is_cut_says_so_and_fits(void **state)
{
    (void)state;
    assert_string_equal(wf_clean_text(text, sizeof text, "abcdef", 6), "abcdef");
    assert_string_equal(wf_clean_text(text, sizeof text, "abcdef", 4), "abc…");
    assert_string_equal(wf_clean_text(text, 6, "abcdef", 60), "ab…");
    assert_string_equal(wf_clean_text(text, 7, "abcdef", 60), "abcdef");
    assert_string_equal(wf_clean_text(text, 4, "李李李", 60), "…");
}

static char *xml_of(const char *from, uint32_t glyphs_max)
{
    char *made = NULL;
    size_t size;
    FILE *out = open_memstream(&made, &size);
    assert_non_null(out);
    wf_xml_put(out, from, glyphs_max);
    assert_int_equal(fclose(out), 0);
    return made;
}

static void xml_has_its_own_characters_written_out(void **state)
{
    (void)state;
    char *made = xml_of("<a href=\"x\" b='y'>&\x01", WF_XML_WHOLE);
    assert_string_equal(made, "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp; ");
    free(made);
    made = xml_of("&&&&", 2);
    assert_string_equal(made, "&amp;&amp;…");
    free(made);
}

static void paragraphs_break_between_words(void **state)
{
    (void)state;
    char *made = NULL;
    size_t size;
    FILE *out = open_memstream(&made, &size);
    assert_non_null(out);
    wf_paragraph_print(out, "±±± ±± abcdefghijk x", 6);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(made, "±±± ±±\nabcdefghijk\nx\n");
    free(made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_text_stays_as_it_is),
        cmocka_unit_test(what_could_harm_is_replaced),
        cmocka_unit_test(what_is_cut_says_so_and_fits),
        cmocka_unit_test(xml_has_its_own_characters_written_out),
        cmocka_unit_test(paragraphs_break_between_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
