// SPDX-License-Identifier: GPL-3.0-or-later
// whaleflux-slurm: see slurm/README.md.
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"
#include "slurm/adapter.h"
#include "slurm/check.h"
#include "slurm/free.h"
#include "slurm/open.h"
#include "slurm/server.h"

#ifdef WF_SLURM_REST
#define PROGRAM "whaleflux-slurm-rest"
#else
#define PROGRAM "whaleflux-slurm"
#endif

struct settings {
    struct wf_server_config server;
    struct wf_slurm_place place;
    bool json, dry_run;
};

static const char usage[] =
    "Usage: " PROGRAM " --socket PATH [option...]   serve the daemon: tell it of Slurm's jobs and\n"
    "                                                   nodes, carry out what it decides\n"
    "       " PROGRAM
    " release [--dry-run]         give every waiting job of ours back to plain Slurm\n"
    "       " PROGRAM " check [--json]              look whether Slurm is set up as it should be\n"
    "\n"
#ifdef WF_SLURM_REST
    "  --rest URL           where slurmrestd is: unix:/PATH or http://HOST:PORT (always needed)\n"
    "  --token-file FILE    its token, read anew each time (the variable SLURM_JWT, or none)\n"
#else
    "  --conf FILE          Slurm's configuration (SLURM_CONF, or where libslurm looks)\n"
#endif
    "  --socket PATH        where the daemon connects\n"
    "  --heartbeat FILE     kept fresh while a daemon decides; job_submit.lua reads it\n"
    "  --daemon-user NAME   the daemon's account, beside root and our own\n"
    "  --silence SECONDS    give held jobs back when no daemon has come for so long (60)\n"
    "  --stall SECONDS      begin anew when one call of Slurm lasts so long (120)\n"
    "  --dry-run            release: only say what would be done\n"
    "  --json               check: for programs\n"
    "  --version, --help\n"
    "\n"
#ifdef WF_SLURM_REST
    "Example: " PROGRAM
    " --rest unix:/run/slurmrestd.socket --socket /var/lib/whaleflux/slurm.sock\n";
#else
    "Example: " PROGRAM
    " --socket /var/lib/whaleflux/slurm.sock --heartbeat /run/whaleflux/alive\n";
#endif

static int complain(const char *sentence, const char *what)
{
    fprintf(stderr, PROGRAM ": %s%s\n", sentence, what);
    return 2;
}

static bool read_seconds(const char *text, int64_t *ms_out)
{
    char *end;
    const long seconds = strtol(text, &end, 10);

    *ms_out = (int64_t)seconds * 1000;
    return end != text && *end == '\0' && seconds >= 1 && seconds <= 86400;
}

enum {
    SOCKET = 256,
    CONF,
    REST,
    TOKEN_FILE,
    HEARTBEAT,
    DAEMON_USER,
    SILENCE,
    STALL,
    DRY_RUN,
    JSON,
    VERSION,
    HELP
};

static int take_option(int option, struct settings *settings)
{
    struct passwd *user;
    char version[16];

    switch (option) {
    case SOCKET:
        settings->server.socket_path = optarg;
        return 0;
    case CONF:
        settings->place.conf = optarg;
        return 0;
    case REST:
        settings->place.rest = optarg;
        return 0;
    case TOKEN_FILE:
        settings->place.token_file = optarg;
        return 0;
    case HEARTBEAT:
        settings->server.heartbeat_path = optarg;
        return 0;
    case DAEMON_USER:
        user = getpwnam(optarg);
        if (user == NULL) {
            return complain("there is no user ", optarg);
        }
        settings->server.daemon_uid = user->pw_uid;
        return 0;
    case SILENCE:
        return read_seconds(optarg, &settings->server.silence_ms)
                   ? 0
                   : complain("--silence takes seconds from 1 to 86400, not ", optarg);
    case STALL:
        return read_seconds(optarg, &settings->server.stall_ms)
                   ? 0
                   : complain("--stall takes seconds from 1 to 86400, not ", optarg);
    case DRY_RUN:
        settings->dry_run = true;
        return 0;
    case JSON:
        settings->json = true;
        return 0;
    case VERSION:
        printf(PROGRAM " %s for Slurm %s\n", WF_VERSION,
               wf_slurm_version(version, sizeof(version)));
        exit(0);
    case HELP:
        fputs(usage, stdout);
        exit(0);
    default:
        fputs(usage, stderr);
        return 2;
    }
}

