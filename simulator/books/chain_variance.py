"""Truth of mart_chain_variance: each branch against its chain, by week and by month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from fractions import Fraction
from statistics import fmean, pstdev
from typing import Any

from simulator.books.branch_metrics import Part, parts
from simulator.books.items import Item
from simulator.cast import Branch
from simulator.stage import House

SMALL, FEWEST = 30, 3
LOW_IS_GOOD = ("noshow_rate", "cancel_rate_patient", "discount_rate", "refund_rate", "recon_variance_bps")
Sums = dict[str, list[int]]


def chain_variance(house: House, items: Iterable[Item], as_of: datetime) -> list[dict[str, Any]]:
    """(period, metric) -> branch -> specialty -> numerator, denominator, units."""
    cells: dict[tuple[str, date, str], dict[str, Sums]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(lambda: [0, 0, 0]))
    )
    for part in parts(house, items, as_of):
        for kind, start in (("week", part.on - timedelta(days=part.on.weekday())), ("month", part.on.replace(day=1))):
            _add(cells[kind, start, part.metric][part.branch_id][part.specialty_id], part)
    return [row for key, branches in cells.items() for row in _rows(house, key, branches)]


def _add(sums: list[int], part: Part) -> None:
    sums[0] += part.num
    sums[1] += part.den
    sums[2] += part.units


def _rows(house: House, key: tuple[str, date, str], branches: dict[str, Sums]) -> Iterator[dict[str, Any]]:
    kind, start, metric = key
    known = {branch.id: branch for branch in house.tenant.branches.values()}
    totals = {branch_id: _total(specialties) for branch_id, specialties in branches.items()}
    chain_num, chain_den, _ = _total({id: list(total) for id, total in totals.items()})
    whole = {id: not _is_partial(house, known[id], kind, start) for id in branches}
    ranked = {id: Fraction(num, den) for id, (num, den, _) in totals.items() if den and whole[id]}
    order = sorted(set(ranked.values()), reverse=metric not in LOW_IS_GOOD)
    values = [float(value) for value in ranked.values()]
    spread = pstdev(values) if len(values) >= FEWEST else 0
    chain_value = chain_num / chain_den if chain_den else None
    for id, (num, den, units) in totals.items():
        value = num / den if den else None
        apart = value - chain_value if value is not None and chain_value is not None else None
        yield {
            "tenant_id": house.tenant.id,
            "period_kind": kind,
            "period_start_on": start,
            "branch_id": id,
            "city_id": known[id].city.id,
            "metric": metric,
            "branch_num": num,
            "branch_den": den,
            "branch_value": value,
            "chain_num": chain_num,
            "chain_den": chain_den,
            "chain_value": chain_value,
            "variance_abs": apart,
            "variance_pct": apart / chain_value if apart is not None and chain_value else None,
            "expected_mix_adjusted": _expected(branches, id) if den else None,
            "z": (float(ranked[id]) - fmean(values)) / spread if id in ranked and spread else None,
            "rank": order.index(ranked[id]) + 1 if id in ranked else None,
            "n_branches": len(ranked),
            "is_small_n": units < SMALL,
            "is_partial": not whole[id],
        }


def _total(sums: Sums) -> tuple[int, int, int]:
    return (
        sum(one[0] for one in sums.values()),
        sum(one[1] for one in sums.values()),
        sum(one[2] for one in sums.values()),
    )


def _expected(branches: dict[str, Sums], branch_id: str) -> float:
    """What the branch would have with its own mix of specialties and the chain's value in each."""
    chain_num: dict[str, int] = defaultdict(int)
    chain_den: dict[str, int] = defaultdict(int)
    for specialties in branches.values():
        for specialty, (num, den, _) in specialties.items():
            chain_num[specialty] += num
            chain_den[specialty] += den
    own = branches[branch_id]
    terms = [
        Fraction(den * chain_num[specialty], chain_den[specialty])
        for specialty, (_, den, _) in own.items()
        if chain_den[specialty]
    ]
    return float(sum(terms, Fraction(0)) / sum(den for _, den, _ in own.values()))


def _is_partial(house: House, branch: Branch, kind: str, start: date) -> bool:
    """Opened after the period's first day, or closed before its last one was over, as far as is known."""
    end = start + timedelta(days=7) if kind == "week" else (start + timedelta(days=32)).replace(day=1)
    first_day = house.stage.first_day
    if branch.row.opens_on_day and first_day + timedelta(days=branch.row.opens_on_day - 1) > start:
        return True
    return branch.closed_on is not None and branch.closed_on < end
