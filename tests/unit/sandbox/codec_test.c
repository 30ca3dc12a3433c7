#include "calls.h"

#include "sandbox/world_call.h"

static struct json_object *parse(const char *text) {
    struct json_object *object = NULL;
    struct sy_error error = {0};
    if (sy_json_parse("text", text, strlen(text), &object, &error))
        fail_msg("%s", error.message);
    return object;
}

static void assert_reads(struct json_object *object, const char *expected) {
    SY_AUTO_JSON struct json_object *owned = object;
    assert_non_null(owned);
    SY_AUTO_FREE char *text = sy_json_write(owned);
    assert_string_equal(text, expected);
}

static void cbor_goes_round(void **state) {
    static const char text[] = "{\"a\":[1,-2,300,70000,5000000000,-300,0.25,true,false,\"\u00e9\","
                               "null,{}],\"b\":{\"c\":\"\"}}";
    SY_AUTO_JSON struct json_object *object = parse(text);
    SY_AUTO_BUFFER struct sy_buffer bytes = {0};
    (void)state;
    sy_cbor_write(&bytes, object);
    assert_reads(sy_cbor_read(bytes.data, bytes.len), text);
}

/* RFC 8949, appendix A. */
static void cbor_reads_the_rfcs_examples(void **state) {
    static const struct {
        const char *bytes;
        size_t len;
        const char *json;
    } cases[] = {
        {"\xa1\x61\x61\x18\x64", 5, "{\"a\":100}"},
        {"\xa1\x61\x61\x3a\x00\x01\x86\x9f", 8, "{\"a\":-100000}"},
        {"\xa1\x61\x61\xfa\x47\xc3\x50\x00", 8, "{\"a\":100000.0}"},
        {"\xa1\x61\x61\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a", 12, "{\"a\":1.1}"},
        {"\xa1\x61\x61\xc1\x1a\x51\x4b\x67\xb0", 9, "{\"a\":1363896240}"},
        {"\xbf\x61\x61\x01\x61\x62\x9f\x02\x03\xff\xff", 11, "{\"a\":1,\"b\":[2,3]}"},
        {"\xa1\x61\x61\xf6", 4, "{\"a\":null}"},
    };
    (void)state;
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        SY_AUTO_JSON struct json_object *object = sy_cbor_read(cases[i].bytes, cases[i].len);
        SY_AUTO_JSON struct json_object *expected = parse(cases[i].json);
        if (!object || !json_object_equal(object, expected))
            fail_msg("case %zu: %s", i, object ? json_object_to_json_string(object) : "refused");
    }
}

static void cbor_refuses_what_is_broken(void **state) {
    static const struct {
        const char *bytes;
        size_t len;
    } cases[] = {
        {"", 0},
        {"\xa1", 1},
        {"\xa1\x61\x61", 3},
        {"\xa1\x61\x61\x01\x00", 5},             /* something follows */
        {"\xa1\x01\x01", 3},                     /* a key that is no text */
        {"\xa1\x61\x00\x01", 4},                 /* a key with a NUL */
        {"\xa1\x61\x61\x1c", 4},                 /* reserved */
        {"\xa1\x61\x61\x7a\xff\xff\xff\xff", 8}, /* longer than all there is */
        {"\xbb\xff\xff\xff\xff\xff\xff\xff\xff", 9},
        {"\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10},
        {"\xa1\x61\x61\x1b\xff\xff\xff\xff\xff\xff\xff\xff", 12}, /* does not fit */
        {"\xa1\x61\x61\x41\x00", 5},                              /* bytes */
        {"\xa1\x61\x61\xc2\x01", 5},                              /* another tag */
        {"\xff", 1},
    };
    (void)state;
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        SY_AUTO_FREE char *copy = sy_calloc(1, cases[i].len);
        memcpy(copy, cases[i].bytes, cases[i].len);
        if (sy_cbor_read(copy, cases[i].len))
            fail_msg("case %zu was read", i);
    }
    SY_AUTO_BUFFER struct sy_buffer deep = {0};
    for (int i = 0; i < 100000; i++)
        sy_buffer_append(&deep, "\x81", 1);
    assert_null(sy_cbor_read(deep.data, deep.len));
}

