"""What happens to a schedule: one practitioner at one branch for a span of days, cut into slots."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from mymedic.messages import Event, Id, Text, Timestamp, Value

Mode = Literal["in_person", "tele", "both"]
BlockReason = Literal["leave", "emergency", "ot", "admin", "holiday"]
OnConflict = Literal["reject", "cancel_and_refund", "queue_for_reschedule"]
SlotAction = Literal["add_extra", "raise_capacity", "lower_capacity", "close", "change_mode"]
RetireReason = Literal["amended", "displaced_cancel", "displaced_requeue", "schedule_retired"]
Capacity = Annotated[int, Meta(ge=1, le=20)]
# Guards count 5-minute buckets, so every slot begins and ends on one.
StartTime = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][05](?!\n)$")]
EndTime = Annotated[str, Meta(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)(?!\n)$")]


class WeeklyHours(Value, frozen=True, kw_only=True):
    """A session on a weekday (ISO, Monday is 1) in local time, cut into slots; a rest shorter than a slot is idle."""

    dow: Annotated[int, Meta(ge=1, le=7)]
    start: StartTime
    end: EndTime
    slot_minutes: Annotated[int, Meta(ge=5, le=120, multiple_of=5)]
    capacity: Capacity
    mode: Mode


class SlotTimes(Value, frozen=True, kw_only=True):
    slot_id: Id
    start_at: Timestamp
    end_at: Timestamp
    capacity: Capacity
    mode: Mode


class SchedulePublished(Event, frozen=True, kw_only=True):
    """Valid on the business dates from `valid_from` to `valid_to`, both included."""

    practitioner_id: Id
    branch_id: Id
    service_ids: tuple[Id, ...]
    valid_from: date
    valid_to: date
    weekly: tuple[WeeklyHours, ...]


class SlotsGenerated(Event, frozen=True, kw_only=True):
    """New slots; or, after an amendment, slots that stand with another capacity or mode under the id that they had."""

    business_date: date
    slots: tuple[SlotTimes, ...]


class SlotsRetired(Event, frozen=True, kw_only=True):
    """Slots that are no longer offered. `displaced_…`: with bookings, to be cancelled or moved to another slot."""

    business_date: date
    slot_ids: tuple[Id, ...]
    reason: RetireReason


class ScheduleAmended(Event, frozen=True, kw_only=True):
    """From a business date on, another week; the slots that come, change and go stand in events of their own."""

    from_date: date
    weekly: tuple[WeeklyHours, ...]


class ScheduleRetired(Event, frozen=True, kw_only=True):
    """The day before `from_date` is the last on which the schedule holds."""

    from_date: date


class ScheduleBlocked(Event, frozen=True, kw_only=True):
    """No booking in `[start_at, end_at)`; the affected ids are those at the moment of blocking."""

    block_id: Id
    start_at: Timestamp
    end_at: Timestamp
    reason: BlockReason
    on_conflict: OnConflict
    affected_slot_ids: tuple[Id, ...] = ()
    affected_appointment_ids: tuple[Id, ...] = ()


class ScheduleUnblocked(Event, frozen=True, kw_only=True):
    block_id: Id


class SlotOverridden(Event, frozen=True, kw_only=True):
    """A single slot added, resized, closed or moved to another mode; the new slot's times only with `add_extra`."""

    slot_id: Id
    action: SlotAction
    start_at: Timestamp | None = None
    end_at: Timestamp | None = None
    capacity: Capacity | None = None
    mode: Mode | None = None
    reason: Text


EVENTS: tuple[type[Event], ...] = (
    SchedulePublished,
    SlotsGenerated,
    SlotsRetired,
    ScheduleAmended,
    ScheduleBlocked,
    ScheduleUnblocked,
    SlotOverridden,
    ScheduleRetired,
)
