"""Sending one command as the person whose token it is, through the same handler as the API."""

from __future__ import annotations

from pathlib import Path

import msgspec

from apps.identity import identity_of
from event_store.api.asking import About, envelope_of
from event_store.api.identity import Bearer, Identity
from event_store.store import Store
from mymedic.clock import SystemClock
from mymedic.errors import Refused
from mymedic.messages import Ack, Actor, Command, Envelope
from mymedic.settings import Settings


class Signers:
    """Who asks, and who signs beside them, each by their own token; UNAUTHENTICATED, TENANT_MISMATCH."""

    def __init__(self, settings: Settings, token: str, cosigner: str | None, tenant_id: str | None = None) -> None:
        identity = identity_of(settings, SystemClock())
        self.bearer = identity.bearer(f"Bearer {_read(token, identity, 'token')}")
        second = identity.bearer(f"Bearer {_read(cosigner, identity, 'cosigner')}") if cosigner else None
        self.cosigner: Actor | None = second.actor if second else None
        if tenant_id not in (None, self.bearer.tenant_id):
            raise Refused("TENANT_MISMATCH", "this token speaks for another tenant")
        if second is not None and second.tenant_id != self.bearer.tenant_id:
            raise Refused("TENANT_MISMATCH", "who cosigns must be of the same tenant")

    @property
    def tenant_id(self) -> str:
        return self.bearer.tenant_id

    def send(self, store: Store, command: Command) -> Ack:
        """What became of it; raises what refused it."""
        return sent(store, envelope_of(command, About(channel="console"), self.bearer, SystemClock(), self.cosigner))


def sent_by(store: Store, command: Command, bearer: Bearer, command_id: str) -> Ack:
    """The same for a program of the product's own, whose command has an id that follows from what it says."""
    envelope = Envelope(
        command=command,
        command_id=command_id,
        tenant_id=bearer.tenant_id,
        actor=bearer.actor,
        issued_at=SystemClock().now(),
        channel="system",
        causation_id=command_id,
    )
    return sent(store, envelope)


def sent(store: Store, envelope: Envelope) -> Ack:
    """Read as if it had come from outside: a command that was put together here has been held to no bounds yet."""
    try:
        command = msgspec.convert(msgspec.to_builtins(envelope.command), type(envelope.command))
    except msgspec.ValidationError as error:
        raise Refused("VALIDATION_FAILED", str(error)) from error
    ack = store.handler.submit(msgspec.structs.replace(envelope, command=command))
    if ack.error is not None:
        raise Refused(ack.error.code, ack.error.message, **ack.error.details)
    return ack


def _read(token: str, identity: Identity, option: str) -> str:
    """A token, or what stands in the file of that name: a word on the command line can be seen by others."""
    path = Path(token)
    if len(token) < 200 and path.is_file():
        return path.read_text(encoding="utf-8", errors="replace").strip()
    if "/" in token or not identity.claims(token):
        raise Refused("NOT_FOUND", f"there is no file {token[:80]}, and it is no token either", field=option)
    return token
