"""What is shown live is, cell by cell, what dbt makes of the same log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import cache, partial
from pathlib import Path

import pytest

from apps.reference.tables import models_in
from apps.twins import differences, twins
from event_store.feed import Feed, open_feed
from event_store.retention.keys import open_vault
from exports.warehouse import opened
from mymedic.clock import ManualClock
from projections.catalogue import PROJECTIONS, ROWS
from projections.database import ReadDatabase, open_read_database
from projections.keeper import Keeper
from projections.row import Row
from tests.integration.projections.live import NOW
from tests.worlds import World

MODELS = Path(__file__).parents[2] / "dbt_project" / "models" / "projections"


@cache
def tagged() -> frozenset[str]:
    """The models that say of themselves that they are a twin."""
    return frozenset(
        model["name"] for model in models_in(MODELS) if model.get("config", {}).get("meta", {}).get("live_twin")
    )


COMPARED = [row for row in twins() if row.table in tagged()]


@pytest.fixture(scope="module")
def feed(tiny_world: World) -> Iterator[Feed]:
    with open_feed(tiny_world.settings) as opened_feed:
        yield opened_feed


@pytest.fixture(scope="module")
def live(feed: Feed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadDatabase]:
    database = open_read_database(f"sqlite:///{tmp_path_factory.mktemp('live') / 'read.sqlite'}", ROWS)
    for tenant_id in feed.tenants():
        Keeper(feed, database, ManualClock(NOW), PROJECTIONS).drain(tenant_id)
    yield database
    database.close()


def test_every_read_model_has_a_twin_but_the_timeline_which_is_compared_with_its_own_replay() -> None:
    assert {row.table for row in twins()} - tagged() == {"proj_patient_timeline"}
    assert tagged() <= {row.table for row in twins()}


@pytest.mark.parametrize("row_class", COMPARED, ids=lambda row: row.table)
def test_live_rows_equal_their_twins(row_class: type[Row], tiny_world: World, feed: Feed, live: ReadDatabase) -> None:
    for tenant_id in feed.tenants():
        with (
            closing(open_vault(tiny_world.settings)) as vault,
            live.read(tenant_id) as reader,
            opened(tiny_world.warehouse(tenant_id)) as warehouse,
        ):
            patient_key = partial(vault.patient_key, tenant_id)
            assert differences(reader, row_class, 1, warehouse, patient_key) == []
