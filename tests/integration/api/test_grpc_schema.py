"""The protobuf schema says what the Structs say, and the `.proto` file for clients says what the server takes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from grpc_tools import protoc
from msgspec import Struct

from event_store.api.rpc.schema import FILE, Schema, number_of, schema
from event_store.api.rpc.text import proto_text
from event_store.api.rpc.translate import command_of
from event_store.catalogue import COMMANDS
from mymedic.messages import Command


def compiled(text: str, folder: Path) -> FileDescriptorProto:
    """What protoc understands, without what it adds by itself."""
    path = folder / FILE
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    wellknown = Path(protoc.__file__).parent / "_proto"
    arguments = ["protoc", f"-I{folder}", f"-I{wellknown}", f"--descriptor_set_out={folder / 'out'}", FILE]
    assert protoc.main(arguments) == 0
    (found,) = FileDescriptorSet.FromString((folder / "out").read_bytes()).file
    for message in found.message_type:
        for field in [*message.field, *(field for nested in message.nested_type for field in nested.field)]:
            field.ClearField("json_name")
    return found


def test_the_file_for_clients_is_the_schema_of_the_server(tmp_path: Path) -> None:
    ours = FileDescriptorProto.FromString(schema().file.SerializeToString())
    theirs = compiled(proto_text(schema()), tmp_path)
    for name in ("package", "dependency", "service", "syntax"):
        assert getattr(theirs, name) == getattr(ours, name)
    for mine, read in zip(ours.message_type, theirs.message_type, strict=True):
        assert read == mine


def test_every_command_has_a_method_and_a_message() -> None:
    wanted = {name for name, command in COMMANDS.items() if not command.is_from_door}
    assert set(schema().commands) == wanted == {method.name for method in schema().file.service[0].method}
    for name in wanted:
        fields = set(schema().message(name).DESCRIPTOR.fields_by_name)
        assert fields == set(COMMANDS[name].__struct_encode_fields__)


def test_a_number_follows_from_a_name_alone() -> None:
    """A client of last year's file must be understood: these numbers never change."""
    assert (number_of("patient_id"), number_of("amount_paise")) == (28_068_739, 5_306_014)
    assert not any(19_000 <= number_of(f"field_{n}") < 20_000 for n in range(200_000))


class Inner(Struct, frozen=True, tag_field="kind", tag="inner"):
    n: int


class Other(Struct, frozen=True, tag_field="kind", tag="other"):
    on: date


class Odd(Command, frozen=True, kw_only=True):
    """Every kind of field that a command may have."""

    one: Inner | Other
    text_or_list: str | tuple[str, ...] = "*"
    maybe_list: tuple[Inner, ...] | None = None
    maybe_map: dict[str, int] | None = None
    by_key: dict[str, Inner]
    at: datetime | None = None
    many: tuple[int, ...] = ()
    anything: dict[str, object] | None = None


def test_every_kind_of_field_is_translated(tmp_path: Path) -> None:
    odd = Schema([Odd])
    compiled(proto_text(odd), tmp_path)
    message = odd.message("Odd")(
        one={"other": {"on": "2026-11-02"}},
        text_or_list={"list": {"items": ["a", "b"]}},
        maybe_list={},
        maybe_map={"items": {"a": 0}},
        by_key={"x": {"n": 0}},
        at={"seconds": 1_793_600_000, "nanos": 5000},
        many=[0, -1],
    )
    read = command_of(odd, "Odd", message.SerializeToString())
    assert read == Odd(
        one=Other(date(2026, 11, 2)),
        text_or_list=("a", "b"),
        maybe_list=(),
        maybe_map={"a": 0},
        by_key={"x": Inner(0)},
        at=datetime.fromtimestamp(1_793_600_000, UTC).replace(microsecond=5),
        many=(0, -1),
    )
    assert command_of(
        odd, "Odd", odd.message("Odd")(one={"inner": {"n": 0}}, anything='{"a":[1]}').SerializeToString()
    ) == Odd(one=Inner(0), by_key={}, anything={"a": [1]})
