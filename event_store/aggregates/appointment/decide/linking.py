"""An appointment for a follow-up: what it must be like, and what the follow-up's own stream is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

from event_store.aggregates.appointment.decide.placing import Seat
from event_store.aggregates.appointment.state import ACTIVE, State
from mymedic.deciding import Context, check
from mymedic.messages import On
from mymedic.patients import same_patient


def wanted_followup(context: Context, followup_id: str | None, patient_id: str, seat: Seat) -> Any | None:
    """The follow-up that a booking is for, if it can be; None when it is for none."""
    if followup_id is None:
        return None
    followup = context.state("followup", followup_id)
    # The same words for another patient's as for none: nobody learns of others' records.
    is_theirs = followup.exists and same_patient(context, followup.patient_id, patient_id)
    check(is_theirs, "NOT_FOUND", "there is no such follow-up of this patient", followup_id=followup_id)
    check(
        _is_bookable(context, followup),
        "INVALID_STATE",
        f"the follow-up is {followup.status}",
        status=followup.status,
        appointment_id=followup.appointment_id,
    )
    check(
        followup.is_met_by(seat.practitioner_id, seat.specialty_id),
        "VALIDATION_FAILED",
        "a visit to this doctor is not what was asked for",
        field="followup_id",
    )
    return followup


def link(context: Context, followup_id: str | None, start_at: datetime) -> Iterator[On]:
    """Tell the follow-up that it is booked, if it still waits for that: it may have ended while a hold was paid."""
    if followup_id is not None:
        followup = context.state("followup", followup_id)
        if _is_bookable(context, followup):
            yield On("followup", followup_id, followup.book(context.id, start_at))


def relink(context: Context, state: State, start_at: datetime) -> Iterator[On]:
    """Tell the follow-up when its appointment is now; nothing while it is only held."""
    if state.followup_id is not None and _is_linked(context, state.followup_id):
        followup = context.state("followup", state.followup_id)
        yield On("followup", state.followup_id, followup.book(context.id, start_at))


def unlink(context: Context, state: State, cause: Literal["cancelled", "noshow"]) -> Iterator[On]:
    """Tell the follow-up that its appointment does not take place."""
    if state.followup_id is not None and _is_linked(context, state.followup_id):
        followup = context.state("followup", state.followup_id)
        yield On("followup", state.followup_id, followup.unbook(context.id, cause))


def _is_linked(context: Context, followup_id: str) -> bool:
    followup = context.state("followup", followup_id)
    return bool(followup.is_open and followup.appointment_id == context.id)


def _is_bookable(context: Context, followup: Any) -> bool:
    """Open, not past its last day, and without another appointment ahead."""
    if not followup.is_open or context.today() > followup.lapse_on:
        return False
    linked = followup.appointment_id
    return linked is None or context.state("appointment", linked).status not in ACTIVE
