"""What the doors need of the event store: its handler, or a batch of it."""

from __future__ import annotations

from typing import Any, Protocol

from mymedic.clock import Clock
from mymedic.messages import Ack, Envelope, Event, On


class Desk(Protocol):
    """`event_store.handle.Handler` and `Batch` are both desks."""

    @property
    def clock(self) -> Clock: ...

    def submit(self, envelope: Envelope) -> Ack: ...

    def preview(self, envelope: Envelope) -> list[Event | On]: ...

    def state(self, tenant_id: str, aggregate: str, id: str) -> Any: ...

    def holder(self, tenant_id: str, kind: str, value: str) -> str | None: ...

    def opened(self, tenant_id: str, aggregate: str, id: str, version: int) -> Event: ...
