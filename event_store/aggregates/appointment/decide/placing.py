"""Finding a seat: the slot, its schedule, and the token that is free in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from mymedic.clock import business_date
from mymedic.deciding import Context, check
from mymedic.errors import Refused

WALK_IN_GRACE = timedelta(minutes=15)


class Seat(NamedTuple):
    slot_id: str
    token_no: int
    schedule_id: str
    practitioner_id: str
    branch_id: str
    city_id: str | None
    department_id: str | None
    specialty_id: str
    start_at: datetime
    end_at: datetime


def mode_of(visit_type: str) -> str:
    return "tele" if visit_type == "tele" else "in_person"


def find_seat(context: Context, slot_id: str, service_id: str, mode: str, began_at_most: timedelta) -> Seat:
    """The lowest free token of an open slot; `began_at_most` ago is how long the slot may have begun already."""
    schedule_id = context.holder("slot", slot_id)
    schedule = context.state("schedule", schedule_id) if schedule_id else None
    slot = schedule.slot(slot_id) if schedule is not None else None
    if schedule_id is None or schedule is None or slot is None:
        raise Refused("SLOT_NOT_FOUND", "there is no such slot", slot_id=slot_id)
    check(slot.state != "blocked", "SLOT_BLOCKED", "the slot is blocked", slot_id=slot_id)
    check(slot.state == "open", "SLOT_UNAVAILABLE", f"the slot is {slot.state}", slot_id=slot_id)
    _check_still_ahead(context, slot.start_at, began_at_most, slot_id)
    check(
        service_id in schedule.service_ids and slot.mode in (mode, "both"),
        "SLOT_UNAVAILABLE",
        "the slot is not offered for this service in this mode",
        slot_id=slot_id,
        service_id=service_id,
        mode=mode,
    )
    on = business_date(slot.start_at, context.tz)
    practitioner = context.require("practitioner", schedule.practitioner_id)
    check(practitioner.active_on(on), "PRACTITIONER_INACTIVE", "the practitioner no longer sees patients")
    check(
        mode != "tele" or practitioner.is_tele_available(slot.start_at, slot.end_at),
        "SLOT_UNAVAILABLE",
        "the practitioner gives no video visits at that time",
        slot_id=slot_id,
        mode=mode,
    )
    branch = context.require("branch", schedule.branch_id)
    check(branch.is_open_on(on), "BRANCH_CLOSED", "the branch is closed on that day")
    return Seat(
        slot_id=slot_id,
        token_no=_free_token(context, slot),
        schedule_id=schedule_id,
        practitioner_id=schedule.practitioner_id,
        branch_id=schedule.branch_id,
        city_id=branch.city_on(context.today()),
        department_id=practitioner.department_on(schedule.branch_id, on),
        specialty_id=practitioner.specialty_on(on),
        start_at=slot.start_at,
        end_at=slot.end_at,
    )


def _check_still_ahead(context: Context, start_at: datetime, began_at_most: timedelta, slot_id: str) -> None:
    ago = context.occurred_at - start_at
    ahead = ago <= began_at_most if began_at_most else ago < timedelta()
    check(ahead, "SLOT_IN_PAST", "the slot has begun", slot_id=slot_id, start_at=start_at.isoformat())


def _free_token(context: Context, slot: Any) -> int:
    """Tokens are given back, so the lowest free number is taken, never the count plus one (INV-A1)."""
    taken = {int(value.rpartition("#")[2]) for value in context.guards("slot_token", f"{slot.slot_id}#")}
    # counted too: a capacity that was lowered can leave a high number taken above it
    check(len(taken) < slot.capacity, "SLOT_UNAVAILABLE", "every token of the slot is taken", slot_id=slot.slot_id)
    return next(token_no for token_no in range(1, slot.capacity + 1) if token_no not in taken)
