// SPDX-License-Identifier: Apache-2.0
// What a script's tasks, CPUs, GPUs and memory come to. The script runs once, on one node, with all
// of it, as Slurm runs it on the first node of a job.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gpu/gpu_name.h"
#include "jobfile/sbatch.h"
#include "text/decimal.h"

enum { LIST_BYTES = 1024, COUNT_MAX = 65536 };

struct sums {
    int64_t tasks;
    int64_t cpus; // 0: not told
    int64_t gpus;
    char model[WF_GPU_NAME_BYTES]; // as it is asked for; "": any
    enum wf_sbatch_taken gpus_from;
    bool gpus_told;
    json_t *models; // from a constraint such as "a100|h100"; NULL: none
    json_t *labels;
    int64_t tres_cpus; // of a task
};

// Small enough that tasks times CPUs times GPUs stay a number.
static bool is_count(const char *text, int64_t *count_out)
{
    return wf_decimal_read(text, 0, COUNT_MAX, count_out) == WF_DECIMAL_READ && *count_out > 0;
}

static enum wf_status read_count(struct wf_sbatch *sbatch, enum wf_sbatch_taken option,
                                 int64_t *count_out)
{
    const char *text = wf_sbatch_value(sbatch, option);
    if (text && !is_count(text, count_out)) {
        return wf_sbatch_fail(sbatch, option, "it must be a whole number from 1 to %d", COUNT_MAX);
    }
    return WF_OK;
}

static enum wf_status read_tasks(struct wf_sbatch *sbatch, struct sums *sums)
{
    const char *nodes = wf_sbatch_value(sbatch, WF_SBATCH_NODES);
    char *end = NULL;
    long least = nodes ? strtol(nodes, &end, 10) : 1;
    if (nodes && (end == nodes || (*end && *end != '-' && *end != ',') || least < 1)) {
        return wf_sbatch_fail(sbatch, WF_SBATCH_NODES, "it must be a number of nodes");
    }
    if (least > 1) {
        return wf_sbatch_fail(
            sbatch, WF_SBATCH_NODES,
            "a script runs on one node, and there is no srun that would start the "
            "rest: ask for one node, or write a job document with 'tasks'");
    }
    sums->tasks = 1;
    enum wf_status status = read_count(sbatch, WF_SBATCH_NTASKS_PER_NODE, &sums->tasks);
    return status == WF_OK ? read_count(sbatch, WF_SBATCH_NTASKS, &sums->tasks) : status;
}

// GPUs as one option tells them: "2", "h100:2", "gpu:h100:2".
static enum wf_status add_gpus(struct wf_sbatch *sbatch, struct sums *sums,
                               enum wf_sbatch_taken option, const char *item, int64_t times)
{
    struct wf_gpu_part part;
    struct wf_error err = {.status = WF_OK};
    char word[WF_GPU_NAME_BYTES];
    snprintf(word, sizeof word, "%s", item);
    char *paren = strchr(word, '('); // "gpu:2(S:0)": on which sockets
    if (paren) {
        *paren = '\0';
    }
    if (wf_gpu_part_read(word, &part, &err) != WF_OK) {
        return wf_sbatch_fail(sbatch, option, "%s", err.text);
    }
    int64_t count = part.gpus * times;
    const char *colon = strrchr(word, ':');
    size_t length = strlen(word);
    if (colon && colon[1 + strspn(colon + 1, "0123456789")] == '\0') {
        length = (size_t)(colon - word);
    }
    word[length] = '\0';
    // A part of a GPU, or a memory, is kept as it is spelled; a model by its short name.
    bool spelled = part.gpu_milli < WF_GPU_MILLI || part.choice.memory_mib_min > 0 ||
                   part.choice.memory_mib_max > 0;
    bool model = part.choice.model[0] || spelled;
    if (!spelled) {
        snprintf(word, sizeof word, "%s", part.choice.model);
    }
    if (sums->gpus_told && sums->gpus != count) {
        return wf_sbatch_fail(sbatch, option,
                              "that is another number of GPUs (%lld) than elsewhere (%lld)",
                              (long long)count, (long long)sums->gpus);
    }
    if (model && sums->model[0] && strcmp(sums->model, word) != 0) {
        return wf_sbatch_fail(sbatch, option,
                              "a job has GPUs of one model; for any of several, write a job "
                              "document with a list in 'gpus'");
    }
    if (model) {
        snprintf(sums->model, sizeof sums->model, "%s", word);
    }
    sums->gpus = count;
    sums->gpus_from = option;
    sums->gpus_told = true;
    return WF_OK;
}

