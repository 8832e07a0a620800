"""Stored rows as the landing takes them: columns, not objects, with payloads in today's shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from event_store.catalogue import EVENTS, Pasts, todays_fields

if TYPE_CHECKING:
    import pyarrow as pa

RawBatch: TypeAlias = "list[tuple[Any, ...]] | pa.RecordBatch"

RAW_COLUMNS: tuple[str, ...] = (
    "tenant_id",
    "seq",
    "event_id",
    "stream_id",
    "stream_version",
    "event_type",
    "schema_version",
    "branch_id",
    "patient_id",
    "admission_id",
    "claim_id",
    "appointment_id",
    "payment_id",
    "occurred_at",
    "recorded_at",
    "causation_id",
    "correlation_id",
    "command_id",
    "actor",
    "channel",
    "payload",
)
_TENANT, _SEQ, _TYPE, _VERSION, _PAYLOAD = (
    RAW_COLUMNS.index(name) for name in ("tenant_id", "seq", "event_type", "schema_version", "payload")
)


def in_todays_shape(batch: RawBatch, pasts: Pasts | None) -> RawBatch:
    """The batch, with every payload as today's program would have written it; it is copied only where one is not."""
    known = {name: event.version for name, event in EVENTS.items()}
    if all(known.get(event_type) == version for event_type, version in _shapes(batch)):
        return batch
    rows = batch if isinstance(batch, list) else list(zip(*batch.to_pydict().values(), strict=True))
    return [_upcast_row(row, known, pasts) for row in rows]


def _shapes(batch: RawBatch) -> set[tuple[str, int]]:
    """(event type, schema version) as they occur."""
    if isinstance(batch, list):
        return {(row[_TYPE], row[_VERSION]) for row in batch}
    import pyarrow as pa

    names = ["event_type", "schema_version"]
    distinct = pa.Table.from_batches([batch.select(names)]).group_by(names).aggregate([])
    return {(row["event_type"], row["schema_version"]) for row in distinct.to_pylist()}


def _upcast_row(row: tuple[Any, ...], known: dict[str, int], pasts: Pasts | None) -> tuple[Any, ...]:
    event_type, version = row[_TYPE], row[_VERSION]
    if version == known.get(event_type):
        return row
    payload = todays_fields(event_type, version, row[_PAYLOAD], pasts, row[_TENANT], row[_SEQ])
    payload.pop("pii", None)  # what stood in clear does not land
    changed = list(row)
    changed[_PAYLOAD] = msgspec.json.encode(payload, order="sorted").decode()
    return tuple(changed)
