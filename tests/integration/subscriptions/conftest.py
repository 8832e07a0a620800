"""The ledger's bench, and a consumer that notes what it is given and fails as it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from event_store.recorded import Recorded
from event_store.store import Store
from event_store.subscriptions.backoff import BackOff
from event_store.subscriptions.leases import Leases
from event_store.subscriptions.parking import LedgerParking
from event_store.subscriptions.subscription import Subscription, Unavailable
from tests.integration.ledger.conftest import Bench, bench, engine_url
from tests.integration.ledger.people import accepted, open_drawer, petty, register_tenant, submit

__all__ = ["bench", "engine_url"]


@dataclass
class Target:
    """Where events go. `poison`: seqs that it will never take; `is_away`: it takes nothing now."""

    name: str = "target"
    taken: list[tuple[str, int]] = field(default_factory=list)
    poison: set[int] = field(default_factory=set)
    is_away: bool = False
    dies_after: int | None = None

    def deliver(self, tenant_id: str, events: Sequence[Recorded]) -> dict[int, str]:
        if self.is_away:
            raise Unavailable("it is away")
        failed: dict[int, str] = {}
        ill: set[str] = set()
        for event in events:
            if event.stream_id in ill:
                continue
            if event.seq in self.poison:
                ill.add(event.stream_id)
                failed[event.seq] = "it tastes bad"
                continue
            if self.dies_after is not None and len(self.taken) >= self.dies_after:
                raise KeyboardInterrupt
            self.taken.append((tenant_id, event.seq))
        return failed


def subscription(bench: Bench, target: Target, holder: str = "one", store: Store | None = None) -> Subscription:
    store = store or bench.store
    leases = Leases(store.ledger, holder, bench.clock, ttl_seconds=5)
    parking = LedgerParking(store.ledger, bench.clock)
    return Subscription(store.ledger, store.feed, target, leases, parking, BackOff(bench.clock, lambda: 1.0), batch=4)


@pytest.fixture
def drawers(bench: Bench) -> list[str]:
    """Two cash drawers of one tenant, filled in turns: seq 3 and 4 open them, then 5, 7, 9 and 6, 8, 10."""
    register_tenant(bench.store)
    ids = []
    for name in ("drw_1", "drw_2"):
        stream = accepted(submit(bench.store, open_drawer(name), f"cmd_open_{name}")).stream_id
        assert stream is not None
        ids.append(stream)
    for number in range(3):
        for stream in ids:
            session_id = stream.removeprefix("cash-")
            accepted(submit(bench.store, petty(session_id), f"cmd_{number}_{session_id}"))
    return ids
