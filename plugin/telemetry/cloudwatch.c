/* AWS's own metrics of Lambda, AWS/Lambda Invocations and Errors, as the source.
 *
 * Lambda publishes per-version counts only under FunctionName + Resource + ExecutedVersion together
 * (lambda-facts): a query without Resource answers "no data, complete". Queries of one turn of the
 * loop wait for a timer that is due at once, and then travel together: a query is one release's
 * look, a piece is the part of it that fits a call, a batch is one call.
 *
 * Destroy a source together with its client, with no turn of the loop between: calls that are under
 * way are forgotten. */
#include "telemetry/source.h"

#include "aws/client.h"
#include "base/memory.h"
#include "telemetry/cloudwatch_json.h"
#include "telemetry/cloudwatch_look.h"

#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

enum { PAGES_MAX = 200 }; /* of one call: AWS sends pages of hundreds of points at least */

struct piece {
    struct sy_look *look;
    int64_t from_s;
    int64_t to_s;
    size_t order;
};

/* One metric of a call: query "q<place>". */
struct slot {
    struct sy_look *look;
    enum sy_series series;
    bool seen;
    bool complete;
};

struct batch {
    LIST_ENTRY(batch) link;
    struct cloudwatch *source;
    struct piece *pieces;
    size_t n_pieces;
    struct slot *slots;
    size_t n_slots;
    int64_t from_s;
    int64_t to_s;
    int64_t period_s;
    char *token;
    int pages;
};
LIST_HEAD(batch_list, batch);

struct cloudwatch {
    struct sy_source base;
    struct sy_aws *aws;
    struct sy_io *io;
    struct sy_timers *timers;
    struct sy_timer flush;
    struct sy_look **pending;
    size_t n_pending;
    struct sy_look_list looks; /* all that were not answered yet */
    struct batch_list batches;
};

static void batch_destroy(struct batch *batch) {
    LIST_REMOVE(batch, link);
    free(batch->pieces);
    free(batch->slots);
    free(batch->token);
    free(batch);
}

/* All pieces are answered for; looks without another one under way are finished. */
static void batch_finish(struct batch *batch) {
    SY_AUTO_FREE struct piece *pieces = SY_STEAL(batch->pieces);
    size_t n = batch->n_pieces;
    batch_destroy(batch);
    for (size_t i = 0; i < n; i++)
        if (--pieces[i].look->pieces_left == 0)
            sy_look_finish(pieces[i].look);
}

static void batch_fail(struct batch *batch, const struct sy_error *error) {
    struct sy_error copy = *error;
    for (size_t i = 0; i < batch->n_pieces; i++)
        sy_look_fail(batch->pieces[i].look, &copy);
    batch_finish(batch);
}

static void on_result(void *ctx, const struct sy_metric_result *result) {
    struct batch *batch = ctx;
    struct slot *slot = &batch->slots[result->index];
    slot->seen = true;
    slot->complete = result->complete;
    for (size_t i = 0; i < result->n_points; i++)
        sy_look_add(slot->look, slot->series, &result->points[i]);
}

static void on_failed(void *ctx, size_t index, const struct sy_error *error) {
    struct batch *batch = ctx;
    batch->slots[index].seen = true;
    sy_look_fail(batch->slots[index].look, error);
}

/* Half a metric must not pass for a whole one: missing errors would look healthy. */
static void check_complete(struct batch *batch) {
    struct sy_error error;
    for (size_t i = 0; i < batch->n_slots; i++) {
        const struct slot *slot = &batch->slots[i];
        if (!slot->seen)
            (void)sy_fail(&error, SY_INTERNAL,
                          "CloudWatch left a metric of %s:%s out of its answer",
                          slot->look->function, slot->look->alias);
        else if (!slot->complete)
            (void)sy_fail(&error, SY_UNAVAILABLE,
                          "CloudWatch sent only a part of a metric of %s:%s (PartialData); it is "
                          "asked again at the next poll",
                          slot->look->function, slot->look->alias);
        else
            continue;
        sy_look_fail(slot->look, &error);
    }
}

static void batch_send(struct batch *batch);

