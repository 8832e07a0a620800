"""One write transaction of the ledger: what it appends is buffered, and written in as few statements as possible."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from event_store.ledger.columnar import Part
from event_store.ledger.held import Guards
from event_store.ledger.reads import GuardKey, Head, Held, Reads

if TYPE_CHECKING:
    import pyarrow as pa

Tag = tuple[str, str, str, int]


class Replacement(NamedTuple):
    """The body that an event has from now on."""

    payload: str
    pii: bytes | None
    tenant_id: str
    seq: int


@dataclass(slots=True)
class Unwritten:
    """Rows on their way into the tables, in the order of the tables' columns."""

    events: list[tuple[Any, ...]] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    commands: list[tuple[str, str, str, str]] = field(default_factory=list)
    heads: dict[str, Head] = field(default_factory=dict)
    released: list[GuardKey] = field(default_factory=list)
    guards: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    replaced: list[Replacement] = field(default_factory=list)


class Session(Reads):
    """A write transaction that holds the heads of its tenants: nobody else appends to them until it ends.

    Reads see what is buffered: by way of the buffer where that is easy, else it is written first.
    """

    def __init__(self) -> None:
        self._unwritten = Unwritten()
        self._guards = Guards()
        self._unwritten_streams: set[tuple[str, str]] = set()
        self._unwritten_tags: dict[tuple[str, str, str], dict[str, None]] = {}
        self._answered: dict[tuple[str, str], tuple[str, str] | None] = {}
        self._current: dict[str, Head] = {}

    @abstractmethod
    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None: ...

    @abstractmethod
    def lock(self, tenant_id: str) -> Head | None:
        """Take the tenant's head for this transaction; None when there is no such tenant."""

    @abstractmethod
    def write(self, rows: Unwritten) -> None:
        """Put rows into the open transaction: released guards go before claimed ones come.

        Bodies are replaced between the events that allow it and the head, which tells them from those before.
        """

    def open(self, commands: Mapping[str, Sequence[str]]) -> dict[str, Head | None]:
        """Lock tenants, in order of their ids, and look up which of their commands were answered before."""
        heads = {}
        for tenant_id in sorted(commands):
            heads[tenant_id] = self.take(tenant_id)
            command_ids = commands[tenant_id]
            found = self.rows(
                "SELECT tenant_id, command_id, payload_sha256, ack FROM command_log"
                f" WHERE tenant_id = ? AND command_id {self.among}",
                (tenant_id, self.values(command_ids)),
            )
            self.expect({tenant_id: command_ids}, found)
        return heads

    def take(self, tenant_id: str) -> Head | None:
        """Lock a tenant and remember where its log ends."""
        return self.taken_up(tenant_id, self.lock(tenant_id))

    def taken_up(self, tenant_id: str, head: Head | None) -> Head | None:
        self._current[tenant_id] = head or Head()
        return head

    def expect(self, commands: Mapping[str, Sequence[str]], answered: Iterable[tuple[Any, ...]]) -> None:
        """Remember which of these commands have an answer: (tenant, command, sha256, ack JSON)."""
        for tenant_id, command_ids in commands.items():
            for command_id in command_ids:
                self._answered[tenant_id, command_id] = None
        for tenant_id, command_id, payload_sha256, ack in answered:
            self._answered[tenant_id, command_id] = (payload_sha256, ack)

    def end_of(self, tenant_id: str) -> Head:
        """Where the tenant's log ends with what this transaction has appended so far."""
        return self._current[tenant_id]

    def append(self, tenant_id: str, head: Head, events: Sequence[tuple[Any, ...]], tags: Sequence[Tag]) -> None:
        """Buffer events (EVENT_COLUMNS order) and their tags; the log then ends at `head`."""
        self._unwritten.events += events
        self._unwritten.tags += tags
        self._unwritten.heads[tenant_id] = self._current[tenant_id] = head
        stream_of = {row[1]: row[3] for row in events}
        for stream_id in stream_of.values():
            self._unwritten_streams.add((tenant_id, stream_id))
        for _, kind, value, seq in tags:
            self._unwritten_tags.setdefault((tenant_id, kind, value), {})[stream_of[seq]] = None

    def replace_bodies(self, replacements: Iterable[Replacement]) -> None:
        """Buffer new bodies of stored events; the events that name them were appended just before."""
        self._unwritten.replaced += replacements

    def log_command(self, tenant_id: str, command_id: str, payload_sha256: str, ack: str) -> None:
        """Buffer the answer to a command."""
        self._unwritten.commands.append((tenant_id, command_id, payload_sha256, ack))
        self._answered[tenant_id, command_id] = (payload_sha256, ack)

    def change_guards(self, released: Iterable[GuardKey], claimed: Mapping[GuardKey, Held]) -> None:
        """Release guards, then claim; the caller has seen that the claimed ones are free."""
        self._guards.change(released, claimed)

    def guard(self, key: GuardKey) -> Held | None:
        return self._guards.get(self, key)

    def guards(self, tenant_id: str, kind: str, prefix: str = "") -> list[tuple[str, str, str]]:
        if self._guards.is_crowded(tenant_id, kind):
            self.flush()
        return self._guards.listing(self, tenant_id, kind, prefix)

    def taken(self, keys: Sequence[GuardKey]) -> GuardKey | None:
        """The first of these guards that somebody holds."""
        return self._guards.taken(self, keys)

    def command(self, tenant_id: str, command_id: str) -> tuple[str, str] | None:
        if (tenant_id, command_id) in self._answered:
            return self._answered[tenant_id, command_id]
        return super().command(tenant_id, command_id)

    def stream(
        self, tenant_id: str, stream_id: str, after_version: int = 0, limit: int = 10**9
    ) -> list[tuple[Any, ...]]:
        self._write_if_waiting(tenant_id, [stream_id])
        return super().stream(tenant_id, stream_id, after_version, limit)

    def folds(self, tenant_id: str, stream_ids: Sequence[str]) -> list[tuple[Any, ...]]:
        self._write_if_waiting(tenant_id, stream_ids)
        return super().folds(tenant_id, stream_ids)

    def _write_if_waiting(self, tenant_id: str, stream_ids: Sequence[str]) -> None:
        if any((tenant_id, stream_id) in self._unwritten_streams for stream_id in stream_ids):
            self.flush()

    def streams_tagged(self, tenant_id: str, kind: str, value: str) -> list[str]:
        stored = super().streams_tagged(tenant_id, kind, value)
        waiting = self._unwritten_tags.get((tenant_id, kind, value))
        return list(dict.fromkeys([*stored, *waiting])) if waiting else stored

    def events_named(self, tenant_id: str, event_ids: Sequence[str]) -> list[tuple[Any, ...]]:
        self.flush()
        return super().events_named(tenant_id, event_ids)

    def commands_named(self, tenant_id: str, command_ids: Sequence[str]) -> list[tuple[str, str]]:
        self.flush()
        return super().commands_named(tenant_id, command_ids)

    def tagged(self, tenant_id: str, kind: str, value: str) -> list[tuple[Any, ...]]:
        self.flush()
        return super().tagged(tenant_id, kind, value)

    def event(self, tenant_id: str, event_id: str) -> tuple[Any, ...] | None:
        self.flush()
        return super().event(tenant_id, event_id)

    def bodies_tagged(self, tenant_id: str, kind: str, value: str) -> list[tuple[Any, ...]]:
        self.flush()
        return super().bodies_tagged(tenant_id, kind, value)

    def sealed_under(
        self, tenant_id: str, prefix: str, event_type: str, after: tuple[str, int], limit: int
    ) -> list[tuple[str, int, str, str]]:
        self.flush()
        return super().sealed_under(tenant_id, prefix, event_type, after, limit)

    def events(self, tenant_id: str, after_seq: int, limit: int) -> list[tuple[Any, ...]]:
        self.flush()
        return super().events(tenant_id, after_seq, limit)

    def events_among(
        self, tenant_id: str, after_seq: int, until_seq: int, event_types: Collection[str], limit: int
    ) -> list[tuple[Any, ...]]:
        self.flush()
        return super().events_among(tenant_id, after_seq, until_seq, event_types, limit)

    def set_checkpoint(self, tenant_id: str, consumer: str, seq: int) -> None:
        self.execute(
            "INSERT INTO checkpoint (tenant_id, consumer, seq) VALUES (?, ?, ?)"
            " ON CONFLICT (tenant_id, consumer) DO UPDATE SET seq = excluded.seq",
            (tenant_id, consumer, seq),
        )

    def set_timer(self, tenant_id: str, consumer: str, timer_id: str, due_at: int, body: str) -> None:
        """Set or move a timer."""
        self.execute(
            "INSERT INTO timer (tenant_id, consumer, timer_id, due_at, body) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (tenant_id, consumer, timer_id) DO UPDATE SET due_at = excluded.due_at, body = excluded.body",
            (tenant_id, consumer, timer_id, due_at, body),
        )

    def clear_timer(self, tenant_id: str, consumer: str, timer_id: str) -> None:
        self.execute(
            "DELETE FROM timer WHERE tenant_id = ? AND consumer = ? AND timer_id = ?", (tenant_id, consumer, timer_id)
        )

    def flush(self) -> None:
        """Write the buffered rows into the open transaction."""
        rows, self._unwritten = self._unwritten, Unwritten()
        rows.released, rows.guards = self._guards.take_released(), self._guards.take_claimed()
        if rows.events or rows.commands or rows.released or rows.guards:
            self.write(rows)
        self._unwritten_streams.clear()
        self._unwritten_tags.clear()


class Ledger(ABC):
    """A database that keeps the log. One `write()` at a time per process; reads may run beside it."""

    url: str
    # Whether a write that has begun waits for nothing but this machine's disk.
    is_local = False
    # What the driver raises when the database cannot go on, whoever asked whatever of it.
    outages: tuple[type[Exception], ...] = ()

    @abstractmethod
    def write(self, patience: float | None = None) -> AbstractContextManager[Session]:
        """A write transaction: durable when the block ends, undone when it raises.

        `patience`: seconds to wait for other processes where they are waited for with a limit; STORE_LOCKED after it.
        """

    @abstractmethod
    def read(self) -> AbstractContextManager[Reads]:
        """A consistent reader beside the writer; it sees what is committed."""

    @abstractmethod
    def scan(self, sql: str, parameters: Sequence[Any], size: int) -> Iterator[list[tuple[Any, ...]]]:
        """Stream the rows of a large SELECT in lists of `size`."""

    @abstractmethod
    def scan_columnar(self, part: Part, size: int) -> Iterator[pa.RecordBatch]:
        """Stream a part of a log as Arrow; a NULL may arrive as an empty text. Takes half a second to begin."""

    @abstractmethod
    def close(self) -> None: ...
