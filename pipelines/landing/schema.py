"""The tables that the events land in, derived from the catalogue's classes and from nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal

import msgspec
from msgspec import inspect

from event_store.catalogue import AGGREGATES, EVENTS
from event_store.retention.leaving import WITHHELD, is_patient_field
from mymedic.messages import Event
from pipelines.landing.table import CHILD_ENVELOPE, ENVELOPE, Column, Kind, Table

# Payload fields that repeat the envelope, which has them already (DOMAIN §3.1); of an imported appointment
# `patient_ref` is the patient.
SHARED = frozenset(
    {"branch_id", "patient_id", "patient_ref", "appointment_id", "payment_id", "admission_id", "claim_id"}
)
# Field names that SQL reserves, and their partners.
RENAMED = {"from": "from_on", "to": "to_on", "start": "start_time", "end": "end_time", "at": "moved_at"}

_TAKEN = {column.name for column in ENVELOPE}
_TAKEN_IN_CHILD = {column.name for column in CHILD_ENVELOPE}

_SCALARS: dict[type, Kind] = {
    inspect.BoolType: Kind.BOOLEAN,
    inspect.IntType: Kind.BIGINT,
    inspect.StrType: Kind.TEXT,
    inspect.TimeType: Kind.TEXT,
    inspect.DateTimeType: Kind.TIMESTAMP,
    inspect.DateType: Kind.DATE,
    inspect.VarTupleType: Kind.JSON,
    inspect.ListType: Kind.JSON,
    inspect.DictType: Kind.JSON,
}


@cache
def tables() -> dict[str, Table]:
    """Every landing table by name: in the catalogue's order, an aggregate before its child tables."""
    return {
        table.name: table
        for name, aggregate in AGGREGATES.items()
        for table in tables_of(name, tuple(aggregate.events))
    }


def tables_of(aggregate: str, events: Sequence[type[Event]]) -> list[Table]:
    """The tables of one aggregate. TypeError when one name would need two types, or a type cannot land."""
    walk = _Walk(aggregate)
    for event in events:
        walk.event(event)
    for child in walk.drafts:
        if child.removeprefix(f"{aggregate}__") in walk.drafts[aggregate].columns:
            raise TypeError(f"{child} is an array of structs in one event and a value in another")
    return [
        Table(draft.name, aggregate, tuple(draft.columns.values()), draft.item_path, tuple(draft.events))
        for draft in walk.drafts.values()
    ]


@cache
def fingerprint() -> str:
    """Changes when a landing made before would look different today: columns, defaults or event versions."""

    def parts() -> Iterator[str]:
        for table in tables().values():
            yield repr(table)
        for name, event in EVENTS.items():
            yield f"{name} {event.version}"

    return hashlib.sha256("\n".join(parts()).encode()).hexdigest()


@dataclass(slots=True)
class _TableDraft:
    """A table while the events are walked: every event adds to its columns and must agree with them."""

    name: str
    item_path: tuple[str, ...] = ()
    events: list[str] = field(default_factory=list)
    columns: dict[str, Column] = field(default_factory=dict)

    def add(self, column: Column) -> None:
        if column.name in (_TAKEN_IN_CHILD if self.item_path else _TAKEN):
            column = replace(column, name=f"payload_{column.name}")
        known = self.columns.get(column.name)
        if known is None:
            self.columns[column.name] = column
        elif (known.kind, known.path, known.is_count) == (column.kind, column.path, column.is_count):
            self.columns[column.name] = replace(
                known,
                # A field of several structs of one event (a choice of bodies) comes more than once.
                events=tuple(dict.fromkeys(known.events + column.events)),
                required=known.required + column.required,
                absent=known.absent + column.absent,
            )
        else:
            raise TypeError(
                f"{self.name}.{column.name} is {known.kind.name} at {'.'.join(known.path)} in {', '.join(known.events)}"
                f" but {column.kind.name} at {'.'.join(column.path)} in {', '.join(column.events)}"
            )


