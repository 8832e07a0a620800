"""A command over HTTP: what is answered, what is recorded, and the headers that steer it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from mymedic.ids import OWN_COMMAND, derived_id
from tests.integration.api.conftest import Api, refusal

CONSENT = {"patient_id": "pat_asha", "purpose": "messaging", "notice_version": "1", "given_by": {"role": "patient"}}


def hold(api: Api, day: int, clock: str, **changes: Any) -> dict[str, Any]:
    return {
        "patient_id": "pat_asha",
        "slot_id": api.chain.slot(day, clock),
        "service_id": "svc_consult",
        "visit_type": "new",
        "quoted_price_paise": 80_000,
        "channel": "portal",
        **changes,
    }


def test_an_accepted_command_says_what_it_recorded(api: Api) -> None:
    before = api.chain.head()
    answer = api.send("hold-appointment", hold(api, 3, "18:00"), "PP", X_Aggregate_Id="appt_1", X_Channel="portal")
    assert answer.status_code == 200
    ack = answer.json()
    assert (ack["status"], ack["stream_id"], ack["stream_version"]) == ("accepted", "appointment-appt_1", 1)
    assert (ack["first_seq"], ack["last_seq"]) == (before + 1, before + 1)
    assert answer.headers["ETag"] == '"1"'
    recorded = api.chain.log()[-1]
    assert ack["event_ids"] == [recorded.event_id]
    assert (recorded.actor.id, recorded.channel, recorded.command_id) == ("pat_asha", "portal", ack["command_id"])


def test_a_flow_keeps_its_correlation(api: Api) -> None:
    api.send("hold-appointment", hold(api, 3, "18:15"), "PP", X_Aggregate_Id="appt_flow", X_Correlation_Id="flow_1")
    tagged = api.chain.store.feed.tagged("ten_test", "correlation", "flow_1")
    assert [one.stream_id for one in tagged] == ["appointment-appt_flow"]


def test_the_same_command_again_is_answered_again(api: Api) -> None:
    body = {"name": "Cardiology", "specialty_id": "spc_cardio"}
    first, again = (api.send("define-specialty", body, "CM", Idempotency_Key="key_cardio").json() for _ in range(2))
    assert (first["status"], again["status"]) == ("accepted", "duplicate")
    assert again["event_ids"] == first["event_ids"]


def test_a_refused_command_again_is_refused_again(api: Api) -> None:
    """Also when it could be accepted by now: the caller was told already."""
    body = {"appointment_id": "appt_later"}
    refusal(api.send("check-in-patient", body, Idempotency_Key="key_early"), 404, "NOT_FOUND")
    api.send("hold-appointment", hold(api, 3, "18:30"), "PP", X_Aggregate_Id="appt_later")
    refusal(api.send("check-in-patient", body, Idempotency_Key="key_early"), 404, "NOT_FOUND")


def test_one_key_for_two_commands_is_a_conflict(api: Api) -> None:
    api.send("define-specialty", {"name": "Urology"}, "CM", Idempotency_Key="key_uro")
    problem = refusal(
        api.send("define-specialty", {"name": "Neurology"}, "CM", Idempotency_Key="key_uro"),
        409,
        "IDEMPOTENCY_CONFLICT",
    )
    assert problem["retryable"] is False


def test_nobody_takes_the_id_of_a_command_that_a_process_will_send(api: Api) -> None:
    """It follows from ids that the caller was told; taken, the forfeit of a cancellation would be a conflict."""
    key = derived_id(OWN_COMMAND, "deposit_plan", "evt_told_by_the_ack", "ForfeitDeposit", "pay_1")
    body = {"appointment_id": "appt_none"}
    problem = refusal(api.send("check-in-patient", body, Idempotency_Key=key), 422, "VALIDATION_FAILED")
    assert problem["details"]["field"] == "command_id"
    many = {"commands": [{"name": "check-in-patient", "command_id": key, "body": body}]}
    answered = api.post_batch(json.dumps(many).encode()).json()
    assert answered["answers"][0]["error"]["code"] == "VALIDATION_FAILED"
    with api.chain.store.ledger.read() as reads:
        assert reads.command("ten_test", key) is None


def test_a_command_can_insist_on_what_it_has_seen(api: Api) -> None:
    """The patient's stream is at version 2: registered, consent given."""
    body = {"patient_id": "pat_bala", "purpose": "messaging", "notice_version": "1", "given_by": {"role": "patient"}}
    stale = refusal(api.send("record-consent", body, If_Match="1"), 409, "VERSION_CONFLICT")
    assert (stale["retryable"], stale["details"]) == (True, {"version": 2})
    answer = api.send("record-consent", body, If_Match="2")
    assert answer.headers["ETag"] == '"3"'
    assert api.send("record-consent", body, If_Match=answer.headers["ETag"]).headers["ETag"] == '"4"'


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Idempotency-Key", "a"),
        ("Idempotency-Key", "x" * 65),
        ("Idempotency-Key", "not an id"),
        ("X-Aggregate-Id", "appt_1/../2"),
        ("X-Aggregate-Id", "appt#1"),
        ("X-Correlation-Id", "flow 1"),
        ("X-Channel", "pigeon"),
        ("If-Match", "*"),
        ("If-Match", "-1"),
        ("If-Match", "9" * 40),
        ("If-Match", "1.0"),
    ],
)
def test_a_header_that_is_none_names_itself(api: Api, header: str, value: str) -> None:
    problem = refusal(
        api.send("check-in-patient", {"appointment_id": "appt_1"}, **{header: value}), 422, "VALIDATION_FAILED"
    )
    assert problem["details"]["field"].replace("_", "-") in header.lower()


