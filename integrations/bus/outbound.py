"""The relay: events of the log onto the bus, at least once, each stream in its order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from event_store.recorded import Recorded
from event_store.subscriptions.waves import waves
from integrations.bus.jetstream import Message
from integrations.cloudevents import CONTENT_TYPE, Envelopes, aggregate_name

CONSUMER = "bus"


class Publisher(Protocol):
    def publish(self, messages: Sequence[Message]) -> dict[str, str]: ...


def subject(event: Recorded) -> str:
    """`med.<tenant>.<aggregate>.<type>`: a consumer asks for what it wants with `*` and `>`."""
    return f"med.{event.tenant_id}.{aggregate_name(event)}.{event.event_type}"


class Relay:
    """A consumer of the log. What it publishes twice, the server leaves out, or whoever reads, by the event's id."""

    name = CONSUMER

    def __init__(self, publisher: Publisher, envelopes: Envelopes) -> None:
        self._publisher = publisher
        self._envelopes = envelopes

    def deliver(self, tenant_id: str, events: Sequence[Recorded]) -> dict[int, str]:
        failed: dict[int, str] = {}
        ill: set[str] = set()
        for wave in waves(events):
            going = {event.event_id: event for event in wave if event.stream_id not in ill}
            errors = self._publisher.publish([self._message(event) for event in going.values()])
            for event_id, error in errors.items():
                failed[going[event_id].seq] = error
                ill.add(going[event_id].stream_id)
        return failed

    def _message(self, event: Recorded) -> Message:
        return Message(subject(event), event.event_id, self._envelopes.encoded(event), CONTENT_TYPE)
