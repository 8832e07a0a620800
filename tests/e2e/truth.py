"""A mart held against the simulator's own books, cell by cell."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from itertools import zip_longest
from pathlib import Path
from typing import Any

from exports.warehouse import opened

TABLES = (
    "fct_recon_item",
    "mart_settlement_report",
    "mart_branch_variance",
    "mart_recon_ageing",
    "mart_gateway_fee_audit",
    "mart_leakage_metrics",
    "mart_cancellation_leakage",
    "mart_procedure_conversion",
    "mart_followup_adherence",
    "mart_noshow_patterns",
    "mart_noshow_by_specialty",
    "mart_chain_variance",
    "mart_price_sensitivity",
    "mart_census",
    "mart_claims_ageing",
    "mart_trial_balance",
    "mart_chain_financial",
    "ledger_days",
    "mart_revenue_bridge",
    "mart_provider_yield",
)
# Truth that is no table as it stands: what it is of one.
QUERIES = {
    "ledger_days": """(
        SELECT tenant_id, business_date, branch_id, account,
            coalesce(sum(amount_paise) FILTER (side = 'D'), 0)::BIGINT AS debit_paise,
            coalesce(sum(amount_paise) FILTER (side = 'C'), 0)::BIGINT AS credit_paise
        FROM fct_ledger_entry GROUP BY ALL
    )"""
}
Row = dict[str, Any]


def booked(folder: Path, table: str) -> list[Row]:
    """What the books say."""
    rows: list[Row] = json.loads((folder / f"{table}.json").read_text())
    return rows


def built(warehouse: Path, table: str, columns: list[str]) -> list[Row]:
    """What the warehouse says, in the columns that the books have."""
    with opened(warehouse) as connection:
        rows = connection.execute(f"SELECT {', '.join(columns)} FROM {QUERIES.get(table, table)}").fetchall()
    return [dict(zip(columns, row, strict=True)) for row in rows]


def differences(truth: list[Row], mart: list[Row]) -> list[str]:
    """(truth EXCEPT mart) ∪ (mart EXCEPT truth); whole numbers and text exactly, rates to twelve digits."""
    said, found = _by_exact_cells(truth), _by_exact_cells(mart)
    lines = []
    for exact in said.keys() | found.keys():
        left, right = sorted(said.get(exact, []), key=_order), sorted(found.get(exact, []), key=_order)
        for one, other in zip_longest(left, right):
            if one is None or other is None or not all(map(_is_close, one.values(), other.values())):
                lines += [f"only in the books: {dict(exact) | one}"] if one is not None else []
                lines += [f"only in the mart:  {dict(exact) | other}"] if other is not None else []
    return lines


def _by_exact_cells(rows: list[Row]) -> dict[tuple[tuple[str, Any], ...], list[dict[str, float]]]:
    """Rows by all that must be the same to the last digit; what is left are the rates."""
    found = defaultdict(list)
    for row in rows:
        rates = {name: value for name, value in row.items() if isinstance(value, float)}
        exact = tuple(sorted((name, _cell(value)) for name, value in row.items() if name not in rates))
        found[exact].append(dict(sorted(rates.items())))
    return found


def _order(rates: dict[str, float]) -> tuple[float, ...]:
    return tuple(rates.values())


def _is_close(one: float, other: float) -> bool:
    """Twelve significant digits: sums of doubles may differ in the last bits with the order of their terms."""
    return math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-12)


def _cell(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
