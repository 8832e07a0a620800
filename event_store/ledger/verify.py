"""Proof that nobody touched the log: the chain is walked; a replaced body is as the event that names it says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from event_store.ledger.append_only import REPLACING
from event_store.ledger.chain import GENESIS, body_digest, envelope_of, link
from event_store.ledger.schema import EVENT_COLUMNS
from event_store.ledger.session import Ledger
from mymedic.bodies import Replaced

_WORST = 20


class _Naming(msgspec.Struct):
    """What verification reads of an event that replaces bodies."""

    replaced: tuple[Replaced, ...] = ()


@dataclass(slots=True)
class Verdict:
    """Of one tenant's log: how many events were read, and what is wrong with which seq."""

    tenant_id: str
    events: int = 0
    event_hash: str = GENESIS
    problems: list[str] = field(default_factory=list)
    # event id -> (seq, digest of the body as it stands, digest in the chain), where the two differ
    differing: dict[str, tuple[int, str, str]] = field(default_factory=dict)
    # event id -> what replaced its body, in that order
    replaced: dict[str, list[tuple[int, Replaced]]] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        return not self.problems


def verify_chain(ledger: Ledger, tenant_id: str, size: int = 20_000) -> Verdict:
    """Walk the tenant's chain from seq 1; a changed bit, a hole or a cut-off tail is named by its seq.

    A body that a redaction or destruction replaced must have the digest that was recorded then.
    """
    verdict = Verdict(tenant_id)
    sql = f"SELECT {', '.join(EVENT_COLUMNS)} FROM event WHERE tenant_id = ? ORDER BY seq"
    for rows in ledger.scan(sql, (tenant_id,), size):
        for row in rows:
            _verify_row(verdict, row)
            if len(verdict.problems) >= _WORST:
                return verdict
    _verify_bodies(verdict)
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
    digest = body_digest(named["payload"].encode(), named["pii"])
    if digest != named["payload_digest"]:
        verdict.differing[named["event_id"]] = (seq, digest, named["payload_digest"])
    if link(named["prev_hash"], envelope_of(named), named["payload_digest"]) != named["event_hash"]:
        verdict.problems.append(f"CHAIN_BROKEN: the envelope of seq {seq} was changed")
    if named["event_type"] in REPLACING:
        try:
            naming = msgspec.json.decode(named["payload"], type=_Naming)
        except msgspec.MsgspecError:
            verdict.problems.append(f"CHAIN_BROKEN: what seq {seq} replaced cannot be read")
            naming = _Naming()
        for one in naming.replaced:
            verdict.replaced.setdefault(one.event_id, []).append((seq, one))
    verdict.events, verdict.event_hash = seq, named["event_hash"]


def _verify_bodies(verdict: Verdict) -> None:
    """Every body is that of the chain, or what the last event that replaced it says it is."""
    for event_id, (seq, standing, chained) in verdict.differing.items():
        expected = chained
        for _, one in verdict.replaced.get(event_id, ()):
            expected = one.new_digest if one.old_digest == expected else ""
        if standing != expected:
            verdict.problems.append(f"CHAIN_BROKEN: the body of seq {seq} was changed")
    for event_id, replacing in verdict.replaced.items():
        if event_id not in verdict.differing:
            verdict.problems.append(f"CHAIN_BROKEN: seq {replacing[-1][0]} replaced the body of {event_id}: it has not")
    del verdict.problems[_WORST:]
