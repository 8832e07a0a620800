"""A mart held against the simulator's own books, cell by cell."""

from __future__ import annotations

import json
import math
from collections import Counter
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
    "mart_chain_variance",
    "mart_price_sensitivity",
    "mart_census",
    "mart_claims_ageing",
    "mart_trial_balance",
    "mart_chain_financial",
    "ledger_days",
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
    said, found = Counter(map(_cells, truth)), Counter(map(_cells, mart))
    return [
        *(f"only in the books: {dict(row)}" for row in (said - found).elements()),
        *(f"only in the mart:  {dict(row)}" for row in (found - said).elements()),
    ]


def _cells(row: Row) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted((name, _cell(value)) for name, value in row.items()))


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        # Twelve significant digits: sums of doubles may differ in the last bit with the order of their terms.
        return "0" if value == 0 or math.isclose(value, 0, abs_tol=1e-12) else f"{value:.11e}"
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value
