#include "base/io.h"

#include <strings.h>

const char *sy_http_header_get(const struct sy_http_response *response, const char *name) {
    for (size_t i = 0; i < response->n_headers; i++)
        if (strcasecmp(response->headers[i].name, name) == 0)
            return response->headers[i].value;
    return NULL;
}
