#include "aws/curl_io.h"

#include "aws/exchange.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum {
    HOST_CONNECTIONS = 16,
    ALL_CONNECTIONS = 64,
    SPARE_HANDLES = 16,
    POLL_MS = 60000 /* libcurl takes an int; a longer wait goes round again */
};

struct list {
    struct sy_exchange *first;
    struct sy_exchange *last;
};

struct curl_io {
    struct sy_io io;
    CURLM *multi;
    struct sy_trust trust;
    struct list running;
    struct list ready; /* ended, to be delivered by the next wait() */
    struct list delivering;
    CURL *spare[SPARE_HANDLES];
    size_t n_spare;
    uint64_t last_handle;
    atomic_bool woken;
    int64_t last_now_ms;
    int64_t last_monotonic_ms;
};

static struct curl_io *self_of(struct sy_io *io) {
    return (struct curl_io *)io;
}

static void push(struct list *list, struct sy_exchange *exchange) {
    exchange->next = NULL;
    exchange->prev = list->last;
    if (list->last)
        list->last->next = exchange;
    else
        list->first = exchange;
    list->last = exchange;
}

static void unlink_from(struct list *list, struct sy_exchange *exchange) {
    if (exchange->prev)
        exchange->prev->next = exchange->next;
    else
        list->first = exchange->next;
    if (exchange->next)
        exchange->next->prev = exchange->prev;
    else
        list->last = exchange->prev;
}

static int64_t clock_ms(clockid_t clock) {
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The wall clock, except that a wall clock that was set back does not stop our time: it goes on at
 * its own pace from where it was. */
static int64_t curl_io_now(struct sy_io *io) {
    struct curl_io *self = self_of(io);
    int64_t monotonic = clock_ms(CLOCK_MONOTONIC);
    int64_t wall = clock_ms(CLOCK_REALTIME);
    int64_t steady = self->last_now_ms + (monotonic - self->last_monotonic_ms);
    self->last_monotonic_ms = monotonic;
    self->last_now_ms = wall > steady ? wall : steady;
    return self->last_now_ms;
}

/* Easy handles are kept: they hold the TLS session by which the next connection is quicker. */
static CURL *take_handle(struct curl_io *self) {
    if (self->n_spare > 0)
        return self->spare[--self->n_spare];
    return curl_easy_init();
}

static void drop(struct curl_io *self, struct sy_exchange *exchange) {
    CURL *easy = exchange->easy;
    sy_exchange_destroy(exchange);
    if (!easy)
        return;
    if (self->n_spare == SPARE_HANDLES) {
        curl_easy_cleanup(easy);
        return;
    }
    curl_easy_reset(easy);
    self->spare[self->n_spare++] = easy;
}

static uint64_t curl_io_submit(struct sy_io *io, const struct sy_http_request *request,
                               sy_http_done *done, void *ctx) {
    struct curl_io *self = self_of(io);
    struct sy_exchange *exchange = sy_calloc(1, sizeof *exchange);
    exchange->handle = ++self->last_handle;
    exchange->done = done;
    exchange->ctx = ctx;
    exchange->easy = take_handle(self);
    bool good = false;
    if (!exchange->easy)
        (void)sy_fail(&exchange->error, SY_INTERNAL, "libcurl has no memory for a request");
    else
        good = sy_exchange_prepare(exchange, request, &self->trust) == 0;
    if (good && curl_multi_add_handle(self->multi, exchange->easy) != CURLM_OK) {
        (void)sy_fail(&exchange->error, SY_INTERNAL, "libcurl did not take a request");
        good = false;
    }
    push(good ? &self->running : &self->ready, exchange);
    return exchange->handle;
}

static struct sy_exchange *find(const struct list *list, uint64_t handle) {
    struct sy_exchange *exchange = list->first;
    while (exchange && exchange->handle != handle)
        exchange = exchange->next;
    return exchange;
}

static void curl_io_cancel(struct sy_io *io, uint64_t handle) {
    struct curl_io *self = self_of(io);
    struct list *lists[] = {&self->running, &self->ready, &self->delivering};
    for (size_t i = 0; i < SY_COUNT(lists); i++) {
        struct sy_exchange *exchange = find(lists[i], handle);
        if (!exchange)
            continue;
        unlink_from(lists[i], exchange);
        if (lists[i] == &self->running)
            (void)curl_multi_remove_handle(self->multi, exchange->easy);
        drop(self, exchange);
        return;
    }
}

static void collect(struct curl_io *self) {
    int left = 0;
    for (CURLMsg *message; (message = curl_multi_info_read(self->multi, &left));) {
        struct sy_exchange *exchange = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode result = message->data.result; /* message goes with the handle */
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&exchange);
        (void)curl_multi_remove_handle(self->multi, exchange->easy);
        sy_exchange_judge(exchange, result, &self->trust);
        unlink_from(&self->running, exchange);
        push(&self->ready, exchange);
    }
}

