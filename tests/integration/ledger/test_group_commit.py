"""Commands that wait together commit together, each with an answer of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from event_store import committer as committing
from event_store.committer import GroupCommitter
from event_store.handle import Handler
from mymedic.errors import Refused
from mymedic.messages import Ack, Envelope
from tests.integration.ledger.conftest import Bench
from tests.integration.ledger.people import ask, open_drawer, register_tenant


class Counted:
    """A handler that notes how many commands each of its transactions had."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.groups: list[int] = []

    def submit_many(self, envelopes: Sequence[Envelope]) -> list[Ack]:
        self.groups.append(len(envelopes))
        return self._handler.submit_many(envelopes)


def answers(bench: Bench, handler: Counted, drawers: Sequence[int]) -> list[Ack]:
    async def all_at_once() -> list[Ack]:
        committer = GroupCommitter(handler)  # type: ignore[arg-type]
        asked = [ask(bench.store, open_drawer(f"drw_{n}"), f"cmd_{index}") for index, n in enumerate(drawers)]
        found = await asyncio.gather(*map(committer.handle, asked))
        committer.stop()
        with pytest.raises(Refused, match="stopping"):
            await committer.handle(asked[0])
        return found

    return asyncio.run(all_at_once())


def test_what_is_asked_at_once_is_one_transaction(bench: Bench) -> None:
    register_tenant(bench.store)
    handler = Counted(bench.store.handler)
    acks = answers(bench, handler, range(1, 41))
    assert handler.groups == [40]
    assert [ack.status for ack in acks] == ["accepted"] * 40
    first = acks[0].first_seq
    assert first is not None
    assert [ack.first_seq for ack in acks] == list(range(first, first + 40))


def test_a_guard_is_seen_within_the_group(bench: Bench) -> None:
    register_tenant(bench.store)
    acks = answers(bench, Counted(bench.store.handler), [1, 2, 1, 3, 2])
    assert [ack.error.code if ack.error else None for ack in acks] == [
        None,
        None,
        "CASH_SESSION_OPEN",
        None,
        "CASH_SESSION_OPEN",
    ]


def test_a_long_queue_is_cut_into_groups(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committing, "GROUP_LIMIT", 16)
    register_tenant(bench.store)
    handler = Counted(bench.store.handler)
    assert len({ack.stream_id for ack in answers(bench, handler, range(1, 41))}) == 40
    assert handler.groups == [16, 16, 8]
