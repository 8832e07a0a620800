"""What may be asked of an encounter."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from event_store.aggregates.encounter.events import EncounterClass, Outcome
from mymedic.messages import Command, Id, LongText, Text


class StartEncounter(Command, frozen=True, kw_only=True):
    """C40."""

    who: ClassVar = frozenset({"DR", "FD"})
    appointment_id: Id
    class_: EncounterClass = msgspec.field(name="class")


class FinishEncounter(Command, frozen=True, kw_only=True):
    """C46."""

    who: ClassVar = frozenset({"DR"})
    encounter_id: Id
    outcome: Outcome
    diagnosis_text: LongText | None = None
    notes: LongText | None = None


class CancelEncounter(Command, frozen=True, kw_only=True):
    """C47."""

    who: ClassVar = frozenset({"DR", "CM"})
    encounter_id: Id
    reason: Text
