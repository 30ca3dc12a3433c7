/* The version of libmicrohttpd, as it tells it at run time: a static string. */
#ifndef SY_SANDBOX_LIBRARY_H
#define SY_SANDBOX_LIBRARY_H

const char *sy_sandbox_microhttpd_version(void);

#endif
