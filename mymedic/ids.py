"""Ids: `prefix_` + 26 Crockford characters, from an injected factory; the tenant id alone is a slug."""

from __future__ import annotations

import hashlib
import os
import re
from typing import Protocol

from mymedic.clock import Clock, micros

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_TENANT = re.compile(r"ten_[a-z0-9_]{1,32}")


def crockford(value: int) -> str:
    """26 Crockford base-32 characters of a 128-bit number."""
    return "".join([_PAIRS[(value >> shift) & 1023] for shift in range(120, -1, -10)])


def derived_id(prefix: str, *parts: str) -> str:
    """The id that follows from its parts: the same parts always give the same id."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return f"{prefix}_{crockford(int.from_bytes(digest[:16], 'big'))}"


def is_tenant_id(text: str) -> bool:
    return _TENANT.fullmatch(text) is not None


# Of the commands that the product's own processes send. Their ids follow from ids that callers are told, so a caller
# could take one before the process does; a door lets nobody use the prefix.
OWN_COMMAND = "sys"


class IdFactory(Protocol):
    def new(self, prefix: str, command_id: str, ordinal: int) -> str:
        """A new id wanted by a command; `ordinal` counts the ids that this command has asked for."""


class UlidFactory:
    """ULIDs: 48 bits of the clock's milliseconds, 80 random bits. The command plays no part."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def new(self, prefix: str, command_id: str, ordinal: int) -> str:
        millis = micros(self._clock.now()) // 1000
        return f"{prefix}_{crockford((millis << 80) | int.from_bytes(os.urandom(10), 'big'))}"


class DerivedIds:
    """Ids that follow from the command that asked: repeatable, for the simulator and for tests.

    A command more or less elsewhere changes no id, so runs that differ in one fact stay comparable row by row.
    """

    def new(self, prefix: str, command_id: str, ordinal: int) -> str:
        return derived_id(prefix, command_id, str(ordinal))
