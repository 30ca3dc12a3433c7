/* The CPU that this process has used so far, user and system, all threads. */
#ifndef SY_BENCH_CPU_H
#define SY_BENCH_CPU_H

#include <sys/resource.h>

static inline double usage_us(int who) {
    struct rusage usage;
    (void)getrusage(who, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static inline double cpu_us(void) {
    return usage_us(RUSAGE_SELF);
}

#endif
