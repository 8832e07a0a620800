"""What may be asked of a practitioner."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from event_store.aggregates.practitioner.events import PractitionerRole
from mymedic.messages import Command, Id, Text, Timestamp


class RegisterPractitioner(Command, frozen=True, kw_only=True):
    """C09. Without `practitioner_id` a new id is made."""

    who: ClassVar[frozenset[str]] = frozenset({"CM"})
    name: Text
    specialty_id: Id
    registration_no: Text
    hpr_id: Text | None = None
    roles: tuple[PractitionerRole, ...]
    practitioner_id: Id | None = None


class UpdatePractitioner(Command, frozen=True, kw_only=True):
    """C10."""

    who: ClassVar[frozenset[str]] = frozenset({"CM"})
    practitioner_id: Id
    specialty_id: Id | None = None
    roles: tuple[PractitionerRole, ...] | None = None
    active: bool | None = None
    effective_on: date


class SetTeleAvailability(Command, frozen=True, kw_only=True):
    """C26. Whether video visits may be booked in `[from, until)`; without `until`, from then on."""

    who: ClassVar[frozenset[str]] = frozenset({"DR", "CM"})
    practitioner_id: Id
    available: bool
    from_: Timestamp = msgspec.field(name="from")
    until: Timestamp | None = None
    platforms: Annotated[tuple[Text, ...], Meta(max_length=20)] = ()
