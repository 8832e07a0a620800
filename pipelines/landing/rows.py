"""Batches of the feed become Arrow tables, one per aggregate, with patients already under their pseudonyms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from event_store.catalogue import AGGREGATES
from event_store.feed import RAW_COLUMNS
from event_store.retention.leaving import PATIENT_STREAMS
from mymedic.errors import Refused
from pipelines.landing.pseudonyms import Pseudonyms
from pipelines.landing.table import ENVELOPE

# Rows of the feed, as the driver gives them: tuples, or Arrow when the driver can (a third of the time).
Batch: TypeAlias = Sequence[tuple[Any, ...]] | pa.RecordBatch

_NAMES = tuple(AGGREGATES)
_OWNER = {event.__name__: index for index, name in enumerate(_NAMES) for event in AGGREGATES[name].events}
_OF_PATIENTS = {name for name, aggregate in AGGREGATES.items() if aggregate.stream in PATIENT_STREAMS}
_INTEGERS = {"seq", "stream_version", "schema_version", "occurred_at", "recorded_at"}
_RAW = pa.schema([pa.field(name, pa.int64() if name in _INTEGERS else pa.string()) for name in RAW_COLUMNS])

# What the parser reads: the envelope as it lands, the actor's id as it stands, and the payload.
ROWS = pa.schema(
    [
        *(pa.field(column.name, column.kind.arrow) for column in ENVELOPE),
        pa.field("raw_actor_id", pa.string()),
        pa.field("payload", pa.string()),
    ]
)


def arrow(batch: Batch) -> pa.RecordBatch:
    """A batch of RAW_COLUMNS in Arrow, whatever it came in."""
    if isinstance(batch, pa.RecordBatch):
        return batch.select(RAW_COLUMNS).cast(_RAW)
    columns = zip(*batch, strict=True)
    return pa.RecordBatch.from_arrays(
        [pa.array(values, field.type) for field, values in zip(_RAW, columns, strict=True)], schema=_RAW
    )


def by_aggregate(batch: pa.RecordBatch, tenant_id: str, pseudonyms: Pseudonyms) -> Iterator[tuple[str, pa.Table]]:
    """(aggregate, its rows in the shape ROWS); the order within an aggregate stays."""
    if not pc.all(pc.equal(batch["tenant_id"], tenant_id)).as_py():
        raise Refused("TENANT_MISMATCH", f"the feed of {tenant_id} gave an event of another tenant")
    types = batch["event_type"].dictionary_encode()
    owners = pa.array([_owner(name) for name in types.dictionary.to_pylist()], pa.int16()).take(types.indices)
    for index in sorted(pc.unique(owners).to_pylist()):
        mine = batch.take(pc.indices_nonzero(pc.equal(owners, index)))
        yield _NAMES[index], _landed(_NAMES[index], mine, pseudonyms)


def _owner(event_type: str) -> int:
    if event_type not in _OWNER:
        raise Refused("SCHEMA_VERSION_UNKNOWN", f"no event is called {event_type}", event_type=event_type)
    return _OWNER[event_type]


def _landed(aggregate: str, raw: pa.RecordBatch, pseudonyms: Pseudonyms) -> pa.Table:
    actor_type, actor_id, raw_actor_id = pseudonyms.actors(raw["actor"])
    made = {
        "patient_key": pseudonyms.patients(_or_null(raw["patient_id"])),
        "actor_type": actor_type,
        "actor_id": actor_id,
        "raw_actor_id": raw_actor_id,
        "entry_channel": raw["channel"],
    }
    if aggregate in _OF_PATIENTS:
        made["stream_id"] = pseudonyms.patient_streams(raw["stream_id"])
    arrays = [made[field.name] if field.name in made else _or_null(raw[field.name]) for field in ROWS]
    return pa.Table.from_arrays(
        [array.cast(field.type) for array, field in zip(arrays, ROWS, strict=True)], schema=ROWS
    )


def _or_null(column: pa.Array) -> pa.Array:
    """An empty text is no text: some drivers cannot give a column without a value in it."""
    if not pa.types.is_string(column.type):
        return column
    empty = pc.equal(column, "")
    return pc.if_else(empty, None, column) if pc.any(empty).as_py() else column
