"""A warehouse out of a handful of events: lands them, runs the whole dbt project in this process, opens the result."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from event_store.catalogue import AGGREGATES, encode_payload
from event_store.feed import RAW_COLUMNS
from event_store.recorded import Recorded
from mymedic.clock import micros
from mymedic.ids import derived_id
from mymedic.messages import Actor, Event
from pipelines.landing.write import land
from pipelines.transform import TransformReport, transform, workings

SYSTEM = Actor(type="system", id="test", roles=("SY",))
KEYS = ("branch_id", "patient_id", "admission_id", "claim_id", "appointment_id", "payment_id")


class EventLog:
    """One tenant's log, written by hand. `at` is when it happened; it is recorded then unless told otherwise."""

    def __init__(self, tenant_id: str = "ten_test") -> None:
        self.tenant_id = tenant_id
        self.events: list[Recorded] = []
        self._states: dict[tuple[str, str], Any] = {}
        self._versions: dict[tuple[str, str], int] = {}

    def add(
        self,
        aggregate: str,
        id: str,
        event: Event,
        at: datetime,
        *,
        recorded_at: datetime | None = None,
        actor: Actor = SYSTEM,
    ) -> int:
        """Append an event and give its seq. Recording times never decrease (R-CMD-2)."""
        kind = AGGREGATES[aggregate]
        stream = (aggregate, id)
        state = self._states.setdefault(stream, kind.fresh(id))
        kind.evolve(state, event)
        version = self._versions[stream] = self._versions.get(stream, 0) + 1
        seq = len(self.events) + 1
        recorded = max(recorded_at or at, self.events[-1].recorded_at if self.events else at)
        self.events.append(
            Recorded(
                tenant_id=self.tenant_id,
                seq=seq,
                event_id=derived_id("evt", self.tenant_id, str(seq)),
                stream_id=f"{kind.stream}-{id}",
                stream_version=version,
                event_type=type(event).__name__,
                schema_version=type(event).version,
                **{key: getattr(event, key, None) or getattr(state, key, None) for key in KEYS},
                occurred_at=at.astimezone(UTC),
                recorded_at=recorded.astimezone(UTC),
                causation_id=derived_id("cmd", str(seq)),
                correlation_id=None,
                command_id=derived_id("cmd", str(seq)),
                actor=actor,
                channel="system",
                policy_version_ids=(),
                event=event,
            )
        )
        return seq

    def states(self, aggregate: str) -> dict[str, Any]:
        """Id -> folded state of every stream of an aggregate."""
        return {id: state for (name, id), state in self._states.items() if name == aggregate}


class MemoryFeed:
    """The feed that landing reads, over events in memory."""

    def __init__(self, events: Iterable[Recorded]) -> None:
        self._rows = [_row(event) for event in sorted(events, key=lambda event: event.seq)]

    def head(self, tenant_id: str) -> int:
        return len(self._rows)

    def raw_batches(
        self, tenant_id: str, after_seq: int, until_seq: int | None, size: int
    ) -> Iterator[list[tuple[Any, ...]]]:
        rows = self._rows[after_seq:until_seq]
        yield from (rows[start : start + size] for start in range(0, len(rows), size))


def patient_key(patient_id: str) -> str:
    """The pseudonym that a patient has in these warehouses."""
    return "pk_" + hashlib.sha256(patient_id.encode()).hexdigest()[:16]


def build_warehouse(events: Sequence[Recorded], as_of: datetime | None = None) -> duckdb.DuckDBPyConnection:
    """Every model of the project over these events, of one tenant or several; its failing tests fail the build."""
    return opened(run_project(events, new_folder(), as_of=as_of))


def new_folder() -> Path:
    return Path(tempfile.mkdtemp(dir=_root().name))


def opened(report: TransformReport) -> duckdb.DuckDBPyConnection:
    """The databases of a build in which nothing failed."""
    assert not report.failures, "\n".join(f"{node.name}: {node.message}" for node in report.failures)
    connection = duckdb.connect(str(report.database), read_only=True)
    connection.execute(f"attach '{workings(report.database)}' as workings (read_only)")
    connection.execute(f"set search_path = '{report.database.stem}.main,workings.main'")
    connection.execute("set TimeZone = 'UTC'")
    return connection


def run_project(
    events: Sequence[Recorded], folder: Path, *, as_of: datetime | None = None, unit_tests: bool = False
) -> TransformReport:
    """Land and build into a folder, whatever comes of it."""
    tenants = sorted({event.tenant_id for event in events})
    for tenant_id in tenants:
        feed = MemoryFeed(event for event in events if event.tenant_id == tenant_id)
        land(feed, tenant_id, folder / "landing", patient_key)
    return build_landed(folder, tenants, as_of=as_of, unit_tests=unit_tests)


def build_landed(
    folder: Path, tenants: Sequence[str], *, as_of: datetime | None = None, unit_tests: bool = False
) -> TransformReport:
    """Build over what has landed in `folder/landing`."""
    return transform(
        database=folder / "warehouse.duckdb",
        landing_dir=folder / "landing",
        tenants=list(tenants),
        work_dir=Path(_root().name) / "dbt",
        as_of=as_of,
        unit_tests=unit_tests,
    )


def compiled_sql(model: str) -> str:
    """The SQL of a model as the last build of this process ran it; its tables are `warehouse.main.<model>`."""
    found = (Path(_root().name) / "dbt" / "target" / "compiled").glob(f"**/{model}.sql")
    [path] = [path for path in found if path.parent.suffix != ".yml"]  # a unit test's SQL lies under its yml
    return path.read_text(encoding="utf-8")


@cache
def _root() -> tempfile.TemporaryDirectory[str]:
    """One folder for all builds of a test process: dbt parses the project once, and all goes at the end."""
    return tempfile.TemporaryDirectory(prefix="mymedic-warehouse-")


def _row(event: Recorded) -> tuple[Any, ...]:
    values = {
        **{name: getattr(event, name) for name in RAW_COLUMNS if hasattr(event, name)},
        "occurred_at": micros(event.occurred_at),
        "recorded_at": micros(event.recorded_at),
        "actor": msgspec.json.encode(event.actor).decode(),
        "payload": encode_payload(event.event).decode(),
    }
    return tuple(values[name] for name in RAW_COLUMNS)
