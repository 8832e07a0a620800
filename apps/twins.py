"""Whether what is shown live is what the warehouse has: each read model against the dbt model of the same name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import duckdb
import msgspec

from projections.catalogue import PROJECTIONS
from projections.database import Reader
from projections.generations import every_row
from projections.row import Column, Row, columns_of

# Not the same on both sides: the tenant is asked for, and a twin knows of events that changed nothing.
_NOT_COMPARED = ("tenant_id", "last_seq")
_SHOWN = 20


def twins() -> list[type[Row]]:
    """The read models that have a twin wherever the warehouse has a table of their name."""
    return [projection.row for projection in PROJECTIONS]


def differences(
    reader: Reader,
    row_class: type[Row],
    generation: int,
    warehouse: duckdb.DuckDBPyConnection,
    patient_key: Callable[[str], str],
) -> list[str]:
    """What one side says and the other does not, by key; at most some of it, the first of each kind that there is.

    Every live column is looked for in the twin, patients under their pseudonym; a twin may know more.
    """
    columns = [column for column in columns_of(row_class) if column.name not in _NOT_COMPARED]
    live = _keyed(row_class, columns, _live(reader, row_class, generation, columns, patient_key))
    twin = _keyed(row_class, columns, _twin(reader.tenant_id, row_class, columns, warehouse))
    found = []
    for key, left, right in _side_by_side(live, twin):
        if left is None or right is None:
            found.append(f"{row_class.table} {_words(key)}: {'live' if right is None else 'the twin'} alone has it")
        else:
            found += [
                f"{row_class.table} {_words(key)}: {column.name} is {one!r} live, {other!r} in the twin"
                for column, one, other in zip(columns, left, right, strict=True)
                if one != other
            ]
        if len(found) >= _SHOWN:
            break
    return found


_Key = tuple[Any, ...]
_Values = tuple[Any, ...]


def _keyed(row_class: type[Row], columns: Sequence[Column], rows: Iterable[_Values]) -> Iterator[tuple[_Key, _Values]]:
    at = [next(i for i, column in enumerate(columns) if column.name == name) for name in row_class.key]
    for row in rows:
        yield tuple(row[i] for i in at), row


def _live(
    reader: Reader,
    row_class: type[Row],
    generation: int,
    columns: Sequence[Column],
    patient_key: Callable[[str], str],
) -> Iterator[_Values]:
    keys: dict[str, str] = {}
    for row in every_row(reader, row_class, generation):
        values = []
        for column in columns:
            value = getattr(row, column.name)
            if column.name == "patient_id" and value is not None:
                value = keys.get(value) or keys.setdefault(value, patient_key(value))
            values.append(_plain(value) if column.kind == "json" else value)
        yield tuple(values)


def _twin(
    tenant_id: str, row_class: type[Row], columns: Sequence[Column], warehouse: duckdb.DuckDBPyConnection
) -> Iterator[_Values]:
    names = ["patient_key" if column.name == "patient_id" else column.name for column in columns]
    found = warehouse.execute(
        f"SELECT {', '.join(names)} FROM {row_class.table} WHERE tenant_id = ? ORDER BY {', '.join(row_class.key)}",
        (tenant_id,),
    )
    lists = [i for i, column in enumerate(columns) if column.kind == "json"]
    while rows := found.fetchmany(10_000):
        for row in rows:
            values = list(row)
            for i in lists:
                values[i] = _plain(msgspec.json.decode(row[i]) if isinstance(row[i], str) else row[i])
            yield tuple(values)


def _plain(value: Any) -> Any:
    """Lists are compared as sets of what stands in them: a fold keeps the order of the log, SQL none."""
    plain = msgspec.to_builtins(value)
    return sorted(plain, key=msgspec.json.encode) if isinstance(plain, list | tuple) else plain


def _side_by_side(
    left: Iterator[tuple[_Key, _Values]], right: Iterator[tuple[_Key, _Values]]
) -> Iterator[tuple[_Key, _Values | None, _Values | None]]:
    """Two lists in one order of keys, as one."""
    one, other = next(left, None), next(right, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[0] < other[0]):
            assert one is not None
            yield one[0], one[1], None
            one = next(left, None)
        elif one is None or other[0] < one[0]:
            yield other[0], None, other[1]
            other = next(right, None)
        else:
            yield one[0], one[1], other[1]
            one, other = next(left, None), next(right, None)


def _words(key: _Key) -> str:
    return " ".join(map(str, key))
