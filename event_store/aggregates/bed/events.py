"""What happens to a bed."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from mymedic.messages import Event, Id, Text, Timestamp

BedClass = Literal["general", "semi_private", "private", "icu"]
# What the front desk may say of a bed; `occupied` follows from the admissions alone.
SettableStatus = Literal["available", "cleaning", "out_of_service"]

CARE = ("hospital",)


class BedRegistered(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE
    branch_id: Id
    ward: Text
    room: Text
    label: Text
    class_: BedClass = msgspec.field(name="class")


class BedOccupied(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE
    admission_id: Id
    at: Timestamp


class BedReleased(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE
    admission_id: Id
    at: Timestamp
    next_status: SettableStatus


class BedStatusChanged(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE
    status: SettableStatus


EVENTS: tuple[type[Event], ...] = (BedRegistered, BedOccupied, BedReleased, BedStatusChanged)
