"""Hundreds of tiny tenants in one build: landed as one, then told apart again, because landing costs per tenant."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.landing.write import land
from tests.integration.warehouse.rig import EventLog, MemoryFeed, build_landed, new_folder, opened, patient_key

EVERYBODY = "ten_everybody"


def build_together(logs: Iterable[EventLog], as_of: datetime | None = None) -> duckdb.DuckDBPyConnection:
    """A warehouse of all these logs. Seqs are numbered through, so a tenant's keep their order but have gaps."""
    events = [event for log in logs for event in log.events]
    numbered = [
        msgspec.structs.replace(event, tenant_id=EVERYBODY, seq=seq) for seq, event in enumerate(events, start=1)
    ]
    folder = new_folder()
    land(MemoryFeed(numbered), EVERYBODY, folder / "landing", patient_key)
    for file in (folder / "landing").rglob("*.parquet"):
        table = pq.read_table(file, partitioning=None)
        owners = pa.array([events[seq - 1].tenant_id for seq in table["seq"].to_pylist()], pa.string())
        pq.write_table(table.set_column(table.schema.get_field_index("tenant_id"), "tenant_id", owners), file)
    return opened(build_landed(folder, [EVERYBODY], as_of=as_of))
