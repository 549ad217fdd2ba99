// SPDX-License-Identifier: Apache-2.0
#include "jobfile/document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect_text(const char *text, const char *written)
{
    struct wf_job_document document;
    struct wf_error err = {.text = ""};
    char *again = NULL;
    enum wf_status status = wf_job_document_parse(text, strlen(text), &document, &err);
    if (status != WF_OK) {
        fail_msg("%s: %s", text, err.text);
    }
    assert_int_equal(wf_job_document_write(&document, &again, &err), WF_OK);
    assert_string_equal(again, written);
    wf_job_document_finish(&document);
    // What is written reads as the same.
    char *third = NULL;
    assert_int_equal(wf_job_document_parse(again, strlen(again), &document, &err), WF_OK);
    assert_int_equal(wf_job_document_write(&document, &third, &err), WF_OK);
    assert_string_equal(third, again);
    wf_job_document_finish(&document);
    free(again);
    free(third);
}

static void a_document_has_one_form(void **state)
{
    (void)state;
    static const struct {
        const char *text, *written;
    } rows[] = {
        {"{\"command\":[\"python\",\"train.py\"]}",
         "{\"name\":\"python\",\"command\":[\"python\",\"train.py\"]}"},
        {"{\"command\":\"echo $HOME\",\"name\":\"hi\"}",
         "{\"name\":\"hi\",\"command\":[\"/bin/sh\",\"-c\",\"echo $HOME\"]}"},
        {"{\"script\":\"echo 1\\n\",\"arguments\":[\"a\",\"\"]}",
         "{\"name\":\"script\",\"script\":\"#!/bin/sh\\necho 1\\n\",\"arguments\":[\"a\",\"\"]}"},
        {"{\"script\":\"#!/usr/bin/python3\\n\"}",
         "{\"name\":\"script\",\"script\":\"#!/usr/bin/python3\\n\"}"},
        {"{\"command\":[\"/opt/a b/7\"],\"tasks\":1,\"hold\":false,\"gpus\":0,\"queue\":null}",
         "{\"name\":\"job\",\"command\":[\"/opt/a b/7\"]}"},
        {"{\"umask\":\"077\",\"nice\":5,\"logs\":{\"files\":2,\"size\":\"1MB\"},\"stop\":\"5s\","
         "\"checkpoint\":{\"every\":\"10m\",\"signal\":\"sigusr1\",\"time\":0},"
         "\"requeue\":{\"failed\":true,\"at_most\":1,\"lost\":true},\"command\":[\"a\"]}",
         "{\"name\":\"a\",\"command\":[\"a\"],\"requeue\":{\"failed\":true,\"at_most\":1},"
         "\"checkpoint\":{\"signal\":\"USR1\",\"time\":0,\"every\":600000},\"stop\":5000,"
         "\"logs\":{\"size\":\"1000000\",\"files\":2},\"nice\":5,\"umask\":\"077\"}"},
        {"{\"command\":[\"a\"],\"requeue\":false,\"preemptible\":\"yes\",\"hold\":true}",
         "{\"name\":\"a\",\"command\":[\"a\"],\"hold\":true,\"preemptible\":true,"
         "\"requeue\":{\"lost\":false}}"},
        {"{\"command\":[\"a\"],\"cpus\":0.5,\"memory\":\"8GB\",\"gpus\":\"h100:8\",\"tasks\":2,"
         "\"labels\":[\"zone=a\",\"nvme\"],\"within\":\"group\"}",
         "{\"name\":\"a\",\"command\":[\"a\"],\"tasks\":2,\"gpus\":\"H100:8\",\"cpus\":0.5,"
         "\"memory\":\"7630MiB\",\"labels\":[\"zone=a\",\"nvme\"],\"within\":\"group\"}"},
        {"{\"command\":[\"a\"],\"cpus\":\"0.125\",\"memory\":1,\"folder\":\"/data\"}",
         "{\"name\":\"a\",\"command\":[\"a\"],\"folder\":\"/data\",\"cpus\":0.125,"
         "\"memory\":\"1MiB\"}"},
        {"{\"command\":[\"a\"],\"queue\":\"ml.dev\",\"priority\":-5,\"limit\":\"1h30m\","
         "\"expect\":1200000,\"begin\":\"2026-08-23T12:00:00+02:00\","
         "\"deadline\":\"2026-08-23T10:00:01Z\"}",
         "{\"name\":\"a\",\"command\":[\"a\"],\"queue\":\"ml.dev\",\"priority\":-5,"
         "\"limit\":5400000,\"expect\":1200000,\"begin\":1787479200000,"
         "\"deadline\":1787479201000}"},
        {"{\"command\":[\"a\"],\"array\":{\"indices\":\"20,0-9,5\",\"at_most\":4}}",
         "{\"name\":\"a\",\"command\":[\"a\"],\"array\":{\"indices\":\"0-9,20\",\"at_most\":4}}"},
        {"{\"command\":[\"a\"],\"array\":\"0-20:5,31%2\"}",
         "{\"name\":\"a\",\"command\":[\"a\"],\"array\":{\"indices\":\"0-20:5,31\","
         "\"at_most\":2}}"},
        {"{\"command\":[\"a\"],\"array\":\"1%90000\"}",
         "{\"name\":\"a\",\"command\":[\"a\"],\"array\":{\"indices\":\"1\","
         "\"at_most\":10000}}"},
        {"{\"command\":[\"a\"],\"after\":[17,\"prepare\",{\"job\":\"18\",\"when\":\"end\"}]}",
         "{\"name\":\"a\",\"command\":[\"a\"],\"after\":[{\"job\":17,\"when\":\"success\"},"
         "{\"job\":\"prepare\",\"when\":\"success\"},{\"job\":18,\"when\":\"end\"}]}"},
        {"{\"command\":[\"a\"],\"environment\":{\"B\":\"x=y\",\"A\":8080,\"C\":true,\"D\":null}}",
         "{\"name\":\"a\",\"command\":[\"a\"],\"environment\":{\"A\":\"8080\",\"B\":\"x=y\","
         "\"C\":\"true\",\"D\":\"\"}}"},
        {"{\"gpus\":[\"H100:8\",\"MI300X:8\"],\"variants\":{\"nvidia\":{\"command\":[\"n\"]},"
         "\"amd\":{\"command\":[\"a\"],\"environment\":{\"X\":\"1\"},\"image\":\"rocm\"}}}",
         "{\"name\":\"job\",\"variants\":{\"nvidia\":{\"command\":[\"n\"]},\"amd\":{\"command\":"
         "[\"a\"],\"environment\":{\"X\":\"1\"},\"image\":\"rocm\"}},"
         "\"gpus\":[\"H100:8\",\"MI300X:8\"]}"},
        {"{\"command\":[\"a\"],\"gpus\":2,\"vendor\":\"amd\",\"dialect\":\"slurm\"}",
         "{\"name\":\"a\",\"command\":[\"a\"],\"dialect\":\"slurm\",\"gpus\":\"amd:any:2\"}"},
    };
    for (size_t i = 0; i < WF_COUNT_OF(rows); i++) {
        expect_text(rows[i].text, rows[i].written);
    }
}

