"""Guards and tags derived again from the log, to be compared with those that the ledger keeps."""

from __future__ import annotations

from event_store.catalogue import aggregate_of_stream
from event_store.feed import Feed
from event_store.ledger.session import Ledger


def derived_guards(feed: Feed, tenant_id: str) -> dict[tuple[str, str], tuple[str, str]]:
    """(kind, value) -> (holder, detail) as the events alone say it."""
    states: dict[str, object] = {}
    guards: dict[tuple[str, str], tuple[str, str]] = {}
    for replayed in feed.replay(tenant_id):
        event = replayed.event
        aggregate, id = aggregate_of_stream(replayed.stream_id)
        state = states.get(replayed.stream_id)
        if state is None:
            state = states[replayed.stream_id] = aggregate.fresh(id)
        change = aggregate.guards(state, event)
        aggregate.evolve(state, event)
        if change is None:
            continue
        for guard in change.release:
            guards.pop((guard.kind, guard.value), None)
        for guard in change.claim:
            guards[guard.kind, guard.value] = (id, guard.detail)
    return guards


def guard_differences(ledger: Ledger, feed: Feed, tenant_id: str) -> list[str]:
    """What differs between the guards that the ledger keeps and those that replay gives (INV: guards_equal_replay)."""
    with ledger.read() as reads:
        rows = reads.rows("SELECT kind, value, holder, detail FROM guard WHERE tenant_id = ?", (tenant_id,))
    stored = {(kind, value): (holder, detail) for kind, value, holder, detail in rows}
    derived = derived_guards(feed, tenant_id)
    return [
        f"guard {kind} {value}: kept {stored.get((kind, value))}, replay says {derived.get((kind, value))}"
        for kind, value in sorted(stored.keys() | derived.keys())
        if stored.get((kind, value)) != derived.get((kind, value))
    ]
