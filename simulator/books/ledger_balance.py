"""Truth of the ledger: what each account of each branch holds, by day, and by the end of each month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

from simulator.books.journal import Journal, Sides

Row = dict[str, Any]


def ledger_days(tenant_id: str, journal: Journal) -> list[Row]:
    """One row per date, branch and account that something was posted to."""
    cells: dict[tuple[date, str, str], Sides] = defaultdict(Sides)
    for (on, branch_id, account, _), sides in journal.days():
        cell = cells[on, branch_id, account]
        cell.debit += sides.debit
        cell.credit += sides.credit
    return [
        {
            "tenant_id": tenant_id,
            "business_date": on,
            "branch_id": branch_id,
            "account": account,
            "debit_paise": sides.debit,
            "credit_paise": sides.credit,
        }
        for (on, branch_id, account), sides in cells.items()
        if sides.debit or sides.credit
    ]


def trial_balance(tenant_id: str, journal: Journal, today: date) -> list[Row]:
    """One row per month, branch and account, from the account's first use to the month of `today`."""
    days = ledger_days(tenant_id, journal)
    last = max([today, *(row["business_date"] for row in days)]).replace(day=1)
    first: dict[tuple[str, str], date] = {}
    for row in days:
        key = row["branch_id"], row["account"]
        first[key] = min(first.get(key, last), row["business_date"].replace(day=1))
    rows = []
    for (branch_id, account), month in first.items():
        mine = [row for row in days if (row["branch_id"], row["account"]) == (branch_id, account)]
        for begins in _months(month, last):
            until = [row for row in mine if row["business_date"] < _next_month(begins)]
            debit, credit = sum(row["debit_paise"] for row in until), sum(row["credit_paise"] for row in until)
            rows.append(
                {
                    "tenant_id": tenant_id,
                    "as_of_month": begins,
                    "branch_id": branch_id,
                    "account": account,
                    "debit_paise": debit,
                    "credit_paise": credit,
                    "balance_paise": debit - credit,
                }
            )
    return rows


def _months(first: date, last: date) -> Iterator[date]:
    """First dates of the months from one to another."""
    on = first
    while on <= last:
        yield on
        on = _next_month(on)


def _next_month(on: date) -> date:
    return date(on.year + on.month // 12, on.month % 12 + 1, 1)
