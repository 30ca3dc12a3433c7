/* The methods that need no engine, without gRPC: fake_call.c answers for it. */
#include "fake_call.h"
#include "terraform/provider_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct sy_value decode(const Tfplugin6__DynamicValue *bytes, struct sy_arena *arena) {
    struct sy_value value;
    struct sy_error error = {0};
    assert_non_null(bytes);
    if (sy_value_decode(sy_release_type.attributes,
                        (struct sy_bytes){bytes->msgpack.data, bytes->msgpack.len}, arena, &value,
                        &error))
        fail_msg("%s", error.message);
    return value;
}

static Tfplugin6__RawState raw(const char *json) {
    Tfplugin6__RawState state = TFPLUGIN6__RAW_STATE__INIT;
    state.json.data = (uint8_t *)json;
    state.json.len = strlen(json);
    return state;
}

static ProtobufCMessage *move(struct fake_call *fake, const char *type, const char *json) {
    Tfplugin6__MoveResourceState__Request request = TFPLUGIN6__MOVE_RESOURCE_STATE__REQUEST__INIT;
    Tfplugin6__RawState state = raw(json);
    request.source_type_name = (char *)type;
    request.source_state = &state;
    request.target_type_name = "steelyard_release";
    return fake_call(fake, sy_resource_move_received, &request.base,
                     &tfplugin6__move_resource_state__response__descriptor);
}

/* moved { from = aws_lambda_alias.x  to = steelyard_release.y } */
static void test_move(void **state) {
    struct fake_call fake = {0};
    struct sy_arena arena = {0};
    (void)state;
    Tfplugin6__MoveResourceState__Response *response =
        (Tfplugin6__MoveResourceState__Response *)move(
            &fake, "aws_lambda_alias",
            "{\"arn\":\"arn:aws:lambda:us-east-1:123456789012:function:checkout:production\","
            "\"function_name\":\"arn:aws:lambda:us-east-1:123456789012:function:checkout\","
            "\"function_version\":\"41\",\"name\":\"production\",\"routing_config\":[]}");
    assert_int_equal(response->n_diagnostics, 0);
    struct sy_value moved = decode(response->target_state, &arena);
    assert_string_equal(sy_field_text(&moved, SY_RELEASE_FUNCTION_NAME), "checkout");
    assert_string_equal(sy_field_text(&moved, SY_RELEASE_ALIAS), "production");
    assert_string_equal(sy_field_text(&moved, SY_RELEASE_VERSION), "41");
    assert_string_equal(sy_field_text(&moved, SY_RELEASE_LOCK_IN), "60m");
    sy_arena_finish(&arena);
    fake_call_finish(&fake);
}

static void test_move_refused(void **state) {
    static const struct {
        const char *type;
        const char *json;
        const char *says;
    } cases[] = {
        {"aws_lambda_function", "{}", "not from \"aws_lambda_function\""},
        {"aws_lambda_alias", "{", "Import the alias"},
        {"aws_lambda_alias", "{\"function_name\":\"checkout\"}", "Import the alias"},
        {"aws_lambda_alias",
         "{\"function_name\":\"a b\",\"name\":\"p\",\"function_version\":\"1\"}", "a b"},
    };
    (void)state;
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        struct fake_call fake = {0};
        Tfplugin6__MoveResourceState__Response *response =
            (Tfplugin6__MoveResourceState__Response *)move(&fake, cases[i].type, cases[i].json);
        assert_int_equal(response->n_diagnostics, 1);
        assert_non_null(strstr(response->diagnostics[0]->detail, cases[i].says));
        assert_null(response->target_state);
        fake_call_finish(&fake);
    }
}

