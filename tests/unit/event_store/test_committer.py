"""Commands that wait together are answered together, and none of them suffers for another."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from event_store.aggregates.appointment.commands import CheckInPatient
from event_store.committer import GroupCommitter
from mymedic.errors import Refused
from mymedic.messages import Ack, Envelope
from tests.unit.event_store.clinic import DESK

NOW = datetime(2026, 11, 2, tzinfo=UTC)


class Handler:
    """Answers once its gate is open; a group that holds `cmd_bug` meets a bug of ours."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.groups: list[list[str]] = []

    def submit_many(self, envelopes: Sequence[Envelope]) -> list[Ack]:
        self.gate.wait(10)
        ids = [envelope.command_id for envelope in envelopes]
        self.groups.append(ids)
        if "cmd_bug" in ids:
            raise ZeroDivisionError
        return [Ack(status="accepted", command_id=id) for id in ids]

    def submit(self, envelope: Envelope) -> Ack:
        return self.submit_many([envelope])[0]

    def submit_at_once(self, envelope: Envelope) -> Ack | None:
        return None


def asked(command_id: str) -> Envelope:
    command = CheckInPatient(appointment_id="appt_1")
    return Envelope(command=command, command_id=command_id, tenant_id="ten_test", actor=DESK, issued_at=NOW)


def answers(handler: Any, *command_ids: str) -> list[Any]:
    """What each command got, the first of them alone and the others while it is being answered."""

    async def ask_all() -> list[Any]:
        committer = GroupCommitter(handler)
        first = asyncio.create_task(committer.handle(asked("cmd_first")))
        await asyncio.sleep(0.05)
        rest = [asyncio.create_task(committer.handle(asked(id))) for id in command_ids]
        await asyncio.sleep(0)
        handler.gate.set()
        found = await asyncio.gather(first, *rest, return_exceptions=True)
        committer.stop()
        with pytest.raises(Refused) as refusal:
            await committer.handle(asked("cmd_late"))
        assert refusal.value.code == "STORE_UNAVAILABLE"
        return found[1:]

    return asyncio.run(ask_all())


def test_what_waits_together_is_answered_together() -> None:
    handler = Handler()
    acks = answers(handler, "cmd_a", "cmd_b", "cmd_c")
    assert handler.groups == [["cmd_first"], ["cmd_a", "cmd_b", "cmd_c"]]
    assert [ack.command_id for ack in acks] == ["cmd_a", "cmd_b", "cmd_c"]


def test_a_bug_in_one_fails_that_one() -> None:
    handler = Handler()
    before, bug, after = answers(handler, "cmd_before", "cmd_bug", "cmd_after")
    assert (before.status, after.status) == ("accepted", "accepted")
    assert isinstance(bug, ZeroDivisionError)
    assert handler.groups[1:] == [["cmd_before", "cmd_bug", "cmd_after"], ["cmd_before"], ["cmd_bug"], ["cmd_after"]]