static void how_work_is_saved_has_one_form(void **state)
{
    (void)state;
    static const struct {
        const char *text, *written;
    } rows[] = {
        {"{\"command\":[\"a\"],\"replaceable\":true,\"checkpoint\":{\"signal\":\"USR1\","
         "\"every\":\"auto\"}}",
         "{\"name\":\"a\",\"command\":[\"a\"],\"replaceable\":true,"
         "\"checkpoint\":{\"signal\":\"USR1\",\"every\":\"auto\"}}"},
        {"{\"command\":[\"a\"],\"checkpoint\":{\"every\":\"auto\",\"prompt\":false}}",
         "{\"name\":\"a\",\"command\":[\"a\"],"
         "\"checkpoint\":{\"every\":\"auto\",\"prompt\":false}}"},
        {"{\"command\":[\"a\"],\"checkpoint\":{\"prompt\":true,\"every\":\"2s\",\"signal\":10}}",
         "{\"name\":\"a\",\"command\":[\"a\"],"
         "\"checkpoint\":{\"signal\":\"USR1\",\"every\":2000,\"prompt\":true}}"},
    };
    for (size_t i = 0; i < WF_COUNT_OF(rows); i++) {
        expect_text(rows[i].text, rows[i].written);
    }
}

static void expect_error(const char *text, enum wf_status status, const char *sentence,
                         const char *field)
{
    struct wf_job_document document;
    struct wf_error err = {.text = ""};
    char found[64];
    assert_int_equal(wf_job_document_parse(text, strlen(text), &document, &err), status);
    assert_string_equal(err.text, sentence);
    wf_job_document_field(&err, found, sizeof found);
    assert_string_equal(found, field);
    wf_job_document_finish(&document);
}

