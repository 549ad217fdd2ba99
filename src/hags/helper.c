// SPDX-License-Identifier: Apache-2.0
#include "hags/helper.h"

#ifdef WF_HAGS_HELPER
// Made from the program by tools/embed.
extern const unsigned char wf_hags_helper_bytes[];
extern const size_t wf_hags_helper_bytes_length;
#endif

const void *wf_hags_helper(size_t *length_out)
{
#ifdef WF_HAGS_HELPER
    *length_out = wf_hags_helper_bytes_length;
    return wf_hags_helper_bytes;
#else
    *length_out = 0;
    return NULL;
#endif
}
