"""The warehouse described: dbt's documentation of every model as one page that needs no network."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from pipelines.transform import NEXT, PROJECT, document


def describe(work_dir: Path, folder: Path, published: Path | None) -> Path:
    """Write the page into `folder` and say where it is; column types are those of `published`, where there is one.

    The page is swapped in whole, so whoever reads it sees the old one or the new one.
    """
    work_dir.mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    database = work_dir / f"{NEXT}.duckdb"
    _outline(published, database)
    made = document(database, work_dir).read_text(encoding="utf-8")
    page, partial = folder / "index.html", folder / "index.html.partial"
    # Where the project lies on this machine is nobody's business who reads the page.
    partial.write_text(made.replace(str(PROJECT), PROJECT.name), encoding="utf-8")
    os.replace(partial, page)
    return page


def _outline(published: Path | None, database: Path) -> None:
    """The published tables without their rows: dbt looks types up in a database, and needs no data for it."""
    database.unlink(missing_ok=True)
    with duckdb.connect(str(database)) as connection:
        if published is None:
            return
        path = str(published).replace("'", "''")
        connection.execute(f"ATTACH '{path}' AS published (READ_ONLY)")
        names = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'published' ORDER BY 1"
        ).fetchall()
        for (name,) in names:
            connection.execute(f'CREATE TABLE main."{name}" AS SELECT * FROM published."{name}" LIMIT 0')
        connection.execute("DETACH published")
