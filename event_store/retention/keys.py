"""Keys of personal data: one per data subject, wrapped by the tenant's key, kept apart from the log.

The file of keys has backups of its own: whoever destroys a key must be able to be sure that no older copy of it comes
back with a backup of the log.
"""

from __future__ import annotations

import hmac
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from event_store.secret_file import secret_at
from mymedic.counts import counted
from mymedic.errors import Refused
from mymedic.settings import Settings

_NONCE = 12
_MASTER_BYTES = 32
_SCHEMA = """
CREATE TABLE IF NOT EXISTS tenant_key (
    tenant_id TEXT PRIMARY KEY, wrapped_kek BLOB NOT NULL, wrapped_analytics_key BLOB NOT NULL,
    is_simulated INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS subject_key (
    tenant_id TEXT NOT NULL, subject TEXT NOT NULL, key_id TEXT NOT NULL, wrapped_dek BLOB NOT NULL,
    PRIMARY KEY (tenant_id, subject)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ended_key (
    tenant_id TEXT NOT NULL, subject TEXT NOT NULL, key_id TEXT NOT NULL, command_id TEXT NOT NULL,
    destroyed_at INTEGER, PRIMARY KEY (tenant_id, subject)) WITHOUT ROWID;
"""


class TenantKeys(NamedTuple):
    kek: bytes
    analytics_key: bytes
    is_simulated: bool


class Condemned(NamedTuple):
    """A key that is unusable from now on and is destroyed once the command that condemned it is seen to be kept."""

    tenant_id: str
    subject: str
    key_id: str
    command_id: str


