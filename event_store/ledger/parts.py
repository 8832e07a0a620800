"""Parts of a tenant's log: which events belong to one, and their rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from event_store.ledger.reads import Reads
from event_store.ledger.schema import CLEAR_COLUMNS


def happened_until(reads: Reads, tenant_id: str, at: int) -> list[int]:
    """Seqs of the events that had happened by an instant in microseconds, whenever they were recorded."""
    rows = reads.rows("SELECT seq FROM event WHERE tenant_id = ? AND occurred_at <= ? ORDER BY seq", (tenant_id, at))
    return [seq for (seq,) in rows]


def tagged_seqs(reads: Reads, tenant_id: str, kind: str, values: Collection[str]) -> set[int]:
    """Seqs of the events that carry a tag with one of these values."""
    rows = reads.rows(
        f"SELECT seq FROM tag WHERE tenant_id = ? AND kind = ? AND value {reads.among}",
        (tenant_id, kind, reads.values(list(values))),
    )
    return {seq for (seq,) in rows}


def seqs_of_streams(reads: Reads, tenant_id: str, stream_ids: Collection[str]) -> set[int]:
    """Seqs of all events of some streams."""
    rows = reads.rows(
        f"SELECT seq FROM event WHERE tenant_id = ? AND stream_id {reads.among}",
        (tenant_id, reads.values(list(stream_ids))),
    )
    return {seq for (seq,) in rows}


def seqs_of_kind(reads: Reads, tenant_id: str, stream: str) -> set[int]:
    """Seqs of all events of the streams of one kind, as `branch`."""
    rows = reads.rows(
        "SELECT seq FROM event WHERE tenant_id = ? AND stream_id > ? AND stream_id < ?",
        (tenant_id, f"{stream}-", f"{stream}."),
    )
    return {seq for (seq,) in rows}


def rows_at(
    reads: Reads, tenant_id: str, seqs: Sequence[int], columns: Sequence[str] = CLEAR_COLUMNS
) -> list[tuple[Any, ...]]:
    """The events with these seqs, in order."""
    return reads.rows(
        f"SELECT {', '.join(columns)} FROM event WHERE tenant_id = ? AND seq {reads.among} ORDER BY seq",
        (tenant_id, reads.values(seqs)),
    )