static void *call_slurm(void *adapter)
{
    wf_adapter_run(adapter);
    return NULL;
}

static int serve(const struct settings *settings, char **argv)
{
    struct wf_server *server;
    struct wf_adapter adapter;
    struct wf_error err;
    pthread_t thread;
    struct wf_post *post = wf_post_create();

    if (post == NULL) {
        return complain("no event descriptor could be had: ", strerror(errno));
    }
    if (wf_server_create(&settings->server, post, &server, &err) != WF_OK) {
        wf_post_destroy(post);
        return complain("", err.text);
    }
    wf_adapter_init(&adapter, post);
    if (pthread_create(&thread, NULL, call_slurm, &adapter) != 0) {
        return complain("no thread could be started", "");
    }
    if (wf_server_run(server) == WF_SERVER_STALLED) {
        // The thread cannot be ended from outside: a new process can. Nothing is kept here.
        fputs("whaleflux-slurm: a call of Slurm does not come back: beginning anew\n", stderr);
        execv("/proc/self/exe", argv);
        return complain("could not begin anew: ", strerror(errno));
    }
    wf_post_stop(post);
    pthread_join(thread, NULL);
    wf_server_destroy(server);
    wf_adapter_finish(&adapter);
    wf_post_destroy(post);
    return 0;
}

static int run(const char *verb, const struct settings *settings, char **argv)
{
    struct wf_error err;
    int status;

    if (wf_slurm_open(&settings->place, &err) != WF_OK) {
        return complain("", err.text);
    }
    if (verb == NULL) {
        status = serve(settings, argv);
    } else if (strcmp(verb, "release") == 0) {
        status = wf_free_once(settings->dry_run);
    } else {
        status = wf_check(settings->json);
    }
    wf_slurm_close();
    return status;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"socket", required_argument, NULL, SOCKET},
#ifdef WF_SLURM_REST
        {"rest", required_argument, NULL, REST},
        {"token-file", required_argument, NULL, TOKEN_FILE},
#else
        {"conf", required_argument, NULL, CONF},
#endif
        {"heartbeat", required_argument, NULL, HEARTBEAT},
        {"daemon-user", required_argument, NULL, DAEMON_USER},
        {"silence", required_argument, NULL, SILENCE},
        {"stall", required_argument, NULL, STALL},
        {"dry-run", no_argument, NULL, DRY_RUN},
        {"json", no_argument, NULL, JSON},
        {"version", no_argument, NULL, VERSION},
        {"help", no_argument, NULL, HELP},
        {NULL, 0, NULL, 0},
    };
    struct settings settings = {.server = {.daemon_uid = geteuid(),
                                           .slurm_user = wf_slurm_user,
                                           .silence_ms = 60000,
                                           .stall_ms = 120000}};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        const int status = take_option(option, &settings);
        if (status != 0) {
            return status;
        }
    }
    const char *const verb = optind < argc ? argv[optind] : NULL;
    if (argc - optind > 1) {
        return complain("too much: ", argv[optind + 1]);
    }
    if (verb != NULL && strcmp(verb, "release") != 0 && strcmp(verb, "check") != 0) {
        return complain("the verbs are release and check, not ", verb);
    }
    if (verb == NULL && settings.server.socket_path == NULL) {
        return complain("--socket PATH is missing (--help tells more)", "");
    }
    return run(verb, &settings, argv);
}
