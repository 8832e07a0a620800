"""The results against the budgets: a table for the screen, and the page under docs/reference/."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from bench.__main__ import Results

Line = tuple[str, str, str, str, str]
COLUMNS = ("what", "ours", "peer or limit", "ratio", "budget")
_BUDGET = {
    "sqlite 1": 2.5,
    "sqlite 16": 8.0,
    "sqlite 64": 8.0,
    "postgres 1": 1.7,
    "postgres 16": 6.0,
    "postgres 64": 6.0,
}


def lines(results: Results) -> list[Line]:
    """One line per figure; a ratio only where the peer ran beside it."""
    found: list[Line] = []
    for name, measured in results.append.items():
        engine, clients = name.split()
        peer = _peer(results, engine, "a_command_1t" if clients == "1" else "a_command_4t")
        ours = f"{measured.per_s:,.0f}/s (p50 {measured.p50_ms:.2f} ms, p99 {measured.p99_ms:.2f} ms)"
        found.append(_line(f"command, {engine}, {clients} clients", ours, measured.per_s, peer, _BUDGET[name]))
    for engine, measured in results.replay.items():
        peer = _peer(results, engine, "c_replay_objects")
        found.append(_line(f"replay to typed events, {engine}", f"{measured.per_s:,.0f}/s", measured.per_s, peer, 5.0))
    for built in results.builds:
        layers = f"landing {built.landing_s} s, dbt {built.dbt_s} s, publish {built.publish_s} s"
        found.append(
            (
                f"full build of {built.events:,} events",
                f"{built.total_s} s ({layers}), peak {built.peak_gib} GiB",
                f"{built.limit_s} s (hand-written fold)",
                f"{built.total_s / built.limit_s:.1f}x" if built.limit_s else "-",
                "5,000,000 in 60 s and 2 GiB",
            )
        )
    return found


def _line(what: str, ours: str, per_s: float, peer: float | None, budget: float) -> Line:
    if peer is None:
        return what, ours, "-", "-", f"≥ {budget}x"
    return what, ours, f"{peer:,.0f}/s", f"{per_s / peer:.1f}x", f"≥ {budget}x"


def _peer(results: Results, engine: str, name: str) -> float | None:
    measured: dict[str, Any] = results.peer.get("peer_results", {}).get(engine, {})
    row = measured.get(name) or next((row for key, row in measured.items() if key.startswith(name)), None)
    return float(row["per_s"]) if row else None


def shown(results: Results) -> Table:
    table = Table(*COLUMNS, box=None, padding=(0, 2, 0, 0))
    for line in lines(results):
        table.add_row(*line)
    return table


def page(results: Results) -> str:
    """docs/reference/benchmarks.md."""
    machine = ", ".join(f"{name} {value}" for name, value in results.machine.items())
    peer = results.peer.get("peer", "not run")
    rows = "\n".join(f"| {' | '.join(line)} |" for line in lines(results))
    return (
        "# Benchmarks\n\n"
        "Written by `python -m bench --write-docs` with `MYMEDIC_PEERS` naming the folder of the peer's script.\n"
        "Medians of interleaved rounds; the peer ran on the same disk in the same run.\n\n"
        f"- on: {results.on}\n- machine: {machine}\n"
        f"- peer: {peer}; its 4-thread figure stands beside 16 and 64 clients\n\n"
        f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}\n{rows}\n"
    )
