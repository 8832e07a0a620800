"""What is refused is refused as RFC 9457 problem details: a stable code, the place, and whether a retry helps."""

from __future__ import annotations

from typing import Any

import pytest

from event_store.aggregates import tenant
from event_store.catalogue import AGGREGATES
from mymedic.deciding import Decision
from mymedic.errors import Refused
from tests.integration.api.conftest import Api, refusal

CHECK_IN = "/v1/commands/check-in-patient"
LINE = {"line_no": 1, "service_id": "svc_laser", "qty": 1, "unit_price_paise": 1, "gst_bps": 0, "tax_inclusive": True}


def invoice(*lines: dict[str, Any]) -> dict[str, Any]:
    return {"patient_id": "pat_asha", "branch_id": "brn_south", "lines": list(lines)}


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("check-in-patient", {}, "appointment_id"),
        ("check-in-patient", {"appointment_id": 5}, "appointment_id"),
        ("check-in-patient", {"appointment_id": "a"}, "appointment_id"),
        ("check-in-patient", {"appointment_id": "appt_1", "token": 1}, "token"),
        ("issue-invoice", invoice(LINE, LINE | {"qty": "two"}), "lines[1].qty"),
        ("issue-invoice", invoice(LINE | {"unit_price_paise": 10**15}), "lines[0].unit_price_paise"),
        ("issue-invoice", invoice(LINE | {"unit_price_paise": "100"}), "lines[0].unit_price_paise"),
        ("issue-invoice", invoice({"line_no": 1}), "lines[0].service_id"),
        ("issue-invoice", invoice(), None),
        ("check-in-patient", [], None),
    ],
)
def test_a_body_that_is_no_such_command_names_the_place(api: Api, name: str, body: Any, field: str | None) -> None:
    problem = refusal(api.send(name, body), 422, "INVOICE_EMPTY" if body == invoice() else "VALIDATION_FAILED")
    assert problem["details"].get("field") == field
    assert problem["retryable"] is False


def test_a_rule_that_is_broken_gives_its_figures(api: Api) -> None:
    booking = {
        "patient_id": "pat_asha",
        "slot_id": api.chain.slot(3, "18:00"),
        "service_id": "svc_consult",
        "visit_type": "new",
        "quoted_price_paise": 80_000,
        "channel": "phone",
    }
    problem = refusal(api.send("book-appointment", booking), 402, "DEPOSIT_REQUIRED")
    assert problem["details"] == {"deposit_required_paise": 40_000, "deposit_paid_paise": 0}


def test_an_unknown_path_and_a_wrong_method(api: Api) -> None:
    refusal(api.send("fly", {}), 404, "NOT_FOUND")
    refusal(api.client.get("/v2"), 404, "NOT_FOUND")
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        answer = api.client.request(method, CHECK_IN)
        refusal(answer, 405, "METHOD_NOT_ALLOWED")
        assert answer.headers["Allow"] == "POST"
    assert api.client.post("/health").headers["Allow"] == "GET"


@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/xml", "application/json; charset=utf-16", "json"],
)
def test_what_is_not_json_is_not_read(api: Api, media_type: str) -> None:
    answer = api.send("check-in-patient", b'{"appointment_id":"appt_1"}', Content_Type=media_type)
    refusal(answer, 415, "MEDIA_TYPE_UNSUPPORTED")


@pytest.mark.parametrize("media_type", ["application/json", "APPLICATION/JSON", 'application/json; charset="UTF-8"'])
def test_json_is_json_however_it_is_written(api: Api, media_type: str) -> None:
    answer = api.send("check-in-patient", b'{"appointment_id":"appt_x"}', Content_Type=media_type)
    refusal(answer, 404, "NOT_FOUND")


def test_a_body_longer_than_any_command(api: Api) -> None:
    refusal(api.send("check-in-patient", b'{"appointment_id":"' + b"a" * 17_000_000 + b'"}'), 413, "BODY_TOO_LARGE")


def test_a_busy_store_says_when_to_come_back(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: Any) -> Any:
        raise Refused("STORE_LOCKED", "another process holds the event store")

    monkeypatch.setattr(type(api.chain.store.ledger), "write", locked)
    answer = api.send("define-specialty", {"name": "Dentistry"}, "CM", Idempotency_Key="key_dent")
    assert refusal(answer, 503, "STORE_LOCKED")["retryable"] is True
    assert answer.headers["Retry-After"] == "1"
    monkeypatch.undo()
    again = api.send("define-specialty", {"name": "Dentistry"}, "CM", Idempotency_Key="key_dent")
    assert again.json()["status"] == "accepted"


def test_a_bug_is_one_commands_and_nobody_elses(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The command's caller learns that it was us, the log learns what it was, and the server answers the next."""

    def divides(*_: Any) -> Any:
        return [1 // 0]

    command = next(one for one in tenant.AGGREGATE.decisions if one.__name__ == "DefineSpecialty")
    broken = Decision(divides, target=AGGREGATES["tenant"].decisions[command].target)
    before = api.chain.head()
    with monkeypatch.context() as patched:
        patched.setitem(tenant.AGGREGATE.decisions, command, broken)
        answer = api.send("define-specialty", {"name": "Paediatrics"}, "CM")
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, "application/problem+json")
    assert answer.json()["type"] == "about:blank"
    assert "ZeroDivision" not in answer.text and "ZeroDivision" in caplog.text
    assert api.chain.head() == before
    assert api.send("define-specialty", {"name": "Paediatrics"}, "CM").json()["status"] == "accepted"
