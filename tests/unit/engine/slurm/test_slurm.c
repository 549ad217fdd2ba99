// SPDX-License-Identifier: Apache-2.0
// The Slurm engine against an adapter that this test plays: starts, their ends, and connections
// that break.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <poll.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "engine/slurm/wire.h"

#define HELLO "{'is':'hello','protocol':1,'slurm':'22.05.8','cluster':'lab','operator':true}"
#define JOB(more) "{'is':'job','id':7,'state':'pending','held':'admin','ours':true" more "}"

static char folder[64], path[100];
static int listener = -1, adapter = -1;
static struct wf_engine *engine;
static char heard[65536];
static const struct wf_engine_kind *kind = &wf_engine_slurm;

static void say_line(void *context, const char *line)
{
    (void)context;
    (void)line;
}

static struct wf_slurm_config config = {
    .mode = WF_SLURM_DECIDE, .silence_ms = 60000, .say = say_line, .adapter = "/no/such/program"};

static void listen_again(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(bind(listener, (const struct sockaddr *)&address, sizeof address) == 0);
    assert_int_equal(listen(listener, 4), 0);
}

// Lets the engine work until the adapter has something, or for so long.
static void work(int ms)
{
    struct pollfd files[] = {{.fd = kind->descriptor(engine), .events = POLLIN}};
    struct wf_run run;
    for (int i = 0; i * 10 < ms; i++) {
        (void)poll(files, 1, 10);
        assert_false(kind->next(engine, &run));
    }
}

static void say(const char *text)
{
    char line[4096];
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        line[i] = text[i] == '\'' ? '"' : text[i];
    }
    line[length] = '\n';
    assert_int_equal(send(adapter, line, length + 1, MSG_NOSIGNAL), length + 1);
}

// Everything that the engine has said since.
static const char *hear(void)
{
    work(30);
    ssize_t length = recv(adapter, heard, sizeof heard - 1, MSG_DONTWAIT);
    heard[length > 0 ? length : 0] = '\0';
    return heard;
}

static void accept_engine(void)
{
    struct pollfd file = {.fd = listener, .events = POLLIN};
    for (int i = 0; i < 100 && poll(&file, 1, 0) == 0; i++) {
        work(20);
    }
    adapter = accept(listener, NULL, NULL);
    assert_true(adapter >= 0);
}

static int open_engine(void **unused)
{
    (void)unused;
    snprintf(folder, sizeof folder, "/tmp/whaleflux-slurm-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%.60s/slurm.sock", folder);
    listen_again();
    struct wf_engine_config whole = {.data = folder, .slurm = &config};
    assert_int_equal(kind->open(&whole, &engine, NULL), WF_OK);
    accept_engine();
    say(HELLO);
    say("{'is':'node','name':'n1'}");
    say("{'is':'node','name':'n2','power':'down','cloud':true}");
    say(JOB(""));
    say("{'is':'job','id':9,'state':'pending','array':{'id':9,'task':-1,'tasks':'3-5'}}");
    say("{'is':'synced','round':1}");
    assert_non_null(strstr(hear(), "\"do\":\"mode\",\"mode\":\"decide\""));
    assert_true(wf_slurm_is_seen(engine));
    return 0;
}

static int close_engine(void **unused)
{
    (void)unused;
    kind->close(engine);
    (void)close(adapter);
    (void)close(listener);
    (void)unlink(path);
    char log[200];
    snprintf(log, sizeof log, "%s/slurm.log", folder);
    (void)unlink(log);
    (void)rmdir(folder);
    return 0;
}

static enum wf_status start(const char *key, const char *run, const char *node)
{
    const char *const nodes[] = {node, node};
    return kind->start(
        engine, &(struct wf_run_spec){.id = run, .key = key, .tasks = 2, .nodes = nodes}, NULL);
}

static uint32_t request_of(const char *text)
{
    const char *at = strstr(text, "\"request\":");
    assert_non_null(at);
    return (uint32_t)strtoul(at + 10, NULL, 10);
}

