// SPDX-License-Identifier: Apache-2.0
#include "text/yaml_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "text/csv.h"
#include "text/decimal.h"

enum { QUOTE_SHOWN = 48, KEYS_MAX = 48 };

static enum wf_status fail_line(const struct wf_source *source, uint64_t line, struct wf_error *err,
                                enum wf_status status, const char *text)
{
    return wf_fail(err, status, "%s, line %llu: %s", source->shown, (unsigned long long)line, text);
}

static enum wf_status fail_parser(const struct wf_source *source, const yaml_parser_t *parser,
                                  struct wf_error *err)
{
    if (parser->error == YAML_MEMORY_ERROR) {
        return wf_fail(err, WF_NOMEM, "no memory to read %s", source->shown);
    }
    const char *problem = parser->problem ? parser->problem : "the text cannot be read";
    uint64_t line = parser->error == YAML_READER_ERROR ? 1 : parser->problem_mark.line + 1;
    char text[200];
    snprintf(text, sizeof text, "this is no YAML: %s", problem);
    return fail_line(source, line, err, WF_INVALID, text);
}

// There must be no second document: half of a file would be left out unseen.
static enum wf_status check_end(const struct wf_source *source, yaml_parser_t *parser,
                                struct wf_error *err)
{
    yaml_document_t next;
    if (!yaml_parser_load(parser, &next)) {
        return fail_parser(source, parser, err);
    }
    const yaml_node_t *root = yaml_document_get_root_node(&next);
    enum wf_status status = WF_OK;
    if (root) {
        status = fail_line(source, root->start_mark.line + 1, err, WF_INVALID,
                           "a second YAML document begins, there may be one");
    }
    yaml_document_delete(&next);
    return status;
}

enum wf_status wf_yaml_read(const struct wf_source *source, struct wf_yaml *yaml_out,
                            struct wf_error *err)
{
    yaml_parser_t parser;
    *yaml_out = (struct wf_yaml){.source = source};
    if (!yaml_parser_initialize(&parser)) {
        return wf_fail(err, WF_NOMEM, "no memory to read %s", source->shown);
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)source->text, source->length);
    enum wf_status status = WF_OK;
    if (!yaml_parser_load(&parser, &yaml_out->document)) {
        status = fail_parser(source, &parser, err);
        yaml_parser_delete(&parser);
        return status;
    }
    const yaml_node_t *root = wf_yaml_root(yaml_out);
    if (!root || root->type != YAML_MAPPING_NODE) {
        status =
            fail_line(source, root ? wf_yaml_line(root) : 1, err, WF_INVALID,
                      "the file must be a map: keys, each with a colon and what belongs to it");
    } else {
        status = check_end(source, &parser, err);
    }
    yaml_parser_delete(&parser);
    if (status != WF_OK) {
        wf_yaml_finish(yaml_out);
    }
    return status;
}

void wf_yaml_finish(struct wf_yaml *yaml)
{
    if (yaml && yaml->source) {
        yaml_document_delete(&yaml->document);
        yaml->source = NULL;
    }
}

yaml_node_t *wf_yaml_root(struct wf_yaml *yaml)
{
    return yaml_document_get_root_node(&yaml->document);
}

uint64_t wf_yaml_line(const yaml_node_t *node)
{
    return node->start_mark.line + 1;
}

enum wf_status wf_yaml_fail(const struct wf_yaml *yaml, const yaml_node_t *node,
                            struct wf_error *err, enum wf_status status, const char *format, ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return fail_line(yaml->source, wf_yaml_line(node), err, status, text);
}

