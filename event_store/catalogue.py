"""Wire name + version <-> class: the one list of everything that can be asked and everything that can have happened."""

from __future__ import annotations

import re
from typing import Any, Protocol

import msgspec

from event_store.aggregates import (
    admission,
    appointment,
    bank_statement,
    bed,
    branch,
    cash_session,
    claim,
    data_subject,
    encounter,
    export,
    followup,
    invoice,
    notification,
    patient,
    payment,
    policy,
    practitioner,
    price,
    recon_case,
    schedule,
    service_request,
    settlement_file,
    staff,
    tenant,
)
from event_store.upcasting import Past, UpcastError, require_chains, upcast
from mymedic.deciding import Aggregate, Decision
from mymedic.errors import Refused
from mymedic.messages import Command, Event, canonical_json

AGGREGATES: dict[str, Aggregate] = {
    module.AGGREGATE.name: module.AGGREGATE
    for module in (
        tenant,
        branch,
        practitioner,
        staff,
        patient,
        schedule,
        appointment,
        encounter,
        service_request,
        followup,
        price,
        policy,
        invoice,
        payment,
        cash_session,
        settlement_file,
        bank_statement,
        recon_case,
        admission,
        bed,
        claim,
        notification,
        data_subject,
        export,
    )
}

AGGREGATE_OF_STREAM: dict[str, Aggregate] = {aggregate.stream: aggregate for aggregate in AGGREGATES.values()}

EVENTS: dict[str, type[Event]] = {
    event.__name__: event for aggregate in AGGREGATES.values() for event in aggregate.events
}

COMMANDS: dict[str, type[Command]] = {
    command.__name__: command for aggregate in AGGREGATES.values() for command in aggregate.decisions
}

_OWNER: dict[type[Command], Aggregate] = {
    command: aggregate for aggregate in AGGREGATES.values() for command in aggregate.decisions
}

# Of events in today's shape, which nearly all are.
_DECODE = {(name, event.version): msgspec.json.Decoder(event).decode for name, event in EVENTS.items()}


def owner_of(command: type[Command]) -> tuple[Aggregate, Decision]:
    """The aggregate that decides a command, and how."""
    aggregate = _OWNER[command]
    return aggregate, aggregate.decisions[command]


def aggregate_of_stream(stream_id: str) -> tuple[Aggregate, str]:
    """The aggregate and the id behind a stream id."""
    stream, _, id = stream_id.partition("-")
    return AGGREGATE_OF_STREAM[stream], id


# command -> its fields that name an aggregate by its id, each with the beginning of the stream's id
_NAMING = {
    command: tuple(
        (field, f"{AGGREGATES[name].stream}-")
        for field in command.__struct_fields__
        if (name := field.removesuffix("_id")) in AGGREGATES and field.endswith("_id")
    )
    for command in _OWNER
}


def streams_named(command: Command) -> list[str]:
    """The streams whose ids stand in a command: what deciding it will most likely read."""
    named = ((stream, getattr(command, field)) for field, stream in _NAMING[type(command)])
    # A command that was made in Python has not been held against its types yet.
    return [stream + id for stream, id in named if isinstance(id, str) and id.isprintable()]


def kebab(name: str) -> str:
    """`CapturePayment` -> `capture-payment`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


COMMAND_OF_PATH: dict[str, type[Command]] = {kebab(name): command for name, command in COMMANDS.items()}


def encode_payload(event: Event) -> bytes:
    """Canonical JSON of the clear part of an event."""
    if getattr(event, "pii", None) is not None:
        event = msgspec.structs.replace(event, pii=None)
    return canonical_json(event)


def check_readable(event: Event, payload: bytes) -> None:
    """VALIDATION_FAILED for an event, and its payload, that could not be read again.

    A decision makes its events in Python, which holds nothing against its type; once recorded, one figure out of
    bounds would stop everybody who reads the tenant's log.
    """
    try:
        _DECODE[type(event).__name__, event.version](payload)
    except msgspec.ValidationError as error:
        said = f"{type(event).__name__} cannot be recorded: {error}"
        raise Refused("VALIDATION_FAILED", said, event_type=type(event).__name__) from error


class Pasts(Protocol):
    """Where what an old event does not say itself can be had (`event_store.past`)."""

    def of(self, tenant_id: str, seq: int) -> Past: ...


def decode_event(
    event_type: str,
    version: int,
    payload: str | bytes,
    pii: bytes | None = None,
    pasts: Pasts | None = None,
    tenant_id: str = "",
    seq: int = 0,
    is_opened: bool = False,
) -> Event:
    """The event in today's shape, whatever version it was written in; an unknown one is SCHEMA_VERSION_UNKNOWN.

    `pasts`, with the tenant and the seq, is for old events that cannot be read alone. Personal data that stood in
    clear in an old event is given only to those who open it.
    """
    decode = _DECODE.get((event_type, version))
    if decode is not None and pii is None:
        return decode(payload)
    fields = todays_fields(event_type, version, payload, pasts, tenant_id, seq)
    if pii is not None:
        fields["pii"] = msgspec.json.decode(pii)
    elif not is_opened:
        fields.pop("pii", None)
    try:
        return msgspec.convert(fields, EVENTS[event_type])
    except msgspec.ValidationError as error:
        raise UpcastError(f"a stored {event_type} of version {version}: {error}", event_type=event_type) from error


def todays_fields(
    event_type: str, version: int, payload: str | bytes, pasts: Pasts | None, tenant_id: str, seq: int
) -> dict[str, Any]:
    """The payload of a stored event as today's program would have written it."""
    event_class = require_known(event_type, version)
    fields: dict[str, Any] = msgspec.json.decode(payload)
    if version == event_class.version:
        return fields
    past = pasts.of(tenant_id, seq) if pasts is not None else None
    return upcast(event_type, version, event_class.version, fields, past)


def require_known(event_type: str, version: int) -> type[Event]:
    """The class of a stored event; SCHEMA_VERSION_UNKNOWN when it is of a type or a version yet to come."""
    event_class = EVENTS.get(event_type)
    if event_class is None or version > event_class.version:
        raise Refused(
            "SCHEMA_VERSION_UNKNOWN",
            f"{event_type} version {version} was written by a newer program; update before reading on",
            event_type=event_type,
            version=version,
        )
    return event_class


def require_readable() -> None:
    """UpcastError unless every event of the catalogue can be read from its first version on."""
    require_chains({name: event.version for name, event in EVENTS.items()})
