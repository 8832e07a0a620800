"""Bodies for a command: the right shape with values at its edges, and shapes that are almost right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from mymedic.messages import Command

INSTANTS = st.sampled_from(
    ["2026-11-02T10:00:00+05:30", "2026-11-02T10:30:00+05:30", "2026-11-03T18:00:00+05:30", "2026-11-10T12:00:00Z"]
) | st.sampled_from(
    [
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59Z",
        "1800-01-01T00:00:00Z",
        "2199-12-31T23:59:59-12:00",
        "1969-12-31T23:59:59.999999Z",
    ]
)
DAYS = st.sampled_from(["2026-11-02", "2026-11-03", "2026-11-09"]) | st.sampled_from(
    ["0001-01-01", "9999-12-31", "1800-01-01", "2199-12-31", "2028-02-29"]
)
TEXTS = st.text(min_size=1, max_size=20) | st.sampled_from(
    ["", "\x00", "\u202e", "a\n", "+919812345678", "Asia", "😀" * 600]
)


def anything() -> st.SearchStrategy[Any]:
    """JSON of no particular shape, with numbers of any size."""
    leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
    return st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4))


def body_of(command: type[Command], known: Mapping[str, Sequence[str]]) -> st.SearchStrategy[Any]:
    """JSON that mostly passes for the command. `known`: ids that exist, by the name of the field that holds them."""
    info = inspect.type_info(command)
    assert isinstance(info, inspect.StructType)
    return _Bodies(known).object(info)


def encoded(body: Any) -> bytes:
    return msgspec.json.encode(body)


class _Bodies:
    def __init__(self, known: Mapping[str, Sequence[str]]) -> None:
        self._known = known
        self._makers: dict[type[inspect.Type], Callable[[Any], st.SearchStrategy[Any]]] = {
            inspect.StructType: self.object,
            inspect.UnionType: lambda info: st.one_of([self._value(one) for one in info.types]),
            inspect.LiteralType: lambda info: st.sampled_from(info.values),
            inspect.VarTupleType: lambda info: st.lists(self._value(info.item_type), max_size=3),
            inspect.DictType: lambda info: st.dictionaries(
                self._value(info.key_type), self._value(info.value_type), max_size=3
            ),
            inspect.Metadata: lambda info: self._value(info.type),
            inspect.NoneType: lambda _: st.none(),
            inspect.BoolType: lambda _: st.booleans(),
            inspect.IntType: _number,
            inspect.StrType: lambda info: TEXTS if info.pattern is None else _matching(info.pattern),
            inspect.DateTimeType: lambda _: INSTANTS,
            inspect.DateType: lambda _: DAYS,
        }

    def object(self, info: inspect.StructType) -> st.SearchStrategy[Any]:
        required = {field.encode_name: self._field(field) for field in info.fields if field.required}
        optional = {field.encode_name: self._field(field) for field in info.fields if not field.required}
        if info.tag_field:
            required[info.tag_field] = st.just(info.tag)
        return st.fixed_dictionaries(required, optional=optional)

    def _field(self, field: inspect.Field) -> st.SearchStrategy[Any]:
        known = self._known.get(field.encode_name)
        return st.sampled_from(known) if known else self._value(field.type)

    def _value(self, info: inspect.Type) -> st.SearchStrategy[Any]:
        make = self._makers.get(type(info))
        return make(info) if make else st.just("")


@cache
def _matching(pattern: str) -> st.SearchStrategy[str]:
    return st.from_regex(pattern)


def _number(info: inspect.IntType) -> st.SearchStrategy[int]:
    low, high = info.ge if info.ge is not None else -(10**20), info.le if info.le is not None else 10**20
    return st.integers(low, min(high, low + 100_000)) | st.sampled_from([low, high, high - 1, 40_000, 80_000])
