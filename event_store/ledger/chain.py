"""The hash chain of a tenant: metadata and the digest of the body, so that destroying a body never breaks it."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from mymedic.messages import canonical_json

GENESIS = "0" * 64
_NOT_HASHED = {"payload", "pii", "payload_digest", "prev_hash", "event_hash"}


def body_digest(payload: bytes, sealed: bytes | None) -> str:
    """Over the ciphertext, never the plain text: nobody can guess a short field by hashing candidates."""
    digest = sha256(payload)
    if sealed is not None:
        digest.update(sealed)
    return digest.hexdigest()


def link(prev_hash: str, envelope: Mapping[str, Any], payload_digest: str) -> str:
    """Hash of one event: the one before it, its envelope (every column but body and hashes), its body's digest."""
    return sha256(prev_hash.encode() + canonical_json(envelope) + payload_digest.encode()).hexdigest()


def envelope_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The hashed part of a stored row."""
    return {name: value for name, value in row.items() if name not in _NOT_HASHED}
