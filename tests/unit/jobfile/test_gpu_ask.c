// SPDX-License-Identifier: Apache-2.0
#include "jobfile/gpu_ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "jobfile/job_memory.h"

// Reads a JSON value; returns its normal form as JSON, or the sentence about what is wrong, which
// the caller frees. ask_out's choices are gone.
static char *normal(const char *json)
{
    struct wf_error err = {.text = ""};
    struct wf_job_memory *memory;
    struct wf_gpu_ask ask;
    json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    assert_int_equal(wf_job_memory_create(&memory, &err), WF_OK);
    enum wf_status status = wf_gpu_ask_read(value, memory, &ask, &err);
    json_decref(value);
    char *text = NULL;
    if (status == WF_OK) {
        value = wf_gpu_ask_write(&ask);
        text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        json_decref(value);
    } else {
        text = strdup(err.text);
    }
    wf_job_memory_destroy(memory);
    return text;
}

static void spellings_come_to_one_form(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"\"H100:8\"", "\"H100:8\""},
        {"\"h100:8\"", "\"H100:8\""},
        {"\"gpu:h100:8\"", "\"H100:8\""},
        {"\"gres/gpu:h100:8\"", "\"H100:8\""},
        {"\" H100 : 8 \"", "\"H100:8\""},
        {"\"NVIDIA-H100-80GB-HBM3\"", "\"H100:1\""},
        {"\"nvidia:H100:80GB:8\"", "\"H100:80GB:8\""},
        {"\"H100:80GB..:8\"", "\"H100:80GB..:8\""},
        {"\"A100:80GB:4\"", "\"A100-80GB:4\""},
        {"\"A100-80GB:4\"", "\"A100-80GB:4\""},
        {"\"a100_80gb\"", "\"A100-80GB:1\""},
        {"\"24GB..80GB:1\"", "\"24GB..80GB:1\""},
        {"\"24..80GB\"", "\"24GB..80GB:1\""},
        {"\"..24g:2\"", "\"..24GB:2\""},
        {"\"24GB+\"", "\"24GB..:1\""},
        {"\"amd:24GB..:1\"", "\"amd:24GB..:1\""},
        {"\"24576MiB\"", "\"24GB:1\""},
        {"\"11000MB\"", "\"11000MB:1\""},
        {"\"H100:0.5\"", "\"H100:0.5\""},
        {"\"H100:1.0\"", "\"H100:1\""},
        {"\"any:1\"", "1"},
        {"\"any:0.25\"", "\"any:0.25\""},
        {"\"gpu:4\"", "4"},
        {"\"gpu\"", "1"},
        {"2", "2"},
        {"\"2\"", "2"},
        {"0", "0"},
        {"0.5", "\"any:0.5\""},
        {"\"amd\"", "\"amd:any:1\""},
        {"\"AMD:any:4\"", "\"amd:any:4\""},
        {"\"AMD Instinct MI300X:8\"", "\"MI300X:8\""},
        {"\"amd:MI300X\"", "\"MI300X:1\""},
        {"\"amd:V520:1\"", "\"amd:V520:1\""},
        {"\"X9000:1\"", "\"X9000:1\""},
        {"\"RTX RTXA20\"", "\"A20:1\""},
        {"\"A TI\"", "\"ATI:1\""},
        {"[\"H100:8\",\"MI300X:8\"]", "[\"H100:8\",\"MI300X:8\"]"},
        {"\"H100:8|mi300x:8\"", "[\"H100:8\",\"MI300X:8\"]"},
        {"[\"H100:8\",\"h100:8\"]", "\"H100:8\""},
        {"[\"H100:8\",8]", "8"},
        {"[]", "0"},
        {"\"a100_1g.5gb\"", "\"A100:0.142\""},
        {"\"a30_1g.6gb:1\"", "\"A30:0.25\""},
        {"\"a100_7g.40gb\"", "\"A100:1\""},
        {"\"1g.10gb:1\"", "\"nvidia:any:0.142\""},
    };
    for (size_t i = 0; i < WF_COUNT_OF(rows); i++) {
        char *text = normal(rows[i][0]);
        assert_string_equal(text, rows[i][1]);
        char *again = normal(text);
        assert_string_equal(again, text);
        free(again);
        free(text);
    }
}

