"""What happens to an encounter: one visit of a patient, in the room or over video."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from mymedic.messages import Count, Event, Id, LongText, Text, Timestamp, Value

EncounterClass = Literal["AMB", "VR"]
Outcome = Literal["resolved", "follow_up", "referred", "admitted"]

CARE = ("medico_legal",)


class FindingsPii(Value, frozen=True, kw_only=True):
    diagnosis_text: LongText | None = None
    notes: LongText | None = None


class EncounterStarted(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE
    appointment_id: Id
    patient_id: Id
    practitioner_id: Id
    branch_id: Id
    department_id: Id | None = None
    specialty_id: Id
    class_: EncounterClass = msgspec.field(name="class")
    started_at: Timestamp
    wait_seconds: Count


class EncounterFinished(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE
    outcome: Outcome
    duration_seconds: Count
    pii: FindingsPii | None = None


class EncounterCancelled(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE
    reason: Text


EVENTS: tuple[type[Event], ...] = (EncounterStarted, EncounterFinished, EncounterCancelled)
