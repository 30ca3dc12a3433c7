/* A clock that a test sets, and no network: for code that takes struct sy_io only for its time. */
#ifndef SY_TESTS_FAKE_IO_H
#define SY_TESTS_FAKE_IO_H

#include "base/io.h"

struct fake_io {
    struct sy_io io;
    int64_t now_ms;
};

static inline int64_t fake_io_now(struct sy_io *io) {
    return ((struct fake_io *)io)->now_ms;
}

static inline struct fake_io fake_io_at(int64_t now_ms) {
    static const struct sy_io_ops ops = {.now_ms = fake_io_now};
    return (struct fake_io){.io = {&ops}, .now_ms = now_ms};
}

#endif
