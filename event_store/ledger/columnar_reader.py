"""Streams a part of a SQLite ledger to stdout as Arrow IPC; run as a program of its own, by `columnar.py`.

A program of its own because the driver brings its own SQLite: two of them in one process undo each other's file locks.
Arguments: the file's URI, tenant id, after seq, until seq, rows per batch, columns.
"""

import sys

import adbc_driver_manager
import adbc_driver_sqlite
import pyarrow as pa


def main(uri: str, tenant_id: str, after_seq: str, until_seq: str, size: str, *columns: str) -> None:
    # The driver takes a column's type from its first rows, so no text may be missing there.
    selected = ", ".join(f"coalesce({name}, '') AS {name}" for name in columns)
    sql = f"SELECT {selected} FROM event WHERE tenant_id = ? AND seq > ? AND seq <= ? ORDER BY event.seq"
    bound = pa.record_batch([[tenant_id], [int(after_seq)], [int(until_seq)]], names=["tenant_id", "after", "until"])
    with (
        adbc_driver_sqlite.connect(uri) as database,
        adbc_driver_manager.AdbcConnection(database) as connection,
        adbc_driver_manager.AdbcStatement(connection) as statement,
    ):
        statement.set_options(**{adbc_driver_sqlite.StatementOptions.BATCH_ROWS.value: size})
        statement.set_sql_query(sql)
        statement.bind(bound)
        stream, _ = statement.execute_query()
        with (
            pa.RecordBatchReader.from_stream(stream) as reader,
            pa.ipc.new_stream(sys.stdout.buffer, reader.schema) as writer,
        ):
            for batch in reader:
                writer.write_batch(batch)


if __name__ == "__main__":
    main(*sys.argv[1:])
