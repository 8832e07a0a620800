"""Cancelling, with the money rule R-POL-2 to R-POL-6, and taking back what was entered in error."""

from __future__ import annotations

from collections.abc import Iterator

from event_store.aggregates.appointment.commands import CancelAppointment, MarkAppointmentError
from event_store.aggregates.appointment.decide.linking import unlink
from event_store.aggregates.appointment.decide.rescheduling import check_initiator
from event_store.aggregates.appointment.decide.settling import LEFT_UNSEEN, cancelled
from event_store.aggregates.appointment.decide.standing import check_not_arrived, check_stands, start_of
from event_store.aggregates.appointment.events import (
    AppointmentCancelled,
    AppointmentEnteredInError,
    CancellationPii,
)
from event_store.aggregates.appointment.state import State
from mymedic.deciding import Context, check, four_eyes
from mymedic.messages import Event, On

NOT_THERE = "only a patient who has checked in leaves without being seen"


def cancel_appointment(state: State, command: CancelAppointment, context: Context) -> Iterator[Event | On]:
    check_stands(state, "waitlist", "pending", "booked", "checked-in")
    check_not_arrived(context)
    check_initiator(context, command.initiator)
    by_patient = command.initiator == "patient"
    left_unseen = command.reason_code == LEFT_UNSEEN
    waits, checked_in = state.status == "waitlist", state.status == "checked-in"
    check(checked_in or not left_unseen, "INVALID_STATE", NOT_THERE)
    check(
        left_unseen or not (checked_in and by_patient),
        "INVALID_STATE",
        "a patient who has checked in can only leave without being seen",
    )
    ending = cancelled(context, state, command.initiator, command.reason_code)
    lead, money = ending.lead_seconds, ending.money
    if by_patient and state.status == "booked":
        check(lead >= 0, "CANCEL_AFTER_START", "it has begun: it is attended or a no-show", lead_seconds=lead)
    yield AppointmentCancelled(
        initiator=command.initiator,
        reason_code=command.reason_code,
        lead_seconds=lead,
        tier_bps=ending.tier_bps,
        eff_bps=ending.eff_bps,
        held_paise=money.held_paise,
        forfeit_paise=money.forfeit_paise,
        refund_paise=money.refund_paise,
        plan=money.plan,
        slot_id=None if waits else state.slot_id,
        token_no=None if waits else state.token_no,
        start_at=None if waits else start_of(state),
        policy_version_id=ending.policy.policy_version_id,
        pii=_note(command),
    )
    if not waits:
        yield from unlink(context, state, "cancelled")


def _note(command: CancelAppointment) -> CancellationPii | None:
    return CancellationPii(note=command.note) if command.note else None


def mark_appointment_error(state: State, command: MarkAppointmentError, context: Context) -> Iterator[Event | On]:
    check(
        state.status not in ("cancelled", "entered-in-error") or state.is_imported,
        "INVALID_STATE",
        f"the appointment is {state.status}",
    )
    check(state.status != "entered-in-error", "INVALID_STATE", "it is marked already")
    if state.status in ("fulfilled", "noshow"):
        four_eyes(context, "FN", "CM")
    check_not_arrived(context, "ENCOUNTER_OPEN")
    for payment in context.related("payment", "appointment", context.id):
        kept = payment.available_paise + payment.allocated_paise + payment.forfeited_paise
        check(
            kept == 0,
            "INVALID_STATE",
            "money captured for it has not been refunded",
            payment_id=payment.payment_id,
            kept_paise=kept,
        )
    yield AppointmentEnteredInError(reason=command.reason)
    yield from unlink(context, state, "cancelled")  # a follow-up must not wait for what was never booked
