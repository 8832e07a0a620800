"""Who stands behind an event: its actor, and the actors of whatever caused it, back to the first cause."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from event_store.ledger.reads import Reads
from event_store.ledger.schema import EVENT_COLUMNS
from mymedic.messages import Ack

_ACK = msgspec.json.Decoder(Ack)
_TYPE, _CAUSE, _COMMAND, _ACTOR, _PAYLOAD = map(
    EVENT_COLUMNS.index, ("event_type", "causation_id", "command_id", "actor", "payload")
)


def actors_behind(
    reads: Reads, tenant_id: str, stream_id: str, event_type: str, having: Mapping[str, Any]
) -> frozenset[str]:
    """Ids of everybody behind the events of a stream with this type and these values (R-AUTH-4)."""
    waiting = [
        (row[_ACTOR], row[_CAUSE], row[_COMMAND])
        for row in reads.stream(tenant_id, stream_id)
        if row[_TYPE] == event_type and having.items() <= msgspec.json.decode(row[_PAYLOAD]).items()
    ]
    found: set[str] = set()
    seen: set[str] = set()
    while waiting:
        actor, cause, command_id = waiting.pop()
        found |= _persons(actor)
        if cause == command_id or cause in seen:
            continue  # the command was the first cause, and its actor is this one
        seen.add(cause)
        waiting += _caused_by(reads, tenant_id, cause)
    return frozenset(found)


def _caused_by(reads: Reads, tenant_id: str, cause: str) -> list[tuple[str, str, str | None]]:
    """(actor, cause, command) of the event with this id, or of the events of the command with this id."""
    event_ids = [cause]
    answered = reads.command(tenant_id, cause)
    if answered is not None:
        event_ids = list(_ACK.decode(answered[1]).event_ids)
    return [found for event_id in event_ids if (found := reads.cause(tenant_id, event_id)) is not None]


def _persons(actor: str) -> set[str]:
    said = msgspec.json.decode(actor)
    return {said["id"], said.get("on_behalf_of")} - {None}
