"""Whatever is sent, the server refuses it with a reason or does it; it never fails."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from event_store.catalogue import COMMANDS, kebab
from event_store.ledger.verify import verify_chain
from event_store.rebuild import guard_differences
from tests.integration.api.bodies import anything, body_of, encoded
from tests.integration.api.conftest import Api, refusal

Known = dict[str, list[str]]
SENDABLE = [command for command in COMMANDS.values() if not command.is_from_door]
OPEN = b'{"branch_id":"brn_south","drawer_id":"drw_9","opening_float_paise":%s}'
NESTED = 200_000
FUZZ = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


def is_answered(answer: Any) -> bool:
    """An acknowledgement, or a problem that is not ours."""
    if answer.status_code == 200:
        return answer.json()["status"] in ("accepted", "duplicate")
    return 400 <= answer.status_code < 500 and answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"null",
        b"{",
        b'{"branch_id":',
        b"{'branch_id': 'brn_south'}",
        b"\xff\xfe{",
        b'{"drawer_id":"\xff"}',
        b'{"drawer_id":"\\ud800"}',
        b"\x00",
        OPEN % b"NaN",
        OPEN % b"Infinity",
        OPEN % b"1e400",
        OPEN % b"1e5",
        OPEN % b"1.0",
        OPEN % b"-1",
        OPEN % b"-0.0",
        OPEN % b"01",
        OPEN % b'"100"',
        OPEN % b"true",
        OPEN % (b"9" * 5_000),
        OPEN % b"100000000000001",
        OPEN % (b"[" * NESTED + b"]" * NESTED),
        OPEN % (b'{"a":' * NESTED + b"1" + b"}" * NESTED),
        b"[" * NESTED,
    ],
    ids=lambda body: repr(body[:60]),
)
def test_what_is_no_command_is_refused(api: Api, body: bytes) -> None:
    refusal(api.send("open-cash-session", body), 422, "VALIDATION_FAILED")


def test_nesting_where_anything_may_stand_is_refused(api: Api) -> None:
    """The keys of a settings patch are typed as well; a list in a list in a list ends at the first that is none."""
    deep = b'{"lines":' + b"[" * NESTED + b"]" * NESTED + b',"patient_id":"pat_asha","branch_id":"brn_south"}'
    refusal(api.send("issue-invoice", deep), 422, "VALIDATION_FAILED")


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("check-in-patient", b'{"appointment_id":"appt_first","appointment_id":"appt_last"}', "appointment_id"),
        ("check-in-patient", b'{"appointment_id":"appt_1","appointment\\u005fid":"appt_1"}', "appointment_id"),
        ("check-in-patient", b'{"appointment_id":"appt_1","bsp":"a","bsp":"a"}', "bsp"),
    ],
)
def test_a_key_that_is_there_twice_is_refused(api: Api, name: str, body: bytes, field: str) -> None:
    """Readers differ in which of the two counts: what one of them checked is not what another does."""
    assert refusal(api.send(name, body), 422, "VALIDATION_FAILED")["details"] == {"field": field}


def test_a_key_that_is_there_twice_is_refused_however_deep(api: Api) -> None:
    line = (
        b'{"line_no":1,"service_id":"svc_laser","qty":1,"unit_price_paise":1,"gst_bps":0,"tax_inclusive":true,"qty":2}'
    )
    body = b'{"patient_id":"pat_asha","branch_id":"brn_south","lines":[' + line + b"]}"
    assert refusal(api.send("issue-invoice", body), 422, "VALIDATION_FAILED")["details"] == {"field": "qty"}


@pytest.mark.parametrize("text", ["a\x00b", "\x00", "a\\\x00b"])
def test_a_nul_in_a_text_is_refused(api: Api, text: str) -> None:
    refusal(api.send("define-specialty", {"name": text}, "CM"), 422, "VALIDATION_FAILED")


def test_a_text_that_only_looks_like_a_nul_is_a_text(api: Api) -> None:
    assert api.send("define-specialty", {"name": r"ECG\u0000"}, "CM").json()["status"] == "accepted"


@pytest.mark.parametrize("id", ["appt_1\n", "appt_१", "appt 1", "appt#1", "ap", "a" * 65])
def test_an_id_is_letters_and_digits_to_its_end(api: Api, id: str) -> None:
    refusal(api.send("check-in-patient", {"appointment_id": id}), 422, "VALIDATION_FAILED")


def test_digits_of_another_script_are_no_digits(api: Api) -> None:
    branch = {"name": "Moon", "city_id": "cty_moon", "pincode": "56000१", "opened_on": "2026-01-01", "open_hours": []}
    problem = refusal(api.send("register-branch", branch, "CM"), 422, "VALIDATION_FAILED")
    assert problem["details"]["field"] == "pincode"


def test_a_folder_of_time_zones_is_none(api: Api) -> None:
    body = {"name": "New", "kind": "clinic", "state_code": "MH", "tz": "Asia"}
    problem = refusal(api.send("register-tenant", body, "EN", tenant="ten_asia"), 422, "VALIDATION_FAILED")
    assert problem["details"]["field"] == "tz"


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "1799-12-31", "2200-01-01"])
def test_a_year_that_nobody_means_is_refused(api: Api, day: str) -> None:
    branch = {"name": "Moon", "city_id": "cty_moon", "pincode": "560001", "opened_on": day, "open_hours": []}
    problem = refusal(api.send("register-branch", branch, "CM"), 422, "VALIDATION_FAILED")
    assert problem["details"]["field"] == "opened_on"


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"])
def test_an_instant_at_the_end_of_time_is_refused(api: Api, at: str) -> None:
    price = {"service_id": "svc_laser", "scope": {"level": "tenant"}, "amount_paise": 1, "tax_inclusive": True}
    problem = refusal(api.send("set-price", price | {"effective_from": at}, "CM"), 422, "VALIDATION_FAILED")
    assert problem["details"]["field"] == "effective_from"


@FUZZ
@given(command=st.sampled_from(SENDABLE), body=st.binary(max_size=80))
def test_any_bytes_are_answered(api: Api, command: Any, body: bytes) -> None:
    assert is_answered(api.send(kebab(command.__name__), body, "*"))


@FUZZ
@given(command=st.sampled_from(SENDABLE), body=anything())
def test_any_json_is_answered(api: Api, command: Any, body: Any) -> None:
    assert is_answered(api.send(kebab(command.__name__), encoded(body), "*"))


@pytest.fixture(scope="module")
def known(api: Api) -> Known:
    """Ids of things that exist: an appointment paid for, one in the room, a bill, an open drawer."""
    chain = api.chain
    chain.hold("appt_1", 3, "18:00")
    chain.captured(chain.order(40_000, appointment_id="appt_1"), "gw_1")
    chain.hold("appt_2", 4, "18:00")
    chain.order(40_000, appointment_id="appt_2")
    session = {"branch_id": "brn_south", "drawer_id": "drw_1", "opening_float_paise": 10_000}
    drawer = api.send("open-cash-session", session).json()["stream_id"].removeprefix("cash-")
    return {
        "patient_id": ["pat_asha", "pat_bala"],
        "branch_id": ["brn_south"],
        "practitioner_id": ["prac_rao"],
        "specialty_id": ["spc_derm"],
        "service_id": ["svc_consult", "svc_laser", "svc_peel"],
        "schedule_id": ["sch_rao"],
        "appointment_id": ["appt_1", "appt_2"],
        "payment_id": [one.payment_id or "" for one in chain.log() if one.event_type == "PaymentInitiated"],
        "slot_id": [chain.slot(3, "18:15"), chain.slot(5, "18:00")],
        "new_slot_id": [chain.slot(4, "18:15"), chain.slot(6, "18:00")],
        "cash_session_id": [drawer],
        "policy_version_id": ["pol_default_cancellation"],
        "gateway": ["razorpay"],
    }


@settings(FUZZ, max_examples=400)
@given(data=st.data(), command=st.sampled_from(SENDABLE))
def test_any_body_of_the_right_shape_is_answered(api: Api, known: Known, data: st.DataObject, command: Any) -> None:
    body = data.draw(body_of(command, known))
    answer = api.send(kebab(command.__name__), encoded(body), "*")
    assert is_answered(answer), (command.__name__, body, answer.text)


def test_after_all_that_the_log_is_whole(api: Api) -> None:
    """Runs last: what the others sent and was accepted stands in the log, chained, with its guards."""
    assert verify_chain(api.chain.store.ledger, "ten_test").is_whole
    assert guard_differences(api.chain.store.ledger, api.chain.store.feed, "ten_test") == []
    assert len(api.chain.log()) == api.chain.head()
