/* Values <-> MessagePack, as cty encodes them
 * (https://github.com/zclconf/go-cty/blob/main/cty/msgpack/doc.go): objects are maps by attribute
 * name, numbers are integers, floats or decimal strings, unknowns are extensions. */
#include "terraform/value.h"

#include "base/text.h"

#include <math.h>
#include <msgpack.h>
#include <stdio.h>
#include <string.h>

static int write_bytes(void *buffer, const char *bytes, size_t n) {
    sy_buffer_append(buffer, bytes, n);
    return 0;
}

/* ---- what a length claims ---- */

/* The heads 0xc0 to 0xdf (https://github.com/msgpack/msgpack/blob/master/spec.md): bytes that
 * always follow, bytes of a length that follow, and what that counts. */
enum counts { OF_BYTES, OF_VALUES, OF_PAIRS };
static const struct head {
    uint8_t fixed;
    uint8_t length;
    uint8_t counts;
} heads[32] = {
    [0x04] = {0, 1},
    [0x05] = {0, 2},
    [0x06] = {0, 4}, /* bin */
    [0x07] = {1, 1},
    [0x08] = {1, 2},
    [0x09] = {1, 4}, /* ext */
    [0x0a] = {4},
    [0x0b] = {8}, /* float */
    [0x0c] = {1},
    [0x0d] = {2},
    [0x0e] = {4},
    [0x0f] = {8}, /* uint */
    [0x10] = {1},
    [0x11] = {2},
    [0x12] = {4},
    [0x13] = {8}, /* int */
    [0x14] = {2},
    [0x15] = {3},
    [0x16] = {5},
    [0x17] = {9}, /* fixext */
    [0x18] = {17},
    [0x19] = {0, 1},
    [0x1a] = {0, 2},
    [0x1b] = {0, 4}, /* str */
    [0x1c] = {0, 2, OF_VALUES},
    [0x1d] = {0, 4, OF_VALUES}, /* array */
    [0x1e] = {0, 2, OF_PAIRS},
    [0x1f] = {0, 4, OF_PAIRS}, /* map */
};

/* The bytes and the values that follow the head at `at`. */
static void follow(const uint8_t *at, size_t left, uint64_t *ret_bytes, uint64_t *ret_values) {
    struct head head = {0};
    uint64_t n = 0;
    if (at[0] >= 0xc0 && at[0] <= 0xdf)
        head = heads[at[0] - 0xc0];
    else if (at[0] >= 0x80 && at[0] <= 0xbf)
        n = at[0] >= 0xa0 ? at[0] & 0x1f : at[0] & 0x0f;
    if (at[0] >= 0x80 && at[0] <= 0x9f)
        head.counts = at[0] >= 0x90 ? OF_VALUES : OF_PAIRS;
    for (size_t i = 1; i <= head.length; i++)
        n = n << 8 | (i < left ? at[i] : 0xff);
    *ret_bytes = head.fixed + head.length + (head.counts == OF_BYTES ? n : 0);
    *ret_values = head.counts == OF_BYTES ? 0 : n * head.counts;
}

/* Is all there that the lengths claim? msgpack-c would ask malloc for as much before it looks. */
static bool is_all_there(struct sy_bytes bytes) {
    uint64_t open = 1; /* values still to come; each is a byte at least */
    for (size_t at = 0; open; open--) {
        uint64_t skip = 0;
        uint64_t values = 0;
        if (open > bytes.len - at)
            return false;
        follow(bytes.data + at, bytes.len - at, &skip, &values);
        at++;
        if (skip > bytes.len - at)
            return false;
        at += skip;
        open += values;
    }
    return true;
}

/* ---- reading ---- */

struct reader {
    struct sy_arena *arena;
    const char *path; /* the attribute that is read, for messages; "" = the whole */
};

static int fail(const struct reader *reader, struct sy_error *error, const char *what) {
    return sy_fail_field(error, reader->path, "%s%s%s", reader->path, *reader->path ? ": " : "",
                         what);
}

static int wrong(const struct reader *reader, const struct sy_attribute *attribute,
                 struct sy_error *error) {
    static const char *const wants[] = {
        [SY_BOOL] = "the value must be true or false",
        [SY_NUMBER] = "the value must be a finite number",
        [SY_STRING] = "the value must be a string of UTF-8",
        [SY_STRINGS] = "the value must be a list of strings",
        [SY_OBJECT] = "the value must be an object",
        [SY_OBJECTS] = "the value must be a list of objects",
    };
    return fail(reader, error, wants[attribute->kind]);
}

static int read_value(struct reader *reader, const struct sy_attribute *attribute,
                      const msgpack_object *from, struct sy_value *ret, struct sy_error *error);

/* As it came, for the way back. */
static struct sy_bytes keep(struct reader *reader, const msgpack_object *from) {
    SY_AUTO_BUFFER struct sy_buffer buffer = {0};
    msgpack_packer packer;
    msgpack_packer_init(&packer, &buffer, write_bytes);
    (void)msgpack_pack_object(&packer, *from);
    return (struct sy_bytes){(const uint8_t *)sy_arena_copy(reader->arena, buffer.data, buffer.len),
                             buffer.len};
}

