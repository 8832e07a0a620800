"""Truth of mart_price_sensitivity: bookings and prices paid in the four weeks on either side of a change of price."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from simulator.books.bills import Bill, Earning, earnings
from simulator.books.records import Visit
from simulator.calendar import DAY, day_of
from simulator.cast import Service, Slot, Tenant

WINDOW = 28 * DAY
REBOOKED_WITHIN = timedelta(days=14)
ENOUGH = 30
FULL = Fraction(95, 100)
VISIT_TYPES = ("new", "follow_up", "procedure", "tele")


@dataclass(frozen=True)
class Change:
    """A price that changed in a city, for a service and a kind of visit."""

    city_id: str
    service: Service
    visit_type: str
    on: date
    old: int
    new: int

    def meets(self, other: Change) -> bool:
        """Whether another change lies in this one's eight weeks."""
        return self.on - WINDOW <= other.on < self.on + WINDOW


def price_sensitivity(
    tenant: Tenant, visits: Iterable[Visit], bills: Sequence[Bill], today: date
) -> list[dict[str, Any]]:
    visits = list(visits)
    lines = [line for line in earnings(tenant, bills) if line.is_issue and line.gross_paise]
    changes = [change for key in _lines_of_price(tenant) for change in _changes(tenant, *key)]
    bookings = _bookings(visits)
    rows = [
        row
        for change in changes
        if today >= change.on + WINDOW
        for row in _measured(tenant, change, changes, bookings, visits, lines)
    ]
    return [*rows, *_specialties(tenant.id, rows)]


def _lines_of_price(tenant: Tenant) -> Iterator[tuple[str, Service, str]]:
    cities = sorted({branch.city.id for branch in tenant.branches.values()})
    services = {tag.service.id: tag.service for tag in tenant.price_tags}
    for city_id in cities:
        for service in services.values():
            for visit_type in VISIT_TYPES:
                yield city_id, service, visit_type


def _changes(tenant: Tenant, city_id: str, service: Service, visit_type: str) -> Iterator[Change]:
    """The list read day by day: the city's own price first, and the one for the kind of visit before the general."""
    listed: dict[tuple[str | None, str], int] = {}
    old: int | None = None
    tags = [tag for tag in tenant.price_tags if tag.service is service and tag.city_id in (city_id, None)]
    for at in sorted({tag.at for tag in tags}):
        listed |= {(tag.city_id, tag.kind): tag.paise for tag in tags if tag.at == at}
        places = ((city_id, visit_type), (city_id, ""), (None, visit_type), (None, ""))
        new = next(listed[place] for place in places if place in listed)
        if old is not None and old != new:
            yield Change(city_id, service, visit_type, day_of(at), old, new)
        old = new


def _bookings(visits: list[Visit]) -> dict[tuple[str, str, str], list[Visit]]:
    """By city, service and kind of visit; without those that the provider brought about or that cost nothing."""
    again = set()
    for lost in visits:
        if lost.status == "cancelled" and lost.initiator == "provider":
            assert lost.released_at is not None
            later = [
                other
                for other in lost.person.visits
                if other.service is lost.service
                and other.booked_at is not None
                and other.booked_tick > lost.released_tick
                and other.booked_at <= lost.released_at + REBOOKED_WITHIN
            ]
            again |= {min(later, key=lambda other: other.booked_tick).id} if later else set()
    found: dict[tuple[str, str, str], list[Visit]] = defaultdict(list)
    for visit in visits:
        is_counted = visit.booked_at is not None and visit.status not in ("hold_expired", "error") and not visit.is_free
        if is_counted and visit.id not in again:
            found[visit.branch.city.id, visit.service.id, visit.visit_type].append(visit)
    return found


def _measured(
    tenant: Tenant,
    change: Change,
    changes: list[Change],
    bookings: dict,
    visits: list[Visit],
    lines: list[Earning],
) -> Iterator[dict[str, Any]]:
    key = (change.service.id, change.visit_type)
    before, after = _halves(bookings.get((change.city_id, *key), ()), change.on)
    if not before and not after:
        return
    same = [
        other
        for other in changes
        if (other.service, other.visit_type) == (change.service, change.visit_type) and change.meets(other)
    ]
    others = {branch.city.id for branch in tenant.branches.values()} - {change.city_id} - {one.city_id for one in same}
    control = [_halves(bookings.get((city_id, *key), ()), change.on) for city_id in sorted(others)]
    c0, c1 = sum(len(pair[0]) for pair in control), sum(len(pair[1]) for pair in control)
    d0, d1 = _open_days(tenant, {change.city_id}, change)
    e0, e1 = _open_days(tenant, others, change)
    s0, s1 = sum(visit.price_paise for visit in before), sum(visit.price_paise for visit in after)
    q0, q1 = len(before), len(after)
    if q0 and q1 and s0 * q1 == s1 * q0:
        return
    flags = {
        "is_low_n": q0 < ENOUGH or q1 < ENOUGH,
        "is_confounded": any(other is not change and other.city_id == change.city_id for other in same),
        "is_capacity_bound": _fill(tenant, change, visits) > FULL,
        "is_no_control": c0 == 0 or c1 == 0,
        "is_promo": _is_promo(change, lines),
    }
    prices = _arc(Fraction(s0, q0), Fraction(s1, q1)) if q0 and q1 else Fraction(0)
    elasticity = did = None
    if not flags["is_low_n"] and d0 and d1:
        scaled = Fraction(q1 * d0, d1)
        elasticity = _arc(Fraction(q0), scaled) / prices
        if not flags["is_no_control"] and e0 and e1:
            did = _arc(Fraction(q0), scaled * c0 / Fraction(c1 * e0, e1)) / prices
    is_flagged = any(flags.values())
    yield {
        "tenant_id": tenant.id,
        "level": "city",
        "city_id": change.city_id,
        "specialty_id": tenant.id_of("spc", change.service.specialty.id),
        "service_id": change.service.id,
        "visit_type": change.visit_type,
        "effective_on": change.on,
        "p_old_paise": change.old,
        "p_new_paise": change.new,
        "bookings_before_n": q0,
        "bookings_after_n": q1,
        "open_days_before_n": d0,
        "open_days_after_n": d1,
        "control_bookings_before_n": c0,
        "control_bookings_after_n": c1,
        "control_open_days_before_n": e0,
        "control_open_days_after_n": e1,
        "price_sum_before_paise": s0,
        "price_sum_after_paise": s1,
        "revenue_effect_paise": (2 * s1 * d0 + d1) // (2 * d1) - s0 if d1 else None,
        **flags,
        "is_flagged": is_flagged,
        "changes_n": 1,
        "weight_n": 0 if is_flagged or elasticity is None else q0 + q1,
        "elasticity": None if elasticity is None else float(elasticity),
        "elasticity_did": None if did is None else float(did),
    }


