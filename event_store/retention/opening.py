"""One event with its sealed part opened."""

from __future__ import annotations

from event_store.catalogue import Pasts, decode_event
from event_store.ledger.reads import Reads
from event_store.ledger.schema import EVENT_COLUMNS
from event_store.retention.keys import Vault
from mymedic.errors import Refused
from mymedic.messages import Event


def opened_event(
    reads: Reads, vault: Vault, tenant_id: str, stream_id: str, stream_version: int, pasts: Pasts | None = None
) -> Event:
    """The event as it was decided; without its personal data when the subject's key is gone."""
    rows = reads.stream(tenant_id, stream_id, stream_version - 1, limit=1)
    if not rows:
        raise Refused("NOT_FOUND", f"{stream_id} has no version {stream_version}", stream_id=stream_id)
    row = dict(zip(EVENT_COLUMNS, rows[0], strict=True))
    pii = None
    if row["pii"] is not None:
        pii = vault.open(tenant_id, row["patient_id"] or stream_id, row["event_id"], row["pii"])
    return decode_event(
        row["event_type"],
        row["schema_version"],
        row["payload"].encode(),
        pii,
        pasts,
        tenant_id,
        row["seq"],
        is_opened=True,
    )
