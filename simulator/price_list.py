"""What a visit costs: a list price per city, and the days on which it changes."""

from __future__ import annotations

from typing import Literal

from event_store.aggregates.price.commands import SetPrice
from event_store.aggregates.price.events import PriceScope
from simulator.cast import PriceTag, Service, Tenant
from simulator.desk import Desk
from simulator.profile import RUPEE, PriceChangeRow, Profile

# Money at the counter is counted in whole rupees, so half of any price must be one.
STEP_RUPEES = 20
TELE_BPS = 8_000
Kind = Literal["", "tele"]


class PriceList:
    """Publishes and changes the prices of a tenant, and tells the rest of the simulator what they are."""

    def __init__(self, profile: Profile, desk: Desk) -> None:
        self._profile = profile
        self._desk = desk

    def publish(self, tenant: Tenant, service: Service) -> None:
        """The tenant's price of a service, and one for each of its cities."""
        rupees = service.specialty.consult_rupees
        if service.list_rupees:
            rupees = service.list_rupees
        elif service.kind == "procedure":
            rupees = rupees * service.specialty.procedure_bps // 10_000
        self._set(tenant, service, None, "", _step(rupees))
        cities = {branch.city for branch in tenant.row.branch}
        for city in self._profile.city:
            if city.id in cities:
                here = rupees * city.price_index // 100
                self._set(tenant, service, city.id, "", _step(here))
                if service.specialty.tele and service.kind == "consultation":
                    self._set(tenant, service, city.id, "tele", _step(here * TELE_BPS // 10_000))

    def change(self, tenant: Tenant, change: PriceChangeRow) -> None:
        """From now on the consultations cost more or less; what is booked stays at its price."""
        if change.tenants and tenant.id not in change.tenants:
            return
        for specialty, service in tenant.consultation.items():
            for city in change.cities if specialty in change.specialties else ():
                old = tenant.prices.get((service.id, city, ""))
                if old is not None:
                    rupees = change.rupees or _step(old * (10_000 + change.bps) // 10_000 // RUPEE)
                    self._set(tenant, service, city, "", rupees, f"day {change.day}")

    def _set(
        self, tenant: Tenant, service: Service, city_id: str | None, kind: Kind, rupees: int, when: str = "founding"
    ) -> None:
        command = SetPrice(
            service_id=service.id,
            scope=PriceScope(level="city", city_id=city_id) if city_id else PriceScope(level="tenant"),
            visit_type=kind or None,
            amount_paise=rupees * RUPEE,
            tax_inclusive=True,
            effective_from=self._desk.clock.now(),
        )
        self._desk.ask(tenant.id, tenant.manager, command, service.id, city_id or "tenant", kind, when)
        tag = PriceTag(self._desk.clock.now(), service, city_id, kind, rupees * RUPEE)
        tenant.price_tags.append(tag)
        if city_id:
            tenant.prices[service.id, city_id, kind] = rupees * RUPEE


def _step(rupees: int) -> int:
    """The nearest multiple of the price step, the higher one when in the middle."""
    return (rupees + STEP_RUPEES // 2) // STEP_RUPEES * STEP_RUPEES
