"""`make bench`: append, HTTP, replay, live views, import, build and matching, beside the peer and the bare driver."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from bench import peer
from bench.build import measure_build
from bench.desk import KINDS
from bench.figures import Subject, appends, https, imports, lives, measured, replays
from bench.live import measure_live
from bench.machine import machine
from bench.matching import measure_matching
from bench.measure import Reading
from bench.place import ENGINES, Engine, Place
from bench.report import Results, page, shown
from mymedic.clock import SystemClock
from mymedic.settings import Settings

WORDS = ("append", "http", "replay", "live", "import", "build", "matching", "views")
DOCUMENT = Path(__file__).parent.parent / "docs" / "reference" / "benchmarks.md"
OUT, ERR = Console(), Console(stderr=True)


def main(
    words: Annotated[list[str] | None, typer.Argument(help=f"{', '.join(WORDS)}; all when none is said.")] = None,
    engine: Annotated[list[str] | None, typer.Option(help="sqlite, postgres; both when none is said.")] = None,
    clients: Annotated[list[int] | None, typer.Option(help="Clients at once; 1, 16 and 64 when none is said.")] = None,
    command: Annotated[list[str] | None, typer.Option(help=f"{', '.join(KINDS)}; all when none is said.")] = None,
    seconds: Annotated[float, typer.Option(help="Length of one reading of append and http.")] = 3.0,
    rounds: Annotated[int, typer.Option(help="Readings of each subject; the median counts.")] = 5,
    events: Annotated[list[int] | None, typer.Option(help="Events of a full build; may be said again.")] = None,
    profile: Annotated[str, typer.Option(help="The simulated chain that a full build's log is made of.")] = "demo",
    items: Annotated[int, typer.Option(help="Payments that are matched.")] = 1_000_000,
    size: Annotated[int, typer.Option(help="Commands in a reading of the peer; 50x in replay and import.")] = 1000,
    write_docs: Annotated[bool, typer.Option("--write-docs", help="Write docs/reference/benchmarks.md.")] = False,
    date: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day to write down.")] = None,
) -> None:
    """Measure. The machine should have nothing else to do."""
    settings = Settings()
    folder = settings.resolved_home / "bench"
    place = Place(folder / "work")
    wanted = _chosen("word", words, WORDS)
    asked = _chosen("engine", engine, ENGINES)
    engines: tuple[Engine, ...] = tuple(one for one in ENGINES if one in asked)
    now = SystemClock().now()
    results = Results(on=f"{date or now:%Y-%m-%d}", machine=machine(place, engines), rounds=rounds)
    with peer.started(place, settings.peers, engines, size) as rival:
        subjects: list[Subject] = []
        if "append" in wanted:
            kinds = _chosen("command", command, tuple(KINDS))
            subjects += appends(place, rival, engines, kinds, clients or [1, 16, 64], seconds)
        if "http" in wanted:
            subjects += https(place, engines, clients or [1, 16, 64], seconds)
        if "replay" in wanted:
            subjects += replays(place, rival, engines, size * 50)
        if "live" in wanted:
            subjects += lives(place, rival, engines, size * 50, seconds)
        if "import" in wanted:
            subjects += imports(place, engines, size * 50)
        results.figures = measured(subjects, rounds, _say)
        results.live_rounds = rounds if "live" in wanted else 0
    if "build" in wanted:
        with ERR.status("build") as status:
            for count in events or [1_000_000]:
                results.builds.append(measure_build(place.folder, count, profile, status.update))
    if "views" in wanted:
        with ERR.status("views") as status:
            for count in events or [1_000_000]:
                results.lived.append(measure_live(place.folder, count, profile, status.update))
    if "matching" in wanted:
        with ERR.status("matching") as status:
            results.matchings.append(measure_matching(place.folder, items, status.update))
    place.close()
    OUT.print(shown(results))
    _write(folder / f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.json", results)
    if write_docs:
        DOCUMENT.write_text(page(results), encoding="utf-8")


def _chosen(what: str, said: list[str] | None, known: tuple[str, ...]) -> list[str]:
    for one in said or ():
        if one not in known:
            raise typer.BadParameter(f"no {what} {one}; there are {', '.join(known)}")
    return [one for one in known if not said or one in said]


def _say(name: str, reading: Reading) -> None:
    ERR.print(f"{name}: {reading.per_s:,.0f}/s, {reading.cpu_us or 0:,.0f} µs CPU", highlight=False)


def _write(path: Path, results: Results) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2))


if __name__ == "__main__":
    typer.run(main)
