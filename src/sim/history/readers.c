// SPDX-License-Identifier: Apache-2.0
// Every format of a history that can be read. A further one has its line here and its own file.
#include "sim/history/reader.h"

const struct wf_history_reader *const wf_history_readers[] = {
    &wf_history_reader_journal, &wf_history_reader_swf,   &wf_history_reader_pods,
    &wf_history_reader_openb,   &wf_history_reader_sacct,
};

const uint32_t wf_history_reader_count = WF_COUNT_OF(wf_history_readers);
