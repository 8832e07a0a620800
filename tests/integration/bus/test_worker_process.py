"""`mymedic work` as it is run: two of them share the tenants, and when one is killed the other goes on in its place."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

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
def working(home: Path, ledger_url: str, nats_url: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        **os.environ,
        "MYMEDIC_LEDGER_URL": ledger_url,
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
    engine_url: str, tmp_path: Path, fresh_server: NatsServer, target: Target
) -> None:
    fresh_server.start()
    settings = Settings(home=tmp_path, ledger_url=engine_url)
    clock = ManualClock(datetime.now(UTC))
    with open_store(settings, clock, DerivedIds()) as store:
        bench = Bench(engine_url, tmp_path, clock, store)
        streams = fill(bench)
        registered(Endpoints(store.ledger, store.vault, clock, DerivedIds()), target)

        def is_level() -> bool:
            seqs = bench.sql("SELECT seq FROM checkpoint WHERE consumer = ? OR consumer LIKE ?", "bus", "webhook:%")
            return seqs == [(store.feed.head(TENANT),)] * 2

        def holders() -> set[int]:
            rows = bench.sql("SELECT holder FROM lease WHERE tenant_id = '*' AND consumer LIKE ?", "bus@%")
            return {int(holder.split(":")[1]) for (holder,) in rows}

        work = partial(working, tmp_path, engine_url, fresh_server.url)
        with work() as one, work() as two:
            until(lambda: is_level() and holders() == {one.pid, two.pid}, one, two)
            ((holder,),) = bench.sql(f"SELECT holder FROM lease WHERE tenant_id = '{TENANT}' AND consumer = 'bus'")
            dying, staying = (one, two) if f":{one.pid}:" in holder else (two, one)
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
