"""What is measured, and with what each figure is compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import msgspec

from bench.append import RoundTrip
from bench.http import Commands, read_empty
from bench.imports import Import
from bench.live import ONE, PER_SECOND, Fold, Lag
from bench.measure import Measured, Reading, interleaved
from bench.peer import ONE_ROW, TYPED_ROWS, Peer
from bench.place import Engine, Place
from bench.replay import KIND as LAG_KIND
from bench.replay import Replay
from projections.catalogue import PROJECTIONS

PEER_THREADS = (4, 16)
Say = Callable[[str, Reading], None]


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """`what` by `who` (ours, peer, peer with its cache, driver, framework) on an engine, by so many clients at once."""

    word: str
    engine: str
    what: str
    who: str
    clients: int
    measured: Measured


# word, engine, what, who, clients, how
Subject = tuple[str, str, str, str, int, Callable[[], Reading]]


def appends(
    place: Place,
    peer: Peer | None,
    engines: Sequence[Engine],
    kinds: Sequence[str],
    clients: Sequence[int],
    seconds: float,
) -> list[Subject]:
    """The command round trip, ours and the peer's, and one durable row by the driver alone."""
    subjects: list[Subject] = []
    for engine in engines:
        for kind in kinds:
            trip = RoundTrip(place, engine, kind)
            for count in clients:
                subjects.append(("append", engine, kind, "ours", count, partial(trip.read, count, seconds)))
        if peer is not None:
            subjects += _peers_appends(peer, engine, clients)
    return subjects


def _peers_appends(peer: Peer, engine: Engine, clients: Sequence[int]) -> Iterator[Subject]:
    for threads in [1, *(PEER_THREADS if max(clients) > 1 else ())]:
        read = partial(peer.reading, engine, "command", str(threads))
        yield "append", engine, "command", "peer", threads, read
    cached = partial(peer.reading, engine, "cached", "1")
    yield "append", engine, "command", "peer with its cache", 1, cached
    yield "append", engine, "one row", "driver", 1, partial(peer.reading, engine, "driver", ONE_ROW[engine])


def https(place: Place, engines: Sequence[Engine], clients: Sequence[int], seconds: float) -> list[Subject]:
    """The plainest command through the server, and a POST to the bare framework."""
    subjects: list[Subject] = []
    for engine in engines:
        commands = Commands(place, engine)
        for count in clients:
            subjects.append(("http", engine, "movement", "ours", count, partial(commands.read, count, seconds)))
    for count in clients:
        empty = partial(read_empty, place, count, seconds)
        subjects.append(("http", "no store", "empty POST", "framework", count, empty))
    return subjects


def replays(place: Place, peer: Peer | None, engines: Sequence[Engine], events: int) -> list[Subject]:
    """The whole log as typed events; with its envelopes too; and rows to typed structs by the driver alone."""
    subjects: list[Subject] = []
    for engine in engines:
        replay = Replay(place, engine, events)
        subjects.append(("replay", engine, "typed events", "ours", 1, replay.read))
        subjects.append(("replay", engine, "events with envelopes", "ours", 1, replay.read_whole))
        if peer is not None:
            subjects.append(("replay", engine, "typed events", "peer", 1, partial(peer.reading, engine, "replay")))
            ceiling = partial(peer.reading, engine, "driver", TYPED_ROWS)
            subjects.append(("replay", engine, "typed events", "driver", 1, ceiling))
    return subjects


def lives(place: Place, peer: Peer | None, engines: Sequence[Engine], events: int, seconds: float) -> list[Subject]:
    """One live view of a log of payments, and all of them; and how soon an event shows in all of them."""
    subjects: list[Subject] = []
    for engine in engines:
        fold = Fold(place, engine, Replay(place, engine, events))
        subjects.append(("live", engine, "one view", "ours", 1, partial(fold.read, ONE)))
        subjects.append(("live", engine, "every view", "ours", 1, partial(fold.read, PROJECTIONS)))
        if peer is not None:
            subjects.append(("live", engine, "one view", "peer", 1, partial(peer.reading, engine, "projection")))
        lag = Lag(place, engine, RoundTrip(place, engine, LAG_KIND))
        subjects.append(
            ("live", engine, f"lag at {PER_SECOND} commands/s", "ours", PER_SECOND, partial(lag.read, seconds))
        )
    return subjects


def imports(place: Place, engines: Sequence[Engine], rows: int) -> list[Subject]:
    """Rows of another system's history."""
    return [("import", engine, "rows of history", "ours", 1, Import(place, engine, rows).read) for engine in engines]


def measured(subjects: Sequence[Subject], rounds: int, say: Say) -> list[Figure]:
    """All subjects, once a round."""
    found = interleaved({_name(subject): subject[-1] for subject in subjects}, rounds, say)
    return [
        Figure(word=word, engine=engine, what=what, who=who, clients=clients, measured=result)
        for (word, engine, what, who, clients, _), result in zip(subjects, found.values(), strict=True)
    ]


def _name(subject: Subject) -> str:
    word, engine, what, who, clients, _ = subject
    return f"{word} {engine} {what} {who} {clients}"
