// SPDX-License-Identifier: Apache-2.0
// What is told to those who watch.
#include <stdlib.h>

#include <jansson.h>

#include "base/assert.h"
#include "daemon/desk/parts.h"

static void tell(struct wf_desk *desk, uint64_t job, const char *kind, json_t *data)
{
    char *text = data ? json_dumps(data, JSON_COMPACT) : NULL;
    json_decref(data);
    WF_ASSERT(text); // names are UTF-8: there is no memory
    struct wf_deed *deed = wf_deeds_add(&desk->deeds, WF_DEED_FEED);
    deed->feed.seq = ++desk->world.feed;
    deed->feed.time_ms = wf_desk_now_ms(desk);
    deed->feed.job = job;
    deed->feed.kind = kind;
    deed->feed.data = text;
    wf_batch_feed(desk->deeds.rows, &(struct wf_feed_row){.seq = deed->feed.seq,
                                                          .time_ms = deed->feed.time_ms,
                                                          .job = job,
                                                          .kind = kind,
                                                          .data = text});
}

static json_t *text_of(const char *text)
{
    json_t *string = json_string(text ? text : "");
    return string ? string : json_string("?"); // what is no UTF-8
}

void wf_desk_tell_job(struct wf_desk *desk, const struct wf_book_job *job, const char *kind,
                      const char *reason)
{
    const struct wf_directory *names = &desk->world.directory;
    json_t *data = json_object();
    bool good = data && json_object_set_new(data, "job", json_integer((json_int_t)job->id)) == 0;
    good = good && json_object_set_new(data, "name",
                                       text_of(wf_names_text(desk->world.names, job->name))) == 0;
    good = good &&
           json_object_set_new(data, "user",
                               text_of(wf_directory_name(names, WF_JOURNAL_USER, job->user))) == 0;
    good = good &&
           json_object_set_new(
               data, "queue", text_of(wf_directory_name(names, WF_JOURNAL_QUEUE, job->queue))) == 0;
    good = good && json_object_set_new(data, "state", text_of(wf_job_state_word(job->state))) == 0;
    if (job->run) {
        good = good && json_object_set_new(data, "attempt", json_integer(job->run->attempt)) == 0;
        good = good && json_object_set_new(
                           data, "node",
                           text_of(wf_directory_name(names, WF_JOURNAL_NODE, job->run->node))) == 0;
    }
    if (reason[0] != '\0') {
        good = good && json_object_set_new(data, "reason", text_of(reason)) == 0;
    }
    WF_ASSERT(good);
    tell(desk, job->id, kind, data);
}

void wf_desk_tell_node(struct wf_desk *desk, const char *node, const char *kind)
{
    tell(desk, 0, kind, json_pack("{s:s}", "node", node));
}

void wf_desk_tell_node_why(struct wf_desk *desk, const char *node, const char *kind,
                           const char *reason)
{
    tell(desk, 0, kind, json_pack("{s:s,s:s}", "node", node, "reason", reason));
}
