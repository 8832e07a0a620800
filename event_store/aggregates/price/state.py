"""What a decision needs to know of the prices of a service."""

from __future__ import annotations

from bisect import insort
from datetime import datetime

from msgspec import Struct

from event_store.aggregates.price.events import PriceRetired, PriceScope, PriceSet
from mymedic.clock import micros
from mymedic.deciding import Guard, GuardChange
from mymedic.messages import Event


class PriceVersion(Struct):
    """A price of one exact scope and visit type during `[effective_from, effective_to)`; None: open."""

    price_version_id: str
    scope: PriceScope
    scope_key: str
    visit_type: str | None
    amount_paise: int
    tax_inclusive: bool
    gst_bps: int
    effective_from: datetime
    effective_to: datetime | None

    def covers(self, at: datetime) -> bool:
        return self.effective_from <= at and (self.effective_to is None or at < self.effective_to)

    def overlaps(self, start: datetime, end: datetime | None) -> bool:
        """Whether both have an instant in common; a version that was retired before it began has none."""
        never = self.effective_to is not None and self.effective_to <= self.effective_from
        return (
            not never
            and (end is None or self.effective_from < end)
            and (self.effective_to is None or start < self.effective_to)
        )


class State(Struct):
    exists: bool = False
    service_id: str = ""
    versions: dict[str, PriceVersion] = {}  # by version id
    lines: dict[tuple[str, str | None], list[PriceVersion]] = {}  # by scope key and visit type, oldest first

    def line(self, scope_key: str, visit_type: str | None) -> list[PriceVersion]:
        """The versions of an exact scope, by effective_from."""
        return self.lines.get((scope_key, visit_type), [])

    def resolve(
        self,
        at: datetime,
        branch_id: str | None = None,
        city_id: str | None = None,
        practitioner_id: str | None = None,
        visit_type: str | None = None,
    ) -> PriceVersion | None:
        """The price at an instant: practitioner at branch, practitioner, branch, city, tenant; visit type first."""
        keys = [
            f"practitioner_branch:{practitioner_id}@{branch_id}",
            f"practitioner:{practitioner_id}",
            f"branch:{branch_id}",
            f"city:{city_id}",
            "tenant",
        ]
        for key in keys:
            for kind in (visit_type, None) if visit_type else (None,):
                for version in reversed(self.line(key, kind)):
                    if version.covers(at):
                        return version
        return None


def scope_key(scope: PriceScope) -> str:
    """A scope as one word: what two prices must share to be versions of each other."""
    match scope.level:
        case "city":
            return f"city:{scope.city_id}"
        case "branch":
            return f"branch:{scope.branch_id}"
        case "practitioner":
            return f"practitioner:{scope.practitioner_id}"
        case "practitioner_branch":
            return f"practitioner_branch:{scope.practitioner_id}@{scope.branch_id}"
    return "tenant"


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state, in place."""
    match event:
        case PriceSet():
            state.exists, state.service_id = True, event.service_id
            if event.closes_version_id is not None:
                state.versions[event.closes_version_id].effective_to = event.effective_from
            version = PriceVersion(
                event.price_version_id,
                event.scope,
                event.scope_key,
                event.visit_type,
                event.amount_paise,
                event.tax_inclusive,
                event.gst_bps,
                event.effective_from,
                event.effective_to,
            )
            state.versions[event.price_version_id] = version
            line = state.lines.setdefault((scope_key(event.scope), event.visit_type), [])
            insort(line, version, key=lambda other: other.effective_from)
        case PriceRetired():
            state.versions[event.price_version_id].effective_to = event.effective_to


def guards(state: State, event: Event) -> GuardChange | None:
    """The unique facts that an event claims and gives back; `state` is the state before the event."""
    match event:
        case PriceSet():
            key = _beginning(event.service_id, event.scope_key, event.visit_type, event.effective_from)
            return GuardChange(claim=[key, Guard("price_version", event.price_version_id)])
        case PriceRetired():
            version = state.versions[event.price_version_id]
            if event.effective_to <= version.effective_from:
                # it never held, so another may begin in its place
                key = _beginning(state.service_id, version.scope_key, version.visit_type, version.effective_from)
                return GuardChange(release=[key])
    return None


def _beginning(service_id: str, scope_key: str, visit_type: str | None, at: datetime) -> Guard:
    return Guard("price", f"{service_id}#{scope_key}#{visit_type or '*'}#{micros(at)}")
