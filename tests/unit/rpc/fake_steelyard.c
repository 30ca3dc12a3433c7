/* A program that serves the fake engine as `steelyard engine` serves the real one, and a host that
 * can be killed:
 *
 *   fake_steelyard engine [--listen unix:/path | --host-within MS]
 *   fake_steelyard host PROGRAM FUNCTION     start PROGRAM engine, apply, tell each event, wait for
 * more fake_steelyard babble TEXT | leave STATUS | hang     what is no engine
 */
#include "fake_engine.h"

#include "base/log.h"
#include "rpc/client.h"
#include "rpc/server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int complain(const struct sy_error *error) {
    (void)fprintf(stderr, "fake_steelyard: %s\n", error->message);
    return 1;
}

static int engine(const char *listen, int64_t host_within_ms) {
    struct sy_error error;
    struct sy_server *server = NULL;
    struct sy_engine *fake = fake_engine_create();
    struct sy_server_options options = {.engine = fake,
                                        .listen = listen,
                                        .version = "0.0.0-fake",
                                        .host_within_ms = host_within_ms};
    sy_log_set_level(SY_LOG_INFO);
    if (sy_server_start(&options, &server, &error)) {
        sy_engine_destroy(fake);
        return complain(&error);
    }
    sy_engine_run(fake);
    sy_server_finish(server);
    sy_engine_destroy(fake);
    (void)fprintf(stderr, "fake: ended\n");
    return 0;
}

static int host(const char *program, const char *function) {
    const char *const argv[] = {program, "engine", NULL};
    struct sy_error error;
    struct sy_host *started = NULL;
    struct sy_stream *stream = NULL;
    struct sy_release_event event;
    struct sy_spec spec;
    sy_spec_init(&spec);
    (void)snprintf(spec.function, sizeof spec.function, "%s", function);
    (void)snprintf(spec.alias, sizeof spec.alias, "live");
    (void)snprintf(spec.version, sizeof spec.version, "42");
    if (sy_host_start(argv, &started, &error) ||
        sy_host_apply(started, &spec, NULL, &stream, &error))
        return complain(&error);
    int got = 0;
    while ((got = sy_stream_next(stream, 60000, &event, &error)) > 0)
        (void)fprintf(stderr, "host: %s\n", sy_event_word(event.kind));
    sy_stream_close(stream);
    sy_host_finish(started);
    return got < 0 && error.code == SY_OK ? 0 : 1;
}

int main(int argc, char **argv) {
    (void)setvbuf(stderr, NULL, _IOLBF, 0);
    if (argc == 2 && strcmp(argv[1], "engine") == 0)
        return engine(NULL, 0);
    if (argc == 4 && strcmp(argv[1], "engine") == 0 && strcmp(argv[2], "--listen") == 0)
        return engine(argv[3], 0);
    if (argc == 4 && strcmp(argv[1], "engine") == 0 && strcmp(argv[2], "--host-within") == 0)
        return engine(NULL, atoi(argv[3]));
    if (argc == 4 && strcmp(argv[1], "host") == 0)
        return host(argv[2], argv[3]);
    if (argc == 3 && strcmp(argv[1], "babble") == 0) {
        (void)puts(argv[2]);
        return 0;
    }
    if (argc == 3 && strcmp(argv[1], "leave") == 0)
        return atoi(argv[2]);
    if (argc == 2 && strcmp(argv[1], "hang") == 0)
        return pause();
    (void)fprintf(stderr, "fake_steelyard: see the comment at the top of its source\n");
    return 2;
}
