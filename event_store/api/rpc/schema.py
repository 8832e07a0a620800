"""The protobuf schema, built from the commands' Structs: no generated file, and nothing to fall behind.

A field's number follows from its name. Numbers in the order of declaration would change under every client whenever
a command gains a field in the middle; a renamed field is another field, here as in JSON.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple

from google.protobuf import descriptor_pool, message_factory, timestamp_pb2
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.message import Message
from msgspec import Struct, inspect

from event_store.api.rpc.around import AROUND, TIMESTAMP
from event_store.catalogue import COMMANDS
from mymedic.messages import Command

PACKAGE, FILE = "mymedic.v1", "mymedic/v1/mymedic.proto"
COMMANDS_SERVICE, FEED_SERVICE = f"{PACKAGE}.Commands", f"{PACKAGE}.Feed"
# Four bytes of tag at most; protobuf keeps 19000 to 19999 for itself.
_LEAST, _MOST, _RESERVED = 16, 2**25, range(19_000, 20_000)
_F = FieldDescriptorProto
_LISTS = (inspect.VarTupleType, inspect.ListType)
_KINDS: dict[type[inspect.Type], Any] = {
    inspect.StrType: _F.TYPE_STRING,
    inspect.LiteralType: _F.TYPE_STRING,
    inspect.DateType: _F.TYPE_STRING,
    inspect.DateTimeType: TIMESTAMP,
    inspect.IntType: _F.TYPE_INT64,
    inspect.BoolType: _F.TYPE_BOOL,
    inspect.BytesType: _F.TYPE_BYTES,
    inspect.FloatType: _F.TYPE_DOUBLE,
}
# How an alternative is called that has no name of its own.
_ALTERNATIVES = {_F.TYPE_STRING: "text", _F.TYPE_INT64: "number", _F.TYPE_BOOL: "flag"}


class Tagged(NamedTuple):
    """A message that stands for one of several: alternative -> its tag, for Structs that carry one."""

    tag_field: str | None
    tags: dict[str, str]


class Schema:
    """The file, its classes, and what a reader must know beyond it."""

    def __init__(self, commands: Iterable[type[Command]]) -> None:
        self.file = FileDescriptorProto(name=FILE, package=PACKAGE, syntax="proto3")
        self.file.dependency.append("google/protobuf/timestamp.proto")
        self.comments: dict[str, str] = {}
        self.lists: set[str] = set()
        self.unions: dict[str, Tagged] = {}
        self.as_json: set[tuple[str, str]] = set()
        # Of each message, the collections that a command must have: on the wire, an empty one is not there.
        self.empties: dict[str, list[tuple[str, Any]]] = {}
        self.commands = {command.__name__: command for command in commands}
        self._messages: dict[str, DescriptorProto] = {}
        self._named = Counter(each.__name__ for each in _structs(self.commands.values()))
        for command in self.commands.values():
            self._struct(command)
        for name, fields in AROUND.items():
            self._around(name, fields)
        self._services()
        self.file.message_type.extend(self._messages[name] for name in sorted(self._messages))
        pool = descriptor_pool.DescriptorPool()
        pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
        pool.Add(self.file)
        self._pool = pool

    def message(self, name: str) -> type[Message]:
        """The class of a message of this schema."""
        return message_factory.GetMessageClass(self._pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))

    def _services(self) -> None:
        commands = self.file.service.add(name="Commands")
        for name in self.commands:
            commands.method.add(name=name, input_type=f".{PACKAGE}.{name}", output_type=f".{PACKAGE}.Ack")
        feed = self.file.service.add(name="Feed")
        feed.method.add(
            name="Follow",
            input_type=f".{PACKAGE}.FollowRequest",
            output_type=f".{PACKAGE}.RecordedEvent",
            server_streaming=True,
        )

    def _around(self, name: str, fields: tuple[tuple[str, Any, bool], ...]) -> None:
        message = self._messages[name] = DescriptorProto(name=name)
        for number, (field, kind, is_repeated) in enumerate(fields, start=1):
            one = message.field.add(name=field, number=number, label=_label(is_repeated))
            _set_kind(one, kind)
            _make_optional(message, one)

    def _struct(self, struct: type[Struct]) -> str:
        """The name of the message of a Struct, made on first use."""
        name = struct.__name__
        if self._named[name] > 1 or name in AROUND:
            name = f"{struct.__module__.split('.')[-2].title().replace('_', '')}{name}"
        if name not in self._messages:
            message = self._messages[name] = DescriptorProto(name=name)
            self.comments[name] = " ".join((struct.__doc__ or "").split()) if struct.__doc__ else ""
            info = inspect.type_info(struct)
            assert isinstance(info, inspect.StructType)
            for field in info.fields:
                self._field(message, field.encode_name, field.type)
                if field.required and isinstance(field.type, (*_LISTS, inspect.DictType)):
                    empty: Any = {} if isinstance(field.type, inspect.DictType) else []
                    self.empties.setdefault(name, []).append((field.encode_name, empty))
            _close(message)
        return name

    def _field(self, message: DescriptorProto, name: str, info: inspect.Type) -> None:
        (first, *others), is_optional = _alternatives(info)
        is_plain = not others and not is_optional
        inner = message.name + _camel(name)
        if is_plain and isinstance(first, _LISTS) and (kind := self._kind(inner, first.item_type)):
            _set_kind(message.field.add(name=name, number=number_of(name), label=_F.LABEL_REPEATED), kind)
        elif is_plain and isinstance(first, inspect.DictType) and (kind := self._kind(inner, first.value_type)):
            _add_map(message, name, number_of(name), kind)
        else:
            kind = self._kind(inner, info)
            if kind is None:
                self.as_json.add((message.name, name))
            one = message.field.add(name=name, number=number_of(name), label=_F.LABEL_OPTIONAL)
            _set_kind(one, kind or _F.TYPE_STRING)
            _make_optional(message, one)

    def _kind(self, name: str, info: inspect.Type) -> Any:
        """A scalar's type or a message's full name; None for what only JSON can hold. `name` is for a new message."""
        (one, *others), _ = _alternatives(info)
        if others:
            return self._union(name, [one, *others])
        if isinstance(one, inspect.StructType):
            return f".{PACKAGE}.{self._struct(one.cls)}"
        if isinstance(one, _LISTS):
            return self._list(self._kind(name, one.item_type))
        if isinstance(one, inspect.DictType):
            return self._dict(name, self._kind(f"{name}Value", one.value_type))
        is_text = not isinstance(one, inspect.LiteralType) or all(isinstance(value, str) for value in one.values)
        return _KINDS.get(type(one)) if is_text else _F.TYPE_INT64

    def _list(self, kind: Any) -> str | None:
        """Protobuf cannot tell an empty list from none: where both mean something, a list or a map is a message."""
        if kind is None:
            return None
        name = f"{kind.rpartition('.')[2] if isinstance(kind, str) else _ALTERNATIVES[kind].title()}List"
        if name not in self._messages:
            message = self._messages[name] = DescriptorProto(name=name)
            _set_kind(message.field.add(name="items", number=1, label=_F.LABEL_REPEATED), kind)
            self.lists.add(name)
        return f".{PACKAGE}.{name}"

    def _dict(self, name: str, kind: Any) -> str | None:
        if kind is None:
            return None
        message = self._messages[name] = DescriptorProto(name=name)
        _add_map(message, "items", 1, kind)
        self.lists.add(name)
        return f".{PACKAGE}.{name}"

    def _union(self, name: str, kinds: list[inspect.Type]) -> str | None:
        message = DescriptorProto(name=name)
        message.oneof_decl.add(name="one")
        tags, tag_field = {}, None
        for each in kinds:
            kind = self._kind(name, each)
            if kind is None:
                return None
            if isinstance(each, inspect.StructType):
                alternative = _snake(each.cls.__name__)
                if each.tag_field is not None:
                    tag_field, tags[alternative] = each.tag_field, str(each.tag)
            else:
                alternative = "list" if isinstance(kind, str) else _ALTERNATIVES[kind]
            one = message.field.add(name=alternative, number=number_of(alternative), label=_F.LABEL_OPTIONAL)
            one.oneof_index = 0
            _set_kind(one, kind)
        self._messages[name] = message
        self.unions[name] = Tagged(tag_field, tags)
        return f".{PACKAGE}.{name}"


@cache
def schema() -> Schema:
    """That of every command that people and programs may send."""
    return Schema([command for command in COMMANDS.values() if not command.is_from_door])


def number_of(name: str) -> int:
    """The number of a field, from its name; two names of one message that met would be refused by protobuf itself."""
    number = _LEAST + int.from_bytes(sha256(name.encode()).digest()[:8], "big") % (_MOST - _LEAST)
    return number + len(_RESERVED) if number in _RESERVED else number


def _alternatives(info: inspect.Type) -> tuple[list[inspect.Type], bool]:
    """What a field may hold besides nothing, and whether it may hold nothing."""
    while isinstance(info, inspect.Metadata):
        info = info.type
    if not isinstance(info, inspect.UnionType):
        return [info], False
    kinds = [one for one in info.types if not isinstance(one, inspect.NoneType)]
    return kinds, len(kinds) < len(info.types)


def _structs(commands: Iterable[type[Struct]]) -> set[type[Struct]]:
    found: set[type[Struct]] = set()
    waiting: list[Any] = [inspect.type_info(command) for command in commands]
    while waiting:
        info = waiting.pop()
        if isinstance(info, inspect.StructType):
            if info.cls not in found:
                found.add(info.cls)
                waiting += [field.type for field in info.fields]
            continue
        for name in ("type", "item_type", "value_type"):
            if hasattr(info, name):
                waiting.append(getattr(info, name))
        waiting += getattr(info, "types", ())
    return found


def _set_kind(field: FieldDescriptorProto, kind: Any) -> None:
    if isinstance(kind, str):
        field.type, field.type_name = _F.TYPE_MESSAGE, kind
    else:
        field.type = kind


def _add_map(message: DescriptorProto, name: str, number: int, kind: Any) -> None:
    entry = message.nested_type.add(name=f"{_camel(name)}Entry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, label=_F.LABEL_OPTIONAL, type=_F.TYPE_STRING)
    _set_kind(entry.field.add(name="value", number=2, label=_F.LABEL_OPTIONAL), kind)
    field = message.field.add(name=name, number=number, label=_F.LABEL_REPEATED)
    _set_kind(field, f".{PACKAGE}.{message.name}.{entry.name}")


def _make_optional(message: DescriptorProto, field: FieldDescriptorProto) -> None:
    """So that a zero can be told from what was left out."""
    if field.label == _F.LABEL_OPTIONAL and field.type != _F.TYPE_MESSAGE:
        field.proto3_optional = True
        field.oneof_index = len(message.oneof_decl)
        message.oneof_decl.add(name=f"_{field.name}")


def _close(message: DescriptorProto) -> None:
    numbers = Counter(field.number for field in message.field)
    assert max(numbers.values(), default=1) == 1, f"two fields of {message.name} have one number: rename one"


def _label(is_repeated: bool) -> Any:
    return _F.LABEL_REPEATED if is_repeated else _F.LABEL_OPTIONAL


def _camel(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
