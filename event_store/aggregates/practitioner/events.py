"""What happens to a practitioner."""

from __future__ import annotations

from datetime import date

import msgspec

from mymedic.messages import Bps, Event, Id, Text, Timestamp, Value


class PractitionerRole(Value, frozen=True, kw_only=True):
    """Works at a branch from a business date, to before another; `share_bps` of the fee is the practitioner's."""

    branch_id: Id
    department_id: Id | None = None
    share_bps: Bps
    from_: date = msgspec.field(name="from")
    to: date | None = None


class PractitionerRegistered(Event, frozen=True, kw_only=True):
    name: Text
    specialty_id: Id
    registration_no: Text
    hpr_id: Text | None = None
    roles: tuple[PractitionerRole, ...]


class PractitionerUpdated(Event, frozen=True, kw_only=True):
    """From `effective_on` the given attributes hold; None leaves one as it was, `roles` replaces all roles."""

    specialty_id: Id | None = None
    roles: tuple[PractitionerRole, ...] | None = None
    active: bool | None = None
    effective_on: date


class TeleAvailabilityChanged(Event, frozen=True, kw_only=True):
    """In `[from_at, until_at)` video visits may or may not be booked; a later event overrules an earlier one."""

    available: bool
    from_at: Timestamp
    until_at: Timestamp | None = None
    platforms: tuple[Text, ...] = ()


EVENTS: tuple[type[Event], ...] = (PractitionerRegistered, PractitionerUpdated, TeleAvailabilityChanged)
