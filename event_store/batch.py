"""Many commands, one durable commit: what importers, reactions and simulations work in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from event_store.catalogue import require_known
from event_store.ledger.schema import EVENT_COLUMNS
from event_store.ledger.session import Session
from event_store.recorded import Recorded, Unreadable, decode_row, recorded_if_readable
from event_store.states import stream_of
from mymedic.clock import Clock
from mymedic.errors import Refused
from mymedic.messages import Ack, Envelope, Event, On

_SEQ = EVENT_COLUMNS.index("seq")

if TYPE_CHECKING:
    from event_store.handle import Handler


class Batch:
    """Commands decided one after another in one open transaction; durable together when the batch ends."""

    def __init__(self, handler: Handler, session: Session) -> None:
        self._handler = handler
        self.session = session
        self.recorded: list[Recorded] = []

    @property
    def outages(self) -> tuple[type[Exception], ...]:
        """What is raised when the database itself cannot go on."""
        return self._handler.ledger.outages

    @property
    def clock(self) -> Clock:
        return self._handler.clock

    def handle(self, envelope: Envelope) -> Ack:
        return self._handler.answer(self.session, envelope, self.recorded.append)

    def foresee(self, envelopes: Sequence[Envelope]) -> None:
        """Say first which commands will come: what they ask is then asked at once. For the start of a batch."""
        self._handler.foresee(self.session, envelopes)

    submit = handle  # so that whoever takes a handler can be given a batch

    def preview(self, envelope: Envelope) -> list[Event | On]:
        return self._handler.preview(envelope)

    def holder(self, tenant_id: str, kind: str, value: str) -> str | None:
        return self._handler.holder(tenant_id, kind, value)

    def guards(self, tenant_id: str, kind: str, prefix: str) -> list[str]:
        return self._handler.guards(tenant_id, kind, prefix)

    def opened(self, tenant_id: str, aggregate: str, id: str, version: int) -> Event:
        return self._handler.opened(tenant_id, aggregate, id, version)

    def take_recorded(self) -> list[Recorded]:
        """The events appended since the last call."""
        taken, self.recorded = self.recorded, []
        return taken

    def events_among(
        self, tenant_id: str, after_seq: int, until_seq: int, event_types: Collection[str], limit: int
    ) -> list[Recorded | Unreadable]:
        """The events of some types after a seq and up to another, decoded alone.

        FEED_GAP when one of any type is missing, SCHEMA_VERSION_UNKNOWN when one was written by a newer program.
        """
        self.session.flush()
        kinds = self.session.kinds(tenant_id, after_seq, until_seq)
        for event_type, version, _ in kinds:
            require_known(event_type, version)
        if sum(count for _, _, count in kinds) != until_seq - after_seq:
            raise Refused("FEED_GAP", f"a seq of {tenant_id} is missing; run `mymedic verify`", after_seq=after_seq)
        rows = self.session.events_among(tenant_id, after_seq, until_seq, event_types, limit)
        return [recorded_if_readable(row, self._handler.pasts) for row in rows]

    def stream_part(self, tenant_id: str, stream_id: str, from_seq: int, until_seq: int) -> list[Recorded | Unreadable]:
        """The events of a stream between two seqs, both included, in order."""
        rows = self.session.stream(tenant_id, stream_id)
        return [recorded_if_readable(row, self._handler.pasts) for row in rows if from_seq <= row[_SEQ] <= until_seq]

    def history(self, tenant_id: str, aggregate: str, id: str) -> list[Event]:
        """The events of one stream, in order."""
        return [
            decode_row(row, self._handler.pasts) for row in self.session.stream(tenant_id, stream_of(aggregate, id))
        ]

    def state(self, tenant_id: str, aggregate: str, id: str) -> Any:
        return self._handler.state(tenant_id, aggregate, id)

    def related(self, tenant_id: str, aggregate: str, kind: str, value: str) -> list[Any]:
        """States of that aggregate's streams with an event tagged `kind = value`."""
        return self._handler.related(tenant_id, aggregate, kind, value)
