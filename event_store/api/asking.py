"""What a caller says besides the command or question itself, whichever way it came in (DOMAIN §2.1)."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from event_store.api.identity import Bearer
from mymedic.clock import Clock
from mymedic.errors import Refused
from mymedic.ids import OWN_COMMAND, UlidFactory
from mymedic.messages import Actor, Command, EntryChannel, Envelope, Id, Timestamp

# Who works where the network may be gone, and so may say themselves when it was (R-CMD-6).
OFFLINE_ROLES = ("DR", "FD")
StreamVersion = Annotated[int, Meta(ge=0, le=999_999_999)]
_TIMESTAMP = msgspec.json.Decoder(Timestamp)


class About(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The envelope as a caller may fill it in. The tenant and the actor are the bearer's, and nobody else's to say;
    `tenant_id` says only for which tenant the caller believes to speak.
    """

    command_id: Id | None = None
    expected_version: StreamVersion | None = None
    aggregate_id: Id | None = None
    correlation_id: Id | None = None
    causation_id: Id | None = None
    client_recorded_at: Timestamp | None = None
    channel: EntryChannel = "api"
    tenant_id: Id | None = None


def envelope_of(
    command: Command, about: About, bearer: Bearer, clock: Clock, cosigner: Actor | None = None
) -> Envelope:
    """The command on its way in; TENANT_MISMATCH (R-AUTH-1), and FORBIDDEN for who may not say when it was."""
    if about.tenant_id is not None and about.tenant_id != bearer.tenant_id:
        raise Refused("TENANT_MISMATCH", "this token speaks for another tenant")
    if about.command_id is not None and about.command_id.startswith(f"{OWN_COMMAND}_"):
        raise Refused("VALIDATION_FAILED", "such ids are those of the product's own processes", field="command_id")
    if about.client_recorded_at is not None and not bearer.actor.has(*OFFLINE_ROLES):
        raise Refused(
            "FORBIDDEN",
            "only doctors and the front desk work offline and may say when it was",
            field="client_recorded_at",
        )
    return Envelope(
        command=command,
        command_id=about.command_id or UlidFactory(clock).new("cmd", "", 0),
        tenant_id=bearer.tenant_id,
        actor=bearer.actor,
        cosigner=cosigner,
        issued_at=clock.now(),
        channel=about.channel,
        aggregate_id=about.aggregate_id,
        expected_version=about.expected_version,
        client_recorded_at=about.client_recorded_at,
        correlation_id=about.correlation_id,
        causation_id=about.causation_id,
    )


def instant(text: str | None, field: str) -> Any:
    """An instant with its offset, from a header; VALIDATION_FAILED when it is none."""
    if text is None:
        return None
    try:
        return _TIMESTAMP.decode(msgspec.json.encode(text))
    except msgspec.ValidationError as error:
        raise Refused("VALIDATION_FAILED", "an instant is RFC 3339 with its offset", field=field) from error


def require_known(said: Iterable[str], known: Container[str]) -> None:
    """A parameter that is misspelt must not widen the answer in silence."""
    for name in said:
        if name not in known:
            raise Refused("VALIDATION_FAILED", f"there is no parameter {name[:64]!r}", field=name[:64])
