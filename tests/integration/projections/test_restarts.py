"""A PostgreSQL that goes down in the midst of work and comes back on what it had kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from event_store.feed import Feed
from event_store.ledger import open_ledger
from event_store.retention.keys import Vault
from event_store.store import assemble
from mymedic.clock import ManualClock
from mymedic.errors import Refused
from mymedic.ids import DerivedIds
from projections.catalogue import PROJECTIONS, ROWS
from projections.database import open_read_database
from projections.keeper import Keeper
from tests.databases import PostgresServer, new_database, running_postgres, start_again, stop_at_once
from tests.integration.ledger.conftest import START
from tests.integration.ledger.people import TENANT, accepted, open_drawer, petty, register_tenant, submit
from tests.integration.projections.live import NOW, smallest
from tests.integration.projections.test_conformance import Hashes, hashes_of


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A server that nobody else looks at."""
    with running_postgres(tmp_path_factory.mktemp("restarted")) as server:
        yield server


def test_live_views_go_on_after_the_server_was_away(own_server: PostgresServer, log: Feed, hashes: Hashes) -> None:
    tenant_id = smallest(log)
    database = open_read_database(new_database(own_server.get_uri(), "live views"), ROWS)
    keeper = Keeper(log, database, ManualClock(NOW), PROJECTIONS, batch=300)
    keeper.advance(tenant_id)
    stop_at_once(own_server)
    for _ in range(2):
        with pytest.raises(Refused, match="STORE_UNAVAILABLE"):
            keeper.advance(tenant_id)
    start_again(own_server)
    keeper.drain(tenant_id)
    assert hashes_of(database, tenant_id) == hashes[tenant_id]
    database.close()


def test_a_command_is_one_event_however_often_it_is_sent_around_a_restart(
    own_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    url = new_database(own_server.get_uri(), "ledger")
    vault = Vault(tmp_path_factory.mktemp("keys") / "keys.sqlite", bytes(32))
    store = assemble(open_ledger(url), vault, ManualClock(START), DerivedIds())
    register_tenant(store)
    drawer = accepted(submit(store, open_drawer(), "cmd_open"))
    assert drawer.stream_id is not None
    before, after = (petty(drawer.stream_id.removeprefix("cash-"), paise) for paise in (100, 200))
    answered = accepted(submit(store, before, "cmd_before"))
    stop_at_once(own_server)
    for command, command_id in ((before, "cmd_before"), (after, "cmd_after")):
        away = submit(store, command, command_id)
        assert away.error is not None and (away.error.code, away.error.retryable) == ("STORE_UNAVAILABLE", True)
    start_again(own_server)
    again = submit(store, before, "cmd_before")
    assert (again.status, again.event_ids) == ("duplicate", answered.event_ids)
    assert accepted(submit(store, after, "cmd_after")).first_seq == (answered.last_seq or 0) + 1
    assert submit(store, after, "cmd_after").status == "duplicate"
    amounts = [
        getattr(one.event, "amount_paise", None) for one in store.feed.read(TENANT, (answered.first_seq or 0) - 1)
    ]
    assert amounts == [100, 200]
    store.close()
