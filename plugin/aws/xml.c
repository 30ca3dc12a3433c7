#include "aws/xml.h"

#include <expat.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <string.h>

enum { DEPTH_MAX = 32 };

struct reader {
    XML_Parser parser;
    struct sy_xml_field *fields;
    size_t n_fields;
    struct sy_xml_field *open[DEPTH_MAX]; /* by depth; NULL: an element that nobody asked for */
    int depth;
    const char *refused;
};

static void refuse(struct reader *reader, const char *why) {
    reader->refused = why;
    (void)XML_StopParser(reader->parser, XML_FALSE);
}

static void XMLCALL begin_element(void *arg, const XML_Char *name, const XML_Char **attributes) {
    struct reader *reader = arg;
    (void)attributes;
    if (reader->depth == DEPTH_MAX) {
        refuse(reader, "too many elements in each other");
        return;
    }
    struct sy_xml_field **open = &reader->open[reader->depth++];
    *open = NULL;
    for (size_t i = 0; i < reader->n_fields && !*open; i++)
        if (!reader->fields[i].text.data && strcmp(reader->fields[i].name, name) == 0)
            *open = &reader->fields[i];
    if (*open)
        sy_buffer_append(&(*open)->text, "", 0);
}

static void XMLCALL end_element(void *arg, const XML_Char *name) {
    struct reader *reader = arg;
    (void)name;
    reader->depth--;
}

static void XMLCALL take_text(void *arg, const XML_Char *text, int len) {
    struct reader *reader = arg;
    if (reader->depth > 0 && reader->open[reader->depth - 1])
        sy_buffer_append(&reader->open[reader->depth - 1]->text, text, (size_t)len);
}

static void XMLCALL begin_doctype(void *arg, const XML_Char *name, const XML_Char *system,
                                  const XML_Char *public_id, int has_subset) {
    (void)name;
    (void)system;
    (void)public_id;
    (void)has_subset;
    refuse(arg, "it declares a document type");
}

int sy_xml_read(const char *what, const char *text, size_t len, struct sy_xml_field *fields,
                size_t n_fields, struct sy_error *error) {
    struct reader reader = {.fields = fields, .n_fields = n_fields};
    if (len > SY_XML_MAX)
        return sy_fail(error, SY_INTERNAL, "%s is larger than %d bytes", what, SY_XML_MAX);
    reader.parser = XML_ParserCreate("UTF-8");
    if (!reader.parser)
        return sy_fail(error, SY_INTERNAL, "no memory to read %s", what);
    XML_SetUserData(reader.parser, &reader);
    XML_SetElementHandler(reader.parser, begin_element, end_element);
    XML_SetCharacterDataHandler(reader.parser, take_text);
    XML_SetStartDoctypeDeclHandler(reader.parser, begin_doctype);
    bool good = XML_Parse(reader.parser, text, (int)len, XML_TRUE) == XML_STATUS_OK;
    const char *why =
        reader.refused ? reader.refused : XML_ErrorString(XML_GetErrorCode(reader.parser));
    if (!good)
        (void)sy_fail(error, SY_INTERNAL, "%s is not the XML that AWS writes: %s", what, why);
    XML_ParserFree(reader.parser);
    return good ? 0 : -1;
}

void sy_xml_finish(struct sy_xml_field *fields, size_t n_fields) {
    for (size_t i = 0; i < n_fields; i++) {
        if (fields[i].text.data)
            OPENSSL_cleanse(fields[i].text.data, fields[i].text.capacity);
        sy_buffer_finish(&fields[i].text);
    }
}
