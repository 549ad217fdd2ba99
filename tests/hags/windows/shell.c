// SPDX-License-Identifier: Apache-2.0
// What sshd's forced command runs on a stand-in for Windows: hands the command to cmd.exe as
// Windows' own sshd does, with its quotes as they are.
#include <windows.h>

int main(void)
{
    static WCHAR command[16384];
    static WCHAR line[16500];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    DWORD status = 1;
    GetEnvironmentVariableW(L"SSH_ORIGINAL_COMMAND", command, 16384);
    lstrcpyW(line, L"cmd.exe /d /s /c \"");
    lstrcatW(line, command);
    lstrcatW(line, L"\"");
    if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process)) {
        return 1;
    }
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &status);
    return (int)status;
}
