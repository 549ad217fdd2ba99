// SPDX-License-Identifier: Apache-2.0
// The verb run: a command as a job, followed to its end, whose exit status is the command's own.
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/live/job_words.h"
#include "cli/live/submission.h"
#include "cli/live/words.h"

enum { LOST_MS = 600000, RETRY_MS = 250, ID_BYTES = 24, STOPPED_STATUS = 130 };

static const struct wf_option options[] = {
    {"detach", NULL, "submits it and does not follow it"},
    {"quiet", NULL, "prints what the job writes and nothing else"},
    WF_WISH_STEPS,
    WF_WISH_OPTIONS,
    {"json", NULL, "with --dry-run or --detach: prints JSON"},
    WF_LIVE_OPTIONS,
    {NULL, NULL, NULL},
};

struct running {
    struct wf_live live;
    struct wf_wish wish;
    bool detach, quiet;
    char id[ID_BYTES];
    uint64_t event;    // the last one that was seen
    bool may_have_log; // a run of it has begun
    bool over;
    int64_t log_bytes; // of the current attempt, that were printed
    int64_t attempt;
    bool is_full;  // stdout takes no more
    bool detached; // the user does not want to follow it any more
    bool cancelled;
};

// Ctrl-C ends the call that is under way; what it means is decided outside of the handler.
static struct whaleflux *interrupted;
static volatile sig_atomic_t interrupts;

static void on_interrupt(int signal)
{
    (void)signal;
    interrupts++;
    whaleflux_stop(interrupted);
}

static enum wf_status take(void *context, const char *name, const char *value, struct wf_error *err)
{
    struct running *running = context;
    bool taken = wf_live_take(&running->live, name, value);
    if (strcmp(name, "detach") == 0 || strcmp(name, "quiet") == 0) {
        *(name[0] == 'd' ? &running->detach : &running->quiet) = true;
        return WF_OK;
    }
    return taken ? WF_OK : wf_wish_take(&running->wish, name, value, &taken, err);
}

