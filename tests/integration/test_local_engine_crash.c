// SPDX-License-Identifier: Apache-2.0
// Callers and supervisors are killed at random instants, again and again, while some hundred short
// runs go through the engine. Each run must end exactly once with the reason that is true of it,
// must never have run twice, and nothing may be left behind. A seed makes the same choices; when
// they meet the runs is up to the machine. WHALEFLUX_CRASH_SEED and WHALEFLUX_CRASH_RUNS ask for
// others.
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/random.h"
#include "bed.h"

#define RUNS_MAX 2000
#define AT_ONCE 6
#define LIMIT_MS 240000

// What a run does, and what must come of it.
static const struct {
    const char *script; // $0: a file to leave a trace in
    enum wf_run_end end;
    int32_t exit_code;
    int32_t signal;
    uint32_t time_limit_ms;
} kinds[] = {
    {"echo s >>$0; echo e >>$0", WF_RUN_END_EXIT, 0, 0, 0},
    {"echo s >>$0; sleep 0.05; echo e >>$0; exit 3", WF_RUN_END_EXIT, 3, 0, 0},
    {"echo s >>$0; echo e >>$0; kill -KILL $$", WF_RUN_END_SIGNAL, -1, SIGKILL, 0},
    {"echo s >>$0; setsid sleep 1000 & sleep 0.03; echo e >>$0; exit 4", WF_RUN_END_EXIT, 4, 0, 0},
    {"trap '' TERM; echo s >>$0; echo e >>$0; while :; do sleep 0.02; done", WF_RUN_END_TIME_LIMIT,
     -1, SIGKILL, 150},
};

struct world {
    struct bed bed;
    uint32_t runs;
    char ledger[96]; // what callers were told: "caller id end exit signal"
    char traces[96];
    bool supervisor_killed[RUNS_MAX];
    uint32_t callers_killed;
    uint32_t supervisors_killed;
    uint32_t unknown;
    uint32_t told_again; // by a later caller, because the one before was killed first
};

static struct world world;

static void name_of(uint32_t index, char id[16])
{
    snprintf(id, 16, "run-%u", index);
}

// Which runs the ledger has already: a caller reads it when it begins, as a daemon its journal.
static void read_ledger(bool done[RUNS_MAX])
{
    FILE *file = fopen(world.ledger, "r");
    uint32_t index;
    char line[160];
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "%*d run-%u", &index) == 1 && index < RUNS_MAX) {
            done[index] = true;
        }
    }
    if (file) {
        fclose(file);
    }
}

static void start_one(uint32_t index)
{
    static const char *arguments[] = {"sh", "-c", NULL, NULL, NULL};
    char id[16];
    char trace[128];
    name_of(index, id);
    snprintf(trace, sizeof trace, "%s/%u", world.traces, index);
    size_t kind = index % WF_COUNT_OF(kinds);
    arguments[2] = kinds[kind].script;
    arguments[3] = trace;
    struct wf_run_spec spec = *bed_script(id, "");
    spec.arguments = arguments;
    spec.time_limit_ms = kinds[kind].time_limit_ms;
    spec.stop_ms = 50;
    bed_start(&world.bed, &spec);
}

