/* What SIGINT, SIGTERM and SIGHUP do to the command line: the first one is noted, for whoever waits
 * to act on; once that is done, the next one ends the program at once, whatever it waits for. */
#include "cli/cli.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

volatile sig_atomic_t sy_cli_signal = 0;

/* Two, so that a signal never meets one that is being written; farewell: which, or NONE. */
enum { NONE = -1 };
static char sentences[2][SY_FAREWELL_MAX];
static atomic_int farewell = NONE;

static void on_signal(int signal) {
    int which = atomic_load(&farewell);
    sy_cli_signal = signal;
    if (which == NONE)
        return;
    ssize_t ignored = write(STDERR_FILENO, sentences[which], strlen(sentences[which]));
    (void)ignored;
    _exit(128 + signal);
}

/* Installed explicitly: a shell starts background jobs with SIGINT ignored, and a CI runner's
 * SIGINT must reach the release all the same. */
void sy_cli_catch_signals(void) {
    struct sigaction action = {.sa_handler = on_signal};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

void sy_cli_leave_with(const char *sentence) {
    int next = atomic_load(&farewell) == 0 ? 1 : 0;
    (void)snprintf(sentences[next], sizeof sentences[next], "steelyard: %s\n", sentence);
    atomic_store(&farewell, next);
}
