"""A row of a read model: one Struct gives the table, the JSON of the API and the OpenAPI schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import cache
from operator import attrgetter
from types import UnionType
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from mymedic.clock import from_micros, micros

R = TypeVar("R", bound="Row")


class Row(Struct, frozen=True, kw_only=True, gc=False):
    """Base of every read model. `key` identifies a row within its tenant.

    `lookups` are columns by which a fold finds rows; `indexes` are what the queries of the API filter by. `last_seq`
    is the event that changed the row last; the view that keeps the row sets it. No row leads back to itself, so that
    the garbage collector need not look at any.
    """

    table: ClassVar[str]
    key: ClassVar[tuple[str, ...]]
    lookups: ClassVar[tuple[str, ...]] = ()
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = ()

    tenant_id: str
    last_seq: int = 0


class Column(NamedTuple):
    """A column: its SQL type, and how a value goes in and comes out."""

    name: str
    kind: Literal["text", "integer", "boolean", "instant", "day", "json"]
    is_null: bool
    to_sql: Callable[[Any], Any] | None
    from_sql: Callable[[Any], Any] | None


def key_of(row: Row) -> tuple[Any, ...]:
    return key_reader(type(row))(row)


@cache
def key_reader(row_class: type[Row]) -> Callable[[Row], tuple[Any, ...]]:
    fields = attrgetter(*row_class.key)
    if len(row_class.key) == 1:
        return lambda row: (fields(row),)
    return fields


@cache
def columns_of(row_class: type[Row]) -> tuple[Column, ...]:
    """Every column of a read model but the generation, in the order of the Struct's fields."""
    hints = get_type_hints(row_class, include_extras=False)
    return tuple(_column(name, hints[name]) for name in row_class.__struct_fields__)


@cache
def writer_of(row_class: type[Row]) -> Callable[[Row], list[Any]]:
    """Row -> its values for SQL, in the order of `columns_of`."""
    columns = columns_of(row_class)
    fields = attrgetter(*(column.name for column in columns))
    converted = [(at, column.to_sql) for at, column in enumerate(columns) if column.to_sql is not None]

    def values(row: Row) -> list[Any]:
        found = list(fields(row))
        for at, convert in converted:
            if found[at] is not None:
                found[at] = convert(found[at])
        return found

    return values


@cache
def reader_of(row_class: type[R]) -> Callable[[Sequence[Any]], R]:
    """Values in the order of `columns_of` -> the row."""
    columns = columns_of(row_class)

    def row(values: Sequence[Any]) -> R:
        return row_class(
            **{
                column.name: value if value is None or column.from_sql is None else column.from_sql(value)
                for column, value in zip(columns, values, strict=True)
            }
        )

    return row


@cache
def value_writers(row_class: type[Row]) -> dict[str, Callable[[Any], Any]]:
    """Column -> how a value that a query compares with goes into SQL."""
    return {column.name: column.to_sql or _as_is for column in columns_of(row_class)}


def _as_is(value: Any) -> Any:
    return value


def _column(name: str, hint: Any) -> Column:
    kinds = [one for one in _members(hint) if one is not type(None)]
    is_null = len(kinds) < len(_members(hint))
    bare = {str if get_origin(one) is Literal else get_origin(one) or one for one in kinds}
    if len(bare) != 1:
        raise TypeError(f"{name}: a column has one type, not {hint}")
    (kind,) = bare
    if kind is bool:
        return Column(name, "boolean", is_null, int, bool)
    if kind is int:
        return Column(name, "integer", is_null, None, None)
    if kind is str:
        return Column(name, "text", is_null, None, None)
    if kind is datetime:
        return Column(name, "instant", is_null, micros, from_micros)
    if kind is date:
        return Column(name, "day", is_null, date.isoformat, date.fromisoformat)
    return Column(name, "json", is_null, _to_json, msgspec.json.Decoder(hint).decode)


def _members(hint: Any) -> tuple[Any, ...]:
    if get_origin(hint) is Annotated:
        return _members(get_args(hint)[0])
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _to_json(value: Any) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


def title_of(row_class: type[Row]) -> str:
    """`PaymentsSummary` -> `payments summary`."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", row_class.__name__).lower()