static void refuse(uint32_t request, const char *code)
{
    char line[300];
    snprintf(line, sizeof line, "{'is':'refused','request':%u,'code':'%s'}", request, code);
    say(line);
    work(30);
}

static void answer(const char *is, uint32_t request, const char *text)
{
    char line[300];
    snprintf(line, sizeof line, "{'is':'%s','request':%u,'code':'c','text':'%s'}", is, request,
             text);
    say(line);
    work(30);
}

static const char *pending(const char *key)
{
    return wf_slurm_start_of(engine, key).run;
}

static void a_start_is_one_request_and_may_come_true(void **unused)
{
    (void)unused;
    assert_int_equal(start("8", "j1-1", "n1"), WF_NOTFOUND);
    assert_int_equal(start("7", "j1-1", "n1"), WF_OK);
    assert_non_null(strstr(hear(), "\"do\":\"start\",\"job\":7,\"nodes\":[\"n1\"],\"decision\":"
                                   "\"j1-1\""));
    assert_string_equal(pending("7"), "j1-1");
    assert_int_equal(start("7", "j1-1", "n1"), WF_OK); // again: nothing
    assert_null(strstr(hear(), "start"));
    say(JOB(",'decision':'j1-1'"));
    say("{'is':'job','id':7,'state':'running','decision':'j1-1','ours':true}");
    say("{'is':'synced','round':2}");
    work(30);
    assert_null(pending("7")); // it runs: that is no start any more
    assert_int_equal(start("7", "j1-2", "n1"), WF_OK);
    assert_null(strstr(hear(), "start"));
}

static void a_refused_start_says_why(void **unused)
{
    (void)unused;
    assert_int_equal(start("7", "j1-1", "n1"), WF_OK);
    answer("refused", request_of(hear()), "no such node");
    assert_null(pending("7"));
    assert_string_equal(wf_slurm_start_of(engine, "7").why, "no such node");
    assert_true(wf_slurm_is_fresh(engine));
}

static void a_task_of_an_array_is_named_by_its_index(void **unused)
{
    (void)unused;
    assert_int_equal(start("9_6", "j2-1", "n1"), WF_NOTFOUND);
    assert_int_equal(start("9_4", "j2-1", "n1"), WF_OK);
    const char *said = hear();
    assert_non_null(strstr(said, "\"job\":9"));
    assert_non_null(strstr(said, "\"task\":4"));
    assert_string_equal(pending("9_4"), "j2-1");
    assert_null(pending("9_3"));
}

static void a_node_without_power_is_woken_first(void **unused)
{
    (void)unused;
    assert_int_equal(start("7", "j1-1", "n2"), WF_OK);
    const char *said = hear();
    assert_non_null(strstr(said, "power_up"));
    assert_null(strstr(said, "start"));
    assert_string_equal(pending("7"), "j1-1");
    say("{'is':'node','name':'n2','power':'up','cloud':true}");
    say("{'is':'synced','round':2}");
    assert_non_null(strstr(hear(), "\"do\":\"start\""));
}

static void ends_become_requests_of_slurm(void **unused)
{
    (void)unused;
    assert_int_equal(kind->end_work(engine, "7", WF_RUN_STOP_CANCELLED, 0, NULL), WF_OK);
    assert_non_null(strstr(hear(), "\"do\":\"cancel\",\"job\":7"));
    assert_int_equal(kind->end_work(engine, "9_5", WF_RUN_STOP_CANCELLED, 0, NULL), WF_OK);
    assert_non_null(strstr(hear(), "\"task\":5"));
    say("{'is':'job','id':7,'state':'running','ours':true}");
    work(30);
    assert_int_equal(kind->end_work(engine, "7", WF_RUN_STOP_PREEMPTED, 0, NULL), WF_OK);
    assert_non_null(strstr(hear(), "\"do\":\"requeue\",\"job\":7"));
    say("{'is':'job','id':7,'state':'completed'}");
    work(30);
    assert_int_equal(kind->end_work(engine, "7", WF_RUN_STOP_CANCELLED, 0, NULL), WF_NOTFOUND);
}

