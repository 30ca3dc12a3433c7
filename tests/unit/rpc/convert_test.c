/* What goes over the wire comes back the same, and what does not fit is refused by name. */
#include "fake_engine.h"

#include "rpc/check.h"
#include "rpc/convert.h"
#include "rpc/message.h"

#include <grpc/slice.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct sy_spec full_spec(void) {
    struct sy_spec spec;
    sy_spec_init(&spec);
    (void)snprintf(spec.function, sizeof spec.function, "shop");
    (void)snprintf(spec.alias, sizeof spec.alias, "live");
    (void)snprintf(spec.version, sizeof spec.version, "42");
    spec.threshold_bp = 0;
    spec.lock_in_ms = 0;
    spec.wait = SY_WAIT_NONE;
    spec.on_interrupt = SY_INTERRUPT_HOLD;
    spec.on_inconclusive = SY_INCONCLUSIVE_ROLLBACK;
    spec.retry = true;
    spec.mirror_alias = true;
    return spec;
}

/* Pack and decode again. */
static ProtobufCMessage *carry(const ProtobufCMessage *message) {
    uint8_t bytes[16384];
    ProtobufCMessage *out = NULL;
    struct sy_error error = {0};
    assert_true(protobuf_c_message_get_packed_size(message) <= sizeof bytes);
    size_t len = protobuf_c_message_pack(message, bytes);
    if (sy_message_decode(message->descriptor, bytes, len, &out, &error))
        fail_msg("%s", error.message);
    return out;
}

static void check_spec(const struct sy_spec *spec) {
    struct sy_spec_message message;
    struct sy_spec back;
    struct sy_error error;
    memset(&back, 0, sizeof back);
    sy_spec_to_proto(spec, &message);
    ProtobufCMessage *got = carry(&message.spec.base);
    assert_int_equal(sy_spec_from_proto((void *)got, &back, &error), 0);
    assert_string_equal(back.function, spec->function);
    assert_string_equal(back.alias, spec->alias);
    assert_string_equal(back.version, spec->version);
    assert_int_equal(back.n_stages, spec->n_stages);
    for (uint32_t i = 0; i < spec->n_stages; i++) {
        assert_int_equal(back.stages[i].weight_bp, spec->stages[i].weight_bp);
        assert_int_equal(back.stages[i].bake_ms, spec->stages[i].bake_ms);
    }
    assert_int_equal(back.threshold_bp, spec->threshold_bp);
    assert_int_equal(back.min_invocations, spec->min_invocations);
    assert_int_equal(back.window_ms, spec->window_ms);
    assert_int_equal(back.lock_in_ms, spec->lock_in_ms);
    assert_int_equal(back.period_ms, spec->period_ms);
    assert_int_equal(back.poll_ms, spec->poll_ms);
    assert_int_equal(back.wait, spec->wait);
    assert_int_equal(back.on_interrupt, spec->on_interrupt);
    assert_int_equal(back.on_inconclusive, spec->on_inconclusive);
    assert_int_equal(back.retry, spec->retry);
    assert_int_equal(back.mirror_alias, spec->mirror_alias);
    protobuf_c_message_free_unpacked(got, NULL);
}

static void test_spec(void **state) {
    (void)state;
    struct sy_spec spec = full_spec();
    check_spec(&spec);
    spec.n_stages = 0; /* instant is not the default */
    check_spec(&spec);
    spec.n_stages = SY_STAGES_MAX;
    for (int i = 0; i < SY_STAGES_MAX; i++)
        spec.stages[i] = (struct sy_stage){100 * (i + 1), INT64_MAX - i};
    check_spec(&spec);
}

static void test_absent_is_default(void **state) {
    (void)state;
    Steelyard__V1__ReleaseSpec spec = STEELYARD__V1__RELEASE_SPEC__INIT;
    struct sy_spec got;
    struct sy_spec defaults;
    struct sy_error error;
    sy_spec_init(&defaults);
    assert_int_equal(sy_spec_from_proto(&spec, &got, &error), 0);
    assert_int_equal(got.n_stages, defaults.n_stages);
    assert_int_equal(got.threshold_bp, defaults.threshold_bp);
    assert_int_equal(got.min_invocations, defaults.min_invocations);
    assert_int_equal(got.window_ms, defaults.window_ms);
    assert_int_equal(got.lock_in_ms, defaults.lock_in_ms);
    assert_int_equal(got.wait, defaults.wait);
    assert_int_equal(got.on_interrupt, defaults.on_interrupt);
}

static void test_too_long(void **state) {
    (void)state;
    Steelyard__V1__ReleaseSpec spec = STEELYARD__V1__RELEASE_SPEC__INIT;
    char name[SY_FUNCTION_MAX + 2];
    struct sy_spec got;
    struct sy_error error;
    memset(name, 'f', sizeof name);
    name[sizeof name - 1] = '\0';
    spec.function = name;
    assert_int_equal(sy_spec_from_proto(&spec, &got, &error), -1);
    assert_int_equal(error.code, SY_INVALID_ARGUMENT);
    assert_string_equal(error.field, "function");
    name[SY_FUNCTION_MAX] = '\0';
    assert_int_equal(sy_spec_from_proto(&spec, &got, &error), 0);
}

