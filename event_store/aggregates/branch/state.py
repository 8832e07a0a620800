"""What a decision needs to know of a branch."""

from __future__ import annotations

from bisect import insort
from datetime import date
from typing import Any

from msgspec import Struct

from event_store.aggregates.branch.events import BranchClosed, BranchRegistered, BranchUpdated, OpenHours
from mymedic.deciding import Guard, GuardChange
from mymedic.lives import machine
from mymedic.messages import Event


class State(Struct):
    """`name`, `city_id` and `open_hours` are the latest known, `*_on(date)` those in effect on a business date."""

    exists: bool = False
    branch_id: str = ""
    opened_on: date | None = None
    closed_on: date | None = None
    status: str = "active"
    registered: BranchRegistered | None = None
    changes: list[BranchUpdated] = []  # by effective_on, then as recorded

    def _latest(self, field: str, on: date | None) -> Any:
        for change in reversed(self.changes):
            if (on is None or change.effective_on <= on) and (value := getattr(change, field)) is not None:
                return value
        return getattr(self.registered, field, None)

    @property
    def name(self) -> str:
        return self._latest("name", None)

    @property
    def city_id(self) -> str:
        return self._latest("city_id", None)

    @property
    def open_hours(self) -> tuple[OpenHours, ...]:
        return self._latest("open_hours", None)

    def city_on(self, on: date) -> str:
        return self._latest("city_id", on)

    def hours_on(self, on: date) -> tuple[OpenHours, ...]:
        return self._latest("open_hours", on)

    def hours_between(self, first: date, last: date) -> list[tuple[OpenHours, ...]]:
        """The hours in effect on a first date, and each that is known to replace them up to a last one."""
        days = [first, *(change.effective_on for change in self.changes if first < change.effective_on <= last)]
        return [self.hours_on(day) for day in days]

    def is_open_on(self, on: date) -> bool:
        """Whether the branch is in business on a date: opened, and not yet closed for good."""
        return self.opened_on is not None and self.opened_on <= on and (self.closed_on is None or on < self.closed_on)


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state, in place."""
    match event:
        case BranchRegistered():
            state.exists = True
            state.branch_id, state.opened_on, state.registered = event.branch_id, event.opened_on, event
        case BranchUpdated():
            insort(state.changes, event, key=lambda change: change.effective_on)
        case BranchClosed():
            state.status, state.closed_on = "closed", event.closed_on


def guards(state: State, event: Event) -> GuardChange | None:
    """The unique facts that an event claims and gives back; `state` is the state before the event."""
    match event:
        case BranchRegistered():
            # claimed by every branch in business, so that a clinic's second one is seen
            return GuardChange(claim=[Guard("branch", f"active#{event.branch_id}")])
        case BranchClosed():
            return GuardChange(release=[Guard("branch", f"active#{state.branch_id}")])
    return None


MACHINES = (
    machine(
        "Branch",
        """
        BranchRegistered: - > active
        BranchClosed: active > closed
        """,
    ),
)
