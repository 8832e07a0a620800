"""A stream whose event failed waits for that consumer alone; people decide, and what they decided is kept for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

from msgspec import Struct
from msgspec.structs import asdict, replace

from event_store.ledger.consuming import (
    ParkedRow,
    ParkingEntry,
    note_parking,
    park,
    parked,
    parking_entries,
    unpark,
)
from event_store.ledger.session import Ledger, Session
from mymedic.clock import Clock, from_micros, micros
from mymedic.errors import Refused
from mymedic.messages import Actor

State = Literal["parked", "retry", "discard"]
Decision = Literal["retry", "discard"]
Step = Literal["parked", "retry", "discard", "resumed"]
# Who speaks in the log when no person does.
WORKER = "system:worker"
_ERROR_LIMIT = 500


class Parked(Struct, frozen=True, kw_only=True):
    """A stream that waits. `first_seq` failed; what came after it in the stream waits behind it.

    `state`: what was decided, and is done by the consumer's worker at its next round.
    """

    tenant_id: str
    consumer: str
    stream_id: str
    first_seq: int
    event_id: str
    event_type: str
    error: str
    attempts: int
    parked_at: datetime
    state: State


class Noted(Struct, frozen=True, kw_only=True):
    """One step in the life of parked streams: who, when, why."""

    tenant_id: str
    consumer: str
    stream_id: str
    first_seq: int
    step: Step
    actor_id: str
    reason: str
    at: datetime


class Parking(Protocol):
    """Where some consumers park. The live projections have one of their own beside their tables."""

    def waiting(self) -> Sequence[Parked]:
        """All that are parked, of every tenant, oldest first."""

    def decide(self, one: Parked, decision: Decision, actor: Actor, reason: str) -> Parked:
        """Retry from the event that failed, or leave that one event out and go on behind it. Kept: who, when, why."""


class ParkingLog:
    """What happened to parked streams of any consumer, wherever it parks: never changed, never deleted."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def note(self, one: Parked, step: Step, actor_id: str, reason: str, session: Session | None = None) -> None:
        """In the caller's transaction, or in one of its own."""
        if session is None:
            with self._ledger.write() as own:
                self.note(one, step, actor_id, reason, own)
            return
        at = micros(self._clock.now())
        note_parking(
            session,
            ParkingEntry(one.tenant_id, 0, one.consumer, one.stream_id, one.first_seq, step, actor_id, reason, at),
        )

    def of(self, tenant_id: str) -> list[Noted]:
        """In order."""
        with self._ledger.read() as reads:
            entries = parking_entries(reads, tenant_id)
        return [
            Noted(
                tenant_id=one.tenant_id,
                consumer=one.consumer,
                stream_id=one.stream_id,
                first_seq=one.first_seq,
                step=one.step,  # type: ignore[arg-type]
                actor_id=one.actor_id,
                reason=one.reason,
                at=from_micros(one.recorded_at),
            )
            for one in entries
        ]


class LedgerParking:
    """The parking of consumers whose checkpoints the ledger keeps. It implements `Parking`."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self.clock = clock
        self.log = ParkingLog(ledger, clock)

    def waiting(self) -> list[Parked]:
        with self._ledger.read() as reads:
            return [as_parked(row) for row in parked(reads)]

    def decide(self, one: Parked, decision: Decision, actor: Actor, reason: str) -> Parked:
        with self._ledger.write() as session:
            found = still_parked(one, [as_parked(row) for row in parked(session, one.tenant_id)])
            decided = replace(found, state=decision)
            park(session, _row(decided))
            self.log.note(decided, decision, actor.id, reason, session)
        return decided

    def park(self, session: Session, one: Parked) -> None:
        """In the transaction that moves the consumer on."""
        park(session, _row(one))
        self.log.note(one, "parked", WORKER, one.error, session)

    def resume(self, session: Session, one: Parked) -> None:
        """The stream waits no longer."""
        unpark(session, one.tenant_id, one.consumer, one.stream_id)
        self.log.note(one, "resumed", WORKER, f"after {one.state}", session)


def still_parked(one: Parked, waiting: Sequence[Parked]) -> Parked:
    """The stream as it waits now; NOT_FOUND when it does not, INVALID_STATE when another event has failed since."""
    for other in waiting:
        if (other.tenant_id, other.consumer, other.stream_id) == (one.tenant_id, one.consumer, one.stream_id):
            if other.first_seq != one.first_seq:
                message = f"{one.stream_id} waits at seq {other.first_seq} by now"
                raise Refused("INVALID_STATE", message, seq=other.first_seq)
            return other
    raise Refused("NOT_FOUND", f"{one.stream_id} is not parked for {one.consumer}", tenant=one.tenant_id)


def shortened(error: object) -> str:
    """An error as it is kept: its first line's worth, no more."""
    return str(error)[:_ERROR_LIMIT]


def as_parked(row: ParkedRow) -> Parked:
    return Parked(**{**row._asdict(), "parked_at": from_micros(row.parked_at)})


def _row(one: Parked) -> ParkedRow:
    return ParkedRow(**{**asdict(one), "parked_at": micros(one.parked_at)})
