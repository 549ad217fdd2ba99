// SPDX-License-Identifier: Apache-2.0
// Plays the graphics kernel, whose calls wine 8 lacks. C:\kind says which machine this is,
// C:\booted what GPU scheduling was set to when it "started": what is set later works after the
// next start.
#include <windows.h>

#include <string.h>

struct info {
    UINT adapter;
    LUID luid;
    ULONG sources;
    BOOL precise;
};
struct enumeration {
    ULONG count;
    struct info *adapters;
};
struct question {
    UINT adapter, what;
    void *data;
    UINT size;
};

enum { GPU = 0x40000040, SOFTWARE = 0x40000080, REFUSED = (int)0xc000000d };

static void read_word(const WCHAR *path, char word[32])
{
    DWORD length = 0;
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    memset(word, 0, 32);
    if (file != INVALID_HANDLE_VALUE) {
        ReadFile(file, word, 31, &length, NULL);
        CloseHandle(file);
    }
    word[strcspn(word, "\r\n")] = '\0';
}

static BOOL is_kind(const char *kind)
{
    char word[32];
    read_word(L"C:\\kind", word);
    return strcmp(word, kind) == 0;
}

static UINT enabled(void)
{
    char word[32];
    read_word(L"C:\\booted", word);
    return word[0] != '1' || is_kind("always-on");
}

__declspec(dllexport) LONG WINAPI D3DKMTEnumAdapters2(struct enumeration *all)
{
    ULONG count = 0;
    if (!is_kind("tcc")) {
        if (!is_kind("none")) {
            all->adapters[count++].adapter = GPU;
        }
        all->adapters[count++].adapter = SOFTWARE;
    }
    all->count = count;
    return 0;
}

__declspec(dllexport) LONG WINAPI D3DKMTQueryAdapterInfo(const struct question *question)
{
    BOOL software = question->adapter == SOFTWARE;
    UINT number;
    switch (question->what) {
    case 8:
        lstrcpyW(question->data,
                 software ? L"Microsoft Basic Render Driver" : L"Stand-in \"GPU\" \x00e9\\1");
        return 0;
    case 13:
        number = is_kind("old") ? 2600 : is_kind("wddm-2.7") ? 2700 : 3100;
        break;
    case 15:
        number = software ? 5 : 3;
        break;
    case 70:
        if (software || is_kind("old")) {
            return REFUSED;
        }
        number = 1 | enabled() << 1 | 1 << 2;
        break;
    case 72:
        if (software || is_kind("old") || is_kind("wddm-2.7")) {
            return REFUSED;
        }
        number = (is_kind("always-on") ? 3 : 2) | enabled() << 2;
        break;
    default:
        return REFUSED;
    }
    memcpy(question->data, &number, sizeof number);
    return 0;
}

__declspec(dllexport) LONG WINAPI D3DKMTCloseAdapter(const UINT *adapter)
{
    return *adapter ? 0 : REFUSED;
}