static void test_too_many_stages(void **state) {
    (void)state;
    Steelyard__V1__ReleaseSpec spec = STEELYARD__V1__RELEASE_SPEC__INIT;
    Steelyard__V1__StageList list = STEELYARD__V1__STAGE_LIST__INIT;
    Steelyard__V1__Stage stage = STEELYARD__V1__STAGE__INIT;
    Steelyard__V1__Stage *stages[SY_STAGES_MAX + 1];
    struct sy_spec got;
    struct sy_error error;
    for (int i = 0; i <= SY_STAGES_MAX; i++)
        stages[i] = &stage;
    list.stages = stages;
    list.n_stages = SY_STAGES_MAX + 1;
    spec.stages = &list;
    assert_int_equal(sy_spec_from_proto(&spec, &got, &error), -1);
    assert_string_equal(error.field, "stages");
}

static void test_plan(void **state) {
    (void)state;
    struct sy_spec spec = full_spec();
    struct sy_plan plan;
    struct sy_plan back;
    struct sy_plan_message message;
    struct sy_error error;
    memset(&plan, 0, sizeof plan);
    fake_plan(&spec, &plan);
    sy_plan_to_proto(&plan, &message);
    ProtobufCMessage *got = carry(&message.plan.base);
    assert_int_equal(sy_plan_from_proto((void *)got, &back, &error), 0);
    protobuf_c_message_free_unpacked(got, NULL);
    assert_int_equal(back.kind, plan.kind);
    check_spec(&back.spec);
    assert_string_equal(back.baseline, plan.baseline);
    assert_string_equal(back.last_known_good, plan.last_known_good);
    assert_string_equal(back.routing.additional, plan.routing.additional);
    assert_int_equal(back.routing.additional_bp, plan.routing.additional_bp);
    assert_string_equal(back.revision, plan.revision);
    assert_string_equal(back.release_id, plan.release_id);
    assert_true(back.supersedes && back.moves_mirror);
    assert_int_equal(back.expected[0], -1);
    assert_int_equal(back.expected[1], 1000);
    assert_int_equal(back.n_warnings, 2);
    assert_string_equal(back.warnings[1], plan.warnings[1]);
    assert_string_equal(back.fingerprint, plan.fingerprint);
}

static void test_status(void **state) {
    (void)state;
    struct sy_facts facts;
    struct sy_facts back;
    struct sy_status_message message;
    struct sy_error error;
    fake_facts("shop", "live", &facts);
    sy_status_to_proto(&facts, &message);
    ProtobufCMessage *got = carry(&message.status.base);
    assert_int_equal(sy_status_from_proto((void *)got, &back, &error), 0);
    protobuf_c_message_free_unpacked(got, NULL);
    assert_int_equal(back.now_ms, facts.now_ms);
    assert_true(back.has_alias && back.has_version && back.has_record && back.has_lease &&
                back.has_traffic);
    assert_string_equal(back.routing.primary, "42");
    assert_string_equal(back.revision, facts.revision);
    assert_string_equal(back.version_state, facts.version_state);
    assert_string_equal(back.code_sha256, facts.code_sha256);
    assert_string_equal(back.lease.owner, facts.lease.owner);
    assert_int_equal(back.lease.until_ms, facts.lease.until_ms);
    assert_string_equal(back.mirror_alias, "live");
    assert_string_equal(back.mirror_current, "42");
    assert_string_equal(back.mirror_previous, "41");
    assert_string_equal(back.mirror_last_known_good, "40");
    assert_int_equal(back.traffic_per_hour, 3600);
    check_spec(&back.record.spec);
    assert_int_equal(back.record.version, 12);
    assert_int_equal(back.record.phase, SY_PHASE_LOCK_IN);
    assert_int_equal(back.record.outcome, SY_OUTCOME_PROMOTED_UNPROVEN);
    assert_int_equal(back.record.created_ms, 1);
    assert_int_equal(back.record.first_traffic_ms, 2);
    assert_int_equal(back.record.stage_until_ms, 3);
    assert_int_equal(back.record.promoted_ms, 4);
    assert_int_equal(back.record.judged_ms, 5);
    assert_int_equal(back.record.ended_ms, 6);
    assert_int_equal(back.record.sequence, 7);
    assert_true(back.record.extended && back.record.unproven && back.record.handed_over &&
                back.record.paused_ms && back.record.mirrors);
    assert_string_equal(back.record.reason, facts.record.reason);
    assert_int_equal(back.record.results[2].canary.invocations, 12);
    assert_int_equal(back.record.results[2].decision, SY_DECISION_INCONCLUSIVE);
    assert_int_equal(back.record.results[2].ended_ms, 9);
}

static void test_status_of_nothing(void **state) {
    (void)state;
    struct sy_facts facts = {.now_ms = 5};
    struct sy_facts back;
    struct sy_status_message message;
    struct sy_error error;
    sy_status_to_proto(&facts, &message);
    ProtobufCMessage *got = carry(&message.status.base);
    assert_int_equal(sy_status_from_proto((void *)got, &back, &error), 0);
    protobuf_c_message_free_unpacked(got, NULL);
    assert_false(back.has_alias || back.has_version || back.has_record || back.has_lease ||
                 back.has_traffic);
}

