"""Truth of mart_provider_yield: a practitioner's hours at a branch on a day, and what they earned."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from simulator.books.bills import earnings
from simulator.books.items import NOBODY
from simulator.books.records import Visit
from simulator.calendar import day_of
from simulator.cast import Branch, Practitioner
from simulator.founding import SHARE_BPS
from simulator.stage import House

Key = tuple[date, str, str, str]


@dataclass(slots=True)
class Day:
    """What adds up in a cell."""

    city_id: str
    available_minutes: int = 0
    booked_minutes: Fraction = Fraction(0)
    worked_seconds: int = 0
    fulfilled_n: int = 0
    list_price_paise: int = 0
    net_revenue_paise: int = 0
    forfeit_net_paise: int = 0
    has_lines: bool = False


class _Book:
    def __init__(self, house: House) -> None:
        self._tenant = house.tenant
        self.days: dict[Key, Day] = {}

    def of(self, on: date, practitioner: Practitioner | None, branch: Branch, specialty_id: str = "") -> Day:
        if practitioner is not None:
            specialty_id = self._tenant.id_of("spc", practitioner.specialty.id)
        key = (on, practitioner.id if practitioner else NOBODY, branch.id, specialty_id)
        return self.days.setdefault(key, Day(branch.city.id))


def provider_yield(house: House, as_of: datetime) -> list[dict[str, Any]]:
    book, today = _Book(house), day_of(as_of)
    tokens: dict[str, int] = defaultdict(int)
    for visit in house.ledger.visits:
        tokens[visit.slot.id] += _is_taken_at_start(visit)
        _of_visit(book, visit)
    for branch in house.tenant.branches.values():
        for sitting in branch.sittings:
            for on, slots in sitting.slots.items():
                for slot in slots if on <= today else ():
                    minutes = 0 if slot.is_retired else slot.minutes - slot.blocked_minutes
                    if minutes:
                        day = book.of(on, sitting.practitioner, branch)
                        day.available_minutes += minutes
                        day.booked_minutes += Fraction(slot.minutes * tokens[slot.id], slot.capacity)
    for one in earnings(house.tenant, house.ledger.bills):
        day = book.of(day_of(one.at), one.practitioner, one.branch, one.specialty_id)
        day.net_revenue_paise += one.net_paise
        day.has_lines = True
    return [_row(house.tenant.id, key, day) for key, day in book.days.items() if key[0] <= today]


def _is_taken_at_start(visit: Visit) -> bool:
    if visit.booked_at is None or visit.status in ("error", "hold_expired"):
        return False
    return visit.status != "cancelled" or (visit.released_at is not None and visit.released_at >= visit.start_at)


def _of_visit(book: _Book, visit: Visit) -> None:
    if visit.status == "fulfilled":
        day = book.of(day_of(visit.start_at), visit.practitioner, visit.branch)
        day.fulfilled_n += 1
        day.list_price_paise += visit.list_paise
        assert visit.started_at is not None
        book.of(day_of(visit.started_at), visit.practitioner, visit.branch).worked_seconds += visit.worked_seconds
    if (visit.forfeit_paise or visit.forgiven_paise) and visit.released_at is not None:
        day = book.of(day_of(visit.released_at), visit.practitioner, visit.branch)
        day.forfeit_net_paise += visit.forfeit_paise - visit.forfeit_gst_paise


def _row(tenant_id: str, key: Key, day: Day) -> dict[str, Any]:
    on, practitioner_id, branch_id, specialty_id = key
    net = day.net_revenue_paise
    share = (2 * abs(net) * SHARE_BPS + 10_000) // 20_000 * (1 if net >= 0 else -1)
    has_share = day.has_lines and practitioner_id != NOBODY
    return {
        "tenant_id": tenant_id,
        "business_date": on,
        "practitioner_id": practitioner_id,
        "branch_id": branch_id,
        "city_id": day.city_id,
        "specialty_id": specialty_id,
        "department_id": "dep_opd",
        "available_minutes": day.available_minutes,
        "booked_minutes": float(day.booked_minutes),
        "worked_seconds": day.worked_seconds,
        "fulfilled_n": day.fulfilled_n,
        "list_price_paise": day.list_price_paise,
        "net_revenue_paise": net,
        "forfeit_net_paise": day.forfeit_net_paise,
        "share_bps": SHARE_BPS if has_share else None,
        "practitioner_share_paise": share if has_share else 0,
        "off_schedule_revenue_paise": 0 if day.available_minutes else net,
        "yield_per_available_hour": 60 * net / day.available_minutes if day.available_minutes else None,
        "yield_per_worked_hour": 3600 * net / day.worked_seconds if day.worked_seconds else None,
        "fill_rate": float(day.booked_minutes / day.available_minutes) if day.available_minutes else None,
        "realisation": net / day.list_price_paise if day.list_price_paise else None,
        "revenue_per_fulfilled": net / day.fulfilled_n if day.fulfilled_n else None,
    }
