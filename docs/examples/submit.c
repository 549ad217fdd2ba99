// SPDX-License-Identifier: Apache-2.0
// Runs a command as a job, follows what it writes, and ends with its exit status: libwhaleflux in one
// page.
//
//   cc submit.c -o submit $(pkg-config --cflags --libs whaleflux)
//   ./submit nvidia-smi -L
#include <stdio.h>
#include <string.h>

#include <whaleflux.h>

static bool print(void *context, const char *bytes, size_t length)
{
    (void)context;
    return fwrite(bytes, 1, length, stdout) == length;
}

static int fail(const struct whaleflux_error *err)
{
    fprintf(stderr, "submit: %s\n", err->text);
    return 1;
}

// The words of a command as a document: {"command": ["...", ...]}.
static bool write_document(char *text, size_t size, int count, char **words)
{
    size_t at = (size_t)snprintf(text, size, "{\"command\": [");
    for (int i = 0; i < count; i++) {
        if (strpbrk(words[i], "\"\\\n\t")) {
            return false; // a program of its own would use a library for JSON
        }
        at += (size_t)snprintf(text + at, at < size ? size - at : 0, "%s\"%s\"", i > 0 ? ", " : "",
                               words[i]);
        if (at >= size) {
            return false;
        }
    }
    return snprintf(text + at, size - at, "]}") < (int)(size - at);
}

static int follow(struct whaleflux *daemon, const char *job)
{
    struct whaleflux_error err;
    struct whaleflux_answer *end;
    struct whaleflux_log log = {.size = sizeof log, .follow = true};
    if (whaleflux_logs(daemon, job, &log, print, NULL, &err) != WHALEFLUX_OK ||
        whaleflux_wait(daemon, job, -1, &end, &err) != WHALEFLUX_OK) {
        return fail(&err);
    }
    int status = (int)whaleflux_answer_number(end, "exit.code", 1);
    fprintf(stderr, "submit: job %s is %s and cost %.9f dollars\n", job,
            whaleflux_answer_text(end, "state"),
            (double)whaleflux_answer_number(end, "cost_nanousd", 0) * 1e-9);
    whaleflux_answer_free(end);
    return status;
}

int main(int argc, char **argv)
{
    struct whaleflux *daemon;
    struct whaleflux_answer *answer;
    struct whaleflux_error err;
    char document[8192];
    char job[24];
    if (argc < 2 || !write_document(document, sizeof document, argc - 1, argv + 1)) {
        fprintf(stderr, "usage: submit COMMAND [ARGUMENT...]\n");
        return 2;
    }
    if (whaleflux_open(NULL, &daemon, &err) != WHALEFLUX_OK) {
        return fail(&err);
    }
    if (whaleflux_submit(daemon, document, false, &answer, &err) != WHALEFLUX_OK) {
        whaleflux_close(daemon);
        return fail(&err);
    }
    snprintf(job, sizeof job, "%lld", (long long)whaleflux_answer_number(answer, "id", 0));
    whaleflux_answer_free(answer);
    int status = follow(daemon, job);
    whaleflux_close(daemon);
    return status;
}
