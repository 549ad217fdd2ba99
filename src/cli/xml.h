// SPDX-License-Identifier: Apache-2.0
// Text inside of XML, SVG and HTML.
#pragma once

#include <stdint.h>
#include <stdio.h>

#define WF_XML_WHOLE UINT32_MAX

// Prints at most glyphs_max glyphs of the text, with XML's own characters written out, so that it
// may stand between tags and in attributes. What is cut has "…" behind it; what may not stand in
// XML is replaced (see clean.h).
void wf_xml_put(FILE *out, const char *text, uint32_t glyphs_max);
