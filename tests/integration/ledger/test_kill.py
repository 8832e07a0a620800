"""Writers are killed with SIGKILL at random moments: nothing that was answered is lost, nothing is half there."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from event_store.ledger.sqlite import SqliteLedger
from event_store.ledger.verify import verify_chain
from event_store.rebuild import guard_differences
from mymedic.errors import Refused
from tests.integration.ledger.conftest import Bench
from tests.integration.ledger.people import TENANT, accepted, open_drawer, petty, register_tenant, submit

ROOT = Path(__file__).parents[3]


def start_writer(bench: Bench, session: str, name: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.integration.ledger.writer",
            bench.url,
            str(bench.folder / "keys.sqlite"),
            str(bench.folder / f"{name}.acknowledged"),
            session,
            name,
        ],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def wait_for_first_answer(path: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while not (path.exists() and path.stat().st_size):
        assert process.poll() is None, process.stderr.read().decode() if process.stderr else ""
        assert time.monotonic() < deadline, "the writer answers nothing"
        time.sleep(0.01)


class Tail:
    """A reader that follows the log while it grows, with a connection of its own."""

    def __init__(self, bench: Bench) -> None:
        self.seqs: list[int] = []
        self._store = bench.again()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._follow)
        self._thread.start()

    def _follow(self) -> None:
        while True:
            was_over = self._is_over.is_set()
            events = self._store.feed.read(TENANT, self.seqs[-1] if self.seqs else 0, 50)
            self.seqs += [event.seq for event in events]
            if not events:
                if was_over:
                    return
                time.sleep(0.002)

    def read_to_the_end(self) -> list[int]:
        self._is_over.set()
        self._thread.join()
        self._store.close()
        return self.seqs


def answered_by(bench: Bench, names: Sequence[str]) -> dict[str, int]:
    """Command -> the seq that its writer was told, for every answer that reached its file whole."""
    answered = {}
    for name in names:
        for line in (bench.folder / f"{name}.acknowledged").read_text().splitlines():
            command_id, _, seq = line.partition(" ")
            if seq:
                answered[command_id] = int(seq)
    return answered


@pytest.mark.parametrize("seed", [7, 42])
def test_what_was_answered_survives_a_kill(bench: Bench, seed: int) -> None:
    register_tenant(bench.store)
    ack = accepted(submit(bench.store, open_drawer(), "cmd_open"))
    assert ack.stream_id is not None
    session = ack.stream_id.removeprefix("cash-")
    bench.store.ledger.close()
    rng = random.Random(seed)
    names = [f"w{seed}{letter}" for letter in "rstuvwxy"]
    tail = Tail(bench)
    writers = {name: start_writer(bench, session, name) for name in names}
    for name, writer in writers.items():
        wait_for_first_answer(bench.folder / f"{name}.acknowledged", writer)
    time.sleep(0.2 + rng.random() * 0.5)
    for writer in writers.values():
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        time.sleep(rng.random() * 0.05)

    store = bench.again()
    verdict = verify_chain(store.ledger, TENANT)
    assert verdict.problems == []
    assert guard_differences(store.ledger, store.feed, TENANT) == []
    kept: dict[str | None, int] = {}
    after = 0
    while events := store.feed.read(TENANT, after, 2_000):
        kept.update({event.command_id: event.seq for event in events})
        after = events[-1].seq
    # The one who read along has seen each event once, in order, and the last of them too.
    assert tail.read_to_the_end() == list(range(1, after + 1))
    answered = answered_by(bench, names)
    assert len(answered) > len(names)
    assert {command_id: kept.get(command_id) for command_id in answered} == answered
    # A group is one transaction: its commands stand in the log together or not at all.
    groups = {str(command_id).rsplit("-", 1)[0] for command_id in kept if str(command_id).startswith("w")}
    assert all(f"{group}-{letter}" in kept for group in groups for letter in "abc")
    # A client that never heard its answer asks again: the first answer, and nothing happens twice.
    for name in names:
        command_id = next(one for one in answered if one.startswith(name) and one.endswith("-a"))
        again = submit(store, petty(session), command_id)
        assert (again.status, again.first_seq) == ("duplicate", answered[command_id])
    assert store.feed.head(TENANT) == after
    # Sealed data of every kept patient can be opened: keys are durable before the events that they seal.
    for seq in rng.sample(range(1, after + 1), min(40, after)):
        (event,) = store.feed.read(TENANT, seq - 1, 1)
        if event.event_type == "PatientRegistered":
            opened = store.handler.opened(TENANT, "patient", event.stream_id.removeprefix("patient-"), 1)
            assert getattr(opened, "pii", None) is not None
    accepted(submit(store, petty(session), "cmd_after"))
    store.close()


@pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
def test_a_second_writer_waits_and_then_says_so(bench: Bench) -> None:
    """SQLite alone: PostgreSQL queues on the head row by itself."""
    register_tenant(bench.store)
    impatient = SqliteLedger(Path(bench.url.removeprefix("sqlite:///")), lock_timeout=0.05)
    with bench.store.handler.batch() as batch:
        assert batch is not None
        with pytest.raises(Refused) as refusal, impatient.write():
            raise AssertionError("two writers at once")
    assert refusal.value.code == "STORE_LOCKED" and refusal.value.retryable
    with impatient.write() as session:
        assert session.head(TENANT) is not None
    impatient.close()


@pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
def test_a_full_disk_loses_nothing_and_heals(bench: Bench) -> None:
    register_tenant(bench.store)
    ack = accepted(submit(bench.store, open_drawer(), "cmd_open"))
    assert ack.stream_id is not None
    session = ack.stream_id.removeprefix("cash-")
    writer = bench.store.ledger.file.writer  # type: ignore[attr-defined]
    pages = writer.execute("PRAGMA page_count").fetchone()[0]
    writer.execute(f"PRAGMA max_page_count = {pages + 2}")
    answered = []
    refused = None
    for number in range(500):
        ack = submit(bench.store, petty(session), f"cmd_{number}")
        if ack.error is not None:
            refused = ack
            break
        answered.append(ack.first_seq)
    assert refused is not None and refused.error is not None
    assert refused.error.code == "STORE_FULL" and refused.error.retryable
    assert verify_chain(bench.store.ledger, TENANT).is_whole
    assert bench.store.feed.head(TENANT) == (answered[-1] if answered else ack.first_seq)
    writer.execute("PRAGMA max_page_count = 1073741823")
    accepted(submit(bench.store, petty(session), refused.command_id))
    assert verify_chain(bench.store.ledger, TENANT).is_whole
