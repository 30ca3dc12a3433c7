#include "terraform/library.h"

#include <msgpack.h>

const char *sy_terraform_msgpack_version(void) {
    return msgpack_version();
}
