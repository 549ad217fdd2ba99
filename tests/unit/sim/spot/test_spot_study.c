// SPDX-License-Identifier: Apache-2.0
#include "sim/spot/spot_study.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"

enum { ZONES = 2, TICKS = 900, TOLD_MAX = 100000 };

struct notes {
    struct wf_spot_decision list[TOLD_MAX];
    uint32_t count;
};

static struct notes first_notes, second_notes;

static void note(void *context, const char *policy, uint32_t zone,
                 const struct wf_spot_decision *decision)
{
    struct notes *notes = context;
    (void)policy;
    (void)zone;
    assert_true(notes->count < TOLD_MAX);
    notes->list[notes->count++] = *decision;
}

struct bed {
    uint32_t counts[ZONES][TICKS];
    struct wf_spot_trace traces[ZONES];
    struct wf_spot_set set;
    int64_t prices[ZONES];
    struct wf_spot_study study;
};

static void init(struct bed *bed, uint32_t altered_from)
{
    struct wf_random random;
    memset(bed, 0, sizeof *bed);
    wf_random_init(&random, 11);
    for (uint32_t i = 0; i < ZONES; i++) {
        uint32_t up = 1;
        for (uint32_t tick = 0; tick < TICKS; tick++) {
            up = wf_random_below(&random, 9) == 0 ? !up : up;
            bed->counts[i][tick] = tick < altered_from ? up : !up;
        }
        bed->traces[i] = (struct wf_spot_trace){
            .tick_s = 600, .ticks = TICKS, .count_max = 1, .counts = bed->counts[i]};
        bed->prices[i] = 973100000;
    }
    bed->set = (struct wf_spot_set){bed->traces, ZONES, TICKS};
    bed->study = (struct wf_spot_study){
        .set = &bed->set,
        .job = {.tick_s = 600,
                .ticks = 180,
                .work_s = 86400,
                .deadline_s = 108000,
                .changeover_s = 720,
                .on_demand_nanousd_per_hour = 3060000000},
        .spot_nanousd_per_hour = bed->prices,
        .history_ticks = 300,
        .start_count = 5,
        .told = note,
    };
}

static void add_all(struct wf_spot_study *study)
{
    for (uint32_t i = 0; wf_spot_policies[i]; i++) {
        assert_int_equal(wf_spot_contender_find(wf_spot_policies[i]->name,
                                                &study->contenders[study->contender_count++], NULL),
                         WF_OK);
    }
}

static void run(struct bed *bed, struct notes *notes, bool together)
{
    struct wf_spot_findings findings;
    notes->count = 0;
    bed->study.context = notes;
    bed->study.together = together;
    add_all(&bed->study);
    assert_int_equal(wf_spot_study_run(&bed->study, &findings, NULL), WF_OK);
    wf_spot_findings_finish(&findings, bed->study.contender_count);
}

static struct bed plain, altered;

// Everything after a tick is turned into its contrary: what was decided up to that tick stays.
static void no_decision_sees_what_comes_later(void **state)
{
    (void)state;
    for (uint32_t at = 320; at < 880; at += 40) {
        init(&plain, TICKS);
        init(&altered, at);
        run(&plain, &first_notes, at % 80 == 0);
        run(&altered, &second_notes, at % 80 == 0);
        uint32_t same = 0, other = 0;
        for (uint32_t i = 0, j = 0; i < first_notes.count && j < second_notes.count;) {
            const struct wf_spot_decision *a = &first_notes.list[i], *b = &second_notes.list[j];
            // A run may end earlier in one of the two: go on with the next start of both.
            if (a->start != b->start || a->tick != b->tick) {
                bool first_is_on = a->tick > b->tick;
                i += first_is_on;
                j += !first_is_on;
                continue;
            }
            bool differs = a->action.mode != b->action.mode || a->action.zone != b->action.zone;
            bool before = a->start + a->tick < at;
            assert_false(before && differs && a->start < at);
            same += before;
            other += !before && differs;
            i++;
            j++;
        }
        assert_true(same > 0);
        assert_true(at > 700 || other > 0);
    }
}

static void the_optimum_is_a_bound(void **state)
{
    (void)state;
    struct bed *bed = &plain;
    struct wf_spot_findings findings;
    init(bed, TICKS);
    bed->study.told = NULL;
    add_all(&bed->study);
    assert_int_equal(wf_spot_contender_find(
                         "optimum", &bed->study.contenders[bed->study.contender_count++], NULL),
                     WF_OK);
    assert_int_equal(wf_spot_study_run(&bed->study, &findings, NULL), WF_OK);
    uint32_t last = bed->study.contender_count - 1;
    for (uint32_t i = 0; i < last; i++) {
        for (uint32_t j = 0; j < findings.courses; j++) {
            const struct wf_spot_tally *tally = &findings.tallies[i * findings.courses + j];
            const struct wf_spot_tally *best = &findings.tallies[last * findings.courses + j];
            assert_int_equal(tally->misses, 0);
            for (uint32_t k = 0; k < tally->count; k++) {
                assert_true(best->costs_nanousd[k] <= tally->costs_nanousd[k]);
            }
        }
    }
    wf_spot_findings_finish(&findings, bed->study.contender_count);
}

static void unknown_policies_are_named(void **state)
{
    (void)state;
    struct wf_spot_contender contender;
    struct wf_error err = {0};
    assert_int_equal(wf_spot_contender_find("gredy", &contender, &err), WF_NOTFOUND);
    assert_string_equal(err.text, "there is no spot policy 'gredy' (did you mean 'greedy'?)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_decision_sees_what_comes_later),
        cmocka_unit_test(the_optimum_is_a_bound),
        cmocka_unit_test(unknown_policies_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
