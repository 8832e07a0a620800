"""What may be asked of a bed."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from event_store.aggregates.bed.events import BedClass, SettableStatus
from mymedic.messages import Command, Id, Text


class RegisterBed(Command, frozen=True, kw_only=True):
    """C14. Without `bed_id` a new id is made."""

    who: ClassVar[frozenset[str]] = frozenset({"CM"})
    branch_id: Id
    ward: Text
    room: Text
    label: Text
    class_: BedClass = msgspec.field(name="class")
    bed_id: Id | None = None


class SetBedStatus(Command, frozen=True, kw_only=True):
    """C101."""

    who: ClassVar[frozenset[str]] = frozenset({"FD"})
    bed_id: Id
    status: SettableStatus
