// SPDX-License-Identifier: Apache-2.0
// Finds the options in a script. Slurm reads lines "#SBATCH" up to the first command; so do we.
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "jobfile/sbatch.h"
#include "text/lines.h"

enum argument { NONE, NEEDED, MAYBE };
enum what { TAKEN, NOTED, REFUSED };
enum { WORD_BYTES = 4096, SHOWN = 80 };

struct option {
    const char *name;
    char letter;
    enum argument argument;
    enum what what;
    enum wf_sbatch_taken taken; // of one that is taken
    const char *why;            // of the others
};

#define TAKE(name, letter, argument, option) {name, letter, argument, TAKEN, WF_SBATCH_##option, ""}
#define NOTE(name, letter, argument, why) {name, letter, argument, NOTED, WF_SBATCH_COUNT, why}
#define REFUSE(name, letter, argument, why) {name, letter, argument, REFUSED, WF_SBATCH_COUNT, why}

static const char mail[] = "no mail is sent; `whaleflux events` tells what happens";
static const char output[] = "what a job writes is kept by WhaleFlux: `whaleflux logs`";
static const char other_nodes[] =
    "names of Slurm's nodes mean nothing here; the job goes where it fits";
static const char layout[] = "how CPUs and GPUs lie to each other is not chosen";
static const char speed[] = "clocks are not changed";
static const char accounts[] = "there are no accounts; costs are counted by user and queue";
static const char report[] = "is about what sbatch itself prints";

