"""Lands a tenant's events: from the feed, in seq order, into typed Parquet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Protocol

import msgspec

from mymedic.errors import Refused
from mymedic.ids import is_tenant_id
from pipelines.landing import folder as folders
from pipelines.landing.folder import Landed
from pipelines.landing.rows import Batch, arrow
from pipelines.landing.schema import fingerprint
from pipelines.landing.segments import SegmentWriter, compact
from pipelines.landing.typeset import Typesetter

# Rows asked of the feed at a time. As tuples 50,000 fall out of every cache and wake the garbage collector: reading
# and turning them into Arrow took 9 us a row, 5,000 at a time 5.5 us.
CHUNK = 5_000


class RawFeed(Protocol):
    def head(self, tenant_id: str) -> int: ...

    def raw_batches(self, tenant_id: str, after_seq: int, until_seq: int | None, size: int) -> Iterator[Batch]: ...


class LandingReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did: the seqs landed, new rows per table, why it began again from 0 if it did, tables merged."""

    tenant_id: str
    after_seq: int
    landed_to: int
    rows: dict[str, int]
    relanded: str | None = None
    compacted: tuple[str, ...] = ()


def land(
    feed: RawFeed,
    tenant_id: str,
    landing_dir: Path,
    patient_key: Callable[[str], str],
    full: bool = False,
    chunk: int = CHUNK,
) -> LandingReport:
    """Bring a tenant's landing up to the head of its log.

    It begins again from seq 0, in a fresh folder that then takes the old one's place, when `full`, when the event
    classes have changed since, or when what is there is damaged or not of this log. `patient_key` gives the
    pseudonym of a patient id; after a pseudonym or a stored payload has changed, the caller asks for `full`.
    """
    if not is_tenant_id(tenant_id):
        raise Refused("VALIDATION_FAILED", f"{tenant_id!r} is no tenant id", field="tenant_id")
    with folders.locked(landing_dir, tenant_id):
        folders.heal_swap(landing_dir, tenant_id)
        landed, why = _landed(feed, landing_dir / tenant_id)
        why = "asked for" if full else why
        if landed is not None and why is None:
            return _append(feed, tenant_id, landing_dir / tenant_id, landed, patient_key, chunk)
        fresh = folders.fresh(landing_dir, tenant_id)
        report = _append(feed, tenant_id, fresh, folders.nothing_landed(), patient_key, chunk)
        folders.swap(landing_dir, tenant_id)
        return msgspec.structs.replace(report, relanded=why)


def check_landing(landing_dir: Path, tenant_id: str, *, deep: bool = False) -> int:
    """The seq that a tenant has landed to (0: never); LANDING_CORRUPT when its files are not what was written."""
    landed = folders.read_landed(landing_dir / tenant_id, deep=deep)
    return landed.landed_to if landed else 0


def _landed(feed: RawFeed, folder: Path) -> tuple[Landed | None, str | None]:
    """What has landed, and why it cannot be continued."""
    try:
        landed = folders.read_landed(folder)
    except Refused as refused:
        return None, str(refused)
    if landed is None:
        return None, None
    if landed.fingerprint != fingerprint():
        return landed, "the event classes have changed"
    if landed.landed_to and _event_id_at(feed, folder.name, landed.landed_to) != landed.last_event_id:
        return landed, f"the log has another event at seq {landed.landed_to}"
    return landed, None


def _event_id_at(feed: RawFeed, tenant_id: str, seq: int) -> str | None:
    if feed.head(tenant_id) < seq:
        return None
    rows = [arrow(batch) for batch in feed.raw_batches(tenant_id, seq - 1, seq, 1)]
    return rows[0]["event_id"][0].as_py()


def _append(
    feed: RawFeed,
    tenant_id: str,
    folder: Path,
    landed: Landed,
    patient_key: Callable[[str], str],
    chunk: int,
) -> LandingReport:
    folders.remove_unnamed(folder, landed)
    head = feed.head(tenant_id)
    rows: dict[str, int] = {}
    compacted: list[str] = []
    if head > landed.landed_to or not any(landed.segments.values()):
        last_event_id = landed.last_event_id
        writer = SegmentWriter(folder, landed, head)
        with closing(writer), Typesetter(tenant_id, writer, patient_key) as typesetter:
            for batch in feed.raw_batches(tenant_id, landed.landed_to, head, chunk):
                read = arrow(batch)
                typesetter.take(read)
                last_event_id = read["event_id"][-1].as_py()
            typesetter.finish()
            now = writer.finish(last_event_id)
        rows, compacted = writer.rows, compact(folder, now)
    return LandingReport(
        tenant_id=tenant_id, after_seq=landed.landed_to, landed_to=head, rows=rows, compacted=tuple(compacted)
    )