static void on_page(void *ctx, const struct sy_aws_reply *reply, const struct sy_error *error) {
    struct batch *batch = ctx;
    struct sy_metric_reader reader = {batch->n_slots, on_result, on_failed, batch};
    SY_AUTO_FREE char *token = NULL;
    struct sy_error why;
    if (error) {
        batch_fail(batch, error);
    } else if (sy_metric_page_read(reply->body, reply->body_len, &reader, &token, &why)) {
        batch_fail(batch, &why);
    } else if (!token) {
        check_complete(batch);
        batch_finish(batch);
    } else if (++batch->pages >= PAGES_MAX || (batch->token && strcmp(batch->token, token) == 0)) {
        (void)sy_fail(&why, SY_INTERNAL,
                      "CloudWatch's answer to GetMetricData has no end after %d pages",
                      batch->pages);
        batch_fail(batch, &why);
    } else {
        free(batch->token);
        batch->token = SY_STEAL(token);
        batch_send(batch);
    }
}

static void batch_send(struct batch *batch) {
    static const char *const names[2] = {"Invocations", "Errors"};
    SY_AUTO_FREE struct sy_metric *metrics = sy_calloc(batch->n_slots, sizeof *metrics);
    for (size_t i = 0; i < batch->n_slots; i++) {
        const struct slot *slot = &batch->slots[i];
        metrics[i] =
            (struct sy_metric){names[slot->series % 2], slot->look->function, slot->look->alias,
                               sy_look_version(slot->look, slot->series)};
    }
    SY_AUTO_FREE char *body = sy_metric_request_write(&(struct sy_metric_request){
        metrics, batch->n_slots, batch->from_s, batch->to_s, batch->period_s, batch->token});
    sy_aws_send(batch->source->aws,
                &(struct sy_aws_call){
                    .service = SY_AWS_CLOUDWATCH, .operation = "GetMetricData", .body = body},
                on_page, batch);
}

/* Make a batch of pieces that belong together. */
static struct batch *batch_create(struct cloudwatch *source, const struct piece *pieces, size_t n) {
    struct batch *batch = sy_calloc(1, sizeof *batch);
    batch->source = source;
    batch->pieces = sy_calloc(n, sizeof *pieces);
    batch->slots = sy_calloc(SY_METRIC_QUERIES_MAX, sizeof *batch->slots);
    batch->n_pieces = n;
    batch->from_s = pieces[0].from_s;
    batch->to_s = pieces[0].to_s;
    batch->period_s = pieces[0].look->period_s;
    for (size_t i = 0; i < n; i++) {
        struct sy_look *look = pieces[i].look;
        batch->pieces[i] = pieces[i];
        batch->from_s = pieces[i].from_s < batch->from_s ? pieces[i].from_s : batch->from_s;
        batch->to_s = pieces[i].to_s > batch->to_s ? pieces[i].to_s : batch->to_s;
        for (enum sy_series series = 0; series < SY_SERIES; series++)
            if (look->wants & (1U << series))
                batch->slots[batch->n_slots++] = (struct slot){.look = look, .series = series};
    }
    LIST_INSERT_HEAD(&source->batches, batch, link);
    return batch;
}

/* How many of the pieces, sorted, fit one call: as long as the call's time is no more than twice
 * what the longest of them needs, sharing costs nothing; CloudWatch bills metrics, not time. */
static size_t batch_fit(const struct piece *pieces, size_t n) {
    int64_t period_s = pieces[0].look->period_s;
    int64_t to_s = 0;
    int64_t longest_s = 0;
    int64_t metrics = 0;
    for (size_t i = 0; i < n; i++) {
        const struct piece *piece = &pieces[i];
        int64_t own_s = piece->to_s - piece->from_s;
        longest_s = own_s > longest_s ? own_s : longest_s;
        to_s = piece->to_s > to_s ? piece->to_s : to_s;
        metrics += (int64_t)piece->look->n_series;
        int64_t call_s = to_s - pieces[0].from_s;
        if (i > 0 && (piece->look->period_s != period_s || metrics > SY_METRIC_QUERIES_MAX ||
                      call_s > 2 * longest_s || call_s / period_s * metrics > SY_METRIC_POINTS_MAX))
            return i;
    }
    return n;
}

