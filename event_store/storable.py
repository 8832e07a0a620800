"""What no command may hold though its types allow it: text that a database refuses, years that nobody means.

Either would be taken in, and then stop somebody further down for good: the store, the landing, a warehouse's build.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any

from msgspec import Struct, inspect

from mymedic.errors import Refused
from mymedic.messages import Command

FIRST_YEAR, LAST_YEAR = 1800, 2199
YEARS = f"years run from {FIRST_YEAR} to {LAST_YEAR}"
# The escape of a NUL; not a backslash that is itself escaped, followed by the same letters.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def check_storable(command: Command, body: bytes) -> None:
    """VALIDATION_FAILED for a command, and its JSON, that could not be read everywhere again."""
    if rb"\u0000" in body and _NUL.search(body):
        raise Refused("VALIDATION_FAILED", "text holds a NUL, which cannot be stored")
    for field in _dated_fields(type(command)):
        for day in _dates(getattr(command, field)):
            if not is_storable(day):
                raise Refused("VALIDATION_FAILED", f"{YEARS} here", field=field)


def is_storable(day: date) -> bool:
    """Whether a year can be meant, and be read everywhere again."""
    return FIRST_YEAR <= day.year <= LAST_YEAR


@cache
def _dated_fields(command: type[Struct]) -> tuple[str, ...]:
    """The fields that hold a date or an instant, however deep."""
    info = inspect.type_info(command)
    assert isinstance(info, inspect.StructType)
    return tuple(field.name for field in info.fields if _is_dated(field.type))


def _is_dated(info: inspect.Type) -> bool:
    if isinstance(info, inspect.DateTimeType | inspect.DateType):
        return True
    if isinstance(info, inspect.StructType):
        return any(_is_dated(field.type) for field in info.fields)
    if isinstance(info, inspect.UnionType):
        return any(_is_dated(one) for one in info.types)
    if isinstance(info, inspect.VarTupleType | inspect.ListType):
        return _is_dated(info.item_type)
    return isinstance(info, inspect.Metadata) and _is_dated(info.type)


def _dates(value: Any) -> Iterator[date]:
    if isinstance(value, date):
        yield value
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _dates(getattr(value, name))
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _dates(one)