def _is_promo(change: Change, lines: list[Earning]) -> bool:
    """Whether more than a tenth of the lines of either half were sold with a discount."""
    halves: tuple[list[bool], list[bool]] = ([], [])
    for line in lines:
        if line.service is change.service and line.branch.city.id == change.city_id:
            on = day_of(line.at)
            if change.on - WINDOW <= on < change.on + WINDOW:
                halves[on >= change.on].append(line.discount_paise > 0)
    return any(10 * sum(half) > len(half) for half in halves)


def _arc(before: Fraction, after: Fraction) -> Fraction:
    """The change relative to the middle of both."""
    return (after - before) / ((after + before) / 2)


def _halves(visits: Iterable[Visit], on: date) -> tuple[list[Visit], list[Visit]]:
    days = [(day_of(_booked_at(visit)), visit) for visit in visits]
    return (
        [visit for day, visit in days if on - WINDOW <= day < on],
        [visit for day, visit in days if on <= day < on + WINDOW],
    )


def _booked_at(visit: Visit) -> datetime:
    assert visit.booked_at is not None
    return visit.booked_at


def _slots(tenant: Tenant, cities: set[str], specialty: str) -> Iterator[tuple[str, date, list[Slot]]]:
    for branch in tenant.branches.values():
        for sitting in branch.sittings if branch.city.id in cities else ():
            if sitting.practitioner.specialty.id == specialty:
                for on, slots in sitting.slots.items():
                    yield branch.city.id, on, slots


def _open_minutes(slot: Slot) -> int:
    return 0 if slot.is_retired else slot.minutes - slot.blocked_minutes


def _open_days(tenant: Tenant, cities: set[str], change: Change) -> tuple[int, int]:
    offered = _slots(tenant, cities, change.service.specialty.id)
    days = {(city, on) for city, on, slots in offered if any(map(_open_minutes, slots))}
    return (
        sum(change.on - WINDOW <= on < change.on for _, on in days),
        sum(change.on <= on < change.on + WINDOW for _, on in days),
    )


def _fill(tenant: Tenant, change: Change, visits: list[Visit]) -> Fraction:
    """Booked over available minutes from the change on; whoever gave a token back before its time took none."""
    taken = Counter(
        visit.slot.id
        for visit in visits
        if visit.booked_at is not None
        and visit.status not in ("hold_expired", "error")
        and (visit.status != "cancelled" or (visit.released_at is not None and visit.released_at >= visit.start_at))
    )
    booked, available = Fraction(0), 0
    for _, on, slots in _slots(tenant, {change.city_id}, change.service.specialty.id):
        for slot in slots if change.on <= on < change.on + WINDOW else ():
            if _open_minutes(slot):
                available += _open_minutes(slot)
                booked += Fraction(slot.minutes * taken[slot.id], slot.capacity)
    return booked / available if available else Fraction(0)


def _specialties(tenant_id: str, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """By city and specialty: sums over the changes that nothing else explains."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["city_id"], row["specialty_id"]].append(row)
    for (city_id, specialty_id), found in groups.items():
        plain = [row for row in found if not row["is_flagged"]]
        weight = sum(row["weight_n"] for row in plain)
        named = {"tenant_id": tenant_id, "level": "city_specialty", "city_id": city_id, "specialty_id": specialty_id}
        texts = dict.fromkeys(("service_id", "visit_type"), "-")
        absent = dict.fromkeys(("effective_on", "p_old_paise", "p_new_paise"))
        sums = {name: sum(row[name] for row in plain) for name in found[0] if name.endswith(("_n", "_paise"))}
        flags = {name: all(row[name] for row in found) for name in found[0] if name.startswith("is_")}
        means = {
            name: sum(row["weight_n"] * row[name] for row in plain if row["weight_n"]) / weight if weight else None
            for name in ("elasticity", "elasticity_did")
        }
        yield {**named, **texts, **sums, **absent, **flags, **means}
