"""Where a page ended: opaque to clients, bound to the question that it belongs to, and read with suspicion."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from mymedic.errors import Refused
from projections.row import Row, columns_of

_DECODER = msgspec.json.Decoder(tuple[str, list[str | int]])
_NUMBERS = ("integer", "boolean", "instant")
LONGEST = 1_500


def fingerprint(*question: Any) -> str:
    """What a cursor is held against: the same question, however it was written."""
    return hashlib.sha256(msgspec.json.encode(question, order="sorted")).hexdigest()[:12]


def packed(question: str, values: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode((question, values))).decode().rstrip("=")


def unpacked(text: str, question: str, columns: Sequence[str], row: type[Row], field: str = "cursor") -> list[Any]:
    """The values of these columns; VALIDATION_FAILED when it is none of ours, or another question's."""
    kinds = {column.name: column.kind for column in columns_of(row)}
    try:
        asked, values = _DECODER.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError) as error:  # msgspec's errors are ValueErrors
        raise _none(field) from error
    wanted = [int if kinds.get(name, "integer") in _NUMBERS else str for name in columns]
    if asked != question or [type(value) for value in values] != wanted:
        raise _none(field)
    if any(abs(value) >= 2**63 if isinstance(value, int) else "\x00" in value for value in values):
        raise _none(field)
    return list(values)


def _none(field: str) -> Refused:
    return Refused("VALIDATION_FAILED", f"this {field} was not given for this question", field=field)
