"""A single slot that is unlike its week: added, resized, closed, or moved to another mode."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from event_store.aggregates.schedule.commands import OverrideSlot
from event_store.aggregates.schedule.events import SlotOverridden
from event_store.aggregates.schedule.state import BUCKET, SlotInfo, State
from mymedic.clock import EPOCH, business_date
from mymedic.deciding import Context, check
from mymedic.errors import Refused
from mymedic.messages import Event

LONGEST_EXTRA = timedelta(minutes=120)  # as the longest slot of a week


def override_slot(state: State, command: OverrideSlot, context: Context) -> Iterable[Event]:
    if command.action == "add_extra":
        yield _extra_slot(state, command, context)
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


def _extra_slot(state: State, command: OverrideSlot, context: Context) -> SlotOverridden:
    start, end = command.start, command.end
    if command.slot_id is not None or start is None or end is None:
        raise Refused("VALIDATION_FAILED", "an extra slot has a start and an end, and no id yet", field="slot_id")
    check(
        timedelta(0) < end - start <= LONGEST_EXTRA and not (start - EPOCH) % BUCKET and not (end - EPOCH) % BUCKET,
        "VALIDATION_FAILED",
        "an extra slot takes 5 to 120 minutes and begins and ends on a multiple of 5",
        field="end",
    )
    check(end > context.occurred_at, "VALIDATION_FAILED", "that time is over", field="end")
    on = business_date(start, context.tz)
    check(
        state.is_valid_on(on),
        "VALIDATION_FAILED",
        "the schedule does not hold on that day",
        field="start",
        on=on.isoformat(),
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
