from __future__ import annotations

from typing import Literal

import duckdb
import pytest

from event_store.catalogue import AGGREGATES
from mymedic.messages import Event, Id, Paise, Timestamp, Value
from pipelines.landing.schema import tables, tables_of
from pipelines.landing.table import Kind, Table


class Part(Value, frozen=True, kw_only=True):
    amount_paise: Paise
    patient_id: Id | None = None


class Place(Value, frozen=True, kw_only=True):
    level: Literal["city", "branch"]
    city_id: Id | None = None


class Opened(Event, frozen=True, kw_only=True):
    branch_id: Id
    opened_at: Timestamp
    scope: Place
    parts: tuple[Part, ...] = ()
    labels: tuple[str, ...] = ()
    is_big: bool = False
    guardian_patient_id: Id | None = None
    opened_by: Id | None = None
    phone_hash: str | None = None
    seq: int | None = None


class Closed(Event, frozen=True, kw_only=True):
    is_big: bool


def columns(table: Table) -> dict[str, Kind]:
    return {column.name: column.kind for column in table.columns}


def test_fields_become_typed_columns() -> None:
    opened, parts = tables_of("thing", [Opened, Closed])
    assert columns(opened) == {
        "opened_at": Kind.TIMESTAMP,
        "scope_level": Kind.TEXT,
        "scope_city_id": Kind.TEXT,
        "parts_count": Kind.BIGINT,
        "labels": Kind.JSON,
        "is_big": Kind.BOOLEAN,
        "guardian_patient_key": Kind.TEXT,
        "opened_by": Kind.TEXT,
        "payload_seq": Kind.BIGINT,
    }
    assert (parts.name, parts.item_path) == ("thing__parts", ("parts",))
    assert columns(parts) == {"amount_paise": Kind.BIGINT, "patient_key": Kind.TEXT}


def test_a_default_is_what_absence_means_where_the_event_leaves_it_out() -> None:
    by_name = {column.name: column for column in tables_of("thing", [Opened, Closed])[0].columns}
    assert by_name["is_big"].absent == (("Opened", False),)
    assert by_name["is_big"].required == ("Closed",)
    assert by_name["labels"].absent == (("Opened", "[]"),)
    assert by_name["parts_count"].absent == (("Opened", 0),)


def test_identities_are_marked() -> None:
    by_name = {column.name: column.identity for column in tables_of("thing", [Opened])[0].columns}
    assert by_name["guardian_patient_key"] == "patient"
    assert by_name["opened_by"] == "actor"
    assert by_name["opened_at"] is None


class Reopened(Event, frozen=True, kw_only=True):
    is_big: int


class Rescoped(Event, frozen=True, kw_only=True):
    scope_level: str


class Measured(Event, frozen=True, kw_only=True):
    weight: float


class Grouped(Event, frozen=True, kw_only=True):
    seen_patient_ids: tuple[Id, ...]


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ([Opened, Reopened], "is_big is BOOLEAN at is_big in Opened but BIGINT at is_big in Reopened"),
        ([Opened, Rescoped], "scope_level is TEXT at scope.level in Opened but TEXT at scope_level in Rescoped"),
        ([Measured], "FloatType has no landing type"),
        ([Grouped], "patient ids land one by one"),
    ],
)
def test_what_cannot_land_is_refused(events: list[type[Event]], why: str) -> None:
    with pytest.raises(TypeError, match=why):
        tables_of("thing", events)


def test_every_aggregate_of_the_catalogue_lands() -> None:
    assert {table.aggregate for table in tables().values()} == set(AGGREGATES)
    for name, aggregate in AGGREGATES.items():
        assert tables()[name].events == tuple(event.__name__ for event in aggregate.events)


def test_no_column_holds_what_must_not_land_or_needs_quoting() -> None:
    reserved = {
        word
        for (word,) in duckdb.execute(
            "select keyword_name from duckdb_keywords() where keyword_category = 'reserved'"
        ).fetchall()
    }
    for table in tables().values():
        names = [column.name for column in table.all_columns]
        assert len(names) == len(set(names)), table.name
        assert not reserved & set(names), table.name
        for name in set(names) - {"include_pii"}:  # a question, not an answer
            assert name.isidentifier() and name == name.lower(), f"{table.name}.{name}"
            assert not any(part in name for part in ("patient_id", "pii", "phone", "name_hash")), f"{table.name}.{name}"
