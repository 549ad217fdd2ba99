// SPDX-License-Identifier: Apache-2.0
#include "engine/slurm/wish.h"

#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/compat.h"

#define CHECKPOINT "whaleflux:checkpoint="
#define RECLAIM "reclaim"

enum { SIGNAL_MAX = 64, SECONDS_MAX = 86400 };

// A number at the text, and where it ends; false: there is none, or it is too large.
static bool read_number(const char **at, long most, long *number_out)
{
    char *end;
    if (!isdigit((unsigned char)**at)) {
        return false;
    }
    *number_out = strtol(*at, &end, 10);
    *at = end;
    return *number_out <= most;
}

static uint32_t read_signal(const char **at)
{
    static const struct {
        const char *name;
        uint32_t number;
    } signals[] = {{"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT}, {"USR1", SIGUSR1},
                   {"USR2", SIGUSR2}, {"TERM", SIGTERM}, {"CONT", SIGCONT}, {"URG", SIGURG}};
    long number;
    if (read_number(at, SIGNAL_MAX, &number)) {
        return (uint32_t)number;
    }
    *at += strncasecmp(*at, "SIG", 3) == 0 ? 3 : 0;
    size_t length = strspn(*at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz12");
    for (uint32_t i = 0; i < WF_COUNT_OF(signals); i++) {
        if (strlen(signals[i].name) == length && strncasecmp(*at, signals[i].name, length) == 0) {
            *at += length;
            return signals[i].number;
        }
    }
    return 0;
}

struct wf_slurm_checkpoint wf_slurm_read_checkpoint(const char *comment)
{
    struct wf_slurm_checkpoint wish = {.save_ms = WF_SLURM_SAVE_MS};
    const char *at = strstr(comment, CHECKPOINT);
    long seconds;
    if (!at) {
        return (struct wf_slurm_checkpoint){0};
    }
    at += strlen(CHECKPOINT);
    wish.to_batch = strncasecmp(at, "B:", 2) == 0;
    at += wish.to_batch ? 2 : 0;
    wish.signal = read_signal(&at);
    if (*at == '@') {
        at++;
        if (!read_number(&at, SECONDS_MAX, &seconds)) {
            return (struct wf_slurm_checkpoint){0};
        }
        wish.save_ms = (int64_t)seconds * 1000;
    }
    // What goes on after it is another word than ours, and then nobody knows what was meant.
    bool whole = wish.signal > 0 && (*at == '\0' || strchr(" ,;", *at));
    return whole ? wish : (struct wf_slurm_checkpoint){0};
}

static int64_t read_moment(const char *text)
{
    struct tm parts = {0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    int64_t seconds = end ? (int64_t)timegm(&parts) : 0;
    return seconds > 0 ? seconds * 1000 : 0;
}

int64_t wf_slurm_gone_ms(const struct wf_slurm_node *node)
{
    const char *at = node->reason;
    long number;
    if (!node->drain || strncasecmp(at, RECLAIM, strlen(RECLAIM)) != 0) {
        return 0;
    }
    at += strlen(RECLAIM);
    if (isalnum((unsigned char)*at)) {
        return 0;
    }
    at += strspn(at, " :,");
    int64_t moment_ms = read_moment(at), after_ms = WF_SLURM_NOTICE_MS;
    if (moment_ms > 0) {
        return moment_ms;
    }
    if (read_number(&at, SECONDS_MAX, &number) && (*at == 's' || *at == 'm')) {
        after_ms = (int64_t)number * (*at == 'm' ? 60000 : 1000);
    }
    // Where Slurm does not say since when, it is long ago: the node goes now.
    return node->reason_ms > 0 ? node->reason_ms + after_ms : 1;
}
