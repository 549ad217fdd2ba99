// SPDX-License-Identifier: Apache-2.0
// The verb submit: takes the file that somebody has, says which parts of it have no meaning here,
// and hands it in as a job.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/clean.h"
#include "cli/live/job_words.h"
#include "cli/live/submission.h"
#include "cli/live/words.h"
#include "jobfile/import.h"

extern char **environ;

enum { QUEUES_MAX = 1024 };

static const struct wf_option options[] = {
    {"parsable", NULL, "prints the job's number and nothing else"},
    WF_WISH_STEPS,
    WF_WISH_OPTIONS,
    WF_LIVE_JSON,
    WF_LIVE_OPTIONS,
    {NULL, NULL, NULL},
};

struct submitting {
    struct wf_live live;
    struct wf_wish wish;
};

static enum wf_status take(void *context, const char *name, const char *value, struct wf_error *err)
{
    struct submitting *submitting = context;
    bool taken = wf_live_take(&submitting->live, name, value);
    return taken ? WF_OK : wf_wish_take(&submitting->wish, name, value, &taken, err);
}

static enum wf_status read_stream(FILE *file, const char *shown, char **text_out,
                                  size_t *length_out, struct wf_error *err)
{
    char *text = malloc(WF_JOB_TEXT_BYTES_MAX + 1);
    *text_out = text;
    *length_out = text ? fread(text, 1, WF_JOB_TEXT_BYTES_MAX + 1, file) : 0;
    if (!text || ferror(file)) {
        return wf_fail(err, WF_IO, "the file '%.200s' cannot be read", shown);
    }
    if (*length_out > WF_JOB_TEXT_BYTES_MAX) {
        return wf_fail(err, WF_LIMIT, "the file '%.200s' is longer than %d bytes", shown,
                       WF_JOB_TEXT_BYTES_MAX);
    }
    return WF_OK;
}

// The whole file, or stdin for "-". The caller frees *text_out.
static enum wf_status read_file(const char *path, char **text_out, size_t *length_out,
                                struct wf_error *err)
{
    if (strcmp(path, "-") == 0) {
        return read_stream(stdin, path, text_out, length_out, err);
    }
    FILE *file = fopen(path, "rb");
    if (!file) {
        return wf_fail(err, WF_IO, "the file '%.200s' cannot be opened: %s", path, strerror(errno));
    }
    enum wf_status status = read_stream(file, path, text_out, length_out, err);
    fclose(file);
    return status;
}

// Names of queues for the import, which live as long as the tree. A list of none says that they
// are not known.
static void list_queues(const json_t *tree, const char **names)
{
    const json_t *queues = json_object_get(tree, "queues");
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(queues) && count < QUEUES_MAX; i++) {
        const json_t *queue = json_array_get(queues, i);
        if (json_is_true(json_object_get(queue, "leaf"))) {
            names[count++] = wf_live_text(queue, "name");
        }
    }
    names[count] = NULL;
}

static void print_notes(const struct wf_job_import *import)
{
    for (uint32_t i = 0; i < import->note_count; i++) {
        char clean[1024];
        fprintf(stderr, "note: %s\n", wf_clean_text(clean, sizeof clean, import->notes[i], 900));
    }
}

// The file as a document in text, with what was said on the command line. The caller frees it.
static enum wf_status import_file(struct submitting *submitting, const char *path, char **words,
                                  const json_t *queues, char **document_out, struct wf_error *err)
{
    const char *names[QUEUES_MAX + 1];
    char *text = NULL;
    size_t length = 0;
    char *folder = get_current_dir_name();
    struct wf_job_import import = {.memory = NULL};
    json_t *tree = NULL;
    list_queues(queues, names);
    enum wf_status status =
        folder ? read_file(path, &text, &length, err)
               : wf_fail(err, WF_IO, "this folder has no path: %s", strerror(errno));
    if (status == WF_OK) {
        const char *home = getenv("HOME");
        struct wf_job_import_config config = {.shown = path,
                                              .folder = folder,
                                              .home = home ? home : "/",
                                              .arguments = (wf_job_texts)words,
                                              .environment = (wf_job_texts)environ,
                                              .queues = names[0] ? names : NULL,
                                              .now_ms = wf_word_now_ms()};
        status = wf_job_import(text, length, &config, &import, err);
    }
    if (status == WF_OK) {
        print_notes(&import);
        status = wf_job_document_tree(&import.document, &tree, err);
    }
    if (status == WF_OK) {
        status = wf_wish_document(&submitting->wish, tree, document_out, err);
    }
    json_decref(tree);
    wf_job_import_finish(&import);
    free(text);
    free(folder);
    return status;
}

