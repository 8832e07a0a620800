"""Who stands behind an event: its actor, and the actors of whatever caused it, back to the first cause."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from event_store.ledger.reads import Reads
from event_store.ledger.schema import CLEAR_COLUMNS
from mymedic.clock import from_micros
from mymedic.messages import Ack, Actor, Timestamp

_ACK = msgspec.json.Decoder(Ack)
_ACTOR_OF = msgspec.json.Decoder(Actor)
_SEQ, _EVENT, _TYPE, _OCCURRED, _CAUSE, _COMMAND, _ACTOR, _CHANNEL, _PAYLOAD = map(
    CLEAR_COLUMNS.index,
    ("seq", "event_id", "event_type", "occurred_at", "causation_id", "command_id", "actor", "channel", "payload"),
)
# As `processes.world` names the cause of what a timer does: its kind and id, and when it was due, in microseconds.
_TIMER = re.compile(r"(?P<kind>[a-z_]+):(?P<id>[^@]*)@(?P<due_at>[0-9]+)")
Row = tuple[Any, ...]


class Link(Struct, frozen=True, kw_only=True):
    """One step back: the command that gave an event, and who sent it; or a timer; or an id that only a caller knows."""

    kind: Literal["command", "timer", "outside"]
    id: str
    seq: int | None = None
    event_id: str | None = None
    event_type: str | None = None
    occurred_at: Timestamp | None = None
    actor: Actor | None = None
    channel: str | None = None

    @property
    def is_initiative(self) -> bool:
        """Whether somebody or something outside of the product asked for it."""
        return self.actor is not None and self.actor.type != "system"


def actors_behind(
    reads: Reads, tenant_id: str, stream_id: str, event_type: str, having: Mapping[str, Any]
) -> frozenset[str]:
    """Ids of everybody behind the events of a stream with this type and these values (R-AUTH-4)."""
    rows = [
        row
        for row in reads.stream(tenant_id, stream_id)
        if row[_TYPE] == event_type and having.items() <= msgspec.json.decode(row[_PAYLOAD]).items()
    ]
    return frozenset(who for row in _all_behind(rows, _behind(reads, tenant_id, rows)) for who in _persons(row[_ACTOR]))


def chains_behind(reads: Reads, tenant_id: str, rows: Collection[Row]) -> dict[int, tuple[Link, ...]]:
    """seq -> the commands behind an event, its own first, back to the first cause. Rows: CLEAR_COLUMNS or more."""
    behind = _behind(reads, tenant_id, rows)
    return {row[_SEQ]: tuple(_chain(row, behind)) for row in rows}


def _chain(row: Row, behind: Mapping[str, list[Row]]) -> Iterable[Link]:
    seen: set[str] = set()
    while True:
        yield _link(row)
        cause = row[_CAUSE]
        if cause == row[_COMMAND] or cause in seen:
            return  # the command was the first cause
        seen.add(cause)
        if not behind.get(cause):
            yield Link(kind="timer" if _TIMER.fullmatch(cause) else "outside", id=cause)
            return
        row = behind[cause][0]  # the events of one command have one actor


def _link(row: Row) -> Link:
    return Link(
        kind="command",
        id=row[_COMMAND] or row[_CAUSE],
        seq=row[_SEQ],
        event_id=row[_EVENT],
        event_type=row[_TYPE],
        occurred_at=from_micros(row[_OCCURRED]),
        actor=_ACTOR_OF.decode(row[_ACTOR]),
        channel=row[_CHANNEL],
    )


def _all_behind(rows: Iterable[Row], behind: Mapping[str, list[Row]]) -> Iterable[Row]:
    """These events and everything behind them, each cause once."""
    waiting, seen = list(rows), set[str]()
    while waiting:
        row = waiting.pop()
        yield row
        if row[_CAUSE] != row[_COMMAND] and row[_CAUSE] not in seen:
            seen.add(row[_CAUSE])
            waiting += behind.get(row[_CAUSE], [])


def _behind(reads: Reads, tenant_id: str, rows: Collection[Row]) -> dict[str, list[Row]]:
    """cause -> the event with this id, or the events of the command with this id; asked level by level, for all."""
    behind: dict[str, list[Row]] = {}
    while wanted := sorted({row[_CAUSE] for row in rows if row[_CAUSE] != row[_COMMAND]} - behind.keys()):
        of_command = {id: list(_ACK.decode(ack).event_ids) for id, ack in reads.commands_named(tenant_id, wanted)}
        event_ids = {cause: of_command.get(cause, [cause]) for cause in wanted}
        found = {
            row[_EVENT]: row
            for row in reads.events_named(tenant_id, [one for some in event_ids.values() for one in some])
        }
        behind |= {cause: [found[one] for one in event_ids[cause] if one in found] for cause in wanted}
        rows = [row for cause in wanted for row in behind[cause]]
    return behind


def _persons(actor: str) -> set[str]:
    said = msgspec.json.decode(actor)
    return {said["id"], said.get("on_behalf_of")} - {None}
