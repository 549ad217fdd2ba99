// SPDX-License-Identifier: Apache-2.0
// The verbs disable_hags, enable_hags and hags: GPU scheduling by hardware on the Windows machines
// of a cluster.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/file.h"
#include "cli/hags/hags_view.h"
#include "cli/live/live.h"
#include "cli/live/submission.h"
#include "hags/export.h"
#include "hags/helper.h"

enum { LOOK_PAUSE_MS = 100, LOOK_PAUSES = 6000 }; // ten minutes, for a look at others' hosts

static const struct wf_option options[] = {
    {"inventory", "FILE",
     "the hosts: YAML, Ansible, kubectl's JSON (~/.config/whaleflux/hosts.yaml)"},
    {"cluster", "NAME", "a cluster or group of the inventory (all)"},
    {"os", "NAME", "only what really is windows10, windows11, windows-server or build>=N"},
    {"hosts", "NAMES", "only these of them, with commas"},
    {"user", "NAME", "ssh's user, where the inventory names none"},
    {"key", "FILE", "ssh's key, likewise"},
    {"jump", "HOST", "the host to go through, likewise"},
    {"accept-new-host-keys", NULL, "takes the keys of hosts never met before (refused)"},
    {"dry-run", NULL, "looks, says what would be set, and sets nothing"},
    {"reboot", "HOW", "never, drained (work is moved away first) or now (never)"},
    {"wave", "N", "how many restart at once (2)"},
    {"drain-limit", "SECONDS", "how long work may take to leave a host before that (900)"},
    {"wait", NULL, "waits until those that are set have restarted and are verified"},
    {"wait-limit", "SECONDS", "how long a restart may take (1200)"},
    {"poll", "SECONDS", "how often a machine that restarts is asked (5)"},
    {"at-once", "N", "how many hosts are worked on at once (64)"},
    {"timeout", "SECONDS", "how long one step may take (60)"},
    {"connect-timeout", "SECONDS", "how long a host may take to answer (10)"},
    {"retries", "N", "how often a failed connection is tried again (2)"},
    {"state-dir", "DIR", "where what is done is recorded (~/.local/state/whaleflux)"},
    {"helper", "FILE", "another helper program than the one in here"},
    {"export", "KIND", "writes files for intune, gpo, reg or powershell; asks no host"},
    {"out", "DIR", "where the export is written (.)"},
    {"yes", NULL, "-y: does not ask before the first host is set"},
    {"json", NULL, "prints JSON instead of a table"},
    {"metrics", "FILE", "also writes states and driver time-outs there, as Prometheus reads them"},
    {NULL, NULL, NULL},
};

struct run {
    struct wf_fleet_config config;
    const char *inventory_path, *cluster, *hosts, *user, *key, *jump, *state_folder, *helper_path;
    const char *export, *out, *metrics;
    bool yes, json;
    struct wf_inventory *inventory;
    struct wf_host *chosen; // copies, with what the options add
    const struct wf_host **pointers;
    void *helper; // read from helper_path; NULL: the one in here
    char folder[4096], self[4096];
    struct wf_hags_progress progress;
};

static enum wf_status take_number(struct run *run, const char *name, const char *value,
                                  struct wf_error *err)
{
    const struct {
        const char *name;
        uint32_t *place, min, max, unit;
    } numbers[] = {
        {"wave", &run->config.wave, 1, 100000, 1},
        {"drain-limit", &run->config.drain_timeout_s, 1, 604800, 1},
        {"wait-limit", &run->config.wait_timeout_s, 1, 604800, 1},
        {"poll", &run->config.poll_ms, 1, 3600, 1000},
        {"at-once", &run->config.at_once, 1, 1000, 1},
        {"timeout", &run->config.step_timeout_s, 1, 3600, 1},
        {"connect-timeout", &run->config.connect_timeout_s, 1, 600, 1},
        {"retries", &run->config.retries, 0, 20, 1},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(numbers); i++) {
        if (strcmp(name, numbers[i].name) == 0) {
            char what[32];
            uint64_t number = 0;
            snprintf(what, sizeof what, "--%s", name);
            enum wf_status status =
                wf_option_number(what, value, numbers[i].min, numbers[i].max, &number, err);
            *numbers[i].place = (uint32_t)number * numbers[i].unit;
            return status;
        }
    }
    return wf_fail(err, WF_INVALID, "there is no option '--%s'", name);
}

