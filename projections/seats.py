"""Slots and the tokens in them: which an event of a schedule touches, and which an appointment has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from event_store.aggregates.schedule import events as e
from mymedic.messages import Event
from projections.row import Row
from projections.view import View

SLOT_EVENTS: tuple[type[Event], ...] = (
    e.SlotsGenerated,
    e.SlotsRetired,
    e.ScheduleBlocked,
    e.ScheduleUnblocked,
    e.SlotOverridden,
)
# Who has one of these has used up a token of the slot (INV-A1).
SEATED = frozenset({"pending", "booked", "checked-in", "fulfilled"})


class Seat(NamedTuple):
    slot_id: str
    token_no: int


def seat_of(appointment: Any) -> Seat | None:
    """The token that an appointment uses up; none once it is cancelled, a no-show, in error or another system's."""
    if appointment.status not in SEATED or appointment.is_imported:
        return None
    return Seat(appointment.slot_id, appointment.token_no)


def slots_touched(view: View, row_class: type[Row], schedule: Any, happened: Any) -> Iterable[str]:
    """The slots that an event of a schedule is about; rows of `row_class` know slots by the `block_id` over them."""
    match happened:
        case e.SlotsGenerated():
            return [slot.slot_id for slot in happened.slots]
        case e.SlotsRetired():
            return happened.slot_ids
        case e.ScheduleBlocked():
            found: list[str] = schedule.slot_ids_between(happened.start_at, happened.end_at)
            return found
        case e.ScheduleUnblocked():
            rows: Any = view.where(row_class, "block_id", happened.block_id)
            return list(dict.fromkeys(row.slot_id for row in rows))
        case _:
            return [happened.slot_id]
