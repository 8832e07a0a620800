"""Answers to commands: the first one, the same again, and the refusal; and when a command's fact happened."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from event_store.aggregates.invoice.commands import ImportBilling
from event_store.catalogue import COMMANDS
from event_store.storable import check_storable
from mymedic.errors import Refused
from mymedic.messages import Ack, Envelope, ErrorBody, canonical_json

_ACK = msgspec.json.Decoder(Ack)
_DECODERS = {command: msgspec.json.Decoder(command) for command in COMMANDS.values()}
OFFLINE_PAST = timedelta(hours=24)
OFFLINE_FUTURE = timedelta(minutes=2)


def fingerprint(envelope: Envelope) -> str:
    """What must be equal for two commands with one id to be the same command.

    The body is read back on the way: a command that was made in Python has not been held against its types yet, and
    a value out of bounds would become an event that nobody can read again.
    """
    body = canonical_json(envelope.command)
    try:
        _DECODERS[type(envelope.command)].decode(body)
    except msgspec.ValidationError as error:
        text, _, place = str(error).partition(" - at `")
        raise Refused("VALIDATION_FAILED", text, field=place.rstrip("`").removeprefix("$.") or None) from error
    check_storable(envelope.command, body)
    about = f"{type(envelope.command).__name__}\n{envelope.aggregate_id or ''}\n"
    return sha256(about.encode() + body).hexdigest()


def answered_before(print_now: str, print_then: str, logged_ack: str) -> Ack:
    """The first answer to the same command; IDEMPOTENCY_CONFLICT when it was another command."""
    if print_now != print_then:
        raise Refused("IDEMPOTENCY_CONFLICT", "this command id was used before for another command")
    ack = _ACK.decode(logged_ack)
    return ack if ack.status == "rejected" else msgspec.structs.replace(ack, status="duplicate")


def rejected(command_id: str, refusal: Refused) -> Ack:
    error = ErrorBody(
        code=refusal.code,
        message=refusal.message,
        details={name: value for name, value in refusal.details.items() if value is not None},
        retryable=refusal.retryable,
    )
    return Ack(status="rejected", command_id=command_id, error=error)


def occurred_at(envelope: Envelope, now: datetime) -> datetime:
    """R-CMD-6: an offline client's own time counts when it is at most a day old and not ahead of us."""
    if isinstance(envelope.command, ImportBilling):
        return envelope.command.occurred_at  # history says itself when it happened
    at = envelope.client_recorded_at
    if at is None:
        return envelope.issued_at
    if not now - OFFLINE_PAST <= at <= now + OFFLINE_FUTURE:
        raise Refused("CLOCK_SKEW", "client_recorded_at must lie between 24 h ago and 2 min from now")
    return at
