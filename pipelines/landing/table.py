"""What a landing table is: its columns, their types, and the envelope that every row carries."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

import pyarrow as pa


class Kind(Enum):
    """How a column is typed; the value is the type that DuckDB parses it as. JSON lands as text."""

    TEXT = "VARCHAR"
    BIGINT = "BIGINT"
    BOOLEAN = "BOOLEAN"
    DATE = "DATE"
    TIMESTAMP = "TIMESTAMPTZ"
    JSON = "JSON"

    @property
    def arrow(self) -> pa.DataType:
        return _ARROW[self]

    @property
    def sql(self) -> str:
        """The type of the landed column in SQL."""
        return "VARCHAR" if self is Kind.JSON else self.value


_ARROW = {
    Kind.TEXT: pa.string(),
    Kind.BIGINT: pa.int64(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.DATE: pa.date32(),
    Kind.TIMESTAMP: pa.timestamp("us", tz="UTC"),
    Kind.JSON: pa.string(),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One landing column. `path` leads to its value in the payload (or in the item, for a child table)."""

    name: str
    kind: Kind
    path: tuple[str, ...] = ()
    # `patient`: the value is a patient id; `actor`: it may be one. The pseudonym lands instead.
    identity: Literal["patient", "actor"] | None = None
    is_count: bool = False  # the number of items of the array at `path`; NULL when there is no array
    events: tuple[str, ...] = ()
    required: tuple[str, ...] = ()  # the event types (of `events`) that always say it
    # What a missing field means per event type, where it does not mean NULL: messages leave defaults out.
    absent: tuple[tuple[str, Any], ...] = ()
    about: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One landing table. `item_path` leads to the array whose items are the rows; it is empty for the aggregate."""

    name: str
    aggregate: str
    columns: tuple[Column, ...]
    item_path: tuple[str, ...] = ()
    events: tuple[str, ...] = ()

    @property
    def envelope(self) -> tuple[Column, ...]:
        return CHILD_ENVELOPE if self.item_path else ENVELOPE

    @property
    def all_columns(self) -> tuple[Column, ...]:
        return self.envelope + self.columns

    @property
    def arrow(self) -> pa.Schema:
        return pa.schema([pa.field(column.name, column.kind.arrow) for column in self.all_columns])


_TENANT = Column("tenant_id", Kind.TEXT, about="The tenant that the row belongs to.")
_SEQ = Column("seq", Kind.BIGINT, about="The tenant's own commit order: 1, 2, 3 and so on, without holes.")
_STREAM = Column("stream_id", Kind.TEXT, about="Stream of the event; a patient's stream under the pseudonym.")
_TYPE = Column("event_type", Kind.TEXT, about="Wire name of the event.")
_OCCURRED = Column("occurred_at", Kind.TIMESTAMP, about="When it happened (UTC).")
_RECORDED = Column("recorded_at", Kind.TIMESTAMP, about="When the store accepted it (UTC).")

ENVELOPE = (
    _TENANT,
    _SEQ,
    Column("event_id", Kind.TEXT, about="Unique id of the event."),
    _STREAM,
    Column("stream_version", Kind.BIGINT, about="Position in the stream, from 1."),
    _TYPE,
    Column("schema_version", Kind.BIGINT, about="Version that the event was written in; the columns are today's."),
    Column("branch_id", Kind.TEXT, about="Branch that the event concerns."),
    Column("patient_key", Kind.TEXT, about="Pseudonym of the patient that the event concerns."),
    Column("admission_id", Kind.TEXT, about="Admission that the event concerns."),
    Column("claim_id", Kind.TEXT, about="Claim that the event concerns."),
    Column("appointment_id", Kind.TEXT, about="Appointment that the event concerns."),
    Column("payment_id", Kind.TEXT, about="Payment that the event concerns."),
    _OCCURRED,
    _RECORDED,
    Column("causation_id", Kind.TEXT, about="Command or event that caused it."),
    Column("correlation_id", Kind.TEXT, about="Business flow that it belongs to."),
    Column("command_id", Kind.TEXT, about="Command that it answered."),
    Column("actor_type", Kind.TEXT, about="user, patient, integration or system."),
    Column("actor_id", Kind.TEXT, about="Who asked; a patient stands under the pseudonym."),
    Column("entry_channel", Kind.TEXT, about="Door that the command came through."),
)
CHILD_ENVELOPE = (
    _TENANT,
    _SEQ,
    Column("ordinal", Kind.BIGINT, about="Position of the item in its event, from 1."),
    _TYPE,
    _STREAM,
    _OCCURRED,
    _RECORDED,
)
