/* What the engine tells, from a watch or a job onto the wire. The engine's thread pulls at most a
 * burst of it into the call's ring; messages are written one at a time, and the next burst is
 * pulled when the ring is half empty. So a slow reader holds back its own source, loses nothing,
 * and costs a bounded backlog. */
#include "rpc/convert.h"
#include "rpc/server_internal.h"

#include "base/log.h"

static grpc_byte_buffer *pack_event(const struct sy_release_event *event) {
    struct sy_event_message message;
    sy_event_to_proto(event, &message);
    /* Apply, Rollback and Watch answer with messages of one shape: the event is field 1. */
    Steelyard__V1__ApplyResponse response = STEELYARD__V1__APPLY_RESPONSE__INIT;
    response.event = &message.event;
    return sy_message_pack(&response.base);
}

static int watch_next(void *from, grpc_byte_buffer **ret, struct sy_error *error) {
    const struct sy_release_event *event = NULL;
    int got = sy_watch_next(from, &event, error);
    if (got > 0)
        *ret = pack_event(event);
    return got;
}

static void watch_close(void *from) {
    sy_watch_close(from);
}

const struct sy_stream_source sy_watch_source = {watch_next, watch_close};

void sy_stream_ready(void *call) {
    /* Never pulled from within the callback: it may come before the watch was returned. */
    sy_call_post(call, SY_WORK_PULL);
}

/* What to do next on the wire, decided under the lock. */
struct step {
    grpc_byte_buffer *message;
    bool more;
    bool pull;
    bool finish;
};

static struct step next_step(struct sy_call *call) {
    struct sy_backlog *backlog = &call->backlog;
    struct step step = {0};
    pthread_mutex_lock(&call->server->mutex);
    if (!backlog->writing && !call->finished) {
        if (backlog->count) {
            step.message = backlog->ring[backlog->head];
            backlog->head = (backlog->head + 1) % SY_BURST_MAX;
            /* The last one of a burst is flushed, whatever may follow. */
            step.more = --backlog->count > 0;
            backlog->writing = true;
        } else {
            step.finish = backlog->ended;
        }
        if (backlog->more && backlog->count <= SY_BURST_MAX / 2) {
            backlog->more = false;
            step.pull = true;
        }
    }
    pthread_mutex_unlock(&call->server->mutex);
    return step;
}

static void advance(struct sy_call *call) {
    struct step step = next_step(call);
    if (step.message)
        sy_call_send(call, step.message, step.more);
    if (step.pull)
        sy_call_post(call, SY_WORK_PULL);
    if (step.finish)
        sy_call_finish(call, &call->backlog.end);
}

void sy_stream_written(struct sy_call *call, bool ok) {
    pthread_mutex_lock(&call->server->mutex);
    call->backlog.writing = !ok; /* after a broken write nothing more is written */
    pthread_mutex_unlock(&call->server->mutex);
    if (ok)
        advance(call);
}

void sy_stream_detach(struct sy_call *call) {
    void *from = SY_STEAL(call->backlog.from);
    if (!from)
        return;
    call->backlog.source->close(from);
    sy_call_unref(call);
}

/* Put an event into the ring; true while it takes another one. */
static bool push(struct sy_call *call, grpc_byte_buffer *message) {
    struct sy_backlog *backlog = &call->backlog;
    pthread_mutex_lock(&call->server->mutex);
    backlog->ring[(backlog->head + backlog->count++) % SY_BURST_MAX] = message;
    bool room = backlog->count < SY_BURST_MAX;
    backlog->more = !room;
    pthread_mutex_unlock(&call->server->mutex);
    return room;
}

static bool has_room(struct sy_call *call) {
    pthread_mutex_lock(&call->server->mutex);
    bool room = call->backlog.count < SY_BURST_MAX;
    if (!room)
        call->backlog.more = true;
    pthread_mutex_unlock(&call->server->mutex);
    return room;
}

static void end(struct sy_call *call, const struct sy_error *error) {
    pthread_mutex_lock(&call->server->mutex);
    call->backlog.ended = true;
    call->backlog.more = false;
    call->backlog.end = *error;
    pthread_mutex_unlock(&call->server->mutex);
}

void sy_stream_pull(struct sy_call *call) {
    struct sy_backlog *backlog = &call->backlog;
    struct sy_error error = {0};
    int got = 1;
    if (!backlog->from)
        return;
    for (bool room = has_room(call); room && got > 0;) {
        grpc_byte_buffer *message = NULL;
        got = backlog->source->next(backlog->from, &message, &error);
        if (got > 0)
            room = push(call, message);
    }
    if (got < 0)
        end(call, &error);
    advance(call);
    if (got < 0)
        sy_stream_detach(call);
}

static void attach(struct sy_call *call, const struct sy_stream_source *source, void *from) {
    sy_call_ref(call); /* the source's, until it is closed */
    call->backlog.source = source;
    call->backlog.from = from;
    sy_call_open(call);
    sy_stream_pull(call);
}

void sy_stream_work(struct sy_call *call, unsigned bits, const struct sy_stream_source *source,
                    void *(*begin)(struct sy_call *call)) {
    if (bits & SY_WORK_CLOSE)
        call->backlog.closed = true;
    if (call->backlog.closed)
        sy_stream_detach(call);
    else if (bits & SY_WORK_START)
        attach(call, source, begin(call));
    else if (bits & SY_WORK_PULL)
        sy_stream_pull(call);
}

void sy_stream_closed(struct sy_call *call, bool cancelled) {
    if (cancelled)
        sy_call_post(call, SY_WORK_CLOSE);
}
