"""Truth of mart_chain_financial: a month's money of each branch, of each city and of all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from simulator.books.items import Item
from simulator.books.journal import HEAD_OFFICE, Journal
from simulator.books.ledger_balance import trial_balance
from simulator.books.records import Receipt
from simulator.calendar import day_of
from simulator.cast import Tenant

# column: (side that adds to it, accounts, acts; no acts means all of them)
FLOWS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "credit_notes": ("C", ("1400",), ("credited",)),
    "net_revenue": ("C", ("4100",), ()),
    "gst_output": ("C", ("2300",), ()),
    "forfeit_income": ("C", ("4200",), ()),
    "refunds": ("D", ("2200",), ("refund_paid",)),
    "reversals": ("D", ("2100",), ("reversed",)),
    "gateway_fees": ("D", ("5100",), ()),
    "gst_on_fees": ("D", ("1500", "5110"), ()),
    "net_settled_to_bank": ("D", ("1300",), ("paid_out",)),
    "cash_short": ("D", ("5300",), ()),
    "cash_over": ("C", ("4900",), ()),
    "chargebacks_lost": ("C", ("1250",), ("dispute_lost",)),
    "write_offs": ("D", ("5400",), ()),
}
CLOSINGS = {"2100": "patient_advance", "1400": "patient_receivable", "1410": "insurer_receivable"}
CLOSINGS |= {"1200": "gateway_receivable", "1210": "gateway_receivable"}
MODES = {"upi": "captured_upi", "card": "captured_card", "cash": "captured_cash"}
AMOUNTS = (
    *("gross_billed", "discounts", *FLOWS, *MODES.values(), "captured_other"),
    *dict.fromkeys(f"{name}_closing" for name in CLOSINGS.values()),
    *("recon_open", "recon_matched_left", "recon_due_left"),
)
Cells = dict[tuple[date, str], dict[str, int]]


def chain_financial(
    tenant: Tenant, journal: Journal, receipts: Iterable[Receipt], items: Iterable[Item], today: date
) -> list[dict[str, Any]]:
    cells: Cells = defaultdict(lambda: dict.fromkeys((*AMOUNTS, "open_n"), 0))
    _add_books(cells, tenant.id, journal, today)
    for receipt in receipts:
        if receipt.captured_at is not None:
            cell = cells[_month(day_of(receipt.captured_at)), receipt.branch.id]
            cell[MODES.get(receipt.mode, "captured_other")] += receipt.amount_paise
    for item in items:
        cell = cells[_month(item.business_date), item.branch_id]
        if item.is_open:
            cell["open_n"] += 1
            cell["recon_open"] += stake(item)
        if item.due_on is not None and item.due_on <= today:
            cell["recon_matched_left"] += item.matched
            cell["recon_due_left"] += item.left
    cities = {branch.id: branch.city.id for branch in tenant.branches.values()}
    rows: dict[tuple[date, str, str, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys((*AMOUNTS, "open_n"), 0))
    for (month, branch_id), cell in cells.items():
        city_id = cities.get(branch_id, HEAD_OFFICE)
        for key in (("branch", branch_id, city_id), ("city", "-", city_id), ("tenant", "-", "-")):
            for name, amount in cell.items():
                rows[month, *key][name] += amount
    return [_row(tenant.id, key, cell) for key, cell in rows.items()]


def stake(item: Item) -> int:
    """What there is to decide about: what is left open, what is too much, a fee's difference, else all of it."""
    return max(abs(item.left - item.matched), abs(item.excess), abs(item.fee_variance)) or abs(item.right)


def _add_books(cells: Cells, tenant_id: str, journal: Journal, today: date) -> None:
    for (on, branch_id, account, act), sides in journal.days():
        for name, (side, accounts, acts) in FLOWS.items():
            if account in accounts and (not acts or act in acts):
                debit = sides.debit - sides.credit
                cells[_month(on), branch_id][name] += debit if side == "D" else -debit
    for on, branch_id, gross, discount in journal.asked:
        cell = cells[_month(on), branch_id]
        cell["gross_billed"] += gross
        cell["discounts"] += discount
    for row in trial_balance(tenant_id, journal, today):
        cell = cells[row["as_of_month"], row["branch_id"]]
        if row["account"] in CLOSINGS:
            sign = -1 if row["account"] == "2100" else 1
            cell[f"{CLOSINGS[row['account']]}_closing"] += sign * row["balance_paise"]


def _month(on: date) -> date:
    return on.replace(day=1)


def _row(tenant_id: str, key: tuple[date, str, str, str], cell: dict[str, int]) -> dict[str, Any]:
    month, level, branch_id, city_id = key
    due, matched = cell["recon_due_left"], cell["recon_matched_left"]
    return {
        "tenant_id": tenant_id,
        "month": month,
        "level": level,
        "branch_id": branch_id,
        "city_id": city_id,
        **{f"{name}_paise": cell[name] for name in AMOUNTS},
        "recon_open_n": cell["open_n"],
        "recon_rate_bps": (20_000 * matched + due) // (2 * due) if due else None,
    }
