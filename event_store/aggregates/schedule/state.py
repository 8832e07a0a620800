"""What a decision needs to know of a schedule."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec
from msgspec import Struct

from event_store.aggregates.schedule.events import (
    ScheduleBlocked,
    SchedulePublished,
    ScheduleRetired,
    ScheduleUnblocked,
    SlotOverridden,
    SlotsGenerated,
    SlotsRetired,
    SlotTimes,
)
from mymedic.clock import EPOCH
from mymedic.deciding import Guard, GuardChange
from mymedic.lives import machine
from mymedic.messages import Event

BUCKET = timedelta(minutes=5)


class SlotInfo(Struct, frozen=True):
    """A slot as a booking sees it; `state` is open, blocked, retired or closed."""

    slot_id: str
    start_at: datetime
    end_at: datetime
    capacity: int
    mode: str
    state: str


class State(Struct):
    exists: bool = False
    schedule_id: str = ""  # set on a fresh state
    practitioner_id: str = ""
    branch_id: str = ""
    service_ids: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    slots: dict[str, SlotTimes] = {}
    closed: dict[str, str] = {}  # slot id -> closed or retired
    overridden: set[str] = set()  # slots that were set one by one: an amended week leaves them as they are
    extra: set[str] = set()  # of these, the ones that belong to no week
    retired_from: date | None = None
    blocks: dict[str, ScheduleBlocked] = {}
    unblocked: set[str] = set()

    def slot(self, slot_id: str) -> SlotInfo | None:
        times = self.slots.get(slot_id)
        if times is None:
            return None
        state = self.closed.get(slot_id) or ("open" if self.block_over(times) is None else "blocked")
        return SlotInfo(slot_id, times.start_at, times.end_at, times.capacity, times.mode, state)

    @property
    def last_day(self) -> date:
        assert self.valid_to is not None
        return self.valid_to if self.retired_from is None else self.retired_from - timedelta(days=1)

    def is_valid_on(self, on: date) -> bool:
        """Whether the schedule holds on a business date."""
        assert self.valid_from is not None
        return self.valid_from <= on <= self.last_day

    def block_over(self, slot: SlotTimes) -> ScheduleBlocked | None:
        """The block that stands over a slot; of several the one that was made first."""
        for block in self.blocks.values():
            if block.start_at < slot.end_at and slot.start_at < block.end_at:
                return block
        return None

    def slot_ids_between(self, start: datetime, end: datetime | None) -> list[str]:
        """Slots that overlap `[start, end)` (None: no end), closed ones too, by start."""
        found = [slot for slot in self.slots.values() if slot.end_at > start and (end is None or slot.start_at < end)]
        return [slot.slot_id for slot in sorted(found, key=lambda slot: (slot.start_at, slot.slot_id))]


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state, in place."""
    match event:
        case SchedulePublished():
            state.exists = True
            state.practitioner_id, state.branch_id = event.practitioner_id, event.branch_id
            state.service_ids = event.service_ids
            state.valid_from, state.valid_to = event.valid_from, event.valid_to
        case SlotsGenerated():
            for slot in event.slots:
                state.slots[slot.slot_id] = slot
        case ScheduleBlocked():
            state.blocks[event.block_id] = event
        case ScheduleUnblocked():
            state.blocks.pop(event.block_id, None)
            state.unblocked.add(event.block_id)
        case SlotOverridden():
            _override(state, event)
        case SlotsRetired():
            state.closed.update(dict.fromkeys(event.slot_ids, "retired"))
        case ScheduleRetired():
            state.retired_from = event.from_date


def _override(state: State, event: SlotOverridden) -> None:
    state.overridden.add(event.slot_id)
    if event.action == "close":
        state.closed[event.slot_id] = "closed"
    elif event.action == "add_extra":
        state.slots[event.slot_id] = _extra(event)
        state.extra.add(event.slot_id)
    else:
        slot = state.slots[event.slot_id]
        state.slots[event.slot_id] = msgspec.structs.replace(
            slot, capacity=event.capacity or slot.capacity, mode=event.mode or slot.mode
        )


def _extra(event: SlotOverridden) -> SlotTimes:
    """The slot that an `add_extra` makes: the decision has given all of its figures."""
    assert event.start_at and event.end_at and event.capacity and event.mode
    return SlotTimes(
        slot_id=event.slot_id,
        start_at=event.start_at,
        end_at=event.end_at,
        capacity=event.capacity,
        mode=event.mode,
    )


def guards(state: State, event: Event) -> GuardChange | None:
    """The unique facts that an event claims and gives back; `state` is the state before the event.

    A published slot takes its practitioner's time, in whatever branch; a closed or retired one gives it back. The two
    `..._schedule` claims are in nobody's way: by them a branch and a practitioner find their schedules.
    """
    match event:
        case SchedulePublished():
            return GuardChange(
                claim=[
                    Guard("branch_schedule", f"{event.branch_id}#{state.schedule_id}"),
                    Guard("practitioner_schedule", f"{event.practitioner_id}#{state.schedule_id}"),
                ]
            )
        case SlotsGenerated():
            new = [slot for slot in event.slots if slot.slot_id not in state.slots]
            claim = [Guard("slot", slot.slot_id) for slot in new]
            for slot in new:
                claim += _time(state.practitioner_id, slot)
            return GuardChange(claim=claim)
        case SlotsRetired():
            gone = [state.slots[slot_id] for slot_id in event.slot_ids]
            return GuardChange(release=[guard for slot in gone for guard in _time(state.practitioner_id, slot)])
        case SlotOverridden(action="add_extra"):
            slot = _extra(event)
            return GuardChange(claim=[Guard("slot", slot.slot_id), *_time(state.practitioner_id, slot)])
        case SlotOverridden(action="close"):
            return GuardChange(release=_time(state.practitioner_id, state.slots[event.slot_id]))
    return None


def _time(practitioner_id: str, slot: SlotTimes) -> list[Guard]:
    """The 5-minute buckets since 1970 that a slot covers; slots begin and end on one."""
    buckets = range((slot.start_at - EPOCH) // BUCKET, (slot.end_at - EPOCH) // BUCKET)
    return [Guard("practitioner_time", f"{practitioner_id}#{bucket}") for bucket in buckets]


MACHINES = (
    machine(
        "Schedule",
        """
        SchedulePublished: - > published
        ScheduleRetired: published > retired
        """,
        lambda state: {"": "retired" if state.retired_from else "published"} if state.exists else {},
    ),
)
