"""The typed tables that an aggregate's events land in, derived from their classes and from nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import Any

import msgspec
import pyarrow as pa
from msgspec import inspect

from event_store.catalogue import AGGREGATES
from mymedic.messages import Event

# Parts of an event that never leave the store, wherever they stand.
WITHHELD = frozenset({"pii", "phone_hash", "name_hash"})
# Names of patient ids that do not end in `patient_id`.
PATIENT_FIELDS = frozenset({"survivor_id", "duplicate_id"})
# Payload fields that repeat the envelope, which has them already (DOMAIN §3.1).
SHARED = frozenset({"branch_id", "patient_id", "appointment_id", "payment_id", "admission_id", "claim_id"})


class Kind(Enum):
    """How a column is typed; the value is the type that DuckDB reads it as. JSON lands as text."""

    TEXT = "VARCHAR"
    BIGINT = "BIGINT"
    BOOLEAN = "BOOLEAN"
    DATE = "DATE"
    TIMESTAMP = "TIMESTAMPTZ"
    JSON = "JSON"

    @property
    def arrow(self) -> pa.DataType:
        return _ARROW[self]


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
    is_patient: bool = False
    events: tuple[str, ...] = ()
    # What an absent field means per event type, where it does not mean NULL: messages leave defaults out.
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


_SEQ = Column("seq", Kind.BIGINT, about="The tenant's own commit order: 1, 2, 3 … without holes.")
_TENANT = Column("tenant_id", Kind.TEXT, about="The tenant that the row belongs to.")
_STREAM = Column("stream_id", Kind.TEXT, about="The stream that the event belongs to; a patient's under the key.")
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
    Column("branch_id", Kind.TEXT, about="Branch that the event concerns, where there is one."),
    Column("patient_key", Kind.TEXT, is_patient=True, about="Pseudonym of the patient that the event concerns."),
    Column("admission_id", Kind.TEXT, about="Admission that the event concerns."),
    Column("claim_id", Kind.TEXT, about="Claim that the event concerns."),
    Column("appointment_id", Kind.TEXT, about="Appointment that the event concerns."),
    Column("payment_id", Kind.TEXT, about="Payment that the event concerns."),
    _OCCURRED,
    _RECORDED,
    Column("causation_id", Kind.TEXT, about="Command or event that caused it."),
    Column("correlation_id", Kind.TEXT, about="Business flow that it belongs to."),
    Column("command_id", Kind.TEXT, about="Command that was answered with it."),
    Column("actor_type", Kind.TEXT, about="user, patient, integration or system."),
    Column("actor_id", Kind.TEXT, is_patient=True, about="Who asked; a patient stands under the pseudonym."),
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
_TAKEN = {column.name for column in ENVELOPE}
_TAKEN_IN_CHILD = {column.name for column in CHILD_ENVELOPE}


@dataclass(slots=True)
class _Draft:
    """A column while the events are walked: every event adds to it and must agree with it."""

    kind: Kind
    path: tuple[str, ...]
    is_patient: bool
    events: list[str] = field(default_factory=list)
    absent: dict[str, Any] = field(default_factory=dict)


class _TableDraft:
    def __init__(self, name: str, item_path: tuple[str, ...] = ()) -> None:
        self.name = name
        self.item_path = item_path
        self.columns: dict[str, _Draft] = {}
        self.events: list[str] = []

    def add(self, event: str, name: str, kind: Kind, path: tuple[str, ...], is_patient: bool, absent: Any) -> None:
        if name in (_TAKEN_IN_CHILD if self.item_path else _TAKEN):
            name = f"payload_{name}"
        draft = self.columns.setdefault(name, _Draft(kind, path, is_patient))
        if (draft.kind, draft.path) != (kind, path):
            raise TypeError(
                f"{self.name}.{name} is {draft.kind.name} at {'.'.join(draft.path)} in {', '.join(draft.events)}"
                f" but {kind.name} at {'.'.join(path)} in {event}"
            )
        if event not in draft.events:
            draft.events.append(event)
        if absent is not None:
            draft.absent[event] = absent


@cache
def tables() -> dict[str, Table]:
    """Every landing table by name, in the catalogue's order, an aggregate before its child tables."""
    return {
        table.name: table
        for name, aggregate in AGGREGATES.items()
        for table in tables_of(name, tuple(aggregate.events))
    }


