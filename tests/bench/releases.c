/* Memory and CPU of many releases under way in one engine: releases [COUNT]. The ports answer at
 * once and cost next to nothing, so what is measured is the engine and the core. Prints one JSON
 * line. */
#include "base/memory.h"
#include "base/timers.h"
#include "core/release.h"
#include "engine/engine.h"
#include "state/store.h"
#include "target/function.h"
#include "target/target.h"
#include "telemetry/source.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define START_MS INT64_C(1767225600000)

/* ---- a clock that jumps to the next deadline ---- */

static int64_t now = START_MS;
static int64_t io_now(struct sy_io *io) {
    (void)io;
    return now;
}
static void io_wait(struct sy_io *io, int64_t until_ms) {
    (void)io;
    if (until_ms != INT64_MAX && until_ms > now)
        now = until_ms;
}
static void io_wake(struct sy_io *io) {
    (void)io;
}
static const struct sy_io_ops io_ops = {.now_ms = io_now, .wait = io_wait, .wake = io_wake};
static struct sy_io io = {&io_ops};
static struct sy_engine *engine;

/* ---- ports that answer in the next turn ---- */

enum kind { ALIAS, VERSION, STORED, WRITTEN, SAMPLES, CONFIGURATION, POLICY, CONCURRENCY };
struct answer {
    enum kind kind;
    void *done;
    void *ctx;
    int64_t version;
    struct sy_routing routing;
};

/* The last five minutes of a healthy canary. */
static void deliver_samples(const struct answer *a) {
    struct sy_sample samples[5];
    for (int i = 0; i < 5; i++)
        samples[i] = (struct sy_sample){now - now % 60000 - (4 - i) * 60000, {40, 0}, {360, 1}};
    ((sy_samples_done *)a->done)(a->ctx, samples, SY_COUNT(samples), NULL);
}

/* Nothing is stored when a release is planned; later looks fail, which costs as much as an answer
 * that says nothing new. */
static void deliver_stored(const struct answer *a) {
    static const struct sy_stored nothing;
    static const struct sy_error busy = {.code = SY_UNAVAILABLE};
    bool planning = now < START_MS + 20000;
    ((sy_stored_done *)a->done)(a->ctx, planning ? &nothing : NULL, planning ? NULL : &busy);
}

/* What stands around a release when it is planned: nothing. */
static void deliver_around(const struct answer *a) {
    static const struct sy_configuration configuration;
    static const struct sy_policy policy;
    static const struct sy_concurrency concurrency;
    if (a->kind == CONFIGURATION)
        ((sy_configuration_done *)a->done)(a->ctx, &configuration, NULL);
    else if (a->kind == POLICY)
        ((sy_policy_done *)a->done)(a->ctx, &policy, NULL);
    else
        ((sy_concurrency_done *)a->done)(a->ctx, &concurrency, NULL);
}

static void deliver(void *arg) {
    SY_AUTO_FREE struct answer *a = arg;
    static const struct sy_version_state active = {.exists = true, .state = "Active"};
    switch (a->kind) {
    case ALIAS:
        ((sy_alias_done *)a->done)(
            a->ctx,
            &(struct sy_alias_state){.exists = true, .routing = a->routing, .revision = "r"}, NULL);
        break;
    case VERSION:
        ((sy_version_done *)a->done)(a->ctx, &active, NULL);
        break;
    case STORED:
        deliver_stored(a);
        break;
    case WRITTEN:
        ((sy_written_done *)a->done)(a->ctx, a->version, NULL);
        break;
    case SAMPLES:
        deliver_samples(a);
        break;
    default:
        deliver_around(a);
        break;
    }
}

static struct answer *answer(enum kind kind, void *done, void *ctx) {
    struct answer *a = sy_calloc(1, sizeof *a);
    *a = (struct answer){.kind = kind, .done = done, .ctx = ctx};
    sy_engine_post(engine, deliver, a);
    return a;
}