static void a_pinned_job_that_gives_way_is_held_again(void **unused)
{
    (void)unused;
    assert_int_equal(start("7", "j1-1", "n1"), WF_OK);
    answer("done", request_of(hear()), "");
    assert_int_equal(kind->end_work(engine, "7", WF_RUN_STOP_PREEMPTED, 0, NULL), WF_OK);
    const char *said = hear();
    assert_non_null(strstr(said, "\"do\":\"hold\",\"job\":7"));
    assert_string_equal(pending("7"), "j1-1"); // until the pin is gone
    answer("done", request_of(said), "");
    assert_null(pending("7"));
}

static void a_job_that_leaves_is_told_to_save_and_then_requeued(void **unused)
{
    (void)unused;
    say("{'is':'job','id':7,'state':'running','ours':true,'nodes':['n1'],"
        "'comment':'whaleflux:checkpoint=B:10@1'}");
    work(30);
    assert_true(wf_slurm_wait_ms(engine) == INT64_MAX);
    assert_int_equal(kind->end_work(engine, "7", WF_RUN_STOP_PREEMPTED, 0, NULL), WF_OK);
    assert_int_equal(kind->end_work(engine, "7", WF_RUN_STOP_PREEMPTED, 0, NULL), WF_OK);
    const char *said = hear();
    assert_non_null(strstr(said, "\"do\":\"signal\",\"job\":7,\"signal\":10,\"to\":\"batch\""));
    assert_null(strstr(said, "requeue"));
    answer("done", request_of(said), "");
    assert_true(wf_slurm_wait_ms(engine) <= 1000);
    work(1000);
    wf_slurm_tick(engine);
    said = hear();
    assert_non_null(strstr(said, "\"do\":\"requeue\",\"job\":7"));
    // What Slurm could not do just then it is asked for again.
    refuse(request_of(said), "timeout");
    assert_true(wf_slurm_wait_ms(engine) <= 1000);
    work(1000);
    wf_slurm_tick(engine);
    assert_non_null(strstr(hear(), "\"do\":\"requeue\",\"job\":7"));
    say("{'is':'job','id':7,'state':'pending','held':'admin','ours':true}");
    say("{'is':'synced','round':2}");
    work(30);
    assert_true(wf_slurm_wait_ms(engine) == INT64_MAX);
}

static void a_pinned_job_that_starts_all_the_same_leaves(void **unused)
{
    (void)unused;
    assert_int_equal(start("7", "j1-1", "n1"), WF_OK);
    answer("done", request_of(hear()), "");
    assert_int_equal(kind->end_work(engine, "7", WF_RUN_STOP_PREEMPTED, 0, NULL), WF_OK);
    refuse(request_of(hear()), "not-pending");
    say("{'is':'job','id':7,'state':'running','ours':true,'nodes':['n1'],'decision':'j1-1'}");
    say("{'is':'synced','round':2}");
    assert_non_null(strstr(hear(), "\"do\":\"requeue\",\"job\":7"));
    // A task that its array's record still has, by what is known.
    assert_int_equal(start("9_4", "j2-1", "n1"), WF_OK);
    answer("done", request_of(hear()), "");
    assert_int_equal(kind->end_work(engine, "9_4", WF_RUN_STOP_PREEMPTED, 0, NULL), WF_OK);
    assert_null(strstr(hear(), "\"do\":"));
    assert_string_equal(pending("9_4"), "j2-1");
    say("{'is':'job','id':10,'array':{'id':9,'task':4},'state':'pending','held':'no','ours':true,"
        "'decision':'j2-1'}");
    say("{'is':'synced','round':3}");
    assert_non_null(strstr(hear(), "\"do\":\"hold\",\"job\":10"));
}

