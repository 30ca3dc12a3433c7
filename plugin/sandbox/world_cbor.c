/* CloudWatch's Smithy RPC v2 protocol: CBOR (RFC 8949) both ways. Newer SDKs prefer it. */
#include "sandbox/world_call.h"

#include <json-c/json.h>
#include <string.h>

enum { DEPTH_MAX = 16 };
enum { UINT, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE };

struct reader {
    const unsigned char *p;
    const unsigned char *end;
};

struct head {
    int major;
    int info;
    uint64_t value;
    bool indefinite;
};

static bool head_read(struct reader *reader, struct head *head) {
    if (reader->p == reader->end)
        return false;
    *head = (struct head){.major = *reader->p >> 5, .info = *reader->p & 31};
    reader->p++;
    if (head->info < 24) {
        head->value = (uint64_t)head->info;
        return true;
    }
    if (head->info == 31) {
        head->indefinite = true;
        return head->major == TEXT || head->major == ARRAY || head->major == MAP;
    }
    size_t bytes = (size_t)1 << (head->info - 24);
    if (head->info > 27 || (size_t)(reader->end - reader->p) < bytes)
        return false;
    for (size_t i = 0; i < bytes; i++)
        head->value = head->value << 8 | *reader->p++;
    return true;
}

static bool at_break(struct reader *reader) {
    if (reader->p == reader->end || *reader->p != 0xff)
        return false;
    reader->p++;
    return true;
}

static struct json_object *value_read(struct reader *reader, int depth);

/* Only a text of known length: strings in pieces are allowed by the format and sent by nobody. */
static bool text_read(struct reader *reader, const struct head *head, const char **ret,
                      size_t *ret_len) {
    if (head->major != TEXT || head->indefinite ||
        head->value > (uint64_t)(reader->end - reader->p))
        return false;
    *ret = (const char *)reader->p;
    *ret_len = (size_t)head->value;
    reader->p += head->value;
    return true;
}

static bool members_read(struct reader *reader, const struct head *head, int depth,
                         struct json_object *into) {
    for (uint64_t i = 0; head->indefinite || i < head->value; i++) {
        char key[256];
        const char *text = NULL;
        size_t len = 0;
        struct head key_head;
        if (head->indefinite && at_break(reader))
            return true;
        if (head->major == MAP) {
            if (!head_read(reader, &key_head) || !text_read(reader, &key_head, &text, &len) ||
                len >= sizeof key || memchr(text, '\0', len))
                return false;
            memcpy(key, text, len);
            key[len] = '\0';
        }
        const unsigned char *before = reader->p;
        struct json_object *value = value_read(reader, depth + 1);
        if (!value && (reader->p == before || reader->p[-1] != 0xf6))
            return false;
        if (head->major == MAP)
            json_object_object_add(into, key, value);
        else
            json_object_array_add(into, value);
    }
    return true;
}

static struct json_object *container_read(struct reader *reader, const struct head *head,
                                          int depth) {
    struct json_object *into =
        head->major == MAP ? json_object_new_object() : json_object_new_array();
    if (members_read(reader, head, depth, into))
        return into;
    (void)json_object_put(into);
    return NULL;
}

static struct json_object *simple_read(const struct head *head) {
    float single;
    double number;
    uint32_t bits = (uint32_t)head->value;
    switch (head->info) {
    case 20:
    case 21:
        return json_object_new_boolean(head->info == 21);
    case 26:
        memcpy(&single, &bits, sizeof single);
        return json_object_new_double(single);
    case 27:
        memcpy(&number, &head->value, sizeof number);
        return json_object_new_double(number);
    default:
        return NULL; /* null, which members_read tells from what we do not know */
    }
}

static struct json_object *value_read(struct reader *reader, int depth) {
    struct head head;
    const char *text = NULL;
    size_t len = 0;
    if (depth > DEPTH_MAX || !head_read(reader, &head))
        return NULL;
    switch (head.major) {
    case UINT:
        return head.value <= INT64_MAX ? json_object_new_int64((int64_t)head.value) : NULL;
    case NEGATIVE:
        return head.value < INT64_MAX ? json_object_new_int64(-1 - (int64_t)head.value) : NULL;
    case TEXT:
        return text_read(reader, &head, &text, &len) ? json_object_new_string_len(text, (int)len)
                                                     : NULL;
    case ARRAY:
    case MAP:
        return container_read(reader, &head, depth);
    case TAG: /* a timestamp, the only tag in use: seconds */
        return head.value == 1 ? value_read(reader, depth + 1) : NULL;
    case SIMPLE:
        return simple_read(&head);
    default:
        return NULL;
    }
}

struct json_object *sy_cbor_read(const char *body, size_t len) {
    struct reader reader = {.p = (const unsigned char *)body};
    reader.end = reader.p + len;
    struct json_object *value = len ? value_read(&reader, 0) : NULL;
    if (reader.p == reader.end)
        return value;
    (void)json_object_put(value);
    return NULL;
}

static void big_endian(struct sy_buffer *out, uint64_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; i--) {
        unsigned char byte = (unsigned char)(value >> (8 * i));
        sy_buffer_append(out, &byte, 1);
    }
}

static void head_write(struct sy_buffer *out, int major, uint64_t value) {
    int log = value < 24            ? -1
              : value <= 0xff       ? 0
              : value <= 0xffff     ? 1
              : value <= 0xffffffff ? 2
                                    : 3;
    big_endian(out, (uint64_t)(major << 5) | (log < 0 ? value : (uint64_t)(24 + log)), 1);
    if (log >= 0)
        big_endian(out, value, 1 << log);
}

static void text_write(struct sy_buffer *out, const char *text, size_t len) {
    head_write(out, TEXT, len);
    sy_buffer_append(out, text, len);
}

static void number_write(struct sy_buffer *out, struct json_object *value) {
    double number = json_object_get_double(value);
    uint64_t bits = 0;
    if (json_object_is_type(value, json_type_int)) {
        int64_t whole = json_object_get_int64(value);
        head_write(out, whole < 0 ? NEGATIVE : UINT,
                   whole < 0 ? (uint64_t)(-1 - whole) : (uint64_t)whole);
        return;
    }
    memcpy(&bits, &number, sizeof bits);
    big_endian(out, SIMPLE << 5 | 27, 1);
    big_endian(out, bits, 8);
}

static void value_write(struct sy_buffer *out, const char *key, struct json_object *value) {
    switch (json_object_get_type(value)) {
    case json_type_object:
        head_write(out, MAP, (uint64_t)json_object_object_length(value));
        json_object_object_foreach(value, name, child) {
            text_write(out, name, strlen(name));
            value_write(out, name, child);
        }
        break;
    case json_type_array:
        head_write(out, ARRAY, json_object_array_length(value));
        for (size_t i = 0; i < json_object_array_length(value); i++)
            value_write(out, key, json_object_array_get_idx(value, i));
        break;
    case json_type_string:
        text_write(out, json_object_get_string(value), (size_t)json_object_get_string_len(value));
        break;
    case json_type_int:
    case json_type_double:
        if (strncmp(key, "Timestamp", 9) == 0)
            head_write(out, TAG, 1);
        number_write(out, value);
        break;
    case json_type_boolean:
        big_endian(out, SIMPLE << 5 | (json_object_get_boolean(value) ? 21 : 20), 1);
        break;
    default:
        big_endian(out, SIMPLE << 5 | 22, 1);
    }
}

void sy_cbor_write(struct sy_buffer *out, struct json_object *answer) {
    value_write(out, "", answer);
}