static const struct option options[] = {
    TAKE("array", 'a', NEEDED, ARRAY),
    TAKE("begin", 'b', NEEDED, BEGIN),
    TAKE("chdir", 'D', NEEDED, CHDIR),
    TAKE("workdir", 0, NEEDED, CHDIR), // as it was called before
    TAKE("constraint", 'C', NEEDED, CONSTRAINT),
    TAKE("cpus-per-gpu", 0, NEEDED, CPUS_PER_GPU),
    TAKE("cpus-per-task", 'c', NEEDED, CPUS_PER_TASK),
    TAKE("deadline", 0, NEEDED, DEADLINE),
    TAKE("dependency", 'd', NEEDED, DEPENDENCY),
    TAKE("export", 0, NEEDED, EXPORT),
    TAKE("gpus", 'G', NEEDED, GPUS),
    TAKE("gpus-per-node", 0, NEEDED, GPUS_PER_NODE),
    TAKE("gpus-per-task", 0, NEEDED, GPUS_PER_TASK),
    TAKE("gres", 0, NEEDED, GRES),
    TAKE("hold", 'H', NONE, HOLD),
    TAKE("input", 'i', NEEDED, INPUT),
    TAKE("job-name", 'J', NEEDED, JOB_NAME),
    TAKE("mem", 0, NEEDED, MEM),
    TAKE("mem-per-cpu", 0, NEEDED, MEM_PER_CPU),
    TAKE("mem-per-gpu", 0, NEEDED, MEM_PER_GPU),
    TAKE("mincpus", 0, NEEDED, MINCPUS),
    TAKE("nice", 0, MAYBE, NICE),
    TAKE("nodes", 'N', NEEDED, NODES),
    TAKE("no-requeue", 0, NONE, NO_REQUEUE),
    TAKE("ntasks", 'n', NEEDED, NTASKS),
    TAKE("ntasks-per-gpu", 0, NEEDED, NTASKS_PER_GPU),
    TAKE("ntasks-per-node", 0, NEEDED, NTASKS_PER_NODE),
    TAKE("partition", 'p', NEEDED, PARTITION),
    TAKE("priority", 0, NEEDED, PRIORITY),
    TAKE("requeue", 0, NONE, REQUEUE),
    TAKE("signal", 0, NEEDED, SIGNAL),
    TAKE("time", 't', NEEDED, TIME),
    TAKE("tres-per-task", 0, NEEDED, TRES_PER_TASK),

    NOTE("account", 'A', NEEDED, accounts),
    NOTE("acctg-freq", 0, NEEDED, "use is always measured"),
    NOTE("batch", 0, NEEDED, "the script runs on the node of the job"),
    NOTE("bell", 0, NONE, report),
    NOTE("cluster-constraint", 0, NEEDED, "there is one cluster"),
    NOTE("clusters", 'M', NEEDED, "there is one cluster"),
    NOTE("comment", 0, NEEDED, "comments are not kept"),
    NOTE("contiguous", 0, NONE, layout),
    NOTE("core-spec", 'S', NEEDED, layout),
    NOTE("cores-per-socket", 0, NEEDED, layout),
    NOTE("cpu-bind", 0, NEEDED, layout),
    NOTE("cpu-freq", 0, NEEDED, speed),
    NOTE("delay-boot", 0, NEEDED, "nodes are not booted"),
    NOTE("distribution", 'm', NEEDED, layout),
    NOTE("error", 'e', NEEDED, output),
    NOTE("exclude", 'x', NEEDED, other_nodes),
    NOTE("exclusive", 0, MAYBE,
         "other jobs may share the node; GPUs of a job are its own, as in Slurm"),
    NOTE("extra", 0, NEEDED, "comments are not kept"),
    NOTE("extra-node-info", 'B', NEEDED, layout),
    NOTE("get-user-env", 0, MAYBE, "the environment is what is in the job document"),
    NOTE("gpu-bind", 0, NEEDED, layout),
    NOTE("gpu-freq", 0, NEEDED, speed),
    NOTE("gres-flags", 0, NEEDED, layout),
    NOTE("hint", 0, NEEDED, layout),
    NOTE("ignore-pbs", 0, NONE, "no other lines than #SBATCH are read"),
    NOTE("kill-on-invalid-dep", 0, NEEDED, "`whaleflux explain` tells of such a job"),
    NOTE("mail-type", 0, NEEDED, mail),
    NOTE("mail-user", 0, NEEDED, mail),
    NOTE("mcs-label", 0, NEEDED, accounts),
    NOTE("mem-bind", 0, NEEDED, layout),
    NOTE("no-bell", 0, NONE, report),
    NOTE("no-kill", 'k', MAYBE, "there is one node"),
    NOTE("nodefile", 'F', NEEDED, other_nodes),
    NOTE("nodelist", 'w', NEEDED, other_nodes),
    NOTE("ntasks-per-core", 0, NEEDED, layout),
    NOTE("ntasks-per-socket", 0, NEEDED, layout),
    NOTE("open-mode", 0, NEEDED, output),
    NOTE("output", 'o', NEEDED, output),
    NOTE("overcommit", 'O', NONE, layout),
    NOTE("oversubscribe", 's', NONE, "GPUs are shared only where a job asks for a share of one"),
    NOTE("parsable", 0, NONE, report),
    NOTE("power", 0, NEEDED, speed),
    NOTE("prefer", 0, NEEDED, "wishes are not kept, only what a job needs (--constraint)"),
    NOTE("profile", 0, NEEDED, "use is always measured"),
    NOTE("propagate", 0, MAYBE, "limits of the submitter's shell are not taken"),
    NOTE("qos", 'q', NEEDED, "there are no classes of service beside queues and priorities"),
    NOTE("quiet", 'Q', NONE, report),
    NOTE("reboot", 0, NONE, "nodes are not booted"),
    NOTE("reservation", 0, NEEDED, "there are no reservations by name"),
    NOTE("resv-ports", 0, MAYBE, "ports are not handed out"),
    NOTE("sockets-per-node", 0, NEEDED, layout),
    NOTE("spread-job", 0, NONE, layout),
    NOTE("switches", 0, NEEDED, "there is one node"),
    NOTE("thread-spec", 0, NEEDED, layout),
    NOTE("threads-per-core", 0, NEEDED, layout),
    NOTE("time-min", 0, NEEDED, "limits are not shortened to start sooner"),
    NOTE("tmp", 0, NEEDED, "room on a node's disk is not counted"),
    NOTE("use-min-nodes", 0, NONE, "there is one node"),
    NOTE("verbose", 'v', NONE, report),
    NOTE("wait", 'W', NONE, "is said when submitting: `whaleflux run` waits"),
    NOTE("wait-all-nodes", 0, NEEDED, "there is one node"),
    NOTE("wckey", 0, NEEDED, accounts),

    REFUSE("bb", 0, NEEDED, "there are no burst buffers: copy the files in the script"),
    REFUSE("bbf", 0, NEEDED, "there are no burst buffers: copy the files in the script"),
    REFUSE("container", 0, NEEDED, "containers are not started: write what runs in the script"),
    REFUSE("container-id", 0, NEEDED, "containers are not started: write what runs in the script"),
    REFUSE("export-file", 0, NEEDED, "variables are not read from a file: use --export=NAME=value"),
    REFUSE("gid", 0, NEEDED, "a job runs as who submits it"),
    REFUSE("gpus-per-socket", 0, NEEDED, "say how many GPUs the job needs: --gpus"),
    REFUSE("immediate", 'I', MAYBE, "a job that cannot start at once waits; it is not given up"),
    REFUSE("licenses", 'L', NEEDED, "licenses are not counted, so the job might start without one"),
    REFUSE("network", 0, NEEDED, "networks are not configured for a job"),
    REFUSE("segment", 0, NEEDED, "a script runs on one node"),
    REFUSE("stepmgr", 0, NONE, "there are no job steps"),
    REFUSE("test-only", 0, NONE, "is said when submitting: `whaleflux submit --dry-run`"),
    REFUSE("uid", 0, NEEDED, "a job runs as who submits it"),
    REFUSE("wrap", 0, NEEDED, "there is a script already"),
};