static void a_sentence_begins_with_the_field(void **state)
{
    (void)state;
    static const struct {
        const char *text, *sentence, *field;
    } rows[] = {
        {"{\"commands\":[\"a\"]}", "commands: there is no such field (did you mean 'command'?)",
         "commands"},
        {"{\"command\":[\"a\"],\"logs\":{\"color\":1}}",
         "logs.color: there is no such field (there are: size, files)", "logs.color"},
        {"{\"command\":[\"a\"],\"x y: z\":1}",
         "x?y??z: there is no such field (there are: name, command, script, arguments, folder, "
         "environment, dialect, variants, tasks, gpus, vendor, cpus, memory, labels, within, apart, "
         "queue, priority, hold, preemptible, replaceable, limit, expect, begin, deadline, array, after, requeue, "
         "checkpoint, stop, logs, nice, umask)",
         "x?y??z"},
        {"{\"command\":[\"a\",3]}", "command[1]: must be a text", "command[1]"},
        {"{\"command\":[]}",
         "command: is missing: a job needs a 'command' or a 'script', or a command for each vendor "
         "in 'variants'",
         "command"},
        {"{\"command\":[\"\"]}", "command[0]: is empty: it names the program", "command[0]"},
        {"{\"command\":[\"a\"],\"script\":\"b\"}",
         "script: there is a 'command', too: a job has one of them", "script"},
        {"{\"command\":[\"a\"],\"arguments\":[\"b\"]}",
         "arguments: are those of a script, and there is none", "arguments"},
        {"{\"command\":[\"a\"],\"gpus\":1,\"variants\":{\"amd\":{\"command\":7}}}",
         "variants.amd.command: must be a list of texts", "variants.amd.command"},
        {"{\"command\":[\"a\"],\"gpus\":\"H100\",\"variants\":{\"amd\":{}}}",
         "variants.amd: the job asks for no GPU of that vendor", "variants.amd"},
        {"{\"command\":[\"a\"],\"gpus\":\"H100\",\"vendor\":\"amd\"}",
         "vendor: none of the GPUs in 'gpus' is of AMD", "vendor"},
        {"{\"command\":[\"a\"],\"vendor\":\"intel\"}", "vendor: must be 'nvidia' or 'amd'",
         "vendor"},
        {"{\"command\":[\"a\"],\"name\":\"../etc\"}",
         "name: must begin with a letter, a digit or '_'", "name"},
        {"{\"command\":[\"a\"],\"name\":\"a/b\"}",
         "name: may have letters, digits, '_', '-' and '.' only", "name"},
        {"{\"command\":[\"a\"],\"name\":\"17\"}",
         "name: must not be a number, which would name another job", "name"},
        {"{\"command\":[\"a\"],\"folder\":\"data\"}", "folder: must be absolute: begin with '/'",
         "folder"},
        {"{\"command\":[\"a\"],\"environment\":{\"A=B\":\"1\"}}",
         "environment.A?B: is no name of a variable: letters, digits and '_', not a digit first",
         "environment.A?B"},
        {"{\"command\":[\"a\"],\"environment\":{\"A\":[1]}}",
         "environment.A: must be a text or a number", "environment.A"},
    };
    for (size_t i = 0; i < WF_COUNT_OF(rows); i++) {
        expect_error(rows[i].text, WF_INVALID, rows[i].sentence, rows[i].field);
    }
}

