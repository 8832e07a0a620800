"""What a command touches: the records whose ids it names, the stream that decides it, and their branches."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from msgspec import Struct

from event_store.catalogue import AGGREGATES
from mymedic.deciding import Aggregate, Context, Decision
from mymedic.messages import Command

# Fields that name a record otherwise than `<aggregate>_id`.
_OTHER_NAMES = {"to_bed_id": "bed"}
_SLOTS = ("slot_id", "new_slot_id")
# What a record hangs on when it does not say itself whose it is.
_PARENTS = ("appointment", "encounter", "admission", "invoice", "payment")
_BRANCHES = ("branch_id", "branch_scope")


class Record(NamedTuple):
    """A stream that a command names or decides on, as it is now."""

    aggregate: str
    id: str
    state: Any
    is_target: bool = False

    @property
    def exists(self) -> bool:
        return bool(self.state.exists)

    def about(self, name: str, context: Context) -> str | None:
        """Whose the record is, by `patient_id` or `practitioner_id`: its own word, else that of what it hangs on."""
        own: str | None = getattr(self.state, name, None)
        if own:
            return own
        for parent in _PARENTS:
            parent_id = getattr(self.state, f"{parent}_id", None) if parent != self.aggregate else None
            if parent_id and (found := getattr(context.state(parent, parent_id), name, None)):
                return str(found)
        return None

    def is_somebodys(self) -> bool:
        """Whether records of this kind are a patient's at all."""
        return any(hasattr(self.state, f"{name}_id") for name in ("patient", *_PARENTS))


def records_touched(
    command: Command, context: Context, aggregate: Aggregate, decision: Decision, state: Any
) -> Iterator[Record]:
    """In the order of the command's fields; the command's own stream last, unless it is about to begin."""
    made = decision.target if decision.creates is not False and isinstance(decision.target, str) else None
    seen = set()
    for field, name in _naming(type(command)):
        named = getattr(command, field)
        if field == made or named is None:
            continue
        for id in (named,) if isinstance(named, str) else named:
            if (name, id) == (aggregate.name, context.id):
                continue
            seen.add((name, id))
            yield Record(name, id, context.state(name, id))
    if state.exists or decision.creates is False:
        yield Record(aggregate.name, context.id, state, is_target=True)


def branches_named(command: Command, context: Context) -> Iterator[str]:
    """The branches that stand in a command, at any depth, and those of the slots in it."""
    yield from _branches_in(command)
    for field in _SLOTS:
        slot_id = getattr(command, field, None)
        schedule_id = context.holder("slot", slot_id) if slot_id else None
        if schedule_id:
            yield context.state("schedule", schedule_id).branch_id


def _branches_in(value: Any) -> Iterator[str]:
    if isinstance(value, Struct):
        for field in value.__struct_fields__:
            inner = getattr(value, field)
            if field not in _BRANCHES:
                yield from _branches_in(inner)
            elif inner is not None:
                yield from (inner,) if isinstance(inner, str) else inner
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _branches_in(one)


@cache
def _naming(command: type[Command]) -> tuple[tuple[str, str], ...]:
    """(field, aggregate) of the fields of a command that name records by their ids."""
    names = {f"{name}{end}": name for name in AGGREGATES for end in ("_id", "_ids")} | _OTHER_NAMES
    # A branch is a place, not somebody's record: `branches_named` looks after it.
    found = ((field, names.get(field)) for field in command.__struct_fields__)
    return tuple((field, name) for field, name in found if name is not None and name != "branch")
