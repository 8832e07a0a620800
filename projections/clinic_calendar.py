"""P3: the day of a branch, appointment by appointment, with what the desk should know about each."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Literal

from event_store.aggregates.practitioner.events import TeleAvailabilityChanged
from event_store.recorded import Recorded
from mymedic.messages import Event
from projections.places import city_of, moved_with_branch
from projections.projection import Projection, folds
from projections.row import Row, key_of
from projections.seats import SLOT_EVENTS, slots_touched
from projections.view import View
from projections.visits import VISITED, Visit, due_paise, followed, paid_paise, status_of, visit_of

Flag = Literal["late", "first_visit", "prior_noshow", "needs_reschedule"]
MANY_NOSHOWS = 2
# Nobody has come yet: whose slot has gone is to be moved.
TO_COME = frozenset({"pending", "booked"})


class ClinicCalendar(Row, frozen=True, kw_only=True):
    """One row per appointment that has, or had, a seat: not those whose hold ran out or that were entered in error.

    Flags: `late` came a minute or more after the start; `first_visit` no visit of the patient had taken place when it
    was booked; `prior_noshow` two or more no-shows in the year before; `needs_reschedule` the slot is blocked, retired
    or without video now, and nobody has come yet.
    """

    table: ClassVar = "proj_clinic_calendar"
    key: ClassVar = ("branch_id", "business_date", "practitioner_id", "start_at", "appointment_id")
    lookups: ClassVar = ("appointment_id", "slot_id", "practitioner_id", "branch_id")
    indexes: ClassVar = (("practitioner_id", "business_date"), ("city_id", "business_date"), ("patient_id",))

    branch_id: str
    business_date: date
    practitioner_id: str
    start_at: datetime
    appointment_id: str
    end_at: datetime
    city_id: str | None
    slot_id: str
    token_no: int
    status: str
    patient_id: str
    encounter_id: str | None
    service_id: str
    specialty_id: str
    department_id: str | None
    visit_type: str
    mode: str
    booking_channel: str
    arrived_at: datetime | None
    wait_seconds: int | None
    price_quoted_paise: int
    paid_paise: int
    due_paise: int
    flags: tuple[Flag, ...]


class CalendarVisit(Visit, frozen=True, kw_only=True):
    table: ClassVar = "proj_clinic_calendar_visit"
    key: ClassVar = ("appointment_id",)


class ShutSlot(Row, frozen=True, kw_only=True):
    """A slot that is blocked, closed or retired now."""

    table: ClassVar = "proj_clinic_calendar_shut"
    key: ClassVar = ("slot_id",)
    lookups: ClassVar = ("block_id",)

    slot_id: str
    block_id: str | None


def _show(happened: Event | None, view: View, visit: Visit) -> None:
    state = view.state("appointment", visit.appointment_id)
    row = None
    if state.slot_id and not state.is_imported and not state.is_hold_expired and state.status != "entered-in-error":
        row = _row(view, visit, state)
    for old in view.where(ClinicCalendar, "appointment_id", visit.appointment_id):
        if row is None or key_of(old) != key_of(row):
            view.delete(ClinicCalendar, *key_of(old))
    if row is not None:
        view.put(row)


def _row(view: View, visit: Visit, state: Any) -> ClinicCalendar:
    on = view.day(state.start_at)
    return ClinicCalendar(
        tenant_id=view.tenant_id,
        branch_id=state.branch_id,
        business_date=on,
        practitioner_id=state.practitioner_id,
        start_at=state.start_at,
        appointment_id=visit.appointment_id,
        end_at=state.end_at,
        city_id=city_of(view, state.branch_id, on),
        slot_id=state.slot_id,
        token_no=state.token_no,
        status=status_of(view, visit),
        patient_id=state.patient_id,
        encounter_id=visit.encounter_id,
        service_id=state.service_id,
        specialty_id=state.specialty_id,
        department_id=state.department_id,
        visit_type=state.visit_type,
        mode=state.mode,
        booking_channel=state.booking_channel,
        arrived_at=state.arrived_at,
        wait_seconds=visit.wait_seconds,
        price_quoted_paise=state.price_quoted_paise,
        paid_paise=paid_paise(view, visit),
        due_paise=due_paise(view, visit),
        flags=_flags(view, visit, state),
    )


def _flags(view: View, visit: Visit, state: Any) -> tuple[Flag, ...]:
    flags: list[Flag] = []
    if state.arrived_at is not None and state.arrived_at - state.start_at >= timedelta(minutes=1):
        flags.append("late")
    if visit.is_new_patient:
        flags.append("first_visit")
    if (visit.prior_noshow_count or 0) >= MANY_NOSHOWS:
        flags.append("prior_noshow")
    if status_of(view, visit) in TO_COME and _has_lost_its_slot(view, state):
        flags.append("needs_reschedule")
    return tuple(flags)


def _has_lost_its_slot(view: View, state: Any) -> bool:
    if view.get(ShutSlot, state.slot_id) is not None:
        return True
    practitioner = view.state("practitioner", state.practitioner_id)
    return state.mode == "tele" and not practitioner.is_tele_available(state.start_at, state.end_at)


def _on_slots(event: Recorded, happened: Any, view: View) -> None:
    schedule = view.state("schedule", event.stream_id.removeprefix("schedule-"))
    for slot_id in slots_touched(view, ShutSlot, schedule, happened):
        block = schedule.block_over(schedule.slots[slot_id])
        if slot_id in schedule.closed or block is not None:
            block_id = block.block_id if block else None
            view.put(ShutSlot(tenant_id=view.tenant_id, slot_id=slot_id, block_id=block_id))
        else:
            view.delete(ShutSlot, slot_id)
        for row in view.where(ClinicCalendar, "slot_id", slot_id):
            _show(None, view, visit_of(view, CalendarVisit, row.appointment_id))


def _on_tele(event: Recorded, happened: TeleAvailabilityChanged, view: View) -> None:
    for row in view.where(ClinicCalendar, "practitioner_id", event.stream_id.removeprefix("practitioner-")):
        if row.mode == "tele" and row.end_at > happened.from_at:
            _show(None, view, visit_of(view, CalendarVisit, row.appointment_id))


PROJECTION = Projection(
    name="clinic_calendar",
    version=1,
    rows=(ClinicCalendar, CalendarVisit, ShutSlot),
    looks_at=frozenset({"tenant", "branch", "practitioner", "schedule", *VISITED}),
    folds=followed(CalendarVisit, _show)
    | folds(_on_slots, *SLOT_EVENTS)
    | folds(_on_tele, TeleAvailabilityChanged)
    | moved_with_branch(ClinicCalendar, lambda row: row.business_date),
)
