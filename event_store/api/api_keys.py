"""API keys of integrations: each speaks for one actor of one tenant until it expires or is revoked."""

from __future__ import annotations

import os
import re
import secrets
import threading
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from msgspec import Struct

from event_store.api.identity import Bearer, unauthenticated
from event_store.api.remembered import Remembered
from mymedic.clock import Clock
from mymedic.errors import Refused
from mymedic.messages import Actor

# `mmk_<id>_<secret>`: the id finds the one hash to compare with, and is what people see in lists and logs.
_ID = re.compile(r"[0-9a-f]{16}")
_FORM = re.compile(r"mmk_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
_UNKNOWN = "this key is not one of this installation's"
# OWASP's smallest for Argon2id, about 15 ms here: the secret has 256 random bits, so the hash need not be slow;
# it must only be of no use to whoever steals the file.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class ApiKey(Struct, frozen=True, kw_only=True):
    """What is kept of a key: all but the key."""

    key_id: str
    tenant_id: str
    actor: Actor
    label: str
    secret_hash: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def bearer(self) -> Bearer:
        return Bearer(self.tenant_id, self.actor)

    def is_good(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class _Kept(NamedTuple):
    key: ApiKey
    version: tuple[int, int]


class ApiKeys:
    """The keys of an installation, a file for each, which only its owner may read.

    A file each, so that of two programs that change keys at once neither undoes the other's.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._hashing = threading.Lock()  # one at a time: strangers must not be able to take every core
        self._verified: Remembered[_Kept] = Remembered()

    def issue(self, tenant_id: str, actor: Actor, label: str, expires_at: datetime | None = None) -> str:
        """A new key; it is shown once and never again."""
        if "SY" in actor.roles:
            raise Refused("FORBIDDEN", "SY is the product's own; no key speaks for it")
        key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
        made = ApiKey(
            key_id=key_id,
            tenant_id=tenant_id,
            actor=actor,
            label=label,
            secret_hash=_HASHER.hash(secret),
            created_at=self._clock.now(),
            expires_at=expires_at,
        )
        self._write(made)
        return f"mmk_{key_id}_{secret}"

    def list(self, tenant_id: str | None = None) -> list[ApiKey]:
        """The keys, oldest first; of one tenant or of all."""
        keys = [_read(path).key for path in self._folder.glob("*.json")]
        found = [key for key in keys if tenant_id in (None, key.tenant_id)]
        return sorted(found, key=lambda key: (key.created_at, key.key_id))

    def revoke(self, key_id: str) -> ApiKey:
        """End a key now; running servers notice at its next use. Revoking twice changes nothing."""
        if not _ID.fullmatch(key_id) or not self._path(key_id).exists():
            raise Refused("NOT_FOUND", f"there is no key {key_id}", id=key_id)
        key = _read(self._path(key_id)).key
        if key.revoked_at is None:
            key = msgspec.structs.replace(key, revoked_at=self._clock.now())
            self._write(key)
        return key

    def claims(self, token: str) -> bool:
        return token.startswith("mmk_")

    def known(self, token: str) -> Bearer | None:
        kept = self._verified.get(token)
        if kept is None or kept.version != _version(self._path(kept.key.key_id)):
            return None
        return kept.key.bearer() if kept.key.is_good(self._clock.now()) else None

    def verified(self, token: str) -> Bearer:
        form = _FORM.fullmatch(token)
        # The id is no secret, so an unknown one may answer sooner; only a known one costs a hash.
        if form is None or not self._path(form[1]).exists():
            raise unauthenticated(_UNKNOWN)
        kept = _read(self._path(form[1]))
        if not self._fits(kept.key, form[2]):
            raise unauthenticated(_UNKNOWN)
        if not kept.key.is_good(self._clock.now()):
            raise unauthenticated("this key has expired or was revoked")
        self._verified.keep(token, kept)
        return kept.key.bearer()

    def _fits(self, key: ApiKey, secret: str) -> bool:
        with self._hashing:
            try:
                return _HASHER.verify(key.secret_hash, secret)
            except VerifyMismatchError:
                return False

    def _path(self, key_id: str) -> Path:
        return self._folder / f"{key_id}.json"

    def _write(self, key: ApiKey) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = self._folder / f"{key.key_id}.{secrets.token_hex(4)}.partial"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(key))
        os.replace(partial, self._path(key.key_id))


def _read(path: Path) -> _Kept:
    version = _version(path)  # before the text: a change in between is then seen as one
    return _Kept(msgspec.json.decode(path.read_bytes(), type=ApiKey), version or (0, 0))


def _version(path: Path) -> tuple[int, int] | None:
    try:
        now = path.stat()
    except FileNotFoundError:
        return None
    return now.st_mtime_ns, now.st_ino
