#include "calls.h"

#include "sandbox/random.h"

/* Two-sided probability of a count as far out as x, exactly: masses relative to the mode. */
static double tail(uint32_t n, double p, uint32_t x) {
    uint32_t mode = (uint32_t)((n + 1) * p);
    double total = 0, low = 0, high = 0, mass = 1;
    for (uint32_t k = mode; mass > 1e-40; k++) {
        total += mass;
        low += k <= x ? mass : 0;
        high += k >= x ? mass : 0;
        if (k == n)
            break;
        mass *= (double)(n - k) / (k + 1) * p / (1 - p);
    }
    mass = 1;
    for (uint32_t k = mode; k > 0 && mass > 1e-40; k--) {
        mass *= (double)k / (n - k + 1) * (1 - p) / p;
        total += mass;
        low += k - 1 <= x ? mass : 0;
        high += k - 1 >= x ? mass : 0;
    }
    return 2 * (low < high ? low : high) / total;
}

static void the_test_itself_is_exact(void **state) {
    (void)state;
    assert_true(tail(10, 0.5, 0) > 2.0 / 1024 - 1e-12 && tail(10, 0.5, 0) < 2.0 / 1024 + 1e-12);
    assert_true(tail(10000, 0.1, 1200) < 1e-9);
}

static void binomials_have_their_mean(void **state) {
    static const double ps[] = {0.0005, 0.01, 0.1, 0.5, 0.9, 0.999};
    (void)state;
    for (size_t i = 0; i < SY_COUNT(ps); i++) {
        struct sy_random random = {.state = 11 + i};
        uint32_t sum = 0;
        for (int draw = 0; draw < 2000; draw++)
            sum += sy_random_binomial(&random, 20, ps[i]);
        assert_true(tail(40000, ps[i], sum) > 1e-6);
    }
    struct sy_random random = {.state = 5};
    assert_true(tail(1000000, 0.3, sy_random_binomial(&random, 1000000, 0.3)) > 1e-6);
}

static void binomials_have_their_shape(void **state) {
    struct sy_random random = {.state = 3};
    uint32_t zero = 0, one = 0;
    (void)state;
    for (int draw = 0; draw < 20000; draw++) {
        uint32_t x = sy_random_binomial(&random, 10, 0.1);
        zero += x == 0;
        one += x == 1;
    }
    assert_true(tail(20000, 0.3486784401, zero) > 1e-6);
    assert_true(tail(20000, 0.387420489, one) > 1e-6);
}

static void binomials_know_their_ends(void **state) {
    struct sy_random random = {.state = 3};
    (void)state;
    assert_int_equal(sy_random_binomial(&random, 7, 0), 0);
    assert_int_equal(sy_random_binomial(&random, 7, 1), 7);
    assert_int_equal(sy_random_binomial(&random, 0, 0.5), 0);
    assert_int_equal(sy_random_binomial(&random, 7, -1), 0);
    assert_int_equal(sy_random_binomial(&random, 7, 2), 7);
}

static void poissons_have_their_shape(void **state) {
    struct sy_random random = {.state = 9};
    uint32_t zero = 0, two = 0, sum = 0;
    (void)state;
    for (int draw = 0; draw < 20000; draw++) {
        uint32_t x = sy_random_poisson(&random, 1);
        zero += x == 0;
        two += x == 2;
        sum += x;
    }
    assert_true(tail(20000, 0.36787944117, zero) > 1e-6);
    assert_true(tail(20000, 0.18393972059, two) > 1e-6);
    /* Poisson(20000) is close to Binomial(20000000, 1/1000). */
    assert_true(tail(20000000, 0.001, sum) > 1e-6);
    assert_int_equal(sy_random_poisson(&random, 0), 0);
    assert_true(tail(100000000, 0.0001, sy_random_poisson(&random, 10000)) > 1e-6);
}

static void keys_give_streams(void **state) {
    (void)state;
    assert_true(sy_random_key(1, 2) == sy_random_key(1, 2));
    assert_true(sy_random_key(1, 2) != sy_random_key(2, 1));
    assert_true(sy_random_name("a") != sy_random_name("b"));
    struct sy_random random = {.state = 1};
    char first[37], second[37];
    sy_random_uuid(&random, first);
    sy_random_uuid(&random, second);
    assert_int_equal(strlen(first), 36);
    assert_string_not_equal(first, second);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_test_itself_is_exact),   cmocka_unit_test(binomials_have_their_mean),
        cmocka_unit_test(binomials_have_their_shape), cmocka_unit_test(binomials_know_their_ends),
        cmocka_unit_test(poissons_have_their_shape),  cmocka_unit_test(keys_give_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
