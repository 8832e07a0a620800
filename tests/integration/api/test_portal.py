"""What patients see on the portal: what is free and what it costs, and what is theirs and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest

from event_store.aggregates.patient.commands import ConsentGiver, RecordConsent, RegisterPatient
from event_store.aggregates.patient.events import PatientPii
from mymedic.messages import Actor
from tests.chain import CONSULTATION, PEEL, PROCEDURE
from tests.integration.api.conftest import Api, refusal
from tests.integration.api.two_branches import NORTHERN, book_in_both, open_north, pay
from tests.unit.event_store.clinic import DESK

SLOTS, APPOINTMENTS, PAYMENTS = (f"/v1/portal/{word}" for word in ("slots", "appointments", "payments"))
TUESDAY = {"from_date": "2026-11-03", "to_date": "2026-11-03"}


@pytest.fixture(scope="module", autouse=True)
def booked(api: Api) -> None:
    open_north(api.chain)
    book_in_both(api.chain)
    pay(api.chain, "pay_asha", "appt_asha")
    pay(api.chain, "pay_bala", "appt_bala")
    child = RegisterPatient(
        patient_id="pat_child",
        pii=PatientPii(name="Chitra", phone_e164="+919812345678"),
        sex="female",
        birth_year=2020,
        guardian_patient_id="pat_asha",
        branch_id="brn_south",
    )
    api.chain.ask(child)
    giver = ConsentGiver(role="guardian", verified=True)
    api.chain.ask(RecordConsent(patient_id="pat_child", purpose="care", notice_version="1", given_by=giver))
    young = Actor(type="patient", id="pat_child", roles=("PP",), patient_id="pat_child")
    api.chain.book("appt_child", 4, "18:00", young)
    api.fold()


def items(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def starts(answer: Any) -> list[str]:
    return [row["start_at"][11:16] for row in items(answer)]


def test_what_is_taken_or_past_is_not_free(api: Api) -> None:
    assert starts(api.ask(SLOTS, "PP", **TUESDAY)) == ["13:00", "13:15", "18:00"]
    api.chain.at(3, "18:40")
    try:
        assert starts(api.ask(SLOTS, "PP", **TUESDAY)) == ["13:15", "18:00"]
    finally:
        api.chain.clock.at = api.chain.clock.at.replace(day=2, hour=4, minute=30)


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ({"city_id": "cty_mysuru"}, 7),
        ({"practitioner_id": "prac_iyer", "from_date": "2026-11-04", "to_date": "2026-11-04"}, 3),
        ({"service_id": PROCEDURE}, 0),
        ({"branch_id": "brn_north", "tele_available": True}, 0),
        ({"branch_id": "brn_north", "service_id": PEEL, "tele_available": False}, 7),
        ({"city_id": "cty_none"}, 0),
    ],
)
def test_slots_are_found_by_what_a_patient_looks_for(api: Api, said: dict[str, Any], count: int) -> None:
    assert len(items(api.ask(SLOTS, "PP", **said))) == count


@pytest.mark.parametrize("wrong", ["svc_%", "svc_\x00", "", "x" * 65])
def test_a_service_that_is_no_id_is_refused(api: Api, wrong: str) -> None:
    problem = refusal(api.ask(SLOTS, "PP", service_id=wrong), 422, "VALIDATION_FAILED")
    assert problem["details"] == {"field": "service_id"}


@pytest.mark.parametrize(
    ("service_id", "price", "deposit"),
    [(CONSULTATION, 80_000, 40_000), (PEEL, 118_000, 59_000), (None, 80_000, 40_000)],
)
def test_a_slot_says_what_it_costs(api: Api, service_id: str | None, price: int, deposit: int) -> None:
    """What is asked is what is then booked at."""
    said = {"service_id": service_id} if service_id else {}
    slot = items(api.ask(SLOTS, "PP", **TUESDAY, **said))[0]
    assert (slot["from_price_paise"], slot["deposit_required_paise"]) == (price, deposit)


def test_staff_of_a_branch_see_its_slots_alone(api: Api) -> None:
    assert {row["branch_id"] for row in items(api.ask(SLOTS, NORTHERN))} == {"brn_north"}
    assert {row["branch_id"] for row in items(api.ask(SLOTS, "DR"))} == {"brn_north", "brn_south"}
    refusal(api.ask(SLOTS, NORTHERN, branch_id="brn_south"), 403, "FORBIDDEN_BRANCH")


def test_a_patient_sees_their_own(api: Api) -> None:
    """R-AUTH-3."""
    assert [row["appointment_id"] for row in items(api.ask(APPOINTMENTS, "PP"))] == ["appt_north", "appt_asha"]
    assert [row["payment_id"] for row in items(api.ask(PAYMENTS, "PP"))] == ["pay_asha"]
    assert items(api.ask(PAYMENTS, "PP", payment_id="pay_bala")) == []
    (first, _) = items(api.ask(APPOINTMENTS, "PP", order="earliest"))
    assert (first["appointment_id"], first["paid_paise"], first["status"]) == ("appt_asha", 500, "booked")


def test_a_dependent_is_asked_for_by_name(api: Api) -> None:
    (row,) = items(api.ask(APPOINTMENTS, "PP", patient_id="pat_child", include="names"))
    assert (row["appointment_id"], row["patient_display"]) == ("appt_child", "Chitra")
    both = items(api.ask(APPOINTMENTS, "PP", patient_id=["pat_child", "pat_asha"]))
    assert len(both) == 3


def test_others_are_unknown(api: Api) -> None:
    """In the same words, whoever they are."""
    told = set()
    for path in (APPOINTMENTS, PAYMENTS):
        for other in ("pat_bala", "pat_none"):
            problem = refusal(api.ask(path, "PP", patient_id=["pat_asha", other]), 404, "NOT_FOUND")
            told.add(problem["detail"].replace(other, "X"))
    assert told == {"there is no patient X"}
    child = Actor(type="patient", id="pat_child", roles=("PP",), patient_id="pat_child")
    refusal(api.ask(APPOINTMENTS, child, patient_id="pat_asha"), 404, "NOT_FOUND")
    nobody = Actor(type="patient", id="pat_new", roles=("PP",))
    assert items(api.ask(APPOINTMENTS, nobody)) == []
    refusal(api.ask(APPOINTMENTS, DESK), 403, "FORBIDDEN")


def test_a_merged_patient_has_the_appointments_of_both_records(api: Api) -> None:
    merge = {"survivor_id": "pat_bala", "duplicate_id": "pat_asha", "reason": "one and the same"}
    desk, manager = (api.token(role, "ten_test") for role in ("FD", "CM"))
    signed = {"Authorization": f"Bearer {desk}", "X-Cosigner-Authorization": f"Bearer {manager}"}
    answer = api.client.post("/v1/commands/merge-patients", json=merge, headers=signed)
    assert answer.status_code == 200, answer.text
    api.fold()
    for role in ("PP", Actor(type="patient", id="pat_bala", roles=("PP",), patient_id="pat_bala")):
        found = {row["appointment_id"] for row in items(api.ask(APPOINTMENTS, role))}
        assert found == {"appt_asha", "appt_bala", "appt_north"}
