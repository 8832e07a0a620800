"""Questions to the ledger, answered alike inside and outside a write transaction; the engines fill in the dialect."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from typing import Any, Literal, NamedTuple

from event_store.ledger.chain import GENESIS
from event_store.ledger.schema import CLEAR_COLUMNS, EVENT_COLUMNS

GuardKey = tuple[str, str, str]
FOLD_COLUMNS = ("seq", "stream_id", "stream_version", "event_type", "schema_version", "payload")
_FOLD_SELECT = f"SELECT {', '.join(FOLD_COLUMNS)} FROM event"
_CLEAR_SELECT = f"SELECT {', '.join(CLEAR_COLUMNS)} FROM event"
_EVENT_SELECT = f"SELECT {', '.join(EVENT_COLUMNS)} FROM event"
# A list of seqs, not a join: SQLite would walk the tenant's whole log and look each event's tag up.
_TAGGED_SEQS = "SELECT seq FROM tag WHERE tenant_id = ? AND kind = ? AND value = ?"


class Head(NamedTuple):
    """Where a tenant's log ends: last seq, its hash, and when it was recorded (microseconds)."""

    seq: int = 0
    event_hash: str = GENESIS
    recorded_at: int = 0


class Held(NamedTuple):
    """Who holds a guard, and what stands with it."""

    holder: str
    detail: str


class Span(NamedTuple):
    """A part of what is known of something: after a seq, up to a seq, happened from and before, of some types."""

    after_seq: int
    until_seq: int
    from_at: int | None = None  # microseconds
    to_at: int | None = None
    types: tuple[str, ...] = ()
    limit: int = 10**9


