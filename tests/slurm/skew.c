// SPDX-License-Identifier: Apache-2.0
// Preloaded into a program: its clock of the day is WHALEFLUX_SKEW_SECONDS off.
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long skew(void)
{
    const char *text = getenv("WHALEFLUX_SKEW_SECONDS");
    return text ? strtol(text, NULL, 10) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *at)
{
    long status = syscall(SYS_clock_gettime, clock, at);
    if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        at->tv_sec += skew();
    }
    return (int)status;
}

time_t time(time_t *out)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_REALTIME, &at);
    if (out) {
        *out = at.tv_sec;
    }
    return at.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec at;
    (void)zone;
    (void)clock_gettime(CLOCK_REALTIME, &at);
    *out = (struct timeval){at.tv_sec, at.tv_nsec / 1000};
    return 0;
}
