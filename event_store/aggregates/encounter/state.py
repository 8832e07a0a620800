"""What a decision needs to know of an encounter."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from event_store.aggregates.encounter.events import EncounterCancelled, EncounterFinished, EncounterStarted
from mymedic.deciding import GuardChange
from mymedic.lives import machine
from mymedic.messages import Event


class State(Struct):
    """`encounter_id` is set by whoever loads the stream; `status` is FHIR's."""

    exists: bool = False
    encounter_id: str = ""
    status: str = ""
    appointment_id: str = ""
    patient_id: str = ""
    practitioner_id: str = ""
    branch_id: str = ""
    department_id: str | None = None
    specialty_id: str = ""
    encounter_class: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None  # to the second
    outcome: str | None = None


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state, in place."""
    match event:
        case EncounterStarted():
            state.exists = True
            state.status = "in-progress"
            state.appointment_id = event.appointment_id
            state.patient_id = event.patient_id
            state.practitioner_id = event.practitioner_id
            state.branch_id = event.branch_id
            state.department_id = event.department_id
            state.specialty_id = event.specialty_id
            state.encounter_class = event.class_
            state.started_at = event.started_at
        case EncounterFinished():
            assert state.started_at is not None
            state.status = "finished"
            state.outcome = event.outcome
            state.finished_at = state.started_at + timedelta(seconds=event.duration_seconds)
        case EncounterCancelled():
            state.status = "cancelled"


def guards(state: State, event: Event) -> GuardChange | None:
    """An encounter claims nothing: its appointment is unique already."""
    return None


MACHINES = (
    machine(
        "Encounter",
        """
        EncounterStarted: - > in-progress
        EncounterFinished: in-progress > finished
        EncounterCancelled: in-progress > cancelled
        """,
    ),
)
