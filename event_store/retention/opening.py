"""One event with its sealed part opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from event_store.catalogue import Pasts, decode_event
from event_store.ledger.reads import Reads
from event_store.ledger.schema import EVENT_COLUMNS
from event_store.retention.keys import Vault
from event_store.upcasting import UpcastError
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
    return decoded(vault, tenant_id, row, pasts)


def opened_pii(vault: Vault, tenant_id: str, row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The sealed part of a stored row as it stands; None when it has none or the key is gone."""
    if row["pii"] is None:
        return None
    clear = vault.open(tenant_id, row["patient_id"] or row["stream_id"], row["event_id"], bytes(row["pii"]))
    return msgspec.json.decode(clear, type=dict[str, Any]) if clear is not None else None


def decoded(vault: Vault, tenant_id: str, row: Mapping[str, Any], pasts: Pasts | None = None) -> Event:
    """A stored row as an event; a sealed part that lacks what was redacted from it is left out as a whole."""
    pii = opened_pii(vault, tenant_id, row)

    def event(sealed: bytes | None, *, is_opened: bool) -> Event:
        stored = (row["event_type"], row["schema_version"], row["payload"].encode())
        return decode_event(*stored, sealed, pasts, tenant_id, row["seq"], is_opened=is_opened)

    if pii is None:
        return event(None, is_opened=True)
    try:
        return event(msgspec.json.encode(pii), is_opened=True)
    except UpcastError:
        return event(None, is_opened=False)
