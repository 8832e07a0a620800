"""What a decision needs to know of a follow-up."""

from __future__ import annotations

from datetime import date, datetime

import msgspec
from msgspec import Struct

from event_store.aggregates.followup.events import (
    FollowUpAmended,
    FollowUpBooked,
    FollowUpClosed,
    FollowUpCompleted,
    FollowUpLapsed,
    FollowUpOverdue,
    FollowUpRequested,
    FollowUpUnbooked,
    UnbookedBecause,
)
from mymedic.deciding import Guard, GuardChange
from mymedic.lives import machine
from mymedic.messages import Event

OPEN = frozenset({"requested", "booked", "overdue"})
_NEVER = date.max


class State(Struct):
    """`appointment_id` is the linked appointment. What is due counts by the `counted_*` dates: those of the last
    amendment that was made while the first window was still open."""

    exists: bool = False
    followup_id: str = ""
    status: str = ""  # requested, booked, overdue, completed, lapsed, declined or cancelled
    encounter_id: str = ""
    patient_id: str = ""
    practitioner_id: str = ""
    specialty_id: str = ""
    branch_id: str = ""
    reason_hash: str = ""
    due_on: date = _NEVER
    due_from: date = _NEVER
    due_to: date = _NEVER
    lapse_on: date = _NEVER
    free_until: date | None = None
    same_practitioner: bool = False
    policy_version_id: str = ""
    appointment_id: str | None = None
    is_told_overdue: bool = False  # of the present dates, since it was last booked or asked for
    first_due_to: date = _NEVER
    counted_on: date = _NEVER
    counted_from: date = _NEVER
    counted_to: date = _NEVER
    completed_by: str | None = None
    completed_on: date | None = None
    outcome: str | None = None

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def looked_at_after(self) -> date | None:
        """The last day on which nothing has to be told; None when it is over."""
        if not self.is_open:
            return None
        return self.lapse_on if self.is_told_overdue else self.due_to

    def is_met_by(self, practitioner_id: str, specialty_id: str) -> bool:
        """Whether a visit to this doctor is what was asked for: the same one, or any of the specialty."""
        if self.same_practitioner:
            return practitioner_id == self.practitioner_id
        return specialty_id == self.specialty_id

    def book(self, appointment_id: str, start_at: datetime) -> FollowUpBooked:
        """What a booking writes on this stream."""
        return FollowUpBooked(appointment_id=appointment_id, start_at=start_at)

    def unbook(self, appointment_id: str, cause: UnbookedBecause) -> FollowUpUnbooked:
        """What a cancellation or a no-show of the linked appointment writes on this stream."""
        return FollowUpUnbooked(appointment_id=appointment_id, cause=cause)


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state, in place."""
    match event:
        case FollowUpRequested():
            _request(state, event)
        case FollowUpAmended():
            _amend(state, event)
        case FollowUpBooked():
            state.status = "booked"
            state.appointment_id = event.appointment_id
        case FollowUpUnbooked():
            state.appointment_id = None
            if state.status == "booked":
                state.status, state.is_told_overdue = "requested", False
        case FollowUpOverdue():
            state.status, state.is_told_overdue = "overdue", True
        case FollowUpLapsed():
            state.status = "lapsed"
        case FollowUpCompleted():
            state.status = "completed"
            state.completed_by, state.completed_on = event.encounter_id, event.completed_on
        case FollowUpClosed():
            # that the patient died is no refusal: to whom it is no longer offered, it is cancelled
            state.status = "declined" if event.outcome == "declined" else "cancelled"
            state.outcome = event.outcome


def _request(state: State, event: FollowUpRequested) -> None:
    state.exists, state.status = True, "requested"
    state.encounter_id, state.patient_id = event.encounter_id, event.patient_id
    state.practitioner_id, state.specialty_id = event.practitioner_id, event.specialty_id
    state.branch_id, state.reason_hash = event.branch_id, event.reason_hash
    state.free_until, state.same_practitioner = event.free_until, event.same_practitioner
    state.policy_version_id = event.policy_version_id
    state.first_due_to = event.due_to
    _date(state, event, counts=True)


def _amend(state: State, event: FollowUpAmended) -> None:
    state.status, state.is_told_overdue = "booked" if state.appointment_id else "requested", False
    _date(state, event, counts=event.amended_on <= state.first_due_to)


def _date(state: State, event: FollowUpRequested | FollowUpAmended, *, counts: bool) -> None:
    state.due_on, state.due_from, state.due_to = event.due_on, event.due_from, event.due_to
    state.lapse_on = event.lapse_on
    if counts:
        state.counted_on, state.counted_from, state.counted_to = event.due_on, event.due_from, event.due_to


def guards(state: State, event: Event) -> GuardChange | None:
    """One open follow-up per encounter and reason; and a diary of what has to be looked at after which day."""
    after = msgspec.structs.replace(state)
    evolve(after, event)
    before_held, after_held = _held(state), _held(after)
    claim = [guard for guard in after_held if guard not in before_held]
    release = [guard for guard in before_held if guard not in after_held]
    return GuardChange(claim=claim, release=release) if claim or release else None


def _held(state: State) -> list[Guard]:
    if not state.is_open:
        return []
    return [
        Guard("followup_reason", f"{state.encounter_id}#{state.reason_hash}"),
        Guard("followup_diary", f"{state.looked_at_after}#{state.followup_id}"),
    ]


MACHINES = (
    machine(
        "Follow-up",
        """
        FollowUpRequested: - > requested
        FollowUpAmended: overdue > requested
        FollowUpBooked: requested overdue > booked
        FollowUpUnbooked: booked > requested
        FollowUpCompleted: requested booked overdue > completed
        FollowUpOverdue: requested booked > overdue
        FollowUpLapsed: overdue > lapsed
        FollowUpClosed: requested booked overdue > declined
        FollowUpClosed: requested overdue > cancelled
        """,
    ),
)
