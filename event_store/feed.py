"""The ordered log, for those who read it: after seq N, per tenant, without a gap or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from event_store.catalogue import EVENTS
from event_store.ledger import Ledger, open_ledger
from event_store.recorded import Recorded, recorded
from event_store.upcasting import upcast
from mymedic.errors import Refused
from mymedic.settings import Settings

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
_SEQ, _TYPE, _VERSION, _PAYLOAD = (
    RAW_COLUMNS.index(name) for name in ("seq", "event_type", "schema_version", "payload")
)


class Feed:
    """Reads a ledger for consumers. A missing seq is FEED_GAP: a consumer stops loudly rather than skip a fact."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def tenants(self) -> list[str]:
        with self._ledger.read() as reads:
            return reads.tenants()

    def head(self, tenant_id: str) -> int:
        """The last seq of a tenant; 0 when it has none."""
        with self._ledger.read() as reads:
            head = reads.head(tenant_id)
        return head.seq if head else 0

    def read(self, tenant_id: str, after_seq: int = 0, limit: int = 500) -> list[Recorded]:
        with self._ledger.read() as reads:
            events = [recorded(row) for row in reads.events(tenant_id, after_seq, limit)]
        _check_order(tenant_id, after_seq, [event.seq for event in events])
        return events

    def stream(self, tenant_id: str, stream_id: str) -> list[Recorded]:
        """All events of one stream, in order."""
        with self._ledger.read() as reads:
            return [recorded(row) for row in reads.stream(tenant_id, stream_id)]

    def tagged(self, tenant_id: str, kind: str, value: str) -> list[Recorded]:
        """The events that concern a patient, appointment, payment, invoice, correlation or actor, in seq order."""
        with self._ledger.read() as reads:
            return [recorded(row) for row in reads.tagged(tenant_id, kind, value)]

    def raw_batches(
        self, tenant_id: str, after_seq: int = 0, until_seq: int | None = None, size: int = 50_000
    ) -> Iterator[list[tuple[Any, ...]]]:
        """Rows of RAW_COLUMNS in seq order, in lists of `size`, payloads in today's shape."""
        last = until_seq if until_seq is not None else self.head(tenant_id)
        sql = f"SELECT {', '.join(RAW_COLUMNS)} FROM event WHERE tenant_id = ? AND seq > ? AND seq <= ? ORDER BY seq"
        expected = after_seq
        for rows in self._ledger.scan(sql, (tenant_id, after_seq, last), size):
            _check_order(tenant_id, expected, [row[_SEQ] for row in rows])
            expected = rows[-1][_SEQ]
            yield _in_todays_shape(rows)
        if expected != last and last > after_seq:
            raise Refused("FEED_GAP", f"{tenant_id} ends at seq {expected}, its head says {last}", seq=expected + 1)


@contextmanager
def open_feed(settings: Settings) -> Iterator[Feed]:
    """The feed of an installation, for a process that reads and never decides."""
    ledger = open_ledger(settings.event_store_url)
    try:
        yield Feed(ledger)
    finally:
        ledger.close()


def _check_order(tenant_id: str, after_seq: int, seqs: list[int]) -> None:
    if seqs and (seqs[0] != after_seq + 1 or seqs[-1] - seqs[0] != len(seqs) - 1):
        missing = next(expected for expected, seq in enumerate(seqs, after_seq + 1) if expected != seq)
        raise Refused(
            "FEED_GAP", f"seq {missing} of {tenant_id} is missing; run `mymedic verify` and restore it", seq=missing
        )


def _in_todays_shape(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    known = {name: event.version for name, event in EVENTS.items()}
    if all(known.get(row[_TYPE]) == row[_VERSION] for row in rows):
        return rows
    return [_upcast_row(row, known) for row in rows]


def _upcast_row(row: tuple[Any, ...], known: dict[str, int]) -> tuple[Any, ...]:
    event_type, version = row[_TYPE], row[_VERSION]
    if event_type not in known or version > known[event_type]:
        raise Refused(
            "SCHEMA_VERSION_UNKNOWN",
            f"{event_type} version {version} was written by a newer program; update before reading on",
            event_type=event_type,
            version=version,
        )
    if version == known[event_type]:
        return row
    payload = upcast(event_type, version, known[event_type], msgspec.json.decode(row[_PAYLOAD]))
    changed = list(row)
    changed[_PAYLOAD] = msgspec.json.encode(payload, order="sorted").decode()
    return tuple(changed)
