/* Serve a scenario until SIGTERM: server SCENARIO [RECORD]. */
#include "sandbox/serve.h"

#include <stdio.h>

static volatile sig_atomic_t stop;

static void on_signal(int number) {
    (void)number;
    stop = 1;
}

int main(int argc, char **argv) {
    struct sy_error error = {0};
    struct sigaction action = {.sa_handler = on_signal};
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    if (argc < 2 || argc > 3) {
        (void)fprintf(stderr, "usage: %s SCENARIO [RECORD]\n", argv[0]);
        return 2;
    }
    struct sy_sandbox_options options = {
        .scenario_path = argv[1], .record_path = argv[2], .stop = &stop};
    if (sy_sandbox_serve(&options, &error)) {
        (void)fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    return 0;
}
