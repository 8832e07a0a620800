"""An example of every message, made from its Struct: what must be there, each value one that its type takes."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct, inspect

from event_store.catalogue import AGGREGATES
from mymedic.messages import ID_PATTERN, Command

_ULID = "01KA3F9Z7Q8W2XH5N6RJ4TBCDE"
_PREFIXES = {f"{aggregate.name}_id": aggregate.id_prefix for aggregate in AGGREGATES.values()}
# What a text looks like whose pattern asks for something; the first that fits is taken.
_TEXTS = (
    *("10:00", "18:30", "560001", "2026", "+919812345678", "29ABCDE1234F1Z5", "KA", "INR", "Asia/Kolkata"),
    *(
        "91-1234-5678-9012",
        "asha.rao@abdm",
        "hospital",
        "12345",
        "1",
        "ABCD1234",
        "2026-11",
        "202611",
        "L1:payment:pay_1",
        "$.name",
        "a" * 64,
    ),
)
_ID_LENGTH = 64  # an event's texts have lost their patterns
_NAMES = {"name": "Indiranagar", "reason": "asked for by the patient"}


def example(command: type[Command]) -> dict[str, Any]:
    """JSON that passes for the command; what may be absent is absent, unless there would be nothing."""
    info = inspect.type_info(command)
    assert isinstance(info, inspect.StructType)
    return _object(info, is_full=not any(field.required for field in info.fields))


def full_example(struct: type[Struct]) -> dict[str, Any]:
    """JSON that passes for the Struct, with every field that it has."""
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    return _object(info, is_full=True)


def _object(info: inspect.StructType, *, is_full: bool = False) -> dict[str, Any]:
    made = {field.encode_name: _value(field.type, field.encode_name) for field in info.fields if field.required}
    if is_full:
        made = {field.encode_name: _value(field.type, field.encode_name) for field in info.fields}
    if info.tag_field:
        made = {info.tag_field: info.tag, **made}
    return made


def _value(info: inspect.Type, name: str) -> Any:
    simple = {
        inspect.BoolType: True,
        inspect.DateTimeType: "2026-11-02T10:00:00+05:30",
        inspect.DateType: "2026-11-02",
        inspect.FloatType: 1.0,
        inspect.NoneType: None,
        inspect.BytesType: "",
    }
    if type(info) in simple:
        return simple[type(info)]
    if isinstance(info, inspect.StructType):
        return _object(info)
    if isinstance(info, inspect.LiteralType):
        return info.values[0]
    if isinstance(info, inspect.IntType):
        return _number(info, name)
    if isinstance(info, inspect.StrType):
        return _text(info, name)
    return _composed(info, name)


def _composed(info: Any, name: str) -> Any:
    if isinstance(info, inspect.Metadata):
        return _value(info.type, name)
    if isinstance(info, inspect.UnionType):
        return _value(next(one for one in info.types if not isinstance(one, inspect.NoneType)), name)
    if isinstance(info, inspect.VarTupleType | inspect.ListType):
        return [_value(info.item_type, name.removesuffix("s"))]
    if isinstance(info, inspect.DictType):
        return {str(_value(info.key_type, "key")): _value(info.value_type, name)}
    return {}


def _number(info: inspect.IntType, name: str) -> int:
    wanted = 40_000 if name.endswith("_paise") else 1
    low = info.ge if info.ge is not None else wanted
    high = info.le if info.le is not None else wanted
    return max(low, min(wanted, high))


def _text(info: inspect.StrType, name: str) -> str:
    if info.pattern == ID_PATTERN or (info.pattern is None and name.endswith("_id") and info.max_length == _ID_LENGTH):
        return f"{_PREFIXES.get(name, name.removesuffix('_id')[:4])}_{_ULID}" if name.endswith("_id") else "ABC-123"
    if info.pattern is None and name.endswith("sha256"):
        return "a" * 64
    if info.pattern is not None:
        return next((text for text in _TEXTS if re.search(info.pattern, text)), "")
    text = _NAMES.get(name, name.replace("_", " "))
    text = text.ljust(info.min_length or 0, "x")
    return text[: info.max_length] if info.max_length else text
