"""Between protobuf messages and what Structs are made of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet

from event_store.api.reading import unreadable
from event_store.api.rpc.schema import Schema
from mymedic.clock import EPOCH
from mymedic.errors import Refused
from mymedic.messages import Command


def command_of(schema: Schema, name: str, body: bytes) -> Command:
    """The command in a message, held against its Struct as JSON would be; VALIDATION_FAILED with the place."""
    try:
        message = schema.message(name).FromString(body)
    except DecodeError as error:
        raise Refused("VALIDATION_FAILED", f"the bytes are no {name}") from error
    try:
        return msgspec.convert(_fields(schema, message, ""), schema.commands[name])
    except msgspec.ValidationError as error:
        raise unreadable(error) from error


def filled(schema: Schema, name: str, values: Mapping[str, Any]) -> Message:
    """A message of what is around commands; what is None stays out."""
    message = schema.message(name)()
    for field, value in values.items():
        if isinstance(value, datetime):
            since = value - EPOCH
            into = getattr(message, field)
            into.seconds, into.nanos = since.days * 86_400 + since.seconds, since.microseconds * 1000
        elif isinstance(value, list | tuple):
            getattr(message, field).extend(value)
        elif value is not None:
            setattr(message, field, value)
    return message


def _fields(schema: Schema, message: Message, place: str) -> dict[str, Any]:
    if len(UnknownFieldSet(message)):
        number = UnknownFieldSet(message)[0].field_number
        raise Refused("VALIDATION_FAILED", f"there is no field with number {number}", field=place or None)
    name = message.DESCRIPTOR.name
    found: dict[str, Any] = {field: empty for field, empty in schema.empties.get(name, ())}
    for field, value in message.ListFields():
        inner = f"{place}.{field.name}" if place else field.name
        kind = field.message_type
        if kind is not None and kind.GetOptions().map_entry:
            is_plain = kind.fields_by_name["value"].message_type is None
            found[field.name] = {
                key: value[key] if is_plain else _value(schema, value[key], f"{inner}.{key}") for key in value
            }
        elif field.is_repeated:
            found[field.name] = [
                one if kind is None else _value(schema, one, f"{inner}[{index}]") for index, one in enumerate(value)
            ]
        elif (name, field.name) in schema.as_json:
            found[field.name] = _json(value, inner)
        else:
            found[field.name] = value if kind is None else _value(schema, value, inner)
    return found


def _value(schema: Schema, message: Message, place: str) -> Any:
    name = message.DESCRIPTOR.name
    if message.DESCRIPTOR.full_name == "google.protobuf.Timestamp":
        return _instant(message, place)
    fields = _fields(schema, message, place)
    if name in schema.lists:
        return fields.get("items", {} if _is_map(message) else [])
    union = schema.unions.get(name)
    if union is None:
        return fields
    if not fields:
        raise Refused("VALIDATION_FAILED", "one of its alternatives must be set", field=place)
    ((alternative, value),) = fields.items()
    return {union.tag_field: union.tags[alternative], **value} if alternative in union.tags else value


def _is_map(message: Message) -> bool:
    kind = message.DESCRIPTOR.fields_by_name["items"].message_type
    return kind is not None and kind.GetOptions().map_entry


def _instant(message: Any, place: str) -> datetime:
    if message.nanos % 1000:
        raise Refused("VALIDATION_FAILED", "instants are whole microseconds", field=place)
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=message.seconds, microseconds=message.nanos // 1000)
    except OverflowError as error:
        raise Refused("VALIDATION_FAILED", "the instant is out of all bounds", field=place) from error


def _json(text: str, place: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refused("VALIDATION_FAILED", "the text is no JSON", field=place) from error
