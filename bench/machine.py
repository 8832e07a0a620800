"""What it was measured on."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Sequence
from importlib.metadata import version

import psycopg

from bench.measure import fsync_ms
from bench.place import Engine, Place


def machine(place: Place, engines: Sequence[Engine]) -> dict[str, str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    found = {
        "cores": str(os.cpu_count()),
        "memory": f"{memory:.0f} GiB",
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "DuckDB": version("duckdb"),
        "durable write": f"{fsync_ms(place.folder):.2f} ms",
    }
    if "postgres" in engines:
        with psycopg.connect(place.server()) as connection:
            found["PostgreSQL"] = str(connection.info.server_version // 10_000)
    return found
