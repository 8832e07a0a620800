"""A value that cannot be read becomes NULL in the parse: found here, by the fields that an event always has."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from mymedic.errors import Refused
from pipelines.landing.table import Column, Table


def refuse_incomplete(table: Table, rows: pa.Table) -> None:
    """LANDING_CORRUPT when a field that its event type always has is NULL.

    Counts decide for nearly every column; asking row by row as well made the whole parse a third slower.
    """
    counts = {one["values"]: one["counts"] for one in pc.value_counts(rows["event_type"]).to_pylist()}
    for column in table.columns:
        present = len(rows) - rows[column.name].null_count
        required = sum(counts.get(event, 0) for event in column.required)
        if present < required or (present < _possible(column, counts) and _is_choosy(column)):
            _refuse_missing(column, rows)


def _possible(column: Column, counts: Mapping[str, int]) -> int:
    return sum(counts.get(event, 0) for event in column.events)


def _is_choosy(column: Column) -> bool:
    """Always there in some events and only sometimes in others: counts alone could hide a hole behind a guest."""
    return 0 < len(column.required) < len(column.events)


def _refuse_missing(column: Column, rows: pa.Table) -> None:
    must = pc.is_in(rows["event_type"], value_set=pa.array(column.required, pa.string()))
    missing = rows.filter(pc.and_(must, pc.is_null(rows[column.name])))
    if missing.num_rows:
        tenant_id, seq, event_type = (missing[name][0].as_py() for name in ("tenant_id", "seq", "event_type"))
        raise Refused(
            "LANDING_CORRUPT",
            f"{event_type} at seq {seq} says nothing readable for {'.'.join(column.path)}",
            tenant_id=tenant_id,
            seq=seq,
            event_type=event_type,
            field=".".join(column.path),
        )
