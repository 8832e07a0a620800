"""What an event of an earlier program does not say itself: asked of the log when such an event is read, only then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from event_store.catalogue import aggregate_of_stream, decode_event
from event_store.ledger.session import Ledger
from mymedic.clock import from_micros

KeyedHash = Callable[[str, str], str]  # (tenant id, text) -> HMAC


class Pasts:
    """The past of any event of a ledger. What came before an old event is committed, whoever writes meanwhile."""

    def __init__(self, ledger: Ledger, keyed_hash: KeyedHash) -> None:
        self._ledger = ledger
        self._keyed_hash = keyed_hash

    def of(self, tenant_id: str, seq: int) -> StoredPast:
        with self._ledger.read() as reads:
            ((stream_id, version, occurred_at),) = reads.rows(
                "SELECT stream_id, stream_version, occurred_at FROM event WHERE tenant_id = ? AND seq = ?",
                (tenant_id, seq),
            )
        return StoredPast(self, tenant_id, seq, stream_id, version, occurred_at)

    def fold(self, tenant_id: str, stream_id: str, before_seq: int) -> Any:
        """A stream as it was before a seq, old events in it included."""
        return self.fold_all(tenant_id, [stream_id], before_seq)[stream_id]

    def fold_all(self, tenant_id: str, stream_ids: Sequence[str], before_seq: int) -> dict[str, Any]:
        """Some streams as they were before a seq, read at once."""
        states = {}
        for stream_id in stream_ids:
            aggregate, id = aggregate_of_stream(stream_id)
            states[stream_id] = aggregate.fresh(id)
        with self._ledger.read() as reads:
            rows = reads.folds(tenant_id, stream_ids)
        for seq, stream_id, _, event_type, schema_version, payload in rows:
            if seq < before_seq:
                event = decode_event(event_type, schema_version, payload, None, self, tenant_id, seq)
                aggregate_of_stream(stream_id)[0].evolve(states[stream_id], event)
        return states

    def keyed_hash(self, tenant_id: str, text: str) -> str:
        return self._keyed_hash(tenant_id, text)


class StoredPast:
    """`event_store.upcasting.Past` of one event of the log."""

    def __init__(
        self, pasts: Pasts, tenant_id: str, seq: int, stream_id: str, stream_version: int, occurred_at: int
    ) -> None:
        self._pasts = pasts
        self._seq = seq
        self.tenant_id = tenant_id
        self.stream_id = stream_id
        self.stream_version = stream_version
        self.occurred_at = from_micros(occurred_at)

    def state(self) -> Any:
        return self._pasts.fold(self.tenant_id, self.stream_id, self._seq)

    def tenant(self) -> Any:
        return self._pasts.fold(self.tenant_id, f"tenant-{self.tenant_id}", self._seq)

    def keyed_hash(self, text: str) -> str:
        return self._pasts.keyed_hash(self.tenant_id, text)
