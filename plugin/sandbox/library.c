#include "sandbox/library.h"

#include <microhttpd.h>

const char *sy_sandbox_microhttpd_version(void) {
    return MHD_get_version();
}
