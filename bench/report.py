"""The results against the budgets: a table for the screen, and the page under docs/reference/."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec
from rich.table import Table

from bench import peer
from bench.build import LATER, Built
from bench.figures import Figure
from bench.live import Lived
from bench.matching import Matched


class Results(msgspec.Struct, kw_only=True):
    """Everything that one run measured, on which day and machine."""

    on: str
    machine: dict[str, str]
    rounds: int
    figures: list[Figure] = []
    builds: list[Built] = []
    matchings: list[Matched] = []
    lived: list[Lived] = []
    live_rounds: int = 0


class Line(NamedTuple):
    what: str
    clients: str = ""
    measured: str = ""
    latency: str = ""
    beside: str = ""
    ratio: str = ""
    budget: str = ""


COLUMNS = ("what", "clients", "measured", "p50 / p99 ms", "beside", "ratio", "budget")
# (word, engine, many clients?) -> times as fast as the peer
BUDGETS: Mapping[tuple[str, str, bool], float] = {
    ("append", "sqlite", False): 2.5,
    ("append", "sqlite", True): 8.0,
    ("append", "postgres", False): 1.7,
    ("append", "postgres", True): 6.0,
    ("replay", "sqlite", False): 5.0,
    ("replay", "postgres", False): 5.0,
    ("live", "sqlite", False): 25.0,
    ("live", "postgres", False): 25.0,
}
# What is like the peer's: its commands add one plain event. The others do more, and stand beside it all the same.
ALIKE = {"movement", "typed events", "one view"}
BUILD_BUDGET = "5,000,000 events in 60 s and 2 GiB"
FOLD_BUDGET, ASKED_BUDGET, LAG_BUDGET = "≥ 20,000/s", "< 50 ms p95", "< 100 ms p99"
REFRESH_BUDGET = "≤ 1.5x as long on 5,000,000 events as on 100,000"
MATCHING_BUDGET = "1,000,000 against 1,000,000 in 60 s"


def lines(results: Results) -> Iterator[Line]:
    for figure in results.figures:
        yield _line(figure, results.figures)
    for built in results.builds:
        steps = ", ".join(f"{step} {seconds:.1f} s" for step, seconds in built.seconds.items())
        yield Line(
            what=f"full build of {built.events:,} events",
            measured=f"{built.total_s:.1f} s, peak {built.peak_gib:.2f} GiB ({steps})",
            beside=f"by hand {built.limit_s:.1f} s",
            ratio=f"{built.total_s / built.limit_s:.1f}x as long",
            budget=BUILD_BUDGET,
        )
        shortest = min(results.builds, key=lambda one: one.events)
        yield Line(
            what=f"refresh after {LATER:,} more events on them",
            measured=f"{built.refresh_s:.1f} s",
            beside=f"on {shortest.events:,} {shortest.refresh_s:.1f} s" if shortest is not built else "",
            ratio=f"{built.refresh_s / shortest.refresh_s:.1f}x as long" if shortest is not built else "",
            budget=REFRESH_BUDGET,
        )
        if built.marts:
            slowest = max(built.marts, key=lambda one: one.p95_ms)
            yield Line(
                what=f"{len(built.marts)} marts asked for a branch, the slowest `{slowest.name}`",
                clients="1",
                measured=f"up to {slowest.rows:,} rows an answer",
                latency=f"{slowest.p50_ms:.2f} / {slowest.p95_ms:.2f} (p95)",
                budget=ASKED_BUDGET,
            )
    for lived in results.lived:
        yield Line(
            what=f"all {lived.views} live views of {lived.events:,} events from seq 1, {lived.rows:,} rows",
            measured=f"{lived.per_s:,.0f}/s",
        )
        yield Line(
            what="the same rebuilt by `mymedic replay`, compared and swapped in",
            measured=f"{lived.rebuilt_per_s:,.0f}/s",
            beside="one process",
            ratio=f"{lived.rebuilt_per_s / lived.per_s:.1f}x",
            budget=FOLD_BUDGET,
        )
        rival = _rival_view(results.figures)
        for view, per_s in lived.alone.items():
            yield Line(
                what=f"live, sqlite: `{view}` of the same log, alone",
                measured=f"{per_s:,.0f}/s",
                beside=f"peer {rival:,.0f}/s" if rival else "",
                ratio=f"{per_s / rival:.1f}x" if rival else "",
                budget=f"≥ {BUDGETS['live', 'sqlite', False]:g}x",
            )
        for asked in lived.asked:
            yield Line(
                what=f"`{asked.question}` on it",
                clients="1",
                measured=f"{asked.rows:,} rows an answer",
                latency=f"{asked.p50_ms:.2f} / {asked.p95_ms:.2f} (p95)",
                budget=ASKED_BUDGET,
            )
    for matched in results.matchings:
        yield Line(
            what=f"matching {matched.items:,} payments against {matched.lines:,} settlement lines",
            measured=f"{matched.total_s:.1f} s, {matched.cpu_s:.1f} s CPU, peak {matched.peak_gib:.2f} GiB",
            beside=f"bare hash join {matched.join_s:.1f} s",
            ratio=f"{matched.total_s / matched.join_s:.1f}x as long",
            budget=MATCHING_BUDGET,
        )


def _line(figure: Figure, figures: list[Figure]) -> Line:
    measured = figure.measured
    rival = _rival(figure, figures)
    budget = BUDGETS.get((figure.word, figure.engine, figure.clients > 1)) if figure.what in ALIKE else None
    is_ours = figure.who == "ours"
    return Line(
        what=f"{figure.word}, {figure.engine}: {figure.what}" + ("" if is_ours else f" ({figure.who})"),
        clients=str(figure.clients),
        measured=f"{measured.per_s:,.0f}/s, {measured.cpu_us or 0:,.0f} µs CPU",
        latency=f"{measured.p50_ms:.2f} / {measured.p99_ms:.2f}" if measured.p50_ms and measured.p99_ms else "",
        beside=f"{rival.who} {rival.measured.per_s:,.0f}/s" if rival else "",
        ratio=f"{measured.per_s / rival.measured.per_s:.1f}x" if rival else "",
        budget=LAG_BUDGET if figure.what.startswith("lag") else f"≥ {budget:g}x" if budget and is_ours else "",
    )


def _rival(figure: Figure, figures: list[Figure]) -> Figure | None:
    """The peer beside one client of ours: by one thread; beside many: by as many threads as do it best. Beside a
    command over HTTP: the bare framework with as many connections.
    """
    if figure.who != "ours":
        return None
    if figure.word == "http":
        bare = (one for one in figures if (one.word, one.who, one.clients) == ("http", "framework", figure.clients))
        return next(bare, None)
    peers = [
        one
        for one in figures
        if (one.word, one.engine, one.who) == (figure.word, figure.engine, "peer")
        and (one.clients > 1) == (figure.clients > 1)
    ]
    return max(peers, key=lambda one: one.measured.per_s, default=None)


def _rival_view(figures: list[Figure]) -> float | None:
    """Events a second of the peer's view in a SQLite file."""
    of_views = (one for one in figures if (one.word, one.engine, one.who) == ("live", "sqlite", "peer"))
    return next((one.measured.per_s for one in of_views), None)