static bool read_string(struct reader *reader, const msgpack_object *from, struct sy_value *ret) {
    if (from->type != MSGPACK_OBJECT_STR || !sy_text_is_utf8(from->via.str.ptr, from->via.str.size))
        return false;
    *ret = (struct sy_value){
        .state = SY_VALUE_KNOWN,
        .text = sy_arena_copy(reader->arena, from->via.str.ptr, from->via.str.size),
        .len = from->via.str.size};
    return true;
}

/* A number too long for a machine's own types is sent as its digits. */
static bool read_digits(struct reader *reader, const msgpack_object *from, double *ret) {
    char *copy = sy_arena_copy(reader->arena, from->via.str.ptr, from->via.str.size);
    char *end = copy;
    *ret = strtod(copy, &end);
    return end != copy && end == copy + from->via.str.size &&
           strspn(copy, "0123456789+-.eE") == from->via.str.size;
}

static bool read_number(struct reader *reader, const msgpack_object *from, struct sy_value *ret) {
    double number = 0;
    switch (from->type) {
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        number = (double)from->via.u64;
        break;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        number = (double)from->via.i64;
        break;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        number = from->via.f64;
        break;
    case MSGPACK_OBJECT_STR:
        if (read_digits(reader, from, &number))
            break;
        return false;
    default:
        return false;
    }
    *ret = (struct sy_value){.state = SY_VALUE_KNOWN, .number = number, .raw = keep(reader, from)};
    return isfinite(number);
}

static int read_list(struct reader *reader, const struct sy_attribute *attribute,
                     const msgpack_object *from, struct sy_value *ret, struct sy_error *error) {
    const struct sy_attribute item = {.kind = attribute->kind == SY_OBJECTS ? SY_OBJECT : SY_STRING,
                                      .fields = attribute->fields};
    const char *path = reader->path;
    if (from->type != MSGPACK_OBJECT_ARRAY)
        return wrong(reader, attribute, error);
    struct sy_value list = sy_value_list(reader->arena, from->via.array.size);
    for (size_t i = 0; i < list.len; i++) {
        reader->path = sy_arena_printf(reader->arena, "%s[%zu]", path, i);
        if (read_value(reader, &item, &from->via.array.ptr[i], &list.items[i], error))
            return -1;
    }
    reader->path = path;
    *ret = list;
    return 0;
}

static int find_field(const struct reader *reader, const struct sy_attribute *fields,
                      const msgpack_object *key, size_t *ret, struct sy_error *error) {
    char shown[64];
    if (key->type != MSGPACK_OBJECT_STR)
        return fail(reader, error, "the name of an attribute must be a string");
    for (size_t i = 0; fields[i].name; i++)
        if (strlen(fields[i].name) == key->via.str.size &&
            memcmp(fields[i].name, key->via.str.ptr, key->via.str.size) == 0) {
            *ret = i;
            return 0;
        }
    return sy_fail_field(error, reader->path,
                         "there is no attribute \"%s\"; use a provider of the version that has it",
                         sy_text_clean(key->via.str.ptr, key->via.str.size, shown, sizeof shown));
}

static int read_object(struct reader *reader, const struct sy_attribute *attribute,
                       const msgpack_object *from, struct sy_value *ret, struct sy_error *error) {
    const struct sy_attribute *fields = attribute->fields;
    const char *path = reader->path;
    if (from->type != MSGPACK_OBJECT_MAP)
        return wrong(reader, attribute, error);
    struct sy_value object = sy_value_object(reader->arena, fields, SY_VALUE_NULL);
    bool *seen = sy_arena_alloc(reader->arena, object.len, sizeof *seen);
    for (size_t i = 0; i < from->via.map.size; i++) {
        const msgpack_object_kv *entry = &from->via.map.ptr[i];
        size_t at = 0;
        if (find_field(reader, fields, &entry->key, &at, error))
            return -1;
        reader->path = *path ? sy_arena_printf(reader->arena, "%s.%s", path, fields[at].name)
                             : fields[at].name;
        if (seen[at])
            return fail(reader, error, "the attribute is there twice");
        seen[at] = true;
        if (read_value(reader, &fields[at], &entry->val, &object.items[at], error))
            return -1;
        reader->path = path;
    }
    *ret = object;
    return 0;
}

