"""Any history that the catalogue allows, as rows of the feed; made from the event classes, so new ones take part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from event_store.catalogue import AGGREGATES, encode_payload
from event_store.feed import RAW_COLUMNS
from mymedic.messages import Event
from pipelines.landing.rows import Batch, arrow

TENANT = "ten_any"
START = 1_775_000_000_000_000

# Small alphabets, so that values come again: patients who return, actors who do two things.
PATIENTS = st.sampled_from([f"pat_{n:026d}" for n in range(6)])
KEYS = {
    name: st.sampled_from([f"{name[:3]}_{n:026d}" for n in range(3)])
    for name in ("branch_id", "appointment_id", "payment_id")
}
ACTORS = st.sampled_from(
    ['{"id":"stf_1","roles":["FD"],"type":"user"}', '{"id":"timer","type":"system"}']
    + [f'{{"id":"pat_{n:026d}","type":"patient"}}' for n in range(2)]
    + ['{"id":"login-7","patient_id":"pat_00000000000000000000000007","type":"patient"}']
)


SIMPLE: dict[type, st.SearchStrategy[Any]] = {
    inspect.NoneType: st.none(),
    inspect.BoolType: st.booleans(),
    inspect.DateTimeType: st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    inspect.DateType: st.dates(date(2020, 1, 1), date(2030, 1, 1)),
}


def values(info: Any, name: str = "") -> st.SearchStrategy[Any]:
    """Builtins that convert to the given msgspec type."""
    drawn = SIMPLE.get(type(info))
    match info:
        case inspect.UnionType(types=types):
            drawn = st.one_of([values(one, name) for one in types])
        case inspect.StructType():
            drawn = struct(info)
        case inspect.IntType():
            drawn = integers(info)
        case inspect.LiteralType(values=choices):
            drawn = st.sampled_from(choices)
        case inspect.StrType():
            drawn = PATIENTS if "patient_" in name or name in ("survivor_id", "duplicate_id") else text(info)
        case inspect.VarTupleType(item_type=item, min_length=least):
            drawn = st.lists(values(item), min_size=least or 0, max_size=3)
        case inspect.DictType(key_type=key, value_type=value):
            drawn = st.dictionaries(values(key), values(value), max_size=2)
    if drawn is None:
        raise TypeError(info)
    return drawn


def integers(info: inspect.IntType) -> st.SearchStrategy[int]:
    low, high, step = info.ge or 0, info.le or 10**6, info.multiple_of or 1
    return st.integers(-(-low // step), high // step).map(lambda value: value * step)


def text(info: inspect.StrType) -> st.SearchStrategy[str]:
    if info.pattern:
        drawn = st.from_regex(info.pattern, fullmatch=True, alphabet=st.characters(codec="ascii"))
        return drawn.filter(lambda drawn: not drawn.endswith("\n") and (info.min_length or 0) <= len(drawn) <= 64)
    low = info.min_length or 1
    characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    return st.text(characters, min_size=low, max_size=min(low + 7, info.max_length or low + 7))


def struct(info: inspect.StructType) -> st.SearchStrategy[dict[str, Any]]:
    fields = {one.encode_name: values(one.type, one.encode_name) for one in info.fields if one.name != "pii"}
    if info.tag_field:
        fields[info.tag_field] = st.just(info.tag)
    required = {one.encode_name for one in info.fields if one.required} | {info.tag_field}
    return st.fixed_dictionaries(
        {name: one for name, one in fields.items() if name in required},
        optional={name: one for name, one in fields.items() if name not in required},
    )


def _event(kind: type[Event]) -> st.SearchStrategy[Event]:
    return values(inspect.type_info(kind)).map(lambda drawn: msgspec.convert(drawn, kind))


EVENTS = {
    name: st.one_of([_event(kind) for kind in aggregate.events]).filter(lambda event: event is not None)
    for name, aggregate in AGGREGATES.items()
}


@st.composite
def histories(draw: st.DrawFn, max_size: int = 12) -> list[tuple[tuple[Any, ...], Event]]:
    """(row, the event in it) in seq order; the envelope's keys agree with the payload's (DOMAIN §3.1)."""
    names = draw(st.lists(st.sampled_from(sorted(EVENTS)), max_size=max_size))
    return [_recorded(draw, seq, name) for seq, name in enumerate(names, 1)]


def _recorded(draw: st.DrawFn, seq: int, aggregate: str) -> tuple[tuple[Any, ...], Event]:
    event = draw(EVENTS[aggregate])
    patient_id = getattr(event, "patient_id", None) or draw(st.none() | PATIENTS)
    stream = patient_id or f"pat_{0:026d}" if aggregate == "patient" else f"{aggregate[:3]}_{seq % 3:026d}"
    row = {
        "tenant_id": TENANT,
        "seq": seq,
        "event_id": f"evt_{seq:026d}",
        "stream_id": f"{AGGREGATES[aggregate].stream}-{stream}",
        "stream_version": seq,
        "event_type": type(event).__name__,
        "schema_version": event.version,
        "patient_id": patient_id,
        "admission_id": getattr(event, "admission_id", None),
        "claim_id": None,
        **{name: getattr(event, name, None) or draw(st.none() | ids) for name, ids in KEYS.items()},
        "occurred_at": START + seq * 1_000_003 - draw(st.integers(0, 10**9)),
        "recorded_at": START + seq * 1_000_003,
        "causation_id": f"cmd_{seq:026d}",
        "correlation_id": draw(st.none() | st.just("flow")),
        "command_id": draw(st.none() | st.just(f"cmd_{seq:026d}")),
        "actor": draw(ACTORS),
        "channel": draw(st.sampled_from(["portal", "phone"])),
        "payload": encode_payload(event).decode(),
    }
    return tuple(row[name] for name in RAW_COLUMNS), event


class ListFeed:
    """A feed over rows in memory; `cuts` sizes the batches in turn, `in_arrow` gives them as record batches."""

    def __init__(self, rows: Sequence[tuple[Any, ...]], cuts: Sequence[int] = (), in_arrow: bool = False) -> None:
        self.rows = list(rows)
        self.cuts = list(cuts)
        self.in_arrow = in_arrow

    def head(self, tenant_id: str) -> int:
        return len(self.rows)

    def raw_batches(self, tenant_id: str, after_seq: int, until_seq: int | None, size: int) -> Iterator[Batch]:
        until = len(self.rows) if until_seq is None else until_seq
        cuts = iter(self.cuts)
        while after_seq < until:
            end = min(after_seq + next(cuts, size), until)
            batch = self.rows[after_seq:end]
            yield arrow(batch) if self.in_arrow else batch
            after_seq = end


def patient_key(patient_id: str) -> str:
    return f"key<{patient_id[::-1]}>"
