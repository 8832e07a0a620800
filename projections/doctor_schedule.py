"""P2: a doctor's days, token by token: what the phone keeps, and by what it notices that something has changed."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import Any, ClassVar, Literal

import msgspec

from event_store.aggregates.appointment import events as a
from event_store.aggregates.schedule.events import Mode as SlotMode
from event_store.recorded import Recorded
from mymedic.messages import Event
from projections.places import city_of, moved_with_branch
from projections.projection import Projection, folds
from projections.row import Row, key_of, writer_of
from projections.seats import SEATED, SLOT_EVENTS, slots_touched
from projections.view import View
from projections.visits import VISITED, Visit, due_paise, followed, status_of

_TAKING = (a.AppointmentHeld, a.AppointmentBooked, a.AppointmentRescheduled, a.NoShowReversed)
_SHOWN = SEATED | {"noshow"}
_ETAG_CHARS = 24


class DoctorSchedule(Row, frozen=True, kw_only=True):
    """One row per token that a slot has or had: free, blocked, or with the appointment in it.

    A no-show stays until somebody else takes its token. A row never goes: `deleted` says that the token is no longer
    offered and empty, so whoever asks for changes since a seq hears of it. `status` is the appointment's, or `free`,
    `blocked`, `retired`.
    """

    table: ClassVar = "proj_doctor_schedule"
    key: ClassVar = ("practitioner_id", "business_date", "start_at", "slot_id", "token_no")
    lookups: ClassVar = ("appointment_id", "slot_id", "block_id", "branch_id")
    indexes: ClassVar = (("practitioner_id", "last_seq"), ("branch_id", "business_date"))

    practitioner_id: str
    business_date: date
    start_at: datetime
    slot_id: str
    token_no: int
    end_at: datetime
    schedule_id: str
    branch_id: str
    city_id: str | None
    mode: SlotMode
    status: str
    appointment_id: str | None
    patient_id: str | None
    service_id: str | None
    visit_type: str | None
    followup_id: str | None
    is_new_patient: bool | None
    balance_due_paise: int | None
    block_id: str | None
    deleted: bool


class PhoneVisit(Visit, frozen=True, kw_only=True):
    table: ClassVar = "proj_doctor_schedule_visit"
    key: ClassVar = ("appointment_id",)


def etag_of(row: DoctorSchedule) -> str:
    """Hash of everything that the row says; two rows that say the same have the same one, whenever they came to it."""
    said = writer_of(DoctorSchedule)(msgspec.structs.replace(row, last_seq=0))
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:_ETAG_CHARS]


def _on_slots(event: Recorded, happened: Any, view: View) -> None:
    schedule_id = event.stream_id.removeprefix("schedule-")
    schedule = view.state("schedule", schedule_id)
    for slot_id in slots_touched(view, DoctorSchedule, schedule, happened):
        there = {row.token_no: row.appointment_id for row in view.where(DoctorSchedule, "slot_id", slot_id)}
        for token_no in sorted(there | dict.fromkeys(range(1, schedule.slots[slot_id].capacity + 1))):
            _put(view, schedule_id, slot_id, token_no, there.get(token_no))


def _show(happened: Event | None, view: View, visit: Visit) -> None:
    state = view.state("appointment", visit.appointment_id)
    rows = view.where(DoctorSchedule, "appointment_id", visit.appointment_id)
    if isinstance(happened, _TAKING):
        key = (state.practitioner_id, view.day(state.start_at), state.start_at, state.slot_id, state.token_no)
        taken = view.get(DoctorSchedule, *key)
        for row in rows:
            if key_of(row) != key:
                _put(view, row.schedule_id, row.slot_id, row.token_no, None)
        rows = [taken] if taken is not None else []
    for row in rows:
        occupant = visit.appointment_id if state.status in _SHOWN else None
        _put(view, row.schedule_id, row.slot_id, row.token_no, occupant)


def _put(view: View, schedule_id: str, slot_id: str, token_no: int, appointment_id: str | None) -> None:
    schedule = view.state("schedule", schedule_id)
    times = schedule.slots[slot_id]
    block = schedule.block_over(times)
    on = view.day(times.start_at)
    is_gone = appointment_id is None and (slot_id in schedule.closed or token_no > times.capacity)
    status: Literal["free", "blocked", "retired"] = "retired" if is_gone else "blocked" if block else "free"
    view.put(
        DoctorSchedule(
            tenant_id=view.tenant_id,
            practitioner_id=schedule.practitioner_id,
            business_date=on,
            start_at=times.start_at,
            slot_id=slot_id,
            token_no=token_no,
            end_at=times.end_at,
            schedule_id=schedule_id,
            branch_id=schedule.branch_id,
            city_id=city_of(view, schedule.branch_id, on),
            block_id=block.block_id if block else None,
            deleted=is_gone,
            **(_occupied(view, appointment_id) if appointment_id else _empty(times.mode, status)),
        )
    )


def _empty(mode: SlotMode, status: str) -> dict[str, Any]:
    return {
        "mode": mode,
        "status": status,
        "appointment_id": None,
        "patient_id": None,
        "service_id": None,
        "visit_type": None,
        "followup_id": None,
        "is_new_patient": None,
        "balance_due_paise": None,
    }


def _occupied(view: View, appointment_id: str) -> dict[str, Any]:
    state = view.state("appointment", appointment_id)
    visit = view.get(PhoneVisit, appointment_id)
    assert visit is not None
    return {
        "mode": state.mode,
        "status": status_of(view, visit),
        "appointment_id": appointment_id,
        "patient_id": state.patient_id,
        "service_id": state.service_id,
        "visit_type": state.visit_type,
        "followup_id": state.followup_id,
        "is_new_patient": visit.is_new_patient,
        "balance_due_paise": due_paise(view, visit),
    }


PROJECTION = Projection(
    name="doctor_schedule",
    version=1,
    rows=(DoctorSchedule, PhoneVisit),
    looks_at=frozenset({"tenant", "branch", "schedule", *VISITED}),
    folds=followed(PhoneVisit, _show)
    | folds(_on_slots, *SLOT_EVENTS)
    | moved_with_branch(DoctorSchedule, lambda row: row.business_date),
)
