"""A hold becomes a booking when its deposit arrives in time, and nothing when it does not."""

from __future__ import annotations

from event_store.aggregates.appointment.commands import ConfirmAppointment, ExpireHold
from event_store.aggregates.appointment.events import (
    AppointmentBooked,
    AppointmentHeld,
    AppointmentHoldExpired,
)
from tests.unit.event_store.clinic import (
    DEPOSIT,
    PATIENT,
    TIMER,
    a_clinic,
    booked,
    captured,
    hold,
    ist,
    refused,
)


def test_a_captured_deposit_confirms_the_hold() -> None:
    world = a_clinic()
    (held,) = world.when(hold(), actor=PATIENT, id="appt_1")
    captured(world, "pay_1", "appt_1", DEPOSIT)
    (event,) = world.when(ConfirmAppointment(appointment_id="appt_1", payment_id="pay_1"), actor=TIMER)
    assert isinstance(event, AppointmentBooked) and isinstance(held, AppointmentHeld)
    for name in AppointmentHeld.__struct_fields__:
        if name != "hold_expires_at":
            assert getattr(event, name) == getattr(held, name), name
    assert event.deposit_paid_paise == DEPOSIT
    assert event.is_new_patient is True and event.prior_noshow_count == 0
    assert world.state("appointment", "appt_1").status == "booked"


def test_confirm_needs_the_whole_deposit_for_this_appointment() -> None:
    world = a_clinic()
    world.when(hold(), actor=PATIENT, id="appt_1")
    captured(world, "pay_1", "appt_1", DEPOSIT - 1)
    captured(world, "pay_2", "appt_2", DEPOSIT)
    confirm = ConfirmAppointment(appointment_id="appt_1", payment_id="pay_1")
    assert refused(world, confirm, TIMER).code == "DEPOSIT_INSUFFICIENT"
    other = ConfirmAppointment(appointment_id="appt_1", payment_id="pay_2")
    assert refused(world, other, TIMER).code == "VALIDATION_FAILED"
    captured(world, "pay_3", "appt_1", 1)
    assert world.when(confirm, actor=TIMER)


def test_a_hold_that_ran_out_is_not_confirmed() -> None:
    world = a_clinic()
    world.when(hold(), actor=PATIENT, id="appt_1")
    captured(world, "pay_1", "appt_1", DEPOSIT)
    confirm = ConfirmAppointment(appointment_id="appt_1", payment_id="pay_1")
    world.at(ist(2, "10:15"))
    assert refused(world, confirm, TIMER).code == "HOLD_EXPIRED"
    world.when(ExpireHold(appointment_id="appt_1"), actor=TIMER)
    assert refused(world, confirm, TIMER).code == "HOLD_EXPIRED"


def test_a_booking_is_not_confirmed_twice() -> None:
    world = booked(a_clinic(), held=DEPOSIT)
    confirm = ConfirmAppointment(appointment_id="appt_1", payment_id="pay_appt_1")
    assert refused(world, confirm, TIMER).code == "INVALID_STATE"


def test_a_hold_expires_at_its_time_and_gives_everything_back() -> None:
    world = a_clinic()
    world.when(hold(), actor=PATIENT, id="appt_1")
    assert refused(world, ExpireHold(appointment_id="appt_1"), TIMER).code == "TOO_EARLY"
    world.at(ist(2, "10:15"))
    assert world.when(ExpireHold(appointment_id="appt_1"), actor=TIMER) == [
        AppointmentHoldExpired(slot_id="slot_tue18", token_no=1)
    ]
    state = world.state("appointment", "appt_1")
    assert state.status == "cancelled" and state.is_hold_expired
    assert not [kind for kind, _ in world.held if kind in ("slot_token", "patient_time")]
    assert world.when(ExpireHold(appointment_id="appt_1"), actor=TIMER) == []


def test_expiry_passes_over_a_booking() -> None:
    world = booked(a_clinic())
    assert world.when(ExpireHold(appointment_id="appt_1"), actor=TIMER) == []
