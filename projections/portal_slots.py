"""P1: every slot that was ever offered, with what of it a patient may still book."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar, Literal

import msgspec

from event_store.aggregates.appointment import events as a
from event_store.aggregates.branch.events import BranchClosed
from event_store.aggregates.practitioner.events import (
    PractitionerRegistered,
    PractitionerUpdated,
    TeleAvailabilityChanged,
)
from event_store.aggregates.schedule.events import BlockReason, SlotTimes
from event_store.aggregates.schedule.events import Mode as SlotMode
from event_store.recorded import Recorded
from projections.places import city_of, moved_with_branch
from projections.projection import Projection, folds
from projections.row import Row
from projections.seats import SLOT_EVENTS, seat_of, slots_touched
from projections.view import View


class PortalSlots(Row, frozen=True, kw_only=True):
    """One row per slot. What it costs stands in the terms of its schedule; whether it is past is for the reader's now.

    `retired`: no longer offered, because the slot, its practitioner or its branch has gone.
    """

    table: ClassVar = "proj_portal_slots"
    key: ClassVar = ("slot_id",)
    lookups: ClassVar = ("schedule_id", "practitioner_id", "branch_id", "block_id")
    indexes: ClassVar = (
        ("branch_id", "business_date"),
        ("practitioner_id", "business_date"),
        ("city_id", "business_date"),
        ("specialty_id", "business_date"),
    )

    slot_id: str
    schedule_id: str
    branch_id: str
    city_id: str | None
    practitioner_id: str
    specialty_id: str | None
    department_id: str | None
    service_ids: tuple[str, ...]
    business_date: date
    start_at: datetime
    end_at: datetime
    mode: SlotMode
    capacity: int
    tokens_active: int
    tokens_free: int
    state: Literal["open", "full", "blocked", "retired"]
    tele_available: bool
    block_id: str | None
    block_reason: BlockReason | None


class SlotToken(Row, frozen=True, kw_only=True):
    """The slot in which an appointment uses up a token."""

    table: ClassVar = "proj_portal_slots_token"
    key: ClassVar = ("appointment_id",)

    appointment_id: str
    slot_id: str


def _described(view: View, schedule: Any, schedule_id: str, slot_id: str, tokens_active: int) -> PortalSlots:
    times: SlotTimes = schedule.slots[slot_id]
    on = view.day(times.start_at)
    branch_id, practitioner_id = schedule.branch_id, schedule.practitioner_id
    practitioner = view.state("practitioner", practitioner_id)
    branch = view.state("branch", branch_id)
    block = schedule.block_over(times)
    free = max(0, times.capacity - tokens_active)
    if slot_id in schedule.closed or not (practitioner.active_on(on) and branch.is_open_on(on)):
        state: Literal["open", "full", "blocked", "retired"] = "retired"
    elif block is not None:
        state = "blocked"
    else:
        state = "open" if free else "full"
    return PortalSlots(
        tenant_id=view.tenant_id,
        slot_id=slot_id,
        schedule_id=schedule_id,
        branch_id=branch_id,
        city_id=city_of(view, branch_id, on),
        practitioner_id=practitioner_id,
        specialty_id=practitioner.specialty_on(on),
        department_id=practitioner.department_on(branch_id, on),
        service_ids=schedule.service_ids,
        business_date=on,
        start_at=times.start_at,
        end_at=times.end_at,
        mode=times.mode,
        capacity=times.capacity,
        tokens_active=tokens_active,
        tokens_free=free,
        state=state,
        tele_available=times.mode != "in_person" and practitioner.is_tele_available(times.start_at, times.end_at),
        block_id=block.block_id if block else None,
        block_reason=block.reason if block else None,
    )


def _on_schedule(event: Recorded, happened: Any, view: View) -> None:
    schedule_id = event.stream_id.removeprefix("schedule-")
    schedule = view.state("schedule", schedule_id)
    for slot_id in slots_touched(view, PortalSlots, schedule, happened):
        before = view.get(PortalSlots, slot_id)
        view.put(_described(view, schedule, schedule_id, slot_id, before.tokens_active if before else 0))


def _on_appointment(event: Recorded, happened: Any, view: View) -> None:
    appointment_id = event.stream_id.removeprefix("appointment-")
    state = view.state("appointment", appointment_id)
    seat = view.get(SlotToken, appointment_id)
    before = seat.slot_id if seat else None
    taken = seat_of(state)
    after = taken.slot_id if taken else None
    if before == after:
        return
    if before is not None:
        _count(view, before, -1)
    if after is None:
        view.delete(SlotToken, appointment_id)
    else:
        _count(view, after, 1)
        view.put(SlotToken(tenant_id=event.tenant_id, appointment_id=appointment_id, slot_id=after))


def _count(view: View, slot_id: str, change: int) -> None:
    row = view.get(PortalSlots, slot_id)
    if row is None:
        return  # its schedule waits among the parked streams
    active = row.tokens_active + change
    free = max(0, row.capacity - active)
    state = row.state if row.state in ("blocked", "retired") else "open" if free else "full"
    view.put(msgspec.structs.replace(row, tokens_active=active, tokens_free=free, state=state))


def _on_practitioner(event: Recorded, happened: Any, view: View) -> None:
    practitioner_id = event.stream_id.removeprefix("practitioner-")
    for row in view.where(PortalSlots, "practitioner_id", practitioner_id):
        if isinstance(happened, PractitionerUpdated) and row.business_date < happened.effective_on:
            continue
        _describe_again(view, row)


def _on_branch_closed(event: Recorded, happened: Any, view: View) -> None:
    for row in view.where(PortalSlots, "branch_id", event.stream_id.removeprefix("branch-")):
        if row.business_date >= happened.closed_on:
            _describe_again(view, row)


def _describe_again(view: View, row: PortalSlots) -> None:
    schedule = view.state("schedule", row.schedule_id)
    view.put(_described(view, schedule, row.schedule_id, row.slot_id, row.tokens_active))


PROJECTION = Projection(
    name="portal_slots",
    version=1,
    rows=(PortalSlots, SlotToken),
    looks_at=frozenset({"tenant", "branch", "practitioner", "schedule", "appointment"}),
    folds=folds(_on_schedule, *SLOT_EVENTS)
    | folds(_on_appointment, *a.EVENTS)
    | folds(_on_practitioner, PractitionerRegistered, PractitionerUpdated, TeleAvailabilityChanged)
    | moved_with_branch(PortalSlots, lambda row: row.business_date)
    | folds(_on_branch_closed, BranchClosed),
)
