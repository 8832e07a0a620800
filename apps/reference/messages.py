"""The pages of commands and events, from the catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from apps.reference.reach import OF_EVERY_COMMAND, reach_of
from apps.reference.wording import field_table, first_line, parts
from event_store.api.examples import example, full_example
from event_store.catalogue import AGGREGATES, kebab
from mymedic.deciding import Aggregate
from mymedic.messages import Command, Event

ROLE_NAMES = {
    "PP": "patient",
    "DR": "practitioner",
    "FD": "front desk",
    "FN": "finance",
    "CM": "chain manager",
    "AU": "auditor",
    "EN": "engineer",
    "IN": "integration",
    "SY": "system",
}


def commands_page() -> str:
    """One section per aggregate, one paragraph and table per command."""
    lines = [
        "# Commands",
        "",
        "`POST /v1/commands/<path>` with `Authorization: Bearer <token>`. The body is the command; everything about",
        "it (its id, the version that the caller has seen) is in headers: see `/schema/openapi.json` of a server; each",
        "command there has an example. `POST /v1/commands:batch` takes up to 200 from a device that was offline.",
        "`mymedic serve --grpc-port <port>` answers the same over gRPC, with the headers as metadata; clients are",
        "generated from `commands.proto` beside this page.",
        "",
        f"Roles: {', '.join(f'`{code}` {name}' for code, name in ROLE_NAMES.items())}.",
        "Amounts are whole paise, instants RFC 3339.",
        "",
        "Every command can be refused, before or around its own rules, with",
        f"{_names(OF_EVERY_COMMAND)}.",
        "*Refused with* names what its own rules and the guards of its events can say beside these, and `NOT_FOUND`",
        "where it names something that must exist; *Records* names every event that it can come to, not always all at",
        "once. Both are read from the source of the decision: a code may stand here that an earlier rule always",
        "answers first, but none is missing: a whole test run fails on what a command did and this page does not name.",
        "A sample holds what must be there: ids are made up, so a server answers it with `NOT_FOUND` as a rule.",
        "",
    ]
    for aggregate in AGGREGATES.values():
        lines += [f"## {_title(aggregate)}", ""]
        for command in aggregate.decisions:
            lines += _command(command)
        lines += _parts(list(aggregate.decisions))
    return "\n".join(lines)


def _command(command: type[Command]) -> list[str]:
    roles = ", ".join(f"`{role}`" for role in sorted(command.who))
    reach = reach_of(command)
    codes = [code for code in reach.codes if code == "NOT_FOUND" or code not in OF_EVERY_COMMAND]
    path = "Made by a door of the product, never sent" if command.is_from_door else f"Path `{kebab(command.__name__)}`"
    return [
        f"### {command.__name__}",
        "",
        *_about(command, Command),
        f"{path}. For {roles}.",
        "",
        f"Records: {_names(reach.events)}. Refused with: {_names(codes)}.",
        "",
        *field_table(command),
        "",
        *_sample(example(command)),
        "",
    ]


def events_page() -> str:
    """One section per aggregate, one paragraph and table per event."""
    lines = [
        "# Events",
        "",
        "What is in an event's payload. The envelope around it (`tenant_id`, `seq`, `event_id`, `stream_id`,",
        "`stream_version`, the business keys, `occurred_at`, `recorded_at`, actor, causation) is the same for all.",
        "Fields under `pii` are sealed with the key of the person whom they are about; they never reach the warehouse.",
        "A sample has every field, with values that its type takes; a stored event leaves out what is absent.",
        "",
    ]
    for aggregate in AGGREGATES.values():
        lines += [f"## {_title(aggregate)}", "", f"Stream `{aggregate.stream}-<id>`.", ""]
        for event in aggregate.events:
            lines += _event(event)
        lines += _parts(list(aggregate.events))
    return "\n".join(lines)


def _event(event: type[Event]) -> list[str]:
    return [
        f"### {event.__name__}",
        "",
        *_about(event, Event),
        f"Version {event.version}. Kept as: {', '.join(one.replace('_', ' ') for one in event.retention)}.",
        "",
        *field_table(event),
        "",
        *_sample(full_example(event)),
        "",
    ]


def _sample(body: dict[str, Any]) -> list[str]:
    return ["```json", msgspec.json.format(msgspec.json.encode(body), indent=2).decode(), "```"]


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "nothing"


def _parts(messages: list[type[Command]] | list[type[Event]]) -> list[str]:
    lines = []
    for part in parts(messages):
        lines += [f"#### {part.__name__}", "", *_about(part, Struct), *field_table(part), ""]
    return lines


def _about(struct: type[Struct], base: type[Struct]) -> list[str]:
    text = struct.__doc__ if struct.__doc__ != base.__doc__ else None
    return [first_line(text), ""] if text else []


def _title(aggregate: Aggregate) -> str:
    return aggregate.name.replace("_", " ").capitalize()
