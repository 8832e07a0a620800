"""What may be asked of the prices of a service."""

from __future__ import annotations

from typing import ClassVar

from event_store.aggregates.price.events import PriceScope, VisitType
from mymedic.messages import Command, Id, Paise, Timestamp


class SetPrice(Command, frozen=True, kw_only=True):
    """C53."""

    who: ClassVar[frozenset[str]] = frozenset({"CM"})
    service_id: Id
    scope: PriceScope
    visit_type: VisitType | None = None
    amount_paise: Paise
    tax_inclusive: bool
    effective_from: Timestamp
    effective_to: Timestamp | None = None


class RetirePrice(Command, frozen=True, kw_only=True):
    """C54. The version id names the price stream through its guard."""

    who: ClassVar[frozenset[str]] = frozenset({"CM"})
    price_version_id: Id
    effective_to: Timestamp
