"""How far behind the log its consumers are, in events and in seconds, and how many streams wait for a decision."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from event_store.ledger.consuming import checkpoints, parked, waits_since
from event_store.ledger.session import Ledger
from mymedic.clock import Clock, micros


class Standing(NamedTuple):
    """`seconds`: how long the oldest event that it has not taken has been in the log; 0 when it is level."""

    tenant_id: str
    consumer: str
    events: int
    seconds: float
    parked: int


def standings(ledger: Ledger, clock: Clock) -> list[Standing]:
    """Of every consumer whose checkpoints the ledger keeps, the tenants with the longest logs first."""
    now = micros(clock.now())
    with ledger.read() as reads:
        done, waiting = checkpoints(reads), Counter((row.tenant_id, row.consumer) for row in parked(reads))
        found = []
        for tenant_id, head in reads.heads():
            for consumer in sorted(consumer for tenant, consumer in done if tenant == tenant_id):
                seq = done[tenant_id, consumer]
                since = waits_since(reads, tenant_id, seq) if head > seq else None
                seconds = max(0, now - since) / 1_000_000 if since is not None else 0.0
                found.append(Standing(tenant_id, consumer, head - seq, seconds, waiting[tenant_id, consumer]))
    return found
