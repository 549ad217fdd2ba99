// SPDX-License-Identifier: Apache-2.0
#include "provider/provider.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "text/moment.h"
#include "unit/scratch.h"

enum { TEXT_BYTES = 16384 };
#define DAY_0520 INT64_C(1779235200000) // 2026-05-20

static char rows[TEXT_BYTES], left_out[TEXT_BYTES];
static struct wf_error err;
static struct wf_price_imported imported;

static void add(char *text, const char *format, ...) WF_PRINTF(2, 3);
static void add(char *text, const char *format, ...)
{
    size_t length = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + length, TEXT_BYTES - length, format, arguments);
    va_end(arguments);
}

// "aws us-east-1/us-east-1b p5.48xlarge 8000 H100 spot 20254700000 2026-05-20"
static enum wf_status take(void *context, const struct wf_price_row *row, struct wf_error *error)
{
    (void)context;
    (void)error;
    char from[WF_MOMENT_BYTES];
    add(rows, "%s %s/%s %s %u %s %s %lld %s%s\n", row->provider, row->region, row->zone,
        row->instance, row->gpu_milli, row->model, wf_price_kind_word(row->kind),
        (long long)row->nanousd_per_hour, wf_moment_date(from, row->from_ms),
        row->own ? " own" : "");
    return WF_OK;
}

static enum wf_status take_risk(void *context, const struct wf_risk_row *row,
                                struct wf_error *error)
{
    (void)context;
    (void)error;
    add(rows, "%s %s %s %u-%u\n", row->provider, row->region, row->instance, row->low_permille,
        row->high_permille);
    return WF_OK;
}

static void leave(void *context, const char *sentence)
{
    (void)context;
    add(left_out, "%s\n", sentence);
}

static enum wf_status import_as(const char *name, const char *text, const char *provider,
                                int64_t as_of_ms)
{
    rows[0] = left_out[0] = err.text[0] = '\0';
    const struct wf_price_import import = {
        .path = scratch_write_text(name, text),
        .provider = provider,
        .as_of_ms = as_of_ms,
        .take = take,
        .take_risk = take_risk,
        .leave_out = leave,
    };
    return wf_price_import(&import, &imported, &err);
}

static void reads(const char *name, const char *text, const char *provider, int64_t as_of_ms,
                  const char *wanted)
{
    if (import_as(name, text, provider, as_of_ms) != WF_OK) {
        fail_msg("%s", err.text);
    }
    assert_string_equal(rows, wanted);
}

static void leaves_out(const char *words)
{
    if (!strstr(left_out, words)) {
        fail_msg("'%s' does not say '%s'", left_out, words);
    }
}

static void refuses(const char *name, const char *text, const char *words)
{
    assert_int_not_equal(import_as(name, text, NULL, WF_PRICE_NOT_TOLD), WF_OK);
    if (!strstr(err.text, words)) {
        fail_msg("'%s' does not say '%s'", err.text, words);
    }
}

static void skypilot_comes_in_both_column_orders(void **state)
{
    (void)state;
    static const char wanted[] =
        "aws us-east-1/us-east-1a p5.48xlarge 8000 H100 on-demand 98320000000 2026-05-20\n"
        "aws us-east-1/us-east-1a p5.48xlarge 8000 H100 spot 20254700000 2026-05-20\n";
    reads("aws.csv",
          "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,SpotPrice,Region,"
          "AvailabilityZone,GpuInfo\n"
          "p5.48xlarge,H100,8.0,192.0,2048.0,98.32,20.2547,us-east-1,us-east-1a,\"{'Gpus': 1}\"\n"
          "m5.large,,,2.0,8.0,0.096,,us-east-1,us-east-1a,\n"
          "trn1.2xlarge,Trainium,1.0,8.0,32.0,1.34375,,us-east-1,us-east-1a,\n",
          NULL, DAY_0520, wanted);
    assert_int_equal(imported.other, 2);
    reads("aws.csv",
          "InstanceType,vCPUs,MemoryGiB,AcceleratorName,AcceleratorCount,GpuInfo,Region,"
          "AvailabilityZone,Price,SpotPrice\n"
          "p5.48xlarge,192.0,2048.0,H100,8.0,,us-east-1,us-east-1a,98.32,20.2547\n",
          NULL, DAY_0520, wanted);
}