static void what_is_no_ask_is_refused(void **state)
{
    (void)state;
    static const char form[] = "is no GPU: write it like 'H100:8', 'nvidia:H100:80GB:8', "
                               "'24GB..80GB:1', 'H100:0.5' or 'any:1'";
    static const char *const rows[][2] = {
        {"\"\"", form},
        {"\":\"", form},
        {"\"H100:\"", form},
        {"\"H100:x:8\"", form},
        {"\"+100-80GB:8\"", form},
        {"\"gpu:gpu\"", form},
        {"\"256_1g.5gb\"", form},
        {"\"H100:8:8\"", form},
        {"\"H100:80GB:80GB:1\"", form},
        {"\"H100:0\"", "'0' is no number of GPUs: from 0.001 to 16"},
        {"\"H100:-1\"", "'-1' is no number of GPUs: from 0.001 to 16"},
        {"\"H100:0.0001\"", "'0.0001' is no number of GPUs: from 0.001 to 16"},
        {"-1", "'-1' is no number of GPUs: from 0.001 to 16"},
        {"\"H100:1.5\"", "'1.5' GPUs cannot be had: whole GPUs, or a share of one (0.5)"},
        {"\"H100:17\"", "17 GPUs are more than 16 for a task, the limit WF_NODE_GPUS_MAX"},
        {"[\"H100:8\",\"A100:4\"]",
         "'H100:8' and 'A100:4' ask for different numbers of GPUs: whichever it gets, a job asks "
         "for one number"},
        {"\"amd:H100:1\"", "'H100' is no GPU of AMD"},
        {"\"nvidia:MI300X:1\"", "'MI300X' is no GPU of NVIDIA"},
        {"\"80GB..24GB:1\"", "'80GB..24GB:1' has a memory that no GPU has"},
        {"\"0GB:1\"", "'0GB:1' has a memory that no GPU has"},
        {"\"99999999GB:1\"", "'99999999GB:1' has a memory that no GPU has"},
        {"\"1g.5gb:2\"", "a task may have one part of a GPU, not several"},
        {"\"9g.5gb\"", "a GPU has no part of 9 units: 7 at most"},
        {"true", "must be a text such as 'H100:8', a number, or a list of such"},
        {"{}", "must be a text such as 'H100:8', a number, or a list of such"},
    };
    for (size_t i = 0; i < WF_COUNT_OF(rows); i++) {
        char *text = normal(rows[i][0]);
        if (!strstr(text, rows[i][1])) {
            fail_msg("%s: %s", rows[i][0], text);
        }
        free(text);
    }
}

static const struct wf_gpu_kind kinds[] = {
    {"NVIDIA H100 80GB HBM3", WF_VENDOR_NVIDIA, 81559},
    {"NVIDIA A100-SXM4-40GB", WF_VENDOR_NVIDIA, 40960},
    {"NVIDIA A100-SXM4-80GB", WF_VENDOR_NVIDIA, 81920},
    {"Tesla T4", WF_VENDOR_NVIDIA, 15360},
    {"NVIDIA L4", WF_VENDOR_NVIDIA, 23034},
    {"AMD Instinct MI300X", WF_VENDOR_AMD, 196592},
    {"NVIDIA H100 PCIe", WF_VENDOR_NVIDIA, 0},
};

static uint64_t find(const char *json)
{
    struct wf_error err = {.text = ""};
    struct wf_job_memory *memory;
    struct wf_gpu_ask ask;
    json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
    assert_int_equal(wf_job_memory_create(&memory, &err), WF_OK);
    assert_int_equal(wf_gpu_ask_read(value, memory, &ask, &err), WF_OK);
    uint64_t set = wf_gpu_ask_kinds(&ask, kinds, WF_COUNT_OF(kinds));
    json_decref(value);
    wf_job_memory_destroy(memory);
    return set;
}

static void machines_have_what_is_asked_for(void **state)
{
    (void)state;
    assert_int_equal(find("1"), 0x7f);
    assert_int_equal(find("\"H100:8\""), 0x01); // that very name, not H100-PCIE
    assert_int_equal(find("\"H100-PCIE:8\""), 0x40);
    assert_int_equal(find("\"A100:1\""), 0x06);
    assert_int_equal(find("\"A100-80GB:1\""), 0x04);
    assert_int_equal(find("\"amd:any:1\""), 0x20);
    assert_int_equal(find("\"nvidia:any:1\""), 0x5f);
    assert_int_equal(find("\"24GB:1\""), 0x50); // 22.5 GiB of a 24 GB card; not known will do
    assert_int_equal(find("\"16GB:1\""), 0x48);
    assert_int_equal(find("\"80GB..:1\""), 0x65);
    assert_int_equal(find("\"24GB..80GB:1\""), 0x57);
    assert_int_equal(find("\"H100|MI300X\""), 0x21);
    assert_int_equal(find("\"B200\""), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings_come_to_one_form),
        cmocka_unit_test(what_is_no_ask_is_refused),
        cmocka_unit_test(machines_have_what_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
