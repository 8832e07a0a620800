"""Types in a reader's words: `paise`, `list of OpenHours`, `portal | phone`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import singledispatch
from typing import Any, get_args, get_type_hints

import msgspec
from msgspec import Struct, inspect

from mymedic import messages

# The bounded types of mymedic.messages by their names there: a reader looks the bounds up once.
_NAMED = [
    (inspect.type_info(getattr(messages, name)), words)
    for name, words in {
        "Paise": "paise",
        "PositivePaise": "paise > 0",
        "SignedPaise": "signed paise",
        "Bps": "bps",
        "Count": "number",
        "Seconds": "seconds",
        "Id": "id",
        "Text": "text",
        "LongText": "long text",
        "Timestamp": "instant",
        "Sha256": "sha256",
    }.items()
]
# An id of an event, which has been held against its pattern as part of a command.
_NAMED.append((inspect.StrType(min_length=3, max_length=64), "id"))


def word(info: inspect.Type) -> str:
    """One type in words."""
    return next((words for named, words in _NAMED if named == info), None) or _word(info)


@singledispatch
def _word(info: inspect.Type) -> str:
    return type(info).__name__.removesuffix("Type").lower()


@_word.register
def _(info: inspect.StrType) -> str:
    if info.pattern:
        return f"text like `{info.pattern}`".replace("|", "\\|")
    return f"text up to {info.max_length}" if info.max_length else "text"


@_word.register
def _(info: inspect.IntType) -> str:
    low, high = info.ge, info.le
    return f"number {low} to {high:,}" if low is not None and high is not None else "number"


@_word.register
def _(info: inspect.LiteralType) -> str:
    return " \\| ".join(f"`{value}`" for value in info.values)


@_word.register
def _(info: inspect.DateTimeType) -> str:
    return "instant"


@_word.register
def _(info: inspect.BoolType) -> str:
    return "yes or no"


@_word.register
def _(info: inspect.StructType) -> str:
    return info.cls.__name__


@_word.register
def _(info: inspect.UnionType) -> str:
    return " or ".join(word(one) for one in info.types if not isinstance(one, inspect.NoneType))


@_word.register
def _(info: inspect.VarTupleType) -> str:
    return f"list of {word(info.item_type)}"


@_word.register
def _(info: inspect.ListType) -> str:
    return f"list of {word(info.item_type)}"


@_word.register
def _(info: inspect.DictType) -> str:
    return f"map of {word(info.key_type)} to {word(info.value_type)}"


def fields(struct: type[Struct]) -> Sequence[inspect.Field]:
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    return info.fields


def field_table(struct: type[Struct]) -> list[str]:
    """A Markdown table of a message's fields; a field that may be left out is marked."""
    rows = [f"| `{one.encode_name}` | {word(one.type)} | {_absent(one)} |" for one in fields(struct)]
    return ["| field | type | may be absent |", "|---|---|---|", *rows] if rows else ["No fields."]


def _absent(field: inspect.Field) -> str:
    if field.required:
        return ""
    default = field.default
    if default in (None, (), False) or default is msgspec.NODEFAULT:
        return "yes"
    return f"yes: `{default}`"


def parts(structs: Iterable[type[Struct]]) -> list[type[Struct]]:
    """Every Struct that stands inside these, in the order of first use."""
    found: dict[type[Struct], None] = {}
    waiting = [annotation for struct in structs for annotation in _annotations(struct)]
    while waiting:
        annotation = waiting.pop(0)
        if isinstance(annotation, type) and issubclass(annotation, Struct):
            if annotation not in found:
                found[annotation] = None
                waiting += _annotations(annotation)
        else:
            waiting += [one for one in get_args(annotation) if not isinstance(one, str)]
    return list(found)


def _annotations(struct: type[Struct]) -> list[Any]:
    hints = get_type_hints(struct)
    return [hints[name] for name in struct.__struct_fields__]


def first_line(text: str | None) -> str:
    """The docstring of a message as one line; msgspec gives none, so an inherited one is nobody's."""
    return " ".join((text or "").split())