static enum wf_status take_reboot(struct run *run, const char *value, struct wf_error *err)
{
    static const char *const words[] = {"never", "drained", "now"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(value, words[i]) == 0) {
            run->config.reboot = (enum wf_fleet_reboot)i;
            return WF_OK;
        }
    }
    return wf_fail(err, WF_INVALID, "--reboot is '%.40s', it must be never, drained or now", value);
}

static enum wf_status take(void *context, const char *name, const char *value, struct wf_error *err)
{
    struct run *run = context;
    const struct {
        const char *name;
        const char **text;
        bool *flag;
    } places[] = {
        {"inventory", &run->inventory_path, NULL},
        {"cluster", &run->cluster, NULL},
        {"hosts", &run->hosts, NULL},
        {"user", &run->user, NULL},
        {"key", &run->key, NULL},
        {"jump", &run->jump, NULL},
        {"state-dir", &run->state_folder, NULL},
        {"helper", &run->helper_path, NULL},
        {"export", &run->export, NULL},
        {"out", &run->out, NULL},
        {"metrics", &run->metrics, NULL},
        {"accept-new-host-keys", NULL, &run->config.accept_new},
        {"dry-run", NULL, &run->config.dry_run},
        {"wait", NULL, &run->config.wait},
        {"yes", NULL, &run->yes},
        {"json", NULL, &run->json},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(places); i++) {
        if (strcmp(name, places[i].name) == 0) {
            if (places[i].flag) {
                *places[i].flag = true;
            } else {
                *places[i].text = value;
            }
            return WF_OK;
        }
    }
    if (strcmp(name, "os") == 0) {
        run->config.os = value;
        return wf_hags_os_check(value, err);
    }
    return strcmp(name, "reboot") == 0 ? take_reboot(run, value, err)
                                       : take_number(run, name, value, err);
}

static enum wf_status write_export(const struct run *run, struct wf_error *err)
{
    struct wf_hags_file files[WF_HAGS_FILES_MAX];
    uint32_t count;
    if (run->config.goal != WF_HAGS_TURN_OFF && run->config.goal != WF_HAGS_TURN_ON) {
        return wf_fail(err, WF_INVALID, "--export is for disable_hags and enable_hags");
    }
    enum wf_status status =
        wf_hags_export(run->export, run->config.goal == WF_HAGS_TURN_OFF, files, &count, err);
    for (uint32_t i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", run->out ? run->out : ".", files[i].name);
        if (status == WF_OK) {
            status = wf_file_write(path, files[i].text, err);
        }
        if (status == WF_OK) {
            printf("%s\n", path);
        }
        free(files[i].text);
    }
    return status;
}

static enum wf_status find_folders(struct run *run, struct wf_error *err)
{
    const char *home = getenv("HOME");
    const char *state = getenv("XDG_STATE_HOME");
    ssize_t length = readlink("/proc/self/exe", run->self, sizeof run->self - 1);
    run->self[length > 0 ? length : 0] = '\0';
    run->config.self = length > 0 ? run->self : "whaleflux";
    if (run->state_folder) {
        return WF_OK;
    }
    if (!(state && state[0] == '/') && !(home && home[0] == '/')) {
        return wf_fail(err, WF_INVALID, "HOME is not set: --state-dir says where to keep records");
    }
    snprintf(run->folder, sizeof run->folder, "%s%s/whaleflux", state && state[0] ? state : home,
             state && state[0] ? "" : "/.local/state");
    run->state_folder = run->folder;
    return WF_OK;
}

static enum wf_status read_inventory(struct run *run, struct wf_error *err)
{
    char path[4096];
    if (run->inventory_path) {
        return wf_inventory_read(run->inventory_path, &run->inventory, err);
    }
    const char *home = getenv("HOME");
    snprintf(path, sizeof path, "%s/.config/whaleflux/hosts.yaml", home ? home : "");
    enum wf_status status = wf_inventory_read(path, &run->inventory, err);
    return status == WF_OK ? status
                           : wf_error_prefix(err, status, "--inventory names no file, and ");
}