const char *wf_sbatch_value(const struct wf_sbatch *sbatch, enum wf_sbatch_taken option)
{
    return sbatch->option[option].text;
}

static const char *option_name(enum wf_sbatch_taken taken)
{
    size_t i = 0;
    while (options[i].what != TAKEN || options[i].taken != taken) {
        i++;
    }
    return options[i].name;
}

enum wf_status wf_sbatch_fail(struct wf_sbatch *sbatch, enum wf_sbatch_taken option,
                              const char *format, ...)
{
    char text[300];
    char shown[SHOWN];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    wf_lines_quote(sbatch->option[option].text, shown, sizeof shown);
    return wf_import_fail(sbatch->import, "line %u: --%s%s%s: %s", sbatch->option[option].line,
                          option_name(option), shown[0] ? "=" : "", shown, text);
}

void wf_sbatch_note(struct wf_sbatch *sbatch, enum wf_sbatch_taken option, const char *format, ...)
{
    char text[300];
    char shown[SHOWN];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    wf_lines_quote(sbatch->option[option].text, shown, sizeof shown);
    wf_import_note(sbatch->import, "line %u: --%s%s%s: %s", sbatch->option[option].line,
                   option_name(option), shown[0] ? "=" : "", shown, text);
}

// The next word of a line, without the quotes that were in it. Returns where it ends, NULL at the
// end of the line. A '#' begins a comment.
static const char *next_word(const char *at, char *word)
{
    size_t length = 0;
    char quote = 0;
    at += strspn(at, " \t\r");
    if (*at == '\0' || *at == '\n' || *at == '#') {
        return NULL;
    }
    for (; *at && *at != '\n' && (quote || !strchr(" \t\r", *at)); at++) {
        if (*at == quote) {
            quote = 0;
        } else if (!quote && (*at == '"' || *at == '\'')) {
            quote = *at;
        } else {
            at += *at == '\\' && quote != '\'' && at[1] && at[1] != '\n';
            word[length] = *at;
            length += length + 1 < WORD_BYTES;
        }
    }
    word[length] = '\0';
    return at;
}

// An option by its name, also where it is cut short but cannot be another.
static const struct option *find_long(const char *word, size_t length)
{
    const struct option *found = NULL;
    uint32_t count = 0;
    for (size_t i = 0; i < WF_COUNT_OF(options); i++) {
        bool begins = strncmp(options[i].name, word, length) == 0;
        if (begins && strlen(options[i].name) == length) {
            return &options[i];
        }
        count += begins;
        found = begins ? &options[i] : found;
    }
    return count == 1 ? found : NULL;
}

