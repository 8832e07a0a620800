"""`make bench`: append, replay and full build, beside the peer and the bare driver; a table, and JSON."""

from __future__ import annotations

import os
import platform
import sqlite3
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console

from bench.append import RoundTrip
from bench.build import Built, measure_build
from bench.measure import Measured, Subject, fsync_ms, interleaved
from bench.peer import measure_peer
from bench.place import ENGINES, Engine, Place
from bench.replay import Replay
from bench.report import page, shown
from mymedic.clock import SystemClock
from mymedic.settings import Settings

CLIENTS = (1, 16, 64)
KIND = "movement"
DOCUMENT = Path(__file__).parent.parent / "docs" / "reference" / "benchmarks.md"
OUT, ERR = Console(), Console(stderr=True)


class Results(msgspec.Struct, kw_only=True):
    """Everything that one run measured, and where."""

    on: str
    machine: dict[str, str]
    append: dict[str, Measured] = {}
    replay: dict[str, Measured] = {}
    peer: dict[str, Any] = {}
    builds: list[Built] = []


def main(
    words: Annotated[list[str] | None, typer.Argument(help="append, replay, build; all when none is said.")] = None,
    seconds: Annotated[float, typer.Option(help="Length of one reading.")] = 3.0,
    rounds: Annotated[int, typer.Option(help="Readings of each subject; the median counts.")] = 5,
    events: Annotated[int, typer.Option(help="Events of the full build.")] = 1_000_000,
    engine: Annotated[list[str] | None, typer.Option(help="sqlite, postgres; both when none is said.")] = None,
    write_docs: Annotated[bool, typer.Option(help="Write docs/reference/benchmarks.md.")] = False,
) -> None:
    """Measure. The machine should have nothing else to do."""
    settings = Settings()
    folder = settings.resolved_home / "bench"
    place = Place(folder / "work")
    wanted = set(words or ["append", "replay", "build"])
    engines: tuple[Engine, ...] = tuple(one for one in ENGINES if not engine or one in engine)
    results = Results(on=_today(), machine=_machine(place.folder))
    if wanted & {"append", "replay"}:
        results.peer = measure_peer(place, settings.peers, rounds, engines)
    if "append" in wanted:
        results.append = interleaved(_append_subjects(place, engines, seconds), rounds, _say)
    if "replay" in wanted:
        replays = {one: Replay(place, one, 50_000) for one in engines}
        results.replay = interleaved({one: replay.read for one, replay in replays.items()}, rounds, _say)
    if "build" in wanted:
        results.builds = [measure_build(place.folder, events)]
    OUT.print(shown(results))
    (folder / "results.json").write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2))
    if write_docs:
        DOCUMENT.write_text(page(results), encoding="utf-8")


def _append_subjects(place: Place, engines: tuple[Engine, ...], seconds: float) -> dict[str, Subject]:
    subjects: dict[str, Subject] = {}
    for one in engines:
        trip = RoundTrip(place, one, KIND)
        for clients in CLIENTS:
            subjects[f"{one} {clients}"] = lambda trip=trip, clients=clients: trip.read(clients, seconds)  # type: ignore[misc]
    return subjects


def _say(name: str, reading: Any) -> None:
    ERR.print(f"{name}: {reading.per_s:,.0f}/s, {reading.cpu_us:.0f} µs CPU", highlight=False)


def _today() -> str:
    today: date = SystemClock().now().date()
    return today.isoformat()


def _machine(folder: Path) -> dict[str, str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cores": str(os.cpu_count()),
        "memory": f"{memory:.0f} GiB",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "fsync": f"{fsync_ms(folder):.2f} ms",
    }


if __name__ == "__main__":
    typer.run(main)
