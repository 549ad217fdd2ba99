// SPDX-License-Identifier: Apache-2.0
#include "hags/export.h"

#include <stdlib.h>
#include <string.h>

// '@' stands for the number (1 is off, 2 is on), '~' for "off" or "on". Lines end in CR LF when
// they are written.
static const char reg[] =
    "Windows Registry Editor Version 5.00\n"
    "\n"
    "; Turns hardware-accelerated GPU scheduling ~ with the next restart.\n"
    "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\GraphicsDrivers]\n"
    "\"HwSchMode\"=dword:0000000@\n";

// The ids are those of registry items in Group Policy Preferences; uid is this item's own.
static const char gpo[] =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
    "<RegistrySettings clsid=\"{A3CCFC41-DFDB-43a5-8D26-0FE8B954DA51}\">\n"
    "  <Registry clsid=\"{9CD4B2F4-923D-47f5-A062-E897DD1DAD50}\" name=\"HwSchMode\" "
    "status=\"HwSchMode\" image=\"12\" changed=\"2026-11-22 00:00:00\" "
    "uid=\"{6B0A3C52-7F1D-4E0E-9B57-2D5C8A91F30@}\" "
    "desc=\"GPU scheduling by hardware ~, with the next restart\">\n"
    "    <Properties action=\"U\" displayDecimal=\"1\" default=\"0\" hive=\"HKEY_LOCAL_MACHINE\" "
    "key=\"SYSTEM\\CurrentControlSet\\Control\\GraphicsDrivers\" name=\"HwSchMode\" "
    "type=\"REG_DWORD\" value=\"0000000@\"/>\n"
    "  </Registry>\n"
    "</RegistrySettings>\n";

#define SCRIPT_HEAD                                                                                \
    "$key = 'HKLM:\\SYSTEM\\CurrentControlSet\\Control\\GraphicsDrivers'\n"                        \
    "$wanted = @\n"                                                                                \
    "$item = Get-ItemProperty -Path $key -Name HwSchMode -ErrorAction SilentlyContinue\n"          \
    "$now = if ($null -eq $item) { 'absent' } else { $item.HwSchMode }\n"

static const char detect[] =
    "# Intune detection: exit 0 where HwSchMode says ~, 1 where remediation is due. What is at\n"
    "# work changes with the next restart only; the value cannot tell.\n" SCRIPT_HEAD
    "Write-Output \"HwSchMode is $now, wanted is $wanted\"\n"
    "if ($now -eq $wanted) { exit 0 } else { exit 1 }\n";

static const char remediate[] =
    "# Intune remediation: turns hardware-accelerated GPU scheduling ~ with the next restart.\n"
    "# Frame generation (DLSS) does not run while it is off.\n"
    "$ErrorActionPreference = 'Stop'\n" SCRIPT_HEAD
    "New-ItemProperty -Path $key -Name HwSchMode -PropertyType DWord -Value $wanted -Force | "
    "Out-Null\n"
    "$after = (Get-ItemProperty -Path $key -Name HwSchMode).HwSchMode\n"
    "Write-Output \"HwSchMode was $now and is $after; a restart makes it work\"\n"
    "if ($after -eq $wanted) { exit 0 } else { exit 1 }\n";

static const char powershell[] =
    "# Turns hardware-accelerated GPU scheduling ~ on this machine, with the next restart.\n"
    "#   powershell -File hags-~.ps1            sets the value and tells what it was\n"
    "#   powershell -File hags-~.ps1 -WhatIf    only tells\n"
    "# Frame generation (DLSS) does not run while it is off. Wants an administrator.\n"
    "[CmdletBinding(SupportsShouldProcess = $true)]\n"
    "param()\n"
    "$ErrorActionPreference = 'Stop'\n" SCRIPT_HEAD "if ($now -eq $wanted) {\n"
    "    Write-Output \"HwSchMode is $now already\"\n"
    "    exit 0\n"
    "}\n"
    "if ($PSCmdlet.ShouldProcess($key, \"set HwSchMode from $now to $wanted\")) {\n"
    "    New-ItemProperty -Path $key -Name HwSchMode -PropertyType DWord -Value $wanted -Force | "
    "Out-Null\n"
    "    $after = (Get-ItemProperty -Path $key -Name HwSchMode).HwSchMode\n"
    "    Write-Output \"HwSchMode was $now and is $after; a restart makes it work\"\n"
    "    if ($after -ne $wanted) { exit 1 }\n"
    "}\n";

static const struct {
    const char *kind, *name_off, *name_on, *text;
} exports[] = {
    {"reg", "hags-off.reg", "hags-on.reg", reg},
    {"gpo", "hags-off-registry.xml", "hags-on-registry.xml", gpo},
    {"intune", "hags-off-detect.ps1", "hags-on-detect.ps1", detect},
    {"intune", "hags-off-remediate.ps1", "hags-on-remediate.ps1", remediate},
    {"powershell", "hags-off.ps1", "hags-on.ps1", powershell},
};

static char *fill(const char *form, bool off)
{
    char *text = calloc(1, 2 * strlen(form) + 1);
    char *at = text;
    for (; text && *form; form++) {
        if (*form == '@') {
            *at++ = off ? '1' : '2';
        } else if (*form == '~') {
            at = stpcpy(at, off ? "off" : "on");
        } else {
            if (*form == '\n') {
                *at++ = '\r';
            }
            *at++ = *form;
        }
    }
    return text;
}

enum wf_status wf_hags_export(const char *kind, bool off,
                              struct wf_hags_file files_out[WF_HAGS_FILES_MAX], uint32_t *count_out,
                              struct wf_error *err)
{
    *count_out = 0;
    for (uint32_t i = 0; i < WF_COUNT_OF(exports); i++) {
        if (strcmp(kind, exports[i].kind) != 0) {
            continue;
        }
        struct wf_hags_file *file = &files_out[(*count_out)++];
        *file = (struct wf_hags_file){off ? exports[i].name_off : exports[i].name_on,
                                      fill(exports[i].text, off)};
        if (!file->text) {
            return wf_fail(err, WF_NOMEM, "there is no memory for the export");
        }
    }
    return *count_out > 0
               ? WF_OK
               : wf_fail(err, WF_INVALID,
                         "--export is '%.20s', it must be intune, gpo, reg or powershell", kind);
}