// Writes down what it was told, then forgets the run: killed in between, the next caller is told
// again and writes the same.
static void take(const struct wf_run *run, bool done[RUNS_MAX])
{
    if (run->phase != WF_RUN_ENDED) {
        return;
    }
    char line[160];
    int length = snprintf(line, sizeof line, "%ld %s %d %d %d\n", (long)getpid(), run->id,
                          (int)run->end, run->exit_code, run->signal);
    int file = open(world.ledger, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (write(file, line, (size_t)length) != length) {
        _exit(3);
    }
    close(file);
    uint32_t index = (uint32_t)strtoul(run->id + 4, NULL, 10);
    done[index] = true;
    bed_sleep_ms(3); // a good moment to be killed in
    // On a slow machine a supervisor that a killed caller started may still be looking at the run.
    enum wf_status status = WF_INVALID;
    for (int tries = 0; tries < 30 && status == WF_INVALID; tries++) {
        status = wf_engine_local.forget(world.bed.engine, run->id, NULL);
    }
    if (status != WF_OK) {
        _exit(4);
    }
}

// Those that ended are there until they are taken, too.
static void count(void *context, const struct wf_run *run)
{
    (void)run;
    ++*(uint32_t *)context;
}

// What the daemon does, in small: opens, says everything again, and listens.
WF_NORETURN static void be_caller(void)
{
    static bool done[RUNS_MAX];
    read_ledger(done);
    bed_open(&world.bed);
    uint32_t next = 0;
    for (;;) {
        uint32_t known = 0;
        wf_engine_local.list(world.bed.engine, count, &known);
        if (next == world.runs && known == 0) {
            break;
        }
        while (next < world.runs && known < AT_ONCE) {
            if (!done[next]) {
                start_one(next);
                known++;
            }
            next++;
        }
        struct wf_run run;
        while (wf_engine_local.next(world.bed.engine, &run)) {
            take(&run, done);
        }
        struct pollfd polled = {.fd = wf_engine_local.descriptor(world.bed.engine),
                                .events = POLLIN};
        (void)poll(&polled, 1, 200);
    }
    bed_close(&world.bed);
    _exit(0);
}

static pid_t fork_caller(void)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        be_caller();
    }
    assert_true(pid > 0);
    return pid;
}

// Kills the supervisor of some run that has one now.
static void kill_a_supervisor(struct wf_random *random)
{
    char path[128];
    snprintf(path, sizeof path, "%s/jobs", world.bed.data);
    DIR *listing = opendir(path);
    char chosen[32] = "";
    uint64_t seen = 0;
    for (struct dirent *entry; listing && (entry = readdir(listing));) {
        if (strncmp(entry->d_name, "run-", 4) == 0 && wf_random_below(random, ++seen) == 0) {
            snprintf(chosen, sizeof chosen, "%.31s", entry->d_name);
        }
    }
    if (listing) {
        closedir(listing);
    }
    // Written down first: the run may end while we look.
    if (chosen[0] != '\0' && bed_kill_supervisor(&world.bed, chosen)) {
        world.supervisor_killed[strtoul(chosen + 4, NULL, 10)] = true;
        world.supervisors_killed++;
    }
}

// Waits for whoever ended; true when that was the caller, with its status.
static bool reap(pid_t caller, int *status_out)
{
    bool ended = false;
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (pid == caller) {
            ended = true;
            *status_out = status;
        }
    }
    return ended;
}

static void crash_until_done(struct wf_random *random)
{
    int64_t until = bed_clock_us() + (int64_t)LIMIT_MS * 1000;
    pid_t caller = fork_caller();
    for (;;) {
        assert_true(bed_clock_us() < until);
        bed_sleep_ms((int64_t)wf_random_below(random, 60));
        uint64_t choice = wf_random_below(random, 8);
        if (choice < 4) {
            kill_a_supervisor(random);
        }
        if (choice == 3 || choice == 4) {
            (void)kill(caller, SIGKILL);
        }
        int status = 0;
        if (reap(caller, &status)) {
            if (WIFEXITED(status)) {
                assert_int_equal(WEXITSTATUS(status), 0);
                return;
            }
            assert_int_equal(WTERMSIG(status), SIGKILL);
            world.callers_killed++;
            // As a service manager would: now and then not at once.
            bed_sleep_ms((int64_t)wf_random_below(random, 20));
            caller = fork_caller();
        }
    }
}

static void check_line(const char *line, struct wf_run *ends, long *callers)
{
    long caller;
    uint32_t index;
    int end;
    struct wf_run run = {0};
    assert_int_equal(
        sscanf(line, "%ld run-%u %d %d %d", &caller, &index, &end, &run.exit_code, &run.signal), 5);
    assert_true(index < world.runs);
    run.end = (enum wf_run_end)end;
    if (ends[index].end != WF_RUN_END_NONE) {
        // Told again, by another caller, and the same.
        assert_true(callers[index] != caller);
        assert_int_equal(ends[index].end, run.end);
        assert_int_equal(ends[index].exit_code, run.exit_code);
        assert_int_equal(ends[index].signal, run.signal);
        world.told_again++;
    }
    callers[index] = caller;
    ends[index] = run;
}