// Whether the name stands in the list with commas.
static bool is_listed(const char *list, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = list; (at = strstr(at, name)); at++) {
        if ((at == list || at[-1] == ',') && (at[length] == '\0' || at[length] == ',')) {
            return true;
        }
    }
    return false;
}

static void add_ways(const struct run *run, struct wf_host *host)
{
    host->ways.user = host->ways.user ? host->ways.user : run->user;
    host->ways.key = host->ways.key ? host->ways.key : run->key;
    host->ways.jump = host->ways.jump ? host->ways.jump : run->jump;
}

static enum wf_status choose(struct run *run, struct wf_error *err)
{
    uint32_t count = wf_inventory_count(run->inventory);
    const char *cluster = run->cluster ? run->cluster : "all";
    bool *marks = calloc(count, 1);
    run->chosen = calloc(count, sizeof *run->chosen);
    run->pointers = calloc(count, sizeof *run->pointers);
    if (!marks || !run->chosen || !run->pointers) {
        free(marks);
        return wf_fail(err, WF_NOMEM, "there is no memory for the hosts");
    }
    enum wf_status status = wf_inventory_choose(run->inventory, cluster, marks, err);
    for (uint32_t i = 0; i < count && status == WF_OK; i++) {
        const struct wf_host *host = wf_inventory_host(run->inventory, i);
        if (marks[i] && (!run->hosts || is_listed(run->hosts, host->name))) {
            struct wf_host *copy = &run->chosen[run->config.count];
            *copy = *host;
            add_ways(run, copy);
            run->pointers[run->config.count++] = copy;
        }
    }
    free(marks);
    if (status == WF_OK && run->config.count == 0) {
        status = wf_fail(err, WF_NOTFOUND, "no host of '%.60s' is chosen", cluster);
    }
    run->config.hosts = run->pointers;
    return status;
}

static enum wf_status read_helper(struct run *run, struct wf_error *err)
{
    enum { HELPER_BYTES_MAX = 1 << 20 };
    run->config.helper = wf_hags_helper(&run->config.helper_length);
    if (!run->helper_path) {
        return run->config.helper
                   ? WF_OK
                   : wf_fail(err, WF_UNFIT,
                             "this whaleflux was built without its Windows program: install "
                             "gcc-mingw-w64-x86-64-win32 and build it again, or name one with "
                             "--helper");
    }
    FILE *file = fopen(run->helper_path, "rbe");
    run->helper = file ? malloc(HELPER_BYTES_MAX) : NULL;
    size_t length = run->helper ? fread(run->helper, 1, HELPER_BYTES_MAX, file) : 0;
    if (file) {
        fclose(file);
    }
    if (length == 0) {
        return wf_fail(err, WF_IO, "%s cannot be read", run->helper_path);
    }
    run->config.helper = run->helper;
    run->config.helper_length = length;
    return WF_OK;
}

static const char *goal_words(enum wf_hags_goal goal)
{
    return goal == WF_HAGS_TURN_OFF  ? "off"
           : goal == WF_HAGS_TURN_ON ? "on"
                                     : "back to what it was";
}

// Says what will come of it, and asks.
static enum wf_status agree(const struct run *run, bool *agreed_out, struct wf_error *err)
{
    enum wf_hags_goal goal = run->config.goal;
    *agreed_out = true;
    if (goal == WF_HAGS_LOOK || run->config.dry_run) {
        return WF_OK;
    }
    if (!run->yes && !isatty(STDIN_FILENO)) {
        return wf_fail(err, WF_INVALID, "nobody is there to be asked: -y agrees");
    }
    fprintf(stderr,
            "GPU scheduling by hardware is to be set %s on up to %u host%s%s%s; --dry-run says "
            "which.\n",
            goal_words(goal), run->config.count, run->config.count == 1 ? "" : "s",
            run->config.os ? " that run " : "", run->config.os ? run->config.os : "");
    if (goal == WF_HAGS_TURN_OFF) {
        fputs("While it is off, frame generation (DLSS) does not run, and other things that build "
              "on it may not. It does not turn off driver time-outs (TDR).\n",
              stderr);
    }
    if (run->config.reboot != WF_FLEET_NEVER) {
        fprintf(stderr, "Hosts will be RESTARTED%s, %u at once.\n",
                run->config.reboot == WF_FLEET_NOW ? ", whatever runs on them" : " when drained",
                run->config.wave);
    }
    *agreed_out = run->yes || wf_submission_asks("Go on?");
    return WF_OK;
}

