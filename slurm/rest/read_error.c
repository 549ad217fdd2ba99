// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/compat.h"
#include "slurm/rest/read.h"
#include "slurm/rest/value.h"

// An entry's number, where it has one but 0.
static int number_of(const json_t *entry, const char *path)
{
    return (int)wf_rest_number(entry, path, 0, INT32_MAX);
}

// Errors of the whole request stand in one list, those of single jobs in others, with status 200.
int wf_rest_read_error(const json_t *body, const char **text_out)
{
    static const struct {
        const char *list, *number, *text;
    } places[] = {
        {"errors", "error_number", "error"},
        {"status", "error/code", "error/message"},
        {"results", "error_code", "error"},
    };
    const json_t *entry;
    size_t i;

    for (size_t place = 0; place < WF_COUNT_OF(places); place++) {
        const json_t *const list = wf_rest_at(body, places[place].list);
        for (i = 0; (entry = json_array_get(list, i)) != NULL; i++) {
            const int number = number_of(entry, places[place].number);
            if (number == 0 && place > 0) {
                continue;
            }
            const char *text = wf_rest_text(entry, places[place].text);
            // slurmrestd's own refusals (from 9000 on) say what is wrong in the description only.
            if (text == NULL || number == 0 || number >= 9000) {
                const char *const more = wf_rest_text(entry, "description");
                text = more != NULL ? more : text;
            }
            *text_out = text != NULL ? text : "slurmrestd does not say why";
            return number != 0 ? number : SLURM_ERROR;
        }
    }
    return 0;
}
