"""A founded hospital chain, and 32 clients in four processes that ask of it at the same moment, on either engine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from event_store.ledger import open_ledger
from event_store.retention.keys import Vault
from mymedic.messages import Ack, Actor, Command
from tests.chain import Chain
from tests.databases import new_database
from tests.founding import founded
from tests.integration.crowds.clients import Question
from tests.unit.event_store.clinic import DESK, ist

ROOT = Path(__file__).parents[3]
PROCESSES, CLIENTS_EACH = 4, 8
CROWD = PROCESSES * CLIENTS_EACH
NOW = ist(2, "09:00")


@dataclass
class Crowd:
    """Everybody who wants the same thing at once."""

    chain: Chain
    processes: Sequence[subprocess.Popen[str]]
    asked: int = 0

    def ask(self, commands: Sequence[Command], actor: Actor = DESK, command_ids: Sequence[str] = ()) -> list[Ack]:
        """The answers to one command of each client."""
        assert len(commands) == CROWD
        self.asked += 1
        ids = command_ids or [f"cmd_crowd_{self.asked}_{client}" for client in range(CROWD)]
        questions = [
            Question(
                tenant_id=self.chain.tenant_id,
                command_id=command_id,
                name=type(command).__name__,
                body=msgspec.Raw(msgspec.json.encode(command)),
                actor=actor,
            )
            for command_id, command in zip(ids, commands, strict=True)
        ]
        shares = [questions[start::PROCESSES] for start in range(PROCESSES)]
        for process, share in zip(self.processes, shares, strict=True):
            assert process.stdin is not None
            process.stdin.write(msgspec.json.encode(share).decode() + "\n")
            process.stdin.flush()
        answers: list[Ack | None] = [None] * CROWD
        for start, process in enumerate(self.processes):
            assert process.stdout is not None
            answers[start::PROCESSES] = msgspec.json.decode(process.stdout.readline(), type=list[Ack])
        return [ack for ack in answers if ack is not None]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def crowd(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    folder = tmp_path_factory.mktemp("crowd")
    url = f"sqlite:///{folder / 'ledger.sqlite'}"
    if request.param == "postgres":
        url = new_database(request.getfixturevalue("postgres_server"), "crowds")
    ledger, vault = open_ledger(url), Vault(folder / "keys.sqlite", bytes(32))
    chain = founded(Chain(ledger, vault))
    chain.clock.move_to(NOW)
    arguments = [url, str(folder / "keys.sqlite"), NOW.isoformat(), str(CLIENTS_EACH)]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.integration.crowds.clients", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    for process in processes:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    yield Crowd(chain, processes)
    for process in processes:
        process.communicate()
    ledger.close()
    vault.close()
