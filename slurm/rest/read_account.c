// SPDX-License-Identifier: GPL-3.0-or-later
// Accounts, their limits and use, QOS, users. What was put together lies in made, as texts of
// bytes.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "slurm/rest/read.h"
#include "slurm/rest/value.h"

// "cpu=8,gres/gpu=4"
static const char *tres_of(const json_t *object, const char *path, json_t *made)
{
    const json_t *const list = wf_rest_at(object, path);
    char *text = NULL;
    size_t length = 0, i;
    const json_t *entry;
    bool more = false;
    FILE *out = open_memstream(&text, &length);

    WF_ASSERT(out != NULL);
    for (i = 0; (entry = json_array_get(list, i)) != NULL; i++) {
        const char *const type = wf_rest_text(entry, "type"), *name = wf_rest_text(entry, "name");
        if (type != NULL) {
            fprintf(out, "%s%s%s%s=%llu", more ? "," : "", type, name != NULL ? "/" : "",
                    name != NULL ? name : "",
                    (unsigned long long)wf_rest_number(entry, "count", 0, INT64_MAX));
            more = true;
        }
    }
    WF_ASSERT(fclose(out) == 0);
    json_t *const string = more ? json_string(text) : NULL;
    free(text);
    if (string == NULL) {
        return NULL;
    }
    WF_ASSERT(json_array_append_new(made, string) == 0);
    return json_string_value(string);
}

static list_t *make_list(size_t count, size_t item_size)
{
    list_t *list = calloc(1, sizeof(*list));
    char *items = calloc(count + 1, item_size);

    WF_ASSERT(list != NULL && items != NULL);
    list->items = calloc(count + 1, sizeof(*list->items));
    WF_ASSERT(list->items != NULL);
    for (size_t i = 0; i < count; i++) {
        list->items[i] = items + i * item_size;
    }
    if (count == 0) {
        free(items);
    }
    return list;
}

// items: were they made for the list.
static void free_list(list_t *list, bool items)
{
    if (list == NULL) {
        return;
    }
    if (items) {
        free(list->items[0]);
    }
    free(list->items);
    free(list);
}

list_itr_t *slurm_list_iterator_create(list_t *list)
{
    list_itr_t *iterator = malloc(sizeof(*iterator));

    WF_ASSERT(iterator != NULL);
    iterator->next = list->items;
    return iterator;
}

void *slurm_list_next(list_itr_t *iterator)
{
    return *iterator->next != NULL ? *iterator->next++ : NULL;
}

void slurm_list_iterator_destroy(list_itr_t *iterator)
{
    free(iterator);
}

static list_t *read_qos(const json_t *body, json_t *made)
{
    const json_t *const all = json_object_get(body, "qos");
    list_t *const list = make_list(json_array_size(all), sizeof(slurmdb_qos_rec_t));

    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *const from = json_array_get(all, i);
        slurmdb_qos_rec_t *const qos = list->items[i];
        qos->id = wf_rest_count(from, "id");
        qos->name = wf_rest_text(from, "name");
        qos->priority = wf_rest_number32(from, "priority");
        qos->grp_tres = tres_of(from, "limits/max/tres/total", made);
        qos->max_tres_pu = tres_of(from, "limits/max/tres/per/user", made);
        qos->max_tres_pj = tres_of(from, "limits/max/tres/per/job", made);
        qos->grp_jobs = wf_rest_number32(from, "limits/max/active_jobs/count");
        qos->max_jobs_pu = wf_rest_number32(from, "limits/max/jobs/active_jobs/per/user");
        qos->max_submit_jobs_pu = wf_rest_number32(from, "limits/max/jobs/per/user");
        qos->max_wall_pj = wf_rest_number32(from, "limits/max/wall_clock/per/job");
    }
    return list;
}

static uint32_t qos_id(const list_t *qos, const char *name)
{
    for (void **item = qos->items; name != NULL && *item != NULL; item++) {
        const slurmdb_qos_rec_t *const record = *item;
        if (record->name != NULL && strcmp(record->name, name) == 0) {
            return record->id;
        }
    }
    return 0;
}

// Names as libslurm has them: texts of their ids.
static list_t *qos_ids(const json_t *names, const list_t *qos, json_t *made)
{
    list_t *const list = make_list(0, 1);
    char text[16];
    size_t i, count = 0;
    const json_t *name;

    free(list->items);
    list->items = calloc(json_array_size(names) + 1, sizeof(*list->items));
    WF_ASSERT(list->items != NULL);
    for (i = 0; (name = json_array_get(names, i)) != NULL; i++) {
        const uint32_t id = qos_id(qos, json_string_value(name));
        snprintf(text, sizeof(text), "%u", id);
        json_t *const string = id != 0 ? json_string(text) : NULL;
        if (string != NULL) {
            WF_ASSERT(json_array_append_new(made, string) == 0);
            list->items[count++] = (char *)json_string_value(string);
        }
    }
    return list;
}

