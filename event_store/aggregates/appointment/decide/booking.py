"""Hold, book, confirm, expire: how a seat is taken (INV-A1 to INV-A3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from event_store.aggregates.appointment.commands import (
    BookAppointment,
    ConfirmAppointment,
    ExpireHold,
    HoldAppointment,
)
from event_store.aggregates.appointment.decide.linking import link, wanted_followup
from event_store.aggregates.appointment.decide.placing import WALK_IN_GRACE, Seat, find_seat, mode_of
from event_store.aggregates.appointment.decide.standing import check_may_be_booked, check_patient_free, start_of
from event_store.aggregates.appointment.decide.terms import Past, Terms, past_of, placed, terms_of
from event_store.aggregates.appointment.events import (
    AppointmentBooked,
    AppointmentHeld,
    AppointmentHoldExpired,
    CallerPii,
)
from event_store.aggregates.appointment.state import State
from mymedic.deciding import Context, check
from mymedic.messages import Event, On


def hold_appointment(state: State, command: HoldAppointment, context: Context) -> Iterator[Event]:
    _check_entry(command, context)
    check_may_be_booked(context, command.patient_id)
    seat = find_seat(context, command.slot_id, command.service_id, mode_of(command.visit_type), timedelta())
    terms = _terms(command, seat, past_of(context, command.patient_id), context)
    check(terms.deposit_required_paise > 0, "VALIDATION_FAILED", "no deposit is required: book it without a hold")
    check_patient_free(context, command.patient_id, seat.start_at, seat.end_at)
    yield AppointmentHeld(
        **_placed(command, seat, terms),
        hold_expires_at=context.occurred_at + terms.hold_ttl,
    )


def book_appointment(state: State, command: BookAppointment, context: Context) -> Iterator[Event | On]:
    """A new appointment; or, under the id of a waitlist offer, the patient's yes to it."""
    _check_entry(command, context, command.walk_in)
    if state.exists:
        yield _accepted(state, command, context)
        return
    check_may_be_booked(context, command.patient_id)
    grace = WALK_IN_GRACE if command.walk_in else timedelta()
    seat = find_seat(context, command.slot_id, command.service_id, mode_of(command.visit_type), grace)
    past = past_of(context, command.patient_id)
    terms = _terms(command, seat, past, context)
    paid, waiver = _deposit_or_waiver(terms.deposit_required_paise, command, context)
    check_patient_free(context, command.patient_id, seat.start_at, seat.end_at)
    yield AppointmentBooked(
        **_placed(command, seat, terms),
        deposit_paid_paise=paid,
        deposit_waiver_reason=waiver,
        walk_in=command.walk_in,
        is_new_patient=past.is_new_patient,
        prior_noshow_count=past.noshow_count,
        pii=_caller(command),
    )
    yield from link(context, command.followup_id, seat.start_at)


def _check_entry(command: HoldAppointment | BookAppointment, context: Context, walk_in: bool = False) -> None:
    """Deposits depend on the channel, so a patient does not choose another than their own."""
    is_patient = not context.actor.has("FD", "IN")
    check(
        not is_patient or (command.channel == "portal" and not walk_in),
        "FORBIDDEN",
        "a patient books through the portal",
        channel=command.channel,
    )


def _deposit_or_waiver(required_paise: int, command: BookAppointment, context: Context) -> tuple[int, str | None]:
    """(paid, why the rest was waived); DEPOSIT_REQUIRED when less was paid and nobody waived it."""
    paid, waiver = deposit_paid(context), command.deposit_waiver_reason
    check(waiver is None or context.actor.has("FD", "CM"), "FORBIDDEN", "only the front desk waives a deposit")
    owed = required_paise > paid
    check(
        not owed or waiver is not None,
        "DEPOSIT_REQUIRED",
        "a deposit is required before this can be booked",
        deposit_required_paise=required_paise,
        deposit_paid_paise=paid,
    )
    return paid, waiver if owed else None


def _caller(command: BookAppointment) -> CallerPii | None:
    caller = command.caller
    return None if caller is None else CallerPii(caller_name=caller.name, caller_phone=caller.phone)