static void changed(void *context, const struct wf_fleet *fleet)
{
    wf_hags_progress_tell(context, fleet);
}

static enum wf_status print(struct run *run, struct wf_fleet *fleet, bool interrupted,
                            struct wf_error *err)
{
    enum { INTERRUPTED = 130 };
    enum wf_hags_goal goal = run->config.goal;
    struct wf_hags_counts counts = wf_hags_count(fleet, goal);
    enum wf_status status = run->json ? wf_hags_json_print(fleet, &counts, goal, err)
                                      : wf_hags_table_print(fleet, &counts, goal, err);
    if (status != WF_OK) {
        return status;
    }
    if (interrupted) {
        fputs("whaleflux: interrupted; the same command goes on where this stopped\n", stderr);
    } else if (counts.chosen == 0) {
        fprintf(stderr, "whaleflux: none of %u hosts is %s\n", counts.all, run->config.os);
    }
    wf_exit_set(interrupted                        ? INTERRUPTED
                : counts.good && counts.chosen > 0 ? WF_EXIT_DONE
                                                   : WF_EXIT_FAILED);
    return WF_OK;
}

static enum wf_status open_record(struct run *run, struct wf_error *err)
{
    bool looks = run->config.goal == WF_HAGS_LOOK || run->config.dry_run;
    struct wf_hags_record **record = &run->config.record;
    const char *folder = run->state_folder;
    enum wf_status status =
        wf_hags_record_open(folder, looks ? WF_HAGS_RECORD_LOOK : WF_HAGS_RECORD_SET, record, err);
    if (status == WF_EXISTS && looks) {
        // Who only looks does so beside a run that is at work.
        return wf_hags_record_open(folder, WF_HAGS_RECORD_READ, record, err);
    }
    // A daemon that watches looks from time to time: that keeps nobody from setting hosts.
    for (uint32_t i = 0; status == WF_EXISTS && i < LOOK_PAUSES && wf_hags_record_is_brief(folder);
         i++) {
        static const struct timespec pause = {0, LOOK_PAUSE_MS * 1000000L};
        if (i == 0) {
            fputs("whaleflux: waits until a look at the hosts is done\n", stderr);
        }
        (void)nanosleep(&pause, NULL);
        status = wf_hags_record_open(folder, WF_HAGS_RECORD_SET, record, err);
    }
    return status;
}

static enum wf_status work(struct run *run, struct wf_error *err)
{
    struct wf_fleet *fleet = NULL;
    bool interrupted = false;
    enum wf_status status = open_record(run, err);
    wf_hags_progress_init(&run->progress);
    run->config.changed = changed;
    run->config.context = &run->progress;
    status = status == WF_OK ? wf_fleet_create(&run->config, &fleet, err) : status;
    status = status == WF_OK ? wf_fleet_run(fleet, &interrupted, err) : status;
    wf_hags_progress_finish(&run->progress);
    if (status == WF_OK && run->metrics) {
        status = wf_hags_metrics_write(fleet, run->metrics, err);
    }
    status = status == WF_OK ? print(run, fleet, interrupted, err) : status;
    wf_fleet_destroy(fleet);
    wf_hags_record_close(run->config.record);
    return status;
}

static enum wf_status prepare(struct run *run, struct wf_error *err)
{
    enum wf_status status = find_folders(run, err);
    status = status == WF_OK ? read_helper(run, err) : status;
    status = status == WF_OK ? read_inventory(run, err) : status;
    status = status == WF_OK ? choose(run, err) : status;
    if (status == WF_OK && wf_inventory_note(run->inventory)[0]) {
        fprintf(stderr, "whaleflux: %s\n", wf_inventory_note(run->inventory));
    }
    return status;
}

