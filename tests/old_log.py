"""Logs as earlier programs wrote them: events of any version, put into a ledger past today's decisions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from event_store.ledger.chain import body_digest, link
from event_store.ledger.reads import Head
from event_store.ledger.schema import EVENT_COLUMNS
from event_store.store import Store
from mymedic.clock import micros
from mymedic.messages import canonical_json

FIXTURES = Path(__file__).parent / "fixtures" / "events"
_BODY = EVENT_COLUMNS.index("payload")


def golden(version: str, name: str) -> dict[str, Any]:
    return dict(json.loads((FIXTURES / version / f"{name}.json").read_text(encoding="utf-8")))


def write_old(store: Store, tenant_id: str, events: Sequence[dict[str, Any]]) -> list[int]:
    """Append events of `stream_id, occurred_at, event_type, schema_version, payload` as they are; their seqs."""
    seqs = []
    for event in events:
        with store.ledger.write() as session:
            head = session.take(tenant_id) or Head()
            ((version,),) = session.rows(
                "SELECT COALESCE(MAX(stream_version), 0) FROM event WHERE tenant_id = ? AND stream_id = ?",
                (tenant_id, event["stream_id"]),
            )
            row, head = _row(tenant_id, event, version + 1, head)
            session.append(tenant_id, head, [row], [])
        seqs.append(head.seq)
    return seqs


def _row(tenant_id: str, event: dict[str, Any], version: int, head: Head) -> tuple[tuple[Any, ...], Head]:
    at = micros(datetime.fromisoformat(event.get("occurred_at", "2024-01-01T00:00:00Z")).astimezone(UTC))
    known = {
        "tenant_id": tenant_id,
        "seq": head.seq + 1,
        "event_id": f"evt_old_{head.seq + 1}",
        "stream_id": event["stream_id"],
        "stream_version": version,
        "event_type": event["event_type"],
        "schema_version": event["schema_version"],
        "occurred_at": at,
        "recorded_at": max(at, head.recorded_at),
        "causation_id": "cmd_old",
        "actor": '{"id":"old","type":"system"}',
        "channel": "system",
        "retention_class": "operational",
    }
    hashed = {name: known.get(name) for name in (*EVENT_COLUMNS[:_BODY], "pii_key_id", "retention_class")}
    payload = canonical_json(event["payload"])
    digest = body_digest(payload, None)
    event_hash = link(head.event_hash, hashed, digest)
    body = (payload.decode(), None, None, "operational", digest, head.event_hash, event_hash)
    row = (*(hashed[name] for name in EVENT_COLUMNS[:_BODY]), *body)
    return row, Head(head.seq + 1, event_hash, known["recorded_at"])
