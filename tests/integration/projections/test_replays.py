"""Replays aside: what was known, what was true, and what concerns one person, each equal to what it is a part of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from event_store.feed import Feed
from event_store.ledger import Ledger
from event_store.ledger.parts import tagged_seqs
from event_store.partial import Key, about, known_at, true_at
from event_store.past import Pasts
from event_store.retention.identity import View
from mymedic.clock import ManualClock
from mymedic.errors import Refused
from projections.aside import FIRST, contents, fold_aside
from projections.catalogue import PROJECTIONS, ROWS
from projections.database import ReadDatabase, open_read_database
from projections.generations import every_row
from projections.keeper import Keeper
from projections.row import Row
from tests.integration.projections.live import NOW

CLOCK = ManualClock(NOW)
OF_A_PERSON = [row for row in ROWS if "patient_id" in row.__struct_fields__]


@pytest.fixture
def store_of_log(log: Feed) -> tuple[Ledger, Pasts]:
    assert log._pasts is not None
    return log._ledger, log._pasts


@pytest.fixture
def nothing_was_sent(log: Feed) -> Iterator[None]:
    """Whatever is replayed: no command was given, no event appended."""

    def counted() -> list[tuple[object, ...]]:
        with log._ledger.read() as reads:
            return reads.rows("SELECT tenant_id, count(*) FROM command_log GROUP BY 1 ORDER BY 1") + reads.heads()

    before = counted()
    yield
    assert counted() == before


@pytest.mark.usefixtures("nothing_was_sent")
def test_as_of_equals_a_snapshot_taken_then(log: Feed, store_of_log: tuple[Ledger, Pasts], tmp_path: Path) -> None:
    tenant_id = log.tenants()[0]
    database = open_read_database(f"sqlite:///{tmp_path / 'live.sqlite'}", ROWS)
    keeper = Keeper(log, database, CLOCK, PROJECTIONS)
    for third in (1, 2, 3):
        seq = log.head(tenant_id) * third // 3
        while keeper.advance(tenant_id, seq).events:
            pass
        snapshot = contents(database, tenant_id)
        (event,) = log.read(tenant_id, seq - 1, 1)
        until = log.known_at(tenant_id, event.recorded_at)[0]  # several may share an instant
        while keeper.advance(tenant_id, until).events:
            snapshot = contents(database, tenant_id)
        part = known_at(*store_of_log, tenant_id, event.recorded_at)
        assert fold_aside(part, tenant_id, tmp_path / "then.sqlite", CLOCK) == snapshot
    database.close()


@pytest.mark.usefixtures("nothing_was_sent")
def test_valid_at_leaves_out_what_happened_later_however_early_it_was_told(
    log: Feed, store_of_log: tuple[Ledger, Pasts], tmp_path: Path
) -> None:
    tenant_id = log.tenants()[0]
    events = log.read(tenant_id, 0, 1_000_000)
    at = max(events, key=lambda one: (one.recorded_at - one.occurred_at, one.seq)).occurred_at
    part = true_at(*store_of_log, tenant_id, at)
    happened = [one.seq for one in events if one.occurred_at <= at]
    assert [one.seq for one in part.read(tenant_id, 0, 1_000_000)] == happened
    assert len(happened) < max(happened), "it was told after things that happened later"
    late = true_at(*store_of_log, tenant_id, max(one.occurred_at for one in events) + timedelta(days=1))
    whole = known_at(*store_of_log, tenant_id, NOW)
    assert fold_aside(late, tenant_id, tmp_path / "late.sqlite", CLOCK) == fold_aside(
        whole, tenant_id, tmp_path / "whole.sqlite", CLOCK
    )


@pytest.mark.usefixtures("nothing_was_sent")
@pytest.mark.parametrize("key", ["patient", "admission", "claim"])
def test_a_part_has_the_same_rows_as_the_whole(
    key: Key, log: Feed, replayed: ReadDatabase, store_of_log: tuple[Ledger, Pasts], tmp_path: Path
) -> None:
    for tenant_id in log.tenants():
        for id in most_eventful(log, tenant_id, key):
            part = about(*store_of_log, tenant_id, key, id)
            assert part.head(tenant_id) and len(part.read(tenant_id, 0, 10**6)) < log.head(tenant_id)
            fold_aside(part, tenant_id, tmp_path / f"{id}.sqlite", CLOCK)
            database = open_read_database(f"sqlite:///{tmp_path / f'{id}.sqlite'}", ROWS)
            whose = people(log, tenant_id, key, id)
            for row_class in OF_A_PERSON:
                assert rows_about(database, tenant_id, row_class, whose) == rows_about(
                    replayed, tenant_id, row_class, whose
                ), row_class.table
            database.close()


@pytest.mark.usefixtures("nothing_was_sent")
@pytest.mark.parametrize("key", ["patient", "admission", "claim"])
def test_a_part_of_a_moment_has_the_rows_of_that_moment(
    key: Key, log: Feed, store_of_log: tuple[Ledger, Pasts], tmp_path: Path
) -> None:
    for tenant_id in log.tenants():
        for id in most_eventful(log, tenant_id, key)[:1]:
            (event,) = log.read(tenant_id, middle_of(log, tenant_id, key, id) - 1, 1)
            known = known_at(*store_of_log, tenant_id, event.recorded_at)
            true = true_at(*store_of_log, tenant_id, event.occurred_at, NOW)
            for number, whole in enumerate((known, true)):
                part = about(*store_of_log, tenant_id, key, id, whole)
                seqs = [one.seq for one in part.read(tenant_id, 0, 10**6)]
                assert all(map(whole.has, seqs)) and len(seqs) < len(whole.read(tenant_id, 0, 10**6))
                found = []
                for name, each in (("part", part), ("whole", whole)):
                    path = tmp_path / f"{id}_{number}_{name}.sqlite"
                    fold_aside(each, tenant_id, path, CLOCK)
                    database = open_read_database(f"sqlite:///{path}", ROWS)
                    whose = {(f"{key}_id", id)}
                    found.append([rows_about(database, tenant_id, row, whose) for row in OF_A_PERSON])
                    database.close()
                assert found[0] == found[1] and any(found[0])


def middle_of(log: Feed, tenant_id: str, key: Key, id: str) -> int:
    """A seq by which half of somebody's story is told."""
    with log._ledger.read() as reads:
        seqs = sorted(tagged_seqs(reads, tenant_id, key, [id]))
    return seqs[len(seqs) // 2]


def test_two_do_not_fold_into_one_aside(log: Feed, store_of_log: tuple[Ledger, Pasts], tmp_path: Path) -> None:
    tenant_id = log.tenants()[-1]
    part = known_at(*store_of_log, tenant_id, NOW)
    path = tmp_path / "aside" / "read.sqlite"

    def another_comes(seq: int, until: int) -> None:
        with pytest.raises(Refused, match="STORE_LOCKED"):
            fold_aside(part, tenant_id, path, CLOCK)

    folded = fold_aside(part, tenant_id, path, CLOCK, on_progress=another_comes)
    assert folded == fold_aside(part, tenant_id, path, CLOCK)


def test_a_part_about_nobody_is_refused(log: Feed, store_of_log: tuple[Ledger, Pasts]) -> None:
    with pytest.raises(Refused, match="NOT_FOUND"):
        about(*store_of_log, log.tenants()[0], "patient", "pat_nobody")


def most_eventful(log: Feed, tenant_id: str, key: Key) -> list[str]:
    """The two with the longest stories, of which the tenant of a simulated chain may have none."""
    with log._ledger.read() as reads:
        rows = reads.rows(
            "SELECT value FROM tag WHERE tenant_id = ? AND kind = ?"
            " GROUP BY value ORDER BY count(*) DESC, value LIMIT 2",
            (tenant_id, key),
        )
    return [value for (value,) in rows]


def people(log: Feed, tenant_id: str, key: Key, id: str) -> set[tuple[str, str]]:
    """(column, value) by which rows of a read model are about whom the part is about."""
    if key != "patient":
        return {(f"{key}_id", id)}
    assert log._pasts is not None
    with log._ledger.read() as reads:
        return {("patient_id", one) for one in View(reads, log._pasts, tenant_id).records([id])[id]}


def rows_about(database: ReadDatabase, tenant_id: str, row_class: type[Row], whose: set[tuple[str, str]]) -> list[Row]:
    with database.read(tenant_id) as reader:
        return [
            row
            for row in every_row(reader, row_class, FIRST)
            if any(getattr(row, column, None) == value for column, value in whose)
        ]


def test_the_clock_of_the_test_is_after_the_log(log: Feed) -> None:
    for tenant_id in log.tenants():
        assert log.known_at(tenant_id, NOW)[0] == log.head(tenant_id)
