// SPDX-License-Identifier: Apache-2.0
// The verb journal: whether a journal holds what it says.
#include <string.h>

#include "base/number.h"
#include "cli/commands.h"
#include "sim/rerun/journal_check.h"

static void print(const char *path, const struct wf_journal_check *check)
{
    char text[WF_NUMBER_BYTES];
    printf("%s: made by whaleflux %s with %s%s%s\n", path, check->program, check->discipline,
           check->discipline[0] ? "/" : "", check->policy);
    printf("  driver      %s\n", check->driver);
    printf("  events      %s\n", wf_number_count(text, (int64_t)check->events));
    printf("  decisions   %s\n", wf_number_count(text, (int64_t)check->decisions));
    printf("  hash        %016llx\n", (unsigned long long)check->hash);
    printf("  checked     %s hashes stand in it, each is right",
           wf_number_count(text, (int64_t)check->hashes));
    if (check->unhashed > 0) {
        printf("; %s events follow the last", wf_number_count(text, (int64_t)check->unhashed));
    }
    printf("\n");
    if (check->torn_bytes > 0) {
        printf("  torn        the last line was cut short, %llu bytes are left out\n",
               (unsigned long long)check->torn_bytes);
    }
}

static enum wf_status run(int argc, char **argv, struct wf_error *err)
{
    if (argc < 2 || strcmp(argv[1], "verify") != 0) {
        return wf_fail(err, WF_INVALID, "what to do with a journal is '%.60s', it must be verify",
                       argc < 2 ? "" : argv[1]);
    }
    if (argc != 3) {
        return wf_fail(err, WF_INVALID,
                       argc < 3 ? "the journal is missing" : "one journal at a time is verified");
    }
    struct wf_journal_check check;
    enum wf_status status = wf_journal_check(argv[2], &check, err);
    if (status == WF_OK) {
        print(argv[2], &check);
    }
    return status;
}

const struct wf_command wf_command_journal = {
    .name = "journal",
    .usage = "verify FILE",
    .summary = "steps the events of a journal again and compares the hashes of the decisions",
    .options = NULL,
    .more = "",
    .run = run,
};
