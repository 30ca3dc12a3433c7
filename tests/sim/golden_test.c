/* Each case of tests/sim/cases, traced from the first call to the last event, compared with its
 * golden trace. STEELYARD_GOLDEN=write writes the traces instead. */
#include "sim.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char *read_golden(const char *path) {
    FILE *file = fopen(path, "rb");
    struct sy_buffer text = {0};
    char chunk[4096];
    size_t n = 0;
    while (file && (n = fread(chunk, 1, sizeof chunk, file)) > 0)
        sy_buffer_append(&text, chunk, n);
    if (file)
        (void)fclose(file);
    return text.data ? text.data : sy_strdup("");
}

static void write_golden(const char *path, const struct sy_buffer *trace) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(trace->data, 1, trace->len, file), trace->len);
    (void)fclose(file);
}

static void compare(const char *path, const struct sy_buffer *trace) {
    SY_AUTO_FREE char *golden = read_golden(path);
    const char *want = golden;
    const char *is = trace->data;
    for (int line = 1; *want || *is; line++) {
        size_t w = strcspn(want, "\n");
        size_t i = strcspn(is, "\n");
        if (w != i || memcmp(want, is, w) != 0)
            fail_msg("%s:%d differs\n  golden: %.*s\n  now:    %.*s", path, line, (int)w, want,
                     (int)i, is);
        want += w + (want[w] != 0);
        is += i + (is[i] != 0);
    }
}

static void run_case(void **state) {
    const char *name = *state;
    SY_AUTO_FREE char *path = sy_asprintf("%s/sim/cases/%s.json", SY_TESTS_DIR, name);
    SY_AUTO_FREE char *golden = sy_asprintf("%s/sim/golden/%s.txt", SY_TESTS_DIR, name);
    SY_AUTO_BUFFER struct sy_buffer trace = {0};
    struct sim_case c;
    struct sim_world w;
    struct sim_engine e;
    sim_case_load(path, &c);
    sim_world_init(&w, &c, &trace);
    sim_engine_init(&e, &w, "golden");
    for (size_t i = 0; i < c.n_requests; i++) {
        sy_buffer_printf(&trace, "# %s\n", sim_verb_word(c.requests[i].verb));
        sim_ask(&e, &c.requests[i]);
        (void)sim_run(&e, &c, 200000);
        if (e.over)
            continue;
        (void)fprintf(stderr, "%s\n", trace.data);
        fail_msg("%s does not come to its end", name);
    }
    sim_engine_kill(&e);
    w.trace = NULL;
    sim_describe(&w, &trace);
    sim_world_finish(&w);
    sim_case_finish(&c);
    const char *mode = getenv("STEELYARD_GOLDEN");
    if (mode && strcmp(mode, "write") == 0)
        write_golden(golden, &trace);
    compare(golden, &trace);
}

int main(void) {
    SY_AUTO_FREE char *folder = sy_asprintf("%s/sim/cases", SY_TESTS_DIR);
    struct CMUnitTest tests[64] = {0};
    char names[64][80];
    size_t n = 0;
    DIR *dir = opendir(folder);
    struct dirent *entry = NULL;
    while (dir && (entry = readdir(dir)) && n < 64) {
        size_t len = strlen(entry->d_name);
        if (len < 6 || len > 79 || strcmp(entry->d_name + len - 5, ".json") != 0)
            continue;
        (void)snprintf(names[n], sizeof names[n], "%.*s", (int)(len - 5), entry->d_name);
        tests[n] = (struct CMUnitTest){names[n], run_case, NULL, NULL, names[n]};
        n++;
    }
    if (dir)
        (void)closedir(dir);
    if (n == 0) {
        (void)fprintf(stderr, "no cases in %s\n", folder);
        return 1;
    }
    return _cmocka_run_group_tests("golden", tests, n, NULL, NULL);
}