static double share_of(const json_t *shares, uint32_t id, const char *key)
{
    size_t i;
    const json_t *entry;

    for (i = 0; (entry = json_array_get(shares, i)) != NULL; i++) {
        if (wf_rest_count(entry, "id") == id) {
            const json_t *const value = json_object_get(entry, key);
            return json_is_true(json_object_get(value, "set"))
                       ? json_number_value(json_object_get(value, "number"))
                       : 0;
        }
    }
    return 0;
}

static void read_association(const json_t *from, slurmdb_assoc_rec_t *record, const list_t *qos,
                             json_t *made)
{
    record->id = wf_rest_count(from, "id");
    record->acct = wf_rest_text(from, "account");
    record->user = wf_rest_text(from, "user");
    record->parent_acct = wf_rest_text(from, "parent_account");
    record->partition = wf_rest_text(from, "partition");
    record->shares_raw = wf_rest_number32(from, "shares_raw");
    record->grp_tres = tres_of(from, "max/tres/total", made);
    record->max_tres_pj = tres_of(from, "max/tres/per/job", made);
    record->grp_jobs = wf_rest_number32(from, "max/jobs/per/count");
    record->max_jobs = wf_rest_number32(from, "max/jobs/active");
    record->max_submit_jobs = wf_rest_number32(from, "max/jobs/total");
    record->max_wall_pj = wf_rest_number32(from, "max/jobs/per/wall_clock");
    record->def_qos_id = qos_id(qos, wf_rest_text(from, "default/qos"));
    record->qos_list = qos_ids(json_object_get(from, "qos"), qos, made);
}

static list_t *read_associations(const struct wf_rest_accounts *bodies, const list_t *qos,
                                 json_t *made)
{
    const json_t *const all = json_object_get(bodies->associations, "associations");
    const json_t *const shares = wf_rest_at(bodies->shares, "shares/shares");
    list_t *const list = make_list(json_array_size(all), sizeof(slurmdb_assoc_rec_t));

    for (size_t i = 0; i < json_array_size(all); i++) {
        slurmdb_assoc_rec_t *const record = list->items[i];
        read_association(json_array_get(all, i), record, qos, made);
        record->usage = calloc(1, sizeof(*record->usage));
        WF_ASSERT(record->usage != NULL);
        record->usage->shares_norm = share_of(shares, record->id, "shares_normalized");
        record->usage->usage_norm = share_of(shares, record->id, "usage_normalized");
    }
    return list;
}

static list_t *read_users(const json_t *body)
{
    const json_t *const all = json_object_get(body, "users");
    list_t *const list = make_list(json_array_size(all), sizeof(slurmdb_user_rec_t));

    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *const from = json_array_get(all, i);
        const json_t *const levels = json_object_get(from, "administrator_level");
        slurmdb_user_rec_t *const user = list->items[i];
        user->name = wf_rest_text(from, "name");
        user->admin_level = wf_rest_has(levels, "Administrator") ? SLURMDB_ADMIN_SUPER_USER
                            : wf_rest_has(levels, "Operator")    ? SLURMDB_ADMIN_OPERATOR
                                                                 : SLURMDB_ADMIN_NONE;
    }
    return list;
}

assoc_mgr_info_msg_t *wf_rest_read_accounts(const struct wf_rest_accounts *bodies)
{
    assoc_mgr_info_msg_t *message = calloc(1, sizeof(*message));
    json_t *const all[] = {bodies->associations, bodies->shares, bodies->qos, bodies->users};

    WF_ASSERT(message != NULL);
    message->made = json_array();
    message->bodies = json_array();
    WF_ASSERT(message->made != NULL && message->bodies != NULL);
    message->qos_list = read_qos(bodies->qos, message->made);
    message->assoc_list = read_associations(bodies, message->qos_list, message->made);
    message->user_list = read_users(bodies->users);
    for (size_t i = 0; i < WF_COUNT_OF(all); i++) {
        if (all[i] != NULL) {
            json_array_append_new(message->bodies, all[i]);
        }
    }
    return message;
}

void slurm_free_assoc_mgr_info_msg(assoc_mgr_info_msg_t *message)
{
    for (void **item = message->assoc_list->items; *item != NULL; item++) {
        slurmdb_assoc_rec_t *const record = *item;
        free_list(record->qos_list, false);
        free(record->usage);
    }
    free_list(message->assoc_list, true);
    free_list(message->qos_list, true);
    free_list(message->user_list, true);
    json_decref(message->bodies);
    json_decref(message->made);
    free(message);
}
