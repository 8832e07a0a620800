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
from event_store.aggregates.appointment.decide.standing import check_patient_free
from event_store.aggregates.appointment.decide.terms import Past, Terms, past_of, terms_of
from event_store.aggregates.appointment.events import (
    AppointmentBooked,
    AppointmentHeld,
    AppointmentHoldExpired,
    CallerPii,
)
from event_store.aggregates.appointment.state import State
from mymedic.deciding import Context, check
from mymedic.errors import Refused
from mymedic.messages import Event, On
from mymedic.patients import check_present


def hold_appointment(state: State, command: HoldAppointment, context: Context) -> Iterator[Event]:
    _check_patient(context, command.patient_id)
    seat = find_seat(context, command.slot_id, command.service_id, mode_of(command.visit_type), timedelta())
    terms = _terms(command, seat, past_of(context, command.patient_id), context)
    check(terms.deposit_required_paise > 0, "VALIDATION_FAILED", "no deposit is required: book it without a hold")
    check_patient_free(context, command.patient_id, seat.start_at, seat.end_at)
    yield AppointmentHeld(
        **_placed(command, seat, terms),
        hold_expires_at=context.occurred_at + terms.hold_ttl,
    )


def book_appointment(state: State, command: BookAppointment, context: Context) -> Iterator[Event | On]:
    _check_patient(context, command.patient_id)
    grace = WALK_IN_GRACE if command.walk_in else timedelta()
    seat = find_seat(context, command.slot_id, command.service_id, mode_of(command.visit_type), grace)
    past = past_of(context, command.patient_id)
    terms = _terms(command, seat, past, context)
    paid = deposit_paid(context)
    waiver = command.deposit_waiver_reason
    check(waiver is None or context.actor.has("FD", "CM"), "FORBIDDEN", "only the front desk waives a deposit")
    owed = terms.deposit_required_paise > paid
    check(
        not owed or waiver is not None,
        "DEPOSIT_REQUIRED",
        "a deposit is required before this can be booked",
        deposit_required_paise=terms.deposit_required_paise,
        deposit_paid_paise=paid,
    )
    check_patient_free(context, command.patient_id, seat.start_at, seat.end_at)
    caller = command.caller
    yield AppointmentBooked(
        **_placed(command, seat, terms),
        deposit_paid_paise=paid,
        deposit_waiver_reason=waiver if owed else None,
        walk_in=command.walk_in,
        is_new_patient=past.is_new_patient,
        prior_noshow_count=past.noshow_count,
        pii=None if caller is None else CallerPii(caller_name=caller.name, caller_phone=caller.phone),
    )
    yield from link(context, command.followup_id, seat.start_at)


def confirm_appointment(state: State, command: ConfirmAppointment, context: Context) -> Iterator[Event | On]:
    check(not state.is_hold_expired, "HOLD_EXPIRED", "the hold ran out before the deposit arrived")
    check(state.status == "pending", "INVALID_STATE", f"only a held appointment is confirmed, this is {state.status}")
    assert state.hold_expires_at is not None and state.start_at is not None and state.end_at is not None
    check(
        context.occurred_at < state.hold_expires_at,
        "HOLD_EXPIRED",
        "the hold ran out before the deposit arrived",
        hold_expires_at=state.hold_expires_at.isoformat(),
    )
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
    past = past_of(context, state.patient_id)
    repeated = {name: getattr(state, name) for name in AppointmentHeld.__struct_fields__ if name != "hold_expires_at"}
    repeated["schedule_id"] = context.holder("slot", state.slot_id) or state.schedule_id
    yield AppointmentBooked(
        **repeated,
        deposit_paid_paise=paid,
        is_new_patient=past.is_new_patient,
        prior_noshow_count=past.noshow_count,
    )
    yield from link(context, state.followup_id, state.start_at)


def expire_hold(state: State, command: ExpireHold, context: Context) -> Iterator[Event]:
    """Nothing when the hold is no longer pending: the timer and the confirmation may cross."""
    if state.status != "pending":
        return
    assert state.hold_expires_at is not None
    check(context.occurred_at >= state.hold_expires_at, "TOO_EARLY", "the hold still stands")
    yield AppointmentHoldExpired(slot_id=state.slot_id, token_no=state.token_no)


def deposit_paid(context: Context) -> int:
    """Paise that the appointment's payments hold for it."""
    return sum(payment.held_paise for payment in context.related("payment", "appointment", context.id))


def _check_patient(context: Context, patient_id: str) -> None:
    patient = check_present(context, patient_id)
    consented = patient.has_consent("care", context.occurred_at)
    check(consented, "CONSENT_REQUIRED", "the patient has not consented to care", purpose="care")


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
    if terms.price_quoted_paise != command.quoted_price_paise:
        raise Refused(
            "PRICE_CHANGED",
            "the price is not the one that was quoted",
            quoted_price_paise=command.quoted_price_paise,
            price_paise=terms.price_quoted_paise,
        )
    return terms


def _placed(command: HoldAppointment | BookAppointment, seat: Seat, terms: Terms) -> dict[str, Any]:
    return {
        "patient_id": command.patient_id,
        "slot_id": seat.slot_id,
        "token_no": seat.token_no,
        "schedule_id": seat.schedule_id,
        "practitioner_id": seat.practitioner_id,
        "branch_id": seat.branch_id,
        "specialty_id": seat.specialty_id,
        "service_id": command.service_id,
        "visit_type": command.visit_type,
        "mode": mode_of(command.visit_type),
        "start_at": seat.start_at,
        "end_at": seat.end_at,
        "price_quoted_paise": terms.price_quoted_paise,
        "price_version_id": terms.price_version_id,
        "list_price_paise": terms.list_price_paise,
        "deposit_required_paise": terms.deposit_required_paise,
        "policy_version_ids": terms.policy_version_ids,
        "booking_channel": command.channel,
        "followup_id": command.followup_id,
    }
