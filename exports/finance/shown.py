"""A report as a person sees it: its rows grouped, its figures summed, a total beneath."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import duckdb

from exports.finance.read import Extract
from exports.finance.surface import Bars, Column
from mymedic.money import in_rupees, rupees_display

# Figures of mart_chain_variance that are amounts of paise per something; its others are shares.
_AMOUNTS = {"revenue_per_available_hour", "realised_price"}


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    value: float
    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """Texts by row; `is_right` says which columns are figures. `total` is empty where nothing adds up."""

    title: str
    columns: tuple[str, ...]
    is_right: tuple[bool, ...]
    rows: list[list[str]]
    total: list[str]
    bars: list[Bar]
    note: str


def shown(extract: Extract) -> Shown:
    """Group the rows of a report as its view says."""
    view = extract.surface.view
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("extracted", extract.table)
        source = f"(SELECT * FROM extracted WHERE {view.only})"
        select = ", ".join(column.sql for column in view.columns)
        keys = ", ".join(column.sql for column in view.columns if column.is_key)
        rows = connection.execute(f"SELECT {select} FROM {source} GROUP BY {keys} ORDER BY {view.order_by}").fetchall()
        total: tuple[Any, ...] = ()
        if view.has_total:
            figures = ", ".join("NULL" if column.is_key else column.sql for column in view.columns)
            (total,) = connection.execute(f"SELECT {figures} FROM {source}").fetchall()
        bars = _bars(connection, source, view.bars) if view.bars else []
    return Shown(
        title=extract.surface.title,
        columns=tuple(column.label for column in view.columns),
        is_right=tuple(column.kind not in ("text", "words") for column in view.columns),
        rows=[_texts(view.columns, row) for row in rows],
        total=_total(view.columns, total) if total else [],
        bars=bars,
        note=view.note,
    )


def _texts(columns: tuple[Column, ...], row: tuple[Any, ...]) -> list[str]:
    metric = next((str(value) for column, value in zip(columns, row, strict=True) if column.sql == "metric"), "")
    return [text(column.kind, value, metric) for column, value in zip(columns, row, strict=True)]


def _total(columns: tuple[Column, ...], row: tuple[Any, ...]) -> list[str]:
    texts = ["" if column.is_key else text(column.kind, value) for column, value in zip(columns, row, strict=True)]
    first_key = next(index for index, column in enumerate(columns) if column.is_key)
    texts[first_key] = "total"
    return texts


def _bars(connection: duckdb.DuckDBPyConnection, source: str, bars: Bars) -> list[Bar]:
    order = "1" if bars.is_timeline else "abs(figure) DESC, 1"
    found = connection.execute(
        f"SELECT {bars.by} AS label, {bars.figure} AS figure FROM {source} GROUP BY 1"
        f" HAVING figure IS NOT NULL ORDER BY {order} LIMIT {bars.most}"
    ).fetchall()
    return [Bar(text("text", label), float(value), text(bars.kind, value)) for label, value in found]


def text(kind: str, value: Any, metric: str = "") -> str:
    """A cell for a person: ₹ in lakh grouping, shares in percent, `-` for nothing."""
    if value is None:
        return "-"
    if kind == "value":
        kind = "money" if metric in _AMOUNTS else "rate"
    return _TEXTS[kind](value)


_TEXTS: dict[str, Callable[[Any], str]] = {
    "text": str,
    "words": lambda sentence: in_rupees(str(sentence)),
    "count": lambda number: f"{int(number):,}",
    "money": lambda paise: rupees_display(round(paise)),
    "rate": lambda share: f"{100 * share:.2f} %",
    "number": lambda number: f"{number:,.2f}".removesuffix(".00"),
}