static void values_are_refused_by_their_field(void **state)
{
    (void)state;
    static const struct {
        const char *text, *sentence, *field;
    } rows[] = {
        {"{\"command\":[\"a\"],\"limit\":\"soon\"}",
         "limit: must be a time such as '1h30m', '90s' or '2d', or milliseconds", "limit"},
        {"{\"command\":[\"a\"],\"limit\":0}", "limit: must be at least 1 ms", "limit"},
        {"{\"command\":[\"a\"],\"begin\":\"tomorrow\"}",
         "begin: must be a time such as '2026-08-23T10:00:00Z', or milliseconds since 1970",
         "begin"},
        {"{\"command\":[\"a\"],\"begin\":5,\"deadline\":5}", "deadline: is not after 'begin'",
         "deadline"},
        {"{\"command\":[\"a\"],\"memory\":\"lots\"}",
         "memory: must be a size such as '8GiB' or '512MiB', or bytes", "memory"},
        {"{\"command\":[\"a\"],\"cpus\":0}",
         "cpus: must be a number such as 4 or 0.5, at least 0.001", "cpus"},
        {"{\"command\":[\"a\"],\"hold\":2}", "hold: must be true or false", "hold"},
        {"{\"command\":[\"a\"],\"after\":[{\"when\":\"end\"}]}",
         "after[0]: needs 'job', the number or name of one", "after[0]"},
        {"{\"command\":[\"a\"],\"after\":[{\"job\":1,\"when\":\"later\"}]}",
         "after[0].when: must be 'end', 'success', 'failure' or 'start'", "after[0].when"},
        {"{\"command\":[\"a\"],\"after\":0}", "after: must be the number or the name of a job",
         "after"},
        {"{\"command\":[\"a\"],\"array\":{\"at_most\":2}}", "array: needs 'indices', such as '0-9'",
         "array"},
        {"{\"command\":[\"a\"],\"array\":{\"indices\":\"9-0\"}}",
         "array.indices: 9-0:1 is no range of indices", "array.indices"},
        {"{\"command\":[\"a\"],\"checkpoint\":{\"signal\":\"KILL\"}}",
         "checkpoint.signal: must be a signal that a job can be told, such as 'USR1'",
         "checkpoint.signal"},
        {"{\"command\":[\"a\"],\"checkpoint\":{\"every\":\"auto\"}}",
         "checkpoint.signal: is missing: it says when it is time, unless 'prompt' is false",
         "checkpoint.signal"},
        {"{\"command\":[\"a\"],\"checkpoint\":{\"signal\":\"USR1\",\"prompt\":true}}",
         "checkpoint.prompt: needs 'every': auto, or a time such as '30m'", "checkpoint.prompt"},
        {"{\"command\":[\"a\"],\"checkpoint\":{\"every\":\"often\"}}",
         "checkpoint.every: must be a time such as '1h30m', '90s' or '2d', or milliseconds",
         "checkpoint.every"},
        {"{\"command\":[\"a\"],\"umask\":\"9\"}",
         "umask: must be a text of octal digits such as '022'", "umask"},
        {"[]", "must be a map, such as {\"name\": ...}", ""},
    };
    for (size_t i = 0; i < WF_COUNT_OF(rows); i++) {
        expect_error(rows[i].text, WF_INVALID, rows[i].sentence, rows[i].field);
    }
}

// The value of a field with a part of it that comes so many times.
struct many {
    const char *before, *item, *after; // %zu of item is its number
    size_t most;
    const char *limit;
};

static enum wf_status parse_many(const struct many *many, size_t count, struct wf_error *err)
{
    size_t bytes = 200 + count * (strlen(many->item) + 24);
    char *text = malloc(bytes);
    assert_non_null(text);
    size_t length = (size_t)snprintf(text, bytes, "%s", many->before);
    const char *number = strchr(many->item, '#');
    for (size_t i = 0; i < count; i++) {
        const char *comma = number && i > 0 ? "," : "";
        if (number) {
            length += (size_t)snprintf(text + length, bytes - length, "%s%.*s%zu%s", comma,
                                       (int)(number - many->item), many->item, i, number + 1);
        } else {
            text[length++] = many->item[0];
        }
    }
    length += (size_t)snprintf(text + length, bytes - length, "%s", many->after);
    struct wf_job_document document;
    enum wf_status status = wf_job_document_parse(text, length, &document, err);
    wf_job_document_finish(&document);
    free(text);
    return status;
}

