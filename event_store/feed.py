"""The ordered log, for those who read it: after seq N, per tenant, without a gap or not at all."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from functools import cache
from itertools import repeat
from typing import Any

from event_store.catalogue import require_readable
from event_store.ledger import Ledger, open_ledger
from event_store.ledger.columnar import Part
from event_store.ledger.consuming import waits_since
from event_store.ledger.reads import FOLD_COLUMNS
from event_store.ledger.schema import CLEAR_COLUMNS, EVENT_COLUMNS
from event_store.past import Pasts
from event_store.raw import RAW_COLUMNS, RawBatch, in_todays_shape
from event_store.recorded import (
    Passed,
    Recorded,
    Replayed,
    Unreadable,
    recorded,
    recorded_if_readable,
    recorded_if_wanted,
    replayed,
)
from event_store.retention.keys import Vault, open_vault
from mymedic.clock import from_micros, micros
from mymedic.errors import Refused
from mymedic.settings import Settings

# Below this many rows, tuples are there before Arrow's reader has started.
COLUMNAR_FROM = 50_000
# Rows of Arrow at a time: put together of smaller batches they would be copied once more.
COLUMNAR_SIZE = 50_000
_REPLAYED_AT_ONCE = 2_000
_SEQ = RAW_COLUMNS.index("seq")
_STREAM_SEQ = EVENT_COLUMNS.index("seq")
_CLEAR_SEQ = CLEAR_COLUMNS.index("seq")


class Feed:
    """Reads a ledger for consumers. A missing seq is FEED_GAP: a consumer stops loudly rather than skip a fact."""

    is_whole = True  # a part of a log has holes, and they are no gaps

    def __init__(self, ledger: Ledger, pasts: Pasts | None = None) -> None:
        self._ledger = ledger
        self._pasts = pasts

    def tenants(self) -> list[str]:
        with self._ledger.read() as reads:
            return reads.tenants()

    def heads(self) -> list[tuple[str, int]]:
        """(tenant, last seq) of everybody, the longest log first."""
        with self._ledger.read() as reads:
            return reads.heads()

    def head(self, tenant_id: str) -> int:
        """The last seq of a tenant; 0 when it has none."""
        with self._ledger.read() as reads:
            head = reads.head(tenant_id)
        return head.seq if head else 0

    def known_at(self, tenant_id: str, at: datetime) -> tuple[int, str]:
        """(seq, chain hash) of the last event recorded up to an instant: what a build as of then rests on."""
        with self._ledger.read() as reads:
            return reads.known_at(tenant_id, micros(at))

    def waits_since(self, tenant_id: str, after_seq: int) -> datetime | None:
        """When the first event after a seq was recorded; None when there is none."""
        with self._ledger.read() as reads:
            at = waits_since(reads, tenant_id, after_seq)
        return from_micros(at) if at is not None else None

    def read(self, tenant_id: str, after_seq: int = 0, limit: int = 500) -> list[Recorded]:
        return [recorded(row, self._pasts) for row in self._rows(tenant_id, after_seq, limit)]

    def read_wanted(
        self, tenant_id: str, after_seq: int, limit: int, wanted: Container[str]
    ) -> list[Recorded | Passed]:
        """As `read`, for those who know which types of events they have a use for: only these are decoded."""
        rows = self._rows(tenant_id, after_seq, limit)
        return [recorded_if_wanted(row, self._pasts, wanted) for row in rows]

    def read_each(self, tenant_id: str, after_seq: int = 0, limit: int = 500) -> list[Recorded | Unreadable]:
        """As `read`, for those who go on where one event cannot be decoded."""
        return [recorded_if_readable(row, self._pasts) for row in self._rows(tenant_id, after_seq, limit)]

    def stream_part(self, tenant_id: str, stream_id: str, from_seq: int, until_seq: int) -> list[Recorded | Unreadable]:
        """The events of one stream between two seqs, both included, in order; as `read_each` gives them."""
        with self._ledger.read() as reads:
            rows = reads.stream(tenant_id, stream_id)
        return [recorded_if_readable(row, self._pasts) for row in rows if from_seq <= row[_STREAM_SEQ] <= until_seq]

    def replay(self, tenant_id: str, after_seq: int = 0) -> Iterator[Replayed]:
        """Every event after a seq, with no more of its envelope than folding needs: four times as fast as `read`."""
        sql = f"SELECT {', '.join(FOLD_COLUMNS)} FROM event WHERE tenant_id = ? AND seq > ? ORDER BY seq"
        for rows in self._ledger.scan(sql, (tenant_id, after_seq), _REPLAYED_AT_ONCE):
            _check_order(tenant_id, after_seq, [row[0] for row in rows])
            after_seq = rows[-1][0]
            yield from map(replayed, rows, repeat(tenant_id), repeat(self._pasts))

    def stream(self, tenant_id: str, stream_id: str) -> list[Recorded]:
        """All events of one stream, in order."""
        with self._ledger.read() as reads:
            return [recorded(row, self._pasts) for row in reads.stream(tenant_id, stream_id)]

    def state_at(self, tenant_id: str, stream_id: str, seq: int) -> Any:
        """A stream folded from its events up to a seq."""
        return self.states_at(tenant_id, [stream_id], seq)[stream_id]

    def states_at(self, tenant_id: str, stream_ids: Sequence[str], seq: int) -> dict[str, Any]:
        """Some streams folded from their events up to a seq, read at once."""
        assert self._pasts is not None, "a feed that only lands events folds none"
        return self._pasts.fold_all(tenant_id, stream_ids, before_seq=seq + 1)

    def tagged(self, tenant_id: str, kind: str, value: str) -> list[Recorded]:
        """The events that concern a patient, appointment, payment, invoice, correlation or actor, in seq order."""
        with self._ledger.read() as reads:
            return [recorded(row, self._pasts) for row in reads.tagged(tenant_id, kind, value)]

    def raw_batches(
        self, tenant_id: str, after_seq: int = 0, until_seq: int | None = None, size: int = 50_000
    ) -> Iterator[RawBatch]:
        """Rows of RAW_COLUMNS in seq order, payloads in today's shape.

        Many rows come as Arrow, COLUMNAR_SIZE at a time, where an absent text may be an empty one; few come as tuples,
        `size` at a time.
        """
        last = until_seq if until_seq is not None else self.head(tenant_id)
        expected = after_seq
        for batch in self._stored(tenant_id, after_seq, last, size):
            seqs = [row[_SEQ] for row in batch] if isinstance(batch, list) else batch["seq"].to_pylist()
            _check_order(tenant_id, expected, seqs)
            expected = seqs[-1]
            yield in_todays_shape(batch, self._pasts)
        if expected != last and last > after_seq:
            raise Refused("FEED_GAP", f"{tenant_id} ends at seq {expected}, its head says {last}", seq=expected + 1)

    def _rows(self, tenant_id: str, after_seq: int, limit: int) -> list[tuple[Any, ...]]:
        """Rows of the next events, in CLEAR_COLUMNS order."""
        with self._ledger.read() as reads:
            rows = reads.events(tenant_id, after_seq, limit)
        _check_order(tenant_id, after_seq, [row[_CLEAR_SEQ] for row in rows])
        return rows

    def _stored(self, tenant_id: str, after_seq: int, last: int, size: int) -> Iterator[RawBatch]:
        if last - after_seq >= COLUMNAR_FROM:
            yield from self._ledger.scan_columnar(Part(RAW_COLUMNS, tenant_id, after_seq, last), COLUMNAR_SIZE)
        else:
            sql = f"SELECT {', '.join(RAW_COLUMNS)} FROM event"
            where = "tenant_id = ? AND seq > ? AND seq <= ? ORDER BY seq"
            yield from self._ledger.scan(f"{sql} WHERE {where}", (tenant_id, after_seq, last), size)


@contextmanager
def open_feed(settings: Settings) -> Iterator[Feed]:
    """The feed of an installation, for a process that reads and never decides."""
    require_readable()
    with ExitStack() as opened:
        ledger = opened.enter_context(closing(open_ledger(settings.event_store_url)))

        @cache
        def vault() -> Vault:  # only events that hold names in clear ask for a key
            return opened.enter_context(closing(open_vault(settings)))

        yield Feed(ledger, Pasts(ledger, lambda tenant_id, text: vault().keyed_hash(tenant_id, text)))


def _check_order(tenant_id: str, after_seq: int, seqs: list[int]) -> None:
    if seqs and (seqs[0] != after_seq + 1 or seqs[-1] - seqs[0] != len(seqs) - 1):
        missing = next(expected for expected, seq in enumerate(seqs, after_seq + 1) if expected != seq)
        raise Refused(
            "FEED_GAP", f"seq {missing} of {tenant_id} is missing; run `mymedic verify` and restore it", seq=missing
        )
