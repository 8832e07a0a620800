"""One write transaction of the ledger, and the reads that consumers need; the engines fill in the SQL dialect."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from event_store.ledger.chain import GENESIS
from event_store.ledger.schema import COMMAND_LOG, EVENT, EVENT_COLUMNS, GUARD, HEAD, TAG
from mymedic.deciding import Guard

GuardKey = tuple[str, str, str]
_EVENT_SELECT = f"SELECT {', '.join(EVENT_COLUMNS)} FROM event"
# A list of seqs, not a join: SQLite would walk the tenant's whole log and look each event's tag up.
_TAGGED_SEQS = "SELECT seq FROM tag WHERE tenant_id = ? AND kind = ? AND value = ?"


class Head(NamedTuple):
    """Where a tenant's log ends: last seq, its hash, and when it was recorded (microseconds)."""

    seq: int = 0
    event_hash: str = GENESIS
    recorded_at: int = 0


class Reads(ABC):
    """Questions to the ledger, answered alike inside and outside a write transaction."""

    @abstractmethod
    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one SELECT; placeholders are `?` on every engine."""

    def tenants(self) -> list[str]:
        return [tenant_id for (tenant_id,) in self.rows("SELECT tenant_id FROM head ORDER BY tenant_id")]

    def head(self, tenant_id: str) -> Head | None:
        found = self.rows("SELECT seq, event_hash, recorded_at FROM head WHERE tenant_id = ?", (tenant_id,))
        return Head(*found[0]) if found else None

    def stream(
        self, tenant_id: str, stream_id: str, after_version: int = 0, limit: int = 10**9
    ) -> list[tuple[Any, ...]]:
        """Rows of a stream in EVENT_COLUMNS order."""
        return self.rows(
            f"{_EVENT_SELECT} WHERE tenant_id = ? AND stream_id = ? AND stream_version > ?"
            " ORDER BY stream_version LIMIT ?",
            (tenant_id, stream_id, after_version, limit),
        )

    def events(self, tenant_id: str, after_seq: int, limit: int) -> list[tuple[Any, ...]]:
        """Rows of a tenant's log in seq order, in EVENT_COLUMNS order."""
        return self.rows(
            f"{_EVENT_SELECT} WHERE tenant_id = ? AND seq > ? ORDER BY seq LIMIT ?", (tenant_id, after_seq, limit)
        )

    def tagged(self, tenant_id: str, kind: str, value: str) -> list[tuple[Any, ...]]:
        """Rows of the events that carry a tag, in seq order."""
        return self.rows(
            f"{_EVENT_SELECT} WHERE tenant_id = ? AND seq IN ({_TAGGED_SEQS}) ORDER BY seq",
            (tenant_id, tenant_id, kind, value),
        )

    def streams_tagged(self, tenant_id: str, kind: str, value: str) -> list[str]:
        """Streams with an event that carries a tag, in order of the first such event."""
        found = self.rows(
            f"SELECT stream_id FROM event WHERE tenant_id = ? AND seq IN ({_TAGGED_SEQS}) ORDER BY seq",
            (tenant_id, tenant_id, kind, value),
        )
        return list(dict.fromkeys(stream_id for (stream_id,) in found))

    def guard(self, key: GuardKey) -> tuple[str, str] | None:
        """(holder, detail) of a guard, or None when it is free."""
        found = self.rows("SELECT holder, detail FROM guard WHERE tenant_id = ? AND kind = ? AND value = ?", key)
        return (found[0][0], found[0][1]) if found else None

    def guards(self, tenant_id: str, kind: str, prefix: str = "") -> list[tuple[str, str, str]]:
        """(value, holder, detail) of the guards of a kind whose value begins with a prefix, ascending."""
        return [
            (value, holder, detail)
            for value, holder, detail in self.rows(
                "SELECT value, holder, detail FROM guard"
                " WHERE tenant_id = ? AND kind = ? AND value >= ? AND value < ? ORDER BY value",
                (tenant_id, kind, prefix, prefix + "\U0010fffd"),
            )
        ]

    def command(self, tenant_id: str, command_id: str) -> tuple[str, str] | None:
        """(payload_sha256, ack JSON) of a command answered before."""
        found = self.rows(
            "SELECT payload_sha256, ack FROM command_log WHERE tenant_id = ? AND command_id = ?",
            (tenant_id, command_id),
        )
        return (found[0][0], found[0][1]) if found else None

    def checkpoint(self, tenant_id: str, consumer: str) -> int:
        found = self.rows("SELECT seq FROM checkpoint WHERE tenant_id = ? AND consumer = ?", (tenant_id, consumer))
        return found[0][0] if found else 0

    def due_timers(self, tenant_id: str, consumer: str, until: int, limit: int = 500) -> list[tuple[str, int, str]]:
        """(timer_id, due_at, body) of the timers that are due, earliest first."""
        return [
            (timer_id, due_at, body)
            for timer_id, due_at, body in self.rows(
                "SELECT timer_id, due_at, body FROM timer WHERE tenant_id = ? AND consumer = ? AND due_at <= ?"
                " ORDER BY due_at, timer_id LIMIT ?",
                (tenant_id, consumer, until, limit),
            )
        ]


