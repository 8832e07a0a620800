"""What may be asked of a follow-up."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from event_store.aggregates.followup.events import ClosedAs
from mymedic.messages import Command, Id, Text


class RequestFollowUp(Command, frozen=True, kw_only=True):
    """C48. The doctor of an encounter wants to see the patient again; without `followup_id` a new id is made."""

    who: ClassVar = frozenset({"DR"})
    followup_id: Id | None = None
    encounter_id: Id
    due_on: date
    reason: Text
    same_practitioner: bool


class AmendFollowUp(Command, frozen=True, kw_only=True):
    """C49. Another day; the window around it keeps its width."""

    who: ClassVar = frozenset({"DR"})
    followup_id: Id
    due_on: date


class CloseFollowUp(Command, frozen=True, kw_only=True):
    """C50. It will not take place. A patient can only decline."""

    who: ClassVar = frozenset({"FD", "DR", "PP"})
    followup_id: Id
    outcome: ClosedAs


class EvaluateFollowUps(Command, frozen=True, kw_only=True):
    """C51. Tells every follow-up of the tenant whose time is over by a day; nothing when there is none."""

    who: ClassVar = frozenset({"SY"})
    as_of: date


class CompleteFollowUp(Command, frozen=True, kw_only=True):
    """C52. The patient came: the encounter is the one that was asked for (R-FU-1)."""

    who: ClassVar = frozenset({"SY"})
    followup_id: Id
    encounter_id: Id
