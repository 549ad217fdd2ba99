// SPDX-License-Identifier: GPL-3.0-or-later
// The file that tells job_submit.lua that somebody decides, who, and about which partitions: one
// line,
//   SECONDS-SINCE-1970 UID PARTITION[,PARTITION...]      "*": all
#pragma once

#include <sys/types.h>

// Replaces the file as a whole. What fails is said once, on standard error.
void wf_heartbeat_write(const char *path, uid_t user, const char *partitions);
void wf_heartbeat_remove(const char *path);
