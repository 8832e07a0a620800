"""What happens to the prices of a service."""

from __future__ import annotations

from typing import ClassVar, Literal

from mymedic.messages import Bps, Event, Id, Paise, Text, Timestamp, Value

PriceLevel = Literal["tenant", "city", "branch", "practitioner", "practitioner_branch"]
VisitType = Literal["new", "follow_up", "procedure", "tele"]


class PriceScope(Value, frozen=True, kw_only=True):
    """For whom a price holds; only the ids that the level names are given."""

    level: PriceLevel
    city_id: Id | None = None
    branch_id: Id | None = None
    practitioner_id: Id | None = None


class PriceSet(Event, frozen=True, kw_only=True):
    """A price from an instant on. `closes_version_id` ends at that same instant."""

    version: ClassVar[int] = 2
    retention: ClassVar[tuple[str, ...]] = ("financial_gst",)
    price_version_id: Id
    service_id: Id
    scope: PriceScope
    scope_key: Text
    visit_type: VisitType | None = None
    amount_paise: Paise
    tax_inclusive: bool
    gst_bps: Bps
    effective_from: Timestamp
    effective_to: Timestamp | None = None
    closes_version_id: Id | None = None


class PriceRetired(Event, frozen=True, kw_only=True):
    retention: ClassVar[tuple[str, ...]] = ("financial_gst",)
    price_version_id: Id
    effective_to: Timestamp


EVENTS: tuple[type[Event], ...] = (PriceSet, PriceRetired)
