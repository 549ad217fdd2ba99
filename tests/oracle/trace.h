// SPDX-License-Identifier: Apache-2.0
// Reads the gzipped CSV files of the placement benchmark (folder "frag" of the shared data). Plain
// comma separated fields, one heading row, no quotes.
#pragma once

#include <stdint.h>

#include "base/compat.h"
#include "base/error.h"
#include "oracle.h"

#define TRACE_FIELDS_MAX 16
#define TRACE_TEXTS_MAX 64
#define TRACE_TEXT_SIZE 64

// Texts of a column, numbered in the order in which they first appear.
struct trace_texts {
    char text[TRACE_TEXTS_MAX][TRACE_TEXT_SIZE];
    uint32_t count;
};

struct trace_nodes {
    struct oracle_node *list; // the number in "openb-node-NNNN" is the index
    uint32_t count;
    struct trace_texts models;
};

struct trace_pods {
    struct oracle_pod *list; // the number in "openb-pod-NNNN" is the index, and sorts by name
    uint32_t count;
};

struct trace_table;

// The benchmark's folder: $WHALEFLUX_DATA/frag, or ../shared/data/frag. Returns NULL when there is
// none that can be read; text_out then holds why. The result is text_out or NULL.
const char *trace_folder(char *text_out, uint32_t text_size);

enum wf_status trace_nodes_read(const char *folder, struct trace_nodes *nodes,
                                struct wf_error *err) WF_MUST_USE;
void trace_nodes_finish(struct trace_nodes *nodes);

// Reads openb_pod_list_<variant>; models numbers the allowed models.
enum wf_status trace_pods_read(const char *folder, const char *variant,
                               const struct trace_texts *models, struct trace_pods *pods,
                               struct wf_error *err) WF_MUST_USE;
void trace_pods_finish(struct trace_pods *pods);

// Row by row, for the files of results. name is relative to folder; the heading row is passed over.
enum wf_status trace_table_open(const char *folder, const char *name,
                                struct trace_table **table_out, struct wf_error *err) WF_MUST_USE;

// Splits the next row into fields (borrowed until the next row; the rest of the array is set to "")
// and returns how many there are; 0 at the end of the file.
uint32_t trace_table_next(struct trace_table *table, const char *fields[TRACE_FIELDS_MAX]);
void trace_table_close(struct trace_table *table);

// The whole field as a number; bad data stops the test program.
int64_t trace_integer(const char *field);
double trace_decimal(const char *field);
