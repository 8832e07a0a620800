"""A build is killed with SIGKILL in landing, dbt and swap: what is published stays whole, and the next run heals."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.cli.place import store_of
from event_store.aggregates.tenant.commands import DefineSpecialty
from exports.warehouse import opened
from mymedic.messages import Actor, Envelope
from tests.worlds import World, build, without_data_tests

ROOT = Path(__file__).parents[2]
# How long after a step has begun the kill comes, at the latest: about as long as the step takes.
LONGEST = {"landing": 0.3, "dbt": 4.0, "publish": 1.0}


def generation(home: Path, tenants: list[str]) -> dict[str, dict[str, str]]:
    """Content hash of every published table, as read from the rows themselves and not from what the file says."""
    found: dict[str, dict[str, str]] = {}
    for tenant_id in tenants:
        with opened(home / "warehouse" / f"{tenant_id}.duckdb") as connection:
            said = connection.execute("SELECT table_name, row_count, content_hash FROM build_table").fetchall()
            for table, rows, _ in said:
                ((counted,),) = connection.execute(f"SELECT count(*) FROM {table}").fetchall()
                assert counted == rows, table
            found[tenant_id] = {table: content_hash for table, _, content_hash in said}
    return found


def kill_in(step: str, home: Path, tenants: list[str], rng: random.Random) -> str:
    """Start a build, kill it some time after `step` has begun; the last step that it had begun."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.builder", str(home), *tenants],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == step:
            break
    time.sleep(rng.random() * LONGEST[step])
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    return (process.stdout.read().split() or [step])[-1]


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Where a build is killed, and what of it is left, is looked at here; its figures are checked elsewhere."""
    with without_data_tests():
        yield


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("seed", [7])
def test_what_is_published_stays_whole(tiny_world: World, tmp_path: Path, seed: int) -> None:
    tenants = tiny_world.report.tenants
    home = tmp_path / "home"
    tiny_world.warehouse(tenants[0])  # the generation that is there before the first kill
    shutil.copytree(tiny_world.home, home, ignore=shutil.ignore_patterns("exports"))
    with store_of(home) as (_, store):
        heads = {tenant_id: store.feed.head(tenant_id) for tenant_id in tenants}
    before = generation(home, tenants)
    _append_news(home, tenants)

    rng = random.Random(seed)
    left = []
    for step in ("landing", "dbt", "publish"):
        kill_in(step, home, tenants, rng)
        left.append(generation(home, tenants))

    build(home, tenants)
    healed = generation(home, tenants)
    for tenant_id in tenants:
        assert healed[tenant_id] != before[tenant_id]
        for published in left:  # each file is one generation or the other, never a mix
            assert published[tenant_id] in (before[tenant_id], healed[tenant_id])
    with store_of(home) as (_, store):
        assert all(store.feed.head(tenant_id) > heads[tenant_id] for tenant_id in tenants)


def _append_news(home: Path, tenants: list[str]) -> None:
    """Something new in every tenant, so that the next generation differs from this one."""
    manager = Actor(type="user", id="stf_manager", roles=("CM",))
    with store_of(home) as (_, store):
        for tenant_id in tenants:
            ack = store.handler.submit(
                Envelope(
                    command=DefineSpecialty(name="Sports medicine"),
                    command_id="cmd_news",
                    tenant_id=tenant_id,
                    actor=manager,
                    issued_at=store.handler.clock.now(),
                )
            )
            assert ack.status == "accepted", ack.error
