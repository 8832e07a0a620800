"""Truth of mart_revenue_bridge: why a period's net revenue is not that of the period before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from simulator.books.bills import earnings
from simulator.books.items import NOBODY
from simulator.calendar import DAY, day_of
from simulator.stage import House

# Service -> units and paise.
Sales = dict[str, list[int]]


def revenue_bridge(house: House, as_of: datetime) -> list[dict[str, Any]]:
    sold: dict[tuple[str, date], dict[tuple[str, str], Sales]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(lambda: [0, 0]))
    )
    for one in earnings(house.tenant, house.ledger.bills):
        on = day_of(one.at)
        for kind, start in (("week", on - on.weekday() * DAY), ("month", on.replace(day=1))):
            for place in (("branch", one.branch.id), ("tenant", NOBODY)):
                sales = sold[kind, start][place][one.service.id]
                sales[0] += one.qty
                sales[1] += one.net_paise
    rows = []
    for kind in ("week", "month"):
        starts = sorted(start for known, start in sold if known == kind)
        # a first period has none before it, and the last one none after it yet
        start = _next(kind, starts[0]) if starts else date.max
        while starts and start <= starts[-1]:
            before, now = sold.get((kind, _before(kind, start)), {}), sold.get((kind, start), {})
            for place in sorted(before.keys() | now.keys()):
                cell = _compare(before.get(place, {}), now.get(place, {}))
                is_complete = _next(kind, start) <= day_of(as_of)
                key = {"tenant_id": house.tenant.id, "period_kind": kind, "period_start_on": start}
                rows.append({**key, "level": place[0], "branch_id": place[1], **cell, "is_complete": is_complete})
            start = _next(kind, start)
    return rows


def _compare(before: Sales, now: Sales) -> dict[str, int]:
    old = {service: (sales[0], sales[1]) for service, sales in before.items()}
    new = {service: (sales[0], sales[1]) for service, sales in now.items()}
    kept = list(_continuing(old, new))
    units0, units1 = sum(old[id][0] for id in kept), sum(new[id][0] for id in kept)
    revenue0 = sum(old[id][1] for id in kept)
    volume = _rounded(Fraction((units1 - units0) * revenue0, units0)) if kept else 0
    price = _rounded(sum((new[id][1] - Fraction(new[id][0] * old[id][1], old[id][0]) for id in kept), Fraction(0)))
    everything = old.keys() | new.keys()
    came = sum(new.get(id, (0, 0))[1] for id in everything if old.get(id, (0, 0))[0] <= 0)
    went = -sum(old.get(id, (0, 0))[1] for id in everything if new.get(id, (0, 0))[0] <= 0)
    total0, total1 = (sum(revenue for _, revenue in sales.values()) for sales in (old, new))
    return {
        "units_previous": sum(units for units, _ in old.values()),
        "units": sum(units for units, _ in new.values()),
        "services_n": len(kept),
        "revenue_previous_paise": total0,
        "revenue_paise": total1,
        "change_paise": total1 - total0,
        "volume_paise": volume,
        "mix_paise": total1 - total0 - volume - price - came - went,
        "price_paise": price,
        "new_paise": came,
        "discontinued_paise": went,
    }


def _continuing(old: dict[str, tuple[int, int]], new: dict[str, tuple[int, int]]) -> Iterator[str]:
    for service, (units, _) in old.items():
        if units > 0 and new.get(service, (0, 0))[0] > 0:
            yield service


def _rounded(value: Fraction) -> int:
    """Half away from zero."""
    whole = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return whole if value >= 0 else -whole


def _next(kind: str, start: date) -> date:
    return start + 7 * DAY if kind == "week" else (start + timedelta(days=32)).replace(day=1)


def _before(kind: str, start: date) -> date:
    return start - 7 * DAY if kind == "week" else (start - DAY).replace(day=1)
