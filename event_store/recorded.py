"""An event as it stands in the log, decoded: what consumers and decisions read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from event_store.catalogue import decode_event
from event_store.ledger.schema import EVENT_COLUMNS
from mymedic.clock import from_micros
from mymedic.messages import Actor, Event

_ACTOR = msgspec.json.Decoder(Actor)
_INDEX = {name: index for index, name in enumerate(EVENT_COLUMNS)}
_TENANT, _SEQ, _TYPE, _VERSION = (_INDEX[name] for name in ("tenant_id", "seq", "event_type", "schema_version"))
_STREAM_VERSION, _PAYLOAD = _INDEX["stream_version"], _INDEX["payload"]


class Recorded(Struct, frozen=True):
    """One event with its envelope (DOMAIN §3.1). Sealed personal data stays sealed: `event.pii` is None."""

    tenant_id: str
    seq: int
    event_id: str
    stream_id: str
    stream_version: int
    event_type: str
    schema_version: int
    branch_id: str | None
    patient_id: str | None
    admission_id: str | None
    claim_id: str | None
    appointment_id: str | None
    payment_id: str | None
    occurred_at: datetime
    recorded_at: datetime
    causation_id: str
    correlation_id: str | None
    command_id: str | None
    actor: Actor
    channel: str
    policy_version_ids: tuple[str, ...]
    event: Event


_CONVERTED = {"occurred_at", "recorded_at", "actor", "policy_version_ids", "event"}
_AS_STORED = [name for name in Recorded.__struct_fields__ if name not in _CONVERTED]


def decode_row(row: Sequence[Any]) -> Event:
    """The event of a stored row, in today's shape."""
    return decode_event(row[_TYPE], row[_VERSION], row[_PAYLOAD].encode())


def version_of(row: Sequence[Any]) -> int:
    return int(row[_STREAM_VERSION])


def recorded(row: Sequence[Any]) -> Recorded:
    """A stored row (EVENT_COLUMNS order) as `Recorded`."""
    named: dict[str, Any] = dict(zip(EVENT_COLUMNS, row, strict=True))
    policies = named["policy_version_ids"]
    return Recorded(
        **{name: named[name] for name in _AS_STORED},
        occurred_at=from_micros(named["occurred_at"]),
        recorded_at=from_micros(named["recorded_at"]),
        actor=_ACTOR.decode(named["actor"]),
        policy_version_ids=tuple(msgspec.json.decode(policies)) if policies else (),
        event=decode_row(row),
    )