/* By what the type wants; the recursion is as deep as the type. */
static int read_value(struct reader *reader, const struct sy_attribute *attribute,
                      const msgpack_object *from, struct sy_value *ret, struct sy_error *error) {
    bool good = false;
    if (from->type == MSGPACK_OBJECT_NIL) {
        *ret = (struct sy_value){0};
        return 0;
    }
    if (from->type == MSGPACK_OBJECT_EXT) {
        *ret = (struct sy_value){.state = SY_VALUE_UNKNOWN, .raw = keep(reader, from)};
        return 0;
    }
    switch (attribute->kind) {
    case SY_BOOL:
        good = from->type == MSGPACK_OBJECT_BOOLEAN;
        *ret = sy_value_bool(good && from->via.boolean);
        break;
    case SY_NUMBER:
        good = read_number(reader, from, ret);
        break;
    case SY_STRING:
        good = read_string(reader, from, ret);
        break;
    case SY_STRINGS:
    case SY_OBJECTS:
        return read_list(reader, attribute, from, ret, error);
    case SY_OBJECT:
        return read_object(reader, attribute, from, ret, error);
    }
    return good ? 0 : wrong(reader, attribute, error);
}

int sy_value_decode(const struct sy_attribute *attributes, struct sy_bytes bytes,
                    struct sy_arena *arena, struct sy_value *ret, struct sy_error *error) {
    const struct sy_attribute whole = {.kind = SY_OBJECT, .fields = attributes};
    struct reader reader = {.arena = arena, .path = ""};
    struct sy_value value;
    msgpack_unpacked unpacked;
    size_t end = 0;
    msgpack_unpacked_init(&unpacked);
    /* It takes 32 levels at most. */
    bool whole_value = is_all_there(bytes) &&
                       msgpack_unpack_next(&unpacked, (const char *)bytes.data, bytes.len, &end) ==
                           MSGPACK_UNPACK_SUCCESS &&
                       end == bytes.len;
    int failed = whole_value ? read_value(&reader, &whole, &unpacked.data, &value, error)
                             : fail(&reader, error,
                                    "the value is not well-formed MessagePack: cut short, too "
                                    "long, or nested too deep");
    msgpack_unpacked_destroy(&unpacked);
    if (!failed)
        *ret = value;
    return failed;
}

/* ---- writing ---- */

static void put_text(msgpack_packer *packer, const char *text, size_t len) {
    (void)msgpack_pack_str(packer, len);
    (void)msgpack_pack_str_body(packer, text, len);
}

static void put_raw(msgpack_packer *packer, struct sy_bytes raw) {
    (void)write_bytes(packer->data, (const char *)raw.data, raw.len);
}

static void put_number(msgpack_packer *packer, const struct sy_value *value) {
    if (value->raw.len)
        put_raw(packer, value->raw);
    else if (value->number == floor(value->number) && fabs(value->number) < 9e15)
        (void)msgpack_pack_int64(packer, (int64_t)value->number);
    else
        (void)msgpack_pack_double(packer, value->number);
}

static void put_unknown(msgpack_packer *packer, const struct sy_value *value) {
    static const uint8_t plain[] = {0xd4, 0, 0}; /* fixext 1, type 0 */
    put_raw(packer, value->raw.len ? value->raw : (struct sy_bytes){plain, sizeof plain});
}

static void put_value(msgpack_packer *packer, const struct sy_attribute *attribute,
                      const struct sy_value *value);

static void put_object(msgpack_packer *packer, const struct sy_attribute *fields,
                       const struct sy_value *value) {
    (void)msgpack_pack_map(packer, value->len);
    for (size_t i = 0; i < value->len; i++) {
        put_text(packer, fields[i].name, strlen(fields[i].name));
        put_value(packer, &fields[i], &value->items[i]);
    }
}

static void put_list(msgpack_packer *packer, const struct sy_attribute *attribute,
                     const struct sy_value *value) {
    const struct sy_attribute item = {.kind = attribute->kind == SY_OBJECTS ? SY_OBJECT : SY_STRING,
                                      .fields = attribute->fields};
    (void)msgpack_pack_array(packer, value->len);
    for (size_t i = 0; i < value->len; i++)
        put_value(packer, &item, &value->items[i]);
}

static void put_known(msgpack_packer *packer, const struct sy_attribute *attribute,
                      const struct sy_value *value) {
    switch (attribute->kind) {
    case SY_BOOL:
        (void)(value->truth ? msgpack_pack_true(packer) : msgpack_pack_false(packer));
        break;
    case SY_NUMBER:
        put_number(packer, value);
        break;
    case SY_STRING:
        put_text(packer, value->text, value->len);
        break;
    case SY_STRINGS:
    case SY_OBJECTS:
        put_list(packer, attribute, value);
        break;
    case SY_OBJECT:
        put_object(packer, attribute->fields, value);
        break;
    }
}

static void put_value(msgpack_packer *packer, const struct sy_attribute *attribute,
                      const struct sy_value *value) {
    if (value->state == SY_VALUE_NULL)
        (void)msgpack_pack_nil(packer);
    else if (value->state == SY_VALUE_UNKNOWN)
        put_unknown(packer, value);
    else
        put_known(packer, attribute, value);
}

void sy_value_encode(const struct sy_attribute *attributes, const struct sy_value *value,
                     struct sy_buffer *ret) {
    const struct sy_attribute whole = {.kind = SY_OBJECT, .fields = attributes};
    msgpack_packer packer;
    msgpack_packer_init(&packer, ret, write_bytes);
    put_value(&packer, &whole, value);
}
