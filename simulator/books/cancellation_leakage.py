"""Truth of mart_cancellation_leakage: what was scheduled, lost, filled again, kept and booked anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from simulator.books.records import Visit
from simulator.calendar import day_of
from simulator.cast import Tenant

REBOOKED_WITHIN = timedelta(days=14)
FOREVER = timedelta(days=100_000)
SUMS = (
    "n",
    "scheduled_value_paise",
    "lost_value_paise",
    "backfill_value_paise",
    "forfeit_net_paise",
    "rebooked_value_paise",
    "vacated_by_reschedule_n",
    "lwbs_n",
)


def cancellation_leakage(tenant: Tenant, visits: Iterable[Visit]) -> list[dict[str, Any]]:
    known = [visit for visit in visits if visit.status not in ("hold_expired", "error")]
    lost = [visit for visit in known if visit.status in ("cancelled", "noshow") and visit.price_paise > 0]
    seen = [visit for visit in known if visit.status == "fulfilled"]
    full = [visit for visit in lost if visit.was_full]
    backfill = _refilled(full, seen, lambda visit: visit.slot.id, FOREVER)
    rebooked = _refilled(lost, seen, lambda visit: (visit.person.id, visit.practitioner.specialty.id), REBOOKED_WITHIN)
    cells: dict[tuple, dict[str, int]] = defaultdict(lambda: dict.fromkeys(SUMS, 0))
    for visit in known:
        sums = cells[_key(tenant, visit)]
        sums["n"] += 1
        sums["scheduled_value_paise"] += visit.price_paise
        sums["vacated_by_reschedule_n"] += visit.reschedules
        sums["lwbs_n"] += visit.is_unseen
        if visit.status in ("cancelled", "noshow") and visit.price_paise > 0:
            sums["lost_value_paise"] += visit.price_paise
            sums["backfill_value_paise"] += backfill.get(visit.id, 0)
            sums["rebooked_value_paise"] += rebooked.get(visit.id, 0)
            sums["forfeit_net_paise"] += visit.forfeit_paise - visit.forfeit_gst_paise
    return [_row(tenant.id, key, sums) for key, sums in cells.items()]


def _refilled(
    lost: list[Visit], seen: list[Visit], place: Callable[[Visit], object], within: timedelta
) -> dict[str, int]:
    """Value refilled by visit lost: each release takes the earliest later booking of its place that is still free."""
    bookings: dict[object, list[Visit]] = defaultdict(list)
    for visit in sorted(seen, key=lambda visit: visit.booked_tick):
        bookings[place(visit)].append(visit)
    values: dict[str, int] = {}
    for visit in sorted(lost, key=lambda visit: visit.released_tick):
        assert visit.released_at is not None
        later = [
            other
            for other in bookings.get(place(visit), ())
            if other.booked_tick > visit.released_tick and _at(other) - visit.released_at <= within
        ]
        if later:
            bookings[place(visit)].remove(later[0])
            values[visit.id] = min(visit.price_paise, later[0].price_paise)
    return values


def _at(visit: Visit) -> datetime:
    assert visit.booked_at is not None
    return visit.booked_at


def _key(tenant: Tenant, visit: Visit) -> tuple:
    return (
        day_of(visit.start_at),
        visit.branch.id,
        visit.branch.city.id,
        visit.practitioner.id,
        tenant.id_of("spc", visit.practitioner.specialty.id),
        "dep_opd",
        visit.service.id,
        visit.initiator or "-",
        visit.status if visit.status in ("cancelled", "noshow") else "other",
    )


GRAIN = (
    "business_date",
    "branch_id",
    "city_id",
    "practitioner_id",
    "specialty_id",
    "department_id",
    "service_id",
    "initiator",
    "outcome",
)


def _row(tenant_id: str, key: tuple, sums: dict[str, int]) -> dict[str, Any]:
    leakage = sums["lost_value_paise"] - sums["backfill_value_paise"] - sums["forfeit_net_paise"]
    scheduled = sums["scheduled_value_paise"]
    return {
        "tenant_id": tenant_id,
        **dict(zip(GRAIN, key, strict=True)),
        **sums,
        "leakage_paise": leakage,
        "leakage_rate": leakage / scheduled if scheduled else None,
        "leakage_after_rebook_paise": leakage - sums["rebooked_value_paise"],
    }
