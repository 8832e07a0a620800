"""A worker that ends itself with SIGKILL at its n-th step, for every n: `python -m tests.integration.processes.killed`.

Steps are what a drain does to the outside: each question to the database, each write, each commit. Prints one JSON
object: how many times it died, and every outcome that differs from that of a worker that was let alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from event_store.ledger.sqlite import SqliteLedger
from tests.integration.processes.test_disturbed import TENANT, at_work, outcome, unanswered


class _Mortal:
    """A connection that counts what is asked of it, and dies at one of its questions."""

    def __init__(self, connection: sqlite3.Connection, dies_at: int, told: Callable[[int], None]) -> None:
        self._connection, self._dies_at, self._told = connection, dies_at, told
        self.steps = 0

    def execute(self, *args: Any) -> Any:
        return self._one(self._connection.execute, args)

    def executemany(self, *args: Any) -> Any:
        return self._one(self._connection.executemany, args)

    def _one(self, act: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        self.steps += 1
        if self.steps == self._dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        self._told(self.steps)
        return act(*args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def work(folder: Path, dies_at: int) -> int:
    """Drain until death or the end; how many steps that took."""
    with at_work(folder) as chain:
        ledger = chain.store.ledger
        assert isinstance(ledger, SqliteLedger)
        steps = 0

        def told(count: int) -> None:
            nonlocal steps
            steps = count

        ledger.file.writer = _Mortal(ledger.file.writer, dies_at, told)  # type: ignore[assignment]
        chain.runner.drain(TENANT, 7)
        chain.runner.tick(TENANT)
    return steps


def digest(folder: Path) -> str:
    with at_work(folder) as chain:
        log, timers, answers = outcome(chain)
        rows = [[one.seq, one.event_id, one.stream_id, one.stream_version, repr(one.event)] for one in log]
    return hashlib.sha256(json.dumps([rows, timers, answers]).encode()).hexdigest()


def dead(folder: Path, dies_at: int) -> bool:
    """Let a process of its own work and die; whether it died."""
    child = os.fork()
    if child == 0:
        work(folder, dies_at)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def main(folder: Path, stride: int) -> None:
    template = folder / "template"
    unanswered(template)
    alone = folder / "alone"
    shutil.copytree(template, alone)
    steps = work(alone, 0)
    wanted = digest(alone)
    differing, deaths = [], 0
    for dies_at in range(1, steps + 1, stride):
        copy = folder / "copy"
        shutil.copytree(template, copy)
        deaths += dead(copy, dies_at)
        dead(copy, dies_at // 2 + 1)  # whoever takes over dies as well
        work(copy, 0)
        if digest(copy) != wanted:
            differing.append(dies_at)
        shutil.rmtree(copy)
    print(json.dumps({"steps": steps, "deaths": deaths, "differing": differing}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
