/* splitmix64 (Steele, Lea, Flood 2014): repeatable numbers from any seed. For names, jitter and
 * simulated worlds; never for secrets. */
#ifndef SY_BASE_RANDOM_H
#define SY_BASE_RANDOM_H

#include <stdint.h>

#define SY_SPLITMIX64_STEP UINT64_C(0x9E3779B97F4A7C15)

/* The generator's finisher: well-mixed bits of one number. */
static inline uint64_t sy_splitmix64_mix(uint64_t z) {
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* The next number; the state may start as anything. */
static inline uint64_t sy_splitmix64(uint64_t *state) {
    *state += SY_SPLITMIX64_STEP;
    return sy_splitmix64_mix(*state);
}

#endif
