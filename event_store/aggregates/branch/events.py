"""What happens to a branch."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta

from mymedic.messages import Event, Id, Text, Value

Pincode = Annotated[str, Meta(pattern=r"^[1-9][0-9]{5}(?!\n)$")]
Gstin = Annotated[str, Meta(pattern=r"^[0-9A-Z]{15}(?!\n)$")]
Weekday = Annotated[int, Meta(ge=1, le=7)]  # ISO: Monday is 1
OpeningTime = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9](?!\n)$")]
ClosingTime = Annotated[str, Meta(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)(?!\n)$")]


class OpenHours(Value, frozen=True, kw_only=True):
    """One span of opening on a weekday, local time, half open; a day with a lunch break has two."""

    dow: Weekday
    start: OpeningTime
    end: ClosingTime


class BranchRegistered(Event, frozen=True, kw_only=True):
    branch_id: Id
    name: Text
    city_id: Id
    pincode: Pincode
    opened_on: date
    open_hours: tuple[OpenHours, ...]
    hfr_id: Text | None = None
    gstin: Gstin | None = None


class BranchUpdated(Event, frozen=True, kw_only=True):
    """From `effective_on` (a business date) the given attributes hold; None leaves one as it was."""

    name: Text | None = None
    city_id: Id | None = None
    open_hours: tuple[OpenHours, ...] | None = None
    effective_on: date


class BranchClosed(Event, frozen=True, kw_only=True):
    """`closed_on` is the first day on which the branch does not open."""

    closed_on: date
    reason: Text


EVENTS: tuple[type[Event], ...] = (BranchRegistered, BranchUpdated, BranchClosed)
