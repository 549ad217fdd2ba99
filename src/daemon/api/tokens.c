// SPDX-License-Identifier: Apache-2.0
// Tokens and those who come over the socket: who they are. All tokens are in memory, since every
// request needs one.
#include <errno.h>
#include <pwd.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/utf8.h"
#include "daemon/api/tokens.h"

#define DAY_MS INT64_C(86400000)
enum { DAYS_MAX = 36500 };

static void keep(struct wf_api *api, struct wf_api_token *token)
{
    struct wf_api_token *old;
    HASH_FIND_STR(api->tokens, token->hash, old);
    if (old) {
        HASH_DEL(api->tokens, old);
        free(old);
    }
    HASH_ADD_STR(api->tokens, hash, token);
}

static bool take_token(void *context, const struct wf_token_row *row)
{
    struct wf_api *api = context;
    struct wf_api_token *token = calloc(1, sizeof *token);
    WF_ASSERT(token);
    token->id = row->id;
    token->created_ms = row->created_ms;
    token->expires_ms = row->expires_ms;
    token->revoked_ms = row->revoked_ms;
    snprintf(token->hash, sizeof token->hash, "%s", row->hash);
    snprintf(token->name, sizeof token->name, "%s", row->name);
    snprintf(token->user, sizeof token->user, "%s", row->user);
    if (!wf_role_find(row->role, &token->role)) {
        token->role = WF_ROLE_NONE; // of a newer version: it may nothing
    }
    keep(api, token);
    return true;
}

enum wf_status wf_api_load_tokens(struct wf_api *api, struct wf_error *err)
{
    return wf_database_tokens(wf_desk_database(api->desk), take_token, api, err);
}

void wf_api_forget_tokens(struct wf_api *api)
{
    struct wf_api_token *token = api->tokens;
    HASH_CLEAR(hh, api->tokens);
    while (token) {
        struct wf_api_token *next = token->hh.next;
        free(token);
        token = next;
    }
}

enum wf_login wf_api_login(void *context, const char *secret, struct wf_actor *actor_out)
{
    struct wf_api *api = context;
    char hash[WF_TOKEN_HASH_BYTES];
    struct wf_api_token *token;
    wf_token_hash(secret, hash);
    HASH_FIND_STR(api->tokens, hash, token);
    if (!token || token->revoked_ms > 0 || token->role == WF_ROLE_NONE) {
        return WF_LOGIN_UNKNOWN;
    }
    if (token->expires_ms > 0 && token->expires_ms <= wf_api_now_ms(api)) {
        return WF_LOGIN_EXPIRED;
    }
    snprintf(actor_out->name, sizeof actor_out->name, "%s", token->name);
    snprintf(actor_out->user, sizeof actor_out->user, "%s", token->user);
    actor_out->token = token->id;
    actor_out->role = token->role;
    return WF_LOGIN_OK;
}

// The name of a user of this machine; their number where they have none.
static void user_name(uint32_t uid, char *name)
{
    char text[4096];
    struct passwd entry, *found = NULL;
    if (getpwuid_r(uid, &entry, text, sizeof text, &found) == 0 && found &&
        strlen(found->pw_name) < WF_ACTOR_NAME_BYTES) {
        memcpy(name, found->pw_name, strlen(found->pw_name) + 1);
        return;
    }
    snprintf(name, WF_ACTOR_NAME_BYTES, "%u", uid);
}

bool wf_api_peer(void *context, uint32_t uid, struct wf_actor *actor_out)
{
    struct wf_api *api = context;
    bool ours = uid == 0 || uid == geteuid();
    // A daemon that cannot start work as others serves its own user only.
    if (!ours && !api->parts.users) {
        return false;
    }
    user_name(uid, actor_out->name);
    memcpy(actor_out->user, actor_out->name, sizeof actor_out->user);
    actor_out->role = ours ? WF_ROLE_ADMIN : WF_ROLE_SUBMITTER;
    return true;
}

static json_t *tell_token(const struct wf_api_token *token)
{
    json_t *root = wf_api_object();
    wf_api_set(root, "id", wf_api_number((int64_t)token->id));
    wf_api_set(root, "name", wf_api_text(token->name));
    wf_api_set(root, "role", wf_api_text(wf_role_name(token->role)));
    wf_api_set(root, "user", wf_api_text(token->user));
    wf_api_set(root, "created_ms", wf_api_time(token->created_ms));
    wf_api_set(root, "expires_ms", wf_api_time(token->expires_ms));
    wf_api_set(root, "revoked_ms", wf_api_time(token->revoked_ms));
    return root;
}

void wf_api_tokens_list(void *context, struct wf_http_request *request)
{
    struct wf_api *api = context;
    struct wf_api_token *token = NULL, *next = NULL;
    json_t *list = wf_api_list();
    HASH_ITER(hh, api->tokens, token, next)
    {
        wf_api_add(list, tell_token(token));
    }
    json_t *root = wf_api_object();
    wf_api_set(root, "tokens", list);
    wf_api_send(request, 200, root, NULL);
}

// One field of the document that asks for a token; refuses what is not as it should be.
static bool read_text(struct wf_http_request *request, const json_t *tree, const char *field,
                      char *text_out)
{
    const json_t *value = json_object_get(tree, field);
    if (!value) {
        return true;
    }
    size_t length = json_is_string(value) ? json_string_length(value) : 0;
    if (length == 0 || length >= WF_ACTOR_NAME_BYTES ||
        !wf_utf8_is_plain(json_string_value(value), length)) {
        wf_http_fail(request, 400, field, "%s: a text of 1 to %d bytes is wanted", field,
                     WF_ACTOR_NAME_BYTES - 1);
        return false;
    }
    memcpy(text_out, json_string_value(value), length + 1);
    return true;
}