static int piece_order(const void *left, const void *right) {
    const struct piece *a = left;
    const struct piece *b = right;
    if (a->look->period_s != b->look->period_s)
        return a->look->period_s < b->look->period_s ? -1 : 1;
    if (a->from_s != b->from_s)
        return a->from_s < b->from_s ? -1 : 1;
    if (a->to_s != b->to_s)
        return a->to_s < b->to_s ? -1 : 1;
    return a->order < b->order ? -1 : 1;
}

/* Cut a look's time so that each piece alone fits a call. */
static size_t look_cut(struct sy_look *look, struct piece *ret) {
    int64_t most_s = SY_METRIC_POINTS_MAX / (int64_t)look->n_series * look->period_s;
    size_t n = 0;
    for (int64_t at_s = look->from_s; at_s < look->to_s; at_s += most_s, n++)
        if (ret)
            ret[n] =
                (struct piece){.look = look,
                               .from_s = at_s,
                               .to_s = look->to_s - at_s > most_s ? at_s + most_s : look->to_s};
    return n;
}

/* The turn's looks are complete: send them in as few calls as fit. */
static void send_pieces(struct cloudwatch *source, struct piece *pieces, size_t n) {
    for (size_t i = 0; i < n; i++)
        pieces[i].order = i;
    qsort(pieces, n, sizeof *pieces, piece_order);
    for (size_t i = 0; i < n;) {
        size_t fit = batch_fit(pieces + i, n - i);
        batch_send(batch_create(source, pieces + i, fit));
        i += fit;
    }
}

static void on_flush(void *ctx) {
    struct cloudwatch *source = ctx;
    SY_AUTO_FREE struct sy_look **looks = SY_STEAL(source->pending);
    size_t n_looks = source->n_pending;
    size_t n = 0;
    source->n_pending = 0;
    for (size_t i = 0; i < n_looks; i++)
        n += looks[i]->pieces_left = looks[i]->error ? 0 : look_cut(looks[i], NULL);
    SY_AUTO_FREE struct piece *pieces = sy_calloc(n, sizeof *pieces);
    n = 0;
    for (size_t i = 0; i < n_looks; i++)
        if (looks[i]->pieces_left) {
            sy_look_open(looks[i]);
            n += look_cut(looks[i], pieces + n);
        }
    send_pieces(source, pieces, n);
    /* Refused, or about no time at all. Looks that were sent are answered from a later turn, so
     * pieces_left still tells them apart. */
    for (size_t i = 0; i < n_looks; i++)
        if (!looks[i]->pieces_left)
            sy_look_finish(looks[i]);
}

static void query(struct sy_source *base, const struct sy_query *query, sy_samples_done *done,
                  void *ctx) {
    struct cloudwatch *source = (struct cloudwatch *)base;
    struct sy_look *look = sy_calloc(1, sizeof *look);
    sy_look_init(look, query, done, ctx);
    LIST_INSERT_HEAD(&source->looks, look, link);
    if ((source->n_pending & (source->n_pending - 1)) == 0) /* full at every power of two */
        source->pending =
            sy_realloc(source->pending,
                       (source->n_pending ? source->n_pending * 2 : 1) * sizeof(struct sy_look *));
    source->pending[source->n_pending++] = look;
    if (source->n_pending == 1)
        sy_timers_set(source->timers, &source->flush, sy_io_now(source->io), on_flush, source);
}

static void destroy(struct sy_source *base) {
    struct cloudwatch *source = (struct cloudwatch *)base;
    if (!source)
        return;
    sy_timers_cancel(source->timers, &source->flush);
    while (!LIST_EMPTY(&source->batches))
        batch_destroy(LIST_FIRST(&source->batches));
    while (!LIST_EMPTY(&source->looks))
        sy_look_destroy(LIST_FIRST(&source->looks));
    free(source->pending);
    free(source);
}

struct sy_source *sy_cloudwatch_create(struct sy_aws *aws, struct sy_io *io,
                                       struct sy_timers *timers) {
    static const struct sy_source_ops ops = {query, destroy};
    struct cloudwatch *source = sy_calloc(1, sizeof *source);
    source->base.ops = &ops;
    source->aws = aws;
    source->io = io;
    source->timers = timers;
    LIST_INIT(&source->looks);
    LIST_INIT(&source->batches);
    return &source->base;
}
