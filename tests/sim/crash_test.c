/* Kill the engine at every single step of a release - a request takes effect, an answer is
 * delivered, a timer fires - and let another one, with another name, go on. It must end as the
 * undisturbed run does, with the alias whole. */
#include "sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What whoever comes next asks for; SIM_VERB_COUNT: the same as the one that was killed. */
static enum sim_verb next_verb = SIM_VERB_COUNT;

struct ending {
    enum sy_outcome outcome;
    struct sy_buffer left;
};

static void load(const char *name, struct sim_case *ret) {
    SY_AUTO_FREE char *path = sy_asprintf("%s/sim/cases/%s.json", SY_TESTS_DIR, name);
    sim_case_load(path, ret);
}

/* Refused because of what the dead driver left, but not because the release was over already. */
static bool refused_for_now(const struct sim_engine *e) {
    return e->error.reason[0] && strcmp(e->error.reason, "ROLLED_BACK_BEFORE") != 0;
}

/* What is asked before the request that is disturbed. */
static void run_before(struct sim_world *w, const struct sim_case *c, size_t request) {
    for (size_t i = 0; i < request; i++) {
        struct sim_engine e;
        sim_engine_init(&e, w, "before");
        sim_ask(&e, &c->requests[i]);
        (void)sim_run(&e, c, 200000);
        assert_true(e.over);
        sim_engine_kill(&e);
    }
}

/* Run the request to step kill_at, kill, take over; UINT64_MAX: undisturbed. Returns the steps of
 * the first run. */
static uint64_t run(const struct sim_case *c, size_t request, uint64_t kill_at,
                    struct ending *ret) {
    struct sim_world w;
    struct sim_engine e;
    uint64_t turns = 0;
    char e_reason[40] = ""; /* of the last refusal */
    sim_world_init(&w, c, NULL);
    run_before(&w, c, request);
    sim_engine_init(&e, &w, "first");
    sim_ask(&e, &c->requests[request]);
    turns = sim_run(&e, c, kill_at < 200000 ? kill_at : 200000);
    /* The next one may come while the dead one's lease still stands: then it is told to wait, or,
     * at 100 %, that nothing is left to do. Afterwards it takes over. */
    bool again = kill_at != UINT64_MAX;
    for (int tries = 0; !e.over || refused_for_now(&e) || again; tries++) {
        if (tries > 5)
            fail_msg("killed at %llu: still refused: %s", (unsigned long long)kill_at,
                     e.error.message);
        sim_engine_kill(&e);
        sim_engine_init(&e, &w, "next");
        if (tries > 0) {
            int64_t later = sy_io_now(w.io) + 100000;
            while (sy_io_now(w.io) < later)
                w.io->ops->wait(w.io, later);
        }
        struct sim_request next = c->requests[request];
        if (next_verb != SIM_VERB_COUNT && strcmp(e_reason, "NO_RELEASE") != 0)
            next.verb = next_verb;
        sim_ask(&e, &next);
        (void)sim_run(&e, c, 200000);
        assert_true(e.over);
        (void)snprintf(e_reason, sizeof e_reason, "%s", e.error.reason);
        again = e.outcome == SY_OUTCOME_UNCHANGED && tries == 0;
    }
    ret->outcome = e.outcome;
    sim_engine_kill(&e);
    sim_describe(&w, &ret->left);
    sim_world_finish(&w);
    return turns;
}

static void everywhere(const char *name, size_t request, uint64_t stride) {
    struct sim_case c;
    struct ending undisturbed = {0};
    load(name, &c);
    uint64_t steps = run(&c, request, UINT64_MAX, &undisturbed);
    assert_true(steps > 20);
    (void)fprintf(stderr, "%s: %llu steps\n", name, (unsigned long long)steps);
    for (uint64_t at = 1; at < steps; at += stride) {
        struct ending killed = {0};
        (void)run(&c, request, at, &killed);
        if (strcmp(undisturbed.left.data, killed.left.data) != 0)
            fail_msg("%s killed at step %llu ends otherwise\n--- undisturbed\n%s--- killed\n%s",
                     name, (unsigned long long)at, undisturbed.left.data, killed.left.data);
        sy_buffer_finish(&killed.left);
    }
    sy_buffer_finish(&undisturbed.left);
    sim_case_finish(&c);
}

static void healthy(void **state) {
    (void)state;
    everywhere("healthy", 0, 1);
}

static void failing(void **state) {
    (void)state;
    everywhere("failing", 0, 1);
}

static void instant(void **state) {
    (void)state;
    everywhere("instant", 0, 1);
}

static void first_release(void **state) {
    (void)state;
    everywhere("first-release", 0, 1);
}

/* Long: one poll in the lock-in is like the other. */
static void lock_in(void **state) {
    (void)state;
    everywhere("lock-in", 0, 7);
}

static void resumed_after_a_hold(void **state) {
    (void)state;
    everywhere("hold-then-resume", 1, 1);
}

static void superseding(void **state) {
    (void)state;
    everywhere("two-releases", 1, 5);
}

static void rolled_back_by_a_person(void **state) {
    (void)state;
    everywhere("two-releases", 2, 1);
}

/* A gradual rollback that is killed between two steps is brought to its end by whoever comes by. */
static void stepping_back(void **state) {
    (void)state;
    everywhere("steps-back", 1, 1);
}

/* The same deaths, but who comes next says resume instead of asking for the release again. */
static void healthy_resumed(void **state) {
    (void)state;
    next_verb = SIM_RESUME;
    everywhere("healthy", 0, 3);
    next_verb = SIM_VERB_COUNT;
}

static void promoted_by_hand(void **state) {
    (void)state;
    everywhere("promoted-by-hand", 1, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(healthy),         cmocka_unit_test(failing),
        cmocka_unit_test(instant),         cmocka_unit_test(first_release),
        cmocka_unit_test(lock_in),         cmocka_unit_test(resumed_after_a_hold),
        cmocka_unit_test(superseding),     cmocka_unit_test(rolled_back_by_a_person),
        cmocka_unit_test(stepping_back),   cmocka_unit_test(healthy_resumed),
        cmocka_unit_test(promoted_by_hand)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
