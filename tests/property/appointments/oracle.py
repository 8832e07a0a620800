"""B1 and B4 by the definition, naively: every rule is a loop over plain records, quadratic where the rule is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from event_store.recorded import Recorded

Moment = tuple[datetime, int]
REBOOKING_WINDOW = timedelta(days=14)


@dataclass
class Visit:
    """An appointment as the log leaves it."""

    appointment_id: str
    patient: str
    specialty: str
    slot_id: str
    branch_id: str
    start_at: datetime
    price: int
    booked: Moment | None = None
    status: str = "pending"
    ended: Moment | None = None
    initiator: str = "-"
    reason: str = "-"
    checked_in: bool = False
    has_token: bool = True
    was_full: bool = False
    reschedules: int = 0


class Pair(NamedTuple):
    role: str
    vacancy: str
    refill: str
    value: int


@dataclass
class Books:
    visits: dict[str, Visit] = field(default_factory=dict)
    capacity: dict[str, int] = field(default_factory=dict)

    def active(self, slot_id: str) -> int:
        return sum(visit.slot_id == slot_id and visit.has_token for visit in self.visits.values())


def read(events: Sequence[Recorded]) -> Books:
    """Play the log in the order in which things happened; equal instants in the order of the log."""
    books = Books()
    for recorded in sorted(events, key=lambda one: (one.occurred_at, one.seq)):
        _play(books, recorded)
    return books


def _play(books: Books, recorded: Recorded) -> None:
    event: Any = recorded.event
    moment = (recorded.occurred_at, recorded.seq)
    kind = recorded.event_type
    if kind == "SlotsGenerated":
        for slot in event.slots:
            books.capacity[slot.slot_id] = slot.capacity
        return
    if kind == "SlotOverridden":
        books.capacity[event.slot_id] = event.capacity
        return
    if not kind.startswith(("Appointment", "NoShow", "PatientCheckedIn")):
        return
    id = str(recorded.appointment_id)
    if kind in ("AppointmentHeld", "AppointmentBooked"):
        visit = books.visits.setdefault(
            id,
            Visit(
                id,
                event.patient_id,
                event.specialty_id,
                event.slot_id,
                event.branch_id,
                event.start_at,
                event.price_quoted_paise,
            ),
        )
        if kind == "AppointmentBooked":
            visit.status, visit.booked = "booked", moment
        return
    visit = books.visits[id]
    if kind == "AppointmentRescheduled":
        visit.slot_id, visit.branch_id = event.to.slot_id, event.to.branch_id
        visit.start_at = event.to.start_at
        visit.reschedules += 1
    elif kind == "PatientCheckedIn":
        visit.status, visit.checked_in = "checked-in", True
    elif kind == "NoShowReversed":
        visit.status, visit.checked_in, visit.has_token, visit.ended = "checked-in", True, True, None
    elif kind == "AppointmentFulfilled":
        visit.status = "fulfilled"
    else:
        visit.was_full = books.active(visit.slot_id) >= books.capacity[visit.slot_id]
        visit.has_token, visit.ended = False, moment
        visit.status = {
            "AppointmentCancelled": "cancelled",
            "AppointmentNoShow": "noshow",
            "AppointmentHoldExpired": "expired",
            "AppointmentEnteredInError": "error",
        }[kind]
        if kind == "AppointmentCancelled":
            visit.initiator, visit.reason = event.initiator, event.reason_code


def pairs(visits: Sequence[Visit]) -> set[Pair]:
    """Which later visit made up for which vacancy, in each of the two roles."""
    lost = [visit for visit in visits if visit.status in ("cancelled", "noshow") and visit.price > 0]
    kept = [visit for visit in visits if visit.status == "fulfilled"]
    return _greedy("backfill", [visit for visit in lost if visit.was_full], kept) | _greedy("rebooking", lost, kept)


def _greedy(role: str, lost: Sequence[Visit], kept: Sequence[Visit]) -> set[Pair]:
    used: set[str] = set()
    found = set()
    for vacancy in sorted(lost, key=lambda one: one.ended or ()):
        for visit in sorted(kept, key=lambda one: one.booked or ()):
            if visit.appointment_id not in used and _makes_up(role, vacancy, visit):
                used.add(visit.appointment_id)
                value = min(vacancy.price, visit.price)
                found.add(Pair(role, vacancy.appointment_id, visit.appointment_id, value))
                break
    return found


def _makes_up(role: str, vacancy: Visit, visit: Visit) -> bool:
    assert vacancy.ended is not None and visit.booked is not None
    if visit.booked <= vacancy.ended:
        return False
    if role == "backfill":
        return visit.slot_id == vacancy.slot_id
    same = (visit.patient, visit.specialty) == (vacancy.patient, vacancy.specialty)
    return same and visit.booked[0] <= vacancy.ended[0] + REBOOKING_WINDOW


Cell = tuple[object, ...]


def leakage(books: Books, offset: timedelta) -> dict[Cell, list[int]]:
    """(date, branch, initiator, outcome) -> n, scheduled, lost, backfill, rebooked, vacated by reschedule."""
    made_up = {(pair.role, pair.vacancy): pair.value for pair in pairs(list(books.visits.values()))}
    cells: dict[Cell, list[int]] = defaultdict(lambda: [0] * 6)
    for visit in books.visits.values():
        if visit.status in ("expired", "error"):
            continue
        outcome = visit.status if visit.status in ("cancelled", "noshow") else "other"
        initiator = visit.initiator if outcome == "cancelled" else "-"
        is_lost = outcome != "other"
        day = (visit.start_at + offset).date()
        figures = (
            1,
            visit.price,
            visit.price if is_lost else 0,
            made_up.get(("backfill", visit.appointment_id), 0),
            made_up.get(("rebooking", visit.appointment_id), 0),
            visit.reschedules,
        )
        cell = cells[day, visit.branch_id, initiator, outcome]
        for place, figure in enumerate(figures):
            cell[place] += figure
    return dict(cells)


def attendance(books: Books, offset: timedelta) -> dict[Cell, list[int]]:
    """(date, branch) -> n, kept, no-shows, cancelled; of what was ever booked."""
    cells: dict[Cell, list[int]] = defaultdict(lambda: [0] * 4)
    for visit in books.visits.values():
        if visit.booked is None or visit.status == "error":
            continue
        left = visit.reason == "lwbs" and visit.checked_in and visit.initiator != "provider"
        kept = visit.status in ("fulfilled", "checked-in") or (visit.status == "cancelled" and left)
        cell = cells[(visit.start_at + offset).date(), visit.branch_id]
        cell[0] += 1
        cell[1] += kept
        cell[2] += visit.status == "noshow"
        cell[3] += visit.status == "cancelled" and not kept
    return dict(cells)
