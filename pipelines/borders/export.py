"""The border where files leave: what a CSV and a Parquet file hold, against the mart and against their manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow.parquet as pq

from exports.finance.read import is_money
from exports.finance.run import Export, Manifest
from exports.finance.surface import Surface
from exports.finance.surfaces import REPORTS
from exports.warehouse import opened
from pipelines.borders.expectations import hold, library
from pipelines.borders.landing import NO_PERSONAL_COLUMN, not_personal
from pipelines.borders.result import BorderResult

EXPORT_RULES = (
    "key_is_unique_and_never_null",
    "sums_equal_the_mart",
    "rows_and_sums_equal_the_manifest",
    "columns_are_those_of_the_surface",
    NO_PERSONAL_COLUMN,
)
# Formats that can be read back row by row; the spreadsheet is written from the same rows.
READ_BACK = ("parquet", "csv")


class _Truth(NamedTuple):
    """What the warehouse says: the surface's columns, and the sum of each column that surface and mart share."""

    columns: list[str]
    sums: dict[str, int]


def check_export_border(export: Export, warehouse: Path) -> list[BorderResult]:
    """One result for every rule; a rule holds when it holds for each format."""
    surface = REPORTS[export.manifest.surface]
    truth = _truth(surface, export.manifest, warehouse)
    found = [
        (format, result)
        for format in READ_BACK
        if format in export.manifest.format
        for result in _hold(export, surface, truth, format)
    ]
    return [
        _together(surface, rule, [(format, one) for format, one in found if one.name == rule]) for rule in EXPORT_RULES
    ]


def _truth(surface: Surface, manifest: Manifest, warehouse: Path) -> _Truth:
    """Read past the export's own query, whose joins could lose rows or multiply them."""
    conditions, parameters = ["tenant_id = ?", surface.mart_only], [manifest.tenant_id]
    for condition, value in ((">=", manifest.filters["from"]), ("<=", manifest.filters["to"])):
        if isinstance(value, str):
            conditions.append(f"{surface.period_on} {condition} CAST(? AS DATE)")
            parameters.append(value)
    for name, ids in manifest.filters.items():
        if isinstance(ids, list):
            conditions.append(f"{name.removesuffix('s')} IN ({', '.join('?' * len(ids))})")
            parameters.extend(ids)
    with opened(warehouse) as connection:
        columns = [row[0] for row in connection.execute(f"DESCRIBE {surface.query}").fetchall()]
        of_mart = {row[0] for row in connection.execute(f"DESCRIBE {surface.mart}").fetchall()}
        shared = [name for name in columns if name in of_mart and _adds_up(name)]
        sums = ", ".join(["count(*)", *(f"coalesce(sum({name}), 0)::BIGINT" for name in shared)])
        found: Any = connection.execute(
            f"SELECT {sums} FROM {surface.mart} WHERE {' AND '.join(conditions)}", parameters
        ).fetchone()
    return _Truth(columns, dict(zip(shared, found[1:], strict=True)))


def _hold(export: Export, surface: Surface, truth: _Truth, format: str) -> list[BorderResult]:
    gx = library().expectations
    columns, frame = _read(export.path(format), surface)
    expected = _in_csv(truth.columns) if format == "csv" else truth.columns
    rows = {
        "key_is_unique_and_never_null": [
            *(gx.ExpectColumnValuesToNotBeNull(column=name) for name in surface.key),
            gx.ExpectCompoundColumnsToBeUnique(column_list=list(surface.key))
            if len(surface.key) > 1
            else gx.ExpectColumnValuesToBeUnique(column=surface.key[0]),
        ],
        "sums_equal_the_mart": _sums(truth.sums),
        "rows_and_sums_equal_the_manifest": [
            gx.ExpectTableRowCountToEqual(value=export.manifest.rows),
            *_sums(export.manifest.sums_paise),
        ],
    }
    names = {
        "columns_are_those_of_the_surface": [gx.ExpectTableColumnsToMatchOrderedList(column_list=expected)],
        NO_PERSONAL_COLUMN: [not_personal(columns)],
    }
    subject = f"exports/{surface.name}"
    return [
        *hold(subject, frame, rows, known_by=surface.key),
        *hold(subject, pd.DataFrame(columns=columns), names, seen=len(frame)),
    ]


def _sums(sums: Mapping[str, int]) -> list[Any]:
    expected = library().expectations.ExpectColumnSumToBeBetween
    return [expected(column=name, min_value=total, max_value=total) for name, total in sums.items()]


def _read(path: Path, surface: Surface) -> tuple[list[str], pd.DataFrame]:
    """The names of all columns, and a frame of those that a rule reads; an amount that is absent adds 0."""
    frame: pd.DataFrame
    if path.suffix == ".parquet":
        columns = pq.read_schema(path).names
        # As objects: beside an absent amount the others would become floats.
        frame = pq.read_table(path, columns=_wanted(columns, surface)).to_pandas(integer_object_nulls=True)
    else:
        columns = list(pd.read_csv(path, nrows=0).columns)
        frame = pd.read_csv(path, usecols=_wanted(columns, surface), dtype="str", na_values=[""], keep_default_na=False)
    adding = [name for name in frame.columns if _adds_up(name)]
    return columns, frame.assign(**{name: frame[name].astype("Int64").fillna(0).astype("int64") for name in adding})


def _wanted(columns: Sequence[str], surface: Surface) -> list[str]:
    return [name for name in columns if name in surface.key or _adds_up(name)]


def _adds_up(column: str) -> bool:
    return is_money(column) or (column.endswith("_n") and not column.startswith("is_"))


def _in_csv(columns: Sequence[str]) -> list[str]:
    """The CSV says each amount twice, in paise and in rupees."""
    return [
        one for name in columns for one in ([name, name.removesuffix("paise") + "inr"] if is_money(name) else [name])
    ]


def _together(surface: Surface, rule: str, results: Sequence[tuple[str, BorderResult]]) -> BorderResult:
    return BorderResult(
        f"exports/{surface.name}",
        rule,
        all(one.passed for _, one in results),
        sum(one.seen for _, one in results[:1]),
        "; ".join(f"{format}: {one.detail}" for format, one in results if not one.passed),
    )
