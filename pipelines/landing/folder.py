"""A tenant's landing folder: what counts as landed, how that is checked, and how it changes without ever half-changing.

`landed.json` names every segment that counts. It is written last, so a kill at any point leaves the state before, plus
files that nobody named and that the next run removes.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from mymedic.counts import counted
from mymedic.errors import Refused
from pipelines.landing.schema import fingerprint, tables

MARKER = "landed.json"
UNFINISHED = ".tmp"


class Segment(msgspec.Struct, frozen=True):
    """One Parquet file: what the seqs from `first` to `last` gave this table. 0 to 0 is the typed empty file."""

    first: int
    last: int
    rows: int
    bytes: int

    @property
    def name(self) -> str:
        return segment_name(self.first, self.last)


class Landed(msgspec.Struct, frozen=True):
    """The marker. Every table is complete up to `landed_to`, also when its last segment ends before."""

    landed_to: int
    last_event_id: str | None
    fingerprint: str
    segments: dict[str, tuple[Segment, ...]]


def segment_name(first: int, last: int) -> str:
    return f"{first:012d}-{last:012d}.parquet"


def nothing_landed() -> Landed:
    return Landed(0, None, fingerprint(), {name: () for name in tables()})


@contextmanager
def locked(landing_dir: Path, tenant_id: str) -> Iterator[None]:
    """One landing of a tenant at a time, across processes; STORE_LOCKED for the second."""
    landing_dir.mkdir(parents=True, exist_ok=True)
    with (landing_dir / f".lock-{tenant_id}").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            raise Refused("STORE_LOCKED", f"{tenant_id} is being landed by another process") from held
        yield


def read_landed(folder: Path, *, deep: bool = False) -> Landed | None:
    """What has landed, checked against the files; None when nothing counts as landed.

    Sizes, footers, row counts and the chain of seqs are checked each time, page checksums only with `deep`.
    LANDING_CORRUPT when anything differs.
    """
    marker = folder / MARKER
    if not marker.exists():
        return None
    try:
        landed = msgspec.json.decode(marker.read_bytes(), type=Landed)
    except msgspec.MsgspecError as broken:
        raise _corrupt(marker, str(broken)) from broken
    for table, segments in landed.segments.items():
        reached = 0
        for segment in segments:
            path = folder / table / segment.name
            if segment.last and (segment.first != reached + 1 or segment.last < segment.first):
                raise _corrupt(path, f"does not follow seq {reached}")
            reached = segment.last
            _check_file(path, segment, deep=deep)
        if reached > landed.landed_to:
            raise _corrupt(folder / table, f"goes beyond seq {landed.landed_to}")
    return landed


def _check_file(path: Path, segment: Segment, *, deep: bool) -> None:
    try:
        if path.stat().st_size != segment.bytes:
            raise _corrupt(path, f"has {counted(path.stat().st_size, 'byte')}, not {segment.bytes:,}")
        with pq.ParquetFile(path, page_checksum_verification=deep) as file:
            if file.metadata.num_rows != segment.rows:
                raise _corrupt(path, f"has {counted(file.metadata.num_rows, 'row')}, not {segment.rows:,}")
            if deep:
                for _ in file.iter_batches():
                    pass
    except (OSError, pa.ArrowException) as broken:
        raise _corrupt(path, str(broken)) from broken


def _corrupt(path: Path, why: str) -> Refused:
    return Refused("LANDING_CORRUPT", f"{path.name} of {path.parent.name} {why}", file=str(path))


def commit(folder: Path, landed: Landed) -> Landed:
    """Make `landed` what counts; files that it does not name go."""
    partial = folder / f"{MARKER}{UNFINISHED}"
    partial.write_bytes(msgspec.json.format(msgspec.json.encode(landed)))
    publish({partial: folder / MARKER})
    remove_unnamed(folder, landed)
    return landed


def publish(renames: Mapping[Path, Path]) -> None:
    """Give finished files their names, durably: contents first, then names."""
    for source in renames:
        _sync(source)
    for source, target in renames.items():
        os.replace(source, target)
    for parent in {target.parent for target in renames.values()}:
        _sync(parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_unnamed(folder: Path, landed: Landed) -> None:
    """Remove what a killed run left, and what a compaction replaced."""
    named = {folder / table / segment.name for table, segments in landed.segments.items() for segment in segments}
    for path in folder.glob("*/*"):
        if path not in named:
            path.unlink()


def fresh(landing_dir: Path, tenant_id: str) -> Path:
    """An empty folder beside the tenant's own, with one for each table, to land anew into."""
    folder = _next(landing_dir, tenant_id)
    shutil.rmtree(folder, ignore_errors=True)
    for table in tables():
        (folder / table).mkdir(parents=True)
    return folder


def swap(landing_dir: Path, tenant_id: str) -> None:
    """Put the fresh folder in the place of the tenant's own."""
    current, old = landing_dir / tenant_id, _old(landing_dir, tenant_id)
    if current.exists():
        os.replace(current, old)
    os.replace(_next(landing_dir, tenant_id), current)
    _sync(landing_dir)
    shutil.rmtree(old, ignore_errors=True)


def heal_swap(landing_dir: Path, tenant_id: str) -> None:
    """After a kill between the two renames of a swap the tenant has no folder: put the old one back."""
    current, old = landing_dir / tenant_id, _old(landing_dir, tenant_id)
    if old.exists() and not current.exists():
        os.replace(old, current)
    shutil.rmtree(old, ignore_errors=True)
    shutil.rmtree(_next(landing_dir, tenant_id), ignore_errors=True)


def _next(landing_dir: Path, tenant_id: str) -> Path:
    return landing_dir / f".next-{tenant_id}"


def _old(landing_dir: Path, tenant_id: str) -> Path:
    return landing_dir / f".old-{tenant_id}"
