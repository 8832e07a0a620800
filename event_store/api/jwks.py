"""The public keys of an identity provider: read from a file or fetched, kept for a while, asked again when rotated."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from mymedic.errors import Refused

PublicKey = RSAKey | ECKey | OKPKey
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
# A key that the provider has withdrawn is trusted this much longer at most.
MAX_AGE_SECONDS = 300.0
# Tokens with made-up key ids must not become requests to the provider.
MIN_AGE_SECONDS = 10.0
FETCH_SECONDS = 3.0
SIZE_LIMIT = 1024 * 1024
RSA_BITS = 2048


class KeySource(Protocol):
    """Where a verifier finds the key that a token names."""

    def key(self, kid: str) -> PublicKey | None:
        """The key of this id, or None when the provider has none such."""

    def generation(self) -> int | None:
        """Grows when the keys change; None when they are too old to be believed without asking again."""


class Jwks:
    """A JWK set behind a path or a URL (https; plain http only to this machine)."""

    def __init__(self, place: str, ticks: Callable[[], float] = time.monotonic) -> None:
        self._fetch = _reader(place)
        self._ticks = ticks
        self._mutex = threading.Lock()  # held for a look only: an event loop asks for `generation`
        self._fetching = threading.Lock()
        self._keys: dict[str, PublicKey] = {}
        self._read_at: float | None = None
        self._generation = 0

    def generation(self) -> int | None:
        with self._mutex:
            is_fresh = self._read_at is not None and self._ticks() - self._read_at < MAX_AGE_SECONDS
            return self._generation if is_fresh else None

    def key(self, kid: str) -> PublicKey | None:
        """The key of this id. Raises STORE_UNAVAILABLE when no key was ever read and the provider cannot be reached."""
        if self._is_due(kid):
            with self._fetching:
                if self._is_due(kid):  # nobody has fetched while this one waited
                    self._refresh()
        with self._mutex:
            return self._keys.get(kid)

    def _is_due(self, kid: str) -> bool:
        with self._mutex:
            age = self._ticks() - self._read_at if self._read_at is not None else None
            return age is None or age >= MAX_AGE_SECONDS or (kid not in self._keys and age >= MIN_AGE_SECONDS)

    def _refresh(self) -> None:
        try:
            keys = _usable(self._fetch())
        except (OSError, ValueError, urllib.error.URLError) as error:
            if not self._generation:
                raise Refused("STORE_UNAVAILABLE", "the identity provider's keys cannot be read") from error
            # A provider that is down must not lock everybody out at once; the keys last read stand until it is back.
            with self._mutex:
                self._read_at = self._ticks() - MAX_AGE_SECONDS + MIN_AGE_SECONDS
            return
        with self._mutex:
            self._read_at = self._ticks()
            if _prints(keys) != _prints(self._keys) or not self._generation:
                self._keys = keys
                self._generation += 1


def _prints(keys: dict[str, PublicKey]) -> dict[str, str]:
    return {kid: key.thumbprint() for kid, key in keys.items()}


def _usable(text: bytes) -> dict[str, PublicKey]:
    """The signing keys that can be named. Symmetric ones never: who verifies with one could also sign with it."""
    found: Any = json.loads(text)
    listed = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(listed, list):
        raise ValueError("not a JWK set")
    keys: dict[str, PublicKey] = {}
    for data in listed:
        if not isinstance(data, dict) or not isinstance(data.get("kid"), str) or data.get("use", "sig") != "sig":
            continue
        key = _imported(data)
        if key is not None:
            keys[data["kid"]] = key
    return keys


def _imported(data: dict[str, Any]) -> PublicKey | None:
    try:
        key = JWKRegistry.import_key(data)
    except (JoseError, ValueError, KeyError, TypeError):
        return None  # RFC 7517 §5: a key that is not understood does not spoil the others
    if isinstance(key, RSAKey) and key.public_key.key_size >= RSA_BITS:
        return key
    if isinstance(key, ECKey) and key.curve_name == "P-256":
        return key
    if isinstance(key, OKPKey) and data.get("crv") == "Ed25519":
        return key
    return None


def _reader(place: str) -> Callable[[], bytes]:
    url = urlsplit(place)
    if url.scheme not in ("http", "https"):
        return Path(place.removeprefix("file://")).read_bytes
    is_here = url.hostname in _LOOPBACK
    if url.scheme == "http" and not is_here:
        raise Refused("VALIDATION_FAILED", "keys are fetched over https only", field="MYMEDIC_JWKS")
    handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
    if is_here:
        handlers.append(urllib.request.ProxyHandler({}))  # a proxy would ask itself
    opener = urllib.request.build_opener(*handlers)

    def fetched() -> bytes:
        with opener.open(place, timeout=FETCH_SECONDS) as answer:
            text: bytes = answer.read(SIZE_LIMIT + 1)
        if len(text) > SIZE_LIMIT:
            raise ValueError("longer than any JWK set")
        return text

    return fetched


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Keys come from the address that was set, not from where it points today."""

    def redirect_request(self, *_: Any) -> None:
        return None
