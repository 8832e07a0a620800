"""The border where events land: the newest rows of the aggregates that carry money."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.borders.expectations import hold, library
from pipelines.borders.result import BorderResult
from pipelines.landing.folder import read_landed
from pipelines.landing.schema import tables

GUARDED = ("payment", "appointment", "settlement_file", "bank_statement", "cash_session")
# Rows of one aggregate that are looked at, over all tenants of a shard: they are held in 0.4 s and 40 MB.
NEWEST = 100_000
MOST_PAISE = 10**14
# Balances and differences; every other amount is never below 0.
SIGNED = frozenset({"opening_paise", "closing_paise", "variance_paise"})
# What makes a column's name personal; the name of an event, of a file or of a branch does not.
PERSONAL = re.compile(
    r"(^|_)(phone|mobile|email|dob|birth_date|address|abha|aadhaar|vpa|pan|pii|patient_id)(_|$)"
    r"|^(name|full_name|first_name|last_name|patient_name|guardian_name|payer_name|name_hash)$"
)
NO_PERSONAL_COLUMN = "no_column_is_personal"
LANDING_RULES = (
    "seq_is_unique_and_never_null",
    "rows_are_of_their_tenant",
    "event_types_are_catalogued",
    "recorded_at_never_decreases",
    "amounts_are_within_bounds",
    NO_PERSONAL_COLUMN,
)

_READ = frozenset({"seq", "tenant_id", "event_type", "recorded_at"})


def check_landing_border(landing_dir: Path, *tenant_ids: str) -> list[BorderResult]:
    """Every rule for every guarded aggregate, over these tenants together; LANDING_CORRUPT when one cannot be read.

    Together, because Great Expectations takes about a second for five frames of any size: a shard may have a hundred
    small clinics.
    """
    landed = {tenant_id: read_landed(landing_dir / tenant_id) for tenant_id in tenant_ids}
    results: list[BorderResult] = []
    for name in GUARDED:
        paths = {
            tenant_id: [landing_dir / tenant_id / name / segment.name for segment in marker.segments[name]]
            for tenant_id, marker in landed.items()
            if marker is not None
        }
        frame = newest(paths, max(1, NEWEST // len(tenant_ids)))
        results += hold_landed(name, frame, columns_of([path for many in paths.values() for path in many]))
    return results


def columns_of(paths: Sequence[Path]) -> list[str]:
    """The names of every column that stands in any of these files."""
    return list(dict.fromkeys(name for path in paths for name in pq.read_schema(path).names))


def newest(paths: Mapping[str, Sequence[Path]], rows: int) -> pd.DataFrame:
    """The last rows of each folder's files, in their order, with only the columns that a rule reads.

    Added are `folder`, and the step from the row before in `seq` and in `recorded_at` (microseconds).
    """
    frames: list[pd.DataFrame] = []
    for folder, files in paths.items():
        frame = _last(files, rows)
        if not frame.empty:
            step = frame["recorded_at"].diff() // pd.Timedelta(microseconds=1)
            frames.append(frame.assign(folder=folder, seq_step=frame["seq"].diff(), recorded_at_step=step))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _last(paths: Sequence[Path], rows: int) -> pd.DataFrame:
    found: list[pa.Table] = []
    for path in reversed(paths):
        with pq.ParquetFile(path) as file:
            wanted = [name for name in file.schema_arrow.names if name in _READ or name.endswith("_paise")]
            for group in reversed(range(file.num_row_groups)):
                if sum(map(len, found)) < rows:
                    found.insert(0, file.read_row_group(group, wanted))
    if not found:
        return pd.DataFrame()
    together = pa.concat_tables(found)
    frame: pd.DataFrame = together.slice(max(0, len(together) - rows)).to_pandas()
    return frame


def hold_landed(name: str, frame: pd.DataFrame, columns: Sequence[str]) -> list[BorderResult]:
    """The border's rules for one aggregate: over its newest rows, and over the names of all its columns."""
    subject = f"landing/{name}"
    rules = _rules(tables()[name].events, [column for column in frame.columns if column.endswith("_paise")])
    if frame.empty:
        results = [BorderResult(subject, rule, True, 0, "nothing has landed yet") for rule in rules]
    else:
        results = hold(subject, frame, rules, known_by=("folder", "seq"))
    names = {NO_PERSONAL_COLUMN: [not_personal(columns)]}
    return results + hold(subject, pd.DataFrame(columns=list(columns)), names, seen=len(frame))


def not_personal(columns: Sequence[str]) -> Any:
    """The expectation that no column is named like personal data."""
    allowed = [column for column in columns if not PERSONAL.search(column)]
    return library().expectations.ExpectTableColumnsToMatchSet(column_set=allowed, exact_match=True)


def _rules(event_types: Sequence[str], amounts: Sequence[str]) -> dict[str, list[Any]]:
    gx = library().expectations
    rules = (
        [
            gx.ExpectColumnValuesToNotBeNull(column="seq"),
            gx.ExpectCompoundColumnsToBeUnique(column_list=["folder", "seq"]),
        ],
        [gx.ExpectColumnPairValuesToBeEqual(column_A="tenant_id", column_B="folder")],
        [
            gx.ExpectColumnValuesToNotBeNull(column="event_type"),
            gx.ExpectColumnValuesToBeInSet(column="event_type", value_set=list(event_types)),
        ],
        [
            gx.ExpectColumnValuesToNotBeNull(column="recorded_at"),
            gx.ExpectColumnValuesToBeBetween(column="seq_step", min_value=1),
            gx.ExpectColumnValuesToBeBetween(column="recorded_at_step", min_value=0),
        ],
        [
            gx.ExpectColumnValuesToBeBetween(
                column=name, min_value=-MOST_PAISE if name in SIGNED else 0, max_value=MOST_PAISE
            )
            for name in amounts
        ],
    )
    return dict(zip((rule for rule in LANDING_RULES if rule != NO_PERSONAL_COLUMN), rules, strict=True))
