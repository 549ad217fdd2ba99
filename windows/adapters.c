// SPDX-License-Identifier: Apache-2.0
// What the graphics kernel says of each adapter: whether hardware scheduling is at work, and
// whether the driver can do without. The numbers and layouts are those of Microsoft's d3dkmthk.h
// and d3dkmdt.h, stated anew.
#include "helper.h"

enum {
    ADAPTERS_MAX = 64,
    ASK_REGISTRY = 8,        // names
    ASK_DRIVER_VERSION = 13, // 2700: WDDM 2.7
    ASK_TYPE = 15,
    ASK_CAPS_2_7 = 70,
    ASK_CAPS_2_9 = 72,
};

struct adapter_info {
    UINT adapter;
    LUID luid;
    ULONG sources;
    BOOL precise;
};

struct enumeration {
    ULONG count;
    struct adapter_info *adapters;
};

struct question {
    UINT adapter;
    UINT what;
    void *data;
    UINT size;
};

struct names {
    WCHAR adapter[MAX_PATH], bios[MAX_PATH], converter[MAX_PATH], chip[MAX_PATH];
};

typedef LONG(WINAPI *enumerate_function)(struct enumeration *);
typedef LONG(WINAPI *query_function)(const struct question *);
typedef LONG(WINAPI *close_function)(const UINT *);

struct kernel {
    enumerate_function enumerate;
    query_function query;
    close_function close;
};

// gdi32 has the calls since Windows 8. What lacks adapters behind them is wine: there alone the
// tests' library is taken, from the system's folder.
static HMODULE kernel_library(void)
{
    HMODULE library = NULL;
    if (library_function(GetModuleHandleW(L"ntdll.dll"), "wine_get_version")) {
        library = system_library(L"whaleflux-d3dkmt.dll");
    }
    return library ? library : system_library(L"gdi32.dll");
}

static bool find_kernel(struct kernel *kernel)
{
    HMODULE library = kernel_library();
    kernel->enumerate = (enumerate_function)library_function(library, "D3DKMTEnumAdapters2");
    kernel->query = (query_function)library_function(library, "D3DKMTQueryAdapterInfo");
    kernel->close = (close_function)library_function(library, "D3DKMTCloseAdapter");
    return kernel->enumerate && kernel->query;
}

static bool ask(const struct kernel *kernel, UINT adapter, UINT what, void *data, UINT size)
{
    const struct question question = {adapter, what, data, size};
    return kernel->query(&question) >= 0;
}

static const char *driver_word(UINT state)
{
    static const char *const words[] = {"off", "experimental", "stable", "always-on"};
    return words[state & 3];
}

// Asks in the order of how much is told: 2.9 knows what the driver can do, 2.7 only what it does.
static void json_scheduling(const struct kernel *kernel, UINT adapter)
{
    UINT old = 0;
    UINT new = 0;
    bool has_old = ask(kernel, adapter, ASK_CAPS_2_7, &old, sizeof old);
    bool has_new = ask(kernel, adapter, ASK_CAPS_2_9, &new, sizeof new);
    json_key("supported");
    if (has_old || has_new) {
        json_bool(has_old ? old & 1 : (new & 3) != 0);
    } else {
        json_null();
    }
    json_key("enabled");
    if (has_old || has_new) {
        json_bool(has_new ? new >> 2 & 1 : old >> 1 & 1);
    } else {
        json_null();
    }
    json_key("enabled_by_default");
    if (has_old) {
        json_bool(old >> 2 & 1);
    } else {
        json_null();
    }
    json_key("driver");
    if (has_new) {
        json_text(driver_word(new));
    } else {
        json_null();
    }
    json_key("told_by");
    if (has_old || has_new) {
        json_text(has_new ? "wddm-2.9" : "wddm-2.7");
    } else {
        json_null();
    }
}

static void json_adapter(const struct kernel *kernel, UINT adapter)
{
    static struct names names;
    UINT version = 0;
    UINT type = 0;
    enum { SOFTWARE_BIT = 1 << 2, COMPUTE_ONLY_BIT = 1 << 11 };
    ZeroMemory(&names, sizeof names);
    json_begin('{');
    json_key("name");
    if (ask(kernel, adapter, ASK_REGISTRY, &names, sizeof names)) {
        names.adapter[MAX_PATH - 1] = L'\0';
        json_wide(names.adapter);
    } else {
        json_null();
    }
    json_key("wddm");
    if (ask(kernel, adapter, ASK_DRIVER_VERSION, &version, sizeof version)) {
        json_number(version);
    } else {
        json_null();
    }
    bool typed = ask(kernel, adapter, ASK_TYPE, &type, sizeof type);
    json_key("software");
    json_bool(typed && type & SOFTWARE_BIT);
    json_key("model");
    json_text(typed && type & COMPUTE_ONLY_BIT ? "mcdm" : "wddm");
    json_scheduling(kernel, adapter);
    json_end('}');
}

void json_adapters(void)
{
    static struct adapter_info adapters[ADAPTERS_MAX];
    struct kernel kernel;
    struct enumeration all = {ADAPTERS_MAX, adapters};
    if (!find_kernel(&kernel) || kernel.enumerate(&all) < 0) {
        json_null();
        return;
    }
    json_begin('[');
    for (ULONG i = 0; i < all.count && i < ADAPTERS_MAX; i++) {
        json_adapter(&kernel, adapters[i].adapter);
        if (kernel.close) {
            kernel.close(&adapters[i].adapter);
        }
    }
    json_end(']');
}