static const struct option *find_short(char letter)
{
    for (size_t i = 0; i < WF_COUNT_OF(options); i++) {
        if (letter && options[i].letter == letter) {
            return &options[i];
        }
    }
    return NULL;
}

static enum wf_status use_option(struct wf_sbatch *sbatch, const struct option *option,
                                 const char *value)
{
    char shown[SHOWN];
    wf_lines_quote(value, shown, sizeof shown);
    const char *equals = shown[0] ? "=" : "";
    if (option->what == REFUSED) {
        return wf_import_fail(sbatch->import, "line %u: --%s%s%s: %s", sbatch->line, option->name,
                              equals, shown, option->why);
    }
    if (option->what == NOTED) {
        wf_import_note(sbatch->import, "line %u: --%s%s%s: %s", sbatch->line, option->name, equals,
                       shown, option->why);
        return WF_OK;
    }
    const char *copy = wf_job_memory_copy(sbatch->import->out->memory, value, strlen(value));
    if (!copy) {
        return wf_job_memory_fail(sbatch->import->err);
    }
    sbatch->option[option->taken].text = copy;
    sbatch->option[option->taken].line = sbatch->line;
    return WF_OK;
}

static enum wf_status fail_word(struct wf_sbatch *sbatch, const char *word, const char *why)
{
    char shown[SHOWN];
    wf_lines_quote(word, shown, sizeof shown);
    return wf_import_fail(sbatch->import, "line %u: '%s' %s", sbatch->line, shown, why);
}

// One option: "--time=5", "--time 5", "-t5", "-t 5".
static enum wf_status read_option(struct wf_sbatch *sbatch, const char *word, const char **at)
{
    char value[WORD_BYTES] = "";
    const struct option *option = NULL;
    const char *inside = NULL; // the value in the same word
    if (strncmp(word, "--", 2) == 0) {
        size_t length = strcspn(word + 2, "=");
        option = length > 0 ? find_long(word + 2, length) : NULL;
        inside = word[2 + length] == '=' ? word + 3 + length : NULL;
    } else if (word[0] == '-') {
        option = find_short(word[1]);
        inside = word[1] && word[2] ? word + 2 + (word[2] == '=') : NULL;
    }
    if (!option) {
        return fail_word(sbatch, word,
                         word[0] == '-' ? "is no option of sbatch that is known here"
                                        : "is no option");
    }
    if (inside && option->argument == NONE) {
        return fail_word(sbatch, word, "takes no value");
    }
    if (inside) {
        snprintf(value, sizeof value, "%s", inside);
    } else if (option->argument == NEEDED) {
        *at = next_word(*at, value);
        if (!*at) {
            return fail_word(sbatch, word, "needs a value");
        }
    }
    return use_option(sbatch, option, value);
}

static enum wf_status read_line(struct wf_sbatch *sbatch, const char *at)
{
    char word[WORD_BYTES] = "";
    enum wf_status status = WF_OK;
    sbatch->directives++;
    while (status == WF_OK && (at = next_word(at, word))) {
        if (strcmp(word, "hetjob") == 0 || strcmp(word, "packjob") == 0) {
            return fail_word(sbatch, word,
                             "begins a job of unlike parts: submit the parts as jobs");
        }
        status = read_option(sbatch, word, &at);
    }
    return status;
}

enum wf_status wf_sbatch_scan(struct wf_sbatch *sbatch, const char *script)
{
    bool begun = false; // there was a command
    enum wf_status status = WF_OK;
    for (const char *line = script; *line && status == WF_OK;) {
        const char *end = line + strcspn(line, "\n");
        bool directive = strncmp(line, "#SBATCH", 7) == 0 && strchr(" \t\r\n", line[7]);
        sbatch->line++;
        if (directive && begun) {
            wf_import_note(sbatch->import,
                           "line %u: #SBATCH behind the first command is not read, as in Slurm",
                           sbatch->line);
        } else if (directive) {
            status = read_line(sbatch, line + 7);
        } else if (line[0] != '#' && line + strspn(line, " \t\r") != end) {
            begun = true;
        }
        line = *end ? end + 1 : end;
    }
    return status;
}
