// SPDX-License-Identifier: Apache-2.0
#include "integration/schema.h"

#include <stdio.h>
#include <string.h>

static bool is_type(const char *type, const json_t *value)
{
    return (strcmp(type, "object") == 0 && json_is_object(value)) ||
           (strcmp(type, "array") == 0 && json_is_array(value)) ||
           (strcmp(type, "string") == 0 && json_is_string(value)) ||
           (strcmp(type, "integer") == 0 && json_is_integer(value)) ||
           (strcmp(type, "number") == 0 && json_is_number(value)) ||
           (strcmp(type, "boolean") == 0 && json_is_boolean(value)) ||
           (strcmp(type, "null") == 0 && json_is_null(value));
}

static bool type_holds(const json_t *type, const json_t *value)
{
    size_t i;
    json_t *one;
    if (!type) {
        return true;
    }
    if (json_is_string(type)) {
        return is_type(json_string_value(type), value);
    }
    json_array_foreach((json_t *)type, i, one)
    {
        if (is_type(json_string_value(one), value)) {
            return true;
        }
    }
    return false;
}

static const json_t *resolve(const json_t *root, const json_t *schema)
{
    const char *path = json_string_value(json_object_get(schema, "$ref"));
    const json_t *at = root;
    char name[64];
    if (!path) {
        return schema;
    }
    for (path += 2; *path && at; path += *path == '/') {
        size_t length = strcspn(path, "/");
        snprintf(name, sizeof name, "%.*s", (int)length, path);
        at = json_object_get(at, name);
        path += length;
    }
    return at;
}

static bool enum_holds(const json_t *list, const json_t *value)
{
    size_t i;
    json_t *one;
    if (!list) {
        return true;
    }
    json_array_foreach((json_t *)list, i, one)
    {
        if (json_equal(one, (json_t *)value)) {
            return true;
        }
    }
    return false;
}

static bool object_holds(const json_t *root, const json_t *schema, const json_t *value, char *why,
                         size_t why_bytes)
{
    const json_t *known = json_object_get(schema, "properties");
    const json_t *more = json_object_get(schema, "additionalProperties");
    const char *name;
    json_t *one;
    size_t i;
    json_array_foreach(json_object_get(schema, "required"), i, one)
    {
        if (!json_object_get(value, json_string_value(one))) {
            snprintf(why, why_bytes, "'%s' is missing", json_string_value(one));
            return false;
        }
    }
    json_object_foreach((json_t *)value, name, one)
    {
        const json_t *part = json_object_get(known, name);
        part = part || !json_is_object(more) ? part : more;
        if (!part && json_is_false(more)) {
            snprintf(why, why_bytes, "'%s' is not described", name);
            return false;
        }
        if (part && !schema_holds(root, part, one, why, why_bytes)) {
            char inner[200];
            snprintf(inner, sizeof inner, "%s", why);
            snprintf(why, why_bytes, "%s: %s", name, inner);
            return false;
        }
    }
    return true;
}

static bool any_holds(const json_t *root, const json_t *list, const json_t *value, char *why,
                      size_t why_bytes)
{
    size_t i;
    json_t *one;
    json_array_foreach((json_t *)list, i, one)
    {
        if (schema_holds(root, one, value, why, why_bytes)) {
            return true;
        }
    }
    return false;
}

bool schema_holds(const json_t *root, const json_t *schema, const json_t *value, char *why,
                  size_t why_bytes)
{
    size_t i;
    json_t *one;
    schema = resolve(root, schema);
    if (!schema) {
        snprintf(why, why_bytes, "a reference leads nowhere");
        return false;
    }
    const json_t *any = json_object_get(schema, "anyOf");
    if (any) {
        return any_holds(root, any, value, why, why_bytes);
    }
    if (!type_holds(json_object_get(schema, "type"), value) ||
        !enum_holds(json_object_get(schema, "enum"), value)) {
        snprintf(why, why_bytes, "it is of another type, or none of the values");
        return false;
    }
    if (json_is_object(value)) {
        return object_holds(root, schema, value, why, why_bytes);
    }
    const json_t *items = json_object_get(schema, "items");
    json_array_foreach((json_t *)(items ? value : NULL), i, one)
    {
        if (!schema_holds(root, items, one, why, why_bytes)) {
            return false;
        }
    }
    return true;
}
