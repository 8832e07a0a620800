"""Proof that nobody touched the log: the chain is walked, and guards and tags are derived again and compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from event_store.ledger.chain import GENESIS, body_digest, envelope_of, link
from event_store.ledger.schema import EVENT_COLUMNS
from event_store.ledger.session import Ledger


@dataclass(slots=True)
class Verdict:
    """Of one tenant's log: how many events were read, and what is wrong with which seq."""

    tenant_id: str
    events: int = 0
    event_hash: str = GENESIS
    problems: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return not self.problems


def verify_chain(ledger: Ledger, tenant_id: str, size: int = 20_000) -> Verdict:
    """Walk the tenant's chain from seq 1; a changed bit, a hole or a cut-off tail is named by its seq."""
    verdict = Verdict(tenant_id)
    sql = f"SELECT {', '.join(EVENT_COLUMNS)} FROM event WHERE tenant_id = ? ORDER BY seq"
    for rows in ledger.scan(sql, (tenant_id,), size):
        for row in rows:
            _verify_row(verdict, row)
            if len(verdict.problems) >= 20:
                return verdict
    with ledger.read() as reads:
        head = reads.head(tenant_id)
    if head is not None and (head.seq, head.event_hash) != (verdict.events, verdict.event_hash):
        verdict.problems.append(
            f"CHAIN_BROKEN: the head says seq {head.seq}, the log ends at {verdict.events} with another hash"
        )
    return verdict


def _verify_row(verdict: Verdict, row: tuple[Any, ...]) -> None:
    named = dict(zip(EVENT_COLUMNS, row, strict=True))
    seq = named["seq"]
    if seq != verdict.events + 1:
        verdict.problems.append(f"FEED_GAP: seq {verdict.events + 1} is missing")
    if named["prev_hash"] != verdict.event_hash:
        verdict.problems.append(f"CHAIN_BROKEN: seq {seq} does not follow the event before it")
    if body_digest(named["payload"].encode(), named["pii"]) != named["payload_digest"]:
        verdict.problems.append(f"CHAIN_BROKEN: the body of seq {seq} was changed")
    if link(named["prev_hash"], envelope_of(named), named["payload_digest"]) != named["event_hash"]:
        verdict.problems.append(f"CHAIN_BROKEN: the envelope of seq {seq} was changed")
    verdict.events, verdict.event_hash = seq, named["event_hash"]
