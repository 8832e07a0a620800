"""Every question over the simulated chains, on either database: filters, pages and reach against plain Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import msgspec
import pytest
from litestar.testing import TestClient

from event_store.api.app import create_app
from event_store.api.identity import Identity
from event_store.authorise import REACH
from event_store.feed import Feed
from event_store.retention.identity import PersonalData
from event_store.store import open_store
from mymedic.clock import ManualClock, from_micros
from mymedic.messages import Actor
from projections.api.catalogue import QUERIES, query_routes
from projections.api.query import EVERYBODY, Query
from projections.api.views import Views
from projections.catalogue import PROJECTIONS, ROWS
from projections.database import ReadDatabase, open_read_database
from projections.keeper import Keeper
from tests.databases import new_database
from tests.integration.api.conftest import Badges, Shelf, refusal
from tests.integration.projections.live import NOW
from tests.worlds import World

Row = dict[str, Any]


class Asked(NamedTuple):
    """The routes over one database. The clock stands a week before the last slot that is open."""

    client: TestClient[Any]
    badges: Badges
    tenants: tuple[str, ...]

    def page(self, query: Query, tenant_id: str, actor: Actor, **said: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.badges.issue(tenant_id, actor)}"}
        return self.client.get(query.path, params=said, headers=headers)

    def rows(self, query: Query, tenant_id: str, actor: Actor, *, limit: int = 500, **said: Any) -> list[Row]:
        """All pages."""
        found: list[Row] = []
        cursor: dict[str, str] = {}
        while True:
            answer = self.page(query, tenant_id, actor, limit=limit, **cursor, **said)
            assert answer.status_code == 200, answer.text
            found += answer.json()["items"]
            if (following := answer.json()["next_cursor"]) is None:
                return found
            cursor = {"cursor": following}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def asked(request: pytest.FixtureRequest, tiny_world: World, log: Feed, replayed: ReadDatabase) -> Iterator[Asked]:
    tenants = tuple(log.tenants())
    if request.param == "sqlite":
        database = replayed
    else:
        server = request.getfixturevalue("postgres_server")
        database = open_read_database(new_database(server, "questions"), ROWS)
        request.addfinalizer(database.close)
        Keeper(log, database, ManualClock(NOW), PROJECTIONS).drain(tenants[-1])
        tenants = tenants[-1:]
    with database.read(tenants[-1]) as reader:
        ((last,),) = reader.rows("SELECT max(start_at) FROM proj_portal_slots WHERE state = 'open'")
    now = from_micros(last) - timedelta(days=7)
    badges = Badges()
    with open_store(tiny_world.settings, ManualClock(now)) as store:
        views = Views(database, store, PersonalData(store.handler), Shelf())
        with TestClient(create_app(store, Identity(badges), queries=query_routes(views))) as client:
            yield Asked(client, badges, tenants)


def _all_seeing(query: Query, tenant_id: str, asked: Asked) -> Actor | None:
    """Somebody who sees the most that anybody does; None where the tenant has no rows."""
    if "CM" in query.readers:
        return Actor(type="user", id="stf_unheard_of", roles=("CM",))
    (whole,) = [one for one in QUERIES if one.projection is query.projection and "CM" in one.readers]
    manager = Actor(type="user", id="stf_unheard_of", roles=("CM",))
    rows = asked.rows(whole, tenant_id, manager)
    if not rows:
        return None
    own = rows[len(rows) // 2]
    if "DR" in query.readers:
        return Actor(type="user", id="d", roles=("DR",), practitioner_id=own["practitioner_id"])
    return Actor(type="patient", id=own["patient_id"], roles=("PP",), patient_id=own["patient_id"])


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_filters_and_pages_give_what_python_gives(asked: Asked, query: Query) -> None:
    counted = 0
    for tenant_id in asked.tenants:
        actor = _all_seeing(query, tenant_id, asked)
        rows = asked.rows(query, tenant_id, actor) if actor else []
        counted += len(rows)
        if not actor or not rows:
            continue
        for order in query.orders:
            pages = asked.rows(query, tenant_id, actor, order=order, limit=min(499, len(rows) // 4 + 1))
            assert sorted(map(msgspec.json.encode, pages)) == sorted(map(msgspec.json.encode, rows))
        sample = rows[len(rows) // 2]
        for one in query.filters:
            wanted, holds = _asked_by(one, query, sample)
            if wanted is None or (query.usually and one.name in query.usually.unless):
                continue
            found = asked.rows(query, tenant_id, actor, **{one.name: wanted})
            wanted_rows = [row for row in rows if holds(row)]
            if one.name == "patient_id":  # and what is kept under other records of theirs
                found = [row for row in found if holds(row)]
            assert _shown(found) == _shown(wanted_rows), one.name
    assert counted or len(asked.tenants) == 1


def _asked_by(one: Any, query: Query, sample: Row) -> tuple[Any, Callable[[Row], bool]]:
    """What to ask of a filter so that the sample meets it, and which rows meet it."""
    column = "is_current" if one.name == "is_current" else one.column
    value = sample.get(column)
    if one.name == "from_date":
        return value, lambda row: (row[column] or "") >= value
    if one.name == "to_date":
        return value, lambda row: row[column] is not None and row[column] <= value
    if isinstance(value, list):
        return (value[0] if value else None), lambda row: value[0] in row[column]
    return (str(value).lower() if isinstance(value, bool) else value), lambda row: row[column] == value


def _shown(rows: list[Row]) -> list[bytes]:
    """Without what follows from the filter itself."""
    return [
        msgspec.json.encode(
            {
                name: value
                for name, value in row.items()
                if not name.endswith("_required_paise") and name != "from_price_paise"
            }
        )
        for row in rows
    ]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_each_role_reads_as_far_as_it_reaches(asked: Asked, query: Query) -> None:
    tenant_id = asked.tenants[0]
    actor = _all_seeing(query, tenant_id, asked)
    rows = asked.rows(query, tenant_id, actor) if actor else []
    branches = sorted({row["branch_id"] for row in rows if row.get("branch_id")})
    for role in sorted(EVERYBODY):
        reach = REACH[role]
        one = Actor(type="user", id=f"stf_{role}", roles=(role,), branch_scope=tuple(branches[:1]))
        if role not in query.readers:
            refusal(asked.page(query, tenant_id, one), 403, "FORBIDDEN")
        elif reach in ("own practice", "own patient") and query.belongs_to == "somebody":
            assert asked.rows(query, tenant_id, one) == []  # nobody in particular has nothing
        elif reach == "branches" and query.belongs_to != "nobody" and branches:
            found = asked.rows(query, tenant_id, one)
            assert found == [row for row in rows if row["branch_id"] == branches[0]]
            for hidden in (*branches[1:2], "brn_unknown"):
                refusal(asked.page(query, tenant_id, one, branch_id=hidden), 403, "FORBIDDEN_BRANCH")
        else:
            assert asked.rows(query, tenant_id, one) == rows
