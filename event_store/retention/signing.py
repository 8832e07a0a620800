"""What a tenant's installation signs with: an Ed25519 key that follows from the tenant's own key in the vault.

Ed25519 is deterministic: the same bytes have the same signature, so a signed paper can be made again from the log.
"""

from __future__ import annotations

import base64
import binascii
import hmac

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from event_store.retention.keys import Vault

_PURPOSE = b"signing|"


def public_key(vault: Vault, tenant_id: str) -> str:
    """The tenant's public key: 32 bytes in base64."""
    return _text(_key(vault, tenant_id).public_key().public_bytes_raw())


def signature(vault: Vault, tenant_id: str, data: bytes) -> str:
    """The tenant's signature of these bytes: 64 bytes in base64."""
    return _text(_key(vault, tenant_id).sign(data))


def is_signed(public_key: str, signature: str, data: bytes) -> bool:
    """Whether these bytes were signed with that key. Anybody can ask: no secret is needed."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(signature, validate=True), data)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _key(vault: Vault, tenant_id: str) -> Ed25519PrivateKey:
    seed = hmac.digest(vault.tenant(tenant_id).kek, _PURPOSE + tenant_id.encode(), "sha256")
    return Ed25519PrivateKey.from_private_bytes(seed)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
