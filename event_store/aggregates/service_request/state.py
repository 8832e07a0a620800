"""What a decision needs to know of an advised service."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec import Struct

from event_store.aggregates.service_request.events import (
    ServiceAdviceAccepted,
    ServiceAdviceDeclined,
    ServiceAdvised,
    ServicePerformed,
    ServiceRequestRevoked,
    ServiceScheduled,
)
from mymedic.deciding import GuardChange
from mymedic.lives import machine
from mymedic.messages import Event

_NEVER = datetime.max.replace(tzinfo=UTC)


class State(Struct):
    """Not called `practitioner_id` and `branch_id`: whoever performs it may be another doctor in another branch, and
    conversion is credited to those who advised it."""

    exists: bool = False
    service_request_id: str = ""
    status: str = ""  # active, accepted, declined, scheduled, completed or revoked; `expired` is derived
    patient_id: str = ""
    service_id: str = ""
    encounter_id: str | None = None  # of the advice
    requester_id: str = ""
    advising_branch_id: str = ""
    advised_at: datetime = _NEVER
    window_ends_at: datetime = _NEVER
    appointment_id: str | None = None
    performed_encounter_id: str | None = None

    def status_at(self, at: datetime) -> str:
        """As `status`, but `expired` once the conversion window of unscheduled advice is over."""
        is_waiting = self.status in ("active", "accepted")
        return "expired" if is_waiting and at >= self.window_ends_at else self.status

    def is_open_at(self, at: datetime) -> bool:
        """Whether a performance can still be what was advised, in time."""
        return self.status_at(at) in ("active", "accepted", "scheduled")


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state, in place."""
    match event:
        case ServiceAdvised():
            state.exists, state.status = True, "active"
            state.patient_id, state.service_id = event.patient_id, event.service_id
            state.encounter_id, state.requester_id = event.encounter_id, event.practitioner_id
            state.advising_branch_id, state.advised_at = event.branch_id, event.advised_at
            state.window_ends_at = event.advised_at + timedelta(days=event.window_days)
        case ServiceAdviceAccepted():
            state.status = "accepted"
        case ServiceAdviceDeclined():
            state.status = "declined"
        case ServiceScheduled():
            state.status, state.appointment_id = "scheduled", event.appointment_id
        case ServicePerformed():
            state.exists, state.status = True, "completed"
            state.patient_id, state.service_id = event.patient_id, event.service_id
            state.performed_encounter_id = event.encounter_id
        case ServiceRequestRevoked():
            state.status = "revoked"


def guards(state: State, event: Event) -> GuardChange | None:
    """Advice claims nothing: the same service may be advised twice."""
    return None


MACHINES = (
    machine(
        "Service request",
        """
        ServiceAdvised: - > active
        ServiceAdviceAccepted: active > accepted
        ServiceAdviceDeclined: active > declined
        ServiceScheduled: active accepted > scheduled
        ServicePerformed: - active accepted scheduled > completed
        ServiceRequestRevoked: active accepted > revoked
        """,
    ),
)
