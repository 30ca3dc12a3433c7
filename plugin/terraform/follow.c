#include "terraform/provider_internal.h"

#include "base/io.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

void sy_follow_init(struct sy_follow *follow, struct sy_request *request,
                    void (*over)(struct sy_follow *follow)) {
    follow->provider = request->provider;
    follow->over = over;
    follow->question = sy_call_ask(request->call);
    follow->next = request->provider->follows;
    request->provider->follows = follow;
    request->follow = follow;
}

static void end(struct sy_follow *follow) {
    struct sy_timers *timers = follow->provider->options.timers;
    sy_watch_close(SY_STEAL(follow->watch));
    sy_timers_cancel(timers, &follow->wake);
    sy_timers_cancel(timers, &follow->timeout);
    follow->over(follow);
}

static void pull(void *ctx) {
    struct sy_follow *follow = ctx;
    const struct sy_release_event *event = NULL;
    int got = 0;
    while ((got = sy_watch_next(follow->watch, &event, &follow->error)) > 0) {
        follow->began = true;
        follow->first |= event->kind == SY_EVENT_PLANNED && !event->baseline[0];
        if (event->kind == SY_EVENT_FINISHED)
            memcpy(&follow->end, event,
                   offsetof(struct sy_release_event, text) + strlen(event->text) + 1);
    }
    if (got < 0)
        end(follow);
}

void sy_follow_ready(void *ctx) {
    struct sy_follow *follow = ctx; /* maybe from within the call that begins it: pulled later */
    sy_timers_set(follow->provider->options.timers, &follow->wake,
                  sy_io_now(follow->provider->options.io), pull, follow);
}

void sy_follow_interrupt(struct sy_follow *follow, const char *why) {
    if (!follow->watch)
        return;
    if (!follow->stopped[0])
        (void)snprintf(follow->stopped, sizeof follow->stopped, "%s", why);
    if (!follow->goes_on_alone) {
        sy_watch_interrupt(follow->watch);
        return;
    }
    (void)sy_fail(&follow->error, SY_CANCELLED,
                  "%s before the alias was taken back; see with `steelyard status` where it is",
                  follow->stopped);
    end(follow);
}

static void timed_out(void *ctx) {
    sy_follow_interrupt(ctx, "the time that timeouts allows is over");
}

void sy_follow_limit(struct sy_follow *follow, int64_t limit_ms) {
    sy_timers_set(follow->provider->options.timers, &follow->timeout,
                  sy_io_now(follow->provider->options.io) + limit_ms, timed_out, follow);
}

void sy_follows_interrupt(struct sy_terraform *terraform) {
    for (struct sy_follow *follow = terraform->follows; follow; follow = follow->next)
        sy_follow_interrupt(follow, "the run was interrupted");
}

void sy_follow_forget(struct sy_follow *follow) {
    struct sy_terraform *provider = follow->provider;
    for (struct sy_follow **at = &provider->follows; *at; at = &(*at)->next)
        if (*at == follow) {
            *at = follow->next;
            break;
        }
    sy_timers_cancel(provider->options.timers, &follow->wake);
    sy_timers_cancel(provider->options.timers, &follow->timeout);
    if (follow->watch)
        sy_watch_close(follow->watch);
    struct sy_call *call = follow->question ? sy_call_answered(follow->question) : NULL;
    if (call)
        sy_call_unref(call);
    free(follow);
}

void sy_follows_drop(struct sy_terraform *terraform) {
    while (terraform->follows)
        sy_follow_forget(terraform->follows);
}
