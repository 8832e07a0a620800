"""What a fault changes: the cells in which two runs of one world differ, and how differences of several add up."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]
Key = tuple[Any, ...]
Cells = dict[tuple[str, Key, str], Any]

# The grain of each table: what tells one row from another.
GRAIN: dict[str, tuple[str, ...]] = {
    "fct_recon_item": ("tenant_id", "item_id"),
    "mart_settlement_report": ("tenant_id", "gateway", "settlement_id"),
    "mart_branch_variance": ("tenant_id", "business_date", "branch_id", "channel", "mode"),
    "mart_recon_ageing": ("tenant_id", "as_of_date", "leg", "class", "branch_id", "bucket"),
    "mart_gateway_fee_audit": ("tenant_id", "gateway", "mode", "card_type", "month_start_on"),
    "mart_leakage_metrics": (
        "tenant_id",
        "business_date",
        "branch_id",
        "practitioner_id",
        "specialty_id",
        "leakage_type",
    ),
    "mart_price_sensitivity": (
        "tenant_id",
        "level",
        "city_id",
        "specialty_id",
        "service_id",
        "visit_type",
        "effective_on",
    ),
    "mart_procedure_conversion": (
        "tenant_id",
        "advised_on",
        "branch_id",
        "city_id",
        "practitioner_id",
        "specialty_id",
        "department_id",
        "service_id",
    ),
    "mart_followup_adherence": (
        "tenant_id",
        "due_on",
        "branch_id",
        "city_id",
        "practitioner_id",
        "specialty_id",
        "department_id",
    ),
    "mart_census": ("tenant_id", "line", "branch_id", "department_id", "bed_id", "as_of_date"),
    "mart_claims_ageing": ("tenant_id", "payer_id", "branch_id", "state", "bucket"),
    "mart_chain_variance": ("tenant_id", "period_kind", "period_start_on", "branch_id", "metric"),
    "mart_chain_financial": ("tenant_id", "month", "level", "branch_id", "city_id"),
    "ledger_days": ("tenant_id", "business_date", "branch_id", "account"),
    "mart_revenue_bridge": ("tenant_id", "period_kind", "period_start_on", "level", "branch_id"),
    "mart_provider_yield": ("tenant_id", "business_date", "practitioner_id", "branch_id", "specialty_id"),
}
# Amounts and counts of several faults in one cell add up; classes, ages and ratios are of the whole.
_SUMMED = ("_paise", "_n", "_num", "_den")
# Parts of a change of revenue: products and quotients of what is summed.
_PRODUCTS = {"volume_paise", "mix_paise", "price_paise", "new_paise", "discontinued_paise"}


# Told of what several faults come to: where one moves a branch up, another may move it down again.
_OF_THE_WHOLE = {"rank", "is_small_n"}
# Quotients of sums: where the sums come to what they were, so do these. The sums themselves are compared.
_QUOTIENTS = {"branch_value", "chain_value", "variance_abs", "variance_pct", "expected_mix_adjusted", "z"}


def cells(tables: dict[str, list[Row]]) -> Cells:
    """Every cell of the tables whose grain is known."""
    found: Cells = {}
    for table, grain in GRAIN.items():
        for row in tables[table]:
            key = tuple(row[name] for name in grain)
            for name, value in (_netted(row) if table == "ledger_days" else row).items():
                if name not in grain:
                    found[table, key, name] = value
    return found


def _netted(row: Row) -> Row:
    """Faults of one batch meet in one posting, whose side is that of the larger: only balances add up."""
    balance = {"balance_paise": row["debit_paise"] - row["credit_paise"]}
    return {name: value for name, value in row.items() if name not in ("debit_paise", "credit_paise")} | balance


def is_summed(column: str) -> bool:
    if column in _PRODUCTS | _OF_THE_WHOLE:
        return False
    return column in ("n", "paise") or column.endswith(_SUMMED)


def is_told(column: str) -> bool:
    return not is_summed(column) and column not in _OF_THE_WHOLE


def is_quotient(column: str) -> bool:
    return column in _QUOTIENTS


def changed(before: Cells, after: Cells) -> Cells:
    """Cells that differ: by how much where they are summed, what they have become where they are not."""
    difference: Cells = {}
    for cell in before.keys() | after.keys():
        old, new = before.get(cell), after.get(cell)
        if is_summed(cell[2]):
            if (new or 0) != (old or 0):
                difference[cell] = (new or 0) - (old or 0)
        elif old != new:
            difference[cell] = new
    return difference


def added_up(several: list[Cells]) -> Cells:
    """The summed cells of several differences together."""
    total: Cells = {}
    for difference in several:
        for cell, amount in difference.items():
            if is_summed(cell[2]):
                total[cell] = total.get(cell, 0) + amount
    return {cell: amount for cell, amount in total.items() if amount}