static void host_and_gpu_rows_are_summed(void **state)
{
    (void)state;
    static const char head[] = "InstanceType,AcceleratorName,AcceleratorCount,Price,SpotPrice,"
                               "Region,AvailabilityZone\n";
    char text[1024];
    snprintf(text, sizeof text,
             "%sa2-highgpu-8g,,,3.5,1.25,us-central1,us-central1-a\n"
             "n2-standard-2,,,0.1,0.02,us-central1,us-central1-a\n"
             ",A100,8.0,23.5,8.75,us-central1,us-central1-a\n"
             ",A100,8.0,24,,us-central1,us-central1-b\n"
             ",tpu-v3-8,1,8,2.4,us-central1,us-central1-a\n",
             head);
    reads("gcp.csv", text, NULL, DAY_0520,
          "gcp us-central1/us-central1-a a2-highgpu-8g 8000 A100-40GB on-demand 27000000000 "
          "2026-05-20\n"
          "gcp us-central1/us-central1-a a2-highgpu-8g 8000 A100-40GB spot 10000000000 "
          "2026-05-20\n");
    leaves_out("line 5, Price: 8 A100 are priced without their machine, and no row of "
               "us-central1-b prices that");
}

static void skypilot_must_say_whose_and_when(void **state)
{
    (void)state;
    static const char text[] = "InstanceType,AcceleratorName,AcceleratorCount,Price,SpotPrice,"
                               "Region\nx,T4,1,0.5,,r\n";
    refuses("mine.csv", text, "--provider NAME");
    refuses("azure.csv", text, "--as-of 2026-05-20");
    reads("mine.csv", text, "cloud9", DAY_0520,
          "cloud9 r/ x 1000 T4 on-demand 500000000 2026-05-20\n");
}

static void bad_prices_are_left_out_with_line_and_field(void **state)
{
    (void)state;
    static const struct {
        const char *price, *words;
    } cases[] = {
        {"0", "line 2, Price: the price is 0 dollars, and a price of nothing is never used"},
        {"0.000", "line 2, Price: the price is 0.000 dollars"},
        {"-3", "line 2, Price: the price -3 is negative"},
        {"abc", "line 2, Price: the price 'abc' is not a number"},
        {"1e3", "line 2, Price: the price '1e3' is not a number"},
        {"9000", "line 2, Price: the price comes to $9,000 a GPU-hour of T4, which is absurd"},
        {"0.0004", "line 2, Price: the price comes to"},
        {"99999999999999999999", "line 2, Price: the price 99999999999999999999 is absurd"},
        {"", "line 2, Price: there is no price, on demand or spot"},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "InstanceType,AcceleratorName,AcceleratorCount,Price,SpotPrice,Region\n"
                 "x,T4,1,%s,,r\ny,T4,1,0.5,,r\n",
                 cases[i].price);
        reads("azure.csv", text, NULL, DAY_0520,
              "azure r/ y 1000 T4 on-demand 500000000 2026-05-20\n");
        leaves_out(cases[i].words);
        leaves_out("azure.csv, line 2");
        assert_int_equal(imported.left_out, 1);
    }
}

static void a_table_of_offers_has_dates_and_memory(void **state)
{
    (void)state;
    reads("t.csv",
          "cloud,region,gpu_model,gpu_count,gpu_mem_gib,ondemand_usd_h,spot_usd_h,date\n"
          "a,r,A100,1,80,1.5,0.5,2026-05-20\nb,r,A100,1,40,1.25,,\nc,r,T4,0.5,16,0.2,,soon\n",
          NULL, WF_PRICE_NOT_TOLD,
          "a r/  1000 A100-80GB on-demand 1500000000 2026-05-20\n"
          "a r/  1000 A100-80GB spot 500000000 2026-05-20\n");
    leaves_out("line 3, date: the row does not say of when its price is");
    leaves_out("line 4, date: 'soon' is no date");
}

#define PRODUCT(SYSTEM, USD)                                                                       \
    "\"{\\\"product\\\":{\\\"attributes\\\":{\\\"instanceType\\\":\\\"p5.48xlarge\\\","            \
    "\\\"regionCode\\\":\\\"us-east-1\\\",\\\"operatingSystem\\\":\\\"" SYSTEM "\\\","             \
    "\\\"tenancy\\\":\\\"Shared\\\",\\\"preInstalledSw\\\":\\\"NA\\\",\\\"gpu\\\":\\\"8\\\"}},"    \
    "\\\"terms\\\":{\\\"OnDemand\\\":{\\\"X\\\":{\\\"effectiveDate\\\":\\\"2026-05-01T00:00:00Z"   \
    "\\\",\\\"priceDimensions\\\":{\\\"Y\\\":{\\\"unit\\\":\\\"Hrs\\\",\\\"pricePerUnit\\\":{"     \
    "\\\"USD\\\":\\\"" USD "\\\"}}}}}},\\\"publicationDate\\\":\\\"2026-05-20T00:00:00Z\\\"}\""

