"""Money for a stay: advances before the bill, the rest after the discharge (C60, C65)."""

from __future__ import annotations

from typing import Any

import pytest

from event_store.aggregates.admission import events as e
from event_store.aggregates.admission.commands import FinalizeAdmissionBill
from event_store.aggregates.payment.commands import InitiatePayment, RecordCounterPayment
from mymedic.messages import Command
from tests.scenario import Scenario
from tests.unit.event_store.admission.ward import (
    HIS,
    a_hospital,
    accepted,
    admitted,
    advance,
    charge,
    discharged,
    requested,
)
from tests.unit.event_store.clinic import DESK, FINANCE, PATIENT, ist, refused
from tests.unit.event_store.payment.till import counter, initiate, invoiced


def online(purpose: str = "ipd_advance", amount_paise: int = 100_000, **changes: Any) -> InitiatePayment:
    stay = {"appointment_id": None, "admission_id": "adm_1", "expires_at": ist(9, "10:00")}
    return initiate(**{**stay, "purpose": purpose, "amount_paise": amount_paise, **changes})


def at_the_desk(purpose: str = "ipd_advance", **changes: Any) -> RecordCounterPayment:
    stay = {"appointment_id": None, "admission_id": "adm_1", "mode": "card", "channel": "pos"}
    return counter(**{**stay, "purpose": purpose, **changes})


BOTH = pytest.mark.parametrize("pay", [online, at_the_desk])


def called_off(world: Scenario) -> Scenario:
    return requested(world).given("admission", "adm_1", e.AdmissionCancelled(reason="went home"))


def gone(world: Scenario) -> Scenario:
    """Discharged with 500.00 charged."""
    admitted(world).when(charge(), actor=HIS)
    return discharged(world)


def billed(world: Scenario) -> Scenario:
    gone(world).when(FinalizeAdmissionBill(admission_id="adm_1"), actor=FINANCE)
    return world


@BOTH
@pytest.mark.parametrize("given", [requested, accepted, admitted, gone])
def test_an_advance_is_taken_until_the_bill(pay: Any, given: Any) -> None:
    (event, *_) = given(a_hospital()).when(pay(), actor=DESK)
    assert (event.admission_id, event.branch_id) == ("adm_1", "brn_south")


@BOTH
@pytest.mark.parametrize("given", [called_off, billed])
def test_an_advance_is_not_taken_for_what_is_billed_or_called_off(pay: Any, given: Any) -> None:
    assert refused(given(a_hospital()), pay()).code == "INVALID_STATE"


@BOTH
@pytest.mark.parametrize("given", [requested, admitted])
def test_the_rest_is_not_paid_before_the_discharge(pay: Any, given: Any) -> None:
    assert refused(given(a_hospital()), pay("ipd_final")).code == "INVALID_STATE"


@BOTH
def test_the_rest_is_paid_before_or_after_the_bill(pay: Any) -> None:
    gone(a_hospital()).when(pay("ipd_final", amount_paise=50_000), actor=DESK)
    billed(a_hospital()).when(pay("ipd_final", amount_paise=50_000), actor=DESK)


def test_c60_no_more_than_is_due() -> None:
    """Before the bill: the charges less what was paid; after it: what is outstanding of the invoice."""
    world = advance(gone(a_hospital()), "pay_1", 20_000)
    assert refused(world, online("ipd_final", 30_001), PATIENT).details["limit_paise"] == 30_000
    world.when(FinalizeAdmissionBill(admission_id="adm_1"), actor=FINANCE)
    assert refused(world, online("ipd_final", 30_001), PATIENT).code == "AMOUNT_INVALID"
    (event,) = world.when(online("ipd_final", 30_000), actor=PATIENT)
    assert event.branch_id == "brn_south"  # type: ignore[attr-defined]


@BOTH
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"admission_id": "adm_none"}, "NOT_FOUND"),
        ({"patient_id": "pat_bala"}, "VALIDATION_FAILED"),
        ({"purpose": "deposit"}, "VALIDATION_FAILED"),
        ({"admission_id": None, "invoice_id": "inv_1"}, "VALIDATION_FAILED"),
        ({"invoice_id": "inv_1"}, "VALIDATION_FAILED"),
    ],
)
def test_the_money_is_for_the_stay_that_it_names(pay: Any, changes: dict[str, Any], code: str) -> None:
    command: Command = pay(**changes)
    assert refused(invoiced(admitted(a_hospital())), command).code == code


def test_c60_the_branch_is_that_of_the_stay() -> None:
    assert refused(admitted(a_hospital()), online(branch_id="brn_north")).code == "VALIDATION_FAILED"