static void test_upgrade(void **state) {
    static const struct {
        int64_t version;
        const char *json;
        const char *says; /* NULL: it is taken */
    } cases[] = {
        {0, "{\"alias\":\"production\",\"of_a_later_version\":true}", NULL},
        {1, "{}", "newer version of this provider (schema 1)"},
        {0, "{\"alias\":7}", "value of another type"},
        {0, "nonsense", "state"},
    };
    (void)state;
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        struct fake_call fake = {0};
        Tfplugin6__RawState old = raw(cases[i].json);
        Tfplugin6__UpgradeResourceState__Request request =
            TFPLUGIN6__UPGRADE_RESOURCE_STATE__REQUEST__INIT;
        request.type_name = "steelyard_release";
        request.version = cases[i].version;
        request.raw_state = &old;
        Tfplugin6__UpgradeResourceState__Response *response =
            (Tfplugin6__UpgradeResourceState__Response *)fake_call(
                &fake, sy_resource_upgrade_received, &request.base,
                &tfplugin6__upgrade_resource_state__response__descriptor);
        assert_int_equal(response->n_diagnostics, cases[i].says ? 1 : 0);
        assert_int_equal(response->upgraded_state != NULL, cases[i].says == NULL);
        if (cases[i].says && !strstr(response->diagnostics[0]->detail, cases[i].says))
            fail_msg("\"%s\" does not say \"%s\"", response->diagnostics[0]->detail, cases[i].says);
        fake_call_finish(&fake);
    }
}

static void test_unknown_type(void **state) {
    struct fake_call fake = {0};
    Tfplugin6__ValidateResourceConfig__Request request =
        TFPLUGIN6__VALIDATE_RESOURCE_CONFIG__REQUEST__INIT;
    (void)state;
    request.type_name = "steelyard_nothing";
    Tfplugin6__ValidateResourceConfig__Response *response =
        (Tfplugin6__ValidateResourceConfig__Response *)fake_call(
            &fake, sy_resource_validate_received, &request.base,
            &tfplugin6__validate_resource_config__response__descriptor);
    assert_int_equal(response->n_diagnostics, 1);
    assert_non_null(strstr(response->diagnostics[0]->detail, "steelyard_nothing"));
    fake_call_finish(&fake);
}

/* A configuration whose bytes are no value is a diagnostic, too. */
static void test_hostile_config(void **state) {
    struct fake_call fake = {0};
    Tfplugin6__DynamicValue config = TFPLUGIN6__DYNAMIC_VALUE__INIT;
    Tfplugin6__ValidateResourceConfig__Request request =
        TFPLUGIN6__VALIDATE_RESOURCE_CONFIG__REQUEST__INIT;
    (void)state;
    config.msgpack.data = (uint8_t *)"\x81\xa7version\x07";
    config.msgpack.len = 10;
    request.type_name = "steelyard_release";
    request.config = &config;
    Tfplugin6__ValidateResourceConfig__Response *response =
        (Tfplugin6__ValidateResourceConfig__Response *)fake_call(
            &fake, sy_resource_validate_received, &request.base,
            &tfplugin6__validate_resource_config__response__descriptor);
    assert_int_equal(response->n_diagnostics, 1);
    assert_non_null(
        strstr(response->diagnostics[0]->detail, "version: the value must be a string"));
    assert_int_equal(response->diagnostics[0]->attribute->n_steps, 1);
    assert_string_equal(response->diagnostics[0]->attribute->steps[0]->attribute_name, "version");
    fake_call_finish(&fake);
}

static void test_path(void **state) {
    struct sy_arena arena = {0};
    (void)state;
    Tfplugin6__AttributePath *path = sy_path_make("stages[12].bake", &arena);
    assert_int_equal(path->n_steps, 3);
    assert_string_equal(path->steps[0]->attribute_name, "stages");
    assert_int_equal(path->steps[1]->element_key_int, 12);
    assert_string_equal(path->steps[2]->attribute_name, "bake");
    assert_int_equal(sy_path_make("a.b.c", &arena)->n_steps, 3);
    sy_arena_finish(&arena);
}

/* A detail may have lines; all else that a terminal would obey is taken out. */
static void test_clean(void **state) {
    struct sy_arena arena = {0};
    struct sy_diagnostics diagnostics = {.arena = &arena};
    (void)state;
    for (int i = 0; i < SY_DIAGNOSTICS_MAX + 3; i++)
        sy_diagnose(&diagnostics, NULL, "a\033[31mb", "one\ntwo\r\t%s", "\xff");
    assert_int_equal(diagnostics.n, SY_DIAGNOSTICS_MAX);
    assert_string_equal(diagnostics.list[0]->summary, "a?[31mb");
    assert_string_equal(diagnostics.list[0]->detail, "one\ntwo???");
    sy_arena_finish(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_move),           cmocka_unit_test(test_move_refused),
        cmocka_unit_test(test_upgrade),        cmocka_unit_test(test_unknown_type),
        cmocka_unit_test(test_hostile_config), cmocka_unit_test(test_path),
        cmocka_unit_test(test_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
