// SPDX-License-Identifier: Apache-2.0
// Stands for shutdown.exe, which does nothing in wine: leaves a file; the test plays the restart.
#include <windows.h>

int main(void)
{
    HANDLE file = CreateFileW(L"C:\\restart", GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    CloseHandle(file);
    return file == INVALID_HANDLE_VALUE;
}
