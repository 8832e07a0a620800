"""The schema as a `.proto` file, for clients in any language."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto

from event_store.api.rpc.schema import PACKAGE, Schema

_F = FieldDescriptorProto
_WORDS: dict[Any, str] = {
    _F.TYPE_STRING: "string",
    _F.TYPE_INT64: "int64",
    _F.TYPE_BOOL: "bool",
    _F.TYPE_BYTES: "bytes",
    _F.TYPE_DOUBLE: "double",
}


def proto_text(schema: Schema) -> str:
    """What `protoc` makes the same descriptors of (tests hold it to that)."""
    file = schema.file
    lines = [f'syntax = "{file.syntax}";', "", f"package {file.package};", ""]
    lines += [f'import "{name}";' for name in file.dependency]
    for service in file.service:
        lines += ["", f"service {service.name} {{"]
        for method in service.method:
            stream = "stream " if method.server_streaming else ""
            # In full: within a service, a method hides the message that has its name.
            lines.append(f"  rpc {method.name}({method.input_type}) returns ({stream}{method.output_type});")
        lines.append("}")
    for message in file.message_type:
        lines.append("")
        lines += [f"// {line}" for line in wrap(schema.comments.get(message.name, ""), 110)]
        lines += [f"message {message.name} {{", *_body(message), "}"]
    return "\n".join(lines) + "\n"


def _body(message: DescriptorProto) -> Iterator[str]:
    maps = {f".{PACKAGE}.{message.name}.{nested.name}": nested for nested in message.nested_type}
    for field in message.field:
        if field.type_name in maps:
            key, value = maps[field.type_name].field
            yield f"  map<{_word(key)}, {_word(value)}> {field.name} = {field.number};"
        elif not field.HasField("oneof_index") or field.proto3_optional:
            label = "repeated " if field.label == _F.LABEL_REPEATED else "optional " if field.proto3_optional else ""
            yield f"  {label}{_word(field)} {field.name} = {field.number};"
    inside = [field for field in message.field if field.HasField("oneof_index") and not field.proto3_optional]
    if inside:
        yield f"  oneof {message.oneof_decl[0].name} {{"
        yield from (f"    {_word(field)} {field.name} = {field.number};" for field in inside)
        yield "  }"


def _word(field: FieldDescriptorProto) -> str:
    return _short(field.type_name) if field.type_name else _WORDS[field.type]


def _short(name: str) -> str:
    return name.removeprefix(f".{PACKAGE}.").removeprefix(".")