// Where programs are found, and their environments: without these the command that works here would
// not work as a job. Everything else of this shell stays here unless --env names it.
static json_t *usual_variables(void)
{
    static const char *const names[] = {
        "PATH", "LANG", "LC_ALL", "VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "LD_LIBRARY_PATH"};
    json_t *variables = json_object();
    for (size_t i = 0; i < WF_COUNT_OF(names); i++) {
        const char *value = getenv(names[i]);
        if (value) {
            (void)json_object_set_new(variables, names[i], json_string(value));
        }
    }
    return variables;
}

static enum wf_status write_document(const struct running *running, char **words, char **text_out,
                                     struct wf_error *err)
{
    json_t *command = json_array();
    char *folder = get_current_dir_name();
    bool good = command && folder;
    for (; good && *words; words++) {
        good = json_array_append_new(command, json_string(*words)) == 0;
    }
    json_t *document = json_pack("{s:o,s:s,s:o}", "command", command, "folder",
                                 folder ? folder : "/", "environment", usual_variables());
    free(folder);
    enum wf_status status =
        good && document ? wf_wish_document(&running->wish, document, text_out, err)
                         : wf_fail(err, WF_INVALID, "the command or this folder is no UTF-8");
    json_decref(document);
    return status;
}

static void say(const struct running *running, const char *format, const char *text)
{
    if (!running->quiet) {
        fprintf(stderr, "whaleflux: job %s ", running->id);
        fprintf(stderr, format, text);
        fputc('\n', stderr);
    }
}

static bool on_event(void *context, const struct whaleflux_event *event)
{
    struct running *running = context;
    json_t *tree = json_loads(event->json, 0, NULL);
    const json_t *data = json_object_get(tree, "data");
    int64_t attempt = wf_live_number(data, "attempt");
    running->event = event->number;
    if (strcmp(event->kind, "started") == 0) {
        running->may_have_log = true;
        running->log_bytes = attempt == running->attempt ? running->log_bytes : 0;
        running->attempt = attempt;
        say(running, "runs on %s", wf_live_text(data, "node"));
    } else if (strcmp(event->kind, "ended") == 0) {
        running->over = true;
    } else if (strcmp(event->kind, "requeued") == 0 || strcmp(event->kind, "preempted") == 0) {
        say(running, "waits again: %s", wf_live_text(data, "reason"));
    }
    json_decref(tree);
    return !running->may_have_log && !running->over;
}

static bool on_bytes(void *context, const char *bytes, size_t length)
{
    struct running *running = context;
    running->log_bytes += (int64_t)length;
    running->is_full = fwrite(bytes, 1, length, stdout) != length || fflush(stdout) != 0;
    return !running->is_full;
}

// After a Ctrl-C, or a request to end: on a terminal its user is asked, else the job is cancelled.
static enum wf_status on_stop(struct running *running, struct wf_error *err)
{
    struct whaleflux_error why;
    char question[96];
    snprintf(question, sizeof question, "\nJob %s still runs or waits. Cancel it?", running->id);
    bool is_terminal = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
    int before = interrupts;
    if (is_terminal && !wf_submission_asks(question) && interrupts == before) {
        fprintf(stderr, "It goes on. `whaleflux logs -f %s` follows it again.\n", running->id);
        running->detached = true;
        return WF_OK;
    }
    if (running->cancelled) {
        running->detached = true; // asked for twice: it ends without us
        return WF_OK;
    }
    running->cancelled = true;
    interrupts = interrupts > before ? 0 : interrupts;
    // A Ctrl-C that nothing was under way for ends the next call, which is this one.
    enum whaleflux_status status = WHALEFLUX_STOPPED;
    for (int tries = 0; tries < 2 && status == WHALEFLUX_STOPPED; tries++) {
        status = whaleflux_change(running->live.daemon, running->id, "cancel", NULL, &why);
    }
    // It may be over already.
    return status == WHALEFLUX_OK || status == WHALEFLUX_REFUSED ? WF_OK : wf_live_fail(&why, err);
}

// After a break: waits for the daemon, and takes up the job as it finds it then.
static enum whaleflux_status take_up(struct running *running, struct whaleflux_error *why)
{
    struct whaleflux_answer *answer = NULL;
    enum whaleflux_status status = WHALEFLUX_UNREACHABLE;
    for (int tries = 0; tries < LOST_MS / RETRY_MS && status == WHALEFLUX_UNREACHABLE; tries++) {
        status = whaleflux_get(running->live.daemon, running->id, &answer, why);
        if (status == WHALEFLUX_UNREACHABLE) {
            (void)poll(NULL, 0, RETRY_MS);
        }
    }
    if (status == WHALEFLUX_OK) {
        const json_t *job = wf_live_tree(answer);
        int64_t attempt = wf_live_number(job, "attempt");
        running->over = wf_job_is_over(job);
        running->may_have_log =
            wf_live_number(job, "started_ms") > 0 &&
            (running->over || strcmp(wf_live_text(job, "state"), "running") == 0);
        running->log_bytes = attempt == running->attempt ? running->log_bytes : 0;
        running->attempt = attempt;
    }
    whaleflux_answer_free(answer);
    return status;
}

// Waits for a run to begin, or prints what it writes. WHALEFLUX_OK where that ended.
static enum whaleflux_status go_on(struct running *running, struct whaleflux_error *why)
{
    enum whaleflux_status status;
    if (running->may_have_log) {
        struct whaleflux_log log = {.size = sizeof log,
                                    .attempt = (int)running->attempt,
                                    .offset = running->log_bytes,
                                    .follow = true};
        status = whaleflux_logs(running->live.daemon, running->id, &log, on_bytes, running, why);
        running->may_have_log = status != WHALEFLUX_OK;
    } else {
        struct whaleflux_watch watch = {
            .size = sizeof watch, .job = running->id, .after = running->event, .lost_ms = LOST_MS};
        status = whaleflux_events(running->live.daemon, &watch, on_event, running, why);
        bool enough = running->may_have_log || running->over;
        status = status == WHALEFLUX_STOPPED && enough && interrupts == 0 ? WHALEFLUX_OK : status;
    }
    return status == WHALEFLUX_UNREACHABLE ? take_up(running, why) : status;
}

static enum wf_status follow(struct running *running, struct wf_error *err)
{
    struct whaleflux_error why;
    while ((!running->over || running->may_have_log) && !running->detached) {
        enum whaleflux_status status = go_on(running, &why);
        if (running->is_full) {
            return wf_fail(err, WF_NOMEM, "the output cannot be written");
        }
        if (status == WHALEFLUX_STOPPED && interrupts > 0) {
            interrupts = 0;
            enum wf_status stopped = on_stop(running, err);
            if (stopped != WF_OK) {
                return stopped;
            }
        } else if (status != WHALEFLUX_OK && status != WHALEFLUX_STOPPED) {
            return wf_live_fail(&why, err);
        }
    }
    return WF_OK;
}

static void say_end(const struct running *running, const json_t *job)
{
    char end[WF_JOB_WORD_BYTES];
    char span[WF_WORD_BYTES];
    char money[WF_WORD_BYTES];
    char text[WF_JOB_WORD_BYTES + 3 * WF_WORD_BYTES];
    int64_t started_ms = wf_live_number(job, "started_ms");
    int64_t cost = wf_live_number(job, "cost_nanousd");
    wf_job_word_end(end, job);
    snprintf(text, sizeof text, "%s%s%.200s%s%s%s%s", wf_job_word_state(wf_live_text(job, "state")),
             end[0] ? ", " : "", end, started_ms > 0 ? " after " : "",
             started_ms > 0 ? wf_word_span(span, wf_live_number(job, "ended_ms") - started_ms) : "",
             cost > 0 ? ", it cost " : "", cost > 0 ? wf_word_usd(money, cost) : "");
    say(running, "%s", text);
}

static enum wf_status finish(const struct running *running, struct wf_error *err)
{
    struct whaleflux_error why;
    struct whaleflux_answer *answer;
    if (whaleflux_wait(running->live.daemon, running->id, LOST_MS, &answer, &why) != WHALEFLUX_OK) {
        return wf_live_fail(&why, err);
    }
    const json_t *job = wf_live_tree(answer);
    say_end(running, job);
    wf_exit_set(wf_job_exit_status(job));
    whaleflux_answer_free(answer);
    return WF_OK;
}

static enum wf_status start(struct running *running, char **words, struct wf_error *err)
{
    char *document = NULL;
    struct whaleflux_answer *answer = NULL;
    enum wf_status status = write_document(running, words, &document, err);
    if (status == WF_OK) {
        status = wf_submission_make(&running->live, &running->wish, document, &answer, err);
    }
    if (status == WF_OK && answer && running->detach && running->live.json) {
        status = wf_live_print(wf_live_tree(answer), err);
    } else if (status == WF_OK && answer) {
        snprintf(running->id, sizeof running->id, "%lld",
                 (long long)wf_live_number(wf_live_tree(answer), "id"));
    }
    whaleflux_answer_free(answer);
    free(document);
    return status;
}

static enum wf_status run_job(struct running *running, char **words, struct wf_error *err)
{
    enum wf_status status = start(running, words, err);
    if (status != WF_OK || !running->id[0]) {
        return status;
    }
    if (running->detach) {
        puts(running->id);
        return WF_OK;
    }
    interrupted = running->live.daemon;
    const struct sigaction action = {.sa_handler = on_interrupt};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    say(running, "is %s", "submitted");
    status = follow(running, err);
    if (status == WF_OK && running->detached) {
        wf_exit_set(STOPPED_STATUS); // as of any command that Ctrl-C ends
    } else if (status == WF_OK) {
        status = finish(running, err);
    }
    // What comes now ends the program as usual.
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
    interrupted = NULL;
    return status;
}

static enum wf_status run(int argc, char **argv, struct wf_error *err)
{
    static const char *const letters[] = {"y", "--yes", "d", "--detach", "q", "--quiet", NULL};
    struct running running = {.detach = false};
    const struct wf_option_reader reader = {options, take, &running};
    int first;
    int mark = 1;
    while (mark < argc && strcmp(argv[mark], "--") != 0) {
        mark++;
    }
    if (mark + 1 >= argc) {
        return wf_fail(err, WF_INVALID,
                       "run what? The command comes behind --: whaleflux run -- python train.py");
    }
    wf_live_letters(argc, argv, letters);
    enum wf_status status = wf_wish_init(&running.wish, err);
    if (status == WF_OK) {
        status = wf_options_parse(&reader, argc, argv, &first, err);
    }
    if (status == WF_OK && first != mark + 1) {
        status = wf_fail(err, WF_INVALID, "'%.60s' is one word too many before --", argv[first]);
    }
    if (status == WF_OK) {
        status = wf_live_open(&running.live, err);
    }
    if (status == WF_OK) {
        status = run_job(&running, argv + first, err);
    }
    wf_live_close(&running.live);
    wf_wish_finish(&running.wish);
    return status;
}

const struct wf_command wf_command_run = {
    .name = "run",
    .usage = "[OPTION...] -- COMMAND [ARGUMENT...]",
    .summary = "runs a command as a job and follows it; its exit status is the command's",
    .options = options,
    .more =
        "128 and the signal's number where a signal ended it. The job gets PATH, LANG, LC_ALL,\n"
        "VIRTUAL_ENV, CONDA_PREFIX, PYTHONPATH and LD_LIBRARY_PATH of this shell, and what --env "
        "says.\n"
        "Ctrl-C asks whether the job is to be cancelled; without a terminal it cancels it.\n"
        "Example: whaleflux run --gpus H100:1 --limit 1h -- python train.py --epochs 3\n",
    .run = run,
};
