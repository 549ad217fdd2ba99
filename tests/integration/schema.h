// SPDX-License-Identifier: Apache-2.0
// As much of JSON Schema as docs/openapi.json uses: $ref, anyOf, type, enum, properties, required,
// additionalProperties, items, minimum and maximum.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

// Whether value is as schema, which is a part of root, says; else why gets a sentence.
bool schema_holds(const json_t *root, const json_t *schema, const json_t *value, char *why,
                  size_t why_bytes);