// Of "s" and "e", each once and in this order, as many as it got to.
static bool is_begun_once(const char *trace)
{
    return strcmp(trace, "") == 0 || strcmp(trace, "s\n") == 0 || strcmp(trace, "s\ne\n") == 0;
}

static void check_run(uint32_t index, const struct wf_run *run)
{
    char path[128];
    char trace[64] = "";
    snprintf(path, sizeof path, "%s/%u", world.traces, index);
    FILE *file = fopen(path, "r");
    if (file) {
        trace[fread(trace, 1, sizeof trace - 1, file)] = '\0';
        fclose(file);
    }
    if (run->end == WF_RUN_END_UNKNOWN) {
        // Only where we killed its supervisor; begun at most once.
        assert_true(world.supervisor_killed[index]);
        assert_true(is_begun_once(trace));
        world.unknown++;
        return;
    }
    size_t kind = index % WF_COUNT_OF(kinds);
    if (kinds[kind].time_limit_ms > 0 && run->end == WF_RUN_END_TIME_LIMIT &&
        run->signal == SIGTERM) {
        // So slow a machine that the shell had not come to its trap.
        assert_true(is_begun_once(trace));
        return;
    }
    if (run->end != kinds[kind].end || strcmp(trace, "s\ne\n") != 0) {
        fail_msg("run %u ended by '%s', exit %d, signal %d, with the trace '%s'", index,
                 wf_run_end_text(run->end), run->exit_code, run->signal, trace);
    }
    assert_int_equal(run->exit_code, kinds[kind].exit_code);
    assert_int_equal(run->signal, kinds[kind].signal);
}

static void check_all(void)
{
    static struct wf_run ends[RUNS_MAX];
    static long callers[RUNS_MAX];
    memset(ends, 0, sizeof ends);
    char line[160];
    FILE *file = fopen(world.ledger, "r");
    if (!file) {
        fail_msg("no caller was told anything");
        return;
    }
    while (fgets(line, sizeof line, file)) {
        check_line(line, ends, callers);
    }
    fclose(file);
    for (uint32_t i = 0; i < world.runs; i++) {
        if (ends[i].end == WF_RUN_END_NONE) {
            fail_msg("run %u never ended", i);
        }
        check_run(i, &ends[i]);
    }
}

static uint32_t number_from(const char *name, uint32_t otherwise)
{
    const char *text = getenv(name);
    return text ? (uint32_t)strtoul(text, NULL, 10) : otherwise;
}

static void crash_with_seed(uint64_t seed)
{
    memset(&world, 0, sizeof world);
    world.runs = number_from("WHALEFLUX_CRASH_RUNS", 120);
    assert_true(world.runs <= RUNS_MAX);
    bed_make(&world.bed);
    bed_close(&world.bed);
    snprintf(world.ledger, sizeof world.ledger, "%s/ledger", world.bed.data);
    snprintf(world.traces, sizeof world.traces, "%s/traces", world.bed.data);
    assert_int_equal(mkdir(world.traces, 0777), 0);
    struct wf_random random;
    wf_random_init(&random, seed);
    crash_until_done(&random);
    check_all();
    print_message("# seed %llu: %u runs, %u callers and %u supervisors killed, %u runs lost to "
                  "that, %u ends told a second time\n",
                  (unsigned long long)seed, world.runs, world.callers_killed,
                  world.supervisors_killed, world.unknown, world.told_again);
    // A test in which nothing was hit says nothing.
    assert_true(world.callers_killed > 0 && world.supervisors_killed > 0);
    bed_clear(&world.bed);
}

static void every_run_ends_once_whoever_is_killed(void **state)
{
    (void)state;
    uint32_t first = number_from("WHALEFLUX_CRASH_SEED", 1);
    uint32_t seeds = getenv("WHALEFLUX_CRASH_SEED") ? 1 : 3;
    for (uint32_t i = 0; i < seeds; i++) {
        crash_with_seed(first + i);
    }
}

int main(void)
{
    bed_require();
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_run_ends_once_whoever_is_killed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
