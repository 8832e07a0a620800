"""Long parts of a log as Arrow, at a third of what rows cost and beside Python's lock."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from event_store.ledger.isolation import in_role
from mymedic.errors import Refused

if TYPE_CHECKING:
    import pyarrow as pa

_READER = Path(__file__).with_name("columnar_reader.py")


class Part(NamedTuple):
    """The events of a tenant after one seq and up to another, in seq order."""

    columns: Sequence[str]
    tenant_id: str
    after_seq: int
    until_seq: int


def read_only(path: Path) -> str:
    """The URI under which SQLite opens a file for reading alone, whatever characters its name has."""
    return f"{path.resolve().as_uri()}?mode=ro"


def from_sqlite(path: Path, part: Part, size: int) -> Iterator[pa.RecordBatch]:
    """Batches of `size` rows, read by a program of its own (`columnar_reader.py` says why). NULL arrives as ''."""
    import pyarrow as pa

    bounds = (part.tenant_id, str(part.after_seq), str(part.until_seq), str(size))
    reader = subprocess.Popen(
        [sys.executable, "-I", str(_READER), read_only(path), *bounds, *part.columns],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert reader.stdout is not None and reader.stderr is not None
    try:
        with pa.ipc.open_stream(reader.stdout) as stream:
            yield from stream
    except pa.ArrowInvalid as error:  # it ended before its stream did
        said = reader.stderr.read().decode()
        why = next((line for line in said.splitlines() if "Error: " in line), str(error))
        raise Refused("STORE_UNAVAILABLE", f"the ledger could not be read: {why}") from error
    finally:
        reader.kill()
        reader.communicate()


def from_postgres(url: str, part: Part) -> Iterator[pa.RecordBatch]:
    """Batches of some megabytes."""
    import adbc_driver_manager
    import adbc_driver_postgresql
    import pyarrow as pa

    sql = f"SELECT {', '.join(part.columns)} FROM event WHERE tenant_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq"
    bound = pa.record_batch([[part.tenant_id], [part.after_seq], [part.until_seq]], names=["tenant", "after", "until"])
    try:
        with (
            adbc_driver_postgresql.connect(in_role(url, [part.tenant_id])) as database,
            adbc_driver_manager.AdbcConnection(database) as connection,
            adbc_driver_manager.AdbcStatement(connection) as statement,
        ):
            statement.set_sql_query(sql)
            statement.bind(bound)
            stream, _ = statement.execute_query()
            with pa.RecordBatchReader.from_stream(stream) as batches:
                yield from batches
    except adbc_driver_manager.Error as error:
        raise Refused("STORE_UNAVAILABLE", f"PostgreSQL went away: {error}".strip()) from error
