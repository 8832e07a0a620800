"""Deposits kept, and given back (C69, C70)."""

from __future__ import annotations

import pytest

from event_store.aggregates.payment.commands import ForfeitDeposit, ReverseForfeit
from event_store.aggregates.payment.events import DepositForfeited, DepositForfeitReversed
from tests.scenario import Scenario
from tests.unit.event_store.clinic import DEPOSIT, FINANCE
from tests.unit.event_store.payment.till import (
    CANCELLATION,
    SAGA,
    a_booking_desk,
    captured,
    code_of,
    forfeited,
    requested,
)


def forfeit(amount: int, gst: int = 0, appointment_id: str = "appt_1", policy: str = CANCELLATION) -> ForfeitDeposit:
    return ForfeitDeposit(
        payment_id="pay_1",
        appointment_id=appointment_id,
        amount_paise=amount,
        gst_paise=gst,
        policy_version_id=policy,
        basis="late_cancel",
    )


def taxed(world: Scenario) -> Scenario:
    """What was booked is a peel, and 18% are inside of what that costs."""
    world.state("appointment", "appt_1").service_id = "svc_peel"
    return world


def test_a_deposit_is_kept() -> None:
    world = taxed(captured(a_booking_desk()))
    (event,) = world.when(forfeit(20_000, gst=3051), actor=SAGA)
    assert isinstance(event, DepositForfeited)
    assert (event.amount_paise, event.gst_paise, event.basis) == (20_000, 3051, "late_cancel")
    state = world.state("payment", "pay_1")
    assert (state.forfeited_paise, state.available_paise) == (20_000, DEPOSIT - 20_000)


def test_nothing_is_kept_of_nothing_r_pol_8() -> None:
    assert captured(a_booking_desk()).when(forfeit(0), actor=SAGA) == []


def test_no_more_is_kept_than_is_there() -> None:
    world = captured(a_booking_desk()).given("payment", "pay_1", requested(30_000))
    assert code_of(world, forfeit(10_001), SAGA) == "FORFEIT_EXCEEDS_HELD"


def test_late_money_is_never_kept_r_pol_7() -> None:
    world = captured(a_booking_desk(), late_capture=True)
    assert code_of(world, forfeit(1), SAGA) == "FORFEIT_EXCEEDS_HELD"


def test_only_the_pinned_policy_of_the_own_appointment_decides_r_pol_1() -> None:
    world = captured(a_booking_desk())
    assert code_of(world, forfeit(1, policy="pol_newer"), SAGA) == "VALIDATION_FAILED"
    assert code_of(world, forfeit(1, appointment_id="appt_2"), SAGA) == "VALIDATION_FAILED"
    deposit_terms = world.state("appointment", "appt_1").policy_version_ids[1]
    assert code_of(world, forfeit(1, policy=deposit_terms), SAGA) == "VALIDATION_FAILED"


@pytest.mark.parametrize("gst", [0, 3050, 3052, 20_001])
def test_what_is_kept_is_taxed_as_the_service_is_r_gst_1(gst: int) -> None:
    assert code_of(taxed(captured(a_booking_desk())), forfeit(20_000, gst=gst), FINANCE) == "VALIDATION_FAILED"
    exempt = captured(a_booking_desk())
    assert code_of(exempt, forfeit(20_000, gst=3051), FINANCE) == "VALIDATION_FAILED"


def test_a_forfeit_is_reversed_once_and_whole() -> None:
    world = captured(a_booking_desk()).given("payment", "pay_1", forfeited("forf_1", 20_000, 3051))
    reverse = ReverseForfeit(payment_id="pay_1", forfeit_id="forf_1", reason="came after all")
    assert world.when(reverse, actor=FINANCE) == [
        DepositForfeitReversed(forfeit_id="forf_1", amount_paise=20_000, gst_paise=3051, reason="came after all")
    ]
    assert world.state("payment", "pay_1").available_paise == DEPOSIT
    assert code_of(world, reverse, FINANCE) == "INVALID_STATE"
    unknown = ReverseForfeit(payment_id="pay_1", forfeit_id="forf_9", reason="came after all")
    assert code_of(world, unknown, FINANCE) == "NOT_FOUND"
