"""Connections to one PostgreSQL database: one that writes, and idle ones for those who read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import psycopg

from mymedic.errors import Refused

Connection = psycopg.Connection[Any]
_BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class Connections:
    """`words` say where the database is and as whom; `prepared` is run once on every connection that is to write.

    STORE_UNAVAILABLE while the server does not answer; what was begun when it went is begun anew by the caller.
    """

    def __init__(self, words: str, name: str, prepared: str = "") -> None:
        self._words = words
        self._name = name
        self._prepared = prepared
        self._mutex = Lock()
        self._writer: Connection | None = None
        self._idle: list[Connection] = []

    def connect(self) -> Connection:
        """A connection of its own, to be closed by whoever asks for it."""
        try:
            return psycopg.connect(self._words, autocommit=True, prepare_threshold=2, client_encoding="utf8")
        except psycopg.OperationalError as error:
            raise Refused("STORE_UNAVAILABLE", f"PostgreSQL does not answer: {error}".strip()) from error

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The connection that writes; what is begun on it meanwhile is committed, or did not happen."""
        with self._mutex:
            if self._writer is None or self._writer.closed:
                self._writer = self.connect()
                if self._prepared:
                    self._writer.execute(self._prepared.encode())
            connection = self._writer
            try:
                yield connection
                connection.commit()
            except BaseException as error:
                # Not rolled back: psycopg then forgets every prepared statement, and ours with its own.
                connection.close()
                if (refusal := self.refusal(error)) is not None:
                    raise refusal from error
                raise

    @contextmanager
    def reading(self, first: str = "") -> Iterator[Connection]:
        """One consistent look at what is committed; `first` is SQL that travels with the BEGIN."""
        connection = self._begun(f"{_BEGIN_READING}; {first}")
        try:
            yield connection
            connection.commit()  # a rollback would throw away what is prepared
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)

    def _begun(self, begin: str) -> Connection:
        """A connection that has begun to read: an idle one, unless the server has gone and come back since."""
        while True:
            try:
                idle = self._idle.pop()
            except IndexError:  # none, or other threads took them
                break
            try:
                idle.execute(begin.encode())
                return idle
            except psycopg.OperationalError:
                idle.close()
        connection = self.connect()
        connection.execute(begin.encode())
        return connection

    def close(self) -> None:
        with self._mutex:
            for connection in (self._writer, *self._idle):
                if connection is not None:
                    connection.close()

    def refusal(self, error: BaseException) -> Refused | None:
        """What an error of the database itself says to a caller."""
        match error:
            case psycopg.errors.DiskFull():
                return Refused("STORE_FULL", f"the disk of {self._name} is full; nothing of this transaction was kept")
            case psycopg.errors.UniqueViolation():
                return Refused("VERSION_CONFLICT", f"another process wrote to {self._name} first; send it again")
            case psycopg.OperationalError():
                return Refused("STORE_UNAVAILABLE", f"PostgreSQL went away: {error}".strip())
        return None
