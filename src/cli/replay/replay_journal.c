// SPDX-License-Identifier: Apache-2.0
#include "cli/replay/replay_journal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/number.h"
#include "cli/file.h"

enum { DRIVER_BYTES = 1024 };

// Adds " name=bytes:digest" of a file; its path may change.
static enum wf_status add_file(char *text, const char *name, const char *path, struct wf_error *err)
{
    struct stat about;
    uint64_t digest = 0;
    size_t length = strlen(text);
    if (!path) {
        snprintf(text + length, DRIVER_BYTES - length, " %s=none", name);
        return WF_OK;
    }
    if (stat(path, &about) != 0) {
        return wf_fail(err, WF_IO, "%s cannot be opened: %s", path, strerror(errno));
    }
    if (!S_ISREG(about.st_mode)) {
        return wf_fail(err, WF_INVALID,
                       "%.200s can be read but once, and --journal must know it again: put it "
                       "into a file",
                       path);
    }
    enum wf_status status = wf_file_digest(path, &digest, err);
    snprintf(text + length, DRIVER_BYTES - length, " %s=%llu:%016llx", name,
             (unsigned long long)about.st_size, (unsigned long long)digest);
    return status;
}

enum wf_status wf_replay_journal_open(const char *path, const struct wf_replay_inputs *inputs,
                                      struct wf_rerun_journal **journal_out, struct wf_error *err)
{
    char driver[DRIVER_BYTES] = "replay";
    enum wf_status status = add_file(driver, "history", inputs->history, err);
    status = status == WF_OK ? add_file(driver, "cluster", inputs->cluster, err) : status;
    status = status == WF_OK ? add_file(driver, "prices", inputs->prices, err) : status;
    if (status != WF_OK) {
        return status;
    }
    size_t length = strlen(driver);
    snprintf(driver + length, sizeof driver - length, "%s", inputs->options);
    const struct wf_rerun_journal_config config = {
        .path = path, .program = WF_VERSION, .driver = driver};
    return wf_rerun_journal_open(&config, journal_out, err);
}

void wf_replay_journal_tell(const char *path, const struct wf_rerun_journal *journal)
{
    struct wf_rerun_journal_told told = wf_rerun_journal_told(journal);
    char found[WF_NUMBER_BYTES], all[WF_NUMBER_BYTES];
    if (told.torn_bytes > 0) {
        fprintf(stderr, "whaleflux: %s: the last line was cut short, %llu bytes are left out\n",
                path, (unsigned long long)told.torn_bytes);
    }
    if (told.found > 0) {
        fprintf(stderr, "whaleflux: %s: resumed, %s of %s events were there\n", path,
                wf_number_count(found, (int64_t)told.found),
                wf_number_count(all, (int64_t)told.events));
    }
}