// A list of GPUs and other things: "gpu:h100:2", "gres/gpu=2,cpu=4".
static enum wf_status add_list(struct wf_sbatch *sbatch, struct sums *sums,
                               enum wf_sbatch_taken option, int64_t times)
{
    char list[LIST_BYTES];
    const char *text = wf_sbatch_value(sbatch, option);
    bool names = option == WF_SBATCH_GRES || option == WF_SBATCH_TRES_PER_TASK;
    bool seen = false;
    enum wf_status status = WF_OK;
    snprintf(list, sizeof list, "%s", text ? text : "");
    char *rest = NULL;
    for (char *item = strtok_r(list, ",", &rest); item && status == WF_OK;
         item = strtok_r(NULL, ",", &rest)) {
        char *equals = strchr(item, '=');
        if (equals) {
            *equals = ':';
        }
        bool gpu = strncmp(item, "gpu", 3) == 0 || strncmp(item, "gres/gpu", 8) == 0;
        if (option == WF_SBATCH_TRES_PER_TASK && strncmp(item, "cpu:", 4) == 0 &&
            is_count(item + 4, &sums->tres_cpus)) {
            continue;
        }
        if (names && strcmp(item, "none") == 0) {
            continue;
        }
        if (names && !gpu) {
            status = wf_sbatch_fail(sbatch, option, "'%s' is not handed out here", item);
        } else if (seen) {
            status = wf_sbatch_fail(sbatch, option,
                                    "a job has GPUs of one model; for any of several, write a job "
                                    "document with a list in 'gpus'");
        } else {
            seen = true;
            status = add_gpus(sbatch, sums, option, item, times);
        }
    }
    return status;
}

static enum wf_status read_gpus(struct wf_sbatch *sbatch, struct sums *sums)
{
    int64_t tasks_per_gpu = 0;
    enum wf_status status = add_list(sbatch, sums, WF_SBATCH_GRES, 1);
    if (status == WF_OK) {
        status = add_list(sbatch, sums, WF_SBATCH_GPUS_PER_NODE, 1);
    }
    if (status == WF_OK) {
        status = add_list(sbatch, sums, WF_SBATCH_GPUS, 1);
    }
    if (status == WF_OK) {
        status = add_list(sbatch, sums, WF_SBATCH_GPUS_PER_TASK, sums->tasks);
    }
    if (status == WF_OK) {
        status = add_list(sbatch, sums, WF_SBATCH_TRES_PER_TASK, sums->tasks);
    }
    if (status == WF_OK) {
        status = read_count(sbatch, WF_SBATCH_NTASKS_PER_GPU, &tasks_per_gpu);
    }
    if (status == WF_OK && tasks_per_gpu > 0 && !wf_sbatch_value(sbatch, WF_SBATCH_NTASKS)) {
        sums->tasks = tasks_per_gpu * (sums->gpus > 0 ? sums->gpus : 1);
    }
    return status;
}

static bool is_gpu(const char *word, struct wf_gpu_name *name)
{
    return wf_gpu_name_read(word, name) && wf_gpu_name_known(name);
}