class Reads(ABC):
    """What can be asked of a ledger."""

    # `column {among}` with one parameter made by `values`: one SQL text, and so one plan, for any number of values.
    among: str

    @abstractmethod
    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one SELECT; placeholders are `?` on every engine."""

    @abstractmethod
    def values(self, values: Sequence[str] | Sequence[int]) -> Any:
        """The parameter of `among`."""

    def tenants(self) -> list[str]:
        return [tenant_id for (tenant_id,) in self.rows("SELECT tenant_id FROM head ORDER BY tenant_id")]

    def heads(self) -> list[tuple[str, int]]:
        """(tenant, last seq), the longest log first."""
        return [(tenant_id, seq) for tenant_id, seq in self.rows("SELECT tenant_id, seq FROM head ORDER BY 2 DESC, 1")]

    def head(self, tenant_id: str) -> Head | None:
        found = self.rows("SELECT seq, event_hash, recorded_at FROM head WHERE tenant_id = ?", (tenant_id,))
        return Head(*found[0]) if found else None

    def known_at(self, tenant_id: str, at: int) -> tuple[int, str]:
        """(seq, chain hash) of the last event recorded up to an instant in microseconds; (0, genesis) before all."""
        found = self.rows(
            "SELECT seq, event_hash FROM event WHERE tenant_id = ? AND recorded_at <= ? ORDER BY seq DESC LIMIT 1",
            (tenant_id, at),
        )
        return (found[0][0], found[0][1]) if found else (0, GENESIS)

    def end_at(self, tenant_id: str, seq: int) -> Head:
        """Where the log ended when this was its last seq."""
        found = self.rows(
            "SELECT seq, event_hash, recorded_at FROM event WHERE tenant_id = ? AND seq = ?", (tenant_id, seq)
        )
        return Head(*found[0]) if found else Head()

    def stream(
        self, tenant_id: str, stream_id: str, after_version: int = 0, limit: int = 10**9
    ) -> list[tuple[Any, ...]]:
        """Rows of a stream in EVENT_COLUMNS order."""
        return self.rows(
            f"{_EVENT_SELECT} WHERE tenant_id = ? AND stream_id = ? AND stream_version > ?"
            " ORDER BY stream_version LIMIT ?",
            (tenant_id, stream_id, after_version, limit),
        )

    def folds(self, tenant_id: str, stream_ids: Sequence[str]) -> list[tuple[Any, ...]]:
        """What folding takes of some streams, in order of version: FOLD_COLUMNS."""
        return self.rows(
            f"{_FOLD_SELECT} WHERE tenant_id = ? AND stream_id {self.among} ORDER BY stream_id, stream_version",
            (tenant_id, self.values(stream_ids)),
        )

    def folds_after(self, tenant_id: str, after_seq: int, limit: int) -> list[tuple[Any, ...]]:
        """What folding takes of a tenant's log, in order of seq: FOLD_COLUMNS."""
        return self.rows(
            f"{_FOLD_SELECT} WHERE tenant_id = ? AND seq > ? ORDER BY seq LIMIT ?", (tenant_id, after_seq, limit)
        )

    def events(self, tenant_id: str, after_seq: int, limit: int) -> list[tuple[Any, ...]]:
        """Rows of a tenant's log in seq order, in CLEAR_COLUMNS order."""
        return self.rows(
            f"{_CLEAR_SELECT} WHERE tenant_id = ? AND seq > ? ORDER BY seq LIMIT ?", (tenant_id, after_seq, limit)
        )

    def events_among(
        self, tenant_id: str, after_seq: int, until_seq: int, event_types: Collection[str], limit: int
    ) -> list[tuple[Any, ...]]:
        """Rows of the events of some types after a seq and up to another, in order, in CLEAR_COLUMNS order."""
        return self.rows(
            f"{_CLEAR_SELECT} WHERE tenant_id = ? AND seq > ? AND seq <= ? AND event_type {self.among}"
            " ORDER BY seq LIMIT ?",
            (tenant_id, after_seq, until_seq, self.values(list(event_types)), limit),
        )

    def has_event_among(self, tenant_id: str, after_seq: int, event_types: Collection[str]) -> bool:
        """Whether an event of these types stands after a seq."""
        return bool(
            self.rows(
                f"SELECT seq FROM event WHERE tenant_id = ? AND seq > ? AND event_type {self.among} LIMIT 1",
                (tenant_id, after_seq, self.values(list(event_types))),
            )
        )

    def kinds(self, tenant_id: str, after_seq: int, until_seq: int) -> list[tuple[str, int, int]]:
        """(type, schema version, how many) of the events after a seq and up to another."""
        return [
            (event_type, version, count)
            for event_type, version, count in self.rows(
                "SELECT event_type, schema_version, count(*) FROM event"
                " WHERE tenant_id = ? AND seq > ? AND seq <= ? GROUP BY event_type, schema_version",
                (tenant_id, after_seq, until_seq),
            )
        ]

    def tagged(self, tenant_id: str, kind: str, value: str) -> list[tuple[Any, ...]]:
        """Rows of the events that carry a tag, in seq order, in CLEAR_COLUMNS order."""
        return self.rows(
            f"{_CLEAR_SELECT} WHERE tenant_id = ? AND seq IN ({_TAGGED_SEQS}) ORDER BY seq",
            (tenant_id, tenant_id, kind, value),
        )

    def event(self, tenant_id: str, event_id: str) -> tuple[Any, ...] | None:
        """The row of an event, in EVENT_COLUMNS order."""
        found = self.rows(f"{_EVENT_SELECT} WHERE tenant_id = ? AND event_id = ?", (tenant_id, event_id))
        return found[0] if found else None

    def bodies_tagged(self, tenant_id: str, kind: str, value: str) -> list[tuple[Any, ...]]:
        """As `tagged`, with the sealed parts: EVENT_COLUMNS."""
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

    def streams_tagged_before(self, tenant_id: str, kind: str, value: str, before_seq: int) -> list[str]:
        """As `streams_tagged`, of the events before a seq."""
        found = self.rows(
            f"SELECT stream_id FROM event WHERE tenant_id = ? AND seq IN ({_TAGGED_SEQS} AND seq < ?) ORDER BY seq",
            (tenant_id, tenant_id, kind, value, before_seq),
        )
        return list(dict.fromkeys(stream_id for (stream_id,) in found))

    def traced(self, tenant_id: str, kind: str, values: Sequence[str], span: Span) -> list[tuple[Any, ...]]:
        """Rows of the events that carry any of these tags, or of some streams, in seq order: EVENT_COLUMNS."""
        found, parameters = self._seqs(tenant_id, kind, values, span.after_seq, span.until_seq)
        conditions = [f"seq IN ({found})"]
        for condition, value in (("occurred_at >= ?", span.from_at), ("occurred_at < ?", span.to_at)):
            if value is not None:
                conditions.append(condition)
                parameters.append(value)
        if span.types:
            conditions.append(f"event_type {self.among}")
            parameters.append(self.values(span.types))
        return self.rows(
            f"{_EVENT_SELECT} WHERE tenant_id = ? AND {' AND '.join(conditions)} ORDER BY seq LIMIT ?",
            (tenant_id, *parameters, span.limit),
        )

    def traced_about(self, tenant_id: str, kind: str, values: Sequence[str], until_seq: int) -> list[tuple[str, int]]:
        """(branch, when something of it happened last) of what `traced` would give; `-` where there is no branch."""
        found, parameters = self._seqs(tenant_id, kind, values, 0, until_seq)
        return [
            (branch_id, last)
            for branch_id, last in self.rows(
                "SELECT coalesce(branch_id, '-'), max(occurred_at) FROM event"
                f" WHERE tenant_id = ? AND seq IN ({found}) GROUP BY 1 ORDER BY 1",
                (tenant_id, *parameters),
            )
        ]

    def _seqs(
        self, tenant_id: str, kind: str, values: Sequence[str], after_seq: int, until_seq: int
    ) -> tuple[str, list[Any]]:
        """A question for seqs, and what it is asked with."""
        # `seq + 0`: a range of seqs must not tempt an engine to walk the log instead of looking the stream up.
        among, bounds = self.values(values), [after_seq, until_seq]
        if kind == "stream":
            sql = f"SELECT seq FROM event WHERE tenant_id = ? AND stream_id {self.among}"
            return f"{sql} AND seq + 0 > ? AND seq + 0 <= ?", [tenant_id, among, *bounds]
        sql = f"SELECT seq FROM tag WHERE tenant_id = ? AND kind = ? AND value {self.among}"
        return f"{sql} AND seq > ? AND seq <= ?", [tenant_id, kind, among, *bounds]

    def tagged_classes(self, tenant_id: str, kind: str, value: str, before_seq: int) -> list[tuple[int, str, str, int]]:
        """(seq, stream, retention classes, when it happened) of the events that carry a tag, up to a seq."""
        found = self.rows(
            "SELECT seq, stream_id, retention_class, occurred_at FROM event"
            f" WHERE tenant_id = ? AND seq < ? AND seq IN ({_TAGGED_SEQS}) ORDER BY seq",
            (tenant_id, before_seq, tenant_id, kind, value),
        )
        return [(seq, stream_id, classes, occurred_at) for seq, stream_id, classes, occurred_at in found]

    def about_patients(
        self, tenant_id: str, column: Literal["branch_id", "stream_id"], patient_ids: Collection[str]
    ) -> list[tuple[str, str]]:
        """(patient, branch or stream) of the events about some patients, each once."""
        seqs = f"SELECT seq FROM tag WHERE tenant_id = ? AND kind = 'patient' AND value {self.among}"
        found = self.rows(
            f"SELECT DISTINCT patient_id, {column} FROM event"
            f" WHERE tenant_id = ? AND {column} IS NOT NULL AND patient_id IS NOT NULL AND seq IN ({seqs})",
            (tenant_id, tenant_id, self.values(list(patient_ids))),
        )
        return [(patient_id, value) for patient_id, value in found]

    def bodies_of(
        self, tenant_id: str, stream_ids: Collection[str], event_types: Collection[str]
    ) -> list[tuple[Any, ...]]:
        """Events of these types in some streams, with their sealed parts, in order: EVENT_COLUMNS."""
        return self.rows(
            f"{_EVENT_SELECT} WHERE tenant_id = ? AND stream_id {self.among} AND event_type {self.among}"
            " ORDER BY stream_id, stream_version",
            (tenant_id, self.values(list(stream_ids)), self.values(list(event_types))),
        )

    def sealed_under(
        self, tenant_id: str, prefix: str, event_type: str, after: tuple[str, int], limit: int
    ) -> list[tuple[str, int, str, str]]:
        """(stream, version, event id, payload) of events with a sealed part, of a type, in the streams whose ids begin
        with a prefix: those after a version of a stream, in order.
        """
        found = self.rows(
            "SELECT stream_id, stream_version, event_id, payload FROM event"
            " WHERE tenant_id = ? AND stream_id >= ? AND stream_id < ? AND (stream_id, stream_version) > (?, ?)"
            " AND event_type = ? AND pii IS NOT NULL ORDER BY stream_id, stream_version LIMIT ?",
            (tenant_id, prefix, prefix + "\U0010fffd", *after, event_type, limit),
        )
        return [(stream_id, version, event_id, payload) for stream_id, version, event_id, payload in found]

    def events_named(self, tenant_id: str, event_ids: Sequence[str]) -> list[tuple[Any, ...]]:
        """Rows of the events with these ids, in no order, in CLEAR_COLUMNS order."""
        # `|| ''`: SQLite takes a list of ids for less choosy than the tenant, and would walk its log.
        return self.rows(
            f"{_CLEAR_SELECT} WHERE tenant_id || '' = ? AND event_id {self.among}",
            (tenant_id, self.values(event_ids)),
        )

    def commands_named(self, tenant_id: str, command_ids: Sequence[str]) -> list[tuple[str, str]]:
        """(command id, ack JSON) of those of these commands that were answered."""
        return [
            (command_id, ack)
            for command_id, ack in self.rows(
                f"SELECT command_id, ack FROM command_log WHERE tenant_id = ? AND command_id {self.among}",
                (tenant_id, self.values(command_ids)),
            )
        ]

    def guard(self, key: GuardKey) -> Held | None:
        """Who holds a guard, or None when it is free."""
        found = self.rows("SELECT holder, detail FROM guard WHERE tenant_id = ? AND kind = ? AND value = ?", key)
        return Held(*found[0]) if found else None

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

    def guards_among(self, tenant_id: str, kind: str, values: Sequence[str]) -> list[tuple[str, str, str]]:
        """(value, holder, detail) of those of these guards that are held."""
        return [
            (value, holder, detail)
            for value, holder, detail in self.rows(
                f"SELECT value, holder, detail FROM guard WHERE tenant_id = ? AND kind = ? AND value {self.among}",
                (tenant_id, kind, self.values(values)),
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
