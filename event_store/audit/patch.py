"""RFC 6902: the operations that turn one JSON document into another, always the same ones in the same order.

The libraries for it walk sets of keys, so that two runs of one program differ; docs/decisions says more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from event_store.audit.sight import HASHED, HASHES
from mymedic.messages import canonical_json

Operation = dict[str, Any]  # op, path, and but for remove value


def plain(value: Any) -> Any:
    """A folded state as JSON has it: objects by field, sets sorted, keys as text; keyed hashes are not shown."""
    if isinstance(value, Struct):
        named = {name: getattr(value, name) for name in value.__struct_fields__}
        return {name: HASHED if name in HASHES and named[name] else plain(named[name]) for name in sorted(named)}
    if isinstance(value, Mapping):
        return {_key(key): plain(inner) for key, inner in sorted(value.items(), key=lambda item: _key(item[0]))}
    if isinstance(value, set | frozenset):
        return sorted((plain(one) for one in value), key=canonical_json)
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value if value is None or isinstance(value, str | int) else msgspec.to_builtins(value)


def _key(key: Any) -> str:
    return "/".join(_key(one) for one in key) if isinstance(key, tuple) else str(key)


def patch(before: Any, after: Any, path: str = "") -> list[Operation]:
    """What to do to `before`, which JSON could hold, to have `after`."""
    if _is_same(before, after):
        return []
    if isinstance(before, dict) and isinstance(after, dict):
        return list(_of_objects(before, after, path))
    if isinstance(before, list) and isinstance(after, list):
        return list(_of_arrays(before, after, path))
    return [{"op": "replace", "path": path, "value": after}]


def _of_objects(before: dict[str, Any], after: dict[str, Any], path: str) -> Iterator[Operation]:
    for key in sorted(before.keys() | after.keys()):
        place = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
        if key not in after:
            yield {"op": "remove", "path": place}
        elif key not in before:
            yield {"op": "add", "path": place, "value": after[key]}
        else:
            yield from patch(before[key], after[key], place)


def _of_arrays(before: list[Any], after: list[Any], path: str) -> Iterator[Operation]:
    """What both begin and end with stays; between, items change in place, and the rest goes or comes."""
    shorter = min(len(before), len(after))
    start = next((at for at in range(shorter) if not _is_same(before[at], after[at])), shorter)
    end = next((at for at in range(shorter - start) if not _is_same(before[-1 - at], after[-1 - at])), shorter - start)
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    both = min(len(old), len(new))
    for at in range(both):
        yield from patch(old[at], new[at], f"{path}/{start + at}")
    for at in reversed(range(both, len(old))):
        yield {"op": "remove", "path": f"{path}/{start + at}"}
    for at in range(both, len(new)):
        yield {"op": "add", "path": f"{path}/{start + at}", "value": new[at]}


def _is_same(one: Any, other: Any) -> bool:
    """As JSON: `True` is not 1."""
    return canonical_json(one) == canonical_json(other)
