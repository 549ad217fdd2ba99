// SPDX-License-Identifier: Apache-2.0
// The journal: every event that a core took, in an append-only file of lines (journal_text.h),
// with the hash of the decisions now and then. Who steps the events again gets the decisions
// again.
//
// A program that dies while it appends leaves a last line that is cut short. Readers leave such a
// line out and say so; whoever goes on writing cuts it off first. Damage anywhere else is refused
// with the number of the line.
//
// The daemon keeps its journal in its database (database.h) instead: wf_journal_open reads such a
// file, too, also while the daemon writes to it, up to where the journal went when it was opened.
#pragma once

#include "store/journal_text.h"

struct wf_journal_reader;
struct wf_journal;

// Opens a journal and reads its head. for_writing: makes the file where there is none, and keeps
// other writers off it; the journal may then be empty. The caller owns *reader_out. Errors: WF_IO;
// WF_INVALID (no journal, a journal of another version, damage, a database for writing, or empty
// and not for writing); WF_EXISTS (another program writes to it); WF_NOMEM.
enum wf_status wf_journal_open(const char *path, bool for_writing,
                               struct wf_journal_reader **reader_out,
                               struct wf_error *err) WF_MUST_USE;
void wf_journal_reader_close(struct wf_journal_reader *reader);

// What made it; NULL where the journal is empty, because nobody got so far as to write its head.
const struct wf_journal_maker *wf_journal_reader_maker(const struct wf_journal_reader *reader);

// Goes to the next record, which borrows from the reader until the next call; *more_out is false
// at the end. Errors, all of them final: WF_IO, WF_INVALID (the sentence names the line).
enum wf_status wf_journal_next(struct wf_journal_reader *reader,
                               struct wf_journal_record *record_out, bool *more_out,
                               struct wf_error *err) WF_MUST_USE;

// Goes to a line of a database's journal behind its head: the next record is the one that stands
// there. Errors: WF_INVALID (a journal in a file, or there is no such line).
enum wf_status wf_journal_go_to(struct wf_journal_reader *reader, uint64_t line,
                                struct wf_error *err) WF_MUST_USE;

// The text of the record's line, without its checksum and end, before it was understood: borrowed
// until the next call.
const char *wf_journal_reader_text(const struct wf_journal_reader *reader);

// At the end: how many bytes of a last line that was cut short are left out, and its number.
uint64_t wf_journal_torn_bytes(const struct wf_journal_reader *reader);
uint64_t wf_journal_reader_line(const struct wf_journal_reader *reader);

// The lines of a database's journal as the bytes of a journal file, for those who read it as text.
struct wf_journal_rows;

// Whether the path is that of an SQLite database, of whomever.
bool wf_journal_is_database(const char *path);

// Errors: WF_IO, WF_INVALID (not ours, damaged, of a newer version), WF_NOMEM.
enum wf_status wf_journal_rows_open(const char *path, struct wf_journal_rows **rows_out,
                                    struct wf_error *err) WF_MUST_USE;
void wf_journal_rows_close(struct wf_journal_rows *rows); // NULL is fine

// Goes to the beginning of a line. Errors: WF_INVALID (there is no such line).
enum wf_status wf_journal_rows_go_to(struct wf_journal_rows *rows, uint64_t line,
                                     struct wf_error *err) WF_MUST_USE;

// Gives the next bytes, as many as there are up to size; *length_out is 0 at the end. Errors:
// WF_IO, WF_INVALID (a line is missing, or SQLite says that the file is damaged), WF_NOMEM.
enum wf_status wf_journal_rows_read(struct wf_journal_rows *rows, char *buffer, size_t size,
                                    size_t *length_out, struct wf_error *err) WF_MUST_USE;

// Goes on writing where the reader has come to the end; the torn rest is cut off. An empty journal
// gets its head from maker, which is on the disk when this returns; of others maker is not looked
// at. The reader, opened for writing, is used up, also on failure. Errors: WF_IO, WF_INVALID,
// WF_NOMEM.
enum wf_status wf_journal_append(struct wf_journal_reader *reader,
                                 const struct wf_journal_maker *maker,
                                 struct wf_journal **journal_out, struct wf_error *err) WF_MUST_USE;

// Adds a line. It reaches the file when the buffer is full, or with flush. Errors: WF_IO (final:
// nothing is written any more), WF_INVALID, WF_LIMIT (what no core takes, or no line can hold).
enum wf_status wf_journal_event(struct wf_journal *journal, const struct wf_event *event,
                                struct wf_error *err) WF_MUST_USE;
enum wf_status wf_journal_hash(struct wf_journal *journal, uint64_t hash, uint64_t events,
                               struct wf_error *err) WF_MUST_USE;
enum wf_status wf_journal_name(struct wf_journal *journal, enum wf_journal_named what,
                               uint64_t number, const char *name, struct wf_error *err) WF_MUST_USE;

// Hands what is buffered to the system: it then outlives this program, but not the machine.
enum wf_status wf_journal_flush(struct wf_journal *journal, struct wf_error *err) WF_MUST_USE;

// Waits until all of it is on the disk.
enum wf_status wf_journal_sync(struct wf_journal *journal, struct wf_error *err) WF_MUST_USE;

// Syncs and closes. Errors: WF_IO; the journal is gone all the same. NULL is fine.
enum wf_status wf_journal_close(struct wf_journal *journal, struct wf_error *err) WF_MUST_USE;
