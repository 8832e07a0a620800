"""What was verified once, remembered for a while: a bounded number of tokens, by their hashes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from hashlib import sha256
from typing import Generic, TypeVar

T = TypeVar("T")
# A busy chain has some hundred people signed in; an entry is about 1 kB.
CAPACITY = 4096


class Remembered(Generic[T]):
    """The least recently used goes first. Holds no token, only what it hashes to."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._entries: OrderedDict[bytes, T] = OrderedDict()
        self._mutex = threading.Lock()

    def get(self, token: str) -> T | None:
        key = _hash(token)
        with self._mutex:
            found = self._entries.get(key)
            if found is not None:
                self._entries.move_to_end(key)
            return found

    def keep(self, token: str, value: T) -> None:
        key = _hash(token)
        with self._mutex:
            self._entries[key] = value
            self._entries.move_to_end(key)
            if len(self._entries) > self._capacity:
                self._entries.popitem(last=False)

    def forget(self, token: str) -> None:
        with self._mutex:
            self._entries.pop(_hash(token), None)

    def __len__(self) -> int:
        return len(self._entries)


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
