"""The figures of a month as a published warehouse has them: what a statement says, and what it is compared by."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import duckdb

from apps.closing.run import TRIAL_BALANCE, last_day

Row = dict[str, Any]


class Section(NamedTuple):
    """One table of a statement: `key` tells its rows apart, `sums` are the columns that are added up."""

    name: str
    title: str
    query: str
    key: tuple[str, ...]
    sums: tuple[str, ...]
    of_month: bool = True  # else of everything up to its end


SETTLEMENTS = Section(
    "settlements",
    "Settlements of the month",
    "SELECT gateway, settlement_id, settlement_utr, settled_on, payments_n, payments_gross_paise, refunds_n,"
    " refunds_paise, adjustments_net_paise, fee_paise, tax_paise, net_paise, bank_value_on, bank_paise,"
    " bank_variance_paise, batch_class FROM mart_settlement_report WHERE settled_on BETWEEN $first AND $last"
    " ORDER BY settled_on, gateway, settlement_id",
    ("gateway", "settlement_id"),
    (
        *("payments_n", "payments_gross_paise", "refunds_n", "refunds_paise", "adjustments_net_paise"),
        *("fee_paise", "tax_paise", "net_paise", "bank_paise", "bank_variance_paise"),
    ),
)
ITEMS = Section(
    "items",
    "Reconciliation items by branch and class",
    "SELECT branch_id, leg, class, status, business_date < $first AS is_carried, count(*) AS items_n,"
    " sum(left_paise)::BIGINT AS left_paise, sum(right_paise)::BIGINT AS right_paise,"
    " sum(matched_paise)::BIGINT AS matched_paise, sum(open_paise)::BIGINT AS open_paise"
    " FROM fct_recon_item WHERE business_date <= $last AND (business_date >= $first OR is_open) GROUP BY ALL"
    " ORDER BY is_carried, branch_id, leg, class, status",
    ("branch_id", "leg", "class", "status", "is_carried"),
    ("items_n", "left_paise", "right_paise", "matched_paise", "open_paise"),
)
OPEN = Section(
    "open_items",
    "Open at the end of the month",
    "SELECT item_id, class, branch_id, business_date, first_open_on AS opened_on, open_paise, item_hash"
    " FROM fct_recon_item WHERE is_open AND business_date <= $last ORDER BY item_id",
    ("item_id",),
    ("open_paise",),
)
RESOLVED = Section(
    "resolved_items",
    "Resolved by people",
    "SELECT item_id, class, branch_id, resolution, resolution_state, resolution_paise, resolved_on, resolved_by,"
    " cosigned_by, resolution_seq FROM fct_recon_item"
    " WHERE status = 'resolved' AND business_date BETWEEN $first AND $last ORDER BY item_id",
    ("item_id",),
    ("resolution_paise",),
)
BALANCES = Section(
    "trial_balance",
    "Trial balance at the end of the month",
    TRIAL_BALANCE.replace("?", "$first"),
    ("branch_id", "account"),
    ("debit_paise", "credit_paise", "balance_paise"),
)
SECTIONS = (SETTLEMENTS, ITEMS, OPEN, RESOLVED, BALANCES)


def figures(connection: duckdb.DuckDBPyConnection, month: str) -> dict[str, list[Row]]:
    """The rows of every section, in their order."""
    return {section.name: rows_of(connection, section.query, month) for section in SECTIONS}


def sums(section: Section, rows: list[Row]) -> dict[str, int]:
    return {column: sum(row[column] or 0 for row in rows) for column in section.sums}


def rows_of(connection: duckdb.DuckDBPyConnection, query: str, month: str) -> list[Row]:
    """`$first` and `$last` are the month's days; a query names those that it needs."""
    last = last_day(month)
    days: dict[str, date] = {"first": last.replace(day=1), "last": last}
    cursor = connection.execute(query, {name: day for name, day in days.items() if f"${name}" in query})
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
