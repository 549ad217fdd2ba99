// SPDX-License-Identifier: Apache-2.0
// The verb chaos: plays what clouds do to machines, on a test system.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chaos/script.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "text/decimal.h"

static const struct wf_option options[] = {
    {"port", "N", "answers on 127.0.0.1 there (any that is free)"},
    {"play", "SCRIPT", "steps, each with its wait: '2s notice 30s, 5s withdraw' (one notice)"},
    {"live", NULL, "plays the scripts that it is told on its input, a line each"},
    {NULL, NULL, NULL},
};

struct chaos {
    uint16_t port;
    const char *text;
    bool live;
    struct wf_script script;
    struct wf_mock *mock;
    int64_t from_ms;
};

static volatile sig_atomic_t ends;

static void end(int signal)
{
    (void)signal;
    ends = 1;
}

static enum wf_status take(void *context, const char *name, const char *value, struct wf_error *err)
{
    struct chaos *chaos = context;
    int64_t port = 0;
    if (strcmp(name, "live") == 0) {
        chaos->live = true;
        return WF_OK;
    }
    if (strcmp(name, "play") == 0) {
        chaos->text = value;
        return WF_OK;
    }
    if (wf_decimal_read(value, 0, UINT16_MAX, &port) != WF_DECIMAL_READ) {
        return wf_fail(err, WF_INVALID, "--port: '%.40s' is no port", value);
    }
    chaos->port = (uint16_t)port;
    return WF_OK;
}

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void sleep_for(int64_t ms)
{
    for (int64_t until_ms = now_ms() + ms; !ends && now_ms() < until_ms;) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
}

static void play(const struct chaos *chaos)
{
    for (uint32_t i = 0; i < chaos->script.count && !ends; i++) {
        const struct wf_script_step *step = &chaos->script.steps[i];
        sleep_for(step->wait_ms);
        if (!ends) {
            wf_script_play(chaos->mock, step, now_ms());
            printf("%8.3f s  %s", (double)(now_ms() - chaos->from_ms) / 1000,
                   wf_script_word(step->action));
            printf(step->ms > 0 ? " %.3f s\n" : "\n", (double)step->ms / 1000);
            (void)fflush(stdout);
        }
    }
}

// A line that is no script changes nothing, and what comes after it is played.
static void play_lines(struct chaos *chaos)
{
    char line[4096];
    while (!ends && fgets(line, sizeof line, stdin)) {
        struct wf_error err;
        line[strcspn(line, "\n")] = '\0';
        if (wf_script_read(line, &chaos->script, &err) == WF_OK) {
            play(chaos);
        } else {
            fprintf(stderr, "whaleflux: %s\n", err.text);
        }
    }
}

static void serve(struct chaos *chaos)
{
    chaos->from_ms = now_ms();
    printf("Answers as AWS, Google Cloud and Azure do at http://127.0.0.1:%u\n"
           "  whaleflux serve --spot aws:http://127.0.0.1:%u\n",
           wf_mock_port(chaos->mock), wf_mock_port(chaos->mock));
    (void)fflush(stdout);
    play(chaos);
    if (chaos->live) {
        play_lines(chaos);
    }
    printf("Played; answers on until it is ended\n");
    (void)fflush(stdout);
    while (!ends) {
        sleep_for(3600000);
    }
    struct wf_mock_counts counts = wf_mock_count(chaos->mock);
    printf("%llu questions, %llu tokens given out, %llu refused\n",
           (unsigned long long)counts.asked, (unsigned long long)counts.tokens,
           (unsigned long long)counts.refused);
}

static enum wf_status run(int argc, char **argv, struct wf_error *err)
{
    static struct chaos chaos;
    chaos = (struct chaos){0};
    const struct wf_option_reader reader = {options, take, &chaos};
    int words = 0;
    enum wf_status status = wf_options_parse(&reader, argc, argv, &words, err);
    if (status == WF_OK && (words + 1 != argc || strcmp(argv[words], "spot") != 0)) {
        status = wf_fail(err, WF_INVALID, "chaos of what? There is `whaleflux chaos spot`");
    }
    if (status == WF_OK && (chaos.text || !chaos.live)) {
        const char *text = chaos.text ? chaos.text : "5s notice 120s";
        status = wf_script_read(text, &chaos.script, err);
    }
    status = status == WF_OK ? wf_mock_open(chaos.port, &chaos.mock, err) : status;
    if (status != WF_OK) {
        return status;
    }
    const struct sigaction action = {.sa_handler = end}; // also ends the wait for a line
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    serve(&chaos);
    wf_mock_close(chaos.mock);
    return WF_OK;
}

const struct wf_command wf_command_chaos = {
    .name = "chaos",
    .usage = "spot [--port N] [--play SCRIPT] [--live]",
    .summary = "plays the metadata server of a cloud that takes a machine away, for drills",
    .options = options,
    .more =
        "Steps: notice SPAN, late SPAN, advice, withdraw, again, expire, down, garbage, silent, "
        "well; each begins with how long to wait.\n"
        "Example: whaleflux chaos spot --port 9000 --play '5s notice 30s, 10s withdraw'\n",
    .run = run,
};
