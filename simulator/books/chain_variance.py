"""Truth of mart_chain_variance: each branch against its chain, by week and by month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from simulator.books.items import NOBODY, TIMING, Item
from simulator.books.noshow_patterns import attendance
from simulator.books.records import Receipt, Visit
from simulator.calendar import day_of

SMALL = 30
# (business date, branch, metric, numerator, denominator, units)
Part = tuple[date, str, str, int, int, int]


def chain_variance(
    tenant_id: str, visits: Iterable[Visit], receipts: Iterable[Receipt], items: Iterable[Item], as_of: datetime
) -> list[dict[str, Any]]:
    cells: dict[tuple[str, date, str], dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0, 0]))
    parts = [*_of_visits(visits, as_of), *_of_money(receipts), *_of_items(items)]
    for on, branch_id, metric, num, den, units in parts:
        for kind, start in (("week", on - timedelta(days=on.weekday())), ("month", on.replace(day=1))):
            sums = cells[kind, start, metric][branch_id]
            sums[0] += num
            sums[1] += den
            sums[2] += units
    return [row for key, branches in cells.items() for row in _rows(tenant_id, key, branches)]


def _of_visits(visits: Iterable[Visit], as_of: datetime) -> Iterator[Part]:
    for visit in visits:
        if visit.booked_at is None or visit.status == "error":
            continue
        on, branch_id, came = day_of(visit.start_at), visit.branch.id, attendance(visit, as_of)
        if came in ("kept", "noshow"):
            yield on, branch_id, "noshow_rate", int(came == "noshow"), 1, 1
        by_patient = visit.status == "cancelled" and visit.initiator == "patient"
        yield on, branch_id, "cancel_rate_patient", int(by_patient), 1, 1
        required, paid = visit.deposit_required_paise, visit.deposit_paid_paise
        if required or paid:
            yield on, branch_id, "deposit_coverage", paid, required, int(required > 0)


def _of_money(receipts: Iterable[Receipt]) -> Iterator[Part]:
    for receipt in receipts:
        if receipt.captured_at is None:
            continue
        on, branch_id, amount = day_of(receipt.captured_at), receipt.branch.id, receipt.amount_paise
        refunded = sum(refund.amount_paise for refund in receipt.refunds if refund.processed_at)
        yield on, branch_id, "refund_rate", refunded, amount, 1
        yield on, branch_id, "recon_variance_bps", 0, amount, 1


def _of_items(items: Iterable[Item]) -> Iterator[Part]:
    for item in items:
        if item.is_open and item.class_ not in TIMING and item.branch_id != NOBODY:
            yield item.business_date, item.branch_id, "recon_variance_bps", abs(item.right - item.left), 0, 0


def _rows(tenant_id: str, key: tuple[str, date, str], branches: dict[str, list[int]]) -> Iterator[dict[str, Any]]:
    kind, start, metric = key
    chain_num = sum(sums[0] for sums in branches.values())
    chain_den = sum(sums[1] for sums in branches.values())
    values = {branch: Fraction(sums[0], sums[1]) for branch, sums in branches.items() if sums[1]}
    order = sorted(set(values.values()), reverse=metric == "deposit_coverage")
    for branch, (num, den, units) in branches.items():
        yield {
            "tenant_id": tenant_id,
            "period_kind": kind,
            "period_start_on": start,
            "branch_id": branch,
            "metric": metric,
            "branch_num": num,
            "branch_den": den,
            "branch_value": num / den if den else None,
            "chain_num": chain_num,
            "chain_den": chain_den,
            "chain_value": chain_num / chain_den if chain_den else None,
            "rank": order.index(values[branch]) + 1 if branch in values else None,
            "n_branches": len(values),
            "is_small_n": units < SMALL,
        }
