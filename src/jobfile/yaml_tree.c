// SPDX-License-Identifier: Apache-2.0
#include "jobfile/yaml_tree.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "jobfile/job_memory.h"
#include "text/lines.h"

struct reading {
    yaml_document_t *document;
    struct wf_error *err;
    uint32_t nodes, depth;
};

static enum wf_status fail(struct wf_error *err, size_t line, enum wf_status status,
                           const char *text)
{
    return wf_fail(err, status, "line %zu: %s", line + 1, text);
}

// "0", "-7", "42": what JSON would write in the same way.
static bool is_whole(const char *text, size_t length)
{
    size_t minus = length > 1 && text[0] == '-';
    size_t digits = length - minus;
    if (digits == 0 || digits > 18 || (text[minus] == '0' && (digits > 1 || minus))) {
        return false;
    }
    for (size_t i = minus; i < length; i++) {
        if (!isdigit((unsigned char)text[i])) {
            return false;
        }
    }
    return true;
}

static bool is_one_of(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

static json_t *read_scalar(const yaml_node_t *node)
{
    static const char *const nothing[] = {"", "~", "null", "Null", "NULL"};
    static const char *const yes[] = {"true", "True", "TRUE"};
    static const char *const no[] = {"false", "False", "FALSE"};
    const char *text = (const char *)node->data.scalar.value;
    size_t length = node->data.scalar.length;
    bool tagged = node->tag && strcmp((const char *)node->tag, YAML_STR_TAG) != 0;
    if (node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE || tagged) {
        if (is_one_of(text, nothing, WF_COUNT_OF(nothing))) {
            return json_null();
        }
        if (is_one_of(text, yes, WF_COUNT_OF(yes)) || is_one_of(text, no, WF_COUNT_OF(no))) {
            return json_boolean(is_one_of(text, yes, WF_COUNT_OF(yes)));
        }
        if (is_whole(text, length)) {
            return json_integer(strtoll(text, NULL, 10));
        }
    }
    return json_stringn(text, length); // NULL where it is no UTF-8
}

static enum wf_status read_node(struct reading *reading, const yaml_node_t *node, json_t **out);

static enum wf_status add_pair(struct reading *reading, json_t *map, const yaml_node_pair_t *pair)
{
    const yaml_node_t *key = yaml_document_get_node(reading->document, pair->key);
    const yaml_node_t *value = yaml_document_get_node(reading->document, pair->value);
    json_t *tree = NULL;
    if (!key || key->type != YAML_SCALAR_NODE ||
        strlen((const char *)key->data.scalar.value) != key->data.scalar.length) {
        return fail(reading->err, key ? key->start_mark.line : 0, WF_INVALID,
                    "the key of a map must be a word");
    }
    const char *name = (const char *)key->data.scalar.value;
    if (json_object_get(map, name)) {
        char shown[48];
        wf_lines_quote(name, shown, sizeof shown);
        return wf_fail(reading->err, WF_INVALID, "line %zu: the key '%s' is there twice",
                       key->start_mark.line + 1, shown);
    }
    if (strcmp(name, "<<") == 0) {
        return fail(reading->err, key->start_mark.line, WF_INVALID,
                    "maps are not merged with '<<' here: write the keys");
    }
    enum wf_status status = read_node(reading, value, &tree);
    if (status == WF_OK && json_object_set_new(map, name, tree) != 0) {
        return wf_job_memory_fail(reading->err);
    }
    return status;
}

static enum wf_status read_map(struct reading *reading, const yaml_node_t *node, json_t *map)
{
    enum wf_status status = WF_OK;
    const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
    for (; pair < node->data.mapping.pairs.top && status == WF_OK; pair++) {
        status = add_pair(reading, map, pair);
    }
    return status;
}

static enum wf_status read_list(struct reading *reading, const yaml_node_t *node, json_t *list)
{
    enum wf_status status = WF_OK;
    const yaml_node_item_t *item = node->data.sequence.items.start;
    for (; item < node->data.sequence.items.top && status == WF_OK; item++) {
        json_t *tree = NULL;
        status = read_node(reading, yaml_document_get_node(reading->document, *item), &tree);
        if (status == WF_OK && json_array_append_new(list, tree) != 0) {
            status = wf_job_memory_fail(reading->err);
        }
    }
    return status;
}

// *out is set on success alone.
static enum wf_status read_node(struct reading *reading, const yaml_node_t *node, json_t **out)
{
    if (++reading->nodes > WF_YAML_NODES_MAX || reading->depth > WF_YAML_DEPTH_MAX) {
        return wf_fail(reading->err, WF_LIMIT,
                       "line %zu: there are more than %d values, or more than %d lists and maps "
                       "within each other",
                       node->start_mark.line + 1, WF_YAML_NODES_MAX, WF_YAML_DEPTH_MAX);
    }
    bool scalar = node->type == YAML_SCALAR_NODE;
    json_t *tree = scalar                            ? read_scalar(node)
                   : node->type == YAML_MAPPING_NODE ? json_object()
                                                     : json_array();
    if (!tree) {
        return scalar
                   ? fail(reading->err, node->start_mark.line, WF_INVALID, "a text is not in UTF-8")
                   : wf_job_memory_fail(reading->err);
    }
    enum wf_status status = WF_OK;
    reading->depth++;
    if (node->type == YAML_MAPPING_NODE) {
        status = read_map(reading, node, tree);
    } else if (!scalar) {
        status = read_list(reading, node, tree);
    }
    reading->depth--;
    if (status != WF_OK) {
        json_decref(tree);
        return status;
    }
    *out = tree;
    return WF_OK;
}

static enum wf_status fail_parser(const yaml_parser_t *parser, struct wf_error *err)
{
    if (parser->error == YAML_MEMORY_ERROR) {
        return wf_job_memory_fail(err);
    }
    size_t line = parser->error == YAML_READER_ERROR ? 0 : parser->problem_mark.line;
    return wf_fail(err, WF_INVALID, "line %zu: this is no YAML: %s", line + 1,
                   parser->problem ? parser->problem : "the text cannot be read");
}

static enum wf_status read_all(yaml_parser_t *parser, json_t *all, struct wf_error *err)
{
    struct reading reading = {.err = err};
    for (;;) {
        yaml_document_t document;
        json_t *tree = NULL;
        if (!yaml_parser_load(parser, &document)) {
            return fail_parser(parser, err);
        }
        const yaml_node_t *root = yaml_document_get_root_node(&document);
        bool end = !root;
        reading.document = &document;
        enum wf_status status = end ? WF_OK : read_node(&reading, root, &tree);
        yaml_document_delete(&document);
        if (tree && !json_is_null(tree) && json_array_append(all, tree) != 0) {
            status = wf_job_memory_fail(err);
        }
        json_decref(tree);
        if (end || status != WF_OK) {
            return status;
        }
    }
}

enum wf_status wf_yaml_trees(const char *text, size_t length, json_t **all_out,
                             struct wf_error *err)
{
    yaml_parser_t parser;
    json_t *all = json_array();
    *all_out = NULL;
    if (!all || !yaml_parser_initialize(&parser)) {
        json_decref(all);
        return wf_job_memory_fail(err);
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    enum wf_status status = read_all(&parser, all, err);
    yaml_parser_delete(&parser);
    if (status != WF_OK) {
        json_decref(all);
        return status;
    }
    *all_out = all;
    return WF_OK;
}
