"""P9: every price that holds, has held or will hold, with the service that it is for."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from event_store.aggregates.price.events import PriceRetired, PriceSet
from event_store.recorded import Recorded
from projections.projection import Projection
from projections.row import Row
from projections.view import View

ANY_VISIT = "-"


class PriceCatalog(Row, frozen=True, kw_only=True):
    """One row per price: of a service, for a scope and a visit type, from `effective_from` until `effective_to`.

    `visit_type` is `-` where the price holds for every visit; `effective_to` is None while no end is known. A price
    that was taken back before it began is in no row.
    """

    table: ClassVar = "proj_price_catalog"
    key: ClassVar = ("service_id", "scope_key", "visit_type", "effective_from")
    indexes: ClassVar = (
        ("branch_id", "service_id"),
        ("practitioner_id", "service_id"),
        ("city_id", "service_id"),
        ("specialty_id", "service_id"),
    )

    service_id: str
    scope_key: str
    visit_type: str
    effective_from: datetime
    effective_to: datetime | None
    price_version_id: str
    scope_level: Literal["tenant", "city", "branch", "practitioner", "practitioner_branch"]
    city_id: str | None
    branch_id: str | None
    practitioner_id: str | None
    service_code: str | None
    service_name: str | None
    service_kind: str | None
    specialty_id: str | None
    amount_paise: int
    gst_bps: int
    tax_inclusive: bool


def is_current(row: PriceCatalog, at: datetime) -> bool:
    """Whether the price holds at an instant."""
    return row.effective_from <= at and (row.effective_to is None or at < row.effective_to)


def _on_set(event: Recorded, happened: PriceSet, view: View) -> None:
    if happened.closes_version_id is not None:
        _put(event, happened.closes_version_id, view)
    _put(event, happened.price_version_id, view)


def _on_retired(event: Recorded, happened: PriceRetired, view: View) -> None:
    _put(event, happened.price_version_id, view)


def _put(event: Recorded, price_version_id: str, view: View) -> None:
    service_id = event.stream_id.removeprefix("price-")
    version = view.state("price", service_id).versions[price_version_id]
    key = (service_id, version.scope_key, version.visit_type or ANY_VISIT, version.effective_from)
    if version.effective_to is not None and version.effective_to <= version.effective_from:
        there = view.get(PriceCatalog, *key)
        if there is not None and there.price_version_id == price_version_id:
            view.delete(PriceCatalog, *key)
        return
    service = view.state("tenant", event.tenant_id).service(service_id)
    view.put(
        PriceCatalog(
            tenant_id=event.tenant_id,
            service_id=service_id,
            scope_key=version.scope_key,
            visit_type=version.visit_type or ANY_VISIT,
            effective_from=version.effective_from,
            effective_to=version.effective_to,
            price_version_id=price_version_id,
            scope_level=version.scope.level,
            city_id=version.scope.city_id,
            branch_id=version.scope.branch_id,
            practitioner_id=version.scope.practitioner_id,
            service_code=service.code if service else None,
            service_name=service.name if service else None,
            service_kind=service.kind if service else None,
            specialty_id=service.specialty_id if service else None,
            amount_paise=version.amount_paise,
            gst_bps=version.gst_bps,
            tax_inclusive=version.tax_inclusive,
        )
    )


PROJECTION = Projection(
    name="price_catalog",
    version=1,
    rows=(PriceCatalog,),
    looks_at=frozenset({"tenant", "price"}),
    folds={PriceSet: _on_set, PriceRetired: _on_retired},
)