/* Callbacks may submit and cancel: what they add is for the next wait(), and what they cancel is
 * taken out of the list before we come to it. */
static void deliver(struct curl_io *self) {
    self->delivering = self->ready;
    self->ready = (struct list){0};
    for (struct sy_exchange *exchange; (exchange = self->delivering.first);) {
        unlink_from(&self->delivering, exchange);
        sy_exchange_deliver(exchange);
        drop(self, exchange);
    }
}

static void curl_io_wait(struct sy_io *io, int64_t until_ms) {
    struct curl_io *self = self_of(io);
    for (;;) {
        int running = 0;
        (void)curl_multi_perform(self->multi, &running);
        collect(self);
        if (self->ready.first) {
            deliver(self);
            return;
        }
        int64_t left = until_ms - curl_io_now(io);
        if (atomic_exchange(&self->woken, false) || left <= 0)
            return;
        (void)curl_multi_poll(self->multi, NULL, 0, left < POLL_MS ? (int)left : POLL_MS, NULL);
    }
}

static void curl_io_wake(struct sy_io *io) {
    struct curl_io *self = self_of(io);
    atomic_store(&self->woken, true);
    (void)curl_multi_wakeup(self->multi);
}

static const struct sy_io_ops curl_io_ops = {.now_ms = curl_io_now,
                                             .submit = curl_io_submit,
                                             .cancel = curl_io_cancel,
                                             .wait = curl_io_wait,
                                             .wake = curl_io_wake};

static void ignore_broken_pipes(void) {
    struct sigaction action;
    if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL) {
        action.sa_handler = SIG_IGN;
        (void)sigaction(SIGPIPE, &action, NULL);
    }
}

int sy_curl_io_create(struct sy_io **ret, struct sy_error *error) {
    struct sy_trust trust;
    if (sy_trust_find(&trust, error))
        return -1;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return sy_fail(error, SY_INTERNAL, "libcurl could not start");
    ignore_broken_pipes();
    CURLM *multi = curl_multi_init();
    if (!multi) {
        curl_global_cleanup();
        return sy_fail(error, SY_INTERNAL, "libcurl could not start");
    }
    curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)HOST_CONNECTIONS);
    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)ALL_CONNECTIONS);
    struct curl_io *self = sy_calloc(1, sizeof *self);
    self->io.ops = &curl_io_ops;
    self->multi = multi;
    self->trust = trust;
    atomic_init(&self->woken, false);
    self->last_monotonic_ms = clock_ms(CLOCK_MONOTONIC);
    self->last_now_ms = clock_ms(CLOCK_REALTIME);
    *ret = &self->io;
    return 0;
}

void sy_curl_io_destroy(struct sy_io *io) {
    struct curl_io *self = io ? self_of(io) : NULL;
    if (!self)
        return;
    while (self->running.first)
        curl_io_cancel(io, self->running.first->handle);
    while (self->ready.first)
        curl_io_cancel(io, self->ready.first->handle);
    while (self->n_spare > 0)
        curl_easy_cleanup(self->spare[--self->n_spare]);
    (void)curl_multi_cleanup(self->multi);
    curl_global_cleanup();
    free(self);
}