static void a_limit_holds_what_is_at_it_and_not_more(void **state)
{
    (void)state;
    static const struct many rows[] = {
        {"{\"command\":[\"a\"],\"name\":\"", "n", "\"}", 128, "WF_JOB_NAME_BYTES_MAX"},
        {"{\"command\":[\"a\"],\"folder\":\"/", "n", "\"}", 4094, "WF_JOB_PATH_BYTES_MAX"},
        {"{\"command\":[\"a\"],\"queue\":\"", "n", "\"}", 128, "WF_JOB_NAME_BYTES_MAX"},
        {"{\"command\":[", "\"a#\"", "]}", 4096, "WF_JOB_ARGUMENTS_MAX"},
        {"{\"command\":[\"", "n", "\"]}", 131071, "WF_JOB_ARGUMENT_BYTES_MAX"},
        {"{\"command\":\"", "n", "\"}", 131071, "WF_JOB_ARGUMENT_BYTES_MAX"},
        {"{\"script\":\"#!", "n", "\"}", 262142, "WF_JOB_SCRIPT_BYTES_MAX"},
        {"{\"script\":\"", "n", "\"}", 262134, "WF_JOB_SCRIPT_BYTES_MAX"},
        {"{\"command\":[\"a\"],\"environment\":{", "\"A#\":\"\"", "}}", 4096,
         "WF_JOB_VARIABLES_MAX"},
        {"{\"command\":[\"a\"],\"environment\":{\"A\":\"", "n", "\"}}", 131069,
         "WF_JOB_ARGUMENT_BYTES_MAX"},
        {"{\"command\":[\"a\"],\"labels\":[", "\"l#\"", "]}", 64, "WF_JOB_LABELS_MAX"},
        {"{\"command\":[\"a\"],\"after\":[", "1#", "]}", 64, "WF_JOB_AFTER_MAX"},
        {"{\"command\":[\"a\"],\"gpus\":[", "\"M#X\"", "]}", 32, "WF_JOB_GPU_CHOICES_MAX"},
        {"{\"command\":[\"a\"],\"array\":\"", "#", "\"}", 10000, "WF_JOB_ARRAY_MAX"},
    };
    for (size_t i = 0; i < WF_COUNT_OF(rows); i++) {
        struct many many = rows[i];
        struct wf_error err = {.text = ""};
        if (parse_many(&many, many.most, &err) != WF_OK) {
            fail_msg("%s: %s", many.before, err.text);
        }
        assert_int_equal(parse_many(&many, many.most + 1, &err), WF_LIMIT);
        if (!strstr(err.text, many.limit)) {
            fail_msg("%s: %s", many.before, err.text);
        }
    }
}

static void a_number_is_held_to_its_limit(void **state)
{
    (void)state;
    static const struct {
        const char *format, *limit;
        long long most;
    } rows[] = {
        {"{\"command\":[\"a\"],\"tasks\":%lld}", "WF_JOB_TASKS_MAX", 4096},
        {"{\"command\":[\"a\"],\"gpus\":%lld}", "WF_NODE_GPUS_MAX", 16},
        {"{\"command\":[\"a\"],\"gpus\":\"H100:%lld\"}", "WF_NODE_GPUS_MAX", 16},
        {"{\"command\":[\"a\"],\"cpus\":%lld}", "WF_CPU_MILLI_MAX", 4000},
        {"{\"command\":[\"a\"],\"memory\":%lld}", "WF_MEMORY_MIB_MAX", 1125899906842624},
        {"{\"command\":[\"a\"],\"priority\":%lld}", "WF_JOB_PRIORITY_MAX", 1000000000},
        {"{\"command\":[\"a\"],\"limit\":%lld}", "WF_JOB_SPAN_MS_MAX", 31622400000},
        {"{\"command\":[\"a\"],\"expect\":%lld}", "WF_JOB_SPAN_MS_MAX", 31622400000},
        {"{\"command\":[\"a\"],\"begin\":%lld}", "WF_TIME_MS_MAX", 253402300799999},
        {"{\"command\":[\"a\"],\"array\":\"%lld\"}", "WF_JOB_ARRAY_INDEX_MAX", 4000000},
        {"{\"command\":[\"a\"],\"array\":{\"indices\":\"1\",\"at_most\":%lld}}", "WF_JOB_ARRAY_MAX",
         10000},
        {"{\"command\":[\"a\"],\"requeue\":{\"at_most\":%lld}}", "WF_JOB_REQUEUE_MAX", 1000},
        {"{\"command\":[\"a\"],\"checkpoint\":{\"time\":%lld}}", "WF_JOB_GRACE_MS_MAX", 3600000},
        {"{\"command\":[\"a\"],\"stop\":%lld}", "WF_JOB_GRACE_MS_MAX", 3600000},
        {"{\"command\":[\"a\"],\"logs\":{\"size\":%lld}}", "WF_JOB_LOG_BYTES_MAX", 1099511627776},
        {"{\"command\":[\"a\"],\"logs\":{\"files\":%lld}}", "WF_JOB_LOG_FILES_MAX", 100},
        {"{\"command\":[\"a\"],\"nice\":%lld}", "more than 19", 19},
    };
    for (size_t i = 0; i < WF_COUNT_OF(rows); i++) {
        struct wf_job_document document;
        struct wf_error err = {.text = ""};
        for (int past = 0; past < 2; past++) {
            char text[200];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            int length = snprintf(text, sizeof text, rows[i].format, rows[i].most + past);
#pragma GCC diagnostic pop
            enum wf_status status = wf_job_document_parse(text, (size_t)length, &document, &err);
            wf_job_document_finish(&document);
            if (status != (past ? WF_LIMIT : WF_OK)) {
                fail_msg("%s: %d %s", text, status, err.text);
            }
        }
        assert_non_null(strstr(err.text, rows[i].limit));
    }
}

