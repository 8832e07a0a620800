"""Blocks: time in which nobody is booked, and what becomes of those who are."""

from __future__ import annotations

from collections.abc import Iterable

from event_store.aggregates.schedule.commands import BlockSchedule, UnblockSchedule
from event_store.aggregates.schedule.events import ScheduleBlocked, ScheduleUnblocked
from event_store.aggregates.schedule.state import State
from mymedic import bookings
from mymedic.counts import counted
from mymedic.deciding import Context, check
from mymedic.errors import Refused
from mymedic.messages import Event


def block_schedule(state: State, command: BlockSchedule, context: Context) -> Iterable[Event]:
    check(command.start < command.end, "VALIDATION_FAILED", "a block ends after it starts", field="end")
    touched = state.slot_ids_between(command.start, command.end)
    # a slot that was taken out of the week may still hold those who wait to be moved
    affected = [appointment.appointment_id for appointment in bookings.in_slots(context, touched)]
    check(
        command.on_conflict != "reject" or not affected,
        "SCHEDULE_HAS_BOOKINGS",
        f"{counted(len(affected), 'appointment stands', 'appointments stand')} in the blocked time",
        appointment_ids=affected,
    )
    yield ScheduleBlocked(
        block_id=context.new_id("blk"),
        start_at=command.start,
        end_at=command.end,
        reason=command.reason,
        on_conflict=command.on_conflict,
        affected_slot_ids=tuple(id for id in touched if id not in state.closed),
        affected_appointment_ids=tuple(affected),
    )


def unblock_schedule(state: State, command: UnblockSchedule, context: Context) -> Iterable[Event]:
    check(command.block_id not in state.unblocked, "INVALID_STATE", "the block is lifted already")
    block = state.blocks.get(command.block_id)
    if block is None:
        raise Refused("NOT_FOUND", "no such block", id=command.block_id)
    check(block.end_at > context.occurred_at, "INVALID_STATE", "the block is over", end_at=block.end_at)
    yield ScheduleUnblocked(block_id=command.block_id)
