"""DOMAIN §13, the appointment's part: hold on Monday, deposit, cancellation on Tuesday, and the freed slot."""

from __future__ import annotations

from event_store.aggregates.appointment.commands import CancelAppointment, ConfirmAppointment
from event_store.aggregates.appointment.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentHeld,
    PlannedMoney,
)
from mymedic.clock import business_date
from tests.unit.event_store.clinic import DESK, PATIENT, TIMER, a_clinic, a_price, book, captured, hold, ist


def test_the_worked_example() -> None:
    world = a_clinic()

    (held,) = world.at(ist(2, "10:00")).when(hold(), actor=PATIENT, id="appt_1")
    assert isinstance(held, AppointmentHeld)
    assert held.start_at == ist(3, "18:00")
    assert (held.price_quoted_paise, held.deposit_required_paise) == (80_000, 40_000)

    captured(world, "pay_1", "appt_1", 40_000)
    (booked,) = world.when(ConfirmAppointment(appointment_id="appt_1", payment_id="pay_1"), actor=TIMER)
    assert isinstance(booked, AppointmentBooked)
    assert booked.deposit_paid_paise == 40_000

    command = CancelAppointment(appointment_id="appt_1", initiator="patient", reason_code="patient_request")
    (cancelled,) = world.at(ist(3, "13:00")).when(command, actor=PATIENT)
    assert isinstance(cancelled, AppointmentCancelled)
    assert (cancelled.lead_seconds, cancelled.tier_bps, cancelled.eff_bps) == (18_000, 5000, 5000)
    assert (cancelled.held_paise, cancelled.forfeit_paise, cancelled.refund_paise) == (40_000, 20_000, 20_000)
    assert cancelled.plan == (PlannedMoney(payment_id="pay_1", forfeit_paise=20_000, refund_paise=20_000),)
    assert business_date(cancelled.start_at) == business_date(ist(3, "00:00"))

    world.given("price", "svc_consult", a_price("svc_consult", 70_000, branch_id="brn_south"))
    (rebooked,) = world.when(book("slot_tue18", "pat_bala", quoted_price_paise=70_000), actor=DESK)
    assert isinstance(rebooked, AppointmentBooked)
    assert (rebooked.slot_id, rebooked.token_no, rebooked.price_quoted_paise) == ("slot_tue18", 1, 70_000)
