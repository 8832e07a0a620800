"""What a stay costs (C96), and the census at midnight that decides over the room."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from event_store.aggregates.admission import events as e
from tests.unit.event_store.admission.ward import (
    HIS,
    ROOM_PAISE,
    a_hospital,
    accepted,
    admitted,
    charge,
    discharged,
    room,
    transfer,
)
from tests.unit.event_store.clinic import DESK, ist, refused


def test_c96_a_charge_is_quantity_times_price() -> None:
    world = admitted(a_hospital())
    (event,) = world.when(charge(qty=3, practitioner_id="prac_rao"), actor=HIS)
    assert event == e.AdmissionChargePosted(
        charge_id="chg_1",
        service_id="svc_lab",
        qty=3,
        unit_price_paise=50_000,
        total_paise=150_000,
        service_on=date(2026, 11, 2),
        practitioner_id="prac_rao",
    )
    assert refused(world, charge(), HIS).code == "ALREADY_EXISTS"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"service_id": "svc_none"}, "NOT_FOUND"),
        ({"practitioner_id": "prac_none"}, "NOT_FOUND"),
        ({"service_date": date(2026, 11, 3)}, "VALIDATION_FAILED"),
        ({"qty": 100_000, "unit_price_paise": 10**14}, "AMOUNT_INVALID"),
    ],
)
def test_c96_of_a_known_service_by_a_known_person_up_to_today(changes: dict[str, Any], code: str) -> None:
    assert refused(admitted(a_hospital()), charge(**changes)).code == code


def test_c96_during_the_stay_and_a_day_after_it() -> None:
    assert refused(accepted(a_hospital()), charge()).code == "INVALID_STATE"
    world = discharged(admitted(a_hospital()).at(ist(3, "10:00"))).at(ist(4, "10:00"))
    world.when(charge(service_date=date(2026, 11, 3)), actor=DESK)
    assert refused(world, charge("chg_2", service_date=date(2026, 11, 4))).code == "VALIDATION_FAILED"
    assert refused(world.at(ist(4, "10:01")), charge("chg_2")).code == "INVALID_STATE"


def test_c96_not_once_it_is_billed() -> None:
    world = discharged(admitted(a_hospital()))
    billed = e.AdmissionBilled(invoice_id="inv_1", total_paise=0, advance_applied_paise=0, excess_paise=0)
    assert refused(world.given("admission", "adm_1", billed), charge()).code == "INVALID_STATE"


def test_c96_a_reversal_takes_back_as_much_as_stands() -> None:
    world = admitted(a_hospital())
    world.when(charge(qty=3), actor=HIS)
    (event,) = world.when(charge("chg_2", qty=2, reversal_of="chg_1"), actor=HIS)
    assert event.total_paise == 100_000  # type: ignore[attr-defined]
    assert world.state("admission", "adm_1").charged_paise == 50_000
    refusal = refused(world, charge("chg_3", qty=2, reversal_of="chg_1"))
    assert (refusal.code, refusal.details) == ("INVALID_STATE", {"standing_qty": 1})


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reversal_of": "chg_none"}, "NOT_FOUND"),
        ({"reversal_of": "chg_1", "unit_price_paise": 1}, "VALIDATION_FAILED"),
        ({"reversal_of": "chg_1", "service_id": "svc_peel"}, "VALIDATION_FAILED"),
        ({"reversal_of": "chg_2"}, "VALIDATION_FAILED"),
    ],
)
def test_c96_a_reversal_is_of_a_charge_as_it_was_posted(changes: dict[str, Any], code: str) -> None:
    world = admitted(a_hospital())
    world.when(charge("chg_1", qty=2), actor=HIS)
    world.when(charge("chg_2", reversal_of="chg_1"), actor=HIS)
    assert refused(world, charge("chg_3", **changes)).code == code


def test_c96_one_room_charge_per_night_of_the_census() -> None:
    """Admitted on the 2nd at 10:00, on the 4th at 09:00 still there: 00:00 of the 3rd and of the 4th count."""
    world = admitted(a_hospital()).at(ist(4, "09:00"))
    assert refused(world, room("chg_0", 2)).code == "INVALID_STATE"
    world.when(room("chg_3", 3), actor=HIS)
    world.when(room("chg_4", 4), actor=HIS)
    assert refused(world, room("chg_5", 4)).code == "ALREADY_EXISTS"
    assert refused(world, room("chg_5", 4, service_id="svc_suite")).code == "ALREADY_EXISTS"
    assert refused(world, room("chg_5", 5)).code == "VALIDATION_FAILED"
    assert world.state("admission", "adm_1").charged_paise == 2 * ROOM_PAISE


def test_c96_a_room_is_charged_once_per_charge_and_again_after_a_reversal() -> None:
    world = admitted(a_hospital()).at(ist(3, "09:00"))
    assert refused(world, room("chg_1", 3, qty=2)).code == "VALIDATION_FAILED"
    world.when(room("chg_1", 3), actor=HIS)
    world.when(room("chg_2", 3, reversal_of="chg_1"), actor=HIS)
    world.when(room("chg_3", 3, service_id="svc_suite", unit_price_paise=630_000), actor=HIS)


def test_c96_the_last_night_is_that_of_the_day_of_discharge() -> None:
    world = discharged(admitted(a_hospital()).at(ist(3, "00:00")))
    assert refused(world, room("chg_1", 3)).code == "INVALID_STATE"  # gone when the census was taken
    world = discharged(admitted(a_hospital()).at(ist(3, "00:01")))
    world.when(room("chg_1", 3), actor=HIS)


def test_the_census_counts_a_transferred_patient_in_the_bed_of_midnight() -> None:
    world = admitted(a_hospital()).at(ist(3, "00:30"))
    world.when(transfer("bed_2", ist(3, "00:00")), actor=HIS)
    state = world.state("admission", "adm_1")
    assert state.bed_at(ist(2, "23:59")) == "bed_1"
    assert state.bed_at(ist(3, "00:00")) == "bed_2"
    assert state.bed_at(ist(2, "09:59")) is None
