"""What may be asked of a schedule."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from event_store.aggregates.schedule.events import BlockReason, Capacity, Mode, OnConflict, SlotAction, WeeklyHours
from mymedic.messages import Command, Id, Text, Timestamp


class PublishSchedule(Command, frozen=True, kw_only=True):
    """C21. Without `schedule_id` a new id is made."""

    who: ClassVar[frozenset[str]] = frozenset({"CM", "FD", "DR"})
    practitioner_id: Id
    branch_id: Id
    service_ids: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=100)]
    valid_from: date
    valid_to: date
    weekly: Annotated[tuple[WeeklyHours, ...], Meta(min_length=1, max_length=100)]
    schedule_id: Id | None = None


class AmendSchedule(Command, frozen=True, kw_only=True):
    """C22. `displace` says what becomes of bookings whose time disappears; without it there must be none."""

    who: ClassVar[frozenset[str]] = frozenset({"CM", "FD", "DR"})
    schedule_id: Id
    from_date: date
    weekly: Annotated[tuple[WeeklyHours, ...], Meta(min_length=1, max_length=100)]
    displace: Literal["cancel", "requeue"] | None = None


class BlockSchedule(Command, frozen=True, kw_only=True):
    """C23."""

    who: ClassVar[frozenset[str]] = frozenset({"DR", "FD", "CM"})
    schedule_id: Id
    start: Timestamp
    end: Timestamp
    reason: BlockReason
    on_conflict: OnConflict


class UnblockSchedule(Command, frozen=True, kw_only=True):
    """C24."""

    who: ClassVar[frozenset[str]] = frozenset({"DR", "FD", "CM"})
    schedule_id: Id
    block_id: Id


class OverrideSlot(Command, frozen=True, kw_only=True):
    """C25. `add_extra` takes start and end and makes the slot; the other actions name the slot."""

    who: ClassVar[frozenset[str]] = frozenset({"DR", "FD"})
    schedule_id: Id
    slot_id: Id | None = None
    start: Timestamp | None = None
    end: Timestamp | None = None
    action: SlotAction
    capacity: Capacity | None = None
    mode: Mode | None = None
    reason: Text


class RetireSchedule(Command, frozen=True, kw_only=True):
    """C27."""

    who: ClassVar[frozenset[str]] = frozenset({"CM"})
    schedule_id: Id
    from_date: date
