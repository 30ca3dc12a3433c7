/* The calls of a server, and the mailbox through which they reach the engine's thread. */
#include "rpc/server_internal.h"

void sy_server_enlist(struct sy_call *call) {
    struct sy_server *server = call->server;
    pthread_mutex_lock(&server->mutex);
    call->next = server->calls;
    if (call->next)
        call->next->previous = call;
    server->calls = call;
    pthread_mutex_unlock(&server->mutex);
}

void sy_server_delist(struct sy_call *call) {
    struct sy_server *server = call->server;
    pthread_mutex_lock(&server->mutex);
    if (call->next)
        call->next->previous = call->previous;
    if (call->previous)
        call->previous->next = call->next;
    else if (server->calls == call)
        server->calls = call->next;
    pthread_mutex_unlock(&server->mutex);
}

/* The next call in the list that can still be held, with a reference. */
static struct sy_call *hold(struct sy_call *call) {
    while (call && !sy_call_try_ref(call))
        call = call->next;
    return call;
}

void sy_server_each_call(struct sy_server *server, void (*visit)(struct sy_call *call)) {
    pthread_mutex_lock(&server->mutex);
    struct sy_call *call = hold(server->calls);
    pthread_mutex_unlock(&server->mutex);
    while (call) {
        visit(call);
        pthread_mutex_lock(&server->mutex);
        struct sy_call *next = hold(call->next);
        pthread_mutex_unlock(&server->mutex);
        sy_call_unref(call);
        call = next;
    }
}

struct sy_call *sy_server_take_work(struct sy_server *server, unsigned *ret_bits) {
    pthread_mutex_lock(&server->mutex);
    struct sy_call *call = server->work_first;
    if (call) {
        server->work_first = call->next_work;
        if (!server->work_first)
            server->work_last = NULL;
        call->next_work = NULL;
        *ret_bits = call->work;
        call->work = 0;
    } else {
        server->wake_posted = false;
    }
    pthread_mutex_unlock(&server->mutex);
    return call;
}

static void run_work(void *arg) {
    struct sy_server *server = arg;
    unsigned bits = 0;
    for (struct sy_call *call; (call = sy_server_take_work(server, &bits));) {
        call->method->work(call, bits);
        sy_call_unref(call);
    }
}

void sy_server_post(struct sy_server *server, struct sy_call *call, unsigned bits) {
    pthread_mutex_lock(&server->mutex);
    bool queued = call->work != 0;
    bool wake = !server->wake_posted;
    call->work |= bits;
    if (!queued) {
        sy_call_ref(call);
        if (server->work_last)
            server->work_last->next_work = call;
        else
            server->work_first = call;
        server->work_last = call;
    }
    server->wake_posted = true;
    pthread_cond_signal(&server->changed);
    pthread_mutex_unlock(&server->mutex);
    if (wake)
        sy_engine_post(server->engine, run_work, server);
}
