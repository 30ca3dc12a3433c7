/* The little of XML that STS answers in: texts of elements, found by name. */
#ifndef SY_AWS_XML_H
#define SY_AWS_XML_H

#include "base/error.h"
#include "base/memory.h"

struct sy_xml_field {
    const char *name; /* of the element */
    struct sy_buffer
        text; /* of the first one, without its own elements; data NULL: there is none */
};

enum { SY_XML_MAX = 256 * 1024 };

/* Read the whole document; a document type, more depth than 32 or more bytes than SY_XML_MAX are
 * refused. what names the source; the message never shows a text. INTERNAL. */
SY_MUST_USE int sy_xml_read(const char *what, const char *text, size_t len,
                            struct sy_xml_field *fields, size_t n_fields, struct sy_error *error);
/* Overwrites what was read. */
void sy_xml_finish(struct sy_xml_field *fields, size_t n_fields);

#endif
