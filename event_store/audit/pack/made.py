"""An evidence pack: its files, a manifest with their sha256, and the tenant's signature, in one zip."""

from __future__ import annotations

import base64
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from event_store.audit.asked import Asked, Subject, SubjectKind
from event_store.audit.book import Book, opened
from event_store.audit.pack.contents import Opened, contents
from event_store.audit.pack.verifier import FORMAT, MANIFEST, PUBLIC_KEY, SIGNATURE, container, fingerprint
from event_store.audit.sight import OPERATOR, Sight
from event_store.handle import Handler
from event_store.retention.identity import BREAKS_GLASS, NEVER, PersonalData
from event_store.retention.keys import Vault
from event_store.retention.signing import public_key, signature
from mymedic.errors import Refused
from mymedic.identity import IdentityField
from mymedic.messages import Actor, canonical_json

PACKED: tuple[SubjectKind, ...] = ("patient", "admission", "claim")
# What a broken glass lets out: who it is, not how old they are on the day of asking, which would change the bytes.
_NAMED: tuple[IdentityField, ...] = ("name", "phone_e164", "birth_year")


class Glass(NamedTuple):
    """Who breaks it, and why; it is in the log before the pack is made."""

    actor: Actor
    justification: str


class Pack(NamedTuple):
    """`fingerprint` is what the verifier is told, by another way than the pack."""

    data: bytes
    fingerprint: str
    manifest: dict[str, Any]


def fingerprint_of(vault: Vault, tenant_id: str) -> str:
    """By what a tenant's signing key is known."""
    return fingerprint(base64.b64decode(public_key(vault, tenant_id)))


def make_pack(
    handler: Handler,
    tenant_id: str,
    subject: Subject,
    *,
    as_of: datetime | None = None,
    sight: Sight = OPERATOR,
    glass: Glass | None = None,
) -> Pack:
    """Everything known of a patient, an admission or a claim; FORBIDDEN for who does not see all of it.

    The same log as known at the same instant gives the same bytes. Without a `glass` it holds ids and no names.
    """
    if subject.kind not in PACKED:
        raise Refused("VALIDATION_FAILED", f"a pack is made of a {', '.join(PACKED)}", field="subject")
    if sight != OPERATOR:
        raise Refused("FORBIDDEN", "a pack is made by who sees all of it")
    asked = Asked(subject=subject, as_of=as_of)
    with opened(handler, tenant_id, sight, asked) as book:
        patients = _patients(book, subject)
        until = book.until
        sealed = [entry.row for entry in book.whole(book.tag_of(subject)) if entry.row["pii"] is not None]
    opened_parts = None if glass is None else _opened(handler, tenant_id, patients, sealed, glass)
    with handler.ledger.read() as reads:
        book = Book(reads, handler.vault, handler.pasts, tenant_id, until, sight)
        return _signed(book, subject, *contents(book, subject, opened_parts))


def _opened(
    handler: Handler, tenant_id: str, patients: list[str], sealed: list[dict[str, Any]], glass: Glass
) -> Opened:
    """Only by breaking a glass, whatever else the actor may see at work: a pack goes out, so each leaves its trace."""
    if not glass.actor.has(BREAKS_GLASS):
        raise Refused("FORBIDDEN", f"names go into a pack for {BREAKS_GLASS} alone")
    roles = tuple(role for role in glass.actor.roles if role in (BREAKS_GLASS, *NEVER))
    actor = msgspec.structs.replace(glass.actor, roles=roles)
    why = glass.justification
    door = PersonalData(handler)
    people = door.people(tenant_id, actor, patients, _NAMED, justification=why, needs_all=True)
    of_patients = [row for row in sealed if row["patient_id"] is not None]
    parts = door.sealed_parts(tenant_id, actor, of_patients, why) if of_patients else {}
    return Opened(people, parts)


def _patients(book: Book, subject: Subject) -> list[str]:
    kind, ids = book.tag_of(subject)
    if kind == "patient":
        return ids
    return sorted({entry.told.patient_id for entry in book.whole((kind, ids)) if entry.told.patient_id is not None})


def _signed(book: Book, subject: Subject, files: dict[str, bytes], said: dict[str, Any]) -> Pack:
    tenant_id = book.tenant_id
    key = base64.b64decode(public_key(book.vault, tenant_id))
    files = {**files, PUBLIC_KEY: key}
    manifest = {
        "format": FORMAT,
        "tenant_id": tenant_id,
        "kind": subject.kind,
        "id": subject.id,
        "as_of": msgspec.to_builtins(book.as_of),
        **said,
        "files": [
            {"name": name, "size": len(files[name]), "sha256": sha256(files[name]).hexdigest()}
            for name in sorted(files)
        ],
    }
    raw = canonical_json(manifest)
    files = {**files, MANIFEST: raw, SIGNATURE: base64.b64decode(signature(book.vault, tenant_id, raw))}
    return Pack(container([(name, files[name]) for name in sorted(files)]), fingerprint(key), manifest)