def shown(results: Results) -> Table:
    table = Table(title=f"{results.on}: {_machine(results)}", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for column in COLUMNS:
        table.add_column(column)
    for line in lines(results):
        table.add_row(*line)
    return table


def page(results: Results) -> str:
    """docs/reference/benchmarks.md."""
    rows = "\n".join(f"| {' | '.join(line)} |" for line in lines(results))
    return f"""# Benchmarks

<!-- Written by `python -m bench --write-docs`; do not edit. -->

Measured on {results.on}: {_machine(results)}.

Medians of {results.rounds} interleaved rounds on an otherwise idle machine. A command is a whole round trip: JSON body
parsed, role and branch checked, idempotency key looked up, decided, guards taken, tagged, chained, and durable (SQLite
with `synchronous=FULL`, PostgreSQL as it comes). The peer is {peer.NAME}, measured by its own script on the same disk
in the same minutes: a command loads an aggregate of ten events, adds one, and saves it. Beside one client stands the
peer with one thread, beside many the better of its 4 and 16 threads. "Driver" is the bare driver: one row per durable
commit, or rows into typed structs. "Framework" is a POST to an empty Litestar handler. CPU is that of the client's
process. Live views: {results.live_rounds} round(s); "lag" is from an event's being durable to its being readable in
every view, with commands, folding and looking in one process, after a first second in which connections are made.
"One view" is fed a log of nothing but payments, each of which becomes a row of 30 columns under four indexes; the
peer's becomes one of five columns under one. Views "alone" are fed a chain's own log, of which each folds its part.
A refresh is the build after more events have come; a mart is asked for every row of one branch after the other.

| {" | ".join(COLUMNS)} |
|{"---|" * len(COLUMNS)}
{rows}

To measure again: `MYMEDIC_PEERS=<folder of {peer.SCRIPT}> make bench`. Without that folder there is no peer and no
ratio. JSON of every run lies in `MYMEDIC_HOME/bench/`.
"""


def _machine(results: Results) -> str:
    return ", ".join(f"{name} {value}" for name, value in results.machine.items())