// "a100|h100" names models; "ib&nvme" labels; both in one with '&'.
static enum wf_status read_constraint(struct wf_sbatch *sbatch, struct sums *sums)
{
    const char *text = wf_sbatch_value(sbatch, WF_SBATCH_CONSTRAINT);
    char list[LIST_BYTES];
    if (!text) {
        return WF_OK;
    }
    bool either = strchr(text, '|') != NULL;
    if (strpbrk(text, "[]()*!") || (either && strpbrk(text, "&,"))) {
        return wf_sbatch_fail(sbatch, WF_SBATCH_CONSTRAINT,
                              "only features joined with '&', or GPU models joined with '|', are "
                              "understood");
    }
    snprintf(list, sizeof list, "%s", text);
    char *rest = NULL;
    for (char *item = strtok_r(list, "&|,", &rest); item; item = strtok_r(NULL, "&|,", &rest)) {
        struct wf_gpu_name name;
        bool gpu = sums->gpus > 0 && is_gpu(item, &name);
        if (either && !gpu) {
            return wf_sbatch_fail(sbatch, WF_SBATCH_CONSTRAINT,
                                  "'%s' is no GPU model, and a label cannot be one of several",
                                  item);
        }
        struct wf_gpu_name told;
        bool known = gpu && sums->model[0] && wf_gpu_name_read(sums->model, &told);
        if (known && wf_gpu_name_match(&name, &told) == WF_GPU_DIFFERS && !either) {
            return wf_sbatch_fail(sbatch, WF_SBATCH_CONSTRAINT, "the job asks for another GPU: %s",
                                  sums->model);
        }
        json_array_append_new(gpu ? sums->models : sums->labels, json_string(item));
    }
    return WF_OK;
}

static void set_gpus(struct wf_sbatch *sbatch, const struct sums *sums)
{
    struct wf_job_memory *memory = sbatch->import->out->memory;
    size_t count = sums->model[0] ? 0 : json_array_size(sums->models);
    json_t *list = json_array();
    for (size_t i = 0; i < (count > 0 ? count : 1); i++) {
        const char *model = sums->model[0] ? sums->model : "any";
        if (count > 0) {
            model = json_string_value(json_array_get(sums->models, i));
        }
        const char *text = wf_job_memory_print(memory, "%s:%lld", model, (long long)sums->gpus);
        json_array_append_new(list, text ? json_string(text) : NULL);
    }
    if (sums->gpus > 0) {
        wf_import_set(sbatch->import, "gpus", json_incref(list));
        wf_import_variable_number(sbatch->import, "SLURM_GPUS_ON_NODE", sums->gpus);
    }
    json_decref(list);
}

static enum wf_status read_cpus(struct wf_sbatch *sbatch, struct sums *sums)
{
    struct wf_import *import = sbatch->import;
    int64_t each = 0;
    int64_t for_gpu = 0;
    int64_t least = 0;
    enum wf_status status = read_count(sbatch, WF_SBATCH_CPUS_PER_TASK, &each);
    if (status == WF_OK) {
        status = read_count(sbatch, WF_SBATCH_CPUS_PER_GPU, &for_gpu);
    }
    if (status == WF_OK) {
        status = read_count(sbatch, WF_SBATCH_MINCPUS, &least);
    }
    each = each > 0 ? each : sums->tres_cpus;
    bool told = each > 0 || sums->tasks > 1;
    sums->cpus = told ? sums->tasks * (each > 0 ? each : 1) : 0;
    sums->cpus = for_gpu * sums->gpus > sums->cpus ? for_gpu * sums->gpus : sums->cpus;
    sums->cpus = least > sums->cpus ? least : sums->cpus;
    if (status == WF_OK && sums->cpus > 0) {
        wf_import_set(import, "cpus", json_integer(sums->cpus));
        wf_import_variable_number(import, "SLURM_CPUS_ON_NODE", sums->cpus);
        wf_import_variable_number(import, "SLURM_JOB_CPUS_PER_NODE", sums->cpus);
    }
    if (each > 0) {
        wf_import_variable_number(import, "SLURM_CPUS_PER_TASK", each);
    }
    return status;
}

