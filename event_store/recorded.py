"""An event as it stands in the log, decoded: what consumers and decisions read."""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct

from event_store.catalogue import Pasts, decode_event
from event_store.ledger.schema import CLEAR_COLUMNS
from mymedic.clock import from_micros
from mymedic.messages import Actor, Event

_TENANT, _SEQ, _TYPE, _VERSION, _OCCURRED, _RECORDED, _ACTOR, _POLICIES, _PAYLOAD = (
    CLEAR_COLUMNS.index(name)
    for name in (
        *("tenant_id", "seq", "event_type", "schema_version", "occurred_at", "recorded_at"),
        *("actor", "policy_version_ids", "payload"),
    )
)
# The actors of a log are few.
_actor = lru_cache(10_000)(msgspec.json.Decoder(Actor).decode)
_policies = msgspec.json.Decoder(tuple[str, ...]).decode


class Recorded(Struct, frozen=True, gc=False):
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


assert Recorded.__struct_fields__[:-1] == CLEAR_COLUMNS[:-1]  # `recorded` goes by position


class Unreadable(Struct, frozen=True):
    """An event whose stored body cannot be decoded: its place in the log, and why."""

    tenant_id: str
    seq: int
    event_id: str
    stream_id: str
    event_type: str
    recorded_at: datetime
    error: str


class Passed(Struct, frozen=True, gc=False):
    """One event that the reader has no use for: its place in the log, and what it was."""

    seq: int
    event_type: str


class Replayed(Struct, frozen=True, gc=False):
    """One event with its place in the log, for folding."""

    seq: int
    stream_id: str
    stream_version: int
    event: Event


def decode_row(row: Sequence[Any], pasts: Pasts | None) -> Event:
    """The event of a stored row, in today's shape."""
    return decode_event(row[_TYPE], row[_VERSION], row[_PAYLOAD], None, pasts, row[_TENANT], row[_SEQ])


def recorded(row: Sequence[Any], pasts: Pasts | None) -> Recorded:
    """A stored row, CLEAR_COLUMNS or more, as `Recorded`."""
    fields: list[Any] = [*row[:_PAYLOAD], decode_row(row, pasts)]
    fields[_OCCURRED], fields[_RECORDED] = from_micros(row[_OCCURRED]), from_micros(row[_RECORDED])
    fields[_ACTOR] = _actor(row[_ACTOR])
    fields[_POLICIES] = _policies(row[_POLICIES]) if row[_POLICIES] else ()
    return Recorded(*fields)


def recorded_if_readable(row: Sequence[Any], pasts: Pasts | None) -> Recorded | Unreadable:
    """As `recorded`. What this program is too old for still is SCHEMA_VERSION_UNKNOWN: no fault of the event's."""
    try:
        return recorded(row, pasts)
    except msgspec.DecodeError as error:
        found = dict(zip(CLEAR_COLUMNS, row, strict=False))
        return Unreadable(
            found["tenant_id"],
            found["seq"],
            found["event_id"],
            found["stream_id"],
            found["event_type"],
            from_micros(found["recorded_at"]),
            f"{type(error).__name__}: {error}",
        )


def recorded_if_wanted(row: Sequence[Any], pasts: Pasts | None, wanted: Container[str]) -> Recorded | Passed:
    """As `recorded`, when the event is of one of these types."""
    return recorded(row, pasts) if row[_TYPE] in wanted else Passed(row[_SEQ], row[_TYPE])


def replayed(row: Sequence[Any], tenant_id: str, pasts: Pasts | None) -> Replayed:
    """A row of FOLD_COLUMNS as `Replayed`."""
    seq, stream_id, stream_version, event_type, schema_version, payload = row
    event = decode_event(event_type, schema_version, payload, None, pasts, tenant_id, seq)
    return Replayed(seq, stream_id, stream_version, event)