class _Walk:
    """Goes through the events of one aggregate and drafts its tables."""

    def __init__(self, aggregate: str) -> None:
        self.aggregate = aggregate
        self.drafts = {aggregate: _TableDraft(aggregate)}
        self.name = ""

    def event(self, event: type[Event]) -> None:
        self.name = event.__name__
        table = self.drafts[self.aggregate]
        table.events.append(self.name)
        self.struct(inspect.type_info(event), table, (), is_certain=True)

    def struct(self, info: Any, table: _TableDraft, path: tuple[str, ...], *, is_certain: bool) -> None:
        """`is_certain`: every event of the type (or every item) has this struct."""
        structs = list(getattr(info, "types", [info]))
        for struct in structs:
            if struct.tag_field:
                tag = (*path, struct.tag_field)
                table.add(Column("_".join(tag), Kind.TEXT, tag, events=(self.name,)))
            for part in struct.fields:
                name = part.encode_name
                if name in WITHHELD or (name in SHARED and not path and not table.item_path):
                    continue
                absent = _absent(struct, part)
                if absent is not None and len(structs) > 1:
                    raise TypeError(f"{self.name}.{name}: one of several structs must write its defaults")
                says = is_certain and len(structs) == 1 and part.required and _without_none(part.type) is part.type
                self.part(part, table, (*path, name), absent, is_certain=says)

    def part(self, part: Any, table: _TableDraft, path: tuple[str, ...], absent: Any, *, is_certain: bool) -> None:
        info = _without_none(part.type)
        item = _without_none(getattr(info, "item_type", None))
        events = (self.name,)
        required = events if is_certain else ()
        if _is_struct(info):
            self.struct(info, table, path, is_certain=is_certain)
        elif _is_struct(item) and not table.item_path:
            name = f"{self.aggregate}__{'_'.join(path)}"
            child = self.drafts.setdefault(name, _TableDraft(name, path))
            child.events.append(self.name)
            self.struct(item, child, (), is_certain=True)
            # An empty array and none at all give no rows; the count tells them apart.
            meant = ((self.name, 0),) if absent == "[]" else ()
            count = Column(f"{'_'.join(path)}_count", Kind.BIGINT, path, None, True, events, required, meant)
            table.add(count)
        else:
            kind = _kind(info, f"{self.name}.{'.'.join(path)}")
            name, identity = _name_and_identity(path, info)
            meant = ((self.name, absent),) if absent is not None else ()
            table.add(Column(name, kind, path, identity, False, events, required, meant))


def _name_and_identity(path: tuple[str, ...], info: Any) -> tuple[str, Literal["patient", "actor"] | None]:
    name = RENAMED.get("_".join(path), "_".join(path))
    if is_patient_field(path[-1]):
        return f"{name.removesuffix('_id')}_key", "patient"
    if "patient_ids" in path[-1]:
        raise TypeError(f"{'.'.join(path)}: patient ids land one by one, never as a list")
    return name, "actor" if path[-1].endswith("_by") and isinstance(info, inspect.StrType) else None


def _without_none(info: Any) -> Any:
    """The type without None; a union of several structs stays a union."""
    if not isinstance(info, inspect.UnionType):
        return info
    types = [one for one in info.types if not isinstance(one, inspect.NoneType)]
    return types[0] if len(types) == 1 else inspect.UnionType(tuple(types))


def _is_struct(info: Any) -> bool:
    types = info.types if isinstance(info, inspect.UnionType) else [info]
    return all(isinstance(one, inspect.StructType) for one in types)


def _kind(info: Any, where: str) -> Kind:
    if isinstance(info, inspect.LiteralType):
        types = {type(value) for value in info.values}
        if types == {str}:
            return Kind.TEXT
        if types == {int}:
            return Kind.BIGINT
    if type(info) not in _SCALARS:
        raise TypeError(f"{where}: {type(info).__name__} has no landing type")
    return _SCALARS[type(info)]


def _absent(struct: Any, part: Any) -> Any:
    """What a missing field stands for when the struct leaves defaults out; None for NULL."""
    if not struct.cls.__struct_config__.omit_defaults or part.default is msgspec.NODEFAULT:
        return None
    if isinstance(part.default, tuple | list | dict):
        return msgspec.json.encode(part.default).decode()
    return part.default