static enum wf_status read_memory(struct wf_sbatch *sbatch, const struct sums *sums)
{
    static const struct {
        enum wf_sbatch_taken option;
        const char *variable;
    } forms[] = {{WF_SBATCH_MEM, "SLURM_MEM_PER_NODE"},
                 {WF_SBATCH_MEM_PER_CPU, "SLURM_MEM_PER_CPU"},
                 {WF_SBATCH_MEM_PER_GPU, "SLURM_MEM_PER_GPU"}};
    const int64_t times[] = {1, sums->cpus > 0 ? sums->cpus : 1, sums->gpus > 0 ? sums->gpus : 1};
    bool told = false;
    for (size_t i = 0; i < WF_COUNT_OF(forms); i++) {
        const char *text = wf_sbatch_value(sbatch, forms[i].option);
        int64_t mib = 0;
        if (!text) {
            continue;
        }
        if (told) {
            return wf_sbatch_fail(sbatch, forms[i].option, "memory is told in two ways");
        }
        if (!wf_sbatch_size(text, &mib) || mib > WF_MEMORY_MIB_MAX) {
            return wf_sbatch_fail(sbatch, forms[i].option,
                                  "it must be a size such as '64G' or '512M'");
        }
        told = true;
        if (mib == 0) {
            wf_sbatch_note(
                sbatch, forms[i].option,
                "all the memory of a node cannot be asked for; the job's is not limited");
            continue;
        }
        if (times[i] > WF_MEMORY_MIB_MAX / mib) {
            return wf_sbatch_fail(sbatch, forms[i].option, "that comes to more than any node has");
        }
        mib *= times[i];
        const char *size =
            wf_job_memory_print(sbatch->import->out->memory, "%lldMiB", (long long)mib);
        wf_import_set_text(sbatch->import, "memory", size ? size : "");
        wf_import_variable_number(sbatch->import, forms[i].variable, mib / times[i]);
    }
    return WF_OK;
}

static void set_variables(struct wf_sbatch *sbatch, const struct sums *sums)
{
    static const struct {
        enum wf_sbatch_taken option;
        const char *name;
    } as_told[] = {
        {WF_SBATCH_CPUS_PER_GPU, "SLURM_CPUS_PER_GPU"},
        {WF_SBATCH_GPUS, "SLURM_GPUS"},
        {WF_SBATCH_GPUS_PER_NODE, "SLURM_GPUS_PER_NODE"},
        {WF_SBATCH_GPUS_PER_TASK, "SLURM_GPUS_PER_TASK"},
        {WF_SBATCH_NTASKS_PER_GPU, "SLURM_NTASKS_PER_GPU"},
        {WF_SBATCH_NTASKS_PER_NODE, "SLURM_NTASKS_PER_NODE"},
        {WF_SBATCH_PARTITION, "SLURM_JOB_PARTITION"},
    };
    struct wf_import *import = sbatch->import;
    for (size_t i = 0; i < WF_COUNT_OF(as_told); i++) {
        const char *text = wf_sbatch_value(sbatch, as_told[i].option);
        if (text) {
            wf_import_variable(import, as_told[i].name, text);
        }
    }
    wf_import_variable_number(import, "SLURM_NTASKS", sums->tasks);
    wf_import_variable_number(import, "SLURM_NPROCS", sums->tasks);
    wf_import_variable_number(import, "SLURM_TASKS_PER_NODE", sums->tasks);
    wf_import_variable_number(import, "SLURM_NNODES", 1);
    wf_import_variable_number(import, "SLURM_JOB_NUM_NODES", 1);
}

enum wf_status wf_sbatch_resources(struct wf_sbatch *sbatch)
{
    struct sums sums = {.models = json_array(), .labels = json_array()};
    enum wf_status status =
        sums.models && sums.labels ? WF_OK : wf_job_memory_fail(sbatch->import->err);
    if (status == WF_OK) {
        status = read_tasks(sbatch, &sums);
    }
    if (status == WF_OK) {
        status = read_gpus(sbatch, &sums);
    }
    if (status == WF_OK) {
        status = read_constraint(sbatch, &sums);
    }
    if (status == WF_OK) {
        set_gpus(sbatch, &sums);
        status = read_cpus(sbatch, &sums);
    }
    if (status == WF_OK) {
        status = read_memory(sbatch, &sums);
    }
    if (status == WF_OK) {
        set_variables(sbatch, &sums);
    }
    if (status == WF_OK && json_array_size(sums.labels) > 0) {
        wf_import_set(sbatch->import, "labels", json_incref(sums.labels));
    }
    json_decref(sums.models);
    json_decref(sums.labels);
    return status;
}