def _accepted(state: State, command: BookAppointment, context: Context) -> AppointmentBooked:
    """The terms of the offer stand; only what is paid and who rang are new."""
    check(state.is_offered and state.status == "pending", "ALREADY_EXISTS", "that appointment exists", id=context.id)
    _check_hold_stands(state, context)
    asked = (command.patient_id, command.slot_id, command.service_id, command.visit_type)
    check(
        asked == (state.patient_id, state.slot_id, state.service_id, state.visit_type),
        "VALIDATION_FAILED",
        "something else was offered",
        slot_id=state.slot_id,
        service_id=state.service_id,
    )
    _check_price(state.price_quoted_paise, command)
    paid, waiver = _deposit_or_waiver(state.deposit_required_paise, command, context)
    return _booked(state, context, paid, deposit_waiver_reason=waiver, pii=_caller(command))


def _check_hold_stands(state: State, context: Context) -> None:
    assert state.hold_expires_at is not None
    check(
        context.occurred_at < state.hold_expires_at,
        "HOLD_EXPIRED",
        "the hold ran out before the deposit arrived",
        hold_expires_at=state.hold_expires_at.isoformat(),
    )


def _booked(state: State, context: Context, paid: int, **more: Any) -> AppointmentBooked:
    """A hold that becomes a booking repeats what it pinned (INV-A3)."""
    past = past_of(context, state.patient_id)
    repeated = {name: getattr(state, name) for name in AppointmentHeld.__struct_fields__ if name != "hold_expires_at"}
    repeated["schedule_id"] = context.holder("slot", state.slot_id) or state.schedule_id
    return AppointmentBooked(
        **repeated,
        deposit_paid_paise=paid,
        is_new_patient=past.is_new_patient,
        prior_noshow_count=past.noshow_count,
        **more,
    )


def confirm_appointment(state: State, command: ConfirmAppointment, context: Context) -> Iterator[Event | On]:
    check(not state.is_hold_expired, "HOLD_EXPIRED", "the hold ran out before the deposit arrived")
    check(state.status == "pending", "INVALID_STATE", f"only a held appointment is confirmed, this is {state.status}")
    _check_hold_stands(state, context)
    payment = context.require("payment", command.payment_id)
    check(payment.appointment_id == context.id, "VALIDATION_FAILED", "the payment is for something else")
    paid = deposit_paid(context)
    check(
        paid >= state.deposit_required_paise,
        "DEPOSIT_INSUFFICIENT",
        "less than the required deposit has been captured",
        deposit_required_paise=state.deposit_required_paise,
        deposit_paid_paise=paid,
    )
    yield _booked(state, context, paid)
    yield from link(context, state.followup_id, start_of(state))


def expire_hold(state: State, command: ExpireHold, context: Context) -> Iterator[Event]:
    """Nothing when the hold is no longer pending: the timer and the confirmation may cross."""
    if state.status != "pending":
        return
    assert state.hold_expires_at is not None
    check(context.occurred_at >= state.hold_expires_at, "TOO_EARLY", "the hold still stands")
    yield AppointmentHoldExpired(slot_id=state.slot_id, token_no=state.token_no)


def deposit_paid(context: Context) -> int:
    """Paise that the appointment's payments hold for it; what came too late goes back and books nothing (R-POL-7)."""
    payments = context.related("payment", "appointment", context.id)
    return sum(payment.held_paise for payment in payments if not payment.late_capture)


def _check_price(price_paise: int, command: HoldAppointment | BookAppointment) -> None:
    check(
        price_paise == command.quoted_price_paise,
        "PRICE_CHANGED",
        "the price is not the one that was quoted",
        quoted_price_paise=command.quoted_price_paise,
        price_paise=price_paise,
    )


def _terms(command: HoldAppointment | BookAppointment, seat: Seat, past: Past, context: Context) -> Terms:
    terms = terms_of(
        context,
        seat,
        past,
        wanted_followup(context, command.followup_id, command.patient_id, seat),
        service_id=command.service_id,
        visit_type=command.visit_type,
        channel=command.channel,
    )
    _check_price(terms.price_quoted_paise, command)
    return terms


def _placed(command: HoldAppointment | BookAppointment, seat: Seat, terms: Terms) -> dict[str, Any]:
    return placed(
        seat,
        terms,
        patient_id=command.patient_id,
        service_id=command.service_id,
        visit_type=command.visit_type,
        channel=command.channel,
        followup_id=command.followup_id,
    )
