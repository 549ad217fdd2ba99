#!/bin/sh
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
needs cc nm ld ar readelf
check="$project/tools/check-core"

base_file() {
    write src/base/error.c <<'C'
#include <stdio.h>
int wf_fail(char *text);
int wf_unused(void);
int wf_fail(char *text)
{
    return snprintf(text, 2, "%d", 1);
}
C
    write src/base/clock.c <<'C'
#include <time.h>
long wf_clock(void);
long wf_clock(void)
{
    return (long)time(NULL);
}
C
}

new_tree
base_file
write src/core/core.c <<'C'
int wf_fail(char *text);
static const int table[] = {1, 2, 3};
static const char *const names[] = {"one", "two"};
int wf_one(int i, char *text);
int wf_one(int i, char *text)
{
    char copy[2];
    memcpy(copy, names[i & 1], 2);
    return table[i] + wf_fail(text) + copy[0]; // no double work
}
C
accepts "integers, constants and the parts of base that print an error" "$check" "$toy"

write src/core/now.c <<'C'
long wf_now(void);
long wf_now(void)
{
    return (long)time(NULL);
}
C
refuses "a look at the clock" "src/core/now.c: must not call time" "$check" "$toy"

write src/core/now.c <<'C'
long wf_clock(void);
long wf_now(void);
long wf_now(void)
{
    return wf_clock();
}
C
refuses "a look at the clock through base" "src/base/clock.c: must not call time" "$check" "$toy"

write src/core/now.c <<'C'
void *wf_core_create(void);
void wf_core_destroy(void *core);
static void *take(void)
{
    return calloc(1, 4);
}
void *wf_core_create(void)
{
    return take();
}
void wf_core_destroy(void *core)
{
    free(core);
}
C
accepts "memory taken at the beginning and given back at the end" "$check" "$toy"

write src/core/now.c <<'C'
void *wf_core_step(void);
static void *take(void)
{
    return calloc(1, 4);
}
void *wf_core_step(void)
{
    return take();
}
C
refuses "memory taken while it runs" "wf_core_step > take > calloc" "$check" "$toy"

write src/core/now.c <<'C'
struct policy {
    void *(*rank)(void);
};
extern const struct policy wf_policy;
static void *rank(void)
{
    return calloc(1, 4);
}
const struct policy wf_policy = {rank};
C
refuses "memory taken behind a table of functions" "rank > calloc" "$check" "$toy"

write src/core/now.c <<'C'
int wf_count(void);
int wf_count(void)
{
    static int count;
    return ++count;
}
C
refuses "a variable that outlives the call" "is a variable that outlives the call" "$check" "$toy"

write src/core/now.c <<'C'
struct wf_price {
    double dollars;
};
C
refuses "a floating-point word" "src/core/now.c:2: floating point in the core" "$check" "$toy"

if [ "$(uname -m)" = x86_64 ]; then
    write src/core/now.c <<'C'
long wf_half(long x);
long wf_half(long x)
{
    return (long)((__typeof__(1.0))x * 0.5);
}
C
    # gcc stops at it; clang calls a helper, which no list allows.
    refuses "floating-point work without the word" "src/core/now.c: " "$check" "$toy"
fi

finish
