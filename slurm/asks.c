// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/asks.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "slurm/gres.h"
#include "slurm/line.h"

static json_t *gpus_entry(const struct wf_gres *gres)
{
    json_t *entry = json_object();

    WF_ASSERT(entry != NULL);
    json_object_set_new(entry, "type", wf_line_string(gres->type, strlen(gres->type)));
    json_object_set_new(entry, "count", json_integer((json_int_t)gres->count));
    return entry;
}

// Words of Slurm's that are neither GPUs nor shards, one after the other.
static void add_other(json_t *line, const char *unit, const struct wf_gres *gres)
{
    const char *const before = json_string_value(json_object_get(line, "gres_other"));
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    WF_ASSERT(out != NULL);
    fprintf(out, "%s%s%.*s/%s", before != NULL ? before : "", before != NULL ? "," : "",
            (int)gres->length, gres->text, unit);
    WF_ASSERT(fclose(out) == 0);
    wf_line_text(line, "gres_other", text);
    free(text);
}

// The CPUs and the memory of a task also stand there in 24.11; the job's own members tell them.
static bool is_plain_resource(const struct wf_gres *gres)
{
    return strcmp(gres->name, "cpu") == 0 || strcmp(gres->name, "mem") == 0 ||
           strcmp(gres->name, "node") == 0 || strcmp(gres->name, "billing") == 0;
}

static void add_unit(json_t *line, const char *text, const char *unit, const char *gpus_key,
                     const char *shards_key)
{
    json_t *gpus = json_array();
    struct wf_gres gres;
    int64_t shards = 0;

    WF_ASSERT(gpus != NULL);
    while (text != NULL && wf_gres_next(&text, &gres)) {
        if (gres.count == 0 || is_plain_resource(&gres)) {
            continue;
        }
        if (strcmp(gres.name, "gpu") == 0) {
            json_array_append_new(gpus, gpus_entry(&gres));
        } else if (strcmp(gres.name, "shard") == 0 && shards_key != NULL) {
            shards += (int64_t)gres.count;
        } else {
            add_other(line, unit, &gres);
        }
    }
    if (json_array_size(gpus) == 1) {
        wf_line_value(line, gpus_key, json_incref(json_array_get(gpus, 0)));
        json_decref(gpus);
    } else {
        wf_line_value(line, gpus_key, gpus);
    }
    if (shards_key != NULL) {
        wf_line_number(line, shards_key, shards);
    }
}

void wf_asks_add(json_t *line, const slurm_job_info_t *job)
{
    add_unit(line, job->tres_per_node, "node", "gpus_per_node", "shards_per_node");
    add_unit(line, job->tres_per_task, "task", "gpus_per_task", "shards_per_task");
    add_unit(line, job->tres_per_socket, "socket", "gpus_per_socket", NULL);
    add_unit(line, job->tres_per_job, "job", "gpus_total", "shards_total");
}

json_t *wf_asks_of_node(const char *gres_text, int64_t *shards_out)
{
    json_t *gpus = json_array();
    struct wf_gres gres;

    WF_ASSERT(gpus != NULL);
    *shards_out = 0;
    while (gres_text != NULL && wf_gres_next(&gres_text, &gres)) {
        if (strcmp(gres.name, "gpu") == 0 && gres.count > 0) {
            json_array_append_new(gpus, gpus_entry(&gres));
        } else if (strcmp(gres.name, "shard") == 0) {
            *shards_out += (int64_t)gres.count;
        }
    }
    return gpus;
}
