"""A schedule that takes another shape from a day on, or ends there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from itertools import groupby

from event_store.aggregates.schedule.commands import AmendSchedule, RetireSchedule
from event_store.aggregates.schedule.decide.week import Cut, check_place, check_weekly, cut_days
from event_store.aggregates.schedule.events import (
    RetireReason,
    ScheduleAmended,
    ScheduleRetired,
    SlotsGenerated,
    SlotsRetired,
    SlotTimes,
)
from event_store.aggregates.schedule.state import State
from mymedic import bookings
from mymedic.clock import business_date
from mymedic.counts import counted
from mymedic.deciding import Context, check
from mymedic.messages import Event


def amend_schedule(state: State, command: AmendSchedule, context: Context) -> Iterable[Event]:
    """A slot that the new week has at the same time stays itself, with its bookings; what was set for it alone stays.

    Extra slots belong to no week and stay; a new slot that would overlap one meets the guard (SLOT_OVERLAP).
    """
    last = _check_from(state, command.from_date, context)
    check_place(context, state.practitioner_id, state.branch_id, command.from_date, last)
    check_weekly(context, command.weekly, state.branch_id, command.from_date, last)
    ahead = _ahead(state, command.from_date, context)
    ahead.sort(key=lambda slot: slot.slot_id not in state.closed)  # of two at one time, the one that is offered
    old = {(slot.start_at, slot.end_at): slot for slot in ahead}
    begins = _free_from(state, context)
    days = [
        (on, [cut for cut in cuts if cut.start_at >= begins])
        for on, cuts in cut_days(command.weekly, command.from_date, last, context.tz)
    ]
    wanted = {(cut.start_at, cut.end_at) for _, cuts in days for cut in cuts}
    kept = state.closed.keys() | state.extra
    gone = [
        slot
        for slot in _ahead(state, command.from_date, context)
        if (slot.start_at, slot.end_at) not in wanted and slot.slot_id not in kept
    ]
    booked = [slot.slot_id for slot in gone if bookings.in_slots(context, [slot.slot_id])]
    if command.displace is None:
        _check_unbooked(context, booked, command.from_date)
    yield ScheduleAmended(from_date=command.from_date, weekly=command.weekly)
    without = [slot for slot in gone if slot.slot_id not in booked]
    displaced: RetireReason = "displaced_cancel" if command.displace == "cancel" else "displaced_requeue"
    yield from _retired(without, "amended", context)
    yield from _retired([slot for slot in gone if slot.slot_id in booked], displaced, context)
    for on, cuts in days:
        slots = [slot for cut in cuts if (slot := _taking_shape(state, cut, old, context)) is not None]
        if slots:
            yield SlotsGenerated(business_date=on, slots=tuple(slots))


def retire_schedule(state: State, command: RetireSchedule, context: Context) -> Iterable[Event]:
    _check_from(state, command.from_date, context)
    ahead = _ahead(state, command.from_date, context)
    _check_unbooked(context, [slot.slot_id for slot in ahead], command.from_date)
    yield ScheduleRetired(from_date=command.from_date)
    gone = [slot for slot in ahead if slot.slot_id not in state.closed]
    yield from _retired(gone, "schedule_retired", context)


def _check_from(state: State, from_date: date, context: Context) -> date:
    """The schedule's last day; a change begins today or later, and on a day on which the schedule holds."""
    check(from_date >= context.today(), "VALIDATION_FAILED", "a change begins today or later", field="from_date")
    check(state.is_valid_on(from_date), "INVALID_STATE", "the schedule does not hold on that day", field="from_date")
    return state.last_day


def _ahead(state: State, from_date: date, context: Context) -> list[SlotTimes]:
    """Slots of a date on that have not begun, by start."""
    since = max(datetime.combine(from_date, time.min, context.tz).astimezone(UTC), context.occurred_at)
    return [state.slots[id] for id in state.slot_ids_between(since, None) if state.slots[id].start_at >= since]


def _free_from(state: State, context: Context) -> datetime:
    """Now, or when the slot that has begun is over: until then the time is taken."""
    now = context.occurred_at
    begun = [slot.end_at for id, slot in state.slots.items() if id not in state.closed and slot.start_at < now]
    return max([now, *begun])


def _check_unbooked(context: Context, slot_ids: Iterable[str], from_date: date) -> None:
    booked = bookings.in_slots(context, slot_ids)
    check(
        not booked,
        "SCHEDULE_HAS_BOOKINGS",
        f"{counted(len(booked), 'appointment stands', 'appointments stand')} on or after {from_date}"
        " in slots that would go",
        appointment_ids=[appointment.appointment_id for appointment in booked],
    )


def _retired(slots: Iterable[SlotTimes], reason: RetireReason, context: Context) -> Iterator[SlotsRetired]:
    """One event per business date."""
    for on, of_day in groupby(slots, key=lambda slot: business_date(slot.start_at, context.tz)):
        yield SlotsRetired(business_date=on, slot_ids=tuple(slot.slot_id for slot in of_day), reason=reason)


def _taking_shape(
    state: State, cut: Cut, old: dict[tuple[datetime, datetime], SlotTimes], context: Context
) -> SlotTimes | None:
    """A new slot, or the one that stands at that time with the new figures; None when nothing changes there."""
    slot = old.get((cut.start_at, cut.end_at))
    if slot is None or state.closed.get(slot.slot_id) == "retired":
        return cut.slot(context.new_id("slot"))
    if slot.slot_id in state.overridden or (slot.capacity, slot.mode) == (cut.capacity, cut.mode):
        return None
    taken = context.guards("slot_token", f"{slot.slot_id}#")
    check(
        len(taken) <= cut.capacity,
        "CAPACITY_BELOW_BOOKED",
        f"{len(taken)} tokens of a slot that stays are taken",
        slot_id=slot.slot_id,
        taken=len(taken),
        capacity=cut.capacity,
    )
    return cut.slot(slot.slot_id)
