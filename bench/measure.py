"""Rounds and medians: every subject is measured once per round, so a slow spell of the machine hits all alike."""

from __future__ import annotations

import os
import resource
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One round of one subject; `cpu_us` is CPU of this process per unit, which neighbours disturb least."""

    per_s: float
    p50_ms: float | None = None
    p99_ms: float | None = None
    cpu_us: float | None = None


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """The medians of a subject's rounds, and its best and worst rate."""

    per_s: float
    best: float
    worst: float
    p50_ms: float | None = None
    p99_ms: float | None = None
    cpu_us: float | None = None


Subject = Callable[[], Reading]


def interleaved(
    subjects: Mapping[str, Subject], rounds: int, on_round: Callable[[str, Reading], None] = lambda name, reading: None
) -> dict[str, Measured]:
    """Rounds outside, subjects inside."""
    readings: dict[str, list[Reading]] = {name: [] for name in subjects}
    for _ in range(rounds):
        for name, subject in subjects.items():
            reading = subject()
            readings[name].append(reading)
            on_round(name, reading)
    return {name: summed_up(found) for name, found in readings.items()}


def summed_up(readings: Sequence[Reading]) -> Measured:
    def median(name: str) -> float | None:
        values = [value for reading in readings if (value := getattr(reading, name)) is not None]
        return round(statistics.median(values), 3) if values else None

    rates = [reading.per_s for reading in readings]
    return Measured(
        per_s=round(statistics.median(rates), 1),
        best=round(max(rates), 1),
        worst=round(min(rates), 1),
        p50_ms=median("p50_ms"),
        p99_ms=median("p99_ms"),
        cpu_us=median("cpu_us"),
    )


def percentile(sorted_values: Sequence[float], share: float) -> float:
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * share))]


def reading_of(seconds: Sequence[float], wall: float, cpu: float) -> Reading:
    """From each call's latency, the time from the first call to the last answer, and the CPU spent."""
    ordered = sorted(seconds)
    return Reading(
        per_s=len(ordered) / wall,
        p50_ms=percentile(ordered, 0.5) * 1e3,
        p99_ms=percentile(ordered, 0.99) * 1e3,
        cpu_us=cpu / len(ordered) * 1e6,
    )


def fsync_ms(folder: Path, times: int = 40) -> float:
    """Median of a 4 KiB write with fdatasync: what one durable commit costs this disk at this moment."""
    path = folder / "fsync.probe"
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY)
    found = []
    try:
        for index in range(times):
            os.pwrite(descriptor, b"x" * 4096, index * 4096)
            began = time.perf_counter()
            os.fdatasync(descriptor)
            found.append(time.perf_counter() - began)
    finally:
        os.close(descriptor)
        path.unlink()
    return statistics.median(found) * 1e3


class Peak:
    """The highest resident size seen, in bytes."""

    def __init__(self) -> None:
        self.bytes = 0


@contextmanager
def watched_memory(every_s: float = 0.02) -> Iterator[Peak]:
    """Peak memory of this process while the block runs, sampled: the kernel's own peak never goes down again."""
    peak, stopped = Peak(), threading.Event()
    page = resource.getpagesize()

    def sample() -> None:
        with Path("/proc/self/statm").open() as file:
            peak.bytes = max(peak.bytes, int(file.read().split()[1]) * page)

    def watch() -> None:
        while not stopped.wait(every_s):
            sample()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        stopped.set()
        thread.join()
        sample()