static enum wf_status print(const struct submitting *submitting, const json_t *tree,
                            struct wf_error *err)
{
    char clean[512];
    long long id = (long long)wf_live_number(tree, "id");
    long long count = (long long)wf_live_number(tree, "count");
    if (submitting->live.json) {
        return wf_live_print(tree, err);
    }
    if (submitting->wish.parsable) {
        printf("%lld\n", id);
        return WF_OK;
    }
    const char *name = wf_clean_text(clean, sizeof clean, wf_live_text(tree, "name"), 100);
    printf("Job %lld%s%s%s is submitted and %s.\n", id, name[0] ? " (" : "", name,
           name[0] ? ")" : "", wf_job_word_state(wf_live_text(tree, "state")));
    if (count > 1) {
        printf("It is an array of %lld jobs: %lld to %lld.\n", count, id, id + count - 1);
    }
    printf("  whaleflux logs -f %lld   what it writes\n"
           "  whaleflux explain %lld   why it waits, or runs where it does\n"
           "  whaleflux cancel %lld    ends it\n",
           id, id, id);
    return WF_OK;
}

static enum wf_status submit(struct submitting *submitting, char **words, struct wf_error *err)
{
    struct whaleflux_answer *answer = NULL;
    struct whaleflux_answer *queues = NULL;
    json_t *tree;
    char *document = NULL;
    enum wf_status status =
        wf_live_ask(&submitting->live, &(struct wf_live_request){"GET", "/v1/queues", NULL},
                    &queues, &tree, err);
    if (status == WF_OK) {
        status = import_file(submitting, words[0], words + 1, tree, &document, err);
    }
    if (status == WF_OK) {
        status = wf_submission_make(&submitting->live, &submitting->wish, document, &answer, err);
    }
    if (status == WF_OK && answer) {
        status = print(submitting, wf_live_tree(answer), err);
    }
    whaleflux_answer_free(answer);
    whaleflux_answer_free(queues);
    free(document);
    return status;
}

static enum wf_status run(int argc, char **argv, struct wf_error *err)
{
    static const char *const letters[] = {"y", "--yes", NULL};
    struct submitting submitting = {.live = {.json = false}};
    const struct wf_option_reader reader = {options, take, &submitting};
    int first;
    wf_live_letters(argc, argv, letters);
    enum wf_status status = wf_wish_init(&submitting.wish, err);
    if (status == WF_OK) {
        status = wf_live_parse(&reader, (struct wf_live_words){1, argc}, argc, argv, &first, err);
    }
    if (status == WF_OK) {
        status = wf_live_open(&submitting.live, err);
    }
    if (status == WF_OK) {
        status = submit(&submitting, argv + first, err);
    }
    wf_live_close(&submitting.live);
    wf_wish_finish(&submitting.wish);
    return status;
}

const struct wf_command wf_command_submit = {
    .name = "submit",
    .usage = "FILE [ARGUMENT...] [OPTION...]",
    .summary = "hands in a job: a document, a script, #SBATCH, SkyPilot or Kubernetes file",
    .options = options,
    .more = "FILE is - for stdin. Options go before what the file says; words behind FILE are the\n"
            "script's. Behind -- everything is, also what looks like an option.\n"
            "Example: whaleflux submit train.sbatch --gpus H100:8 --limit 12h\n",
    .run = run,
};
