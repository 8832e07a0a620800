"""Truth of mart_branch_variance: one row per day, branch, channel and mode."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from simulator.books.items import Item
from simulator.books.records import Receipt, Refund
from simulator.calendar import day_of

AMOUNTS = (
    "expected_paise",
    "evidenced_paise",
    "in_transit_paise",
    "on_hold_paise",
    "missing_paise",
    "short_paise",
    "over_paise",
    "cash_short_paise",
    "cash_over_paise",
)
_REST = {
    "in_transit": "in_transit_paise",
    "partially_settled": "in_transit_paise",
    "qr_in_transit": "in_transit_paise",
    "on_hold": "on_hold_paise",
    "missing_settlement": "missing_paise",
    "qr_missing": "missing_paise",
    "amount_mismatch_short": "short_paise",
}
Key = tuple[date, str, str, str]


class _Cell:
    def __init__(self) -> None:
        self.amounts = dict.fromkeys(AMOUNTS, 0)
        self.open_ages: list[int] = []

    def note_open(self, item: Item, today: date) -> None:
        if item.is_open:
            self.open_ages.append((today - item.aged_from).days)


def branch_variance(
    tenant_id: str, items: Iterable[Item], receipts: Iterable[Receipt], refunds: Iterable[Refund], today: date
) -> list[dict[str, Any]]:
    cells: dict[Key, _Cell] = defaultdict(_Cell)
    for item in items:
        if item.kind in ("payment", "refund", "qr"):
            _add_item(cells[item.business_date, item.branch_id, item.channel, item.mode], item, today)
        elif item.kind == "session":
            _add_session(cells[item.business_date, item.branch_id, "drawer", "cash"], item, today)
    for receipt in receipts:
        if receipt.drawer is not None and receipt.captured_at is not None:
            _add_cash(cells, receipt, day_of(receipt.captured_at), 0 if receipt.is_reversed else receipt.amount_paise)
    for refund in refunds:
        if refund.destination == "cash" and refund.processed_at is not None:
            _add_cash(cells, refund.receipt, day_of(refund.processed_at), -refund.amount_paise)
    return [_row(tenant_id, key, cell) for key, cell in cells.items()]


def _add_item(cell: _Cell, item: Item, today: date) -> None:
    sign = -1 if item.kind == "refund" else 1
    amounts = cell.amounts
    amounts["expected_paise"] += sign * item.left
    amounts["evidenced_paise"] += sign * item.right
    amounts["over_paise"] += sign * item.excess
    if item.class_ in _REST:
        amounts[_REST[item.class_]] += sign * (item.left - item.matched)
    cell.note_open(item, today)


def _add_session(cell: _Cell, item: Item, today: date) -> None:
    off = item.right - item.left
    cell.amounts["evidenced_paise"] += off
    cell.amounts["cash_short_paise"] += max(0, -off)
    cell.amounts["cash_over_paise"] += max(0, off)
    cell.note_open(item, today)


def _add_cash(cells: dict[Key, _Cell], receipt: Receipt, on: date, amount: int) -> None:
    """Cash is evidenced by the count of a closed drawer, and on its way until then."""
    assert receipt.drawer is not None
    amounts = cells[on, receipt.branch.id, "drawer", "cash"].amounts
    amounts["expected_paise"] += amount
    amounts["evidenced_paise" if receipt.drawer.closed_at else "in_transit_paise"] += amount


def _row(tenant_id: str, key: Key, cell: _Cell) -> dict[str, Any]:
    amounts = cell.amounts
    expected = amounts["expected_paise"]
    variance = amounts["evidenced_paise"] - (expected - amounts["in_transit_paise"])
    business_date, branch_id, channel, mode = key
    return {
        "tenant_id": tenant_id,
        "business_date": business_date,
        "branch_id": branch_id,
        "channel": channel,
        "mode": mode,
        **amounts,
        "variance_paise": variance,
        "variance_bps": _bps(variance, abs(expected)) if expected else None,
        "open_items_n": len(cell.open_ages),
        "oldest_age_days": max(cell.open_ages, default=None),
        "resolved_paise": 0,
    }


def _bps(part: int, whole: int) -> int:
    """Basis points, half away from zero."""
    size = (2 * abs(part) * 10_000 + whole) // (2 * whole)
    return size if part >= 0 else -size
