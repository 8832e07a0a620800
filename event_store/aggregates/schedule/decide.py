"""The rules of a schedule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from event_store.aggregates.schedule.commands import BlockSchedule, OverrideSlot, PublishSchedule, UnblockSchedule
from event_store.aggregates.schedule.events import (
    ScheduleBlocked,
    SchedulePublished,
    ScheduleUnblocked,
    SlotOverridden,
    SlotsGenerated,
    SlotTimes,
    WeeklyHours,
)
from event_store.aggregates.schedule.state import BUCKET, SlotInfo, State
from mymedic import bookings
from mymedic.clock import EPOCH
from mymedic.deciding import Context, Decision, check
from mymedic.errors import Refused
from mymedic.messages import Command, Event

LONGEST = timedelta(days=366)
LONGEST_EXTRA = timedelta(minutes=120)  # as the longest slot of a week


def publish_schedule(state: State, command: PublishSchedule, context: Context) -> Iterable[Event]:
    span = command.valid_to - command.valid_from
    check(
        timedelta(0) <= span < LONGEST,
        "VALIDATION_FAILED",
        "a schedule is valid for 1 to 366 days",
        field="valid_to",
    )
    tenant = context.require("tenant", context.tenant_id)
    for service_id in command.service_ids:
        check(tenant.service(service_id), "NOT_FOUND", "no such service", id=service_id)
    practitioner = context.require("practitioner", command.practitioner_id)
    check(
        practitioner.active_on(command.valid_from) and practitioner.works_at(command.branch_id, command.valid_from),
        "PRACTITIONER_INACTIVE",
        "the practitioner does not work at the branch when the schedule begins",
        practitioner_id=command.practitioner_id,
    )
    branch = context.require("branch", command.branch_id)
    check(
        branch.is_open_on(command.valid_from) and branch.is_open_on(command.valid_to),
        "BRANCH_CLOSED",
        "the branch is not in business on all days of the schedule",
        branch_id=command.branch_id,
    )
    _check_weekly(command.weekly, branch.hours_on(command.valid_from))
    yield SchedulePublished(
        practitioner_id=command.practitioner_id,
        branch_id=command.branch_id,
        service_ids=command.service_ids,
        valid_from=command.valid_from,
        valid_to=command.valid_to,
        weekly=command.weekly,
    )
    generated = list(_generate(command, context))
    check(generated, "VALIDATION_FAILED", "no day of the schedule has a slot", field="weekly")
    yield from generated


def _check_weekly(weekly: Sequence[WeeklyHours], open_hours: Sequence[Any]) -> None:
    sessions = sorted((hours.dow, hours.start, hours.end) for hours in weekly)
    for dow, start, end in sessions:
        check(start < end, "VALIDATION_FAILED", "a session ends after it starts", field="weekly", dow=dow)
        check(
            any(span.dow == dow and span.start <= start and end <= span.end for span in open_hours),
            "BRANCH_CLOSED",
            f"the branch is not open from {start} to {end} on weekday {dow}",
            dow=dow,
        )
    for one, two in pairwise(sessions):
        check(
            one[0] != two[0] or one[2] <= two[1],
            "SLOT_OVERLAP",
            f"two sessions of weekday {two[0]} overlap",
            dow=two[0],
        )


def _generate(command: PublishSchedule, context: Context) -> Iterable[SlotsGenerated]:
    """One event per business date that has slots; overlaps with other schedules are found by the guards."""
    by_weekday: dict[int, list[tuple[timedelta, timedelta, WeeklyHours]]] = {}
    for hours in sorted(command.weekly, key=lambda hours: hours.start):
        slots = by_weekday.setdefault(hours.dow, [])
        length = timedelta(minutes=hours.slot_minutes)
        start, end = _since_midnight(hours.start), _since_midnight(hours.end)
        while start + length <= end:
            slots.append((start, start + length, hours))
            start += length
    day = command.valid_from
    while day <= command.valid_to:
        midnight = datetime.combine(day, time.min, context.tz).astimezone(UTC)
        slots = by_weekday.get(day.isoweekday(), [])
        if slots:
            yield SlotsGenerated(
                business_date=day,
                slots=tuple(
                    SlotTimes(
                        slot_id=context.new_id("slot"),
                        start_at=midnight + start,
                        end_at=midnight + end,
                        capacity=hours.capacity,
                        mode=hours.mode,
                    )
                    for start, end, hours in slots
                ),
            )
        day += timedelta(days=1)


def _since_midnight(text: str) -> timedelta:
    return timedelta(hours=int(text[:2]), minutes=int(text[3:]))


def block_schedule(state: State, command: BlockSchedule, context: Context) -> Iterable[Event]:
    check(command.start < command.end, "VALIDATION_FAILED", "a block ends after it starts", field="end")
    slot_ids = [id for id in state.slot_ids_between(command.start, command.end) if id not in state.closed]
    affected = [appointment.appointment_id for appointment in bookings.in_slots(context, slot_ids)]
    check(
        command.on_conflict != "reject" or not affected,
        "SCHEDULE_HAS_BOOKINGS",
        f"{len(affected)} appointments stand in the blocked time",
        appointment_ids=affected,
    )
    yield ScheduleBlocked(
        block_id=context.new_id("blk"),
        start_at=command.start,
        end_at=command.end,
        reason=command.reason,
        on_conflict=command.on_conflict,
        affected_slot_ids=tuple(slot_ids),
        affected_appointment_ids=tuple(affected),
    )


def unblock_schedule(state: State, command: UnblockSchedule, context: Context) -> Iterable[Event]:
    check(command.block_id not in state.unblocked, "INVALID_STATE", "the block is lifted already")
    block = state.blocks.get(command.block_id)
    if block is None:
        raise Refused("NOT_FOUND", "no such block", id=command.block_id)
    check(block.end_at > context.occurred_at, "INVALID_STATE", "the block is over", end_at=block.end_at)
    yield ScheduleUnblocked(block_id=command.block_id)


def override_slot(state: State, command: OverrideSlot, context: Context) -> Iterable[Event]:
    if command.action == "add_extra":
        yield _extra_slot(command, context)
        return
    slot = state.slot(command.slot_id) if command.slot_id else None
    if slot is None:
        raise Refused("SLOT_NOT_FOUND", "no such slot in the schedule", id=command.slot_id)
    check(slot.state not in ("closed", "retired"), "INVALID_STATE", f"the slot is {slot.state}", id=slot.slot_id)
    if command.action in ("raise_capacity", "lower_capacity"):
        _check_capacity(slot, command, context)
    elif command.action == "close":
        _check_allocated(slot, 0, context)
    else:
        check(
            command.mode not in (None, slot.mode),
            "VALIDATION_FAILED",
            "name a mode that the slot has not",
            field="mode",
        )
    yield SlotOverridden(
        slot_id=slot.slot_id,
        action=command.action,
        capacity=command.capacity if command.action.endswith("_capacity") else None,
        mode=command.mode if command.action == "change_mode" else None,
        reason=command.reason,
    )


def _extra_slot(command: OverrideSlot, context: Context) -> SlotOverridden:
    start, end = command.start, command.end
    if command.slot_id is not None or start is None or end is None:
        raise Refused("VALIDATION_FAILED", "an extra slot has a start and an end, and no id yet", field="slot_id")
    check(
        timedelta(0) < end - start <= LONGEST_EXTRA and not (start - EPOCH) % BUCKET and not (end - EPOCH) % BUCKET,
        "VALIDATION_FAILED",
        "an extra slot takes 5 to 120 minutes and begins and ends on a multiple of 5",
        field="end",
    )
    return SlotOverridden(
        slot_id=context.new_id("slot"),
        action="add_extra",
        start_at=start,
        end_at=end,
        capacity=command.capacity or 1,
        mode=command.mode or "in_person",
        reason=command.reason,
    )


def _check_capacity(slot: SlotInfo, command: OverrideSlot, context: Context) -> None:
    if command.capacity is None:
        raise Refused("VALIDATION_FAILED", "a capacity is needed", field="capacity")
    rises = command.action == "raise_capacity"
    check(
        command.capacity > slot.capacity if rises else command.capacity < slot.capacity,
        "VALIDATION_FAILED",
        f"{command.capacity} does not {'raise' if rises else 'lower'} a capacity of {slot.capacity}",
        field="capacity",
    )
    _check_allocated(slot, command.capacity, context)


def _check_allocated(slot: SlotInfo, capacity: int, context: Context) -> None:
    taken = context.guards("slot_token", f"{slot.slot_id}#")
    check(
        len(taken) <= capacity,
        "CAPACITY_BELOW_BOOKED",
        f"{len(taken)} tokens of the slot are taken",
        taken=len(taken),
        capacity=capacity,
    )


DECISIONS: dict[type[Command], Decision] = {
    PublishSchedule: Decision(publish_schedule, target="schedule_id", creates=True),
    BlockSchedule: Decision(block_schedule, target="schedule_id"),
    UnblockSchedule: Decision(unblock_schedule, target="schedule_id"),
    OverrideSlot: Decision(override_slot, target="schedule_id"),
}
