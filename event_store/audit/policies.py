"""Q5 what policy applied: its text, the figures that went in, and whether working it out again gives the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from event_store.aggregates.policy.events import PolicyPublished
from event_store.audit.answers import Answer, stated
from event_store.audit.asked import Asked
from event_store.audit.book import Book, Entry
from event_store.audit.patch import plain
from event_store.audit.wording import policy_text
from event_store.audit.worked import WORKED, Again
from event_store.ledger.reads import Span
from event_store.states import stream_of
from mymedic.messages import Timestamp
from mymedic.policies import DEFAULT_VERSIONS, PolicyVersion


class PolicyShown(Struct, frozen=True, kw_only=True):
    """A pinned version. Without `published_seq`, it is what holds when nobody has published any."""

    policy_version_id: str
    kind: str
    scope: str
    effective_from: Timestamp | None
    published_seq: int | None
    text: tuple[str, ...]
    body: dict[str, Any]


class Worked(Struct, frozen=True, kw_only=True):
    """`inputs` are folded from the log as it stood before the event; `recomputed` follows from them and the pinned
    policy; `recorded` is what the event says. `differences` names where the two differ.
    """

    seq: int
    event_type: str
    stream_id: str
    occurred_at: Timestamp
    question: str
    policies: tuple[PolicyShown, ...]
    inputs: dict[str, Any]
    recorded: dict[str, Any]
    recomputed: dict[str, Any]
    differences: tuple[str, ...]
    recomputed_equal: bool


class Policies(Answer, frozen=True, kw_only=True):
    """`recomputed_equal`: of every row of this page."""

    recomputed_equal: bool
    rows: tuple[Worked, ...]


def policies(book: Book, asked: Asked) -> Policies:
    """Q5: cancellations, no-shows, deposits, prices, moves, follow-ups, and what was kept and given back by them."""
    book.sight.require_figures()
    page = book.page(asked)
    rows = tuple(explained(book, entry) for entry in page.entries if type(entry.event) in WORKED)
    is_equal = all(row.recomputed_equal for row in rows)
    return Policies(**stated(book, asked, page), recomputed_equal=is_equal, rows=rows)


def explained(book: Book, entry: Entry) -> Worked:
    """One event of `WORKED`, worked out again."""
    again: Again = WORKED[type(entry.event)](book, entry)
    recomputed = plain(again.recomputed)
    recorded = {name: plain(getattr(entry.event, name)) for name in recomputed}
    differences = tuple(name for name in sorted(recomputed) if recomputed[name] != recorded[name])
    return Worked(
        seq=entry.seq,
        event_type=entry.told.event_type,
        stream_id=entry.told.stream_id,
        occurred_at=entry.told.occurred_at,
        question=again.question,
        policies=tuple(shown(book, version) for version in again.policies),
        inputs=plain(again.inputs),
        recorded=recorded,
        recomputed=recomputed,
        differences=differences,
        recomputed_equal=not differences,
    )


def shown(book: Book, version: PolicyVersion) -> PolicyShown:
    """A version as an auditor reads it, with the event that published it."""
    published = published_by(book, version.policy_version_id)
    event = published.event if published is not None else None
    scope, kind = "default", next((k for k, v in DEFAULT_VERSIONS.items() if type(v.body) is type(version.body)))
    if isinstance(event, PolicyPublished):
        scope = event.scope.branch_id or event.scope.city_id or event.scope.level
    return PolicyShown(
        policy_version_id=version.policy_version_id,
        kind=kind,
        scope=scope,
        effective_from=version.effective_from,
        published_seq=published.seq if published is not None else None,
        text=policy_text(version.body),
        body=plain(version.body),
    )


def published_by(book: Book, policy_version_id: str) -> Entry | None:
    """The event that published a version; None for a default."""
    held = book.reads.guard((book.tenant_id, "policy_version", policy_version_id))
    if held is None:
        return None
    found: Iterable[Entry] = book.entries("stream", [stream_of("policy", held.holder)], Span(0, book.until.seq))
    return next((one for one in found if getattr(one.event, "policy_version_id", "") == policy_version_id), None)
