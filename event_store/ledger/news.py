"""How one process hears that another has committed. A hint only: whoever waits for it looks by himself now and then."""

from __future__ import annotations

import sqlite3
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Any

import psycopg

from event_store.ledger.columnar import read_only
from event_store.ledger.isolation import in_role
from event_store.ledger.postgres import PostgresLedger
from event_store.ledger.session import Ledger
from event_store.ledger.sqlite import SqliteLedger
from mymedic.errors import Refused

CHANNEL = "mymedic_news"
# SQLite counts the commits of others in a page that lies in memory: asking costs 5 µs.
_LOOKS_EVERY = 0.02


class News(ABC):
    """For one thread, which either waits or tells."""

    @abstractmethod
    def wait(self, seconds: float) -> bool:
        """Whether somebody has committed since the last time, or does within so many seconds."""

    @abstractmethod
    def tell(self) -> None:
        """Say that this process has committed; on a connection of its own, never in the transaction that did."""

    @abstractmethod
    def close(self) -> None: ...


class SqliteNews(News):
    def __init__(self, ledger: SqliteLedger) -> None:
        self._connection = sqlite3.connect(read_only(ledger.path), uri=True, isolation_level=None, timeout=30)
        self._seen = self._version()

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def wait(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while (version := self._version()) == self._seen:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(left, _LOOKS_EVERY))
        self._seen = version
        return True

    def tell(self) -> None:
        """The file itself tells."""

    def close(self) -> None:
        self._connection.close()


class PostgresNews(News):
    def __init__(self, ledger: PostgresLedger) -> None:
        self._url = in_role(ledger.url)
        self._connection: psycopg.Connection[Any] | None = None

    def _connected(self, *, listens: bool) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._url, autocommit=True)
            if listens:
                self._connection.execute(f"LISTEN {CHANNEL}")
        return self._connection

    def wait(self, seconds: float) -> bool:
        try:
            return bool(list(self._connected(listens=True).notifies(timeout=seconds, stop_after=1)))
        except psycopg.OperationalError as error:
            raise Refused("STORE_UNAVAILABLE", f"PostgreSQL went away: {error}".strip()) from error

    def tell(self) -> None:
        with suppress(psycopg.OperationalError):  # a hint that is lost costs the others one look of their own
            self._connected(listens=False).execute(f"NOTIFY {CHANNEL}")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


def news_of(ledger: Ledger) -> News:
    if isinstance(ledger, SqliteLedger):
        return SqliteNews(ledger)
    assert isinstance(ledger, PostgresLedger)
    return PostgresNews(ledger)
