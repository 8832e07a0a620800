"""A bar of the days gone by, with the rate of events and the time left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from simulator.desk import Desk


@contextmanager
def day_bar(console: Console | None, days: int, desk: Desk) -> Iterator[Callable[[], None]]:
    """Gives a function to call after each day; draws nothing without a console."""
    if console is None:
        yield lambda: None
        return
    columns = (
        TextColumn("simulating"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("days · {task.fields[rate]} events/s ·"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("days", total=days, rate="…")

        def advance() -> None:
            elapsed = progress.tasks[task].elapsed or 1.0
            progress.update(task, advance=1, rate=f"{desk.events / elapsed:,.0f}")

        yield advance
