"""A log as long as wanted: one simulated chain copied many times side by side, as if it had that many more branches."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
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
    seed = _simulated(home / "seed", profile)
    settings = Settings(home=home / "world")
    with open_store(seed.settings) as source, open_store(settings) as store:
        store.vault.adopt_simulated(seed.tenant_id, "bench")
        base = [row for rows in _rows(source, seed.tenant_id) for row in rows]
        copies = min(-(-events // len(base)), MOST_COPIES)
        for count in _append(store, seed.tenant_id, _copied(base, copies)):
            on_events(count)
        return World(settings, seed.tenant_id, store.feed.head(seed.tenant_id))


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


def _copied(base: list[tuple[Any, ...]], copies: int) -> Iterator[list[Any]]:
    """Each event and its copies together, so that time never goes back; seq, hashes and versions are still to come."""
    codes = [(_letters(copy), f"{copy:03d}") for copy in range(copies)]
    for row in base:
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


def _append(store: Store, tenant_id: str, rows: Iterator[list[Any]]) -> Iterator[int]:
    """Through the ledger's own append, in its chain; how many so far, after each batch."""
    versions: Counter[str] = Counter()
    head = Head()
    while batch := list(islice(rows, _BATCH)):
        chained = []
        for row in batch:
            versions[row[_STREAM]] += 1
            row[_SEQ], row[_VERSION] = head.seq + 1, versions[row[_STREAM]]
            named = dict(zip(EVENT_COLUMNS, row, strict=True))
            digest = body_digest(named["payload"].encode(), row[_PII])
            event_hash = link(head.event_hash, envelope_of(named), digest)
            row[-3:] = digest, head.event_hash, event_hash
            head = Head(row[_SEQ], event_hash, max(named["recorded_at"], head.recorded_at))
            chained.append(tuple(row))
        with store.ledger.write() as session:
            session.take(tenant_id)
            session.append(tenant_id, head, chained, [])
        yield head.seq
