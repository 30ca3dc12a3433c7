/* The host's side of the plugin protocol, for the command line and the tests: starts an engine with
 * the go-plugin handshake and mutual TLS, or joins a standing one, and calls it. Blocking; one
 * thread. */
#ifndef SY_RPC_CLIENT_H
#define SY_RPC_CLIENT_H

#include "engine/engine.h"

struct sy_host;

/* Start argv[0] as an engine (posix_spawn, before gRPC starts), shake hands within 10 s. The engine
 * gets its own process group, so that a terminal's Ctrl-C reaches the host alone. Its standard
 * error is passed through. */
SY_MUST_USE int sy_host_start(const char *const *argv, struct sy_host **ret,
                              struct sy_error *error);
/* address: "unix:/path". */
SY_MUST_USE int sy_host_join(const char *address, struct sy_host **ret, struct sy_error *error);
/* Asks a started engine to stop and waits for it; a joined one is left alone. */
void sy_host_finish(struct sy_host *host);

SY_MUST_USE int sy_host_plan(struct sy_host *host, const struct sy_spec *spec, struct sy_plan *ret,
                             struct sy_error *error);
/* settle: first do what is due of a release that nobody drives (release.md, rule 8). */
SY_MUST_USE int sy_host_status(struct sy_host *host, const char *function, const char *alias,
                               bool settle, struct sy_facts *ret, struct sy_error *error);

/* A person's word for a release that somebody drives. */
SY_MUST_USE int sy_host_control(struct sy_host *host, const char *function, const char *alias,
                                enum sy_control control, const char *reason,
                                struct sy_control_answer *ret, struct sy_error *error);
SY_MUST_USE int sy_host_verify(struct sy_host *host, const struct sy_verify *verify,
                               struct sy_verified *ret, struct sy_error *error);
/* Oldest first; the caller frees *ret. */
SY_MUST_USE int sy_host_measure(struct sy_host *host, const struct sy_measure *measure,
                                struct sy_sample **ret, size_t *ret_n, struct sy_error *error);
/* Newest first; the caller frees *ret. */
SY_MUST_USE int sy_host_history(struct sy_host *host, const char *function, const char *alias,
                                struct sy_stored_version **ret, size_t *ret_n,
                                struct sy_error *error);

struct sy_stream;
SY_MUST_USE int sy_host_apply(struct sy_host *host, const struct sy_spec *spec,
                              const char *fingerprint, struct sy_stream **ret,
                              struct sy_error *error);
SY_MUST_USE int sy_host_resume(struct sy_host *host, const struct sy_resume *resume,
                               struct sy_stream **ret, struct sy_error *error);
SY_MUST_USE int sy_host_rollback(struct sy_host *host, const struct sy_rollback *rollback,
                                 struct sy_stream **ret, struct sy_error *error);
/* Look on, whoever drives; an interrupt ends the looking and nothing else. */
SY_MUST_USE int sy_host_watch(struct sy_host *host, const char *function, const char *alias,
                              struct sy_stream **ret, struct sy_error *error);
/* 1 = *ret holds the next event; 0 = none within timeout_ms; -1 = the end: error->code is SY_OK
 * after a finished release, else why. */
int sy_stream_next(struct sy_stream *stream, int64_t timeout_ms, struct sy_release_event *ret,
                   struct sy_error *error);
/* Interrupt the release (its on_interrupt applies) and read on to its end: cancels the call and
 * watches the release from the next sequence number. */
void sy_stream_interrupt(struct sy_stream *stream);
void sy_stream_close(struct sy_stream *stream);

#endif