/* Whatever comes, it is read or refused, never past its end. */
static void cbor_survives_noise(void **state) {
    uint64_t random = 7;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        size_t len = (size_t)round % 40 + 1;
        SY_AUTO_FREE char *bytes = sy_calloc(1, len);
        for (size_t i = 0; i < len; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            bytes[i] = (char)(random >> 56);
        }
        bytes[0] = (char)(0xa0 | (round & 0x1f));
        struct json_object *object = sy_cbor_read(bytes, len);
        (void)json_object_put(object);
    }
}

static struct json_object *form(const char *text) {
    SY_AUTO_FREE char *copy = sy_strndup(text, strlen(text));
    return sy_query_read(copy, strlen(copy));
}

static void forms_become_json(void **state) {
    (void)state;
    assert_reads(form("Action=X&MetricDataQueries.member.1.Id=q&MetricDataQueries.member.1."
                      "MetricStat.Period=60&MetricDataQueries.member.1.ReturnData=true&"
                      "MetricDataQueries.member.2.Id=r+s%21&Statistics.member.1=Sum"),
                 "{\"Action\":\"X\",\"MetricDataQueries\":[{\"Id\":\"q\",\"MetricStat\":{"
                 "\"Period\":60},\"ReturnData\":true},{\"Id\":\"r s!\"}],\"Statistics\":[\"Sum\"]"
                 "}");
    SY_AUTO_JSON struct json_object *times =
        form("StartTime=2027-01-15T08:00:00Z&EndTime=2027-01-15T08%3A00%3A00.5%2B00%3A00");
    assert_true(json_object_get_double(dig(times, "StartTime")) == 1800000000.0);
    assert_true(json_object_get_double(dig(times, "EndTime")) == 1800000000.5);
}

static void broken_forms_are_refused(void **state) {
    static const char *const bad[] = {
        "a",
        "=",
        "a=%",
        "a=%4",
        "a=%zz",
        "a=%00",
        "%00=a",
        "a.b=1&a=2&a.c=3",
        "a.member.0=1",
        "a.member.2=1",
        "a.member.x=1",
        "a.member=1",
        "a.member.99999999999999999999=1",
        "a.member.1=x&a.member.1.b=y",
        "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p=1",
        "Period=soon",
        "StartTime=yesterday",
        "StartTime=2027-01-15T08:00:00",
    };
    (void)state;
    for (size_t i = 0; i < SY_COUNT(bad); i++) {
        SY_AUTO_JSON struct json_object *object = form(bad[i]);
        if (object)
            fail_msg("%s was read", bad[i]);
    }
}

static void answers_become_xml(void **state) {
    SY_AUTO_JSON struct json_object *answer =
        parse("{\"A\":[{\"Id\":\"<&>\",\"Timestamps\":[1800000000],\"Values\":[1.5]}],\"B\":[]}");
    SY_AUTO_BUFFER struct sy_buffer text = {0};
    (void)state;
    sy_query_write(&text, "Get", "id", answer);
    assert_string_equal(
        text.data,
        "<GetResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\"><GetResult><A>"
        "<member><Id>&lt;&amp;&gt;</Id><Timestamps><member>2027-01-15T08:00:00Z</member>"
        "</Timestamps><Values><member>1.5</member></Values></member></A><B></B></GetResult>"
        "<ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></GetResponse>");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cbor_goes_round),
        cmocka_unit_test(cbor_reads_the_rfcs_examples),
        cmocka_unit_test(cbor_refuses_what_is_broken),
        cmocka_unit_test(cbor_survives_noise),
        cmocka_unit_test(forms_become_json),
        cmocka_unit_test(broken_forms_are_refused),
        cmocka_unit_test(answers_become_xml),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
