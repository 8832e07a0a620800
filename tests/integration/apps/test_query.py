"""`mymedic query` reads the published tables of one tenant; nothing else can be read and nothing can be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.apps.conftest import CHAIN, Mymedic
from tests.worlds import World


def test_a_query_answers_in_three_formats(mymedic: Mymedic, published: World) -> None:
    sql = "SELECT 1::BIGINT AS n, 'a,b' AS t, DATE '2026-08-03' AS d"
    assert mymedic("query", sql, "--tenant", CHAIN, "--json").json == {
        "tenant_id": CHAIN,
        "columns": ["n", "t", "d"],
        "rows": [{"n": 1, "t": "a,b", "d": "2026-08-03"}],
    }
    assert mymedic("query", sql, "--tenant", CHAIN, "--format", "csv").out == 'n,t,d\n1,"a,b",2026-08-03\n'
    assert "2026-08-03" in mymedic("query", sql, "--tenant", CHAIN).out


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_blob('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM sniff_csv('/etc/passwd')",
        "SELECT * FROM parquet_metadata('/etc/passwd')",
        "COPY (SELECT 1) TO '/tmp/never-written.csv'",
        "EXPORT DATABASE '/tmp/never-written'",
        "ATTACH ':memory:' AS other",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "PRAGMA enable_profiling",
        "INSERT INTO build_info SELECT * FROM build_info",
        "DELETE FROM fct_payment",
        "UPDATE fct_payment SET captured_paise = 0",
        "DROP TABLE fct_payment",
        "CREATE TABLE mine AS SELECT 1",
        "SELECT 1; SELECT 2",
        "",
    ],
)
def test_a_query_may_do_nothing_else(mymedic: Mymedic, published: World, sql: str) -> None:
    said = mymedic("query", sql, "--tenant", CHAIN, "--json")
    assert said.code == 2
    assert said.json["error"]["code"] == "QUERY_NOT_ALLOWED"
    assert not Path("/tmp/never-written.csv").exists()


def test_a_query_cannot_reach_another_tenant(mymedic: Mymedic, published: World) -> None:
    other = published.warehouse("ten_tiny_clinic")
    for sql in (f"ATTACH '{other}' AS other (READ_ONLY)", f"SELECT * FROM '{other}'"):
        said = mymedic("query", sql, "--tenant", CHAIN, "--json")
        assert said.code == 2 and "error" in said.json
    tables = mymedic("query", "SHOW TABLES", "--tenant", CHAIN, "--json")
    for row in tables.json["rows"] if tables.code == 0 else []:
        sql = f"SELECT count(*) AS n FROM {row['name']} t WHERE to_json(t)::VARCHAR LIKE '%ten_tiny_clinic%'"
        assert mymedic("query", sql, "--tenant", CHAIN, "--json").json["rows"] == [{"n": 0}]


def test_a_mistake_is_explained(mymedic: Mymedic, published: World) -> None:
    said = mymedic("query", "SELECT nothing FROM nowhere", "--tenant", CHAIN)
    assert said.code == 2 and said.out == ""
    assert "VALIDATION_FAILED" in said.err and "nowhere" in said.err
    unknown = mymedic("query", "SELECT 1", "--tenant", "ten_nobody", "--json")
    assert unknown.code == 2 and unknown.json["error"]["code"] == "NOT_FOUND"
    several = mymedic("query", "SELECT 1", "--json")
    assert several.code == 2 and several.json["error"]["code"] == "VALIDATION_FAILED"
