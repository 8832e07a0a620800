"""Whose delivery it is: the signature of Standard Webhooks over id, time and body (`v1`, HMAC-SHA256)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Sequence

from mymedic.errors import Refused

PREFIX = "whsec_"
# What the standard allows, and what we make.
_FEWEST, _MOST, _OURS = 24, 64, 32


def new_secret() -> str:
    return PREFIX + base64.b64encode(os.urandom(_OURS)).decode()


def require_secret(secret: str) -> str:
    """VALIDATION_FAILED unless it is `whsec_` and the base64 of 24 to 64 bytes."""
    try:
        size = len(_key(secret))
    except (ValueError, binascii.Error):
        size = 0
    if not secret.startswith(PREFIX) or not _FEWEST <= size <= _MOST:
        message = f"a secret is {PREFIX} and the base64 of {_FEWEST} to {_MOST} bytes"
        raise Refused("VALIDATION_FAILED", message, field="secret")
    return secret


def signed_headers(secrets: Sequence[str], id: str, at: int, body: bytes) -> dict[str, str]:
    """`at` in seconds since 1970. One signature for each secret, so that a receiver may hold either."""
    signatures = [f"v1,{_signature(secret, id, at, body)}" for secret in secrets]
    return {"webhook-id": id, "webhook-timestamp": str(at), "webhook-signature": " ".join(signatures)}


def _signature(secret: str, id: str, at: int, body: bytes) -> str:
    return base64.b64encode(hmac.digest(_key(secret), f"{id}.{at}.".encode() + body, hashlib.sha256)).decode()


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
