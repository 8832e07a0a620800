"""Bearer tokens: each is bound to one tenant and one actor. Only their hashes are kept."""

from __future__ import annotations

import os
import secrets
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import Struct

from mymedic.errors import Refused
from mymedic.messages import Actor


class Bearer(Struct, frozen=True):
    """For whom a token speaks."""

    tenant_id: str
    actor: Actor


class Tokens:
    """The tokens of an installation, in a file that only its owner may read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, Bearer] = {}
        self._read_at = -1.0

    def issue(self, tenant_id: str, actor: Actor) -> str:
        """A new token; it is shown once and never again."""
        token = "mmt_" + secrets.token_urlsafe(32)
        self._load()
        self._known[_hash(token)] = Bearer(tenant_id, actor)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_suffix(".partial")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(self._known))
        os.replace(partial, self._path)
        return token

    def bearer(self, authorization: str | None) -> Bearer:
        """Who stands behind an Authorization header; UNAUTHENTICATED when nobody does."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() == "bearer" and token:
            self._load()
            found = self._known.get(_hash(token.strip()))
            if found is not None:
                return found
        raise Refused("UNAUTHENTICATED", "send `Authorization: Bearer <token>` with a token of this installation")

    def _load(self) -> None:
        if not self._path.exists():
            return
        written_at = self._path.stat().st_mtime
        if written_at != self._read_at:
            self._known = msgspec.json.decode(self._path.read_bytes(), type=dict[str, Bearer])
            self._read_at = written_at


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
