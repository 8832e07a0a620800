"""How each report looks to a person: names, ₹ in lakh grouping, a total line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from rich.table import Table

from apps.cli.console import in_rupees, rupees, table
from exports.finance.read import Extract

Row = dict[str, Any]


def settlement(extract: Extract) -> Table:
    rows: list[Row] = extract.table.to_pylist()
    money = ("payments_gross_paise", "refunds_paise", "fee_paise", "tax_paise", "net_paise", "bank_paise")
    shown = [
        [
            row["settled_on"],
            row["gateway"],
            row["settlement_id"],
            row["payments_n"],
            *(rupees(row[name]) for name in money),
            row["batch_class"],
        ]
        for row in rows
    ]
    shown.append(["", "", "total", _sum(rows, "payments_n"), *(rupees(_sum(rows, name)) for name in money), ""])
    columns = ["settled", "gateway", "settlement", "payments"]
    columns += ["gross ₹", "refunds ₹", "fees ₹", "tax ₹", "net ₹", "bank ₹", "bank says"]
    return table(_title(extract), columns, shown, right=["payments"])


def variance(extract: Extract) -> Table:
    money = (
        "expected_paise",
        "evidenced_paise",
        "in_transit_paise",
        "on_hold_paise",
        "missing_paise",
        "short_paise",
        "cash_short_paise",
        "variance_paise",
    )
    return _grouped(extract, ("city_name", "branch_name"), ["city", "branch"], money, ("open_items_n",))


def leakage(extract: Extract) -> Table:
    keys = ("leakage_type", "branch_name")
    return _grouped(extract, keys, ["type", "branch"], ("amount_paise", "recoverable_paise"), ("n",))


def noshow(extract: Extract) -> Table:
    groups = _groups(extract, ("branch_name", "specialty_name"), ("appointments_n", "kept_n", "noshow_n", "decided_n"))
    total = [sum(values[i] for values in groups.values()) for i in range(4)]
    rows = [[*key, *values[:3], _percent(values[2], values[3])] for key, values in groups.items()]
    rows.append(["total", "", *total[:3], _percent(total[2], total[3])])
    numbers = ["appointments", "kept", "no-shows", "rate"]
    return table(_title(extract), ["branch", "specialty", *numbers], rows, right=numbers)


def exceptions(extract: Extract) -> Table:
    rows = [
        [
            row["age_days"],
            rupees(row["amount_paise"]),
            row["class"],
            row["branch_name"],
            row["gateway"],
            row["gateway_ref"],
            in_rupees(row["rule_missed"]),
            row["what_to_do"],
        ]
        for row in extract.table.to_pylist()
    ]
    columns = ["days", "amount ₹", "what", "branch", "gateway", "their id", "which rule missed", "what to do"]
    return table(_title(extract), columns, rows, right=["days"])


def overcollected(extract: Extract) -> Table:
    money = ("charged_paise", "asked_paise", "paid_paise", "over_collected_paise")
    rows: list[Row] = extract.table.to_pylist()
    shown = [
        [row["business_date"], row["branch_name"], row["bill_ref"], row["currency"], *(rupees(row[n]) for n in money)]
        for row in rows
    ]
    shown.append(["", "", f"{len(rows)} bills", "", *(rupees(_sum(rows, name)) for name in money)])
    columns = ["date", "branch", "bill", "currency", "charged ₹", "asked ₹", "paid ₹", "too much ₹"]
    return table(_title(extract), columns, shown)


VIEWS: dict[str, Callable[[Extract], Table]] = {
    "settlement": settlement,
    "variance": variance,
    "leakage": leakage,
    "noshow": noshow,
    "exceptions": exceptions,
    "overcollected": overcollected,
}


def _title(extract: Extract) -> str:
    as_of = f"{extract.as_of:%Y-%m-%d %H:%M} UTC" if extract.as_of else "-"
    return f"{extract.surface.title}, {extract.tenant_id}, {extract.period.label}, as known at {as_of}"


def _grouped(
    extract: Extract, keys: tuple[str, ...], labels: list[str], money: tuple[str, ...], counts: tuple[str, ...]
) -> Table:
    groups = _groups(extract, keys, (*counts, *money))
    split = len(counts)
    rows: list[list[Any]] = [
        [*key, *values[:split], *(rupees(value) for value in values[split:])] for key, values in groups.items()
    ]
    totals = [sum(values[i] for values in groups.values()) for i in range(split + len(money))]
    blanks = [""] * (len(keys) - 1)
    rows.append(["total", *blanks, *totals[:split], *(rupees(value) for value in totals[split:])])
    count_labels = [name.removesuffix("_n").replace("_", " ") if name != "n" else "n" for name in counts]
    money_labels = [name.removesuffix("_paise").replace("_", " ") + " ₹" for name in money]
    return table(_title(extract), [*labels, *count_labels, *money_labels], rows, right=count_labels)


def _groups(extract: Extract, keys: tuple[str, ...], sums: tuple[str, ...]) -> dict[tuple[str, ...], list[int]]:
    found: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0] * len(sums))
    for row in extract.table.to_pylist():
        values = found[tuple(str(row[key]) for key in keys)]
        for index, name in enumerate(sums):
            values[index] += row[name] or 0
    return dict(sorted(found.items()))


def _sum(rows: list[Row], name: str) -> int:
    return sum(row[name] or 0 for row in rows)


def _percent(numerator: int, denominator: int) -> str:
    return f"{100 * numerator / denominator:.2f} %" if denominator else "-"
