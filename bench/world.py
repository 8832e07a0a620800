"""A log as long as wanted: one simulated chain copied many times side by side, as if it had that many more branches."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from event_store.ledger.chain import body_digest, envelope_of, link
from event_store.ledger.reads import Head
from event_store.ledger.schema import EVENT_COLUMNS
from event_store.store import Store, open_store
from mymedic.settings import Settings
from simulator.profile import load
from simulator.run import simulate

# What a chain has once, however many branches: services, prices, policies, settings.
_SHARED_STREAMS = ("tenant-", "price-", "policy-")
_SHARED_IDS = "(?<!svc)(?<!spc)(?<!prc)(?<!pol)"
# In a template the end of every other id is a mark, which each copy fills with its own code wherever the id stands.
_LETTERS, _DIGITS = "\x01", "\x02"
_MARKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(_SHARED_IDS + r"_([0-9A-HJKMNP-TV-Z]{23})[0-9A-HJKMNP-TV-Z]{3}\b"), rf"_\g<1>{_LETTERS}"),
    (re.compile(r'"(\d{9})\d{3}"'), rf'"\g<1>{_DIGITS}"'),
    (re.compile(r'("(?:settlement_utr|utr|deposit_slip_no|bank_account_id)":"[^"]+)'), rf"\g<1>{_LETTERS}"),
    (re.compile(r"(pos_\d{8}_\d+)"), rf"\g<1>{_LETTERS}"),
)
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TEXTS = tuple(
    EVENT_COLUMNS.index(name)
    for name in (
        *("event_id", "stream_id", "branch_id", "patient_id", "appointment_id", "payment_id"),
        *("causation_id", "correlation_id", "command_id", "actor", "payload"),
    )
)
_COMMAND = EVENT_COLUMNS.index("command_id")
_STREAM, _SEQ, _VERSION, _PII = (EVENT_COLUMNS.index(name) for name in ("stream_id", "seq", "stream_version", "pii"))
_SEPARATOR = "\x1f"
MOST_COPIES = 1_000  # a copy's code is three digits where only digits may stand
_BATCH = 20_000


class World(NamedTuple):
    """An installation with one tenant."""

    settings: Settings
    tenant_id: str
    events: int


def make_world(
    home: Path, events: int, profile: str = "demo", on_events: Callable[[int], None] = lambda count: None
) -> World:
    """At least `events` events of a chain in a new installation: a valid log, without the tags and guards of one that
    commands made.
    """
    with growing_world(home, events, profile, on_events) as grow:
        return grow(None)


@contextmanager
def growing_world(
    home: Path, events: int, profile: str = "demo", on_events: Callable[[int], None] = lambda count: None
) -> Iterator[Callable[[int | None], World]]:
    """The same bit by bit: how many events there are to be at least, or None for all, gives the world as it is then."""
    seed = _simulated(home / "seed", profile)
    settings = Settings(home=home / "world")
    with open_store(seed.settings) as source, open_store(settings) as store:
        store.vault.adopt_simulated(seed.tenant_id, "bench")
        base = [row for rows in _rows(source, seed.tenant_id) for row in rows]
        copies = min(-(-events // len(base)), MOST_COPIES)
        log = _Log(store, seed.tenant_id, _copied(base, copies))

        def grow(until: int | None) -> World:
            while log.head.seq < (until or math.inf) and log.append(until):
                on_events(log.head.seq)
            return World(settings, seed.tenant_id, log.head.seq)

        yield grow


def _simulated(home: Path, profile: str) -> World:
    """The chain of a profile, alone."""
    settings = Settings(home=home)
    wanted = load(profile)
    wanted.tenant = [tenant for tenant in wanted.tenant if tenant.kind == "chain"]
    simulate(wanted, settings)
    return World(settings, wanted.tenant[0].id, 0)


def _rows(store: Store, tenant_id: str) -> Iterator[list[tuple[Any, ...]]]:
    sql = f"SELECT {', '.join(EVENT_COLUMNS)} FROM event WHERE tenant_id = ? ORDER BY seq"
    return store.ledger.scan(sql, (tenant_id,), _BATCH)


def _copied(base: list[tuple[Any, ...]], copies: int) -> Iterator[list[list[Any]]]:
    """The events of one command with their copies, command by command, so that time never goes back and nowhere between
    is a half of one; seq, hashes and versions are still to come.
    """
    codes = [(_letters(copy), f"{copy:03d}") for copy in range(copies)]
    for _, rows in groupby(base, key=itemgetter(_COMMAND)):
        yield [copied for row in rows for copied in _copies(row, codes)]


def _copies(row: tuple[Any, ...], codes: list[tuple[str, str]]) -> Iterator[list[Any]]:
    template = _template(row)
    for letters, digits in codes[:1] if row[_STREAM].startswith(_SHARED_STREAMS) else codes:
        texts = template.replace(_LETTERS, letters).replace(_DIGITS, digits).split(_SEPARATOR)
        copied = list(row)
        for index, text in zip(_TEXTS, texts, strict=True):
            if row[index] is not None:
                copied[index] = text
        yield copied


def _template(row: tuple[Any, ...]) -> str:
    template = _SEPARATOR.join(row[index] or "" for index in _TEXTS)
    for pattern, marked in _MARKS:
        template = pattern.sub(marked, template)
    return template


def _letters(copy: int) -> str:
    return "".join(_ALPHABET[copy >> shift & 31] for shift in (10, 5, 0))


class _Log:
    """Takes events through the ledger's own append, in its chain."""

    def __init__(self, store: Store, tenant_id: str, commands: Iterator[list[list[Any]]]) -> None:
        self.head = Head()
        self._store, self._tenant_id, self._commands = store, tenant_id, commands
        self._versions: Counter[str] = Counter()

    def append(self, until: int | None) -> bool:
        """The next batch, no further than the command that reaches a seq; whether there was one."""
        enough = self.head.seq + _BATCH if until is None else min(self.head.seq + _BATCH, until)
        chained: list[tuple[Any, ...]] = []
        while self.head.seq < enough and (rows := next(self._commands, None)):
            chained += [self._chained(row) for row in rows]
        if chained:
            with self._store.ledger.write() as session:
                session.take(self._tenant_id)
                session.append(self._tenant_id, self.head, chained, [])
        return bool(chained)

    def _chained(self, row: list[Any]) -> tuple[Any, ...]:
        self._versions[row[_STREAM]] += 1
        row[_SEQ], row[_VERSION] = self.head.seq + 1, self._versions[row[_STREAM]]
        named = dict(zip(EVENT_COLUMNS, row, strict=True))
        digest = body_digest(named["payload"].encode(), row[_PII])
        event_hash = link(self.head.event_hash, envelope_of(named), digest)
        row[-3:] = digest, self.head.event_hash, event_hash
        self.head = Head(row[_SEQ], event_hash, max(named["recorded_at"], self.head.recorded_at))
        return tuple(row)
