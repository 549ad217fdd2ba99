// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/account_line.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "slurm/line.h"

static const struct {
    const char *id, *name;
} resources[] = {{"1=", "cpu="}, {"2=", "mem="}, {"4=", "node="}, {"5=", "billing="}};

// Slurm names the resources by number where slurmdbd has not told it their names ("1=8,4=2"); the
// first ones have fixed numbers.
static void add_tres(json_t *line, const char *key, const char *tres)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    WF_ASSERT(out != NULL);
    while (tres != NULL && tres[0] != '\0') {
        const size_t part = strcspn(tres, ",");
        size_t skip = 0;
        for (size_t i = 0; i < WF_COUNT_OF(resources); i++) {
            if (strncmp(tres, resources[i].id, 2) == 0) {
                fputs(resources[i].name, out);
                skip = 2;
            }
        }
        fprintf(out, "%.*s%s", (int)(part - skip), tres + skip, tres[part] == ',' ? "," : "");
        tres += part + (tres[part] == ',');
    }
    WF_ASSERT(fclose(out) == 0);
    wf_line_text(line, key, text);
    free(text);
}

// INFINITE and NO_VAL: no limit.
static void add_limit(json_t *line, const char *key, uint32_t limit, int64_t unit)
{
    const bool none = limit == INFINITE || limit == NO_VAL;

    json_object_set_new(line, key, json_integer(none ? -1 : (int64_t)limit * unit));
}

json_t *wf_qos_line(const slurmdb_qos_rec_t *qos)
{
    json_t *line = wf_line_create("qos");

    wf_line_number(line, "id", qos->id);
    wf_line_text(line, "name", qos->name);
    wf_line_number(line, "priority", qos->priority == NO_VAL ? 0 : qos->priority);
    add_tres(line, "group_tres", qos->grp_tres);
    add_tres(line, "user_tres", qos->max_tres_pu);
    add_tres(line, "job_tres", qos->max_tres_pj);
    add_limit(line, "group_jobs", qos->grp_jobs, 1);
    add_limit(line, "user_jobs", qos->max_jobs_pu, 1);
    add_limit(line, "user_submit", qos->max_submit_jobs_pu, 1);
    add_limit(line, "wall_ms", qos->max_wall_pj, 60000);
    return line;
}

static json_t *qos_names(wf_list ids, wf_list all)
{
    json_t *names = json_array();

    WF_ASSERT(names != NULL);
    if (ids == NULL || all == NULL) {
        return names;
    }
    wf_list_iterator every = slurm_list_iterator_create(ids);
    const char *id;
    while ((id = slurm_list_next(every)) != NULL) {
        wf_list_iterator other = slurm_list_iterator_create(all);
        const slurmdb_qos_rec_t *qos;
        while ((qos = slurm_list_next(other)) != NULL) {
            if (qos->name != NULL && strtoul(id, NULL, 10) == qos->id) {
                json_array_append_new(names, wf_line_string(qos->name, strlen(qos->name)));
            }
        }
        slurm_list_iterator_destroy(other);
    }
    slurm_list_iterator_destroy(every);
    return names;
}

static void add_default_qos(json_t *line, uint32_t id, wf_list all)
{
    if (all == NULL) {
        return;
    }
    wf_list_iterator every = slurm_list_iterator_create(all);
    const slurmdb_qos_rec_t *qos;
    while ((qos = slurm_list_next(every)) != NULL) {
        if (qos->id == id) {
            wf_line_text(line, "default_qos", qos->name);
        }
    }
    slurm_list_iterator_destroy(every);
}

static int64_t millionths(double share)
{
    return share > 0 && share < 1e6 ? (int64_t)(share * 1e6 + 0.5) : 0;
}

json_t *wf_association_line(const slurmdb_assoc_rec_t *association, wf_list qos)
{
    json_t *line = wf_line_create("association");

    wf_line_number(line, "id", association->id);
    wf_line_text(line, "account", association->acct);
    wf_line_text(line, "user", association->user);
    wf_line_text(line, "parent", association->parent_acct);
    wf_line_text(line, "partition", association->partition);
    if (association->shares_raw != NO_VAL && association->shares_raw != INFINITE) {
        wf_line_number(line, "shares", association->shares_raw);
    }
    if (association->usage != NULL) {
        wf_line_number(line, "shares_norm_ppm", millionths(association->usage->shares_norm));
        wf_line_number(line, "usage_ppm", millionths((double)association->usage->usage_norm));
    }
    add_tres(line, "group_tres", association->grp_tres);
    add_tres(line, "job_tres", association->max_tres_pj);
    add_limit(line, "group_jobs", association->grp_jobs, 1);
    add_limit(line, "max_jobs", association->max_jobs, 1);
    add_limit(line, "max_submit", association->max_submit_jobs, 1);
    add_limit(line, "wall_ms", association->max_wall_pj, 60000);
    add_default_qos(line, association->def_qos_id, qos);
    wf_line_value(line, "qos", qos_names(association->qos_list, qos));
    return line;
}
