/* Random numbers that depend on a key alone, and the two distributions traffic is made of.
 *
 * Only + - * / on doubles, so the same key gives the same numbers wherever IEEE 754 holds. */
#ifndef SY_SANDBOX_RANDOM_H
#define SY_SANDBOX_RANDOM_H

#include <stdint.h>

/* splitmix64 (Steele, Lea, Flood 2014): any state is a good seed. */
struct sy_random {
    uint64_t state;
};

/* Mix two keys into a seed: the same pair, the same stream. */
uint64_t sy_random_key(uint64_t a, uint64_t b);
/* FNV-1a of a name, to key a stream by it. */
uint64_t sy_random_name(const char *name);
uint64_t sy_random_u64(struct sy_random *random);
/* In [0, 1). */
double sy_random_unit(struct sy_random *random);
/* Arrivals when mean >= 0 are expected. Exact, by inversion, in pieces of at most 256. */
uint32_t sy_random_poisson(struct sy_random *random, double mean);
/* Successes of n trials of probability p (clamped to 0..1). Exact, by inversion, in pieces of at
 * most 512 trials. */
uint32_t sy_random_binomial(struct sy_random *random, uint32_t n, double p);
/* 8-4-4-4-12 hex digits from two draws, as AWS writes revision and request ids; buf of 37 bytes. */
void sy_random_uuid(struct sy_random *random, char buf[37]);

#endif
