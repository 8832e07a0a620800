"""One field of an event by its path: where it is, whether it may be redacted, and the body without it."""

from __future__ import annotations

import copy
import re
from typing import Any

from msgspec import inspect

from event_store.catalogue import EVENTS
from mymedic.errors import Refused

REDACTED = "[redacted]"
# `$.pii.notes`, `$.lines[2].description`
PATTERN = r"^\$(\.[A-Za-z_][A-Za-z0-9_]{0,63}|\[[0-9]{1,4}\]){1,8}(?!\n)$"
_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[([0-9]+)\]")

Path = tuple[str | int, ...]


def parsed(json_path: str) -> Path:
    """The steps of a path: names of members, places in arrays."""
    if re.match(PATTERN, json_path) is None:
        raise _wrong(json_path, "is no path like $.pii.notes")
    return tuple(name or int(place) for name, place in _STEP.findall(json_path))


def without(value: dict[str, Any], path: Path, json_path: str) -> dict[str, Any]:
    """A copy without what stands there; an item of an array leaves a `[redacted]`, so that the others keep theirs."""
    if not path:
        return {}
    value = copy.deepcopy(value)
    holder, last = _holder(value, path, json_path)
    if isinstance(last, int):
        holder[last] = REDACTED
    else:
        del holder[last]
    return value


def redacted_clear(event_type: str, payload: dict[str, Any], path: Path, json_path: str) -> dict[str, Any]:
    """A copy of a clear payload whose free text at that place is `[redacted]`; nothing but free text may be."""
    payload = copy.deepcopy(payload)
    holder, last = _holder(payload, path, json_path)
    event_class = EVENTS[event_type]
    is_free = path[0] not in event_class.formed and _is_free_text(inspect.type_info(event_class), path)
    if not (isinstance(holder[last], str) and is_free):
        raise _wrong(json_path, "is neither sealed nor free text")
    holder[last] = REDACTED
    return payload


def _holder(value: Any, path: Path, json_path: str) -> tuple[Any, Any]:
    for step in path[:-1]:
        value = _member(value, step, json_path)
    _member(value, path[-1], json_path)
    return value, path[-1]


def _member(value: Any, step: str | int, json_path: str) -> Any:
    kind = dict if isinstance(step, str) else list
    if not isinstance(value, kind) or (step not in value if isinstance(step, str) else step >= len(value)):
        raise _wrong(json_path, "is not in this event")
    return value[step]


def _is_free_text(info: Any, path: Path) -> bool:
    """Text that a person wrote: without a pattern, and no word of a list. An event tells itself what is `formed`."""
    if isinstance(info, inspect.UnionType):
        return any(_is_free_text(one, path) for one in info.types)
    if not path:
        return isinstance(info, inspect.StrType) and info.pattern is None
    step, rest = path[0], path[1:]
    if isinstance(info, inspect.StructType):
        return any(_is_free_text(field.type, rest) for field in info.fields if field.encode_name == step)
    if isinstance(step, int):
        return _is_free_text(getattr(info, "item_type", None), rest)
    return False


def _wrong(json_path: str, why: str) -> Refused:
    return Refused("VALIDATION_FAILED", f"{json_path} {why}", field="json_path")
