// SPDX-License-Identifier: Apache-2.0
#include "provider/notice/date.h"

#include <curl/curl.h>

#include "text/moment.h"

#define YEAR_10000_S INT64_C(253402300800) // curl takes years of any length

bool wf_date_read(const char *text, int64_t *ms_out)
{
    if (wf_moment_read(text, ms_out)) {
        return true;
    }
    int64_t seconds = (int64_t)curl_getdate(text, NULL);
    *ms_out = seconds * 1000;
    return seconds > 0 && seconds < YEAR_10000_S;
}
