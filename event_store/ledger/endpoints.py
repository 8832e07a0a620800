"""Rows of the webhook endpoints."""

from __future__ import annotations

from typing import NamedTuple

from event_store.ledger.reads import Reads
from event_store.ledger.schema import ENDPOINT_COLUMNS
from event_store.ledger.session import Session


class EndpointRow(NamedTuple):
    """`event_types` as JSON; `secrets` sealed; instants in microseconds."""

    tenant_id: str
    endpoint_id: str
    url: str
    event_types: str
    secrets: bytes
    state: str
    failures: int
    last_error: str | None
    created_at: int
    changed_at: int


assert EndpointRow._fields == ENDPOINT_COLUMNS

_SELECT = f"SELECT {', '.join(ENDPOINT_COLUMNS)} FROM webhook_endpoint"


def endpoints(reads: Reads) -> list[EndpointRow]:
    """Of every tenant."""
    return [EndpointRow(*row) for row in reads.rows(f"{_SELECT} ORDER BY tenant_id, endpoint_id")]


def endpoint(reads: Reads, tenant_id: str, endpoint_id: str) -> EndpointRow | None:
    rows = reads.rows(f"{_SELECT} WHERE tenant_id = ? AND endpoint_id = ?", (tenant_id, endpoint_id))
    return EndpointRow(*rows[0]) if rows else None


def put_endpoint(session: Session, row: EndpointRow) -> None:
    kept = ", ".join(f"{name} = excluded.{name}" for name in ENDPOINT_COLUMNS[2:])
    session.execute(
        f"INSERT INTO webhook_endpoint ({', '.join(ENDPOINT_COLUMNS)})"
        f" VALUES ({', '.join('?' * len(ENDPOINT_COLUMNS))})"
        f" ON CONFLICT (tenant_id, endpoint_id) DO UPDATE SET {kept}",
        row,
    )


def forget_endpoint(session: Session, tenant_id: str, endpoint_id: str, consumer: str) -> None:
    """With its place in the log and its parked streams; what was decided about those stays."""
    session.execute("DELETE FROM webhook_endpoint WHERE tenant_id = ? AND endpoint_id = ?", (tenant_id, endpoint_id))
    for table in ("checkpoint", "parked"):
        session.execute(f"DELETE FROM {table} WHERE tenant_id = ? AND consumer = ?", (tenant_id, consumer))