static bool check_fields(struct wf_http_request *request, const json_t *tree)
{
    static const char *const fields[] = {"name", "role", "user", "days"};
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)tree, name, value)
    {
        bool known = false;
        for (uint32_t i = 0; i < WF_COUNT_OF(fields); i++) {
            known = known || strcmp(fields[i], name) == 0;
        }
        if (!known) {
            wf_http_fail(request, 400, name,
                         "%.40s: a token has no such field, only name, role, "
                         "user and days",
                         name);
            return false;
        }
    }
    return true;
}

static bool read_token(struct wf_api *api, struct wf_http_request *request, const json_t *tree,
                       struct wf_api_token *token)
{
    char role[WF_ACTOR_NAME_BYTES] = "";
    const json_t *days = json_object_get(tree, "days");
    snprintf(token->user, sizeof token->user, "%s", wf_http_actor(request)->user);
    if (!check_fields(request, tree) || !read_text(request, tree, "name", token->name) ||
        !read_text(request, tree, "role", role) || !read_text(request, tree, "user", token->user)) {
        return false;
    }
    if (!*token->name) {
        wf_http_fail(request, 400, "name", "name: a token needs a name");
        return false;
    }
    if (!wf_role_find(role, &token->role)) {
        wf_http_fail(request, 400, "role",
                     "role: '%.40s' is none of viewer, submitter, operator, admin", role);
        return false;
    }
    if (days && (!json_is_integer(days) || json_integer_value(days) < 1 ||
                 json_integer_value(days) > DAYS_MAX)) {
        wf_http_fail(request, 400, "days", "days: a whole number from 1 to %d is wanted", DAYS_MAX);
        return false;
    }
    token->created_ms = wf_api_now_ms(api);
    token->expires_ms = days ? token->created_ms + json_integer_value(days) * DAY_MS : 0;
    return true;
}

static struct wf_token_row row_of(const struct wf_api_token *token)
{
    return (struct wf_token_row){
        .id = token->id,
        .name = token->name,
        .role = wf_role_name(token->role),
        .user = token->user,
        .hash = token->hash,
        .created_ms = token->created_ms,
        .expires_ms = token->expires_ms,
        .revoked_ms = token->revoked_ms,
    };
}

// It is on the disk: from now on it counts.
static json_t *tell_made(struct wf_api_wait *wait, const struct wf_desk_answer *answer)
{
    wait->token->id = wait->token->id > 0 ? wait->token->id : answer->id;
    json_t *root = tell_token(wait->token);
    if (wait->secret) {
        wf_api_set(root, "token", wf_api_text(wait->secret));
    }
    keep(wait->api, wait->token);
    wait->token = NULL;
    return root;
}

static void ask_for(struct wf_api_wait *wait, struct wf_api_token *token)
{
    struct wf_error err;
    wait->token = token;
    wait->make = tell_made;
    struct wf_token_row row = row_of(token);
    wf_api_asked(wait, wf_desk_token(wait->api->desk, &row, &wait->ask, &err), &err);
}

void wf_api_tokens_make(void *context, struct wf_http_request *request)
{
    struct wf_api *api = context;
    struct wf_api_token token = {0};
    char secret[WF_TOKEN_BYTES];
    json_error_t where;
    struct wf_error err;
    size_t length;
    const char *body = wf_http_body(request, &length);
    json_t *tree = json_loadb(body, length, JSON_REJECT_DUPLICATES, &where);
    if (!json_is_object(tree)) {
        json_decref(tree);
        wf_http_fail(request, 400, NULL, "the body is no JSON object: %s",
                     tree ? "it is another value" : where.text);
        return;
    }
    bool good = read_token(api, request, tree, &token);
    json_decref(tree);
    if (!good) {
        return;
    }
    enum wf_status status = wf_token_make(secret, &err);
    if (status != WF_OK) {
        wf_api_refuse(request, status, NULL, &err);
        return;
    }
    wf_token_hash(secret, token.hash);
    struct wf_api_token *copy = malloc(sizeof *copy);
    struct wf_api_wait *wait = wf_api_wait(api, request);
    wait->secret = strdup(secret);
    WF_ASSERT(copy && wait->secret);
    *copy = token;
    wait->status = 201;
    ask_for(wait, copy);
}

void wf_api_tokens_revoke(void *context, struct wf_http_request *request)
{
    struct wf_api *api = context;
    const char *text = wf_http_segment(request, "token");
    struct wf_api_token *token = NULL, *next = NULL, *found = NULL;
    errno = 0;
    unsigned long long id = text[strspn(text, "0123456789")] == '\0' ? strtoull(text, NULL, 10) : 0;
    HASH_ITER(hh, api->tokens, token, next)
    {
        found = errno == 0 && token->id == id && id > 0 ? token : found;
    }
    if (!found) {
        wf_http_fail(request, 404, "token", "there is no token %.40s", text);
        return;
    }
    struct wf_api_token *copy = malloc(sizeof *copy);
    WF_ASSERT(copy);
    *copy = *found;
    copy->revoked_ms = copy->revoked_ms > 0 ? copy->revoked_ms : wf_api_now_ms(api);
    ask_for(wf_api_wait(api, request), copy);
}
