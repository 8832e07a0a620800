"""No replay runs a process: whatever reads the log again sends no command, sets no timer and moves no checkpoint.

A new way to read the log again is one more line of `REPLAYS`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from event_store.batch import Batch
from event_store.handle import Handler
from event_store.ledger.verify import verify_chain
from event_store.rebuild import derived_guards
from mymedic.clock import ManualClock
from pipelines.build import Line, land_tenant
from processes.runner import Runner
from projections.catalogue import PROJECTIONS, ROWS
from projections.database import open_read_database
from projections.generations import rebuild
from projections.keeper import Keeper
from tests.chain import Chain
from tests.integration.processes.test_once import a_busy_week, timers

Replay = Callable[[Chain, Path], object]


def fold(chain: Chain, _: Path) -> object:
    return [chain.store.feed.read(chain.tenant_id, 0, 10**6), *chain.store.feed.replay(chain.tenant_id)]


def states(chain: Chain, _: Path) -> object:
    """A process that begins, and folds what it is asked for from the log."""
    return Chain(chain.store.ledger, chain.store.vault).state("appointment", "appt_seen")


def live_views(chain: Chain, folder: Path) -> object:
    """Folded from zero, then folded again beside it and swapped in."""
    database = open_read_database(f"sqlite:///{folder / 'read.sqlite'}", ROWS)
    clock = ManualClock(chain.clock.now())
    Keeper(chain.store.feed, database, clock, PROJECTIONS).drain(chain.tenant_id)
    rebuilt = rebuild(chain.store.feed, database, clock, chain.tenant_id, PROJECTIONS)
    database.close()
    return rebuilt


def landing(chain: Chain, folder: Path) -> object:
    line = Line(chain.store.feed, chain.store.vault, folder / "landing", folder / "warehouse")
    return land_tenant(line, chain.tenant_id, full=True)


REPLAYS: dict[str, Replay] = {
    "read and fold": fold,
    "states": states,
    "guards": lambda chain, _: derived_guards(chain.store.feed, chain.tenant_id),
    "verify": lambda chain, _: [verify_chain(chain.store.ledger, chain.tenant_id)],
    "live views": live_views,
    "landing": landing,
}


def kept(chain: Chain) -> dict[str, Any]:
    """All that a process could have changed."""
    with chain.store.ledger.read() as reads:
        tables = {
            name: reads.rows(f"SELECT * FROM {name} WHERE tenant_id = ? ORDER BY 2, 3", (chain.tenant_id,))
            for name in ("head", "command_log", "checkpoint", "guard", "parked")
        }
    return {**tables, "timers": timers(chain), "log": chain.log()}


@pytest.mark.parametrize("name", REPLAYS)
def test_a_replay_issues_no_command(chain: Chain, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_busy_week(chain)
    before = kept(chain)
    asked: list[str] = []
    for who, what in ((Handler, "answer"), (Batch, "handle"), (Runner, "_until_it_holds"), (Runner, "react")):
        monkeypatch.setattr(who, what, lambda *_, of=what: asked.append(of))
    assert REPLAYS[name](chain, tmp_path)
    assert asked == []
    assert kept(chain) == before
