"""Whether a status callback is the provider's: the signature over its raw bytes (`X-Hub-Signature-256`)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from mymedic.errors import Refused

SIGNATURE_HEADER = "x-hub-signature-256"
_SCHEME = "sha256="


def check_signature(raw_body: bytes, header: str, secrets: Sequence[str]) -> None:
    """SIGNATURE_INVALID unless the header is `sha256=` and the HMAC of these very bytes under one of the secrets.

    `secrets`: the present one and, while it is being changed, the one before. None of them empty: with no secret at
    all nothing is authentic. Every comparison takes the same time.
    """
    given = header.encode("utf-8", "surrogateescape")
    good = [
        hmac.compare_digest(
            _SCHEME.encode() + hmac.new(secret.encode(), raw_body, hashlib.sha256).hexdigest().encode(), given
        )
        for secret in secrets
        if secret
    ]
    if not any(good):
        raise Refused("SIGNATURE_INVALID", "the signature is not that of this body under the endpoint's secret")