static enum wf_status run_goal(enum wf_hags_goal goal, int argc, char **argv, struct wf_error *err)
{
    static const char *const letters[] = {"y", "--yes", NULL};
    struct run run = {.config = {.goal = goal,
                                 .wave = 2,
                                 .at_once = 64,
                                 .retries = 2,
                                 .connect_timeout_s = 10,
                                 .step_timeout_s = 60,
                                 .wait_timeout_s = 1200,
                                 .drain_timeout_s = 900,
                                 .poll_ms = 5000}};
    const struct wf_option_reader reader = {options, take, &run};
    int words = 0;
    bool agreed = false;
    wf_live_letters(argc, argv, letters);
    enum wf_status status = wf_options_parse(&reader, argc, argv, &words, err);
    if (status == WF_OK && words < argc) {
        status = wf_fail(err, WF_INVALID, "'%.60s' is one word too many", argv[words]);
    }
    if (status == WF_OK && run.export) {
        return write_export(&run, err);
    }
    status = status == WF_OK ? prepare(&run, err) : status;
    status = status == WF_OK ? agree(&run, &agreed, err) : status;
    if (status == WF_OK && !agreed) {
        fputs("Nothing was done.\n", stderr);
        wf_exit_set(WF_EXIT_REFUSED);
    } else if (status == WF_OK) {
        status = work(&run, err);
    }
    free(run.helper);
    free(run.chosen);
    free((void *)run.pointers);
    wf_inventory_destroy(run.inventory);
    return status;
}

static enum wf_status disable(int argc, char **argv, struct wf_error *err)
{
    return run_goal(WF_HAGS_TURN_OFF, argc, argv, err);
}

static enum wf_status enable(int argc, char **argv, struct wf_error *err)
{
    return run_goal(WF_HAGS_TURN_ON, argc, argv, err);
}

static enum wf_status hags(int argc, char **argv, struct wf_error *err)
{
    if (argc >= 2 && strcmp(argv[1], "status") == 0) {
        return run_goal(WF_HAGS_LOOK, argc - 1, argv + 1, err);
    }
    if (argc >= 2 && strcmp(argv[1], "restore") == 0) {
        return run_goal(WF_HAGS_RESTORE, argc - 1, argv + 1, err);
    }
    if (argc >= 2 && strcmp(argv[1], "watched") == 0) {
        return wf_hags_watched(argc - 1, argv + 1, err);
    }
    return wf_fail(err, WF_INVALID,
                   "after 'hags' comes status, restore or watched; disable_hags and "
                   "enable_hags are verbs of their own");
}

#define SWITCH_MORE                                                                                \
    "Exit status: 0 when every host is where it should be, 1 when not (also while one waits for "  \
    "its restart),\n2 for bad input, 4 when the question was answered with no, 130 when "          \
    "interrupted.\n"

#define SWITCH_USAGE "--cluster NAME [--os NAME] [--inventory FILE] [OPTION...]"

const struct wf_command wf_command_disable_hags = {
    .name = "disable_hags",
    .usage = SWITCH_USAGE,
    .summary = "turns GPU scheduling by hardware off on Windows hosts, and proves it",
    .options = options,
    .more = SWITCH_MORE "Example: whaleflux disable_hags --cluster=prod --os=windows11 --dry-run\n",
    .run = disable,
};

const struct wf_command wf_command_enable_hags = {
    .name = "enable_hags",
    .usage = SWITCH_USAGE,
    .summary = "turns GPU scheduling by hardware on on Windows hosts, and proves it",
    .options = options,
    .more = SWITCH_MORE "Example: whaleflux enable_hags --cluster=prod --os=windows11 --dry-run\n",
    .run = enable,
};

const struct wf_command wf_command_hags = {
    .name = "hags",
    .usage =
        "status|restore --cluster NAME [--os NAME] [--inventory FILE] [OPTION...]\n"
        "       whaleflux hags watched [WATCH] [--state NAMES] [--json] [--data-dir DIR] [--url URL]",
    .summary = "tells what GPU scheduling by hardware is on Windows hosts, or puts it back",
    .options = options,
    .more = "watched asks no host but the daemon: what its watches (serve --watch) found, and the "
            "hosts of one;\nwhat they are does not make its exit status.\n" SWITCH_MORE
            "Example: whaleflux hags status --cluster=prod\n",
    .run = hags,
};