static void aws_products_are_read_as_its_command_prints_them(void **state)
{
    (void)state;
    reads("p.json",
          "{\n\"FormatVersion\": \"aws_v1\",\n\"PriceList\": [\n" PRODUCT(
              "Linux", "55.0400000000") ",\n" PRODUCT("Windows",
                                                      "99") ",\n" PRODUCT("Linux",
                                                                          "0.0000000000") "\n]}\n",
          NULL, WF_PRICE_NOT_TOLD,
          "aws us-east-1/ p5.48xlarge 8000 H100 on-demand 55040000000 2026-05-01\n");
    leaves_out("line 6, pricePerUnit: the price is 0.0000000000 dollars");
    assert_int_equal(imported.other, 1);
    assert_string_equal(imported.format, "AWS price list");
}

static void aws_spot_history_is_by_zone_and_time(void **state)
{
    (void)state;
    reads("s.json",
          "{\"SpotPriceHistory\": [\n"
          "{\"AvailabilityZone\": \"us-east-1b\", \"InstanceType\": \"p5.48xlarge\","
          " \"ProductDescription\": \"Linux/UNIX\", \"SpotPrice\": \"20.254700\","
          " \"Timestamp\": \"2026-05-20T01:02:03+00:00\"},\n"
          "{\"AvailabilityZone\": \"us-west-2-lax-1a\", \"InstanceType\": \"g4dn.xlarge\","
          " \"SpotPrice\": \"0.2\", \"Timestamp\": \"2026-05-21T00:00:00.000Z\"},\n"
          "{\"AvailabilityZone\": \"us-east-1b\", \"InstanceType\": \"m5.large\","
          " \"SpotPrice\": \"0.03\", \"Timestamp\": \"2026-05-20T00:00:00Z\"},\n"
          "{\"AvailabilityZone\": \"us-east-1b\", \"InstanceType\": \"p5.48xlarge\","
          " \"SpotPrice\": \"20\"},\n"
          "{\"InstanceType\": \"p5.48xlarge\", \"SpotPrice\": \"20\"}]}",
          NULL, WF_PRICE_NOT_TOLD,
          "aws us-east-1/us-east-1b p5.48xlarge 8000 H100 spot 20254700000 2026-05-20\n"
          "aws us-west-2/us-west-2-lax-1a g4dn.xlarge 1000 T4 spot 200000000 2026-05-21\n");
    leaves_out("line 5, Timestamp: there is no date");
    leaves_out("line 6, AvailabilityZone: the price of p5.48xlarge is that of no zone");
}

#define AZURE(NAME, PRODUCT, PRICE, MORE)                                                          \
    "{\"currencyCode\": \"USD\", \"retailPrice\": " PRICE ", \"armRegionName\": \"eastus\","       \
    " \"effectiveStartDate\": \"2026-05-01T00:00:00Z\", \"meterName\": \"" NAME "\","              \
    " \"productName\": \"" PRODUCT "\", \"skuName\": \"" NAME "\", \"type\": \"Consumption\","     \
    " \"unitOfMeasure\": \"1 Hour\", \"armSkuName\": \"Standard_ND96isr_H100_v5\"" MORE "}"

static void azure_pages_are_read_exactly(void **state)
{
    (void)state;
    reads(
        "z.json",
        "{\"BillingCurrency\": \"USD\", \"Items\": [\n" AZURE("ND96", "VM Series", "98.32", "") ",\n" AZURE(
            "ND96 Spot", "VM Series", "18.187654321",
            "") ",\n" AZURE("ND96", "VM Series Windows", "120",
                            "") ",\n" AZURE("ND96 Low Priority", "VM Series", "12",
                                            "") ",\n" AZURE("ND96", "VM Series", "0.0",
                                                            "") ",\n" AZURE("ND96", "VM Series",
                                                                            "1e300",
                                                                            "") ",\n" AZURE("ND96",
                                                                                            "VM Series",
                                                                                            "\"1\"",
                                                                                            "") "], \"NextPageLink\": null}\n{\"Items\": []}\n",
        NULL, WF_PRICE_NOT_TOLD,
        "azure eastus/ Standard_ND96isr_H100_v5 8000 H100 on-demand 98320000000 2026-05-01\n"
        "azure eastus/ Standard_ND96isr_H100_v5 8000 H100 spot 18187654321 2026-05-01\n");
    leaves_out("line 6, retailPrice: the price is 0 dollars");
    leaves_out("line 7, retailPrice: the price is absurd");
    leaves_out("line 8, retailPrice: there is no price");
}