static void check_event(const struct sy_release_event *event) {
    struct sy_event_message message;
    struct sy_release_event back;
    struct sy_error error;
    sy_event_to_proto(event, &message);
    ProtobufCMessage *got = carry(&message.event.base);
    assert_int_equal(sy_event_from_proto((void *)got, &back, &error), 0);
    protobuf_c_message_free_unpacked(got, NULL);
    assert_int_equal(back.kind, event->kind);
    assert_int_equal(back.sequence, event->sequence);
    assert_int_equal(back.at_ms, event->at_ms);
    assert_string_equal(back.release_id, event->release_id);
    assert_string_equal(back.baseline, event->baseline);
    assert_string_equal(back.version, event->version);
    assert_int_equal(back.stage, event->stage);
    assert_int_equal(back.n_stages, event->n_stages);
    assert_int_equal(back.weight_bp, event->weight_bp);
    assert_int_equal(back.until_ms, event->until_ms);
    assert_int_equal(back.duration_ms, event->duration_ms);
    assert_string_equal(back.from.additional, event->from.additional);
    assert_string_equal(back.to.primary, event->to.primary);
    assert_int_equal(back.canary.invocations, event->canary.invocations);
    assert_int_equal(back.canary.errors, event->canary.errors);
    assert_int_equal(back.other.errors, event->other.errors);
    assert_int_equal(back.threshold_bp, event->threshold_bp);
    assert_int_equal(back.window_ms, event->window_ms);
    assert_int_equal(back.decision, event->decision);
    assert_int_equal(back.outcome, event->outcome);
    assert_int_equal(back.warning, event->warning);
    assert_string_equal(back.text, event->text);
}

static void test_events(void **state) {
    (void)state;
    struct sy_release_event event;
    for (int64_t i = 1; i <= FAKE_EVENTS; i++) {
        fake_event(i, &event);
        check_event(&event);
    }
}

static void test_cut_text_is_cleaned(void **state) {
    (void)state;
    struct sy_release_event event;
    struct sy_event_message message;
    fake_event(SY_EVENT_NOTE + 1, &event);
    memcpy(event.text, "a\nb\xC3", 5); /* a line break, and half of a character */
    sy_event_to_proto(&event, &message);
    assert_string_equal(message.event.text, "a?b?");
}

static void test_unknown_payload_is_a_note(void **state) {
    (void)state;
    Steelyard__V1__ReleaseEvent event = STEELYARD__V1__RELEASE_EVENT__INIT;
    struct sy_release_event got;
    struct sy_error error;
    event.text = (char *)"from the future";
    assert_int_equal(sy_event_from_proto(&event, &got, &error), 0);
    assert_int_equal(got.kind, SY_EVENT_NOTE);
    assert_string_equal(got.text, "from the future");
}

static void test_missing_parts(void **state) {
    (void)state;
    Steelyard__V1__Plan plan = STEELYARD__V1__PLAN__INIT;
    struct sy_plan got;
    struct sy_facts facts;
    struct sy_release_event event;
    struct sy_error error;
    assert_int_equal(sy_plan_from_proto(&plan, &got, &error), -1);
    assert_int_equal(sy_plan_from_proto(NULL, &got, &error), -1);
    assert_int_equal(sy_status_from_proto(NULL, &facts, &error), -1);
    assert_int_equal(sy_event_from_proto(NULL, &event, &error), -1);
}

static void carry_error(const struct sy_error *error, struct sy_error *ret) {
    grpc_slice details = sy_status_details(error);
    grpc_slice message = grpc_slice_from_copied_string(error->message);
    sy_status_read((grpc_status_code)error->code, message, details, ret);
    grpc_slice_unref(details);
    grpc_slice_unref(message);
}

static void test_errors(void **state) {
    (void)state;
    struct sy_error error;
    struct sy_error back;
    (void)sy_fail_reason(&error, SY_FAILED_PRECONDITION, "STALE_PLAN", "plan again\xC3");
    carry_error(&error, &back);
    assert_int_equal(back.code, SY_FAILED_PRECONDITION);
    assert_string_equal(back.reason, "STALE_PLAN");
    assert_string_equal(back.message, "plan again?");
    (void)sy_fail_field(&error, "stages", "stages: no");
    carry_error(&error, &back);
    assert_string_equal(back.field, "stages");
    assert_string_equal(back.reason, "");
    (void)sy_fail(&error, SY_NOT_FOUND, "gone");
    carry_error(&error, &back);
    assert_int_equal(back.code, SY_NOT_FOUND);
    assert_string_equal(back.field, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spec),
        cmocka_unit_test(test_absent_is_default),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_too_many_stages),
        cmocka_unit_test(test_plan),
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_status_of_nothing),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_cut_text_is_cleaned),
        cmocka_unit_test(test_unknown_payload_is_a_note),
        cmocka_unit_test(test_missing_parts),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
