"""`mymedic work` as it is run: two of them share the tenants, and when one is killed the other goes on in its place."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from event_store.ledger.sqlite import SqliteLedger
from event_store.store import open_store
from event_store.subscriptions.endpoints import Endpoints
from mymedic.clock import ManualClock
from mymedic.ids import DerivedIds
from mymedic.settings import Settings
from tests.integration.bus.conftest import first_sightings, read
from tests.integration.bus.test_relay import fill, in_order, more, told
from tests.integration.ledger.conftest import Bench
from tests.integration.ledger.people import TENANT
from tests.integration.webhooks.conftest import Target, registered, target
from tests.nats_server import NatsServer

__all__ = ["target"]

LEASE_SECONDS = 1.0
PATIENCE = 60.0


@contextmanager
def working(home: Path, nats_url: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        **os.environ,
        "MYMEDIC_NATS_URL": nats_url,
        "MYMEDIC_LEASE_SECONDS": str(LEASE_SECONDS),
        "MYMEDIC_WEBHOOK_NETWORKS": '["127.0.0.0/8"]',
        "MYMEDIC_WEBHOOK_PLAIN_HTTP": "true",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    command = [sys.executable, "-c", "from apps.cli import main; main()", "work", "--home", str(home)]
    with (home / "work.log").open("ab") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until(is_so: Callable[[], bool], *needed: subprocess.Popen[bytes]) -> float:
    """Seconds until it was, while these processes lived."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < PATIENCE
        assert [one.poll() for one in needed] == [None] * len(needed), "a worker has ended"
        time.sleep(0.05)
    return time.monotonic() - began


def test_a_worker_that_is_killed_is_replaced_within_seconds(
    tmp_path: Path, fresh_server: NatsServer, target: Target
) -> None:
    fresh_server.start()
    settings = Settings(home=tmp_path, ledger_url=None)
    clock = ManualClock(datetime.now(UTC))
    with open_store(settings, clock, DerivedIds()) as store:
        assert isinstance(store.ledger, SqliteLedger)
        path = store.ledger.path
        bench = Bench(store.ledger.url, tmp_path, clock, store)
        streams = fill(bench)
        registered(Endpoints(store.ledger, store.vault, clock, DerivedIds()), target)

        def asked(sql: str) -> list[tuple[object, ...]]:
            with closing(sqlite3.connect(path)) as connection:
                return connection.execute(sql).fetchall()

        def is_level() -> bool:
            found = asked("SELECT seq FROM checkpoint WHERE consumer = 'bus' OR consumer LIKE 'webhook:%'")
            return found == [(store.feed.head(TENANT),)] * 2

        def holders() -> set[int]:
            rows = asked("SELECT holder FROM lease WHERE tenant_id = '*' AND consumer LIKE 'bus@%'")
            return {int(str(holder).split(":")[1]) for (holder,) in rows}

        with working(tmp_path, fresh_server.url) as one, working(tmp_path, fresh_server.url) as two:
            until(lambda: is_level() and holders() == {one.pid, two.pid}, one, two)
            ((holder,),) = asked(f"SELECT holder FROM lease WHERE tenant_id = '{TENANT}' AND consumer = 'bus'")
            dying, staying = (one, two) if f":{one.pid}:" in str(holder) else (two, one)
            os.kill(dying.pid, signal.SIGKILL)
            dying.wait()
            more(bench, streams, 5, "later")
            assert until(is_level, staying) < LEASE_SECONDS + 10, "a lease's time, and what a busy machine adds"
            staying.terminate()
            assert staying.wait(PATIENCE) == 0
        head = store.feed.head(TENANT)
    events = first_sightings(read(fresh_server))
    assert sorted(told(events)) == list(range(1, head + 1)) and in_order(events)
    assert set(target.seqs) == set(range(1, head + 1))
    assert "Traceback" not in (tmp_path / "work.log").read_text()