def tables_of(aggregate: str, events: Sequence[type[Event]]) -> list[Table]:
    """The tables of one aggregate. TypeError when one name would need two types."""
    drafts = {aggregate: _TableDraft(aggregate)}
    for event in events:
        drafts[aggregate].events.append(event.__name__)
        _walk(drafts, drafts[aggregate], inspect.type_info(event), event.__name__, (), "")
    for name in drafts:
        if any(other.columns.get(name.removeprefix(f"{aggregate}__")) for other in drafts.values()):
            raise TypeError(f"{name} is an array of structs in one event and a value in another")
    return [_table(aggregate, draft) for draft in drafts.values()]


def _walk(
    drafts: dict[str, _TableDraft], table: _TableDraft, info: Any, event: str, path: tuple[str, ...], prefix: str
) -> None:
    structs = [info] if isinstance(info, inspect.StructType) else list(info.types)
    for struct in structs:
        if struct.tag_field:
            table.add(event, prefix + struct.tag_field, Kind.TEXT, (*path, struct.tag_field), False, None)
        for part in struct.fields:
            name = part.encode_name
            if name in WITHHELD or (not path and not table.item_path and name in SHARED):
                continue
            here = (*path, name)
            info = _bare(part.type)
            if _is_struct(info):
                _walk(drafts, table, info, event, here, f"{prefix}{name}_")
            elif (item := _item(info)) is not None and _is_struct(item) and not table.item_path:
                child = f"{table.name}__{prefix}{name}"
                draft = drafts.setdefault(child, _TableDraft(child, here))
                draft.events.append(event)
                _walk(drafts, draft, item, event, (), "")
            else:
                absent = _absent(struct, part, is_choice=len(structs) > 1)
                is_patient = name.endswith("patient_id") or name in PATIENT_FIELDS
                column = prefix + (f"{name.removesuffix('_id')}_key" if is_patient else name)
                table.add(event, column, _kind(info, f"{event}.{'.'.join(here)}"), here, is_patient, absent)


def _bare(info: Any) -> Any:
    """The type without None; a union of several structs stays a union."""
    if not isinstance(info, inspect.UnionType):
        return info
    types = [one for one in info.types if not isinstance(one, inspect.NoneType)]
    return types[0] if len(types) == 1 else inspect.UnionType(tuple(types))


def _is_struct(info: Any) -> bool:
    if isinstance(info, inspect.UnionType):
        return all(isinstance(one, inspect.StructType) for one in info.types)
    return isinstance(info, inspect.StructType)


def _item(info: Any) -> Any:
    if isinstance(info, inspect.VarTupleType | inspect.ListType):
        return _bare(info.item_type)
    return None


def _kind(info: Any, where: str) -> Kind:
    match info:
        case inspect.BoolType():
            return Kind.BOOLEAN
        case inspect.IntType():
            return Kind.BIGINT
        case inspect.StrType() | inspect.TimeType():
            return Kind.TEXT
        case inspect.DateTimeType():
            return Kind.TIMESTAMP
        case inspect.DateType():
            return Kind.DATE
        case inspect.LiteralType(values=values) if all(isinstance(value, str) for value in values):
            return Kind.TEXT
        case inspect.LiteralType(values=values) if all(type(value) is int for value in values):
            return Kind.BIGINT
        case inspect.VarTupleType() | inspect.ListType() | inspect.DictType() | inspect.AnyType():
            return Kind.JSON
    raise TypeError(f"{where}: {type(info).__name__} has no landing type")


def _absent(struct: Any, part: Any, *, is_choice: bool) -> Any:
    """What a missing field stands for: its default, when the struct leaves defaults out; None for NULL."""
    if not struct.cls.__struct_config__.omit_defaults or part.default in (msgspec.NODEFAULT, None):
        return None
    if is_choice:
        raise TypeError(f"{struct.cls.__name__}.{part.name}: a struct that is one of several must write its defaults")
    if isinstance(part.default, tuple | list | dict):
        return msgspec.json.encode(part.default).decode()
    return part.default


def _table(aggregate: str, draft: _TableDraft) -> Table:
    columns = tuple(
        Column(name, one.kind, one.path, one.is_patient, tuple(one.events), tuple(one.absent.items()))
        for name, one in draft.columns.items()
    )
    return Table(draft.name, aggregate, columns, draft.item_path, tuple(draft.events))


def fingerprint(all_tables: Iterable[Table], events: Iterable[type[Event]]) -> str:
    """Changes when a landing made before would look different today: columns, defaults or event versions."""

    def parts() -> Iterator[str]:
        for table in all_tables:
            yield repr((table.name, table.item_path, table.all_columns))
        for event in events:
            yield f"{event.__name__} {event.version}"

    return hashlib.sha256("\n".join(parts()).encode()).hexdigest()
