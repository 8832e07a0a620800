"""What a decision needs to know of a practitioner."""

from __future__ import annotations

from bisect import insort
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from event_store.aggregates.practitioner.events import (
    PractitionerRegistered,
    PractitionerRole,
    PractitionerUpdated,
    TeleAvailabilityChanged,
)
from mymedic.deciding import Guard, GuardChange
from mymedic.messages import Event


class State(Struct):
    """`specialty_id`, `roles` and `active` are the latest known, `*_on(date)` those in effect on a business date."""

    exists: bool = False
    name: str = ""
    registered: PractitionerRegistered | None = None
    changes: list[PractitionerUpdated] = []  # by effective_on, then as recorded
    tele: list[TeleAvailabilityChanged] = []  # as recorded

    def _latest(self, field: str, on: date | None) -> Any:
        for change in reversed(self.changes):
            if (on is None or change.effective_on <= on) and (value := getattr(change, field)) is not None:
                return value
        return getattr(self.registered, field, None)

    @property
    def specialty_id(self) -> str:
        return self._latest("specialty_id", None)

    @property
    def roles(self) -> tuple[PractitionerRole, ...]:
        return self._latest("roles", None) or ()

    @property
    def active(self) -> bool:
        return self.exists and self._latest("active", None) is not False

    def specialty_on(self, on: date) -> str:
        return self._latest("specialty_id", on)

    def active_on(self, on: date) -> bool:
        return self.exists and self._latest("active", on) is not False

    def is_tele_available(self, start_at: datetime, end_at: datetime) -> bool:
        """Whether a video visit may be booked for all of a time: as the schedule says, unless it was withdrawn."""
        if not self.tele:
            return True
        return not any(map(self._is_tele_withdrawn, [start_at, *self._tele_changes(start_at, end_at)]))

    def _tele_changes(self, start_at: datetime, end_at: datetime) -> list[datetime]:
        """Instants inside a time at which the availability may change."""
        edges = (edge for change in self.tele for edge in (change.from_at, change.until_at))
        return [edge for edge in edges if edge is not None and start_at < edge < end_at]

    def _is_tele_withdrawn(self, at: datetime) -> bool:
        for change in reversed(self.tele):
            if change.from_at <= at and (change.until_at is None or at < change.until_at):
                return not change.available
        return False

    def works_at(self, branch_id: str, on: date | None = None) -> bool:
        """Whether a role at the branch is held on a business date, or at any time when no date is given."""
        if on is None:
            return any(role.branch_id == branch_id for role in self.roles)
        return bool(self._roles_on(branch_id, on))

    def department_on(self, branch_id: str, on: date) -> str | None:
        """The department of the role held at the branch on a business date; None where departments are not kept."""
        return next((role.department_id for role in self._roles_on(branch_id, on)), None)

    def _roles_on(self, branch_id: str, on: date) -> list[PractitionerRole]:
        roles: tuple[PractitionerRole, ...] = self._latest("roles", on) or ()
        return [
            role
            for role in roles
            if role.branch_id == branch_id and role.from_ <= on and (role.to is None or on < role.to)
        ]


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state, in place."""
    match event:
        case PractitionerRegistered():
            state.exists, state.name, state.registered = True, event.name, event
        case PractitionerUpdated():
            insort(state.changes, event, key=lambda change: change.effective_on)
        case TeleAvailabilityChanged():
            state.tele.append(event)


def guards(state: State, event: Event) -> GuardChange | None:
    """The unique facts that an event claims and gives back; `state` is the state before the event."""
    if isinstance(event, PractitionerRegistered):
        return GuardChange(claim=[Guard("registration_no", "".join(event.registration_no.casefold().split()))])
    return None
