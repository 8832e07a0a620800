"""Two sides of one read model: what is alike, and how a difference is named."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, cast

import duckdb

from apps.twins import differences
from projections.database import Reader
from projections.row import Row

AT = datetime(2026, 11, 2, 4, 30, tzinfo=UTC)


class Things(Row, frozen=True, kw_only=True):
    table: ClassVar = "proj_things"
    key: ClassVar = ("thing_id",)

    thing_id: str
    patient_id: str | None
    seen_at: datetime
    tags: tuple[str, ...]


class Rows:
    """Just enough of a reader: the rows of one generation, by key, at once."""

    tenant_id = "ten_test"

    def __init__(self, rows: Sequence[Things]) -> None:
        self._rows = list(rows)

    def select(self, row_class: type[Row], generation: int, tail: str = "") -> list[Things]:
        rows, self._rows = self._rows, []
        return rows


def thing(thing_id: str, **changes: Any) -> Things:
    fields = {"patient_id": None, "seen_at": AT, "tags": ("b", "a"), "last_seq": 7, **changes}
    return Things(tenant_id="ten_test", thing_id=thing_id, **fields)


def compared(live: Sequence[Things], twin: Sequence[tuple[Any, ...]]) -> list[str]:
    with duckdb.connect() as warehouse:
        warehouse.execute("SET TimeZone = 'UTC'")
        warehouse.execute(
            "CREATE TABLE proj_things (tenant_id VARCHAR, thing_id VARCHAR, patient_key VARCHAR, seen_at TIMESTAMPTZ,"
            " tags VARCHAR, more BIGINT)"
        )
        for row in twin:
            warehouse.execute("INSERT INTO proj_things VALUES (?, ?, ?, ?, ?, ?)", row)
        return differences(cast(Reader, Rows(live)), Things, 1, warehouse, lambda patient_id: f"key of {patient_id}")


def a_twin(thing_id: str, patient_key: str | None = None, tags: str = '["a","b"]') -> tuple[Any, ...]:
    return ("ten_test", thing_id, patient_key, AT, tags, 1)


def test_pseudonyms_lists_in_another_order_and_columns_of_its_own_make_no_difference() -> None:
    assert compared([thing("t1", patient_id="pat_1")], [a_twin("t1", "key of pat_1")]) == []


def test_a_cell_that_differs_is_named_with_both_sides() -> None:
    (found,) = compared([thing("t1")], [a_twin("t1", tags='["a"]')])
    assert found == "proj_things t1: tags is ['a', 'b'] live, ['a'] in the twin"


def test_a_row_of_one_side_is_named_wherever_it_stands() -> None:
    live = [thing("t1"), thing("t3")]
    assert compared(live, [a_twin("t0"), a_twin("t3"), a_twin("t4")]) == [
        "proj_things t0: the twin alone has it",
        "proj_things t1: live alone has it",
        "proj_things t4: the twin alone has it",
    ]


def test_a_flood_of_differences_is_cut_off() -> None:
    assert len(compared([thing(f"t{number:02d}") for number in range(50)], [])) == 20


def test_another_tenants_rows_are_not_looked_at() -> None:
    assert compared([], [("ten_other", "t1", None, AT, "[]", 1)]) == []