static void a_start_that_was_taken_back_too_late_goes_on(void **unused)
{
    (void)unused;
    assert_int_equal(start("7", "j1-1", "n1"), WF_OK);
    answer("done", request_of(hear()), "");
    assert_int_equal(kind->end_work(engine, "7", WF_RUN_STOP_WITHDRAWN, 0, NULL), WF_OK);
    const char *said = hear();
    assert_non_null(strstr(said, "\"do\":\"hold\",\"job\":7"));
    refuse(request_of(said), "not-pending");
    say("{'is':'job','id':7,'state':'running','ours':true,'nodes':['n1'],'decision':'j1-1'}");
    say("{'is':'synced','round':2}");
    assert_null(strstr(hear(), "\"do\":"));
    assert_int_equal(kind->end_work(engine, "7", WF_RUN_STOP_WITHDRAWN, 0, NULL), WF_OK);
    assert_null(strstr(hear(), "\"do\":"));
}

static void what_has_no_time_to_save_is_requeued_at_once(void **unused)
{
    (void)unused;
    say("{'is':'node','name':'n1','drain':true,'reason':'reclaim','reason_ms':1000}");
    say("{'is':'job','id':7,'state':'running','ours':true,'nodes':['n1'],"
        "'comment':'whaleflux:checkpoint=USR1@1'}");
    work(30);
    assert_int_equal(kind->end_work(engine, "7", WF_RUN_STOP_PREEMPTED, 0, NULL), WF_OK);
    const char *said = hear();
    assert_non_null(strstr(said, "\"do\":\"requeue\",\"job\":7"));
    assert_null(strstr(said, "signal"));
    // That it must not be requeued is no reason to ask again.
    refuse(request_of(said), "unfit");
    assert_true(wf_slurm_wait_ms(engine) == INT64_MAX);
}

static void a_broken_connection_is_made_again_and_a_pin_is_remembered(void **unused)
{
    (void)unused;
    assert_int_equal(start("7", "j1-1", "n1"), WF_OK);
    (void)hear();
    (void)close(adapter);
    work(50);
    assert_false(wf_slurm_is_seen(engine));
    assert_true(strlen(wf_slurm_unseen_why(engine)) > 10);
    assert_int_equal(start("7", "j1-2", "n1"), WF_IO);
    accept_engine();
    say(HELLO);
    say("{'is':'node','name':'n1'}");
    say("{'is':'job','id':7,'state':'pending','held':'no','ours':true,'decision':'j1-1',"
        "'required_nodes':['n1']}");
    say("{'is':'synced','round':1}");
    assert_non_null(strstr(hear(), "\"mode\":\"decide\""));
    assert_string_equal(pending("7"), "j1-1");
}

static void a_line_without_end_breaks_the_connection(void **unused)
{
    (void)unused;
    char *junk = malloc(1 << 18);
    assert_non_null(junk);
    memset(junk, 'x', 1 << 18);
    for (int i = 0; i < 8 && wf_slurm_is_seen(engine); i++) {
        (void)!send(adapter, junk, 1 << 18, MSG_NOSIGNAL | MSG_DONTWAIT);
        work(30);
    }
    free(junk);
    assert_false(wf_slurm_is_seen(engine));
}

static void a_wrong_line_is_passed_over(void **unused)
{
    (void)unused;
    say("nonsense");
    say("{'is':'job','id':'x'}");
    say("{'is':'job','id':11,'state':'pending'}");
    work(30);
    assert_true(wf_slurm_is_seen(engine));
    assert_non_null(wf_slurm_picture_job(wf_slurm_picture_of(engine), "11"));
}

static void trouble_with_slurmctld_makes_blind(void **unused)
{
    (void)unused;
    say("{'is':'trouble','what':'slurmctld','text':'it does not answer'}");
    work(30);
    assert_false(wf_slurm_is_seen(engine));
    assert_string_equal(wf_slurm_unseen_why(engine), "it does not answer");
    say("{'is':'well','what':'slurmctld'}");
    work(30);
    assert_true(wf_slurm_is_seen(engine));
}

