"""On PostgreSQL a session in the program's role sees the tenants that it has named, whatever its SQL says."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from event_store.ledger.consuming import ParkedRow, ParkingEntry, note_parking, park, take_lease
from event_store.ledger.endpoints import EndpointRow, put_endpoint
from event_store.ledger.isolation import ISOLATED, ROLE, in_role
from event_store.ledger.reads import FOLD_COLUMNS
from tests.integration.ledger.conftest import Bench
from tests.integration.ledger.people import TENANT, register_tenant

OTHER = "ten_other"

pytestmark = pytest.mark.parametrize("engine_url", ["postgres"], indirect=True)


@pytest.fixture
def two_tenants(bench: Bench) -> Bench:
    register_tenant(bench.store)
    register_tenant(bench.store, OTHER)
    with bench.store.ledger.write() as session:
        for tenant_id in (TENANT, OTHER):
            session.set_checkpoint(tenant_id, "reader", 1)
            session.set_timer(tenant_id, "reader", "tmr_1", 1, "{}")
            take_lease(session, tenant_id, "reader", "worker", 1, 0)
            park(
                session, ParkedRow(tenant_id, "reader", "tenant-1", 1, "evt_1", "TenantRegistered", "", 1, 1, "parked")
            )
            put_endpoint(session, EndpointRow(tenant_id, "whk_1", "https://x", "[]", b"", "enabled", 0, None, 1, 1))
            note_parking(session, ParkingEntry(tenant_id, 0, "reader", "tenant-1", 1, "parked", "worker", "", 1))
    return bench


@pytest.fixture
def program(two_tenants: Bench) -> Iterator[psycopg.Connection[tuple[str]]]:
    """A session as the program opens it, for one tenant."""
    with psycopg.connect(in_role(two_tenants.url, [TENANT]), autocommit=True) as connection:
        yield connection


def seen(connection: psycopg.Connection[tuple[str]], table: str) -> set[str]:
    return {row[0] for row in connection.execute(f"SELECT DISTINCT tenant_id FROM {table}").fetchall()}  # type: ignore[arg-type]


def test_row_level_security_is_forced_on_every_table(two_tenants: Bench) -> None:
    forced = two_tenants.sql(
        "SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
        " WHERE relkind = 'r' AND attname = 'tenant_id' AND relrowsecurity AND relforcerowsecurity"
    )
    every = two_tenants.sql("SELECT table_name FROM information_schema.columns WHERE column_name = 'tenant_id'")
    assert {name for (name,) in forced} == {name for (name,) in every} == {table.name for table in ISOLATED}
    assert two_tenants.sql(f"SELECT rolsuper, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname = '{ROLE}'") == [
        (False, False, False)
    ]


@pytest.mark.parametrize("table", [table.name for table in ISOLATED])
def test_sql_that_forgets_its_tenant_sees_the_named_one(
    program: psycopg.Connection[tuple[str]], table: str, two_tenants: Bench
) -> None:
    if table != "guard":  # a branch claims none
        assert seen(program, table) == {TENANT}
    assert program.execute(f"SELECT * FROM {table} WHERE tenant_id = '{OTHER}'").fetchall() == []  # type: ignore[arg-type]
    with psycopg.connect(in_role(two_tenants.url), autocommit=True) as nobody:
        assert seen(nobody, table) == set()


def test_nothing_is_written_for_another_tenant(program: psycopg.Connection[tuple[str]]) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        program.execute("INSERT INTO checkpoint VALUES (%s, 'thief', 1)", (OTHER,))
    assert program.execute("UPDATE head SET seq = 0 WHERE tenant_id = %s", (OTHER,)).rowcount == 0
    assert program.execute("DELETE FROM command_log").rowcount > 0  # its own
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        program.execute("UPDATE checkpoint SET tenant_id = %s", (OTHER,))


def test_an_owner_without_the_bypass_sees_no_more(two_tenants: Bench) -> None:
    two_tenants.sql("CREATE ROLE isolation_owner NOLOGIN")
    two_tenants.sql("GRANT CREATE ON SCHEMA public TO isolation_owner")
    two_tenants.sql("ALTER TABLE event OWNER TO isolation_owner")
    with psycopg.connect(two_tenants.url, autocommit=True, options="-c role=isolation_owner") as owner:
        assert seen(owner, "event") == set()
    two_tenants.sql("ALTER TABLE event OWNER TO CURRENT_USER")
    two_tenants.sql("REVOKE CREATE ON SCHEMA public FROM isolation_owner")
    two_tenants.sql("DROP ROLE isolation_owner")


def test_the_products_own_doors_keep_to_their_tenant(two_tenants: Bench) -> None:
    """Reads, scans and columns name the tenant that they were asked about; lists of tenants see all."""
    ledger = two_tenants.store.ledger
    with ledger.read() as reads:
        assert reads.rows("SELECT DISTINCT tenant_id FROM event WHERE ? = ?", (TENANT, TENANT)) == [(TENANT,)]
        assert reads.tenants() == [OTHER, TENANT]
    sql = f"SELECT tenant_id, {', '.join(FOLD_COLUMNS)} FROM event WHERE ? = ?"
    scanned = [row[0] for rows in ledger.scan(sql, (OTHER, OTHER), 100) for row in rows]
    assert set(scanned) == {OTHER}