def test_digits_of_another_script_are_no_version(api: Api) -> None:
    answer = api.client.post(
        "/v1/commands/check-in-patient",
        json={"appointment_id": "appt_1"},
        headers=[
            (b"Authorization", f"Bearer {api.token('FD', 'ten_test')}".encode()),
            (b"If-Match", "²".encode("latin-1")),
        ],
    )
    refusal(answer, 422, "VALIDATION_FAILED")


@pytest.mark.parametrize(("hours", "role"), [(-24, "FD"), (-5, "FD"), (0, "FD"), (2 / 60, "FD")])
def test_an_offline_device_says_when_it_was(api: Api, hours: float, role: str) -> None:
    """R-CMD-6: from 24 h ago to 2 min from now. `recorded_at` stays the server's."""
    at = api.chain.clock.now() + timedelta(hours=hours)
    answer = api.send("record-consent", CONSENT, role, X_Client_Recorded_At=at.isoformat())
    assert answer.json()["status"] == "accepted"
    recorded = api.chain.log()[-1]
    assert (recorded.occurred_at, recorded.recorded_at) == (at, api.chain.clock.now())


@pytest.mark.parametrize("hours", [-24.001, 2.1 / 60, -24 * 365])
def test_a_clock_that_is_too_far_off_is_refused(api: Api, hours: float) -> None:
    at = api.chain.clock.now() + timedelta(hours=hours)
    refusal(api.send("record-consent", CONSENT, X_Client_Recorded_At=at.isoformat()), 422, "CLOCK_SKEW")


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_the_ends_of_time_are_too_far_off(api: Api, text: str) -> None:
    refusal(api.send("record-consent", CONSENT, X_Client_Recorded_At=text), 422, "CLOCK_SKEW")


@pytest.mark.parametrize("text", ["yesterday", "1762000000", "2026-11-02T10:00:00", "2026-11-02", ""])
def test_an_instant_without_its_offset_is_none(api: Api, text: str) -> None:
    problem = refusal(api.send("record-consent", CONSENT, X_Client_Recorded_At=text), 422, "VALIDATION_FAILED")
    assert problem["details"]["field"] == "X-Client-Recorded-At"


def test_only_who_works_offline_says_when_it_was(api: Api) -> None:
    """R-CMD-6: everybody else's command happens when it arrives."""
    at = api.chain.clock.now().isoformat()
    answer = api.send("define-specialty", {"name": "Oncology"}, "CM", X_Client_Recorded_At=at)
    assert refusal(answer, 403, "FORBIDDEN")["details"] == {"field": "client_recorded_at"}


def test_a_cause_outside_is_kept(api: Api) -> None:
    api.send("define-specialty", {"name": "Nephrology"}, "CM", X_Causation_Id="evt_elsewhere")
    assert api.chain.log()[-1].causation_id == "evt_elsewhere"


def test_a_token_of_another_tenant_than_meant_is_refused(api: Api) -> None:
    """R-AUTH-1."""
    meant = {"name": "Rheumatology"}
    refusal(api.send("define-specialty", meant, "CM", X_Tenant_Id="ten_other"), 403, "TENANT_MISMATCH")
    assert api.send("define-specialty", meant, "CM", X_Tenant_Id="ten_test").json()["status"] == "accepted"


def test_health_needs_no_token(api: Api) -> None:
    assert api.client.get("/health").json() == {"status": "ok"}