static void all_words_and_all_variables_have_a_limit_together(void **state)
{
    (void)state;
    static const char *const forms[] = {
        "{\"command\":[\"%s\",\"%s\",\"%s\"]}",
        "{\"command\":[\"a\"],\"environment\":{\"A\":\"%s\",\"B\":\"%s\",\"C\":\"%s\"}}",
    };
    static const char *const limits[] = {"WF_JOB_COMMAND_BYTES_MAX", "WF_JOB_VARIABLES_BYTES_MAX"};
    // Of both: three zeros, and "A=" three times.
    static const size_t taken[] = {3, 9};
    static char word[131072];
    static char text[400000];
    struct wf_job_document document;
    struct wf_error err;
    memset(word, 'n', 131000);
    for (int i = 0; i < 2; i++) {
        for (size_t past = 0; past < 2; past++) {
            char rest[400] = "";
            memset(rest, 'n', 262144 - 2 * 131000 - taken[i] + past);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            int length = snprintf(text, sizeof text, forms[i], word, word, rest);
#pragma GCC diagnostic pop
            enum wf_status status = wf_job_document_parse(text, (size_t)length, &document, &err);
            assert_int_equal(status, past ? WF_LIMIT : WF_OK);
            wf_job_document_finish(&document);
        }
        assert_non_null(strstr(err.text, limits[i]));
    }
}

// The words are those of the library; the place is what we promise.
static void what_is_no_json_is_refused_with_its_place(void **state)
{
    (void)state;
    static const char *const rows[] = {"{\"command\":[\"a\"],}", "", "{",
                                       "{\"command\":[\"a\"],\"command\":[\"b\"]}"};
    for (size_t i = 0; i < WF_COUNT_OF(rows); i++) {
        struct wf_job_document document;
        struct wf_error err = {.text = ""};
        assert_int_equal(wf_job_document_parse(rows[i], strlen(rows[i]), &document, &err),
                         WF_INVALID);
        assert_memory_equal(err.text, "line 1, column ", 15);
        assert_non_null(strstr(err.text, ": this is no JSON: "));
        wf_job_document_finish(&document);
    }
}

static void a_document_is_at_most_a_mebibyte(void **state)
{
    (void)state;
    static char text[1048577 + 1];
    struct wf_job_document document;
    struct wf_error err;
    memset(text, ' ', 1048577);
    text[snprintf(text, sizeof text, "{\"command\":[\"a\"]}")] = ' ';
    assert_int_equal(wf_job_document_parse(text, 1048576, &document, &err), WF_OK);
    wf_job_document_finish(&document);
    assert_int_equal(wf_job_document_parse(text, 1048577, &document, &err), WF_LIMIT);
    assert_string_equal(err.text,
                        "the document is 1048577 bytes long, more than 1048576, the limit "
                        "WF_JOB_TEXT_BYTES_MAX");
    wf_job_document_finish(&document);
}

static void a_vendor_has_its_own_command_where_it_tells_one(void **state)
{
    (void)state;
    static const char text[] =
        "{\"command\":[\"x\"],\"gpus\":1,\"variants\":{\"amd\":{\"command\":[\"y\"]}}}";
    struct wf_job_document document;
    struct wf_error err;
    assert_int_equal(wf_job_document_parse(text, strlen(text), &document, &err), WF_OK);
    assert_string_equal(wf_job_document_command(&document, WF_VENDOR_NVIDIA)[0], "x");
    assert_string_equal(wf_job_document_command(&document, WF_VENDOR_AMD)[0], "y");
    wf_job_document_finish(&document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_has_one_form),
        cmocka_unit_test(how_work_is_saved_has_one_form),
        cmocka_unit_test(a_sentence_begins_with_the_field),
        cmocka_unit_test(values_are_refused_by_their_field),
        cmocka_unit_test(a_limit_holds_what_is_at_it_and_not_more),
        cmocka_unit_test(a_number_is_held_to_its_limit),
        cmocka_unit_test(all_words_and_all_variables_have_a_limit_together),
        cmocka_unit_test(what_is_no_json_is_refused_with_its_place),
        cmocka_unit_test(a_document_is_at_most_a_mebibyte),
        cmocka_unit_test(a_vendor_has_its_own_command_where_it_tells_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