const char *wf_yaml_scalar(const yaml_node_t *node)
{
    return node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

static enum wf_status fail_key(const struct wf_yaml *yaml, const yaml_node_t *key, const char *what,
                               const char *const *keys, uint32_t count, struct wf_error *err)
{
    char quoted[QUOTE_SHOWN];
    wf_csv_quote(wf_yaml_scalar(key), quoted, sizeof quoted);
    uint32_t near = wf_nearest_name(wf_yaml_scalar(key), keys, count);
    if (near != UINT32_MAX) {
        return wf_yaml_fail(yaml, key, err, WF_INVALID, "%s has no key '%s' (did you mean '%s'?)",
                            what, quoted, keys[near]);
    }
    char known[280] = "";
    size_t length = 0;
    for (uint32_t i = 0; i < count && length < sizeof known - 40; i++) {
        length +=
            (size_t)snprintf(known + length, sizeof known - length, "%s%s", i ? ", " : "", keys[i]);
    }
    return wf_yaml_fail(yaml, key, err, WF_INVALID, "%s has no key '%s' (known: %s)", what, quoted,
                        known);
}

enum wf_status wf_yaml_check_map(struct wf_yaml *yaml, const yaml_node_t *node, const char *what,
                                 const char *const *keys, struct wf_error *err)
{
    bool seen[KEYS_MAX] = {false};
    uint32_t count = 0;
    while (count < KEYS_MAX && keys[count]) {
        count++;
    }
    if (node->type != YAML_MAPPING_NODE) {
        return wf_yaml_fail(yaml, node, err, WF_INVALID, "%s must be a map, such as '%s: ...'",
                            what, keys[0]);
    }
    const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
    for (; pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = yaml_document_get_node(&yaml->document, pair->key);
        uint32_t i = 0;
        if (!wf_yaml_scalar(key)) {
            return wf_yaml_fail(yaml, key, err, WF_INVALID, "a key of %s must be a word", what);
        }
        while (i < count && strcmp(wf_yaml_scalar(key), keys[i]) != 0) {
            i++;
        }
        if (i == count) {
            return fail_key(yaml, key, what, keys, count, err);
        }
        if (seen[i]) {
            return wf_yaml_fail(yaml, key, err, WF_INVALID, "%s has the key '%s' twice", what,
                                keys[i]);
        }
        seen[i] = true;
    }
    return WF_OK;
}

const char *wf_yaml_pair(struct wf_yaml *yaml, const yaml_node_t *map, uint32_t *at,
                         yaml_node_t **value_out)
{
    const yaml_node_pair_t *pair = map->data.mapping.pairs.start + *at;
    if (pair >= map->data.mapping.pairs.top) {
        return NULL;
    }
    ++*at;
    *value_out = yaml_document_get_node(&yaml->document, pair->value);
    const char *key = wf_yaml_scalar(yaml_document_get_node(&yaml->document, pair->key));
    return key ? key : "";
}

yaml_node_t *wf_yaml_get(struct wf_yaml *yaml, const yaml_node_t *map, const char *key)
{
    yaml_node_t *value;
    uint32_t at = 0;
    for (const char *name; (name = wf_yaml_pair(yaml, map, &at, &value));) {
        if (strcmp(name, key) == 0) {
            return value;
        }
    }
    return NULL;
}

enum wf_status wf_yaml_check_list(const struct wf_yaml *yaml, const yaml_node_t *node,
                                  const char *key, struct wf_error *err)
{
    if (node->type != YAML_SEQUENCE_NODE) {
        return wf_yaml_fail(yaml, node, err, WF_INVALID,
                            "'%s' must be a list, each item after a '-'", key);
    }
    return WF_OK;
}

yaml_node_t *wf_yaml_item(struct wf_yaml *yaml, const yaml_node_t *list, uint32_t *at)
{
    const yaml_node_item_t *item = list->data.sequence.items.start + *at;
    if (item >= list->data.sequence.items.top) {
        return NULL;
    }
    ++*at;
    return yaml_document_get_node(&yaml->document, *item);
}

enum wf_status wf_yaml_text(struct wf_yaml *yaml, const yaml_node_t *map, const char *key,
                            const char **out, struct wf_error *err)
{
    const yaml_node_t *node = wf_yaml_get(yaml, map, key);
    if (!node) {
        return WF_OK;
    }
    const char *text = wf_yaml_scalar(node);
    if (!text || text[0] == '\0') {
        return wf_yaml_fail(yaml, node, err, WF_INVALID, "'%s' must be a word", key);
    }
    *out = text;
    return WF_OK;
}

enum wf_status wf_yaml_bool(struct wf_yaml *yaml, const yaml_node_t *map, const char *key,
                            bool *out, struct wf_error *err)
{
    const char *text = NULL;
    enum wf_status status = wf_yaml_text(yaml, map, key, &text, err);
    if (status != WF_OK || !text) {
        return status;
    }
    *out = strcmp(text, "true") == 0 || strcmp(text, "yes") == 0;
    if (!*out && strcmp(text, "false") != 0 && strcmp(text, "no") != 0) {
        char quoted[QUOTE_SHOWN];
        wf_csv_quote(text, quoted, sizeof quoted);
        return wf_yaml_fail(yaml, wf_yaml_get(yaml, map, key), err, WF_INVALID,
                            "'%s' is '%s', it must be true or false", key, quoted);
    }
    return WF_OK;
}

// "2.5" of 2500 with places 3.
static const char *show(int64_t number, unsigned places, char *text, size_t size)
{
    int64_t unit = 1;
    for (unsigned i = 0; i < places; i++) {
        unit *= 10;
    }
    if (number % unit == 0) {
        snprintf(text, size, "%lld", (long long)(number / unit));
        return text;
    }
    snprintf(text, size, "%lld.%0*lld", (long long)(number / unit), (int)places,
             (long long)(number % unit));
    for (size_t end = strlen(text); text[end - 1] == '0'; end--) {
        text[end - 1] = '\0';
    }
    return text;
}

enum wf_status wf_yaml_number(struct wf_yaml *yaml, const yaml_node_t *map, const char *key,
                              struct wf_yaml_range range, int64_t *out, struct wf_error *err)
{
    const yaml_node_t *node = wf_yaml_get(yaml, map, key);
    if (!node) {
        return WF_OK;
    }
    const char *text = wf_yaml_scalar(node);
    int64_t number = 0;
    char quoted[QUOTE_SHOWN];
    char limit[32];
    wf_csv_quote(text ? text : "", quoted, sizeof quoted);
    enum wf_decimal read =
        text ? wf_decimal_read(text, range.places, range.max, &number) : WF_DECIMAL_WRONG;
    if (read == WF_DECIMAL_WRONG) {
        return wf_yaml_fail(yaml, node, err, WF_INVALID, "'%s' is '%s', it must be a %snumber", key,
                            quoted, range.places ? "" : "whole ");
    }
    if (read == WF_DECIMAL_NEGATIVE || (read == WF_DECIMAL_READ && number < range.min)) {
        return wf_yaml_fail(yaml, node, err, WF_INVALID, "'%s' is %s, it must be at least %s", key,
                            quoted, show(range.min, range.places, limit, sizeof limit));
    }
    if (read == WF_DECIMAL_TOO_LARGE) {
        return wf_yaml_fail(yaml, node, err, WF_LIMIT, "'%s' is %s, more than %s%s%s", key, quoted,
                            show(range.max, range.places, limit, sizeof limit),
                            range.limit ? ", the limit " : "", range.limit ? range.limit : "");
    }
    *out = number;
    return WF_OK;
}
