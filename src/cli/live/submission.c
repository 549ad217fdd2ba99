// SPDX-License-Identifier: Apache-2.0
#include "cli/live/submission.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/live/offers.h"

bool wf_submission_asks(const char *question)
{
    // A Ctrl-C between the question and the wait must not be lost: it is let in while we wait
    // alone.
    sigset_t stops, before;
    sigemptyset(&stops);
    sigaddset(&stops, SIGINT);
    sigaddset(&stops, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &stops, &before);
    fprintf(stderr, "%s [y/N] ", question);
    fflush(stderr);
    struct pollfd keyboard = {.fd = STDIN_FILENO, .events = POLLIN};
    bool read = ppoll(&keyboard, 1, NULL, &before) > 0;
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    char answer[16] = "";
    read = read && fgets(answer, sizeof answer, stdin) != NULL;
    // A longer line is read to its end, so that the next question does not get it.
    for (int byte = 0; read && !strchr(answer, '\n') && byte != '\n' && byte != EOF;) {
        byte = getchar();
    }
    return read && (answer[0] == 'y' || answer[0] == 'Y');
}

static enum wf_status check(struct wf_live *live, const char *document,
                            struct whaleflux_answer **answer_out, struct wf_error *err)
{
    struct whaleflux_error why;
    if (whaleflux_submit(live->daemon, document, true, answer_out, &why) != WHALEFLUX_OK) {
        return wf_live_fail(&why, err);
    }
    return WF_OK;
}

static enum wf_status tell_only(struct wf_live *live, const char *document, struct wf_error *err)
{
    struct whaleflux_answer *answer;
    enum wf_status status = check(live, document, &answer, err);
    if (status != WF_OK) {
        return status;
    }
    if (live->json) {
        status = wf_live_print(wf_live_tree(answer), err);
    } else {
        status = wf_live_offers_print(stdout, wf_live_tree(answer), err);
        puts("Nothing was started: this was a dry run.");
    }
    whaleflux_answer_free(answer);
    return status;
}

// Shows the table where it costs money, and asks unless that is not wanted.
static enum wf_status agree(struct wf_live *live, const struct wf_wish *wish, const char *document,
                            bool *agreed_out, struct wf_error *err)
{
    struct whaleflux_answer *answer;
    *agreed_out = true;
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
        return WF_OK;
    }
    enum wf_status status = check(live, document, &answer, err);
    if (status == WF_OK && wf_offers_cost(wf_live_tree(answer))) {
        status = wf_live_offers_print(stderr, wf_live_tree(answer), err);
        *agreed_out = status == WF_OK && (wish->yes || wf_submission_asks("Start it?"));
    }
    whaleflux_answer_free(answer);
    return status;
}

enum wf_status wf_submission_make(struct wf_live *live, const struct wf_wish *wish,
                                  const char *document, struct whaleflux_answer **answer_out,
                                  struct wf_error *err)
{
    struct whaleflux_error why;
    bool agreed = false;
    *answer_out = NULL;
    if (wish->dry_run) {
        return tell_only(live, document, err);
    }
    enum wf_status status = agree(live, wish, document, &agreed, err);
    if (status != WF_OK) {
        return status;
    }
    if (!agreed) {
        fputs("Nothing was started.\n", stderr);
        wf_exit_set(WF_EXIT_FAILED);
        return WF_OK;
    }
    if (whaleflux_submit(live->daemon, document, false, answer_out, &why) != WHALEFLUX_OK) {
        return wf_live_fail(&why, err);
    }
    return WF_OK;
}