#define SKU(WORDS, GROUP, USAGE, UNIT, UNITS, NANOS)                                               \
    "{\"description\": \"" WORDS "\", \"category\": {\"resourceFamily\": \"Compute\","             \
    " \"resourceGroup\": \"" GROUP "\", \"usageType\": \"" USAGE "\"}, \"serviceRegions\":"        \
    " [\"us-central1\"], \"pricingInfo\": [{\"effectiveTime\": \"2026-05-20T00:00:00Z\","          \
    " \"pricingExpression\": {\"usageUnit\": \"" UNIT "\", \"tieredRates\": [{\"unitPrice\":"      \
    " {\"currencyCode\": \"USD\", \"units\": \"" UNITS "\", \"nanos\": " NANOS "}}]}}]}"

static void parts_of_google_machines_are_summed_exactly(void **state)
{
    (void)state;
    // 8 x 2.933908 + 96 x 0.031611 + 680 x 0.004237
    reads(
        "g.json",
        "[\n" SKU("Nvidia Tesla A100 GPU running in Iowa", "GPU", "OnDemand", "h", "2", "933908000") ",\n" SKU(
            "A2 Instance Core running in Iowa", "CPU", "OnDemand", "h", "0",
            "31611000") ",\n" SKU("A2 Instance Ram running in Iowa", "RAM", "OnDemand", "GiBy.h",
                                  "0",
                                  "4237000") ",\n" SKU("Custom A2 Instance Core", "CPU", "OnDemand",
                                                       "h", "9",
                                                       "0") ",\n" SKU("Nvidia L4 GPU attached to Spot Preemptible VMs running in Iowa",
                                                                      "GPU", "Preemptible", "h",
                                                                      "0", "200000000") "\n]",
        NULL, WF_PRICE_NOT_TOLD,
        "gcp us-central1/ a2-highgpu-1g 1000 A100-40GB on-demand 3673385000 2026-05-20\n"
        "gcp us-central1/ a2-highgpu-2g 2000 A100-40GB on-demand 7346770000 2026-05-20\n"
        "gcp us-central1/ a2-highgpu-4g 4000 A100-40GB on-demand 14693540000 2026-05-20\n"
        "gcp us-central1/ a2-highgpu-8g 8000 A100-40GB on-demand 29387080000 2026-05-20\n"
        "gcp us-central1/ a2-megagpu-16g 16000 A100-40GB on-demand 55739504000 2026-05-20\n");
    leaves_out("the GPUs of g2-standard-4 in us-central1 are priced spot, and its cores not");
}

static void the_advisor_tells_risk_in_both_forms(void **state)
{
    (void)state;
    static const char wanted[] =
        "aws us-east-1 p3.2xlarge 150-200\naws us-east-1 g5.xlarge 200-1000\n";
    reads("a.json",
          "{\"ranges\": [], \"spot_advisor\": {\"us-east-1\": {\"Linux\": {\"p3.2xlarge\": {\"s\":"
          " 70, \"r\": 3}, \"m5.large\": {\"s\": 1, \"r\": 0}, \"g5.xlarge\": {\"r\": 4, \"s\":"
          " 5}, \"p2.xlarge\": {\"r\": 9}}}}}",
          NULL, DAY_0520, wanted);
    leaves_out("p2.xlarge in us-east-1 has no rate from 0 to 4");
    reads("a.csv",
          "region,instance_type,interruption_bucket\nus-east-1,p3.2xlarge,3\n"
          "us-east-1,g5.xlarge,4\n",
          NULL, DAY_0520, wanted);
    refuses("a.csv", "region,instance_type,interruption_bucket\n", "--as-of");
}