class Vault:
    """Seals and opens personal data.

    Simulated tenants derive every key and nonce from the simulation's seed, so that their hashes repeat; any other
    tenant has random keys, and a simulated key is never accepted for it.
    """

    def __init__(self, path: Path, master_key: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._master = AESGCM(master_key)
        self._mutex = threading.RLock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("PRAGMA secure_delete=ON")  # a destroyed key must not lie in a freed page
        self._connection.executescript(_SCHEMA)
        self._grouping = self._is_level = False
        self._seen = -1  # SQLite's count of what other connections changed
        self.has_condemned = bool(self.condemned())
        self._tenants: dict[str, TenantKeys] = {}
        self._subjects: dict[tuple[str, str], tuple[str, AESGCM, bytes]] = {}
        self._try_the_master_key()

    @contextmanager
    def group(self) -> Iterator[None]:
        """Keys made inside are durable together when the block ends, which must be before their events commit.

        They are kept even when the block fails: an unused key harms nobody, a sealed event without its key is lost.
        """
        with self._mutex:
            self._grouping, self._is_level = True, False
            try:
                yield
            finally:
                self._grouping = False
                if self._connection.in_transaction:
                    self._connection.execute("COMMIT")

    def adopt_simulated(self, tenant_id: str, seed: str) -> None:
        """Give a tenant that has no keys yet the keys of a simulation."""
        kek = hmac.digest(seed.encode(), b"kek|" + tenant_id.encode(), "sha256")
        analytics = hmac.digest(seed.encode(), b"analytics|" + tenant_id.encode(), "sha256")
        with self._mutex:
            existing = self._load_tenant(tenant_id)
            if existing is not None:
                if not existing.is_simulated or existing.kek != kek:
                    raise Refused("ALREADY_EXISTS", f"{tenant_id} has keys that are not this simulation's")
                return
            self._store_tenant(tenant_id, TenantKeys(kek, analytics, True))

    def tenant(self, tenant_id: str) -> TenantKeys:
        """The tenant's keys, made at its first use."""
        keys = self._tenants.get(tenant_id)
        if keys is None:
            with self._mutex:
                keys = self._load_tenant(tenant_id)
                if keys is None:
                    keys = TenantKeys(os.urandom(32), os.urandom(32), False)
                    self._store_tenant(tenant_id, keys)
        return keys

    def keyed_hash(self, tenant_id: str, text: str) -> str:
        return hmac.digest(self.tenant(tenant_id).analytics_key, text.encode(), "sha256").hex()

    def patient_key(self, tenant_id: str, patient_id: str, epoch: int = 0) -> str:
        """The pseudonym under which a patient appears in landing and warehouse."""
        return "pk_" + self.keyed_hash(tenant_id, f"{patient_id}|{epoch}")[:32]

    def seal(
        self, tenant_id: str, subject: str, event_id: str, clear: bytes, instead_of: str = ""
    ) -> tuple[str, bytes] | None:
        """(key id, nonce + ciphertext) under the subject's key; bound to the tenant and the event.

        None when the subject's key is destroyed: who has been erased is not taken in again. `instead_of`: the digest
        of the body that this one replaces, so that no nonce is used twice.
        """
        found = self._subject(tenant_id, subject, makes=True)
        if found is None:
            return None
        key_id, cipher, raw = found
        if self.tenant(tenant_id).is_simulated:
            nonce = hmac.digest(raw, (event_id + instead_of).encode(), "sha256")[:_NONCE]
        else:
            nonce = os.urandom(_NONCE)
        return key_id, nonce + cipher.encrypt(nonce, clear, f"{tenant_id}|{event_id}".encode())

    def open(self, tenant_id: str, subject: str, event_id: str, sealed: bytes) -> bytes | None:
        """The clear bytes, or None when the subject's key is gone."""
        found = self._subject(tenant_id, subject, makes=False)
        if found is None:
            return None
        try:
            return found[1].decrypt(sealed[:_NONCE], sealed[_NONCE:], f"{tenant_id}|{event_id}".encode())
        except InvalidTag:
            return None

    def condemn(self, tenant_id: str, subject: str, command_id: str) -> None:
        """Make a key unusable, durably, before the events of the command are; `settle` then ends it or gives it back.

        So a crash can leave an unusable key without a certificate, never a certificate beside a usable key.
        """
        with self._mutex:
            if self._grouping and not self._connection.in_transaction:
                self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute(
                "INSERT OR IGNORE INTO ended_key VALUES (?, ?, ?, ?, NULL)",
                (tenant_id, subject, key_id_of(tenant_id, subject), command_id),
            )
            self._subjects.pop((tenant_id, subject), None)
            self.has_condemned = True

    def condemned(self) -> list[Condemned]:
        """Keys that wait for their end."""
        with self._mutex:
            rows = self._connection.execute(
                "SELECT tenant_id, subject, key_id, command_id FROM ended_key WHERE destroyed_at IS NULL"
            ).fetchall()
        return [Condemned(*row) for row in rows]

    def end(self, key: Condemned, at: int) -> None:
        """Destroy a condemned key; `at` in microseconds. What is sealed under it can never be read again."""
        with self._mutex:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute(
                "DELETE FROM subject_key WHERE tenant_id = ? AND subject = ?", (key.tenant_id, key.subject)
            )
            self._connection.execute(
                "UPDATE ended_key SET destroyed_at = ? WHERE tenant_id = ? AND subject = ?",
                (at, key.tenant_id, key.subject),
            )
            self._connection.execute("COMMIT")
            self._after(key)

    def spare(self, key: Condemned) -> None:
        """Give a condemned key back: the command that condemned it was not kept."""
        with self._mutex:
            self._connection.execute(
                "DELETE FROM ended_key WHERE tenant_id = ? AND subject = ? AND destroyed_at IS NULL",
                (key.tenant_id, key.subject),
            )
            self._after(key)

    def destroyed_at(self, tenant_id: str, subject: str) -> int | None:
        """When a subject's key was destroyed, in microseconds; None when it was not."""
        with self._mutex:
            row = self._connection.execute(
                "SELECT destroyed_at FROM ended_key WHERE tenant_id = ? AND subject = ?", (tenant_id, subject)
            ).fetchone()
        return row[0] if row else None

    def _after(self, key: Condemned) -> None:
        self._subjects.pop((key.tenant_id, key.subject), None)
        self.has_condemned = bool(self.condemned())

    def _brought_level(self) -> None:
        """Another process may have destroyed a key that this one remembers. Once is enough in a group: its tenants are
        locked.
        """
        if self._grouping and self._is_level:
            return
        self._is_level = True
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        if version != self._seen:
            self._seen = version
            self._subjects.clear()
            self.has_condemned = bool(self.condemned())

    def _subject(self, tenant_id: str, subject: str, *, makes: bool) -> tuple[str, AESGCM, bytes] | None:
        """(key id, cipher, raw key), or None when there is none; `makes` one that never was."""
        with self._mutex:
            self._brought_level()
        found = self._subjects.get((tenant_id, subject))
        if found is not None:
            return found
        tenant = self.tenant(tenant_id)
        key_id = key_id_of(tenant_id, subject)
        with self._mutex:
            raw = self._raw(tenant, tenant_id, subject, key_id, makes)
            if raw is None:
                return None
            if len(self._subjects) > 50_000:
                self._subjects.clear()
            found = self._subjects[tenant_id, subject] = (key_id, AESGCM(raw), raw)
        return found

    def _raw(self, tenant: TenantKeys, tenant_id: str, subject: str, key_id: str, makes: bool) -> bytes | None:
        ended = self._connection.execute(
            "SELECT 1 FROM ended_key WHERE tenant_id = ? AND subject = ?", (tenant_id, subject)
        ).fetchone()
        if ended is not None:
            return None
        if tenant.is_simulated:
            return hmac.digest(tenant.kek, b"dek|" + subject.encode(), "sha256")
        return self._stored_subject_key(tenant_id, subject, key_id, AESGCM(tenant.kek), makes)

    def _stored_subject_key(self, tenant_id: str, subject: str, key_id: str, kek: AESGCM, makes: bool) -> bytes | None:
        row = self._connection.execute(
            "SELECT wrapped_dek FROM subject_key WHERE tenant_id = ? AND subject = ?", (tenant_id, subject)
        ).fetchone()
        about = f"{tenant_id}|{subject}".encode()
        if row is not None:
            return kek.decrypt(row[0][:_NONCE], row[0][_NONCE:], about)
        if not makes:
            return None
        if self._grouping and not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")
            return self._stored_subject_key(tenant_id, subject, key_id, kek, makes)
        raw, nonce = os.urandom(32), os.urandom(_NONCE)
        self._connection.execute(
            "INSERT INTO subject_key VALUES (?, ?, ?, ?)",
            (tenant_id, subject, key_id, nonce + kek.encrypt(nonce, raw, about)),
        )
        return raw

    def _try_the_master_key(self) -> None:
        """Before anything is kept that the right one could not open. STORE_UNAVAILABLE when it is another one."""
        row = self._connection.execute("SELECT tenant_id FROM tenant_key ORDER BY tenant_id LIMIT 1").fetchone()
        if row is not None:
            self._load_tenant(row[0])

    def _load_tenant(self, tenant_id: str) -> TenantKeys | None:
        row = self._connection.execute(
            "SELECT wrapped_kek, wrapped_analytics_key, is_simulated FROM tenant_key WHERE tenant_id = ?", (tenant_id,)
        ).fetchone()
        if row is None:
            return None
        keys = TenantKeys(self._unwrap(tenant_id, row[0]), self._unwrap(tenant_id, row[1]), bool(row[2]))
        self._tenants[tenant_id] = keys
        return keys

    def _store_tenant(self, tenant_id: str, keys: TenantKeys) -> None:
        self._connection.execute(
            "INSERT INTO tenant_key VALUES (?, ?, ?, ?)",
            (tenant_id, self._wrap(tenant_id, keys.kek), self._wrap(tenant_id, keys.analytics_key), keys.is_simulated),
        )
        self._tenants[tenant_id] = keys

    def _wrap(self, tenant_id: str, raw: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._master.encrypt(nonce, raw, tenant_id.encode())

    def _unwrap(self, tenant_id: str, wrapped: bytes) -> bytes:
        try:
            return self._master.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], tenant_id.encode())
        except InvalidTag as error:
            raise Refused(
                "STORE_UNAVAILABLE", "the master key is not the one that wrapped this tenant's keys"
            ) from error

    def close(self) -> None:
        with self._mutex:
            self._connection.close()


def key_id_of(tenant_id: str, subject: str) -> str:
    """The name of a subject's key; it says nothing about whose it is."""
    return "key_" + sha256(f"{tenant_id}|{subject}".encode()).hexdigest()[:26]


def open_vault(settings: Settings) -> Vault:
    """The keys of an installation; its master key is made at the first start."""
    path = settings.master_key_path
    if settings.keys_path.exists() and not path.exists():
        raise Refused(
            "STORE_UNAVAILABLE", "the master key is missing: without it no personal data can be read", file=str(path)
        )
    master_key = secret_at(path, lambda: os.urandom(_MASTER_BYTES))
    if len(master_key) != _MASTER_BYTES:
        raise Refused(
            "STORE_UNAVAILABLE",
            f"the master key has {counted(len(master_key), 'byte')}, not {_MASTER_BYTES}",
            file=str(path),
        )
    try:
        return Vault(settings.keys_path, master_key)
    except sqlite3.DatabaseError as error:
        raise Refused(
            "STORE_UNAVAILABLE",
            f"the keys cannot be read ({error}); a damaged file is to be brought back from its own backup",
            file=str(settings.keys_path),
        ) from error
