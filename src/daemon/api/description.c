// SPDX-License-Identifier: Apache-2.0
#include "daemon/api/api.h"

// docs/openapi.json, put into the program by the build.
extern const unsigned char wf_openapi[];
extern const size_t wf_openapi_length;

const char *wf_api_description(size_t *length_out)
{
    *length_out = wf_openapi_length;
    return (const char *)wf_openapi;
}
