"""Asking for an online payment: how much, for what, and one at a time (C60)."""

from __future__ import annotations

import pytest

from event_store.aggregates.appointment.events import AppointmentHoldExpired
from event_store.aggregates.payment.commands import ExpirePayment
from event_store.aggregates.payment.events import PaymentExpired, PaymentInitiated
from tests.unit.event_store.clinic import DEPOSIT, DESK, PATIENT, PRICE, TIMER, ist
from tests.unit.event_store.payment.till import (
    a_booking_desk,
    allocated,
    captured,
    code_of,
    initiate,
    initiated,
    invoiced,
)


def test_a_deposit_is_asked_for() -> None:
    world = a_booking_desk()
    (event,) = world.when(initiate(), actor=PATIENT)
    assert isinstance(event, PaymentInitiated)
    assert (event.branch_id, event.channel, event.amount_paise) == ("brn_south", "gateway", DEPOSIT)
    assert world.state("payment", event.payment_id).status == "initiated"
    assert world.held["order", event.order_id][0] == event.payment_id


def test_a_second_request_for_the_same_purpose_is_the_first_one() -> None:
    world = a_booking_desk()
    initiated(world)
    assert world.when(initiate(amount_paise=1000), actor=PATIENT) == []


def test_an_ended_request_makes_room_for_another() -> None:
    world = initiated(a_booking_desk())
    world.at(ist(2, "10:15"))
    assert world.when(ExpirePayment(payment_id="pay_1"), actor=TIMER) == [PaymentExpired()]
    world.at(ist(2, "10:05"))
    assert len(world.when(initiate(), actor=PATIENT)) == 1


@pytest.mark.parametrize(
    ("amount", "purpose", "already", "code"),
    [
        (PRICE, "deposit", 0, None),
        (PRICE + 1, "deposit", 0, "AMOUNT_INVALID"),
        (PRICE - DEPOSIT, "balance", DEPOSIT, None),
        (PRICE - DEPOSIT + 1, "balance", DEPOSIT, "AMOUNT_INVALID"),
        (PRICE * 9, "procedure", 0, None),
    ],
)
def test_no_more_is_asked_than_the_purpose_leaves_open(
    amount: int, purpose: str, already: int, code: str | None
) -> None:
    world = a_booking_desk()
    if already:
        captured(world, amount_paise=already)
    command = initiate(amount_paise=amount, purpose=purpose)
    if code:
        assert code_of(world, command, PATIENT) == code
    else:
        assert len(world.when(command, actor=PATIENT)) == 1


def test_an_invoice_is_paid_up_to_what_is_outstanding() -> None:
    world = captured(invoiced(a_booking_desk()))
    world.given("payment", "pay_1", allocated("inv_1", 30_000))
    for_invoice = {"appointment_id": None, "invoice_id": "inv_1", "purpose": "balance"}
    assert code_of(world, initiate(amount_paise=50_001, **for_invoice), PATIENT) == "AMOUNT_INVALID"
    (event,) = world.when(initiate(amount_paise=50_000, **for_invoice), actor=PATIENT)
    assert event.branch_id == "brn_south"  # type: ignore[attr-defined]


def test_what_makes_no_sense_is_refused() -> None:
    world = a_booking_desk()
    assert code_of(world, initiate(mode="cash"), PATIENT) == "MODE_CHANNEL_INVALID"
    assert code_of(world, initiate(patient_id="pat_bala"), DESK) == "VALIDATION_FAILED"
    assert code_of(world, initiate(patient_id="pat_nobody"), PATIENT) == "NOT_FOUND"
    assert code_of(world, initiate(appointment_id=None), PATIENT) == "VALIDATION_FAILED"
    assert code_of(world, initiate(branch_id="brn_north"), PATIENT) == "VALIDATION_FAILED"
    assert code_of(world, initiate(expires_at=ist(2, "09:00")), PATIENT) == "VALIDATION_FAILED"


def test_nothing_is_asked_for_an_appointment_that_is_gone() -> None:
    world = a_booking_desk()
    late = ist(2, "10:15")
    assert code_of(world, initiate(expires_at=ist(2, "11:00")), PATIENT, at=late) == "INVALID_STATE"
    world.given("appointment", "appt_1", AppointmentHoldExpired(slot_id="slot_tue18", token_no=1))
    assert code_of(world, initiate(), PATIENT, at=ist(2, "10:05")) == "INVALID_STATE"
