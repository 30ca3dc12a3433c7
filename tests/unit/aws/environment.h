/* An environment that says nothing of AWS, so that what a test sets is all there is. */
#ifndef SY_TESTS_AWS_ENVIRONMENT_H
#define SY_TESTS_AWS_ENVIRONMENT_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Every variable that the client reads is unset; there is no home, and no instance metadata. */
static inline void environment_clear(void) {
    static const char *const prefixes[] = {"AWS_", "ACTIONS_ID_TOKEN_", "STEELYARD_"};
    for (char **at = environ; *at;) {
        char name[256] = "";
        size_t n = strcspn(*at, "=");
        int ours = 0;
        for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
            ours |= strncmp(*at, prefixes[i], strlen(prefixes[i])) == 0;
        if (!ours || n >= sizeof name) {
            at++;
            continue;
        }
        memcpy(name, *at, n);
        (void)unsetenv(name);
        at = environ; /* it has moved */
    }
    (void)setenv("HOME", "/nonexistent", 1);
    (void)setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
}

#endif