static void output_is_read_where_it_is_its_owners(void **unused)
{
    (void)unused;
    char file[200], line[400], bytes[64];
    struct wf_log_piece piece = {.bytes = bytes, .bytes_max = sizeof bytes};
    struct wf_error err = {.text = ""};
    snprintf(file, sizeof file, "%s/slurm-7.out", folder);
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    fputs("hello\n", out);
    assert_int_equal(fclose(out), 0);
    snprintf(line, sizeof line, "{'is':'job','id':7,'state':'running','folder':'%s','uid':%u}",
             folder, geteuid());
    say(line);
    work(30);
    assert_int_equal(kind->log_read(engine, "7", &piece, &err), WF_OK);
    assert_int_equal(piece.length, 6);
    assert_false(piece.complete);
    snprintf(line, sizeof line, "{'is':'job','id':7,'state':'running','folder':'%s','uid':%u}",
             folder, geteuid() + 1);
    say(line);
    work(30);
    assert_int_equal(kind->log_read(engine, "7", &piece, &err), WF_NOTFOUND);
    assert_non_null(strstr(err.text, "is no file of"));
    assert_int_equal(kind->log_read(engine, "8", &piece, &err), WF_NOTFOUND);
    (void)unlink(file);
}

static void output_has_the_name_that_its_owner_gave_it(void **unused)
{
    (void)unused;
    static const struct {
        const char *members, *output, *name;
    } outputs[] = {
        {"", "plain.out", "plain.out"},
        {"", "%x-%u-%j-%5j-%%-%a.%q", "my job-ada-7-00007-%-4294967294.%q"},
        {"'array':{'id':6,'task':3},", "%A_%a", "6_3"},
        {"'array':{'id':6,'task':3},", "%A_%03a", "6_003"},
        {"'nodes':['n1','n2'],", "%N-%t-%s", "n1-0-batch"},
        {"", "%99999j", "0000000007"},
        {"", "%", "%"},
        {"", "a%%j\\\\", "a%%j"}, // a backslash: nothing is filled in
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(outputs); i++) {
        char file[300], line[600], bytes[64];
        struct wf_log_piece piece = {.bytes = bytes, .bytes_max = sizeof bytes};
        struct wf_error err = {.text = ""};
        snprintf(file, sizeof file, "%s/%s", folder, outputs[i].name);
        FILE *out = fopen(file, "w");
        assert_non_null(out);
        fputs("hello\n", out);
        assert_int_equal(fclose(out), 0);
        snprintf(line, sizeof line,
                 "{'is':'job','id':7,%s'name':'my job','user':'ada','state':'running','output':"
                 "'%s','folder':'%s','uid':%u}",
                 outputs[i].members, outputs[i].output, folder, geteuid());
        say(line);
        work(30);
        if (kind->log_read(engine, strstr(outputs[i].members, "array") ? "6_3" : "7", &piece,
                           &err) != WF_OK) {
            fail_msg("%s: %s", outputs[i].output, err.text);
        }
        assert_int_equal(piece.length, 6);
        (void)unlink(file);
    }
}

int main(void)
{
#define WITH_ENGINE(test) cmocka_unit_test_setup_teardown(test, open_engine, close_engine)
    const struct CMUnitTest tests[] = {
        WITH_ENGINE(a_start_is_one_request_and_may_come_true),
        WITH_ENGINE(a_refused_start_says_why),
        WITH_ENGINE(a_task_of_an_array_is_named_by_its_index),
        WITH_ENGINE(a_node_without_power_is_woken_first),
        WITH_ENGINE(ends_become_requests_of_slurm),
        WITH_ENGINE(a_pinned_job_that_gives_way_is_held_again),
        WITH_ENGINE(a_job_that_leaves_is_told_to_save_and_then_requeued),
        WITH_ENGINE(a_pinned_job_that_starts_all_the_same_leaves),
        WITH_ENGINE(a_start_that_was_taken_back_too_late_goes_on),
        WITH_ENGINE(what_has_no_time_to_save_is_requeued_at_once),
        WITH_ENGINE(a_broken_connection_is_made_again_and_a_pin_is_remembered),
        WITH_ENGINE(a_line_without_end_breaks_the_connection),
        WITH_ENGINE(a_wrong_line_is_passed_over),
        WITH_ENGINE(trouble_with_slurmctld_makes_blind),
        WITH_ENGINE(output_is_read_where_it_is_its_owners),
        WITH_ENGINE(output_has_the_name_that_its_owner_gave_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
