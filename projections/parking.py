"""Parked streams of live projections. What somebody decides is done by a rebuild beside what is read.

A fold looks at other streams too. Folded late, an event would meet a later world than an undisturbed run has shown it;
a rebuild shows every event the world of its own moment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from event_store.subscriptions.parking import Decision, Parked, ParkingLog, still_parked
from mymedic.clock import from_micros
from mymedic.messages import Actor
from projections.database import ReadDatabase
from projections.database.access import Parked as ParkedRow

PREFIX = "live:"


def consumer_of(projection: str) -> str:
    """The name of a projection among the consumers of the log."""
    return PREFIX + projection


class LiveParking:
    """`event_store.subscriptions.parking.Parking` over the read database."""

    def __init__(self, database: ReadDatabase, log: ParkingLog, tenants: Callable[[], Sequence[str]]) -> None:
        self._database = database
        self._tenants = tenants
        self.log = log

    def waiting(self) -> list[Parked]:
        return [one for tenant_id in self._tenants() for one in self.of(tenant_id)]

    def of(self, tenant_id: str) -> list[Parked]:
        """What waits in the generations that are live."""
        with self._database.read(tenant_id) as reader:
            live = {(one.projection, one.generation) for one in reader.checkpoints() if one.state == "live"}
            found = [one for one in reader.parked() if (one.projection, one.generation) in live]
        return [_as_parked(tenant_id, one) for one in found]

    def decide(self, one: Parked, decision: Decision, actor: Actor, reason: str) -> Parked:
        found = still_parked(one, self.of(one.tenant_id))
        self.log.note(found, decision, actor.id, reason)
        with self._database.write(one.tenant_id) as writer:
            writer.execute(
                "UPDATE projection_parked SET state = ?"
                " WHERE tenant_id = ? AND projection = ? AND stream_id = ? AND first_seq = ?",
                (decision, one.tenant_id, one.consumer.removeprefix(PREFIX), one.stream_id, one.first_seq),
            )
        return next(again for again in self.of(one.tenant_id) if again.event_id == found.event_id)

    def left_out(self, tenant_id: str) -> frozenset[tuple[str, int]]:
        """(projection, seq) of the events that were discarded, by the last word about each."""
        last: dict[tuple[str, int], str] = {}
        for noted in self.log.of(tenant_id):
            if noted.consumer.startswith(PREFIX) and noted.step in ("retry", "discard"):
                last[noted.consumer.removeprefix(PREFIX), noted.first_seq] = noted.step
        return frozenset(one for one, step in last.items() if step == "discard")


def _as_parked(tenant_id: str, row: ParkedRow) -> Parked:
    return Parked(
        tenant_id=tenant_id,
        consumer=consumer_of(row.projection),
        stream_id=row.stream_id,
        first_seq=row.first_seq,
        event_id=row.event_id,
        event_type=row.event_type,
        error=row.error,
        attempts=row.attempts,
        parked_at=from_micros(row.parked_at),
        state=row.state,  # type: ignore[arg-type]
    )