static void ones_own_prices_are_read(void **state)
{
    (void)state;
    reads("own.yaml",
          "# ours\ncontracts:\n"
          "  - {provider: aws, gpu: H100, usd_per_gpu_hour: 4.1, from: 2026-05-20}\n"
          "  - {provider: gcp, region: r, instance: a3, gpu: H100, gpus: 8, usd_per_hour: 40,"
          " kind: spot, from: 2026-05-20, until: 2027-05-20, source: contract 1}\n"
          "owned:\n"
          "  - {name: hall-1, gpu: V100, gpus: 8, usd_per_node: 70128, years: 1,"
          " from: 2026-05-20}\n",
          NULL, WF_PRICE_NOT_TOLD,
          "aws /  1000 H100 on-demand 4100000000 2026-05-20 own\n"
          "gcp r/ a3 8000 H100 spot 40000000000 2026-05-20 own\n"
          "hall-1 /  8000 V100-16GB on-demand 8000000000 2026-05-20 own\n");
}

static void own_prices_that_are_wrong_are_refused_whole(void **state)
{
    (void)state;
    static const struct {
        const char *item, *words;
    } cases[] = {
        {"{gpu: H100, usd_per_gpu_hour: 1, from: 2026-05-20}", "line 2: 'provider' is missing"},
        {"{provider: p, gpu: H100, usd_per_gpu_hour: 0, from: 2026-05-20}",
         "line 2: 'usd_per_gpu_hour' is 0: a price of nothing is never used"},
        {"{provider: p, gpu: H100, usd_per_gpu_hour: 5000, from: 2026-05-20}", "absurd"},
        {"{provider: p, gpu: H100, usd_per_gpu_hour: x, from: 2026-05-20}", "must be a number"},
        {"{provider: p, gpu: H100, usd_per_gpu_hour: -1, from: 2026-05-20}", "must be at least 0"},
        {"{provider: p, gpu: H100, from: 2026-05-20}", "one of 'usd_per_hour' and"},
        {"{provider: p, gpu: H100, usd_per_hour: 8, from: 2026-05-20}", "'gpus' is missing"},
        {"{provider: p, gpu: '-', usd_per_gpu_hour: 1, from: 2026-05-20}", "no name of a GPU"},
        {"{provider: p, gpu: H100, usd_per_gpu_hour: 1}", "'from' is missing"},
        {"{provider: p, gpu: H100, usd_per_gpu_hour: 1, from: soon}", "must be a date"},
        {"{provider: p, gpu: H100, usd_per_gpu_hour: 1, from: 2026-05-20, until: 2026-05-20}",
         "'until' is not after 'from'"},
        {"{provider: p, gpu: H100, usd_per_gpu_hour: 1, from: 2026-05-20, kind: often}",
         "'kind' must be on-demand or spot"},
        {"{provider: p, gpu: H100, usd_per_gpu_hour: 1, form: 2026-05-20}", "did you mean 'from'?"},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char text[256];
        snprintf(text, sizeof text, "contracts:\n  - %s\n", cases[i].item);
        refuses("own.yaml", text, cases[i].words);
        assert_string_equal(left_out, "");
    }
    refuses("own.yaml",
            "owned:\n  - {name: a, gpu: H100, gpus: 8, usd_per_node: 1, from: "
            "2026-05-20}\n",
            "'years' is missing");
}

static void what_is_no_price_list_is_refused(void **state)
{
    (void)state;
    refuses("x", "hello\n", "this is no list of prices that is known");
    refuses("x", "", "is empty");
    refuses("x", "{\"PriceList\": [}", "line 1");
    refuses("x", "{\"PriceList\": [7]}", "an item of the list is no object");
    refuses("x", "{\"PriceList\": [{\"a\": tru}]}", "this is no JSON");
    refuses("x", "{\"PriceList\": []}", "no price of a machine with GPUs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(skypilot_comes_in_both_column_orders),
        cmocka_unit_test(host_and_gpu_rows_are_summed),
        cmocka_unit_test(skypilot_must_say_whose_and_when),
        cmocka_unit_test(bad_prices_are_left_out_with_line_and_field),
        cmocka_unit_test(a_table_of_offers_has_dates_and_memory),
        cmocka_unit_test(aws_products_are_read_as_its_command_prints_them),
        cmocka_unit_test(aws_spot_history_is_by_zone_and_time),
        cmocka_unit_test(azure_pages_are_read_exactly),
        cmocka_unit_test(parts_of_google_machines_are_summed_exactly),
        cmocka_unit_test(the_advisor_tells_risk_in_both_forms),
        cmocka_unit_test(ones_own_prices_are_read),
        cmocka_unit_test(own_prices_that_are_wrong_are_refused_whole),
        cmocka_unit_test(what_is_no_price_list_is_refused),
    };
    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
