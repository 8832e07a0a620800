"""Coming or not coming: check-in, no-show, and the no-show that came after all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from event_store.aggregates.appointment.commands import CheckInPatient, MarkNoShow, ReverseNoShow
from event_store.aggregates.appointment.decide.linking import link, unlink
from event_store.aggregates.appointment.decide.settling import missed
from event_store.aggregates.appointment.decide.standing import (
    check_not_arrived,
    check_patient_free,
    check_stands,
    start_of,
)
from event_store.aggregates.appointment.decide.terms import cancellation_body
from event_store.aggregates.appointment.events import AppointmentNoShow, MarkedBy, NoShowReversed, PatientCheckedIn
from event_store.aggregates.appointment.state import State
from mymedic.deciding import Context, check
from mymedic.messages import Actor, Event, On

# Refunds that can still be taken back: the money has not been sent off.
RECALLABLE = frozenset({"requested", "approved", "rejected"})


def check_in_patient(state: State, command: CheckInPatient, context: Context) -> Iterator[Event]:
    check_stands(state, "booked")
    today, day = context.today(), state.start_date(context.tz)
    check(today >= day, "TOO_EARLY", "check-in opens on the day of the appointment", start_on=day.isoformat())
    check(today == day, "INVALID_STATE", "the day of the appointment has passed", start_on=day.isoformat())
    check(
        command.token_no in (None, state.token_no),
        "VALIDATION_FAILED",
        "that token belongs to another appointment",
        token_no=state.token_no,
    )
    late = (context.occurred_at - start_of(state)) // timedelta(minutes=1)
    yield PatientCheckedIn(token_no=state.token_no, arrived_at=context.occurred_at, minutes_late=max(0, late))


def mark_no_show(state: State, command: MarkNoShow, context: Context) -> Iterator[Event | On]:
    check_stands(state, "booked")
    check_not_arrived(context)
    ending = missed(context, state)
    money, body = ending.money, cancellation_body(ending.policy)
    counts_from = start_of(state) + timedelta(seconds=body.noshow_grace_seconds)
    check(
        context.occurred_at >= counts_from,
        "NOSHOW_TOO_EARLY",
        "the patient may still come",
        counts_from=counts_from.isoformat(),
    )
    yield AppointmentNoShow(
        start_at=start_of(state),
        marked_by=_marked_by(context.actor),
        held_paise=money.held_paise,
        forfeit_paise=money.forfeit_paise,
        refund_paise=money.refund_paise,
        plan=money.plan,
        policy_version_id=ending.policy.policy_version_id,
    )
    yield from unlink(context, state, "noshow")


def reverse_no_show(state: State, command: ReverseNoShow, context: Context) -> Iterator[Event | On]:
    check_stands(state, "noshow")
    check(
        context.today() == state.start_date(context.tz),
        "NOSHOW_REVERSAL_WINDOW",
        "a no-show is reversed on its own day only",
    )
    for payment in context.related("payment", "appointment", context.id):
        for refund_id, refund in payment.refunds.items():
            check(
                refund.reason != "no_show_remainder" or refund.status in RECALLABLE,
                "NOSHOW_REVERSAL_WINDOW",
                "the remainder is already on its way back",
                refund_id=refund_id,
            )
    _check_seat_left(state, context)
    assert state.start_at is not None and state.end_at is not None
    check_patient_free(context, state.patient_id, state.start_at, state.end_at)
    yield NoShowReversed(reason=command.reason)
    yield from link(context, state.followup_id, state.start_at)


def _check_seat_left(state: State, context: Context) -> None:
    """INV-A1: the seat was given back, and its slot may have been filled or made smaller since."""
    schedule_id = context.holder("slot", state.slot_id)
    slot = context.require("schedule", schedule_id or state.schedule_id).slot(state.slot_id)
    taken = context.guards("slot_token", f"{state.slot_id}#")
    own = f"{state.slot_id}#{state.token_no:02d}"
    check(
        len(taken) < slot.capacity and own not in taken,
        "SLOT_UNAVAILABLE",
        "the seat has been given to another patient",
        slot_id=state.slot_id,
    )


def _marked_by(actor: Actor) -> MarkedBy:
    if actor.has("SY"):
        return "timer"
    return "staff" if actor.has("FD") else "doctor"
