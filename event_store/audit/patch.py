"""A folded state as JSON, and the operations of RFC 6902 that turn one into another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jsonpatch
import msgspec
from msgspec import Struct

from event_store.audit.sight import HASHED, HASHES
from mymedic.messages import canonical_json

Operation = dict[str, Any]  # op and path; value or from, as the op has it


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


def patch(before: Any, after: Any) -> list[Operation]:
    """What to do to `before` to have `after`; the same two documents always give the same operations."""
    operations: list[Operation] = jsonpatch.make_patch(before, after).patch
    return operations