static void read_alias(struct sy_target *target, const char *function, const char *alias,
                       sy_alias_done *done, void *ctx) {
    (void)target, (void)function, (void)alias;
    answer(ALIAS, done, ctx)->routing = (struct sy_routing){.primary = "41"};
}
static void read_version(struct sy_target *target, const char *function, const char *version,
                         sy_version_done *done, void *ctx) {
    (void)target, (void)function, (void)version;
    answer(VERSION, done, ctx);
}
static void write_alias(struct sy_target *target, const char *function, const char *alias,
                        const struct sy_routing *routing, const char *revision, sy_alias_done *done,
                        void *ctx) {
    (void)target, (void)function, (void)alias, (void)revision;
    answer(ALIAS, done, ctx)->routing = *routing;
}
static void read_configuration(struct sy_target *target, const char *function,
                               const char *qualifier, sy_configuration_done *done, void *ctx) {
    (void)target, (void)function, (void)qualifier;
    answer(CONFIGURATION, done, ctx);
}
static void read_policy(struct sy_target *target, const char *function, const char *qualifier,
                        sy_policy_done *done, void *ctx) {
    (void)target, (void)function, (void)qualifier;
    answer(POLICY, done, ctx);
}
static void read_concurrency(struct sy_target *target, const char *function, const char *qualifier,
                             sy_concurrency_done *done, void *ctx) {
    (void)target, (void)function, (void)qualifier;
    answer(CONCURRENCY, done, ctx);
}
static void read_expiry(struct sy_target *target, struct sy_expiry *ret) {
    (void)target;
    *ret = (struct sy_expiry){.has = true, .known = true, .expires_ms = INT64_MAX};
}
static void store_read(struct sy_store *store, const char *function, const char *alias,
                       sy_stored_done *done, void *ctx) {
    (void)store, (void)function, (void)alias;
    answer(STORED, done, ctx);
}
static void write_record(struct sy_store *store, const struct sy_record *record,
                         sy_written_done *done, void *ctx) {
    (void)store;
    answer(WRITTEN, done, ctx)->version = record->version + 1;
}
static void write_lease(struct sy_store *store, const char *function, const char *alias,
                        const struct sy_lease *lease, sy_written_done *done, void *ctx) {
    (void)store, (void)function, (void)alias;
    answer(WRITTEN, done, ctx)->version = lease->version + 1;
}
static void write_mirror(struct sy_store *store, const char *function,
                         const struct sy_mirror *mirror, sy_written_done *done, void *ctx) {
    (void)store, (void)function, (void)mirror;
    answer(WRITTEN, done, ctx);
}
static long polls;
static void query(struct sy_source *source, const struct sy_query *q, sy_samples_done *done,
                  void *ctx) {
    (void)source, (void)q;
    polls++;
    answer(SAMPLES, done, ctx);
}

static const struct sy_target_ops target_ops = {
    .read_alias = read_alias, .read_version = read_version, .write_alias = write_alias};
static const struct sy_function_ops function_ops = {.read_configuration = read_configuration,
                                                    .read_policy = read_policy,
                                                    .read_concurrency = read_concurrency,
                                                    .read_expiry = read_expiry};
static const struct sy_store_ops store_ops = {.read = store_read,
                                              .write_record = write_record,
                                              .write_lease = write_lease,
                                              .write_mirror = write_mirror};
static const struct sy_source_ops source_ops = {.query = query};

/* ---- measuring ---- */

static double cpu_us(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static long resident_bytes(void) {
    long size = 0;
    long resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%ld %ld", &size, &resident) != 2)
        resident = 0;
    if (file)
        (void)fclose(file);
    return resident * sysconf(_SC_PAGESIZE);
}

static void run_until(int64_t until_ms) {
    while (now < until_ms)
        sy_engine_turn(engine, until_ms);
}

int main(int argc, char **argv) {
    int count = argc > 1 ? atoi(argv[1]) : 10000;
    struct sy_timers timers = {0};
    struct sy_target target = {&target_ops, &function_ops};
    struct sy_store store = {&store_ops};
    struct sy_source source = {&source_ops};
    engine = sy_engine_create(&(struct sy_engine_options){.io = &io,
                                                          .timers = &timers,
                                                          .target = &target,
                                                          .store = &store,
                                                          .source = &source,
                                                          .owner = "bench",
                                                          .seed = 1});
    long before = resident_bytes();
    for (int i = 0; i < count; i++) {
        struct sy_spec spec;
        sy_spec_init(&spec);
        (void)snprintf(spec.function, sizeof spec.function, "function-%d", i);
        (void)snprintf(spec.alias, sizeof spec.alias, "production");
        (void)snprintf(spec.version, sizeof spec.version, "42");
        spec.stages[0].bake_ms = SY_HOUR_MS;
        (void)sy_engine_apply(engine, &spec, NULL, NULL, NULL);
        if (i % 100 == 99) /* as they come in; planning all at once would show its peak */
            run_until(now + 10);
    }
    run_until(START_MS + 30000); /* all under way, none polled yet */
    long bytes = (resident_bytes() - before) / count;
    double quiet = cpu_us();
    run_until(START_MS + 59000);
    quiet = (cpu_us() - quiet) / 29;
    polls = 0;
    double busy = cpu_us();
    run_until(START_MS + 659000);
    busy = (cpu_us() - busy) / 600;
    long later = (resident_bytes() - before) / count;
    (void)printf("{\"releases\": %d, \"bytes_each\": %ld, \"bytes_each_after_ten_polls\": %ld, "
                 "\"struct_bytes\": %zu, "
                 "\"cpu_us_per_second_between_polls\": %.1f, "
                 "\"cpu_us_per_second_polling_every_60s\": %.1f, \"polls\": %ld}\n",
                 count, bytes, later, sizeof(struct sy_release), quiet, busy, polls);
    sy_engine_destroy(engine);
    sy_timers_finish(&timers);
    return 0;
}