class Session(Reads):
    """A write transaction that holds the heads of its tenants: nobody else appends to them until it ends.

    Appends are buffered and written in bulk; a read that could see a buffered row writes the buffer first.
    """

    def __init__(self) -> None:
        self._events: list[tuple[Any, ...]] = []
        self._tags: list[tuple[Any, ...]] = []
        self._commands: list[tuple[Any, ...]] = []
        self._heads: dict[str, Head] = {}
        self._pending_streams: set[tuple[str, str]] = set()
        self._pending_tags: set[tuple[str, str, str]] = set()
        self._guards: dict[GuardKey, Guard | None] = {}
        self._holders: dict[GuardKey, str] = {}
        self._released: set[GuardKey] = set()
        self._pending_guards: set[tuple[str, str]] = set()
        self._answered: dict[tuple[str, str], tuple[str, str] | None] = {}
        self._current: dict[str, Head] = {}

    @abstractmethod
    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None: ...

    @abstractmethod
    def lock(self, tenant_id: str) -> Head | None:
        """Take the tenant's head for this transaction; None when there is no such tenant."""

    @abstractmethod
    def insert(self, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """Bulk insert."""

    def take(self, tenant_id: str) -> Head | None:
        """Lock a tenant and remember where its log ends."""
        head = self.lock(tenant_id)
        self._current[tenant_id] = head or Head()
        return head

    def end_of(self, tenant_id: str) -> Head:
        """Where the tenant's log ends with what this transaction has appended so far."""
        return self._current[tenant_id]

    def expect(self, tenant_id: str, command_ids: Sequence[str]) -> None:
        """Look up in one query which of these commands were answered before."""
        marks = ", ".join("?" * len(command_ids))
        found = self.rows(
            f"SELECT command_id, payload_sha256, ack FROM command_log WHERE tenant_id = ? AND command_id IN ({marks})",
            (tenant_id, *command_ids),
        )
        for command_id in command_ids:
            self._answered[tenant_id, command_id] = None
        for command_id, payload_sha256, ack in found:
            self._answered[tenant_id, command_id] = (payload_sha256, ack)

    def append(
        self,
        tenant_id: str,
        head: Head,
        events: Iterable[tuple[Any, ...]],
        tags: Iterable[tuple[str, str, str, int]],
        command: tuple[str, str, str] | None,
    ) -> None:
        """Buffer events (EVENT_COLUMNS order), their tags and the answered command (id, sha256, ack JSON)."""
        for row in events:
            self._events.append(row)
            self._pending_streams.add((tenant_id, row[3]))
        for tag in tags:
            self._tags.append(tag)
            self._pending_tags.add(tag[:3])
        self._heads[tenant_id] = self._current[tenant_id] = head
        if command is not None:
            self.log_command(tenant_id, *command)

    def log_command(self, tenant_id: str, command_id: str, payload_sha256: str, ack: str) -> None:
        self._commands.append((tenant_id, command_id, payload_sha256, ack))
        self._answered[tenant_id, command_id] = (payload_sha256, ack)

    def change_guards(self, released: Iterable[GuardKey], held: dict[GuardKey, tuple[Guard, str]]) -> None:
        """Release guards, then claim (guard, holder); the caller has seen that the claimed ones are free."""
        for key in released:
            self._pending_guards.add(key[:2])
            self._released.add(key)
            self._guards[key] = None
        for key, (guard, holder) in held.items():
            self._pending_guards.add(key[:2])
            self._guards[key], self._holders[key] = guard, holder

    def guard(self, key: GuardKey) -> tuple[str, str] | None:
        if key in self._guards:
            guard = self._guards[key]
            return None if guard is None else (self._holders[key], guard.detail)
        return super().guard(key)

    def guards(self, tenant_id: str, kind: str, prefix: str = "") -> list[tuple[str, str, str]]:
        if (tenant_id, kind) in self._pending_guards:
            self.flush()
        return super().guards(tenant_id, kind, prefix)

    def taken(self, keys: Sequence[GuardKey]) -> GuardKey | None:
        """The first of these guards that somebody holds."""
        unknown: dict[tuple[str, str], list[str]] = {}
        for key in keys:
            if key in self._guards:
                if self._guards[key] is not None:
                    return key
            else:
                unknown.setdefault(key[:2], []).append(key[2])
        for (tenant_id, kind), values in unknown.items():
            for start in range(0, len(values), 500):
                part = values[start : start + 500]
                marks = ", ".join("?" * len(part))
                found = self.rows(
                    f"SELECT value FROM guard WHERE tenant_id = ? AND kind = ? AND value IN ({marks})",
                    (tenant_id, kind, *part),
                )
                if found:
                    return (tenant_id, kind, min(value for (value,) in found))
        return None

    def command(self, tenant_id: str, command_id: str) -> tuple[str, str] | None:
        if (tenant_id, command_id) in self._answered:
            return self._answered[tenant_id, command_id]
        return super().command(tenant_id, command_id)

    def stream(
        self, tenant_id: str, stream_id: str, after_version: int = 0, limit: int = 10**9
    ) -> list[tuple[Any, ...]]:
        if (tenant_id, stream_id) in self._pending_streams:
            self.flush()
        return super().stream(tenant_id, stream_id, after_version, limit)

    def streams_tagged(self, tenant_id: str, kind: str, value: str) -> list[str]:
        if (tenant_id, kind, value) in self._pending_tags:
            self.flush()
        return super().streams_tagged(tenant_id, kind, value)

    def events(self, tenant_id: str, after_seq: int, limit: int) -> list[tuple[Any, ...]]:
        self.flush()
        return super().events(tenant_id, after_seq, limit)

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
        if self._events:
            self.insert(EVENT.name, EVENT_COLUMNS, self._events)
        if self._tags:
            self.insert(TAG.name, ("tenant_id", "kind", "value", "seq"), self._tags)
        if self._guards:
            self._flush_guards()
        if self._commands:
            self.insert(COMMAND_LOG.name, ("tenant_id", "command_id", "payload_sha256", "ack"), self._commands)
        for tenant_id, head in self._heads.items():
            self.execute(
                f"INSERT INTO {HEAD.name} (tenant_id, seq, event_hash, recorded_at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (tenant_id) DO UPDATE SET seq = excluded.seq,"
                " event_hash = excluded.event_hash, recorded_at = excluded.recorded_at",
                (tenant_id, *head),
            )
        self._events, self._tags, self._commands, self._heads = [], [], [], {}
        self._pending_streams.clear()
        self._pending_tags.clear()
        self._answered.clear()

    def _flush_guards(self) -> None:
        for tenant_id, kind, value in self._released:
            self.execute("DELETE FROM guard WHERE tenant_id = ? AND kind = ? AND value = ?", (tenant_id, kind, value))
        claimed = [(*key, self._holders[key], guard.detail) for key, guard in self._guards.items() if guard is not None]
        if claimed:
            self.insert(GUARD.name, ("tenant_id", "kind", "value", "holder", "detail"), claimed)
        self._guards, self._holders, self._released = {}, {}, set()
        self._pending_guards.clear()


class Ledger(ABC):
    """A database that keeps the log. One `write()` at a time per process; reads may run beside it."""

    url: str

    @abstractmethod
    def write(self) -> AbstractContextManager[Session]:
        """A write transaction: durable when the block ends, undone when it raises."""

    @abstractmethod
    def read(self) -> AbstractContextManager[Reads]:
        """A consistent reader beside the writer; it sees what is committed."""

    @abstractmethod
    def scan(self, sql: str, parameters: Sequence[Any], size: int) -> Iterator[list[tuple[Any, ...]]]:
        """Stream the rows of a large SELECT in lists of `size`."""

    @abstractmethod
    def close(self) -> None: ...
