/* A test's own environment: no variable that credentials, regions or endpoints come from, no file
 * of this machine's user, no instance metadata. */
#ifndef SY_TESTS_CLEAN_ENVIRONMENT_H
#define SY_TESTS_CLEAN_ENVIRONMENT_H

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void clean_environment(void) {
    static const char *const prefixes[] = {"AWS_", "ACTIONS_", "STEELYARD_"};
    for (size_t k = 0; k < SY_COUNT(prefixes); k++)
        for (size_t i = 0; environ[i];) {
            SY_AUTO_FREE char *name = sy_strndup(environ[i], strcspn(environ[i], "="));
            if (strncmp(name, prefixes[k], strlen(prefixes[k])) == 0 && unsetenv(name) == 0)
                continue;
            i++;
        }
    (void)setenv("AWS_CONFIG_FILE", "/nonexistent/config", 1);
    (void)setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials", 1);
    (void)setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
}

#endif
