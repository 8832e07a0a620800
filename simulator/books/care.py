"""What the books remember of advice and follow-ups, noted at the moment it happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

from simulator.cast import Branch, Person, Practitioner, Service
from simulator.profile import SpecialtyRow

if TYPE_CHECKING:
    from simulator.books.records import Visit


@dataclass(slots=True, eq=False)
class Advice:
    """A service that was advised; with `advised_at` None one that was performed and that nobody had advised.

    `branch`, `practitioner` and `specialty` are those of the advice, or of the performance when there was none.
    """

    id: str
    person: Person
    branch: Branch
    practitioner: Practitioner
    specialty: SpecialtyRow
    service: Service
    advised_at: datetime | None = None
    window_ends_at: datetime | None = None
    list_price_paise: int = 0
    answer: Literal["", "accepted", "declined"] = ""
    is_scheduled: bool = False
    is_revoked: bool = False
    performed_at: datetime | None = None
    performed_in: Visit | None = None

    def is_waiting(self, at: datetime) -> bool:
        """Whether a performance at that moment is what was advised, in time or as it was scheduled."""
        if self.advised_at is None or self.answer == "declined" or self.is_revoked or self.performed_at is not None:
            return False
        assert self.window_ends_at is not None
        return self.advised_at <= at and (self.is_scheduled or at < self.window_ends_at)


@dataclass(slots=True, eq=False)
class FollowUp:
    """A visit that was asked for. The window that counts is that of the last amendment made by the first `due_to`."""

    id: str
    visit: Visit
    due_on: date
    due_from: date
    due_to: date
    lapse_on: date
    free_until: date | None
    same_practitioner: bool
    first_due_to: date
    counted: tuple[date, date, date]
    closed_as: Literal["", "declined", "cancelled"] = ""
    completed_on: date | None = None
    bookings: list[Visit] = field(default_factory=list)

    def is_open(self, on: date) -> bool:
        return not self.closed_as and self.completed_on is None and on <= self.lapse_on

    def is_bookable(self, on: date) -> bool:
        return self.is_open(on) and not any(visit.is_active for visit in self.bookings)

    def is_met_by(self, visit: Visit) -> bool:
        """Whether a visit is what was asked for: later, at the same practitioner or in the specialty."""
        asked, came = self.visit.started_at, visit.started_at
        if asked is None or came is None or visit is self.visit or asked >= came:
            return False
        if self.same_practitioner:
            return visit.practitioner is self.visit.practitioner
        return visit.practitioner.specialty is self.visit.practitioner.specialty
