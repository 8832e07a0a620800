"""The rules of an encounter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from event_store.aggregates.encounter.commands import CancelEncounter, FinishEncounter, StartEncounter
from event_store.aggregates.encounter.events import (
    EncounterCancelled,
    EncounterFinished,
    EncounterStarted,
    FindingsPii,
)
from event_store.aggregates.encounter.state import State
from mymedic.deciding import Context, Decision, check
from mymedic.messages import Command, Event, On
from mymedic.patients import related_to

TELE_WINDOW = timedelta(minutes=30)
SECOND = timedelta(seconds=1)


def start_encounter(state: State, command: StartEncounter, context: Context) -> Iterator[Event]:
    appointment = context.require("appointment", command.appointment_id)
    check(not appointment.is_imported, "INVALID_STATE", "this appointment is another system's history")
    for other in context.related("encounter", "appointment", command.appointment_id):
        check(other.status != "in-progress", "INVALID_STATE", "it has begun", encounter_id=other.encounter_id)
    if appointment.status != "checked-in":
        _check_tele(appointment, command, context)
    waited_from = appointment.arrived_at or appointment.start_at
    yield EncounterStarted(
        appointment_id=command.appointment_id,
        patient_id=appointment.patient_id,
        practitioner_id=appointment.practitioner_id,
        branch_id=appointment.branch_id,
        department_id=appointment.department_id,
        specialty_id=appointment.specialty_id,
        class_=command.class_,
        started_at=context.occurred_at,
        wait_seconds=max(0, (context.occurred_at - waited_from) // SECOND),
    )


def finish_encounter(state: State, command: FinishEncounter, context: Context) -> Iterator[Event | On]:
    check(context.actor.practitioner_id == state.practitioner_id, "FORBIDDEN", "the encounter is another doctor's")
    check(state.status == "in-progress", "INVALID_STATE", f"the encounter is {state.status}")
    assert state.started_at is not None
    has_findings = command.diagnosis_text or command.notes
    yield EncounterFinished(
        outcome=command.outcome,
        duration_seconds=max(0, (context.occurred_at - state.started_at) // SECOND),
        pii=FindingsPii(diagnosis_text=command.diagnosis_text, notes=command.notes) if has_findings else None,
    )
    appointment = context.require("appointment", state.appointment_id)
    yield On("appointment", state.appointment_id, appointment.fulfil(context.id))


def cancel_encounter(state: State, command: CancelEncounter, context: Context) -> Iterator[Event]:
    """The appointment is again what it was before: `arrived` was never written on it."""
    check(state.status == "in-progress", "INVALID_STATE", f"the encounter is {state.status}")
    for request in related_to(context, "service_request", state.patient_id):
        check(
            request.performed_encounter_id != context.id,
            "INVALID_STATE",
            "a service was performed in it",
            service_request_id=request.service_request_id,
        )
    yield EncounterCancelled(reason=command.reason)


def _check_tele(appointment: Any, command: StartEncounter, context: Context) -> None:
    """A video visit needs no check-in, but it begins about when it was booked for."""
    is_video = command.class_ == "VR" and appointment.mode == "tele" and appointment.status == "booked"
    check(is_video, "INVALID_STATE", f"the appointment is {appointment.status}", status=appointment.status)
    check(
        abs(context.occurred_at - appointment.start_at) <= TELE_WINDOW,
        "INVALID_STATE",
        "a video visit begins within 30 minutes of its time",
        start_at=appointment.start_at.isoformat(),
    )


DECISIONS: dict[type[Command], Decision] = {
    StartEncounter: Decision(start_encounter, creates=True),
    FinishEncounter: Decision(finish_encounter, target="encounter_id"),
    CancelEncounter: Decision(cancel_encounter, target="encounter_id"),
}
