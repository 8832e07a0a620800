"""What a batch of events will ask for, by the ids that it names: read at once instead of row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from operator import attrgetter
from typing import Any

from msgspec import Struct

from event_store.catalogue import aggregate_of_stream
from event_store.recorded import Recorded
from event_store.states import stream_of

Named = dict[str, set[str]]  # column -> ids

# Aggregates that live for some days and are many; the few that live for years are soon remembered.
_AGGREGATES = (
    *("appointment", "encounter", "payment", "invoice", "admission", "claim", "followup", "cash_session", "bed"),
    "schedule",
)
_STREAM_OF = {f"{name}_id": name for name in _AGGREGATES}
# By these columns few rows are found; a schedule or a branch would find thousands.
ROWS_BY = frozenset({*_STREAM_OF, "slot_id", "duplicate_id"} - {"schedule_id"})
_COLUMNS = frozenset({*_STREAM_OF, *ROWS_BY, "patient_id"})


def named_by(events: Iterable[Recorded]) -> Named:
    """The ids in events, in their envelopes, and of their streams."""
    named: Named = {}
    for event in events:
        aggregate, id = aggregate_of_stream(event.stream_id)
        if aggregate.name in _AGGREGATES:
            _add(named, f"{aggregate.name}_id", id)
        _collect(named, event)
        _collect(named, event.event)
    # A patient may be known under the record that theirs was merged into.
    named["duplicate_id"] = named.pop("patient_id", set())
    return named


def also_named_by(named: Named, rows: Iterable[Struct]) -> None:
    """Take up what rows name that were found by what events name."""
    for row in rows:
        _collect(named, row)


def streams_of(named: Mapping[str, Iterable[str]]) -> list[str]:
    return [stream_of(_STREAM_OF[column], id) for column, ids in named.items() if column in _STREAM_OF for id in ids]


def _collect(named: Named, struct: Struct) -> None:
    for column, read in _readers(type(struct)):
        value = read(struct)
        if isinstance(value, str):
            _add(named, column, value)
        elif isinstance(value, tuple):
            named.setdefault(column, set()).update(value)


def _add(named: Named, column: str, id: str) -> None:
    named.setdefault(column, set()).add(id)


@cache
def _readers(struct_class: type[Struct]) -> list[tuple[str, Callable[[Any], Any]]]:
    """Column -> how its id, or its ids where a field holds several, are read."""
    return [
        (column, attrgetter(name))
        for name in struct_class.__struct_fields__
        if (column := name.removesuffix("s")) in _COLUMNS
    ]
