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
    """A handler that notes how many commands each of its transactions had, and which thread committed a lone one."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.groups: list[int] = []
        self.at_once = 0

    def submit_many(self, envelopes: Sequence[Envelope]) -> list[Ack]:
        self.groups.append(len(envelopes))
        return self._handler.submit_many(envelopes)

    def submit_at_once(self, envelope: Envelope) -> Ack | None:
        ack = self._handler.submit_at_once(envelope)
        self.at_once += ack is not None
        return ack


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


def one_by_one(bench: Bench, handler: Counted, count: int) -> list[Ack]:
    async def in_turn() -> list[Ack]:
        committer = GroupCommitter(handler)  # type: ignore[arg-type]
        asked = [ask(bench.store, open_drawer(f"drw_{n}"), f"cmd_{n}") for n in range(count)]
        found = [await committer.handle(envelope) for envelope in asked]
        committer.stop()
        return found

    return asyncio.run(in_turn())


def test_a_lone_command_waits_for_no_other_thread_where_nothing_else_can_hold_it_up(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committing, "SLOW_SECONDS", 60.0)
    register_tenant(bench.store)
    handler = Counted(bench.store.handler)
    assert [ack.status for ack in one_by_one(bench, handler, 5)] == ["accepted"] * 5
    is_local = bench.url.startswith("sqlite")
    assert (handler.at_once, handler.groups) == ((5, []) if is_local else (0, [1] * 5))


def test_a_kind_of_command_that_takes_long_again_and_again_is_kept_off_the_loop(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committing, "SLOW_SECONDS", 0.0)
    register_tenant(bench.store)
    handler = Counted(bench.store.handler)
    assert len(one_by_one(bench, handler, 6)) == 6
    assert handler.at_once <= committing.MOST_SLOW


def test_a_pause_of_the_disk_keeps_nothing_off_the_loop(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    class Pausing(Counted):
        def submit_at_once(self, envelope: Envelope) -> Ack | None:
            monkeypatch.setattr(committing, "SLOW_SECONDS", 0.0 if self.at_once == 1 else 60.0)
            return super().submit_at_once(envelope)

    register_tenant(bench.store)
    handler = Pausing(bench.store.handler)
    assert len(one_by_one(bench, handler, 5)) == 5
    assert handler.at_once == (5 if bench.url.startswith("sqlite") else 0)


def test_a_lone_command_does_not_wait_for_another_processs_lock_on_the_loop(bench: Bench) -> None:
    register_tenant(bench.store)
    asked = ask(bench.store, open_drawer(), "cmd_open")
    other = bench.again()
    with other.handler.batch() as batch:
        batch.state(asked.tenant_id, "tenant", asked.tenant_id)
        assert bench.store.handler.submit_at_once(asked) is None
    ack = bench.store.handler.submit_at_once(asked)
    assert ack is None or ack.status == "accepted"
    other.close()
