"""Resolutions of the log, laid over the published items: what was resolved a moment ago is not asked for again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from apps.recon_items import WarehouseItems
from mymedic.errors import Refused
from projections.catalogue import ROWS
from projections.database import ReadDatabase, open_read_database
from projections.reconciled import ItemFilter, ReconItem, reconciliation_items
from projections.reconciliation import ReconCarried, ReconResolution
from tests.integration.apps.conftest import CHAIN
from tests.worlds import World

TODAY = date(2026, 12, 1)
EVERYTHING = ItemFilter(limit=100_000)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[ReadDatabase]:
    database = open_read_database(f"sqlite:///{tmp_path / 'read.sqlite'}", ROWS)
    yield database
    database.close()


@pytest.fixture
def published_items(published: World) -> WarehouseItems:
    return WarehouseItems(published.settings.warehouse_dir)


def items(published: WarehouseItems, database: ReadDatabase, wanted: ItemFilter = EVERYTHING) -> list[ReconItem]:
    with database.read(CHAIN) as reader:
        return reconciliation_items(published, reader, 1, TODAY, wanted)


def test_a_payment_is_told_when_it_is_due_and_what_became_of_it(
    published_items: WarehouseItems, database: ReadDatabase
) -> None:
    of_payments = [one for one in items(published_items, database) if one.kind == "payment"]
    wanted = {one.left_ref: (one.due_on, one.class_) for one in of_payments if one.left_ref}
    assert len({class_ for _, class_ in wanted.values()}) > 1
    assert published_items.of_payments(CHAIN, [*wanted, "pay_unknown"]) == wanted
    assert published_items.of_payments(CHAIN, []) == {}
    assert published_items.of_payments("ten_not_built_yet", list(wanted)) == {}


def test_items_of_which_nobody_said_anything_are_as_published(
    published_items: WarehouseItems, database: ReadDatabase
) -> None:
    everything = items(published_items, database)
    mismatched = items(published_items, database, EVERYTHING._replace(status=("mismatched",)))
    assert {one.hyper_status for one in everything} == {"expected", "posted", "mismatched"}
    assert mismatched == [one for one in everything if one.hyper_status == "mismatched"] != []
    assert everything == sorted(everything, key=lambda one: (one.business_date, one.recon_item_id))
    some = everything[len(everything) // 2]
    narrow = ItemFilter(
        branch_ids=(some.branch_id,),
        leg=some.leg,
        class_=some.class_,
        since=some.business_date,
        until=some.business_date,
    )
    assert some in items(published_items, database, narrow)
    assert all(
        (one.branch_id, one.leg, one.class_, one.business_date)
        == (some.branch_id, some.leg, some.class_, some.business_date)
        for one in items(published_items, database, narrow)
    )
    pages = [items(published_items, database, ItemFilter(limit=50, offset=offset)) for offset in (0, 50)]
    assert [*pages[0], *pages[1]] == everything[:100]


def test_what_was_resolved_since_the_build_is_resolved(published_items: WarehouseItems, database: ReadDatabase) -> None:
    before = items(published_items, database, EVERYTHING._replace(status=("mismatched",)))
    resolved, void, stale = before[:3]
    said = [
        ReconResolution(
            tenant_id=CHAIN,
            item_id=one.recon_item_id,
            settled_seq=900 + number,
            is_in_force=True,
            item_hash=one.item_hash if one is not stale else "another",
            resolution="ignore_test" if one is void else "write_off",
            amount_paise=one.open_paise,
        )
        for number, one in enumerate((resolved, void, stale))
    ]
    carried = ReconCarried(
        tenant_id=CHAIN,
        item_id=stale.recon_item_id,
        carried_from_run="run_1",
        last_run="run_2",
        opened_on=TODAY,
        item_hash="another",
        open_paise=1,
    )
    with database.write(CHAIN) as writer:
        writer.upsert(ReconResolution, 1, said)
        writer.upsert(ReconCarried, 1, [carried])
    after = items(published_items, database, EVERYTHING._replace(status=("mismatched",)))
    assert {one.recon_item_id for one in before} - {one.recon_item_id for one in after} == {
        resolved.recon_item_id,
        void.recon_item_id,
    }
    (shown,) = (one for one in after if one.recon_item_id == stale.recon_item_id)
    assert (shown.resolution_state, shown.open_paise, shown.carried_from_run) == ("stale", stale.open_paise, "run_1")
    (done,) = items(published_items, database, EVERYTHING._replace(status=("resolved",)))
    assert (done.recon_item_id, done.open_paise, done.resolution) == (resolved.recon_item_id, 0, "write_off")
    (test,) = items(published_items, database, EVERYTHING._replace(status=("void",)))
    assert (test.recon_item_id, test.open_paise) == (void.recon_item_id, 0)


def test_without_a_build_there_are_no_items(published_items: WarehouseItems, database: ReadDatabase) -> None:
    with database.read("ten_unbuilt") as reader, pytest.raises(Refused, match="NOT_FOUND"):
        reconciliation_items(published_items, reader, 1, TODAY, EVERYTHING)
